"""Model: what is assumed about media, baseline and noise, composed of small objects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar, final

import numpy as np

from attribution.errors import BadInput, Problem, UnknownChannel
from mmm.adstock import Adstock, GeometricAdstock
from mmm.baseline import LinearTrend, Season, Trend
from mmm.lift import LiftTest
from mmm.priors import Array, Effects, HalfNormal, Prior, SpendInformed
from mmm.saturation import HillSaturation, Saturation

__all__ = ["Likelihood", "Model", "NegativeBinomialLikelihood", "NormalLikelihood", "Pooling", "StudentTLikelihood"]

Family = TypeVar("Family", Adstock, Saturation)


_NOISE = HalfNormal(0.2)
_DISPERSION = HalfNormal(0.3)
_SPREAD = HalfNormal(0.3)


@dataclass(frozen=True)
class Likelihood(ABC):
    """Distribution of the KPI around baseline and media."""

    @property
    @abstractmethod
    def noise(self) -> Prior:
        """Prior of the one parameter that says how far the KPI strays."""

    @abstractmethod
    def predict(self, rng: np.random.Generator, mean: Array, noise: Array, unit: float) -> Array:
        """Draws of the KPI around ``mean``, both in units of the mean KPI.

        Parameters
        ----------
        rng
            Source of randomness.
        mean
            Shape (T, S).
        noise
            Draws of the noise parameter, shape (S,).
        unit
            Mean KPI.
        """


@final
@dataclass(frozen=True)
class NormalLikelihood(Likelihood):
    """Normal noise; the Gaussian baseline is integrated out and sampling is fast.

    Parameters
    ----------
    sigma
        Prior of the noise's standard deviation, in units of the mean KPI.
    """

    sigma: Prior = _NOISE

    @property
    def noise(self) -> Prior:  # noqa: D102
        return self.sigma

    def predict(self, rng: np.random.Generator, mean: Array, noise: Array, unit: float) -> Array:  # noqa: D102
        return mean + noise * rng.standard_normal(mean.shape)


@final
@dataclass(frozen=True)
class StudentTLikelihood(Likelihood):
    """Noise with heavy tails, for weeks that no model explains.

    Parameters
    ----------
    sigma
        Prior of the scale, in units of the mean KPI.
    freedom
        Degrees of freedom, above 2; small means heavy tails.
    """

    sigma: Prior = _NOISE
    freedom: float = 4.0

    @property
    def noise(self) -> Prior:  # noqa: D102
        return self.sigma

    def predict(self, rng: np.random.Generator, mean: Array, noise: Array, unit: float) -> Array:  # noqa: D102
        return mean + noise * rng.standard_t(self.freedom, mean.shape)


@final
@dataclass(frozen=True)
class NegativeBinomialLikelihood(Likelihood):
    """Counts with overdispersion, for few customers a week.

    Parameters
    ----------
    dispersion
        Prior of the standard deviation that exceeds Poisson's, in units of the mean; 0 is Poisson.
    """

    dispersion: Prior = _DISPERSION

    @property
    def noise(self) -> Prior:  # noqa: D102
        return self.dispersion

    def predict(self, rng: np.random.Generator, mean: Array, noise: Array, unit: float) -> Array:  # noqa: D102
        shape = 1.0 / noise**2
        rate = np.maximum(mean, 1e-6) * unit * rng.gamma(shape, 1.0 / shape, mean.shape)
        return np.asarray(rng.poisson(rate) / unit)


@final
@dataclass(frozen=True)
class Pooling:
    """How far geos may differ from each other; plays no part in a national panel. Each geo has a noise of its own.

    Parameters
    ----------
    spreads
        Parameter name -> prior of the standard deviation between geos, in the coordinate in which the parameter is
        sampled (logarithm, or logit of a retention). Parameters not named are the same everywhere; saturation is,
        unless ``half_saturation`` is named, because a geo's data hardly tell its saturation from its effect.
    """

    spreads: Mapping[str, Prior] = field(default_factory=lambda: {"share": _SPREAD, "retention": _SPREAD})
    sigma: Prior = _SPREAD


@dataclass(frozen=True)
class Model:
    """A marketing-mix model.

    KPI = baseline + sum over channels of effect x saturation(adstock(media)) + noise.

    Parameters
    ----------
    adstock, saturation
        One family for all channels, or channel -> family (channels not named get the default family).
    effects
        What each channel is believed to bring, in business units.
    trend, season
        Terms of the baseline; several seasons as a tuple, ``()`` for none.
    likelihood
        Distribution of the noise.
    lift_tests
        Experiments; each is an observation of what its channel brought.
    pooling
        How far geos may differ, where the panel has several.
    """

    adstock: Adstock | Mapping[str, Adstock] = field(default_factory=GeometricAdstock)
    saturation: Saturation | Mapping[str, Saturation] = field(default_factory=HillSaturation)
    effects: Effects = field(default_factory=SpendInformed)
    trend: Trend = field(default_factory=LinearTrend)
    season: Season | tuple[Season, ...] = field(default_factory=Season)
    likelihood: Likelihood = field(default_factory=NormalLikelihood)
    lift_tests: tuple[LiftTest, ...] = ()
    pooling: Pooling = field(default_factory=Pooling)

    @property
    def seasons(self) -> tuple[Season, ...]:
        """The seasons as a tuple."""
        return (self.season,) if isinstance(self.season, Season) else tuple(self.season)

    def adstocks(self, channels: tuple[str, ...]) -> tuple[Adstock, ...]:
        """The adstock of each channel, in order.

        Raises
        ------
        UnknownChannel
            Where a family is given for a channel that is not among them.
        """
        return _by_channel(self.adstock, channels, GeometricAdstock(), "the model's adstock")

    def saturations(self, channels: tuple[str, ...]) -> tuple[Saturation, ...]:
        """The saturation of each channel, in order.

        Raises
        ------
        UnknownChannel
            Where a family is given for a channel that is not among them.
        """
        return _by_channel(self.saturation, channels, HillSaturation(), "the model's saturation")


def _by_channel(
    given: Family | Mapping[str, Family], channels: tuple[str, ...], default: Family, where: str
) -> tuple[Family, ...]:
    if not isinstance(given, Mapping):
        if isinstance(given, str | type):
            raise BadInput(Problem(where, f"is {given!r}.", remedy="give an object such as mmm.HillSaturation()."))
        return (given,) * len(channels)
    for channel in given:
        if channel not in channels:
            raise UnknownChannel(channel, channels, where)
    return tuple(given.get(channel, default) for channel in channels)
