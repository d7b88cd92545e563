"""Priors of single parameters.

Each :class:`Prior` is one distribution on a natural scale together with the unconstrained coordinate in which
it is sampled.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, final

import numpy as np

from attribution.errors import BadInput, Problem, bounded
from mmm.arrays import Array
from mmm.model.family import Family
from mmm.model.ranges import NOT_NEGATIVE, POSITIVE, REAL, SHARE, Range

__all__ = ["AroundLevel", "Beta", "Flat", "Gamma", "HalfNormal", "LogNormal", "Normal", "Parametric", "Prior"]

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
_SURE = 6.0  # standard deviations within a parameter's range


@dataclass(frozen=True)
class Prior(Family):
    """One distribution, sampled in an unconstrained coordinate.

    ``numbers`` are the two constants that the fused kernel reads beside the code.
    """

    support: ClassVar[Range] = POSITIVE

    @property
    @abstractmethod
    def numbers(self) -> tuple[float, float]:
        """The two constants that the kernel reads."""

    @property
    @abstractmethod
    def log_constant(self) -> float:
        """The part of the log density that no parameter moves."""

    @property
    def centre(self) -> float:
        """A typical value in the unconstrained coordinate, where chains start: the mean of a normal one."""
        return self.numbers[0]

    @abstractmethod
    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draws on the natural scale, shape (size,)."""

    def natural(self, coordinate: Any) -> Any:
        """Natural value of an unconstrained coordinate."""
        return np.exp(coordinate)

    def coordinate(self, natural: Any) -> Any:
        """Unconstrained coordinate of a natural value."""
        return np.log(natural)

    def lies_in(self, held: Range) -> bool:
        """Whether a parameter of that range can have this prior."""
        return self.support in (SHARE, held)


@final
@dataclass(frozen=True)
class Normal(Prior):
    """Normal distribution; sampled as it is, so that nothing of a parameter's range may be near its tails."""

    support: ClassVar[Range] = REAL
    mean: float = 0.0
    sd: float = 1.0
    name: ClassVar[str] = "normal"
    ranges: ClassVar[Mapping[str, Range]] = {"mean": REAL, "sd": POSITIVE}
    code: ClassVar[int] = 0

    def lies_in(self, held: Range) -> bool:  # noqa: D102
        return all(held.holds(self.mean + away * self.sd) for away in (-_SURE, _SURE))

    @property
    def numbers(self) -> tuple[float, float]:  # noqa: D102
        return self.mean, self.sd

    @property
    def log_constant(self) -> float:  # noqa: D102
        return -_HALF_LOG_2PI - math.log(self.sd)

    def sample(self, rng: np.random.Generator, size: int) -> Array:  # noqa: D102
        return rng.normal(self.mean, self.sd, size)

    def natural(self, coordinate: Any) -> Any:  # noqa: D102
        return coordinate

    def coordinate(self, natural: Any) -> Any:  # noqa: D102
        return natural


@final
@dataclass(frozen=True)
class LogNormal(Prior):
    """Log-normal distribution by its median and the standard deviation of its logarithm.

    >>> LogNormal(median=0.1, sigma=0.5).numbers[1]
    0.5
    """

    median: float = 1.0
    sigma: float = 1.0
    name: ClassVar[str] = "log_normal"
    ranges: ClassVar[Mapping[str, Range]] = {"median": POSITIVE, "sigma": POSITIVE}
    code: ClassVar[int] = 1

    @property
    def numbers(self) -> tuple[float, float]:  # noqa: D102
        return math.log(self.median), self.sigma

    @property
    def log_constant(self) -> float:  # noqa: D102
        return -_HALF_LOG_2PI - math.log(self.sigma)

    def sample(self, rng: np.random.Generator, size: int) -> Array:  # noqa: D102
        return np.exp(rng.normal(math.log(self.median), self.sigma, size))


