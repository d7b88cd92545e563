"""What a plan is judged by, as the plan file states it: blended CAC, spend, customers or profit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from attribution.estimates import Estimate
from attribution.numbers import amount, cost, count
from optimizer.answer.evaluation import Evaluation
from optimizer.question.objectives import Customers, Objective, Profit, Spend

__all__ = ["Aim", "aim_of"]

Draws = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Aim(ABC):
    """One figure of a spend, and which way is better.

    Parameters
    ----------
    name
        In a sentence.
    lower_is_better
        Whether less of it is wanted.
    in_currency
        Whether it is money.
    """

    name: str
    lower_is_better: bool
    in_currency: bool = True

    @property
    def verbs(self) -> tuple[str, str, str]:
        """What the name does: keep, shrink, grow."""
        return ("stays", "falls", "rises") if self.in_currency else ("stay", "fall", "rise")

    def unit(self, currency: str) -> str:
        """The currency behind a figure, with its space; nothing behind customers."""
        return f" {currency}" if self.in_currency else ""

    @abstractmethod
    def draws(self, found: Evaluation) -> Draws:
        """The figure over posterior draws."""

    @abstractmethod
    def expected(self, found: Evaluation) -> float:
        """The figure at expected customers, as the optimizer counts it."""

    def estimate(self, found: Evaluation) -> Estimate:
        """The figure at expected customers, with its 90 % interval over draws."""
        low, high = np.quantile(self.draws(found), [0.05, 0.95], method="inverted_cdf")  # some may be infinite
        return Estimate(self.expected(found), float(low), float(high))

    @abstractmethod
    def written(self, value: float) -> str:
        """The figure as people read it, without its unit."""

    def probability_better(self, planned: Evaluation, now: Evaluation) -> float:
        """Probability, draw by draw, that one spend does better than another; ties count half."""
        difference = self.draws(planned) - self.draws(now)
        better = difference < 0 if self.lower_is_better else difference > 0
        return float(np.mean(better + 0.5 * (difference == 0)))


@final
@dataclass(frozen=True)
class _BlendedCAC(Aim):
    def draws(self, found: Evaluation) -> Draws:
        return found.blended_cac

    def expected(self, found: Evaluation) -> float:
        return found.expected_cac

    def written(self, value: float) -> str:
        return cost(value)


@final
@dataclass(frozen=True)
class _Customers(Aim):
    def draws(self, found: Evaluation) -> Draws:
        return found.customers

    def expected(self, found: Evaluation) -> float:
        return found.expected_customers

    def written(self, value: float) -> str:
        return count(value)


@final
@dataclass(frozen=True)
class _Spend(Aim):
    def draws(self, found: Evaluation) -> Draws:
        return np.full(len(found.customers), float(found.spend.sum()))

    def expected(self, found: Evaluation) -> float:
        return float(found.spend.sum())

    def written(self, value: float) -> str:
        return amount(value)


@final
@dataclass(frozen=True)
class _Profit(Aim):
    value_per_customer: float = 0.0

    def draws(self, found: Evaluation) -> Draws:
        return self.value_per_customer * found.customers - found.fixed_cost - float(found.spend.sum())

    def expected(self, found: Evaluation) -> float:
        return float(np.mean(self.draws(found)))

    def written(self, value: float) -> str:
        return amount(value)


def aim_of(objective: Objective, outcome: str) -> Aim:
    """The aim of a plan's objective; ``outcome`` is what one unit of the KPI is called."""
    if isinstance(objective, Profit):
        return _Profit("profit", False, value_per_customer=_one_value(objective))
    if isinstance(objective, Customers):
        return _Customers(f"new {outcome}", False, False)
    return _Spend("spend", True) if isinstance(objective, Spend) else _BlendedCAC("blended CAC", True)


def _one_value(objective: Profit) -> float:
    """A customer's value; a plan file states one for all channels."""
    if isinstance(objective.value_per_customer, Mapping):
        raise TypeError("a plan file's customers are worth the same in every channel")
    return objective.value_per_customer
