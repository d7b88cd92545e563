"""What a plan is judged by: its objective's own figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.estimates import Estimate
from mmm.arrays import Array
from mmm.curves import ResponseCurves
from optimizer.answer.evaluation import Evaluation
from optimizer.plan import Plan
from optimizer.question.goal import Goal
from optimizer.question.objectives import Objective
from optimizer.question.setting import Setting
from optimizer.question.wording import Wording

__all__ = ["Aim", "aim_of"]


@dataclass(frozen=True, eq=False)
class Aim:
    """An objective's figure of any spend, and which way is better.

    Parameters
    ----------
    objective
        Whose figure it is.
    curves
        Those of the plan; only which channels there are counts.
    wording
        How sentences call and write the figure.
    """

    objective: Objective
    curves: ResponseCurves
    wording: Wording

    @property
    def name(self) -> str:
        """What sentences call the figure."""
        return self.wording.name

    @property
    def in_currency(self) -> bool:
        """Whether it is money."""
        return self.wording.in_currency

    @property
    def verbs(self) -> tuple[str, str, str]:
        """What the name does: keep, shrink, grow."""
        return self.wording.verbs

    def unit(self, currency: str) -> str:
        """The currency behind a figure, with its space; nothing behind customers."""
        return f" {currency}" if self.in_currency else ""

    def written(self, value: float) -> str:
        """The figure as people read it, without its unit."""
        return self.wording.written(value)

    @property
    def lower_is_better(self) -> bool:
        """Whether less of the figure is wanted."""
        return self.objective.wants == "minimize"

    def draws(self, outcome: Evaluation) -> Array:
        """The figure over posterior draws, shape (draws,)."""
        spend, paid = self._arrays(outcome)
        return self._goal(outcome, outcome.organic).figures(spend, paid)

    def expected(self, outcome: Evaluation) -> float:
        """The figure at expected customers, as the optimizer counts it."""
        spend, paid = self._arrays(outcome)
        goal = self._goal(outcome, float(outcome.organic.mean()))
        return goal.sign * goal.score(spend, paid.mean(axis=0))

    def adds_up(self, outcome: Evaluation) -> bool:
        """Whether channels add up to the figure; they do not where it is a ratio."""
        return not self._goal(outcome, float(outcome.organic.mean())).is_ratio

    def estimate(self, outcome: Evaluation) -> Estimate:
        """The figure at expected customers, with its 90 % interval over draws."""
        low, high = np.quantile(self.draws(outcome), [0.05, 0.95], method="inverted_cdf")  # some may be infinite
        return Estimate(self.expected(outcome), float(low), float(high))

    def probability_better(self, planned: Evaluation, now: Evaluation) -> float:
        """Probability, draw by draw, that one spend does better than another; ties count half."""
        ours, theirs = self.draws(planned), self.draws(now)  # compared, not subtracted, for both may be infinite
        better = ours < theirs if self.lower_is_better else ours > theirs
        return float(np.mean(better + 0.5 * (ours == theirs)))

    def _arrays(self, outcome: Evaluation) -> tuple[Array, Array]:
        """Spend of shape (channels,), and draws of paid customers of shape (draws, channels), in the curves' order."""
        channels = list(self.curves.channels)
        return outcome.spend[channels].to_numpy(), outcome.paid[channels].to_numpy()

    def _goal(self, outcome: Evaluation, organic: Array | float) -> Goal:
        return self.objective.goal(Setting(self.curves, outcome.business).with_organic(organic))


def aim_of(plan: Plan, curves: ResponseCurves, outcome: str = "customers") -> Aim:
    """The aim of a plan; ``outcome`` is what one unit of the KPI is called."""
    return Aim(plan.objective, curves, plan.objective.wording(outcome))
