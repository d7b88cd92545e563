"""What brought customers over the last year: shares of spend and of effect, costs, and how long effects last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from attribution.estimates import Estimate
from mmm import Posterior
from optimizer.planning.outputs.sections.section import Section, Table
from optimizer.planning.stages.cac_readings import YEAR
from optimizer.planning.stages.result import Run

__all__ = ["BROUGHT"]

WITHIN = (1, 4, 8)
"""Weeks from the spend on, by which a share of its effect has come."""


def _view(run: Run) -> dict[str, Any] | None:
    if run.posterior is None or run.economics is None or run.economics.readings is None:
        return None
    readings = run.economics.readings
    year, following = readings[readings["period"] == YEAR], readings[readings["reading"] == "marginal"]
    blended = year[(year["reading"] == "blended") & (year["market"] == "")].iloc[0]
    spent, won = float(blended["spend"]), float(blended["customers"])
    channels = year[year["reading"] == "channel"]
    effect = float(channels["customers"].sum())
    (organic,) = (_share(row, won) for _, row in year[year["reading"] == "organic"].iterrows())
    lasting = carryover_frame(run.posterior).set_index("channel")
    next_one = following.set_index("channel")
    rows = [
        {
            "channel": row["channel"],
            "spend": row["spend"],
            "spend_share": row["spend"] / spent if spent else float("nan"),
            "effect_share": row["customers"] / effect if effect else float("nan"),
            "customers": _figure(row, "customers"),
            "share": _share(row, won),
            "cac": _figure(row, "cac"),
            "marginal": _figure(next_one.loc[row["channel"]], "cac"),
            "within": [lasting.loc[row["channel"], f"within_{weeks}_weeks"] for weeks in WITHIN],
            "half_life": _figure(lasting.loc[row["channel"]], "half_life"),
        }
        for _, row in channels.iterrows()
    ]
    span = min(52, run.posterior.panel.periods // run.posterior.panel.per_week)
    return {"brought": {"rows": rows, "organic": organic, "customers": won, "span": span, "weeks": WITHIN}}


def _figure(row: Any, name: str) -> Estimate:
    return Estimate(float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"]))


def _share(row: Any, of: float) -> Estimate:
    figure = _figure(row, "customers")
    return Estimate(figure.point / of, figure.low / of, figure.high / of) if of else Estimate.exact(float("nan"))


def carryover_frame(posterior: Posterior) -> pd.DataFrame:
    """One row per channel: share of a week's effect that has come within some weeks, and weeks until half has."""
    half, per_week = posterior.half_life(), posterior.panel.per_week
    rows = []
    for channel, weights in posterior.carryover().items():
        within = weights.mean(axis=1).cumsum()
        shares = {f"within_{weeks}_weeks": float(within[: weeks * per_week][-1]) for weeks in WITHIN}
        rows.append({"channel": channel, **shares, **Estimate.at(half, channel, "median").flat("half_life")})
    return pd.DataFrame(rows)


def _tables(run: Run) -> Iterator[Table]:
    if run.posterior is not None and run.economics is not None:
        yield Table("carryover.csv", carryover_frame(run.posterior))


BROUGHT = Section("brought", "What brought customers", _view, tables=_tables)
