"""What if customers are rewarded for bringing customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from attribution.economics import Referral
from attribution.errors import BadInput, Problem
from attribution.shown import shown
from mmm.curves import ResponseCurves, Tabulated
from optimizer.plan import Plan
from optimizer.question.constraints import Constraint
from optimizer.question.objectives import Draws, Profit
from optimizer.scenarios.what_ifs import Scenario, require_new

__all__ = ["ReferralProgramme"]


@shown
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
    value
        What a customer who comes by it is worth, a number or draws; needed where the plan values customers by channel.
    limits
        What the plan is held to beside its own limits, such as ``Channel("referral").cac_at_most(60)``.
    """

    programme: Referral
    channel: str = "referral"
    seed: int = 0
    value: Draws = None
    limits: tuple[Constraint, ...] = ()

    @property
    def name(self) -> str:
        """The channel, new."""
        return f"{self.channel}, new"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan and the curves with one more channel.

        Raises
        ------
        BadInput
            Where the plan values customers by channel, and nothing says what one who comes by the programme is worth.
        """
        now = None if plan.now is None else {**plan.now, self.channel: 0.0}
        aim, values = plan.objective, getattr(plan.objective, "value_per_customer", None)
        if isinstance(aim, Profit) and isinstance(values, Mapping):
            if self.value is None:
                text = (
                    f"does not say what a customer who comes by {self.channel} is worth, as the plan does by channel."
                )
                raise BadInput(Problem("ReferralProgramme", text, "value", remedy="state it."))
            aim = replace(aim, value_per_customer={**values, self.channel: self.value})
        parts = [*plan.subject_to, *self.limits]
        return plan.replaced(objective=aim, subject_to=parts, now=now), self.with_curve(curves)

    def with_curve(self, curves: ResponseCurves) -> ResponseCurves:
        """The curves with the programme's.

        Raises
        ------
        BadInput
            Where the channel has a curve already.
        """
        require_new(curves, self.channel, self.name)
        return curves.with_curve(self.channel, Tabulated(*self.programme.table(curves.n_draws, self.seed)))
