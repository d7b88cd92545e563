"""What if customers are rewarded for bringing customers."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.economics import Referral
from mmm.curves import ResponseCurves, Tabulated
from optimizer.plan import Plan
from optimizer.scenarios.what_ifs import Scenario, require_new

__all__ = ["ReferralProgramme"]


@dataclass(frozen=True)
class ReferralProgramme(Scenario):
    """A referral programme as one more channel, whose spend is the rewards that it pays.

    Parameters
    ----------
    programme
        Rewards, and what they bring over the plan's horizon.
    channel
        Its name among the channels.
    seed
        Of the draws of how well it goes.
    """

    programme: Referral
    channel: str = "referral"
    seed: int = 0

    @property
    def name(self) -> str:
        """The channel, new."""
        return f"{self.channel}, new"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan and the curves with one more channel."""
        now = None if plan.now is None else {**plan.now, self.channel: 0.0}
        return plan.replaced(now=now), self.with_curve(curves)

    def with_curve(self, curves: ResponseCurves) -> ResponseCurves:
        """The curves with the programme's.

        Raises
        ------
        BadInput
            Where the channel has a curve already.
        """
        require_new(curves, self.channel, self.name)
        return curves.with_curve(self.channel, Tabulated(*self.programme.table(curves.n_draws, self.seed)))