@final
@dataclass(frozen=True)
class AroundLevel(Prior):
    """Log-normal around a level that all parameters with this prior share: median x level x exp(sigma z).

    Parameters
    ----------
    median
        Where the level is 1.
    sigma
        Standard deviation of the logarithm around the level.
    level
        Standard deviation of the logarithm of the level, whose median is 1; the same for all that share it.
    """

    median: float = 1.0
    sigma: float = 0.6
    level: float = 1.0
    name: ClassVar[str] = "around_level"
    ranges: ClassVar[Mapping[str, Range]] = {"median": POSITIVE, "sigma": POSITIVE, "level": NOT_NEGATIVE}
    code: ClassVar[int] = 6

    @property
    def numbers(self) -> tuple[float, float]:  # noqa: D102
        return math.log(self.median), self.sigma

    @property
    def log_constant(self) -> float:  # noqa: D102
        return -_HALF_LOG_2PI - math.log(self.sigma)

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draws of one parameter alone; :func:`mmm.model.level.sampled` draws those that share a level together."""
        return np.exp(rng.normal(math.log(self.median), math.hypot(self.sigma, self.level), size))


@final
@dataclass(frozen=True)
class HalfNormal(Prior):
    """Half-normal distribution: most mass near zero, scale ``scale``."""

    scale: float = 1.0
    name: ClassVar[str] = "half_normal"
    ranges: ClassVar[Mapping[str, Range]] = {"scale": POSITIVE}
    code: ClassVar[int] = 2

    @property
    def numbers(self) -> tuple[float, float]:  # noqa: D102
        return self.scale, 0.0

    @property
    def log_constant(self) -> float:  # noqa: D102
        return math.log(2.0) - _HALF_LOG_2PI - math.log(self.scale)

    @property
    def centre(self) -> float:  # noqa: D102
        return math.log(0.6 * self.scale)

    def sample(self, rng: np.random.Generator, size: int) -> Array:  # noqa: D102
        return np.abs(rng.normal(0.0, self.scale, size))


@final
@dataclass(frozen=True)
class Beta(Prior):
    """Beta distribution on (0, 1); sampled as a logit."""

    support: ClassVar[Range] = SHARE
    a: float = 1.0
    b: float = 1.0
    name: ClassVar[str] = "beta"
    ranges: ClassVar[Mapping[str, Range]] = {"a": POSITIVE, "b": POSITIVE}
    code: ClassVar[int] = 3

    @property
    def numbers(self) -> tuple[float, float]:  # noqa: D102
        return self.a, self.b

    @property
    def log_constant(self) -> float:  # noqa: D102
        return math.lgamma(self.a + self.b) - math.lgamma(self.a) - math.lgamma(self.b)

    @property
    def centre(self) -> float:  # noqa: D102
        return math.log(self.a / self.b)

    def sample(self, rng: np.random.Generator, size: int) -> Array:  # noqa: D102
        return rng.beta(self.a, self.b, size)

    def natural(self, coordinate: Any) -> Any:  # noqa: D102
        return 1.0 / (1.0 + np.exp(-np.asarray(coordinate)))

    def coordinate(self, natural: Any) -> Any:  # noqa: D102
        return np.log(natural) - np.log1p(-np.asarray(natural))


@final
@dataclass(frozen=True)
class Gamma(Prior):
    """Gamma distribution by shape and rate."""

    shape: float = 2.0
    rate: float = 2.0
    name: ClassVar[str] = "gamma"
    ranges: ClassVar[Mapping[str, Range]] = {"shape": POSITIVE, "rate": POSITIVE}
    code: ClassVar[int] = 4

    @property
    def numbers(self) -> tuple[float, float]:  # noqa: D102
        return self.shape, self.rate

    @property
    def log_constant(self) -> float:  # noqa: D102
        return self.shape * math.log(self.rate) - math.lgamma(self.shape)

    @property
    def centre(self) -> float:  # noqa: D102
        return math.log(self.shape / self.rate)

    def sample(self, rng: np.random.Generator, size: int) -> Array:  # noqa: D102
        return rng.gamma(self.shape, 1.0 / self.rate, size)


@final
@dataclass(frozen=True)
class Flat(Prior):
    """No prior of its own: the density of what the coordinate stands for is counted elsewhere."""

    name: ClassVar[str] = "flat"
    code: ClassVar[int] = 5

    @property
    def numbers(self) -> tuple[float, float]:  # noqa: D102
        return 0.0, 1.0

    @property
    def log_constant(self) -> float:  # noqa: D102
        return 0.0

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Nothing can be drawn from no prior."""
        raise TypeError("a flat prior has no total mass, so nothing can be drawn from it")

    def lies_in(self, held: Range) -> bool:  # noqa: D102
        return True

    def natural(self, coordinate: Any) -> Any:  # noqa: D102
        return coordinate

    def coordinate(self, natural: Any) -> Any:  # noqa: D102
        return natural


@dataclass(frozen=True)
class Parametric(Family):
    """A family of formulas whose parameters are learnt: its fields that hold priors.

    A parameter is a number above 0, or between 0 and 1 where ``shares`` names it, and its prior has to be one of such.

    Raises
    ------
    BadInput
        Where a parameter is given as something else.
    """

    shares: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        problems = []
        for name in (field.name for field in fields(self) if isinstance(field.default, Prior)):
            prior, held = getattr(self, name), SHARE if name in self.shares else POSITIVE
            if isinstance(prior, Prior) and prior.lies_in(held):
                continue
            like = "mmm.Beta(2.0, 2.0)" if held is SHARE else "mmm.LogNormal(1.0, 0.5)"
            remedy = f"give a prior of {held.told.partition(',')[0]}, such as {like}."
            problems.append(Problem(type(self).__name__, f"{name} is {bounded(repr(prior), 80)}.", remedy=remedy))
        if problems:
            raise BadInput(problems)

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Parameter name -> prior, in the order in which the family's formula takes them."""
        held = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: prior for name, prior in held.items() if isinstance(prior, Prior)}
