"""Calibration: credit corrected by what was measured, until the next measurement.

A factor is what a channel brought over what an attribution model credited it with, over the same days. Later credit
times the factor is an estimate of what the channel brings. Both sides of the ratio have errors and both are carried
through, by draws that keep the ends of their intervals: where they are normal the result is that of Fieller (1954),
"Some problems in interval estimation", Journal of the Royal Statistical Society B 16(2). The point is the ratio of the
points, for a ratio of normal variables has no mean.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from attribution.analysis.bootstrap import Bootstrap
from attribution.arrays import Array
from attribution.errors import BadInput, Problem, nearest, quoted
from attribution.estimates import HIGH, INTERVAL, LOW, Estimate
from attribution.models.credit import Credit
from attribution.shown import shown

__all__ = ["Aging", "Calibrated", "Factor", "calibrate", "calibrated_of"]

_Z = 1.6448536269514722  # of the 95 % point
_DRAWS = 10_000
_YEAR = 365.25
_QUARTER = _YEAR / 4


@dataclass(frozen=True)
class Aging:
    """How a factor widens with the time since it was measured.

    What a channel brings per credited conversion differs from one season, spend and mix of media to the next, even
    where nothing has changed for good; once the factor is no longer fresh it is taken to walk at random beside that, so
    that its standard deviation grows with the root of time.

    Parameters
    ----------
    fresh
        Days for which it does not walk.
    per_year
        Standard deviation by which it may have moved a year after that, as a share of the factor.
    between
        Standard deviation between one quarter and another, as a share of the factor; within a quarter of the
        measurement in proportion to the root of the days.

    Raises
    ------
    BadInput
        Either is negative or no number.
    """

    fresh: float = 182.0
    per_year: float = 0.3
    between: float = 0.12

    def __post_init__(self) -> None:
        for name in ("fresh", "per_year", "between"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise BadInput(f"Aging: {name} is {getattr(self, name):g}. Remedy: give a number of 0 or more.")

    def spread(self, days: float) -> float:
        """Standard deviation of a factor measured so many days ago, as a share of it, beyond its own error.

        >>> Aging(fresh=100, per_year=0.4, between=0.3).spread(100 + 365.25)
        0.5
        """
        walked = self.per_year * math.sqrt(max(days - self.fresh, 0.0) / _YEAR)
        return math.hypot(walked, self.between * math.sqrt(min(days / _QUARTER, 1.0)))


@shown
@dataclass(frozen=True)
class Factor:
    """What a channel brought over what a model credited it with, over the same days.

    Parameters
    ----------
    model, channel
        Whose credit, and of which channel.
    effect
        Customers it brought, with the 90 % interval; below 0 where a test measured so.
    credit
        Conversions credited to it, with the 90 % interval; above 0.
    source
        What measured the effect, such as ``"experiment"``.
    until
        Last day of that measurement.

    Raises
    ------
    BadInput
        Figures that are no numbers, credit that is not above 0, or points outside their intervals.
    """

    model: str
    channel: str
    effect: Estimate
    credit: Estimate
    source: str
    until: dt.date

    def __post_init__(self) -> None:
        for name in ("effect", "credit"):
            each: Estimate = getattr(self, name)
            if not all(math.isfinite(value) for value in (each.point, each.low, each.high)):
                raise self._problem(name, "is no number.", "leave the channel out.")
            if not each.low <= each.point <= each.high:
                raise self._problem(name, f"{each.point:g} is outside {each.low:g} to {each.high:g}.", "correct it.")
        if self.credit.point <= 0:
            text = "is not above 0: paths that do not see a channel cannot be corrected."
            raise self._problem("credit", text, "leave the channel out.")

    def _problem(self, column: str, text: str, remedy: str) -> BadInput:
        return BadInput(Problem("factors", text, column, f"{self.model}, {self.channel}", remedy))

    @property
    def point(self) -> float:
        """Ratio of the points."""
        return self.effect.point / self.credit.point

    def age(self, on: dt.date | None) -> int:
        """Days between the measurement and a day, either way; 0 without one."""
        return 0 if on is None else abs((on - self.until).days)

    def draws(self, aging: Aging, on: dt.date | None = None, seed: int = 0) -> Array:
        """Draws of the factor on a day, shape (10,000,); infinite where the drawn credit is 0 or less."""
        rng = np.random.default_rng([seed, *self.channel.encode()])
        effect = drawn(self.effect, rng)
        size = max(abs(self.effect.point), (self.effect.high - self.effect.low) / (2 * _Z))
        effect = effect + size * aging.spread(self.age(on)) * rng.standard_normal(_DRAWS)
        credit = drawn(self.credit, rng)
        return np.where(credit > 0, effect / np.where(credit > 0, credit, 1.0), np.copysign(np.inf, effect))

    def estimate(self, aging: Aging | None = None, on: dt.date | None = None, seed: int = 0) -> Estimate:
        """The factor on a day with its 90 % interval; ends are infinite where the credit may be none."""
        return around(self.point, self.draws(aging or Aging(), on, seed))


@shown
@dataclass(frozen=True, eq=False)
class Calibrated:
    """A model's credit, corrected.

    Parameters
    ----------
    model
        Whose credit.
    table
        By channel: ``credited``, ``factor`` with ``factor 5%`` and ``factor 95%``, the corrected ``estimate`` with
        ``5%`` and ``95%``, ``standard_error`` (of the normal with that interval), ``source`` and ``age`` in days. A
        channel without a factor has no estimate: nothing says what its credit is worth.
    """

    model: str
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.model)} credit, calibrated</p>{self.table.round(3).to_html()}"


def calibrate(
    credit: Credit | Bootstrap,
    factors: Iterable[Factor],
    on: dt.date | None = None,
    aging: Aging | None = None,
    seed: int = 0,
) -> Calibrated:
    """Correct a model's credit by factors, so that a report between tests says what channels bring.

    Parameters
    ----------
    credit
        The report's credit; from :func:`attribution.bootstrap` its own error is carried through too. It is taken to
        be independent of the credit in the factor; where both are of the same days intervals are a little too wide.
    factors
        At most one per channel for the model; those of other models are passed over.
    on
        Day of the report, from which the age of a factor is counted; None for as fresh as measured.
    aging
        How factors widen with time.
    seed
        Of the draws.

    Raises
    ------
    BadInput
        No factor for the model, or two for a channel.
    UnknownName
        A factor of a channel that the credit does not know.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> from attribution import Credit, Factor, calibrate
    >>> from attribution.estimates import Estimate
    >>> said = pd.Series({"search": 400.0, "tv": 100.0})
    >>> tested = Estimate(150.0, 120.0, 180.0)
    >>> factor = Factor("last", "search", tested, Estimate.exact(300.0), "experiment", dt.date(2026, 3, 31))
    >>> table = calibrate(Credit("last", said, said), [factor]).table
    >>> float(table.loc["search", "estimate"]), table["estimate"].isna()["tv"].item()
    (200.0, True)
    """
    if isinstance(credit, Bootstrap):
        return calibrated_of(credit.model, credit.summary(), factors, on, aging, seed)
    ends = dict.fromkeys(("estimate", *INTERVAL), credit.conversions)
    return calibrated_of(credit.model, pd.DataFrame(ends), factors, on, aging, seed)


def calibrated_of(
    model: str,
    conversions: pd.DataFrame,
    factors: Iterable[Factor],
    on: dt.date | None = None,
    aging: Aging | None = None,
    seed: int = 0,
) -> Calibrated:
    """The same of a summary of credited conversions: ``estimate``, ``5%`` and ``95%`` by channel."""
    given = list(factors)
    own = _own(model, given, [str(name) for name in conversions.index])
    rows = {
        str(name): _row(str(name), conversions.loc[name], own, (on, aging or Aging(), seed))
        for name in conversions.index
    }
    return Calibrated(model, pd.DataFrame.from_dict(rows, orient="index").rename_axis("channel"))


def _own(model: str, factors: list[Factor], channels: list[str]) -> Mapping[str, Factor]:
    mine = [factor for factor in factors if factor.model == model]
    if factors and not mine:
        known = ", ".join(sorted({factor.model for factor in factors}))
        raise BadInput(f"calibrate: no factor is of {model!r} credit; there are factors of {known}.")
    problems: list[Problem | str] = []
    for factor in mine:
        if sum(other.channel == factor.channel for other in mine) > 1:
            problems.append(Problem("factors", f"{factor.channel!r} has two.", "channel", remedy="keep one of them."))
        if factor.channel not in channels:
            close = nearest(factor.channel, channels)
            remedy = f"did you mean {quoted(close)}?" if close else f"the credit has {', '.join(channels[:12])}."
            problems.append(Problem("factors", f"unknown channel {factor.channel!r}.", "channel", remedy=remedy))
    if problems:
        raise BadInput(list(dict.fromkeys(problems)))
    return {factor.channel: factor for factor in mine}


def _row(
    channel: str, said: pd.Series, factors: Mapping[str, Factor], how: tuple[dt.date | None, Aging, int]
) -> dict[str, object]:
    credited = Estimate(float(said["estimate"]), float(said[LOW]), float(said[HIGH]))
    factor, (on, aging, seed) = factors.get(channel), how
    if factor is None:
        nothing = dict.fromkeys(
            ("factor", "factor 5%", "factor 95%", "estimate", "5%", "95%", "standard_error"), np.nan
        )
        return {"credited": credited.point, **nothing, "source": "", "age": np.nan}
    times = factor.draws(aging, on, seed)
    rng = np.random.default_rng([seed + 1, *channel.encode()])
    ratio = around(factor.point, times)
    with np.errstate(invalid="ignore"):
        draws = np.nan_to_num(times * drawn(credited, rng), nan=0.0, posinf=np.inf, neginf=-np.inf)
    corrected = around(factor.point * credited.point, draws)
    return {
        "credited": credited.point,
        "factor": ratio.point,
        "factor 5%": ratio.low,
        "factor 95%": ratio.high,
        "estimate": corrected.point,
        "5%": corrected.low,
        "95%": corrected.high,
        "standard_error": (corrected.high - corrected.low) / (2 * _Z),
        "source": factor.source,
        "age": factor.age(on),
    }


def drawn(estimate: Estimate, rng: np.random.Generator) -> Array:
    """Draws whose median and 90 % interval are an estimate's: two halves of normal distributions."""
    z = rng.standard_normal(_DRAWS)
    return estimate.point + z * np.where(z > 0, estimate.high - estimate.point, estimate.point - estimate.low) / _Z


def around(point: float, draws: Array) -> Estimate:
    """A point with the 90 % interval of draws, of which some may be infinite."""
    ends = np.quantile(draws, list(INTERVAL.values()), method="nearest")
    return Estimate(point, float(ends[0]), float(ends[1]))
