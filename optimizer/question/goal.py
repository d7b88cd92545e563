"""What a plan makes as large as possible: a figure linear in spend and customers, or minus the blended CAC."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from attribution.economics.cac import Business
from mmm.arrays import Array
from optimizer.question.setting import Setting

__all__ = ["Goal"]


@dataclass(frozen=True)
class Goal:
    """What is to be as large as possible.

    A linear goal is per_customer @ customers - per_spend @ spend + constant; a ratio goal is minus the blended CAC.

    Parameters
    ----------
    per_customer, per_spend
        Coefficients, shape (channels,); what a customer of each channel is worth, and what a unit of currency costs.
    constant
        Added to a linear goal; draws of it where the setting's organic customers are draws.
    business
        The setting's.
    is_ratio
        Whether this is the blended CAC.
    sign
        1 where the reported figure is the score, -1 where it is its opposite.
    drawn
        Draws of ``per_customer``, shape (draws, channels), for figures draw by draw; None where it is known. They know
        nothing of the curves' draws, so that any pairing of the two is as good, and the expected figure is that of
        ``per_customer``, their mean.
    """

    per_customer: Array
    per_spend: Array
    constant: Any
    business: Business
    is_ratio: bool
    sign: float
    drawn: Array | None = None

    @classmethod
    def linear(
        cls,
        setting: Setting,
        per_customer: Array | float,
        per_spend: Array | float,
        constant: Any = 0.0,
        sign: float = 1.0,
    ) -> Self:
        """A goal that is linear in spend and customers."""
        ones = np.ones(len(setting.channels))
        return cls(per_customer * ones, per_spend * ones, constant, setting.business, False, sign)

    @classmethod
    def ratio(cls, setting: Setting) -> Self:
        """Minus the blended CAC."""
        ones = np.ones(len(setting.channels))
        return cls(ones, ones, 0.0, setting.business, True, -1.0)

    def score(self, spend: Array, customers: Array) -> float:
        """The score of an allocation, spend and expected paid customers of shape (channels,)."""
        if self.is_ratio:
            return float(self.at_totals(spend.sum(), customers.sum()))
        return float(self.per_customer @ customers - self.per_spend @ spend + self.constant)

    def figures(self, spend: Array, customers: Array) -> Array:
        """The reported figure in each draw, shape (draws,).

        Parameters
        ----------
        spend
            The allocation, shape (channels,).
        customers
            Draws of paid customers, shape (draws, channels); a goal over draws of organic ones pairs them.
        """
        if self.is_ratio:
            return np.asarray(self.sign * self.at_totals(spend.sum(), customers.sum(axis=-1)))
        if self.drawn is None:
            gained = customers @ self.per_customer
        else:
            gained = (customers * self.drawn[np.arange(len(customers)) % len(self.drawn)]).sum(axis=-1)
        return np.asarray(self.sign * (gained - self.per_spend @ spend + self.constant))

    def at_totals(self, spend: Any, paid: Any) -> Any:
        """The score from total spend and paid customers, numbers or arrays, where every channel counts alike."""
        if self.is_ratio:
            return -self.business.cac(spend, self.business.customers(paid))
        return self.per_customer[0] * paid - self.per_spend[0] * spend + self.constant

    def size(self, score: float, spend: float) -> float:
        """What a gap is relative to: the score, or a millionth of the outlay where a profit is next to nothing."""
        if self.is_ratio:
            return max(abs(score), 1e-300)
        return max(abs(score), 1e-6 * float(self.per_spend.max() * self.business.outlay(spend)), 1e-300)

    def rounding(self, most: Array, customers: Array) -> float:
        """What rounding of a linear score may come to where spend and customers are at most so large."""
        gross = float(self.per_customer @ customers + self.per_spend @ most)
        return 0.0 if self.is_ratio else 32 * float(np.finfo(float).eps) * gross

    def gradient(self, spend: Array, customers: Array, slope: Array) -> Array:
        """Change of the score per unit of each channel's spend, for response curves of these slopes."""
        if not self.is_ratio:
            return self.per_customer * np.where(self.per_customer > 0, slope, 0.0) - self.per_spend
        won = self.business.customers(customers.sum())
        return np.asarray((self.business.cac(spend.sum(), won) * slope - 1) / won)

    @cached_property
    def is_aggregate(self) -> bool:
        """Whether every channel counts alike."""
        return bool(np.ptp(self.per_customer) == 0 and np.ptp(self.per_spend) == 0)

    @property
    def is_sound(self) -> bool:
        """Whether customers never count against the goal, nor spend for it: what relaxations and their proofs need."""
        stated = np.concatenate((self.per_customer, self.per_spend))
        return bool((np.isfinite(stated) & (stated >= 0)).all())
