"""Tests of conversion rates before they run: how many visitors they need, read once at the end or at any time.

Visitors are split at random between arms; the first arm is what is there today.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import nbinom

from attribution.errors import BadInput, Problem
from attribution.numbers import percent, significant
from attribution.reading.cells import cells_of
from attribution.reading.contracts import Column, Table
from mmm.arrays import Array
from mmm.experiments.odd_arms import odd_arms

__all__ = ["FEW", "Arm", "RatePlan", "arms_from_frame", "mixture", "ratio_metric", "two_sided", "visitors_needed"]

FEW = 30
"""Conversions of an arm, below which a running test says nothing yet."""
_MOST_LIFT, _MOST_ARMS, _MOST_POWER, _PEOPLE = 5.0, 100, 0.999, 8e9

_RATES = (
    Column("arm", "text"),
    Column("visitors", minimum=0),
    Column("conversions", minimum=0),
    Column("revenue", required=False, money=True),
    Column("revenue_squares", minimum=0, required=False),
)


@dataclass(frozen=True)
class Arm:
    """One arm of a test.

    Parameters
    ----------
    name
        What tables call it.
    visitors, conversions
        Whole numbers; a visitor converts once at most.
    revenue, revenue_squares
        Sum over visitors of their revenue, and of its square; None where not measured.
    """

    name: str
    visitors: float
    conversions: float
    revenue: float | None = None
    revenue_squares: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.conversions <= self.visitors or not 0 < self.visitors < math.inf:
            text = f"has {self.conversions:g} conversions of {self.visitors:g} visitors."
            remedy = "count each visitor once, and at most one conversion of each; revenue per visitor takes the rest."
            raise BadInput(Problem("rates", text, row=f"arm {self.name!r}", remedy=remedy))

    @property
    def rate(self) -> float:
        """Conversions per visitor."""
        return self.conversions / self.visitors


def arms_from_frame(frame: object) -> tuple[Arm, ...]:
    """Arms from a table with the columns that :class:`Arm` names and ``arm``; rows of one arm, as of days, are summed.

    Parameters
    ----------
    frame
        A frame, or a file or query as :func:`attribution.read_table` takes it. The arm of its first row is the control.

    Raises
    ------
    BadInput
        Where a column is missing, a number is none, there is one arm only, or more convert than visit; and where rows
        are no counts of days and arms, see :func:`odd_arms`.
    """
    cells = cells_of(frame, "rates")
    typed = Table(cells.name, _RATES, first_row=cells.first_row).check(cells.frame)
    if problems := list(odd_arms(cells.name, typed, cells.frame)):
        raise BadInput(problems)
    money = ["revenue", "revenue_squares"] if {"revenue", "revenue_squares"} <= set(typed) else []
    summed = typed.groupby("arm", sort=False)[["visitors", "conversions", *money]].sum()
    if len(summed) < 2:
        remedy = "give a row for each arm, that of today first."
        raise BadInput(Problem(cells.name, "has one arm, and a test compares two or more.", "arm", remedy=remedy))
    return tuple(Arm(str(name), *map(float, row)) for name, row in zip(summed.index, summed.to_numpy(), strict=True))


@dataclass(frozen=True)
class RatePlan:
    """Visitors that a test needs.

    Parameters
    ----------
    rate, lift
        Of the control, and the relative change that the test is to show.
    arms
        The control included.
    per_arm
        Visitors, where the test is read once, when all of them have come.
    per_arm_at_any_time
        Where it may be read and ended at any time; most such tests end earlier.
    """

    rate: float
    lift: float
    arms: int
    per_arm: int
    per_arm_at_any_time: int

    def days(self, visitors_a_day: float) -> tuple[int, int]:
        """Days that either takes with so many visitors a day in all arms together."""
        once, anytime = (math.ceil(n * self.arms / visitors_a_day) for n in (self.per_arm, self.per_arm_at_any_time))
        return once, anytime


def visitors_needed(rate: float, lift: float, power: float = 0.8, size: float = 0.05, arms: int = 2) -> RatePlan:
    """Visitors per arm that show a lift of a conversion rate with a power, two-sided.

    Two proportions by their normal approximation (Fleiss, Levin and Paik, 2003, without their correction for
    continuity); of several arms each is held against the control at ``size / (arms - 1)``. Read at any time, the
    boundary is that of :func:`mixture`, tuned to the end.

    Parameters
    ----------
    rate
        Of the control, 0.03 for 3 %.
    lift
        Relative change to be shown, 0.1 for a tenth more.
    power, size
        Probability to show it, and to show something where there is nothing.
    arms
        The control included.

    Raises
    ------
    BadInput
        Where a rate leaves 0 to 1, the lift is none, or power and size are no probabilities.

    Examples
    --------
    >>> visitors_needed(0.10, 0.20).per_arm
    3841
    """
    other = rate * (1 + lift)
    if not (0 < rate < 1 and 0 < other < 1 and lift != 0 and 0 < size < power < 1 and arms >= 2):
        text = f"rate {rate:g}, lift {lift:g}, power {power:g}, size {size:g} and {arms} arms are no test."
        remedy = "take rates between 0 and 1, a lift other than 0, a power above the size, and two arms or more."
        raise BadInput(Problem("conversion-rate test", text, remedy=remedy))
    if lift > _MOST_LIFT or arms > _MOST_ARMS or power > _MOST_POWER:
        text = f"lift {percent(lift, signed=True)}, power {power:g} and {arms} arms are asked for."
        remedy = f"write 0.1 for a lift of 10 %; {_MOST_ARMS} arms and a power of {_MOST_POWER:g} are the most."
        raise BadInput(Problem("conversion-rate test", text, remedy=remedy))
    each = size / (arms - 1)
    mean, alone = (rate + other) / 2, rate * (1 - rate) + other * (1 - other)
    beyond, shown = float(ndtri(1 - each / 2)), float(ndtri(power))
    once = (beyond * math.sqrt(2 * mean * (1 - mean)) + shown * math.sqrt(alone)) ** 2 / (other - rate) ** 2
    anytime = (mixture(1.0, each)[0] + shown) ** 2 * alone / (other - rate) ** 2
    # read at any time, nothing is said before every arm has so many conversions
    few = FEW + int(nbinom.ppf(power, FEW, min(rate, other)))
    if once * arms > _PEOPLE:
        text = f"rate {rate:g} and lift {lift:g} take {significant(once * arms)} visitors, more than there are people."
        raise BadInput(Problem("conversion-rate test", text, remedy="test a larger change, or where rates are higher."))
    return RatePlan(rate, lift, arms, math.ceil(once), max(math.ceil(anytime), few))


def mixture(part: float, size: float) -> tuple[float, float]:
    """Boundary on a z statistic that holds at all times at once, and what it is a mixture by.

    The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), "Time-uniform central
    limit theory and asymptotic confidence sequences", Annals of Statistics 52(6); the boundary is Robbins' (1970)
    normal mixture, as in the always-valid tests of Johari, Koomen, Pekelis and Walsh (2022).

    Parameters
    ----------
    part
        Visitors so far over those planned, at which the boundary is tightest; above 0.
    size
        Probability that it is ever crossed without an effect.

    Returns
    -------
    The boundary, and the mixture's variance k in units of the statistic's own: the e-value of a statistic z is
    exp(z²/2 k/(1+k)) / sqrt(1+k).
    """
    log = -2 * math.log(size)
    k = part * (log + math.log(log + 1))
    return math.sqrt((k + 1) / k * (math.log(k + 1) + log)), k


def ratio_metric(numerator: Array, denominator: Array) -> tuple[float, float]:
    """A ratio of sums over randomised units, such as orders per session by visitor, and its standard error.

    By the delta method (Deng, Knoblich and Lu, 2018, "Applying the delta method in metric analytics").

    Parameters
    ----------
    numerator, denominator
        One value per unit that was randomised, shape (N,).

    Raises
    ------
    BadInput
        Where there are fewer than two units, or the denominators do not add up to more than 0.
    """
    above, below = np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)
    if len(above) < 2 or above.shape != below.shape or not below.sum() > 0 or not np.isfinite(above + below).all():
        remedy = "give a numerator and a denominator of each unit that was randomised."
        raise BadInput(Problem("ratio metric", "has no units to make a ratio of.", remedy=remedy))
    ratio = float(above.sum() / below.sum())
    left = above - ratio * below
    return ratio, float(left.std(ddof=1) / math.sqrt(len(left)) / below.mean())


def two_sided(z: float) -> float:
    """Probability that a standard normal is as far from 0."""
    return float(2 * ndtr(-abs(z)))
