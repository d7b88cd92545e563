"""The stage of the funnel: rates of every step, drops, and what a point more is worth."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from attribution.economics import ALL, Funnel, funnel_drops, funnel_rates
from attribution.findings import Finding
from attribution.numbers import percent
from optimizer.planning.file.scenarios import Passing
from optimizer.planning.stages.read_funnel import passing_of
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.worth_of_points import worth_of_points

__all__ = ["FunnelResult", "funnel", "way_of"]


@dataclass(frozen=True, eq=False)
class FunnelResult:
    """A funnel and what it says.

    Parameters
    ----------
    funnel
        The counts.
    rates
        As :func:`attribution.economics.funnel_rates`; with a plan also what a point more is worth.
    drops
        As :func:`attribution.economics.funnel_drops`.
    """

    funnel: Funnel
    rates: pd.DataFrame
    drops: pd.DataFrame

    @property
    def finding(self) -> Finding:
        """Whether a step lately passes fewer than its own past lets expect."""
        if self.drops.empty:
            text = "No step of the funnel has the eight periods of past that a drop is held against."
            return Finding("funnel_drop", True, None, None, text)
        fell = self.drops[self.drops["dropped"]].sort_values("probability")
        told = [_fell(row) for _, row in fell.iterrows()]
        text = f"Lately fewer pass than before, {'; '.join(told)}." if told else "No step of the funnel fell lately."
        channels = tuple(dict.fromkeys(str(name) for name in fell["channel"] if name != ALL))
        return Finding("funnel_drop", fell.empty, float(len(fell)), 0.0, text, channels)


def _fell(row: pd.Series) -> str:
    whose = "" if row["channel"] == ALL else f" of {row['channel']}"
    seen, low, high = (percent(row[name], decimals=2) for name in ("rate", "expected_low", "expected_high"))
    return f"{row['before']} to {row['after']}{whose}: {seen} where {low} to {high} was to be expected"


def funnel(run: Run) -> FunnelResult | None:
    """What a run says of its funnel; None where it has none."""
    counts, keys = run.inputs.funnel, run.config.data.funnel
    if counts is None or keys is None:
        return None
    rates = funnel_rates(counts)
    if run.plan is not None:
        leading = keys.before_customers
        worth = worth_of_points(counts, rates, leading, run.plan.now, _cells(run), run.config.seed)
        rates = pd.concat([rates, worth], axis=1)
    return FunnelResult(counts, rates, funnel_drops(counts))


def way_of(run: Run) -> dict[str, Passing]:
    """Stage of the funnel -> who passes it; nobody where the run has no funnel."""
    return {} if run.inputs.funnel is None else passing_of(run.inputs.funnel, _cells(run))


def _cells(run: Run) -> dict[str, str]:
    """Channel or cell of the plan -> its channel."""
    names = [] if run.plan is None else [str(name) for name in run.plan.curves]
    cells = {} if run.inputs.markets is None else run.inputs.markets.cells
    return {name: cells[name][0] if name in cells else name for name in names}
