"""The bridge from the customers that a plan expected to those that came: what each cause moved, in every draw.

The value of a cause is its Shapley value: what it moves, averaged over all orders in which the causes could be set from
planned to actual, so that no order is preferred (Shapley 1953, "A Value for n-Person Games").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import factorial

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.estimates import Estimate
from mmm import Posterior
from mmm.arrays import Array
from mmm.posterior.outlook import coming_baseline, prices
from optimizer.cycle.forecast import Borrowed, Course, media_by_channel

__all__ = [
    "ACTUAL",
    "CONTROLS",
    "LEVEL",
    "MIX",
    "PLANNED",
    "PRICE",
    "RESPONSE",
    "UNEXPLAINED",
    "Bridge",
    "bridge",
    "shapley",
]

PLANNED, ACTUAL = "planned", "actual"
LEVEL, MIX, PRICE, CONTROLS, RESPONSE = "level of spend", "mix", "price of media", "controls", "response"
UNEXPLAINED = "unexplained"


@dataclass(frozen=True, eq=False)
class Bridge:
    """From planned to actual customers.

    Parameters
    ----------
    planned
        Customers that the plan foresaw in the periods that are over, with their noise, shape (draws,).
    causes
        Cause -> customers that it moved, shape (draws,); what nothing explains last.
    actual
        Customers that came.
    """

    planned: Array
    causes: dict[str, Array]
    actual: float

    @property
    def residual(self) -> float:
        """By how much the largest draw fails to close, as a share of its largest part; rounding leaves 1e-15 or so."""
        parts = np.stack([self.planned, *self.causes.values()])
        apart = np.abs(parts.sum(axis=0) - self.actual)
        return float((apart / np.maximum(np.abs(parts).max(axis=0), abs(self.actual) or 1.0)).max())

    def to_frame(self) -> pd.DataFrame:
        """One row per step: planned, every cause, actual; mean with 5 % and 95 % points. The means add up."""
        rows = {PLANNED: self.planned, **self.causes}
        table = {name: Estimate.of(drawn).flat("customers") for name, drawn in rows.items()}
        table[ACTUAL] = Estimate.exact(self.actual).flat("customers")
        return pd.DataFrame.from_dict(table, orient="index").rename_axis("step")


@dataclass(frozen=True, eq=False)
class _Change:
    """The spend and the delivery of two courses, and every course between them."""

    planned: Course
    actual: Course
    prices: Array

    def course(self, level: bool, mix: bool, price: bool) -> Course:
        """The course with the total of one, the division of one, and the delivery of one of the two."""
        own, total = self.actual if mix else self.planned, self.actual if level else self.planned
        if own.total_spend == 0:  # no money has no division: that of the other course stands in
            own = self.planned if mix else self.actual
        scale = total.total_spend / own.total_spend if own.total_spend > 0 else 0.0
        spend, new = own.spend * scale, own.new * scale
        if not price:
            return Course(spend, spend / self.prices[:, None], None, new=new)
        per_currency, free = self._delivery
        often = self.actual.frequency
        return Course(spend, spend * per_currency + free, often, new=new)

    @property
    def _delivery(self) -> tuple[Array, Array]:
        """Volume per currency as it was, by geo, period and channel, and volume that came without spend."""
        paid, volume = self.actual.spend, self.actual.media
        usual = np.broadcast_to(1.0 / self.prices[:, None], paid.shape)
        rate = np.divide(volume, paid, out=usual.copy(), where=paid > 0)
        return rate, np.where(paid > 0, 0.0, volume)


def bridge(
    readings: Sequence[Posterior],
    planned: tuple[Course, Array],
    actual: tuple[Course, float],
    borrowed: Sequence[Borrowed] = (),
    refitted: Sequence[Posterior] = (),
) -> Bridge:
    """The bridge of a forecast.

    Parameters
    ----------
    readings
        The posteriors that the forecast rests on.
    planned
        Course and customers that were forecast of the periods that are over, the latter of shape (draws,).
    actual
        Course and customers of the same periods.
    borrowed
        New channels, in the order of the courses.
    refitted
        The same models with as many draws, fitted to the periods as well; with them the change of the channels'
        response is a cause of its own. Draws of the two fits are paired by rank of what channels bring in these
        periods, so that response is how the belief moved: paired at random it would be as wide as both beliefs.

    Returns
    -------
    Bridge
        Causes: ``level of spend``, ``mix`` (how spend was divided between channels, periods and geos), ``price of
        media`` (where volumes or contacts drive a channel), ``controls`` (where the model has controls, treatments or
        organic channels), ``response`` (with ``refitted``), ``unexplained``.
    """
    before, after = planned[0], actual[0]
    change = _Change(before, after, prices(readings[0].panel))
    by_volume = not np.array_equal(after.media, after.spend)
    known = readings[0].panel.periods
    names = [LEVEL, MIX, *([PRICE] if by_volume else []), *([RESPONSE] if refitted else [])]

    def total(who: Sequence[Posterior], course: Course) -> Array:
        return np.asarray(media_by_channel(who, course, borrowed, known).sum(axis=(0, 2)))

    rows = _by_rank(total(readings, after), total(refitted, after)) if refitted else np.zeros(0, dtype=np.intp)

    def brought(*chosen: bool) -> Array:
        on = dict(zip(names, chosen, strict=True))
        course = change.course(on[LEVEL], on[MIX], on.get(PRICE, False))
        return total(refitted, course)[rows] if on.get(RESPONSE) else total(readings, course)

    causes = dict(zip(names, shapley(brought, len(names)), strict=True))
    if before.controls is not None or after.controls is not None:
        here, there = (_baseline(readings, course) for course in (before, after))
        causes[CONTROLS] = there - here
    order = [name for name in (LEVEL, MIX, PRICE, CONTROLS, RESPONSE) if name in causes]
    causes = {name: causes[name] for name in order}
    causes[UNEXPLAINED] = actual[1] - planned[1] - np.sum(list(causes.values()), axis=0)
    return Bridge(planned[1], causes, actual[1])


def shapley(value: Callable[..., Array], causes: int) -> list[Array]:
    """Shapley value of each of some causes that are on or off.

    Parameters
    ----------
    value
        Takes one truth value per cause; draws of what they bring together.
    causes
        How many.

    Examples
    --------
    >>> [float(part) for part in shapley(lambda a, b: np.asarray(3.0 * a + 1.0 * b + 2.0 * a * b), 2)]
    [4.0, 2.0]
    """
    worth = {chosen: value(*chosen) for chosen in product((False, True), repeat=causes)}
    parts = []
    for place in range(causes):
        total: Array = np.zeros(())
        for chosen, low in worth.items():
            if chosen[place]:
                continue
            size = sum(chosen)
            weight = factorial(size) * factorial(causes - size - 1) / factorial(causes)
            total = total + weight * (worth[(*chosen[:place], True, *chosen[place + 1 :])] - low)
        parts.append(np.asarray(total))
    return parts


def _by_rank(one: Array, other: Array) -> npt.NDArray[np.intp]:
    """Rows of the other draws, in an order in which their ranks are those of the first."""
    ranks = np.argsort(np.argsort(one, kind="stable"), kind="stable")
    return np.argsort(other, kind="stable")[ranks]


def _baseline(readings: Sequence[Posterior], course: Course) -> Array:
    parts = [coming_baseline(reading, course.periods, course.controls).sum(axis=1) for reading in readings]
    return np.concatenate(parts)
