"""Adstock: how a week's spend acts on the weeks that follow.

Every family gives weights over the periods of ``lags`` weeks that sum to one, so that a steady spend has an adstock
equal to itself. Parameters count in weeks whatever the periods are: a day's weight in a geometric family is
retention^(lag in days / 7), so a prior means the same of a daily panel as of a weekly one. Formulas use operators
only, so numpy and PyTensor both evaluate them.

References
----------
Jin, Wang, Sun, Chan, Koehler (2017), "Bayesian Methods for Media Mix Modeling with Carryover and Shape Effects".
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self, final

import numpy as np

from mmm.arrays import Array
from mmm.model.priors import Beta, Gamma, LogNormal, Parametric, Prior
from mmm.model.ranges import Range, whole

__all__ = [
    "Adstock",
    "DelayedAdstock",
    "GeometricAdstock",
    "NoAdstock",
    "WeibullCDFAdstock",
    "WeibullPDFAdstock",
    "half_of",
]


_RETENTION = Beta(1.0, 2.0)  # 9 % above 0.7 a week, as of television; 2 % above 0.85
_DELAYED_RETENTION = Beta(2.0, 3.0)
_DELAY = Gamma(2.0, 1.5)
_PDF_SHAPE = LogNormal(1.2, 0.4)
_PDF_SCALE = LogNormal(2.0, 1.0)  # peaks at once or after two months
_CDF_SHAPE = LogNormal(1.0, 0.4)
_SCALE = LogNormal(2.0, 0.5)


@dataclass(frozen=True)
class Adstock(Parametric):
    """A family of lag weights with the priors of its parameters.

    ``lags`` counts weeks; ``per_week`` is how many periods a week has, which the calendar of a panel sets.
    """

    ranges: ClassVar[Mapping[str, Range]] = {"lags": whole(1)}
    lags: int = 26
    per_week: int = field(default=1, kw_only=True)

    def by_calendar(self, days: int) -> Self:
        """The same carryover over periods of so many days, 7 or 1."""
        return replace(self, per_week=7 // days)

    @property
    def window(self) -> int:
        """Periods that a period's spend acts in, its own included."""
        return self.lags * self.per_week

    @abstractmethod
    def raw_weights(self, lags: Any, *parameters: Any) -> Any:
        """Weights before they are scaled to sum to one.

        Parameters
        ----------
        lags
            Column of lags in weeks, shape (window, 1).
        *parameters
            One row each, shape (draws,).
        """

    def weights(self, *parameters: Any) -> Any:
        """Weights that sum to one over the first axis, shape (window, draws).

        >>> GeometricAdstock(lags=3).weights(np.array([0.5])).ravel().round(3)
        array([0.571, 0.286, 0.143])
        """
        raw = self.raw_weights(np.arange(float(self.window))[:, None] / self.per_week, *parameters)
        return raw / raw.sum(axis=0)

    def half_life(self, *parameters: Array) -> Array:
        """Weeks until half of an impulse has acted, read off the cumulative weights, shape (draws,)."""
        return half_of(self.weights(*parameters), self.per_week)


def half_of(weights: Array, per_week: int = 1) -> Array:
    """Weeks until half of an impulse has acted, of weights by lag that sum to one, shape (lags, draws)."""
    reached = np.cumsum(weights, axis=0)
    before = np.vstack([np.zeros(reached.shape[1]), reached[:-1]])
    period = np.argmax(reached >= 0.5 - 1e-12, axis=0)
    column = np.arange(reached.shape[1])
    low, high = before[period, column], reached[period, column]
    return np.asarray((period + (0.5 - low) / (high - low)) / per_week, dtype=float)


@final
@dataclass(frozen=True)
class GeometricAdstock(Adstock):
    """Effect falls by the same factor each week.

    Parameters
    ----------
    lags
        Weeks after which nothing is left.
    retention
        Prior of the factor.
    per_week
        Periods of a week, which the calendar of a panel sets.
    """

    name: ClassVar[str] = "geometric"
    code: ClassVar[int] = 1
    shares: ClassVar[tuple[str, ...]] = ("retention",)
    retention: Prior = _RETENTION

    def raw_weights(self, lags: Any, *parameters: Any) -> Any:  # noqa: D102
        (retention,) = parameters
        return retention**lags


@final
@dataclass(frozen=True)
class DelayedAdstock(Adstock):
    """Effect peaks ``delay`` weeks after the spend (Jin et al. 2017, equation 3).

    Parameters
    ----------
    lags
        Weeks after which nothing is left.
    retention
        Prior of the factor.
    delay
        Prior of the peak's lag in weeks.
    per_week
        Periods of a week, which the calendar of a panel sets.
    """

    name: ClassVar[str] = "delayed"
    code: ClassVar[int] = 2
    shares: ClassVar[tuple[str, ...]] = ("retention",)
    retention: Prior = _DELAYED_RETENTION
    delay: Prior = _DELAY

    def raw_weights(self, lags: Any, *parameters: Any) -> Any:  # noqa: D102
        retention, delay = parameters
        return retention ** ((lags - delay) ** 2)


@final
@dataclass(frozen=True)
class WeibullPDFAdstock(Adstock):
    """Lag weights proportional to a Weibull density at the end of each period.

    Parameters
    ----------
    lags
        Weeks after which nothing is left.
    shape
        Prior of the shape; above 1 the effect peaks late.
    scale
        Prior of the scale in weeks.
    per_week
        Periods of a week, which the calendar of a panel sets.
    """

    name: ClassVar[str] = "weibull_pdf"
    code: ClassVar[int] = 3
    shape: Prior = _PDF_SHAPE
    scale: Prior = _PDF_SCALE

    def raw_weights(self, lags: Any, *parameters: Any) -> Any:  # noqa: D102
        shape, scale = parameters
        first = 1.0 / self.per_week / scale  # weights against the first, so that not all vanish where scale is short
        u = lags / scale + first
        return (u / first) ** (shape - 1.0) * np.e ** (first**shape - u**shape)


@final
@dataclass(frozen=True)
class WeibullCDFAdstock(Adstock):
    """Retention that changes from week to week: the product of Weibull survivals up to each lag.

    Parameters
    ----------
    lags
        Weeks after which nothing is left.
    shape
        Prior of the shape.
    scale
        Prior of the scale in weeks.
    per_week
        Periods of a week, which the calendar of a panel sets.
    """

    name: ClassVar[str] = "weibull_cdf"
    code: ClassVar[int] = 4
    shape: Prior = _CDF_SHAPE
    scale: Prior = _SCALE

    def raw_weights(self, lags: Any, *parameters: Any) -> Any:  # noqa: D102
        shape, scale = parameters
        hazards = (np.maximum(lags, 1e-300) / scale) ** shape * (lags > 0)
        return np.e ** (-(np.tri(self.window) @ hazards) / self.per_week)


@final
@dataclass(frozen=True)
class NoAdstock(Adstock):
    """Spend acts in its own period only."""

    name: ClassVar[str] = "none"
    code: ClassVar[int] = 0
    lags: int = 1

    @property
    def window(self) -> int:  # noqa: D102
        return self.lags

    def raw_weights(self, lags: Any, *parameters: Any) -> Any:  # noqa: D102
        return 1.0 * (lags == 0)
