"""The stage of referral: what the plan offers customers for bringing customers, and what one of those costs."""

from __future__ import annotations

import numpy as np

from attribution.estimates import Estimate
from optimizer.planning.stages.referral_result import ReferralResult
from optimizer.planning.stages.result import Run

__all__ = ["referral"]


def referral(run: Run) -> ReferralResult | None:
    """What the plan says of the referral programme; None where the plan file has none."""
    keys = None if run.config.plan is None else run.config.plan.referral
    if keys is None or run.plan is None:
        return None
    spend, paid = run.plan.planned.spend, run.plan.planned.paid
    planned, own = float(spend[keys.name]), paid[keys.name].to_numpy()
    others = paid.drop(columns=keys.name).to_numpy().sum(axis=1)
    everybody = float(np.mean(run.plan.planned.organic) + own.mean() + others.mean())
    return ReferralResult(
        keys.name,
        keys.programme,
        keys.programme.points(),
        planned,
        keys.programme.offer(planned),
        Estimate.of(own),
        Estimate.cost(planned, own),
        Estimate.cost(float(np.sum(spend.drop(keys.name))), others),
        float(own.mean()) / everybody if everybody > 0 else 0.0,
    )
