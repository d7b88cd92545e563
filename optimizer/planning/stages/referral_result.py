"""What a plan says of its referral programme, for the outputs."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from attribution.economics import Referral, Tier
from attribution.estimates import Estimate
from attribution.findings import Finding
from attribution.numbers import amount, cost, count, percent

__all__ = ["ReferralResult"]

_HALF = 0.5  # of what a paid customer costs, which a referred one should cost at most; and of all customers


@dataclass(frozen=True, eq=False)
class ReferralResult:
    """A referral programme in the plan.

    Parameters
    ----------
    channel, programme
        Its name, and what it is.
    points
        As :meth:`attribution.economics.Referral.points`.
    planned
        Rewards in the plan, currency over the horizon.
    offer
        Tiers to offer at that, and to what share of customers, k as stated.
    customers, cac
        Gained by them, and what one costs.
    paid_cac
        Of all other channels together in the plan.
    share
        Part of all customers of the plan who come by it.
    """

    channel: str
    programme: Referral
    points: pd.DataFrame
    planned: float
    offer: tuple[tuple[Tier, float], ...]
    customers: Estimate
    cac: Estimate
    paid_cac: Estimate
    share: float

    def sentence(self, currency: str, outcome: str) -> str:
        """What the plan does with it."""
        if self.planned <= 0:
            return "The plan pays no rewards: at its aim no tier is worth what it costs."
        tiers = " and ".join(f"{cost(tier.reward)} {currency} to {percent(share)}" for tier, share in self.offer)
        return (
            f"The plan pays rewards of {amount(self.planned)} {currency}: it offers {tiers} of the customers and "
            f"expects {self.customers.written(count)} {outcome} at {self.cac.written()} {currency} each."
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Whether a referred customer costs no more than half of a paid one, and whether not too many are referred."""
        text = f"By {self.channel} come {percent(self.share)} of the plan's customers."
        if self.share > _HALF:
            text += " Hardly a programme brings that many: look at its customers, share, each and capacity."
        return self._cac, Finding("referral_volume", self.share <= _HALF, self.share, _HALF, text)

    @property
    def _cac(self) -> Finding:
        if not self.cac.known or not self.paid_cac.known:
            text = "The plan pays no rewards, or wins no paid customers to hold them against."
            return Finding("referral_cac", True, None, _HALF, text)
        ratio = self.cac.point / self.paid_cac.point
        text = (
            f"A customer of {self.channel} costs {percent(ratio)} of what one of the other channels costs "
            f"({cost(self.cac.point)} against {cost(self.paid_cac.point)}); a healthy programme stays at half or below."
        )
        return Finding("referral_cac", ratio <= _HALF, ratio, _HALF, text, () if ratio <= _HALF else (self.channel,))
