"""Cohorts of a simulated company: how long the customers of each cause stay and what they earn, with known truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmm.arrays import Array

__all__ = ["Staying", "cohort_table", "staying_of"]


@dataclass(frozen=True)
class Staying:
    """How customers of one cause stay and earn.

    Parameters
    ----------
    cause
        Channel, or ``organic``.
    alpha, beta
        Their monthly churn is beta distributed.
    first, later
        Contribution margin of a customer in the month of acquisition and in each month after it, EUR.
    """

    cause: str
    alpha: float
    beta: float
    first: float
    later: float

    def survival(self, months: int) -> Array:
        """Expected share still there at ages 0 to ``months`` - 1."""
        ages = np.arange(1, months)
        stay = (self.beta + ages - 1) / (self.alpha + self.beta + ages - 1)
        return np.concatenate([[1.0], np.cumprod(stay)])

    def value(self, months: int, discount_rate: float) -> float:
        """Expected discounted margin of so many months, EUR."""
        margin = self.survival(months) * np.where(np.arange(months) == 0, self.first, self.later)
        return float(margin @ (1 + discount_rate) ** (-np.arange(months) / 12))


def staying_of(
    causes: list[str], rng: np.random.Generator, churn: tuple[float, float] = (0.04, 0.2)
) -> tuple[Staying, ...]:
    """A habit of staying for each cause: churn of the first month lies in a range, and those who stay stay longer."""
    made = []
    for cause in causes:
        leaving, polar = rng.uniform(*churn), rng.uniform(0.1, 0.3)
        size = 1 / polar - 1
        first, later = rng.uniform(54, 90), rng.uniform(27, 45)
        made.append(Staying(cause, leaving * size, (1 - leaving) * size, first, later))
    return tuple(made)


def cohort_table(acquired: pd.DataFrame, staying: tuple[Staying, ...], rng: np.random.Generator) -> pd.DataFrame:
    """Cohorts as a company counts them: month of acquisition, channel, age, active customers, margin (EUR).

    Parameters
    ----------
    acquired
        Customers, months (first days) x causes; the last month is the last that was seen.
    staying
        One for each column.
    """
    rows = []
    for one in staying:
        for start, number in enumerate(acquired[one.cause]):
            churn = rng.beta(one.alpha, one.beta, int(number))
            life = rng.geometric(np.maximum(churn, 1e-9)) if number else np.zeros(0, dtype=np.int64)
            for age in range(len(acquired) - start):
                active = int((life > age).sum())
                each = one.later if age else one.first
                margin = round(active * each * rng.normal(1.0, 0.5 / np.sqrt(max(active, 1))), 0)
                if number:
                    rows.append((acquired.index[start], one.cause, age, active, max(margin, 0.0)))
    return pd.DataFrame(rows, columns=["month", "channel", "age", "active", "margin"])
