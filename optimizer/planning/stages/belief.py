"""How much of the result is belief and how much data: prior, posterior and a neutral belief side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from attribution.findings import Finding
from attribution.numbers import likelihood
from mmm.checks.prior_sensitivity import Sensitivity
from mmm.posterior.posterior import Posterior
from optimizer.answer.evaluation import evaluated
from optimizer.planning.inputs.markets import curves_by_cell
from optimizer.planning.stages.new_channels import with_new_channels
from optimizer.planning.stages.result import BeliefResult, BeliefRow, Run

__all__ = ["believe"]

_HALF = 0.5


def believe(run: Run, neutral: Posterior | None) -> BeliefResult | None:
    """Set belief, data and the neutral belief side by side; None for a run without a mix model."""
    posterior, plan = run.posterior, run.plan
    if posterior is None:
        return None
    shift, fitted = posterior.prior_shift(), posterior.cac()
    spend = posterior.panel.national_spend.sum()
    total = float(posterior.panel.kpi.sum())
    other = neutral.cac() if neutral is not None else None
    rows = tuple(
        BeliefRow(
            channel=channel,
            believed=_believed(shift, channel, float(spend[channel]), total),
            fitted=Estimate.at(fitted, channel, "median"),
            neutral=Estimate.at(other, channel, "median") if other is not None else None,
            learnt=float(shift["learnt"][channel]),
            text=str(shift["text"][channel]),
        )
        for channel in posterior.channels
        if spend[channel] > 0
    )
    if neutral is None:
        return BeliefResult(rows)
    findings = (_gate(neutral), Sensitivity(posterior, neutral).finding)
    if plan is None or run.config.plan is None or run.inputs.markets is None:
        return BeliefResult(rows, findings=findings)
    periods = run.config.plan.weeks * neutral.panel.per_week
    cells = curves_by_cell(neutral, run.inputs.markets, periods)
    curves = with_new_channels(run.config.plan, cells, run.config.seed)
    organic = neutral.organic(periods, controls=run.inputs.upcoming)
    now, planned = (
        evaluated(curves, side.spend, organic.predicted, side.fixed_cost) for side in (plan.now, plan.planned)
    )
    better = plan.aim.probability_better(planned, now)
    figures = plan.aim.estimate(now), plan.aim.estimate(planned)
    return BeliefResult(rows, *figures, better, (*findings, _holds(better, plan.aim.name)))


def _gate(neutral: Posterior) -> Finding:
    text = (
        "The fit under the neutral belief converged."
        if neutral.converged
        else ("The fit under the neutral belief did not converge; read its figures with care.")
    )
    return Finding("neutral_converged", neutral.converged, None, None, text)


def _holds(better: float, aim: str) -> Finding:
    text = f"Under a neutral belief the plan beats today's spend on {aim} with probability {likelihood(better)}."
    return Finding("plan_under_neutral_belief", better >= _HALF, better, _HALF, text)


def _believed(shift: pd.DataFrame, channel: str, spend: float, total: float) -> Estimate:
    """The CAC of a believed share of all customers; the highest share is the lowest CAC."""
    share = Estimate.at(shift.rename(columns=lambda name: name.removeprefix("prior ")), channel, "median")
    most = spend / (share.low * total) if share.low > 0 else np.inf
    return Estimate(spend / (share.point * total), spend / (share.high * total), most)
