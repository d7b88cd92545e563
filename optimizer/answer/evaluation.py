"""What an allocation may bring: posterior draws of customers and blended CAC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from attribution.economics.cac import Business
from attribution.errors import BadInput, Problem
from attribution.estimates import Estimate
from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves import ResponseCurves

__all__ = ["Evaluation", "evaluated"]


@shown
@dataclass(frozen=True, eq=False)
class Evaluation:
    """Draws of what an allocation brings; one draw where curves and organic customers are plain numbers.

    Parameters
    ----------
    spend
        Currency over the horizon, by channel.
    fixed_cost
        Currency over the horizon.
    paid
        Customers by channel: draws x channels.
    organic
        Draws of organic customers, shape (draws,).
    """

    spend: pd.Series
    fixed_cost: float
    paid: pd.DataFrame = field(repr=False)
    organic: Array = field(repr=False)

    @property
    def business(self) -> Business:
        """Fixed cost, and the draws of organic customers."""
        return Business(self.fixed_cost, self.organic)

    @property
    def customers(self) -> Array:
        """Draws of all customers, shape (draws,)."""
        return np.asarray(self.business.customers(self.paid.to_numpy().sum(axis=1)))

    @property
    def blended_cac(self) -> Array:
        """Draws of the blended CAC, shape (draws,); infinite where nobody comes."""
        return np.asarray(self.business.cac(float(self.spend.sum()), self.customers))

    @property
    def expected_customers(self) -> float:
        """Mean over draws."""
        return float(self.customers.mean())

    @property
    def expected_cac(self) -> float:
        """Outlay over expected customers: the figure that plans minimise."""
        return float(self.business.cac(self.spend.sum(), self.expected_customers))

    def interval(self, mass: float = 0.9) -> pd.DataFrame:
        """Central intervals of customers and blended CAC: rows by figure, columns mean, low and high.

        The CAC's mean is the ratio of expected totals, as everywhere: a mean of ratios need not exist.
        """
        outlay = self.fixed_cost + float(self.spend.sum())
        estimates = {
            "customers": Estimate.of(self.customers, mass),
            "blended_cac": Estimate.blended(outlay, self.customers, mass),
        }
        return pd.DataFrame({name: vars(one) for name, one in estimates.items()}).T.rename(columns={"point": "mean"})

    def probability_cac_at_most(self, ceiling: float) -> float:
        """Probability that the blended CAC stays at or below ``ceiling``."""
        return float(np.mean(self.blended_cac <= ceiling))


def evaluated(
    curves: ResponseCurves, spend: Mapping[str, float] | pd.Series, organic: Any, fixed_cost: float
) -> Evaluation:
    """Draws at an allocation; organic draws are paired with the curves' where their numbers agree.

    Raises
    ------
    BadInput
        Where organic customers have another number of draws than the curves.
    """
    amounts = curves.amounts(spend)
    paid = curves.by_channel(spend)
    base = np.atleast_1d(np.asarray(organic, dtype=float))
    if len(base) > 1 and len(paid) > 1 and len(base) != len(paid):
        text = f"has {len(base)} draws and the curves have {len(paid)}."
        raise BadInput(Problem("organic", text, remedy="take both from the same posterior, or give the mean."))
    draws = max(len(base), len(paid))
    if len(paid) < draws:
        paid = pd.DataFrame(np.repeat(paid.to_numpy(), draws, axis=0), columns=paid.columns)
    index = pd.Index(curves.channels, name="channel")
    return Evaluation(pd.Series(amounts, index, name="spend"), fixed_cost, paid, np.broadcast_to(base, (draws,)))
