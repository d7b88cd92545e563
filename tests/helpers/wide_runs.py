"""A finished run as if it had many channels, for what has to stay readable then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from mmm import ResponseCurves
from optimizer.answer.evaluation import Evaluation, evaluated
from optimizer.planning.stages.aim import aim_of
from optimizer.planning.stages.result import ChannelRow, PlanResult, Run

__all__ = ["widened"]


def widened(run: Run, channels: int) -> Run:
    """The run with so many channels in its plan, each like one of its own, of falling size."""
    plan = run.plan
    assert plan is not None
    own = [plan.rows[at % len(plan.rows)] for at in range(channels)]
    sizes = {f"channel {at}": (channels - at) / channels for at in range(channels)}
    pairs = list(zip(sizes, own, strict=True))
    curves = ResponseCurves({name: plan.curves[row.channel].stretched(sizes[name], sizes[name]) for name, row in pairs})
    now = {name: row.now * sizes[name] for name, row in pairs}
    planned = dict(sorted(((name, row.planned * sizes[name]) for name, row in pairs), key=lambda pair: -pair[1]))
    sides = [evaluated(curves, spend, plan.now.organic, plan.now.fixed_cost) for spend in (now, planned)]
    rows = tuple(_row(name, *sides, curves) for name in planned)
    seen = pd.Series({name: 1.2 * max(now[name], planned[name]) for name in sizes})
    aim = aim_of(plan.plan, curves)
    wide: PlanResult = replace(
        plan, aim=aim, curves=curves, now=sides[0], planned=sides[1], rows=rows, observed_maximum=seen, held=()
    )
    return replace(run, plan=wide)


def _row(name: str, now: Evaluation, planned: Evaluation, curves: ResponseCurves) -> ChannelRow:
    before, after = float(now.spend[name]), float(planned.spend[name])
    paid, won = now.paid[name].to_numpy(), planned.paid[name].to_numpy()
    slope = np.atleast_1d(curves[name].marginal(after)) if after else np.zeros(1)
    costs = Estimate.cost(before, paid), Estimate.cost(after, won), Estimate.cost(1.0, slope)
    return ChannelRow(name, before, after, Estimate.of(paid), Estimate.of(won), *costs, "")
