"""Model: what is assumed about media, baseline and noise, composed of small objects."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self, TypeVar, final

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, UnknownChannel
from attribution.shown import shown
from mmm.arrays import Array
from mmm.data.lift_tests import LiftTest
from mmm.data.panel import Panel
from mmm.model.adstock import Adstock, GeometricAdstock
from mmm.model.baseline import Design, LinearTrend, Season, Trend, design, usual_seasons
from mmm.model.demand import ControlFunctions
from mmm.model.effects import Effects, TotalAndSplit
from mmm.model.family import Family
from mmm.model.lift_trust import LiftTrust
from mmm.model.priors import Gamma, HalfNormal, LogNormal, Prior
from mmm.model.saturation import HillSaturation, Saturation

__all__ = ["Likelihood", "Model", "NegativeBinomialLikelihood", "NormalLikelihood", "Pooling", "StudentTLikelihood"]

Response = TypeVar("Response", Adstock, Saturation)

_NOISE = HalfNormal(0.2)
_DISPERSION = HalfNormal(0.3)
_SPREAD = Gamma(2.0, 8.0)
_COMMON = Gamma(2.0, 20.0)
_ORGANIC = LogNormal(0.03, 1.0)
ORGANIC = "organic"
"""What a rider rides on where demand comes from no medium."""
_FREQUENCY = HillSaturation(half_saturation=LogNormal(2.0, 0.4), slope=LogNormal(1.8, 0.3))


@dataclass(frozen=True)
class Likelihood(Family):
    """Distribution of the KPI around baseline and media.

    ``integrates`` says whether a Gaussian baseline can be integrated out of it, ``counts`` whether the KPI is a count.
    """

    integrates: ClassVar[bool] = False
    counts: ClassVar[bool] = False

    @property
    @abstractmethod
    def noise(self) -> Prior:
        """Prior of the one parameter that says how far the KPI strays."""

    def constant(self, unit: float) -> float:
        """The one number besides the noise that the kernel reads, given the mean KPI; 0 where there is none."""
        return 0.0

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

    @abstractmethod
    def log_tails(self, observed: Array, mean: Array, noise: Array, unit: float) -> tuple[Array, Array]:
        """Log probabilities of less and of more than what was observed; of counts, half of just as much is in either.

        Parameters
        ----------
        observed
            In units of the mean KPI, shape (T, 1).
        mean, noise, unit
            As for :meth:`predict`.

        Returns
        -------
        Two arrays of shape (T, S).
        """

    @abstractmethod
    def log_density(self, kpi: Array, mean: Array, noise: Array, unit: float) -> Array:
        """Log density of a KPI in units of its mean, or log probability of a count; shapes broadcast.

        Arguments as for :meth:`predict`.
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

    name: ClassVar[str] = "normal"
    code: ClassVar[int] = 0
    integrates: ClassVar[bool] = True
    sigma: Prior = _NOISE

    @property
    def noise(self) -> Prior:  # noqa: D102
        return self.sigma

    def predict(self, rng: np.random.Generator, mean: Array, noise: Array, unit: float) -> Array:  # noqa: D102
        return mean + noise * rng.standard_normal(mean.shape)

    def log_tails(self, observed: Array, mean: Array, noise: Array, unit: float) -> tuple[Array, Array]:  # noqa: D102
        from scipy.special import log_ndtr  # dear to load, and reading a plan file needs the families' names alone

        z = (observed - mean) / noise
        return log_ndtr(z), log_ndtr(-z)

    def log_density(self, kpi: Array, mean: Array, noise: Array, unit: float) -> Array:  # noqa: D102
        return np.asarray(-0.5 * ((kpi - mean) / noise) ** 2 - np.log(noise) - 0.5 * np.log(2 * np.pi))


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

    name: ClassVar[str] = "student_t"
    code: ClassVar[int] = 1
    sigma: Prior = _NOISE
    freedom: float = 4.0

    @property
    def noise(self) -> Prior:  # noqa: D102
        return self.sigma

    def constant(self, unit: float) -> float:  # noqa: D102
        return self.freedom

    def predict(self, rng: np.random.Generator, mean: Array, noise: Array, unit: float) -> Array:  # noqa: D102
        return mean + noise * rng.standard_t(self.freedom, mean.shape)

    def log_tails(self, observed: Array, mean: Array, noise: Array, unit: float) -> tuple[Array, Array]:  # noqa: D102
        from scipy.special import stdtr

        z = (observed - mean) / noise
        return np.log(stdtr(self.freedom, z)), np.log(stdtr(self.freedom, -z))

    def log_density(self, kpi: Array, mean: Array, noise: Array, unit: float) -> Array:  # noqa: D102
        from scipy.special import betaln

        size = -betaln(0.5, 0.5 * self.freedom) - 0.5 * np.log(self.freedom)
        tail = np.log1p(((kpi - mean) / noise) ** 2 / self.freedom)
        return np.asarray(size - np.log(noise) - 0.5 * (self.freedom + 1.0) * tail)


