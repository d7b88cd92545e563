"""Tipping points: how little a channel would have to bring, or how much, for the plan to move it the other way.

The effect of a channel is scaled about today: at spend x it brings f (r(x) - r(today)) + r(today), so that customers at
today's spend, which are counted, stay what they are, and what the channel does not bring comes without it. The plan
solved again then spends the more on the channel the larger f is, and the tipping point is the f at which it leaves the
channel as it is. With the channel held at today's spend nothing depends on f, so one such plan gives the slope that the
channel needs, and f = needed slope / slope at today's spend. Where that is no proof, since curves are S-shaped, a
channel has a price of entry or no other channel is free to take the money, plans solved again decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from attribution.errors import BadInput, InfeasiblePlan, Problem
from attribution.numbers import amount, likelihood, percent
from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves import ResponseCurve, ResponseCurves
from optimizer.answer.prices import Slopes, prices_at
from optimizer.plan import Plan
from optimizer.question.compiler import compiled
from optimizer.question.constraints import Channel
from optimizer.question.program import Constraint, Program
from optimizer.solvers.branch import branch_and_bound
from optimizer.solvers.ceilings import with_ceilings
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.uncertainty.question import Question, plan_of, without_cap
from optimizer.uncertainty.turning import THERE, Anew, searched

__all__ = ["TippingPoint", "tipping_points"]

_MOVED = 5e-4  # of the larger spend: less is no move
_GRID = 65
_ROUNDING = 1e-7  # of a channel's most customers
_TIME = 10.0  # seconds that one plan may take
_GAP = 1e-6  # near the optimum a plan may be far from the best amounts before its figure shows it


@shown
@dataclass(frozen=True)
class TippingPoint:
    """How far one move of a plan can be trusted.

    Parameters
    ----------
    channel
        Its name.
    now, planned
        Currency over the horizon.
    factor
        What the channel's effect has to be multiplied by for the plan to leave its spend as it is: below 1 for a
        channel that is raised, above 1 for one that is cut. 0 where it is raised whatever it brings, infinite where it
        is cut whatever it brings; NaN where limits or promises move it, so that no effect turns it around.
    probability
        That what the move brings, or loses, is beyond the factor: the share of the draws in which customers at the
        planned spend less those at today's are further from their expectation than that. Other channels as expected.
    """

    channel: str
    now: float
    planned: float
    factor: float
    probability: float

    @property
    def is_raised(self) -> bool:
        """Whether the plan spends more than today."""
        return self.planned > self.now

    @property
    def sentence(self) -> str:
        """The same in words."""
        size = amount(abs(self.planned - self.now))
        move = f"{size} {'more' if self.is_raised else 'less'} on {self.channel}"
        if self.factor != self.factor:
            return f"{move}: the limits or promises ask for it, whatever {self.channel} brings."
        if self.factor in (0.0, np.inf):
            return f"{move}: right whatever {self.channel} brings."
        side = "less" if self.is_raised else "more"
        share, chance = percent(self.factor), likelihood(self.probability)
        return f"{move}: right unless {self.channel} brings {side} than {share} of what is expected ({chance})."


def tipping_points(
    question: Question,
    curves: Mapping[str, ResponseCurve],
    spend: Mapping[str, float] | pd.Series,
    largest: int | None = None,
) -> tuple[TippingPoint, ...]:
    """The tipping point of every channel that an allocation moves, in the channels' order.

    Parameters
    ----------
    question
        A plan with ``now``, fees included, or one for the worst cases or against hidden demand.
    curves
        Response curves over the horizon.
    spend
        The plan's allocation.
    largest
        Only of so many channels, those that are moved most; None for all. Each takes a plan of its own.

    Raises
    ------
    BadInput
        Where the plan does not state today's spend.

    Examples
    --------
    >>> from mmm.curves import Hill
    >>> from optimizer import Budget, Customers, Plan
    >>> curves = {"tv": Hill(900, 60_000), "search": Hill(500, 20_000)}
    >>> plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=80_000)], now={"tv": 60_000, "search": 20_000})
    >>> for one in tipping_points(plan, curves, plan.solve(curves).spend):
    ...     print(one.channel, round(one.factor, 2))
    tv 1.67
    search 0.6
    """
    plan = plan_of(question)
    if plan.now is None:
        remedy = "give Plan(now={channel: current spend})."
        raise BadInput(Problem("tipping_points", "needs today's spend, which the plan does not state.", remedy=remedy))
    curves = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
    now, planned = curves.amounts(plan.now), curves.amounts(spend)
    size = np.abs(planned - now)
    moved = np.flatnonzero(size > _MOVED * np.maximum(planned, now))
    most = moved[np.argsort(-size[moved], kind="stable")][:largest]
    whole = _asked(question, curves, now)
    return tuple(_point(question, whole, planned, place) for place in np.sort(most).tolist())


def _asked(question: Question, curves: ResponseCurves, now: Array) -> _Question | Anew:
    if isinstance(question, Plan) and not question.fees:
        return _Question(question, curves, now)
    return Anew(question, curves, now)


def _point(question: Question, whole: _Question | Anew, planned: Array, place: int) -> TippingPoint:
    before, after = float(whole.now[place]), float(planned[place])
    channel = whole.curves.channels[place]
    curve, own = whole.curves[channel], without_cap(question, channel)
    factor = (whole if own is question else _asked(own, whole.curves, whole.now)).factor(place, after)
    if not np.isfinite(factor):
        return TippingPoint(channel, before, after, factor, 0.0 if factor == np.inf else np.nan)
    brought = np.atleast_1d(np.abs(curve(after) - curve(before)))
    beyond = brought < factor * brought.mean() if after > before else brought > factor * brought.mean()
    chance = float(np.mean(beyond))
    return TippingPoint(channel, before, after, factor, chance)


class _Question:
    """A plan, solved again with one channel held at today's spend, or with another effect."""

    def __init__(self, plan: Plan, curves: ResponseCurves, now: Array) -> None:
        self.plan, self.curves, self.now = plan, curves, now
        self.flat = FlatCurves(curves)

    def factor(self, place: int, planned: float) -> float:
        channel, now = self.curves.channels[place], float(self.now[place])
        held = self._solved(self.curves, self.flat, 0.0, Channel(channel).fixed(now))
        if held is None:
            return np.nan
        program, spend = held
        customers, slope = self.flat.mean_and_slope(np.arange(program.size), spend)
        needed = prices_at(program, spend, customers, Slopes(*self.flat.slopes_beside(spend, slope))).needed_slope
        with np.errstate(over="ignore"):  # a curve that is used up has next to no slope: infinite, and searched below
            factor = float(np.float64(needed[place]) / slope[place]) if slope[place] > 0 else np.inf
        if np.sign(planned - now) * (1 - factor) < 0 or not 0 < factor < np.inf:
            return self._searched(place, planned)
        if self._is_proved(program, spend, needed, place, factor):
            return factor
        return factor if abs(self._moved(place, factor, planned)) <= THERE else self._searched(place, planned)

    def _is_proved(self, program: Program, spend: Array, needed: Array, place: int, factor: float) -> bool:
        """Whether no other spend of any channel does better at the needed slopes, and one is free to give or take.

        Each channel's customers less what its spend would have to bring are then largest where the plan has it: the
        Lagrangian's bound is met, entry prices and S-shaped curves included. A grid stands for all spends.
        """
        others = np.arange(program.size) != place
        slack = 1e-6 * max(float(spend.sum()), float(self.now[place]))
        free = (spend > program.lower + slack) & (spend < program.upper - slack) & others
        if not free.any() or not np.isfinite(needed).all():
            return False
        amounts, value = self._grid
        gain = value - self.flat.mean(spend) - (amounts - spend) * np.where(others, needed, needed / factor)
        return bool((gain <= _ROUNDING * np.abs(value).max(axis=0)).all())

    @cached_property
    def _grid(self) -> tuple[Array, Array]:
        """Spends that the plan allows each channel, and their expected customers, both (points, channels)."""
        program = self._program(self.curves, self.flat, 0.0)
        least = np.maximum(program.lower, program.hole)
        amounts = np.vstack([program.lower, least + np.linspace(0, 1, _GRID)[:, None] * (program.upper - least)])
        owners = np.tile(np.arange(program.size), len(amounts))
        return amounts, self.flat.mean_and_slope(owners, amounts.ravel())[0].reshape(amounts.shape)

    def _moved(self, place: int, factor: float, planned: float) -> float:
        """The channel's move where its effect is ``factor`` times as large, as a share of the plan's own move."""
        channel, now = self.curves.channels[place], float(self.now[place])
        curve = self.curves[channel]
        curves = self.curves.with_curve(channel, curve.scaled(effect=factor))
        others = (1 - factor) * float(curve.mean(now))
        answer = self._solved(curves, FlatCurves(curves), others)
        return np.nan if answer is None else (float(answer[1][place]) - now) / (planned - now)

    def _searched(self, place: int, planned: float) -> float:
        return searched(lambda factor: self._moved(place, factor, planned), planned > self.now[place])

    def _solved(
        self, curves: ResponseCurves, flat: FlatCurves, others: float, *more: Constraint
    ) -> tuple[Program, Array] | None:
        """The plan on other curves, with so many more organic customers; None where it has no answer."""
        try:
            program = self._program(curves, flat, others, *more)
        except InfeasiblePlan:
            return None
        outcome = branch_and_bound(program, flat, _GAP, _TIME)
        return None if outcome.spend is None else (program, outcome.spend)

    def _program(self, curves: ResponseCurves, flat: FlatCurves, others: float, *more: Constraint) -> Program:
        setting = self.plan.setting(curves)
        setting = setting.with_organic(setting.organic + others)
        program = compiled(self.plan.objective, (*self.plan.subject_to, *more), setting)
        return with_ceilings(program, flat, lambda one: branch_and_bound(one, flat, 0.05, _TIME).spend)
