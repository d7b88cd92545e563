"""The stage of the funnel: rates of every step, drops, and what a point more is worth."""

from __future__ import annotations

import pandas as pd

from attribution.economics import funnel_drops, funnel_rates
from optimizer.planning.file.scenarios import Passing
from optimizer.planning.inputs.read_funnel import passing_of
from optimizer.planning.stages.funnel_result import FunnelResult
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.worth_of_points import worth_of_points

__all__ = ["funnel", "way_of"]


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
