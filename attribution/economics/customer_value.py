"""What a customer of each channel is worth: margin by age, discounted; what was seen apart from what is carried on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.economics.cohorts import Cohorts
from attribution.economics.margins import Margins, margins_of
from attribution.economics.retention import Retention, fit_retention
from attribution.errors import BadInput, Problem
from attribution.estimates import Estimate
from attribution.numbers import counted
from attribution.shown import shown

__all__ = ["CustomerValues", "Terms", "customer_values"]

_LONGEST = 1200  # months


@shown
@dataclass(frozen=True)
class Terms:
    """How margin over time becomes a value.

    Parameters
    ----------
    horizon
        Months from acquisition that count.
    discount_rate
        Per year: 0.1 for 10 %. Margin of month m counts (1 + rate)^(-m / 12).
    margin
        Contribution margin per active customer and period, in currency, for all or by channel; None where the cohort
        table has it.
    """

    horizon: int = 36
    discount_rate: float = 0.1
    margin: float | Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        whole = float(self.horizon).is_integer() and 1 <= self.horizon <= _LONGEST
        if not whole or not -1 < self.discount_rate < np.inf:
            raise BadInput(
                f"a horizon is a whole number of months from 1 to {_LONGEST}, and a discount rate per year above -1: "
                "0.1 for 10 %."
            )

    def discount(self, ages: int, months: int) -> Array:
        """What a unit of currency at each age is worth at acquisition, shape (ages,)."""
        return np.asarray((1 + self.discount_rate) ** (-np.arange(ages) * months / 12))


@shown
@dataclass(frozen=True, eq=False)
class CustomerValues:
    """Draws of what customers are worth, by channel; a channel without cohorts has those of the population.

    Parameters
    ----------
    cohorts, retention, margins, terms
        What it is made of.
    """

    cohorts: Cohorts
    retention: Retention
    margins: Margins
    terms: Terms

    @property
    def ages(self) -> int:
        """Ages within the horizon, the month of acquisition included."""
        return self.terms.horizon // self.cohorts.months

    @cached_property
    def _values(self) -> dict[str, Array]:
        return {}  # every plan and scenario asks for them again

    def flow(self, channel: str, discounted: bool = False) -> Array:
        """Margin per acquired customer at each age, shape (draws, ages), in currency."""
        margin = self.retention.survival(channel, self.ages) * self.margins.at(channel, self.ages)
        return margin * self.terms.discount(self.ages, self.cohorts.months) if discounted else margin

    def value(self, channel: str) -> Array:
        """Discounted margin within the horizon, shape (draws,), in currency."""
        if channel not in self._values:
            worth = np.asarray(self.flow(channel, discounted=True).sum(axis=1))
            worth.setflags(write=False)
            self._values[channel] = worth
        return self._values[channel]

    def within_observed(self, channel: str) -> Array:
        """The part of the value at ages that were seen; nothing for a channel without cohorts."""
        seen = self.retention.observed.get(channel, -1) + 1
        return np.asarray(self.flow(channel, discounted=True)[:, :seen].sum(axis=1))

    def to_frame(self) -> pd.DataFrame:
        """A row per channel: customers acquired, oldest age, mean churn, value with its 90 % interval, its parts.

        ``two_kinds`` is how far the cohorts speak for customers of two kinds, 0 to 1.
        """
        rows = []
        for channel in self.cohorts.channels:
            value, seen = self.value(channel), self.within_observed(channel)
            rows.append(
                {
                    "channel": channel,
                    "acquired": self.cohorts.acquired(channel),
                    "oldest_age": self.cohorts.oldest(channel),
                    **Estimate.of(self.retention.mean_churn(channel)).flat("first_churn"),
                    **Estimate.of(value).flat("lifetime_value"),
                    "within_observed_ages": float(seen.mean()),
                    "extrapolated": float((value - seen).mean()),
                    "two_kinds": self.retention.two_kinds(channel),
                    "dispersion": self.retention.dispersion[channel],
                }
            )
        return pd.DataFrame(rows)

    def curves(self) -> pd.DataFrame:
        """A row per channel and age: survival observed, and of the model with its 90 % interval."""
        rows = []
        for channel in self.cohorts.channels:
            observed = self.cohorts.survival(channel)
            drawn = self.retention.survival(channel, max(self.ages, len(observed)))
            for age in range(drawn.shape[1]):
                seen = float(observed[age]) if age < len(observed) else np.nan
                row = {"channel": channel, "age": age, "observed": seen}
                rows.append(row | Estimate.of(drawn[:, age]).flat("survival"))
        return pd.DataFrame(rows)


def customer_values(cohorts: Cohorts, terms: Terms | None = None, draws: int = 1000, seed: int = 0) -> CustomerValues:
    """What customers are worth, from cohorts.

    Parameters
    ----------
    cohorts
        See :func:`attribution.economics.read_cohorts`.
    terms
        Horizon, discount rate and margin; 36 months at 10 % a year by default.
    draws, seed
        As for :func:`attribution.economics.fit_retention`.

    Raises
    ------
    BadInput
        No age beyond 0; no margin, or one stated twice; a horizon that ends within an age.

    Examples
    --------
    >>> from attribution.economics import read_cohorts
    >>> table = pd.DataFrame({"month": "2026-01-01", "channel": "tv", "age": [0, 1, 2], "active": [900, 800, 720]})
    >>> values = customer_values(read_cohorts(table), Terms(horizon=12, discount_rate=0.0, margin=10.0))
    >>> bool(60 < values.value("tv").mean() < 90)
    True
    """
    terms = terms or Terms()
    if rest := terms.horizon % cohorts.months:
        shorter, longer = terms.horizon - rest, terms.horizon - rest + cohorts.months
        text = (
            f"counts ages of {cohorts.months} months, and a horizon of {counted(terms.horizon, 'month')} ends within "
            "one, whose margin would count whole."
        )
        either = f"{shorter} or {longer} months" if shorter else f"{longer} months"
        raise BadInput(Problem("cohorts", text, "age", remedy=f"state a horizon of {either}."))
    margins = margins_of(cohorts, terms.margin, draws, seed)
    return CustomerValues(cohorts, fit_retention(cohorts, draws, seed), margins, terms)
