"""Saturation families of the model: which parameters are learnt, from which priors, and which curve they make.

Half-saturations are in units of a channel's mean weekly spend, weeks without any included: 1 means that this level of
spend stands half-way up the curve. The formulas themselves are those of :mod:`mmm.curves`.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from mmm.arrays import Array
from mmm.curves import Exponential, Hill, Logistic, MichaelisMenten, Power, ResponseCurve
from mmm.curves.exponential import exponential
from mmm.curves.hill import hill
from mmm.curves.logistic import logistic
from mmm.curves.michaelis_menten import michaelis_menten
from mmm.curves.power import power
from mmm.model.priors import Beta, LogNormal, Parametric, Prior

__all__ = [
    "S_SHAPED",
    "ExponentialSaturation",
    "HillSaturation",
    "LogisticSaturation",
    "MichaelisMentenSaturation",
    "NoSaturation",
    "PowerSaturation",
    "Saturation",
]

_HALF = LogNormal(median=1.2, sigma=0.6)
_SLOPE = LogNormal(median=1.2, sigma=0.3)
_EXPONENT = Beta(4.0, 3.0)


@dataclass(frozen=True)
class Saturation(Parametric):
    """A family of response to adstock with the priors of its parameters."""

    @abstractmethod
    def response(self, stock: Any, *parameters: Any) -> Any:
        """Response to adstock in units of mean spend, before the effect's scale; NumPy and PyTensor."""

    @abstractmethod
    def curve(self, scale: Array, unit: float, *parameters: Array) -> ResponseCurve:
        """The weekly curve in money and customers.

        Parameters
        ----------
        scale
            Customers per week per unit of response, shape (draws,).
        unit
            Currency per week that one unit of adstock stands for.
        *parameters
            As in :meth:`response`, shape (draws,) each.
        """


@final
@dataclass(frozen=True)
class HillSaturation(Saturation):
    """Hill: concave for slopes up to 1, S-shaped above.

    Parameters
    ----------
    half_saturation
        Prior, in units of mean spend.
    slope
        Prior of the exponent.
    """

    name: ClassVar[str] = "hill"
    code: ClassVar[int] = 1
    half_saturation: Prior = _HALF
    slope: Prior = _SLOPE

    def response(self, stock: Any, *parameters: Any) -> Any:  # noqa: D102
        return hill(stock, 1.0, *parameters)

    def curve(self, scale: Array, unit: float, *parameters: Array) -> ResponseCurve:  # noqa: D102
        half_saturation, slope = parameters
        return Hill(scale, half_saturation * unit, slope)


S_SHAPED = HillSaturation(slope=LogNormal(2.5, 0.3))
"""A Hill that is believed to be S-shaped: little comes of little spend."""


@final
@dataclass(frozen=True)
class LogisticSaturation(Saturation):
    """Logistic (tanh).

    Parameters
    ----------
    half_saturation
        Prior, in units of mean spend.
    """

    name: ClassVar[str] = "logistic"
    code: ClassVar[int] = 2
    half_saturation: Prior = _HALF

    def response(self, stock: Any, *parameters: Any) -> Any:  # noqa: D102
        return logistic(stock, 1.0, *parameters)

    def curve(self, scale: Array, unit: float, *parameters: Array) -> ResponseCurve:  # noqa: D102
        return Logistic(scale, parameters[0] * unit)


@final
@dataclass(frozen=True)
class MichaelisMentenSaturation(Saturation):
    """Michaelis-Menten: Hill with slope 1.

    Parameters
    ----------
    half_saturation
        Prior, in units of mean spend.
    """

    name: ClassVar[str] = "michaelis_menten"
    code: ClassVar[int] = 3
    half_saturation: Prior = _HALF

    def response(self, stock: Any, *parameters: Any) -> Any:  # noqa: D102
        return michaelis_menten(stock, 1.0, *parameters)

    def curve(self, scale: Array, unit: float, *parameters: Array) -> ResponseCurve:  # noqa: D102
        return MichaelisMenten(scale, parameters[0] * unit)


@final
@dataclass(frozen=True)
class ExponentialSaturation(Saturation):
    """Exponential approach to a ceiling.

    Parameters
    ----------
    half_saturation
        Prior, in units of mean spend.
    """

    name: ClassVar[str] = "exponential"
    code: ClassVar[int] = 4
    half_saturation: Prior = _HALF

    def response(self, stock: Any, *parameters: Any) -> Any:  # noqa: D102
        return exponential(stock, 1.0, *parameters)

    def curve(self, scale: Array, unit: float, *parameters: Array) -> ResponseCurve:  # noqa: D102
        return Exponential(scale, parameters[0] * unit)


@final
@dataclass(frozen=True)
class PowerSaturation(Saturation):
    """Constant elasticity, without a ceiling.

    Parameters
    ----------
    exponent
        Prior of the elasticity, on (0, 1).
    """

    name: ClassVar[str] = "power"
    code: ClassVar[int] = 5
    shares: ClassVar[tuple[str, ...]] = ("exponent",)
    exponent: Prior = _EXPONENT

    def response(self, stock: Any, *parameters: Any) -> Any:  # noqa: D102
        return power(stock, 1.0, *parameters)

    def curve(self, scale: Array, unit: float, *parameters: Array) -> ResponseCurve:  # noqa: D102
        (exponent,) = parameters
        return Power(scale / unit**exponent, exponent)


@final
@dataclass(frozen=True)
class NoSaturation(Saturation):
    """Proportional response."""

    name: ClassVar[str] = "none"
    code: ClassVar[int] = 0

    def response(self, stock: Any, *parameters: Any) -> Any:  # noqa: D102
        return stock

    def curve(self, scale: Array, unit: float, *parameters: Array) -> ResponseCurve:  # noqa: D102
        return Power(scale / unit, np.ones_like(scale))
