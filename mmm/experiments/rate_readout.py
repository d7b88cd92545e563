"""Tests of conversion rates when they are read: once at the end, or safely at any time, and what a lift is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import binomtest, chisquare

from attribution.errors import BadInput, Problem, UnknownName
from attribution.estimates import Estimate
from attribution.findings import Finding
from attribution.numbers import percent
from attribution.shown import shown
from mmm.arrays import Array
from mmm.experiments.conversion_rates import FEW, Arm, mixture, two_sided

__all__ = ["RateComparison", "RateReadout", "RateWorth", "read_rates", "worth_of_lift"]

_MISMATCH = 0.001  # Fabijan et al. (2019), "Diagnosing sample ratio mismatch in online controlled experiments"
_PLANNED = 20_000
_DRAWS = 4_000


@dataclass(frozen=True)
class RateComparison:
    """One arm against the control.

    Parameters
    ----------
    arm
        Its name.
    rate
        Conversions per visitor.
    difference, difference_low, difference_high
        Of the rates, with Newcombe's (1998) interval, for a test that is read once.
    lift, low, high
        Relative, by the logarithm of the ratio, for a test that is read once.
    p_value
        Read once, by Holm's (1979) correction for several arms.
    always_low, always_high
        Of the lift, at whatever time it is read; of several arms each at a part of the size.
    e_value
        Evidence against no effect at whatever time: above 1 / size it is shown.
    revenue, revenue_low, revenue_high
        Difference of revenue per visitor by Welch's standard error; NaN where not measured.
    """

    arm: str
    rate: float
    difference: float
    difference_low: float
    difference_high: float
    lift: float
    low: float
    high: float
    p_value: float
    always_low: float
    always_high: float
    e_value: float
    revenue: float = np.nan
    revenue_low: float = np.nan
    revenue_high: float = np.nan

    @property
    def log_error(self) -> float:
        """Standard error of the logarithm of the ratio of rates."""
        return (math.log1p(self.high) - math.log1p(self.low)) / (2 * float(ndtri(0.975)))


@shown
@dataclass(frozen=True)
class RateReadout:
    """All arms against the first one.

    Parameters
    ----------
    control
        The first arm.
    comparisons
        Of the other arms, in their order.
    size
        Two-sided, of all comparisons together.
    findings
        Whether visitors came as they were to be split, and whether there are enough conversions.
    """

    control: Arm
    comparisons: tuple[RateComparison, ...]
    size: float
    findings: tuple[Finding, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row per arm but the control."""
        frame = pd.DataFrame([vars(one) for one in self.comparisons])
        return frame.assign(
            shown_once=frame["p_value"] <= self.size,
            shown_at_any_time=frame["e_value"] >= len(self.comparisons) / self.size,
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """The result in words, an arm a sentence."""
        return tuple(self._sentence(one) for one in self.comparisons)

    def _sentence(self, one: RateComparison) -> str:
        shown = one.e_value >= len(self.comparisons) / self.size
        verdict = "shown, at whatever time it is read" if shown else "not shown yet"
        if not shown and one.p_value <= self.size:
            verdict = "shown if this is the one time that it is read, as planned, and not before"
        ranges = (
            f"read once {percent(one.low, signed=True, decimals=1)} to {percent(one.high, signed=True, decimals=1)}, "
            f"at any time {percent(one.always_low, signed=True, decimals=1)} to "
            f"{percent(one.always_high, signed=True, decimals=1)}"
        )
        return (
            f"{one.arm}: rate {percent(one.rate, decimals=2)} against {percent(self.control.rate, decimals=2)}, a "
            f"change of {percent(one.lift, signed=True, decimals=1)} ({ranges}); {verdict}."
        )


def read_rates(
    arms: Sequence[Arm],
    shares: Mapping[str, float] | None = None,
    planned: int = _PLANNED,
    size: float = 0.05,
) -> RateReadout:
    """Hold every arm against the first one.

    Parameters
    ----------
    arms
        The control first.
    shares
        Arm -> share of visitors that it was to get; equal shares where None.
    planned
        Visitors in all that the test was planned for, stated before it began: reading at any time is sharpest there,
        and valid whatever it is.
    size
        Of all comparisons together.

    Raises
    ------
    BadInput
        Where there are fewer than two arms, two of one name, or shares that name others or are not positive.
    """
    names = [arm.name for arm in arms]
    if len(arms) < 2 or len(set(names)) < len(names):
        text = "needs two arms or more, each of its own name."
        raise BadInput(Problem("rates", text, "arm", remedy="give a row for each arm, that of today first."))
    control, *others = arms
    each = size / len(others)
    part = sum(arm.visitors for arm in arms) / planned
    compared = [_compared(control, arm, size, each, part) for arm in others]
    corrected = _holm([one.p_value for one in compared])
    held = tuple(RateComparison(**{**vars(one), "p_value": p}) for one, p in zip(compared, corrected, strict=True))
    return RateReadout(control, held, size, (_mismatch(arms, shares), _few(arms)))


def _compared(control: Arm, arm: Arm, size: float, each: float, part: float) -> RateComparison:
    beyond = float(ndtri(1 - size / 2))
    difference = arm.rate - control.rate
    ends = [binomtest(int(a.conversions), int(a.visitors)).proportion_ci(1 - size, "wilson") for a in (arm, control)]
    below = math.hypot(arm.rate - ends[0].low, ends[1].high - control.rate)
    above = math.hypot(ends[0].high - arm.rate, control.rate - ends[1].low)
    pooled = (arm.conversions + control.conversions) / (arm.visitors + control.visitors)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / arm.visitors + 1 / control.visitors))
    p_value = two_sided(difference / spread) if spread > 0 else 1.0
    money = _revenue(control, arm, beyond)
    if not (control.conversions and arm.conversions):
        lift = arm.rate / control.rate - 1 if control.conversions else math.inf if arm.conversions else math.nan
        unknown = (lift, -1.0, math.inf, p_value, -1.0, math.inf, 1.0)
        return RateComparison(arm.name, arm.rate, difference, difference - below, difference + above, *unknown, *money)
    log = math.log(arm.rate / control.rate)
    error = math.sqrt(sum((1 - a.rate) / a.conversions for a in (arm, control)))
    boundary, k = mixture(part, each)
    enough = min(arm.conversions, control.conversions) >= FEW and error > 0
    evidence = math.exp(min((log / error) ** 2 / 2 * k / (1 + k), 700)) / math.sqrt(1 + k) if enough else 1.0
    return RateComparison(
        arm.name,
        arm.rate,
        difference,
        difference - below,
        difference + above,
        math.expm1(log),
        math.expm1(log - beyond * error),
        math.expm1(log + beyond * error),
        p_value,
        math.expm1(log - boundary * error) if enough else -1.0,
        math.expm1(log + boundary * error) if enough else math.inf,
        evidence,
        *money,
    )


