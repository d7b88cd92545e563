"""A fit of the mix model beside the truth, channel by channel: held by its interval, confidently wrong, named.

A channel is *off* where its median is more than a quarter from the truth, and *confidently wrong* where besides the
truth lies outside its 90 % interval. It is *named* where a finding that did not pass names it, a blanket one about the
prior or the number of rows apart. A world *fails* where the middle of its channels' errors exceeds 25 %, the worst
50 %, or under 75 % of its channels are held; *silently* where no finding names a channel that is off or not held.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import mmm
from attribution.errors import BadInput
from attribution.findings import Finding
from mmm.checks.pool import Pool

BLANKET = {"data_speak", "prior_sensitivity", "rows_per_parameter"}
OFF, MIDDLE, WORST, HELD = 0.25, 0.25, 0.5, 0.75
POINTS = [0.05, 0.5, 0.95]


@dataclass(frozen=True, eq=False)
class World:
    """What a company sees, and the truth about it.

    Attributes
    ----------
    kind, name
        What is wrong with it; what its file is called.
    table
        ``week``, ``new_customers``, one column per channel and per control; daily rows have ``week`` too.
    contributions
        True customers by channel: those that would be missing without its spend.
    total
        Customers that would be missing without any spend.
    marginal_cac
        True cost of one more customer at the steady spend of the last 13 weeks; None where not known.
    """

    kind: str
    name: str
    table: pd.DataFrame
    channels: tuple[str, ...]
    controls: tuple[str, ...]
    contributions: pd.Series
    total: float
    marginal_cac: pd.Series | None = None

    @property
    def recent(self) -> pd.Series:
        """Mean spend a row over the last 13 weeks."""
        days = pd.to_datetime(self.table["week"])
        return self.table.loc[days > days.max() - pd.Timedelta(weeks=13), list(self.channels)].mean()


def fitted(world: World, model: mmm.Model | None = None, rivals: bool = False) -> dict[str, Any]:
    """Our default fit beside the truth, with what its findings say; or what refused the table.

    With rivals also ``run``: what ``cac plan`` rests on, which is the pooled draws and the findings of both.
    """
    start = time.perf_counter()
    try:
        panel = mmm.Panel.from_frame(
            world.table, "week", "new_customers", list(world.channels), controls=list(world.controls)
        )
        posterior = mmm.fit(panel, model or mmm.Model(), seed=1)
    except BadInput as refusal:
        return {"refused": str(refusal), "fit": time.perf_counter() - start}
    seconds = time.perf_counter() - start
    answer = _answer(world, posterior, posterior.diagnostics) | {"fit": seconds, "converged": posterior.converged}
    if rivals:
        others = mmm.rivals(posterior)
        run = _answer(world, others.pooled(), (*posterior.diagnostics, *others.findings))
        answer["run"] = run | {"fit": time.perf_counter() - start, "verdicts": others.scores["verdict"].to_dict()}
    return answer


def _answer(world: World, draws: mmm.Posterior | Pool, findings: Sequence[Finding]) -> dict[str, Any]:
    costs = draws.marginal_cac(world.recent).loc[list(world.channels), ["5%", "median", "95%"]].to_numpy().T
    told = [{"name": one.name, "text": one.text, "channels": list(one.channels)} for one in findings if not one.passed]
    return beside(draws.contributions()[list(world.channels)].to_numpy(), costs, world) | {"findings": told}


def beside(brought: np.ndarray, costs: np.ndarray, world: World) -> dict[str, Any]:
    """Medians and 90 % intervals beside the truth, from draws x channels of customers; as rows_of."""
    names = list(world.channels)
    rows = rows_of(brought, costs, world.table[names].sum(), world.contributions, world.marginal_cac)
    low, mid, high = np.quantile(brought.sum(axis=1), POINTS)
    return {"rows": rows, "total": {"true": world.total, "low": low, "found": mid, "high": high}}


def rows_of(
    brought: np.ndarray, costs: np.ndarray, spend: pd.Series, true: pd.Series, true_costs: pd.Series | None
) -> list[dict[str, Any]]:
    """Every channel's figures beside the truth.

    Parameters
    ----------
    brought
        Draws of what each channel brought in all, draws x channels, in the order of ``spend``.
    costs
        5 %, 50 % and 95 % points of marginal CAC, 3 x channels.
    spend, true, true_costs
        Spend in all, true contributions and true marginal CAC by channel; the last None where not known.
    """
    names = list(spend.index)
    low, mid, high = np.quantile(brought, POINTS, axis=0)
    columns = {"channel": names, "spend": spend, "true": true[names], "low": low, "found": mid, "high": high}
    if true_costs is not None:
        cheap, middle, dear = costs
        columns |= {"true cost": true_costs[names], "low cost": cheap, "found cost": middle, "high cost": dear}
    return pd.DataFrame({name: np.asarray(values) for name, values in columns.items()}).to_dict("records")


def costs_of(gained: np.ndarray) -> np.ndarray:
    """Points of marginal CAC from draws of the customers that one more unit of currency brings."""
    with np.errstate(divide="ignore"):
        return np.quantile(1 / gained, POINTS, axis=0)


def names_it(finding: dict[str, Any], channel: str) -> bool:
    """Whether a finding that did not pass says something about this very channel."""
    if finding["name"] in BLANKET:
        return False
    if finding["channels"]:
        return channel in finding["channels"]
    return re.search(rf"(?<!\w){re.escape(channel)}(?!\w)", finding["text"]) is not None


def channels_of(answers: Sequence[tuple[World, dict[str, Any]]]) -> pd.DataFrame:
    """One row per channel of every world that was fitted."""
    lines = []
    for world, answer in answers:
        for row in answer.get("rows", ()):
            named = any(names_it(finding, row["channel"]) for finding in answer.get("findings", ()))
            lines.append({"kind": world.kind, "world": world.name, **row, "named": named})
    frame = pd.DataFrame(lines)
    frame["error"] = (frame["found"] / frame["true"] - 1).abs()
    frame["held"] = frame["true"].between(frame["low"], frame["high"])
    frame["off"] = frame["error"] > OFF
    frame["wrong"] = frame["off"] & ~frame["held"]
    frame["unnamed"] = frame["wrong"] & ~frame["named"]
    frame["named fine"] = frame["named"] & ~frame["off"]
    if "true cost" in frame:
        frame["cost held"] = frame["true cost"].between(frame["low cost"], frame["high cost"])
    return frame


def worlds_of(channels: pd.DataFrame) -> pd.DataFrame:
    """One row per world, in their order: errors, coverage, whether it fails, and silently."""
    groups = channels.groupby(["kind", "world"], sort=False)
    frame = groups.agg(middle=("error", "median"), worst=("error", "max"), coverage=("held", "mean"))
    frame["mean error"] = groups["error"].mean()
    frame["weighted error"] = groups.apply(lambda part: np.average(part["error"], weights=part["spend"]))
    frame["total error"] = groups.apply(lambda part: np.average(part["error"], weights=part["true"].abs()))
    frame[["channels", "wrong", "unnamed", "named"]] = groups.agg(
        channels=("held", "size"), wrong=("wrong", "sum"), unnamed=("unnamed", "sum"), named=("named", "sum")
    )
    frame["fails"] = (frame["middle"] > MIDDLE) | (frame["worst"] > WORST) | (frame["coverage"] < HELD)
    spoken = groups.apply(lambda part: bool((part["named"] & (part["off"] | ~part["held"])).any()))
    frame["silent"] = frame["fails"] & ~spoken
    return frame.reset_index()


def verdict(holds: dict[str, bool]) -> int:
    """Print which goals hold; the exit code."""
    for text, held in holds.items():
        print(f"{'holds' if held else 'FAILS'}: {text}")
    return 0 if all(holds.values()) else 1