@final
@dataclass(frozen=True)
class NegativeBinomialLikelihood(Likelihood):
    """Counts with overdispersion, for few customers a week.

    Parameters
    ----------
    dispersion
        Prior of the standard deviation that exceeds Poisson's, in units of the mean; 0 is Poisson.
    """

    name: ClassVar[str] = "negative_binomial"
    code: ClassVar[int] = 2
    counts: ClassVar[bool] = True
    dispersion: Prior = _DISPERSION

    @property
    def noise(self) -> Prior:  # noqa: D102
        return self.dispersion

    def constant(self, unit: float) -> float:  # noqa: D102
        return unit

    def predict(self, rng: np.random.Generator, mean: Array, noise: Array, unit: float) -> Array:  # noqa: D102
        shape = 1.0 / noise**2
        rate = np.maximum(mean, 1e-6) * unit * rng.gamma(shape, 1.0 / shape, mean.shape)
        return np.asarray(rng.poisson(rate) / unit)

    def log_tails(self, observed: Array, mean: Array, noise: Array, unit: float) -> tuple[Array, Array]:  # noqa: D102
        from scipy.special import betainc, betaincc

        shape, rate = 1.0 / noise**2, np.maximum(mean, 1e-6) * unit
        success, count = shape / (shape + rate), np.rint(observed * unit)
        upto, less = (np.where(k < 0, 0.0, betainc(shape, np.maximum(k, 0) + 1.0, success)) for k in (count, count - 1))
        more, from_here = (
            np.where(k < 0, 1.0, betaincc(shape, np.maximum(k, 0) + 1.0, success)) for k in (count, count - 1)
        )
        with np.errstate(divide="ignore"):
            return np.log((upto + less) / 2), np.log((more + from_here) / 2)

    def log_density(self, kpi: Array, mean: Array, noise: Array, unit: float) -> Array:  # noqa: D102
        from scipy.special import betaln

        count, shape, mu = np.rint(kpi * unit), 1.0 / noise**2, np.maximum(mean, 1e-6) * unit
        ways = -np.log(count + shape) - betaln(count + 1.0, shape)
        return np.asarray(ways + count * np.log(mu / (shape + mu)) - shape * np.log1p(mu / shape))


@final
@shown
@dataclass(frozen=True)
class Pooling:
    """How far geos may differ from each other; plays no part in a national panel. Each geo has a noise of its own.

    Parameters
    ----------
    spreads
        Parameter name -> prior of the standard deviation between geos, in the coordinate in which the parameter is
        sampled (logarithm, or logit of a retention). Parameters not named are the same everywhere; saturation is,
        unless ``half_saturation`` is named, because a geo's data hardly tell its saturation from its effect. The
        default falls to zero at no difference (Chung et al. 2013): so the spread is never estimated as exactly none,
        and its logarithm has no long tail for chains to wander in.
    common
        Prior of the standard deviation of what moves all geos alike in a single period (news, weather, a holiday that
        nobody listed), in units of the mean KPI; None where nothing does. Without it every geo would count as a witness
        of its own, and intervals would be too narrow wherever all are hit at once.

    References
    ----------
    Chung, Rabe-Hesketh, Dorie, Gelman, Liu (2013), "A Nondegenerate Penalized Likelihood Estimator for Variance
    Parameters in Multilevel Models", Psychometrika 78(4).
    """

    spreads: Mapping[str, Prior] = field(default_factory=lambda: {"share": _SPREAD, "retention": _SPREAD})
    common: Prior | None = _COMMON


