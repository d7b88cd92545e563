"""Where a move turns around, by plans solved anew; of any question, fees, worst cases and hidden demand included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.errors import BadInput, InfeasiblePlan
from mmm.arrays import Array
from mmm.curves import ResponseCurves
from optimizer.answer.prices import Slopes
from optimizer.plan import Plan
from optimizer.question.constraints import Channel
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.uncertainty.question import Question, limited, over, plan_of, with_organic
from optimizer.uncertainty.risk import Pessimistic

__all__ = ["THERE", "Anew", "searched"]

THERE = 0.02  # of the move: so near to today's spend the plan counts as leaving the channel as it is
_NEAR = 0.1  # the same where a plan's figure is flat, and its amounts are settled less sharply
_WIDEST, _HALVINGS = 64.0, 9
_FEWER = 6  # to a per cent, where each plan takes a second
_FEWEST = 4  # to four per cent, where each plan is many searches
_GAP, _TIME = 1e-5, 10.0
_GAP_OF_STEPS = 1e-4  # where each answer is one of many searches


def searched(moved: Callable[[float], float], is_raised: bool, halvings: int = _HALVINGS) -> float:
    """The factor between plans that move a channel and plans that do not, by halving.

    Parameters
    ----------
    moved
        The channel's move where its effect is so many times as large, as a share of the plan's own move; NaN where
        there is no plan.
    is_raised
        Whether the plan spends more on it than today.
    halvings
        Of the stretch in which the factor lies, on a scale of logarithms.

    Returns
    -------
    0 or infinity where no effect turns the move around, NaN where plans end before one does.
    """
    step = 0.5 if is_raised else 2.0
    inside, outside = 1.0, step
    while moved(outside) > THERE:
        inside, outside = outside, outside * step
        if not 1 / _WIDEST <= outside <= _WIDEST:
            return 0.0 if step < 1 else np.inf
    if np.isnan(moved(outside)):
        return np.nan
    for _ in range(halvings):
        middle = float(np.sqrt(inside * outside))
        if moved(middle) > THERE:
            inside = middle
        else:
            outside = middle
    return float(np.sqrt(inside * outside))


@dataclass(frozen=True, eq=False)
class Anew:
    """A question asked again, with one channel held at today's spend, or with another effect of it.

    With the channel held nothing depends on its effect, so the slope that it needs there over the slope that it has
    is the factor: exact where curves are concave, for the worst of concave figures is concave. A plan solved anew with
    that effect has to leave the channel as it is; where it does not, plans solved anew at other effects decide.

    Parameters
    ----------
    question
        The question, with ``now``.
    curves
        Response curves over the horizon.
    now
        Today's spend, shape (channels,).
    """

    question: Question
    curves: ResponseCurves
    now: Array

    def factor(self, place: int, planned: float) -> float:
        """What the channel's effect has to be multiplied by for the question's answer to leave its spend as it is."""
        now = float(self.now[place])

        def moved(factor: float) -> float:
            return self._moved(place, factor, planned)

        first = self._needed(place, planned > now)
        if 0 < first < np.inf and np.sign(planned - now) * (1 - first) > 0:
            there = moved(first)
            if abs(there) <= _NEAR or (np.isnan(there) and self._is_concave and not plan_of(self.question).fees):
                return first
        many = isinstance(self.question, Pessimistic) and plan_of(self.question).fees
        return searched(moved, planned > now, _FEWEST if many else _FEWER)

    @property
    def _is_concave(self) -> bool:
        return all(float(np.max(curve.inflection)) == 0 for curve in self.curves.values())

    def _needed(self, place: int, is_raised: bool) -> float:
        """Needed slope over slope where the channel is held at today's spend; NaN where there is no such plan."""
        channel, question = self.curves.channels[place], self.question
        held = limited(question, Channel(channel).fixed(float(self.now[place])))
        try:
            found = held.solve(self.curves, self._gap, _TIME)
        except (BadInput, InfeasiblePlan):
            return np.nan
        slopes = self._slopes(found.spend)
        slope = float((slopes.after if is_raised else slopes.before)[place])
        return 1 / (float(found.entry_cac[channel]) * slope) if slope > 0 < found.entry_cac[channel] else np.nan

    def _slopes(self, spend: pd.Series) -> Slopes:
        if not isinstance(self.question, Plan):
            return self.question.slopes(self.curves, spend)
        flat, amounts = FlatCurves(self.curves), spend.to_numpy()
        return Slopes(*flat.slopes_beside(amounts, flat.mean_and_slope(np.arange(len(amounts)), amounts)[1]))

    @property
    def _gap(self) -> float:
        return _GAP_OF_STEPS if plan_of(self.question).fees else _GAP

    def _moved(self, place: int, factor: float, planned: float) -> float:
        channel, now, plan = self.curves.channels[place], float(self.now[place]), plan_of(self.question)
        curve = self.curves[channel]
        curves = self.curves.with_curve(channel, curve.scaled(effect=factor))
        organic = np.asarray(plan.organic) + (1 - factor) * np.asarray(curve(now))
        try:
            asked = over(self.question, with_organic(plan, organic))
            found = asked.solve(curves, self._gap, _TIME)
        except (BadInput, InfeasiblePlan):
            return np.nan
        return (float(found.spend[channel]) - now) / (planned - now)
