"""How much of the result is belief and how much data: prior, posterior and a neutral belief side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.findings import Finding
from mmm.checks.prior_sensitivity import Sensitivity
from mmm.posterior.posterior import Posterior
from optimizer.answer.evaluation import evaluated
from optimizer.planning.formats import likelihood
from optimizer.planning.stages.result import BeliefResult, BeliefRow, Estimate, Run

__all__ = ["believe"]

_HALF = 0.5


def believe(run: Run, neutral: Posterior | None) -> BeliefResult | None:
    """Set belief, data and the neutral belief side by side; None for a run without a mix model."""
    posterior, plan = run.posterior, run.plan
    if posterior is None:
        return None
    shift, found = posterior.prior_shift(), posterior.cac()
    spend = posterior.panel.national_spend.sum()
    total = float(posterior.panel.kpi.sum())
    other = neutral.cac() if neutral is not None else None
    rows = tuple(
        BeliefRow(
            channel=channel,
            believed=_believed(_line(shift, channel), float(spend[channel]), total),
            found=_estimate(_line(found, channel)),
            neutral=_estimate(_line(other, channel)) if other is not None else None,
            learnt=float(shift["learnt"][channel]),
            text=str(shift["text"][channel]),
        )
        for channel in posterior.channels
        if spend[channel] > 0
    )
    if neutral is None:
        return BeliefResult(rows)
    findings = (_gate(neutral), Sensitivity(posterior, neutral).finding)
    if plan is None or run.config.plan is None:
        return BeliefResult(rows, findings=findings)
    weeks = run.config.plan.weeks
    curves, organic = neutral.curves(weeks=weeks), neutral.organic(weeks, controls=run.inputs.upcoming)
    now, planned = (
        evaluated(curves, found.spend, organic.predicted, found.fixed_cost) for found in (plan.now, plan.planned)
    )
    better = plan.aim.probability_better(planned, now)
    costs = Estimate.blended_cac(now), Estimate.blended_cac(planned)
    return BeliefResult(rows, *costs, better, (*findings, _holds(better)))


def _gate(neutral: Posterior) -> Finding:
    text = (
        "The fit under the neutral belief converged."
        if neutral.converged
        else ("The fit under the neutral belief did not converge; read its figures with care.")
    )
    return Finding("neutral_converged", neutral.converged, None, None, text)


def _holds(better: float) -> Finding:
    text = f"Under a neutral belief the plan beats today's spend with probability {likelihood(better)}."
    return Finding("plan_under_neutral_belief", better >= _HALF, better, _HALF, text)


def _believed(line: pd.Series, spend: float, total: float) -> Estimate:
    median, low, high = (float(line[f"prior {point}"]) for point in ("median", "5%", "95%"))
    return Estimate(spend / (median * total), spend / (high * total), spend / (low * total) if low > 0 else np.inf)


def _line(table: pd.DataFrame, channel: str) -> pd.Series:
    return pd.Series(table.loc[channel])


def _estimate(line: pd.Series) -> Estimate:
    return Estimate(float(line["median"]), float(line["5%"]), float(line["95%"]))