@shown
@dataclass(frozen=True)
class Model:
    """A marketing-mix model.

    KPI = baseline + sum over channels of effect x saturation(adstock(media)) + noise.

    Parameters
    ----------
    adstock, saturation
        One family for all channels, or channel -> family (channels not named get the default family).
    effects
        What each channel with spend is believed to bring, in business units.
    trend, season
        Terms of the baseline; several trends or seasons as a tuple, ``()`` for none. Where the season is None it is the
        year's, and in a daily panel the week's as well: :func:`mmm.model.baseline.usual_seasons`.
    likelihood
        Distribution of the noise.
    lift_tests
        Experiments; each is an observation of what its channel brought.
    lift_trust
        How far they are believed where weekly data or other tests say otherwise, and as they grow old.
    pooling
        How far geos may differ, where the panel has several.
    frequency
        Response to the number of contacts, for channels measured by reach and frequency: one family, or channel ->
        family. Its half-saturation is in contacts per person and period; a slope above 1 says that the first contact
        alone does little, as Meridian's prior does.
    organic_share
        Prior on the share of the KPI that an organic channel brings: one, or channel -> prior.
    demand
        How a demand that nobody measured enters, where spend follows it; None for not at all.
    rides_on
        Paid channel -> those whose demand it harvests, ``"organic"`` for the baseline's. No figure changes with it: a
        finding says which way the channel's figures err, and a plan file's run does not raise it without a test.
    """

    adstock: Adstock | Mapping[str, Adstock] = field(default_factory=GeometricAdstock)
    saturation: Saturation | Mapping[str, Saturation] = field(default_factory=HillSaturation)
    effects: Effects = field(default_factory=TotalAndSplit)
    trend: Trend | tuple[Trend, ...] = field(default_factory=LinearTrend)
    season: Season | tuple[Season, ...] | None = None
    likelihood: Likelihood = field(default_factory=NormalLikelihood)
    lift_tests: tuple[LiftTest, ...] = ()
    lift_trust: LiftTrust = field(default_factory=LiftTrust)
    pooling: Pooling = field(default_factory=Pooling)
    frequency: Saturation | Mapping[str, Saturation] = _FREQUENCY
    organic_share: Prior | Mapping[str, Prior] = _ORGANIC
    demand: ControlFunctions | None = None
    rides_on: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def trends(self) -> tuple[Trend, ...]:
        """The trends as a tuple."""
        return (self.trend,) if isinstance(self.trend, Trend) else tuple(self.trend)

    def seasons(self, panel: Panel) -> tuple[Season, ...]:
        """The seasons as a tuple, for a panel of weeks or days."""
        if self.season is None:
            return usual_seasons(panel.days)
        return (self.season,) if isinstance(self.season, Season) else tuple(self.season)

    def families(self, panel: Panel) -> tuple[tuple[Adstock, Saturation], ...]:
        """Adstock and saturation of each of a panel's media; for reach and frequency that of the number of contacts.

        Adstocks are those of the panel's calendar.

        Raises
        ------
        UnknownChannel
            Where a family is given for a channel that is not among them.
        BadInput
            Where a saturation is given for a channel measured by reach and frequency, or a frequency for another.
        """
        names, reached = panel.media_names, panel.by_reach
        adstocks = _by_channel(self.adstock, names, GeometricAdstock(), "the model's adstock")
        saturations = _by_channel(self.saturation, names, HillSaturation(), "the model's saturation")
        frequencies = _by_channel(self.frequency, names, _FREQUENCY, "the model's frequency")
        for given, wrong, remedy in (
            (self.saturation, True, "it is measured by reach and frequency; give frequency={...}."),
            (self.frequency, False, "it is not measured by reach and frequency; give saturation={...}."),
        ):
            if isinstance(given, Mapping):
                kinds = dict(zip(names, reached, strict=True))
                odd = [channel for channel in given if kinds[channel] is wrong]
                if odd:
                    raise BadInput(Problem("model", f"has no use for the family of {odd[0]!r}.", remedy=remedy))
        chosen = (b if by_reach else a for a, b, by_reach in zip(saturations, frequencies, reached, strict=True))
        return tuple((adstock.by_calendar(panel.days), kind) for adstock, kind in zip(adstocks, chosen, strict=True))

    def design(
        self, panel: Panel, geo: int = 0, dates: pd.DatetimeIndex | None = None, controls: Array | None = None
    ) -> Design:
        """The columns of a geo's baseline.

        Parameters
        ----------
        panel, geo
            The panel, and which of its geos.
        dates, controls
            Coming periods and their controls, shape (T, K); the panel's own where None.
        """
        values = panel.controls[geo] if controls is None else controls
        terms = design(panel, self.trends, self.seasons(panel), dates, values)
        if self.demand is None or not self.demand.channels:
            return terms
        places = [panel.channels.index(channel) for channel in self.demand.channels]
        columns = np.zeros((len(terms.matrix), len(places)))
        if dates is None:
            columns = self.demand.columns(panel.media[geo][:, places], terms.measured)
        names = tuple(f"demand of {channel}" for channel in self.demand.channels)
        return terms.joined("demand", names, columns, self.demand.sd)

    def about(self, panel: Panel, kept: Panel) -> Self:
        """The model without what it says of media of a panel that were not kept.

        Raises
        ------
        UnknownChannel
            Where ``rides_on`` or ``demand`` names one that the panel lacks.
        BadInput
            Where a channel is said to ride on nothing, or on itself.
        """
        _check_riders(self.rides_on, panel)
        demand = self.demand
        if demand is not None and demand.channels is not None:
            for channel in demand.channels:
                if channel not in panel.channels:
                    raise UnknownChannel(channel, panel.channels, "the model's demand")
            demand = replace(demand, channels=tuple(c for c in demand.channels if c in kept.channels))
        media = [name for name in panel.media_names if name not in kept.media_names]
        own: dict[str, Any] = {
            name: {channel: value for channel, value in given.items() if channel not in media}
            for name in ("adstock", "saturation", "frequency", "organic_share", "rides_on")
            if isinstance(given := getattr(self, name), Mapping)
        }
        return replace(self, effects=self.effects.without(media), demand=demand, **own)

    def shares(self, panel: Panel) -> tuple[Prior, ...]:
        """Prior on the share of the KPI of each of a panel's media, organic channels last."""
        names = panel.organic_channels
        if isinstance(self.organic_share, Prior):
            return (*self.effects.resolve(panel), *(self.organic_share for _ in names))
        for channel in self.organic_share:
            if channel not in names:
                raise UnknownChannel(channel, names, "the model's organic_share")
        return (*self.effects.resolve(panel), *(self.organic_share.get(channel, _ORGANIC) for channel in names))