def _revenue(control: Arm, arm: Arm, beyond: float) -> tuple[float, float, float]:
    """Difference of revenue per visitor with its interval; NaN where one arm has no revenue."""
    means, variances = [], []
    for one in (arm, control):
        if one.revenue is None or one.revenue_squares is None:
            return np.nan, np.nan, np.nan
        means.append(one.revenue / one.visitors)
        variances.append(max(one.revenue_squares / one.visitors - means[-1] ** 2, 0.0) / one.visitors)
    difference, error = means[0] - means[1], beyond * math.sqrt(sum(variances))
    return difference, difference - error, difference + error


def _holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction."""
    order = np.argsort(p_values)
    stepped = np.maximum.accumulate(np.array(p_values)[order] * (len(p_values) - np.arange(len(p_values))))
    held = np.empty(len(p_values))
    held[order] = np.minimum(stepped, 1.0)
    return [float(one) for one in held]


def _mismatch(arms: Sequence[Arm], shares: Mapping[str, float] | None) -> Finding:
    """Whether visitors came in the shares that they were to come in."""
    names = [arm.name for arm in arms]
    wanted = dict.fromkeys(names, 1.0) if shares is None else dict(shares)
    for name in wanted:
        if name not in names:
            raise UnknownName(name, names, "the shares of arms")
    if set(wanted) != set(names) or not all(0 < share < math.inf for share in wanted.values()):
        text = "of arms have to name every arm with a share above 0."
        raise BadInput(Problem("shares", text, remedy=f"give {', '.join(names)}."))
    visitors = np.array([arm.visitors for arm in arms])
    total = float(visitors.sum())
    expected = np.array([wanted[name] for name in names]) / sum(wanted.values()) * total
    p_value = float(chisquare(visitors, expected).pvalue)
    passed = p_value >= _MISMATCH
    came = ", ".join(
        f"{arm.name} {percent(arm.visitors / total, decimals=1)} of {percent(one / total, decimals=1)}"
        for arm, one in zip(arms[:8], expected, strict=False)
    )
    text = f"Visitors came in the shares that they were to come in: {came}."
    if not passed:
        text = (
            f"Visitors did not come in the shares that they were to come in: {came} (chance of that "
            f"{'below 0.01 %' if p_value < 1e-4 else percent(p_value, decimals=2)}). Arms then differ by more than "
            "what is tested: find what loses or doubles visitors, and do not use the result."
        )
    return Finding("rates_mismatch", passed, p_value, _MISMATCH, text)


def _few(arms: Sequence[Arm]) -> Finding:
    """Whether every arm has conversions enough for what is said of it."""
    least = min(arms, key=lambda arm: arm.conversions)
    passed = least.conversions >= FEW
    text = f"Every arm has {FEW} conversions or more."
    if not passed:
        text = (
            f"{least.name} has {least.conversions:,.0f} conversions; below {FEW} nothing is said at any time, and "
            "intervals that are read once are rough."
        )
    return Finding("rates_few", passed, least.conversions, float(FEW), text)


@dataclass(frozen=True)
class RateWorth:
    """What a lift of a conversion rate is worth at a given spend.

    Parameters
    ----------
    gained
        Customers over the horizon.
    cac_before, cac_after, cac_change
        Blended CAC.
    """

    gained: Estimate
    cac_before: Estimate
    cac_after: Estimate
    cac_change: Estimate


def worth_of_lift(
    comparison: RateComparison, customers: Array, outlay: float, through: float = 1.0, seed: int = 0
) -> RateWorth:
    """Customers and blended CAC with an arm in place of the control, at the same spend.

    Parameters
    ----------
    comparison
        The arm; its lift is drawn from the interval that is read once.
    customers
        Draws of all customers over the horizon as things are, shape (draws,).
    outlay
        Media and fixed cost over the horizon, in currency.
    through
        Share of all customers who pass what was tested.
    seed
        Of the draws.
    """
    if not 0 < through <= 1:
        text = f"cannot be said where {through:g} of all customers pass what was tested."
        raise BadInput(Problem("worth of the lift", text, remedy="give --through above 0 and up to 1."))
    if not math.isfinite(comparison.high):
        text = f"cannot be said of {comparison.arm}: an arm has no conversions, so that its lift is not known."
        raise BadInput(Problem("worth of the lift", text, remedy="wait for conversions, or leave the plan file out."))
    rng = np.random.default_rng([seed, 17])
    rows = rng.integers(len(customers), size=_DRAWS)
    before = np.asarray(customers, dtype=float)[rows]
    lifts = np.expm1(rng.normal(math.log1p(comparison.lift), comparison.log_error, _DRAWS))
    gained = before * through * lifts
    after = before + gained
    first, then = Estimate.cost(outlay, before), Estimate.cost(outlay, after)
    change = Estimate.of(outlay / after - outlay / before)
    return RateWorth(Estimate.of(gained), first, then, Estimate(then.point - first.point, change.low, change.high))