def _check_riders(rides_on: Mapping[str, Sequence[str]], panel: Panel) -> None:
    for channel, drivers in rides_on.items():
        if channel not in panel.channels:
            raise UnknownChannel(channel, panel.channels, "the model's rides_on")
        for driver in drivers:
            if driver not in (*panel.media_names, ORGANIC):
                raise UnknownChannel(driver, (*panel.media_names, ORGANIC), f"the model's rides_on of {channel!r}")
        if not drivers or channel in drivers:
            what = "itself" if drivers else "nothing"
            raise BadInput(Problem("model", f"rides_on says that {channel!r} rides on {what}.", remedy="name others."))


def _by_channel(
    given: Response | Mapping[str, Response], channels: tuple[str, ...], default: Response, where: str
) -> tuple[Response, ...]:
    if not isinstance(given, Mapping):
        if not isinstance(given, Adstock | Saturation):
            example = "mmm.GeometricAdstock()" if isinstance(default, Adstock) else "mmm.HillSaturation()"
            raise BadInput(Problem(where, f"is {given!r}.", remedy=f"give an object such as {example}."))
        return (given,) * len(channels)
    for channel in given:
        if channel not in channels:
            raise UnknownChannel(channel, channels, where)
    return tuple(given.get(channel, default) for channel in channels)
