"""What a plan is for: least blended CAC, most customers, least spend, most profit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from attribution.economics.cac import Business
from attribution.errors import BadInput, Problem, UnknownChannel
from attribution.numbers import amount, cost, count
from attribution.shown import shown
from mmm.arrays import Array
from optimizer.question.goal import Goal
from optimizer.question.limits import Limit, Side, Subject, Unit
from optimizer.question.outcomes import new_of
from optimizer.question.program import Bound, Constraint, Row
from optimizer.question.rows import check_numbers
from optimizer.question.setting import Setting
from optimizer.question.wording import Wording

__all__ = ["BlendedCAC", "Customers", "Objective", "Profit", "Spend"]

Draws = Any  # a number or a 1-D array over draws


@dataclass(frozen=True)
class Objective(ABC):
    """What is minimised or maximised, with the business it is measured on.

    An objective of one's own states ``wants`` and ``goal``, a linear one by ``Goal.linear``, and is then solved,
    explained, certified and flown as the four here are; ``unit`` and ``wording`` say what its figure is called.

    Examples
    --------
    >>> from mmm.curves import Power
    >>> from optimizer import Plan
    >>> class Reach(Objective):
    ...     wants, unit = "maximize", "customers, less a thousandth of the spend"
    ...     def goal(self, setting):
    ...         return Goal.linear(setting, per_customer=1.0, per_spend=0.001, constant=setting.organic)
    >>> best = Plan(maximize=Reach()).solve({"tv": Power(2.0, 0.5)})  # 2 sqrt(x) - x / 1000 at x = 1,000,000
    >>> round(best.total_spend, -3), round(best.value)
    (1000000.0, 1000)
    """

    @property
    @abstractmethod
    def wants(self) -> str:
        """Either "minimize" or "maximize"."""

    @abstractmethod
    def goal(self, setting: Setting) -> Goal:
        """The objective as a goal over the setting's channels; over draws where its organic customers are draws."""

    @property
    def unit(self) -> str:
        """What a change of the objective's figure is called, as in "adds 3 customers"."""
        return "of the objective"

    def wording(self, outcome: str = "customers") -> Wording:
        """How its figure is called and written; ``outcome`` is what the units of the KPI are called."""
        return Wording()

    @property
    def business(self) -> Business:
        """Fixed cost and organic customers that the objective states; none of either where it has no such fields."""
        organic = getattr(self, "organic", None)
        return Business(float(getattr(self, "fixed_cost", 0.0)), 0.0 if organic is None else organic)

    def worth_less(self, share: float) -> Objective | None:
        """The objective where a customer is worth less by a share; None where it puts no value on customers."""
        return None


@shown
@dataclass(frozen=True)
class BlendedCAC(Objective):
    """Blended CAC: (fixed cost + spend) / (organic + paid customers), the ratio of expected totals.

    Parameters
    ----------
    fixed_cost
        Currency over the horizon that belongs to acquisition whatever is spent: team, tools, agency.
    organic
        Customers over the horizon who come without the planned spend; a number or draws.
    """

    fixed_cost: float = 0.0
    organic: Draws = 0.0

    def __post_init__(self) -> None:
        checked_business(type(self).__name__, self.fixed_cost, self.organic)

    @property
    def unit(self) -> str:
        """Its figure's words."""
        return "of blended CAC"

    def wording(self, outcome: str = "customers") -> Wording:
        """A cost per customer."""
        return Wording("blended CAC", cost, in_currency=True)

    @property
    def wants(self) -> str:
        """Minimise."""
        return "minimize"

    def goal(self, setting: Setting) -> Goal:
        """A ratio goal."""
        return Goal.ratio(setting)


@shown
@dataclass(frozen=True)
class Customers(Objective, Constraint):
    """Customers, organic ones included: an objective to maximise, or with ``at_least`` a promise to keep.

    Parameters
    ----------
    at_least
        The promise, in expected customers; None for the objective.
    organic
        Customers over the horizon who come without the planned spend; a number or draws. A promise takes them from
        the plan's objective where it does not state its own.
    fixed_cost
        As in ``BlendedCAC``; it does not change the plan, only the blended CAC reported.
    """

    at_least: float | None = None
    organic: Draws = None
    fixed_cost: float = 0.0

    def __post_init__(self) -> None:
        checked_business(type(self).__name__, self.fixed_cost, 0.0 if self.organic is None else self.organic)
        if self.at_least is not None:
            check_numbers("Customers", self.at_least)
        if self.at_least is not None and not 0 <= self.at_least < np.inf:
            raise BadInput(Problem("Customers", f"at_least is {self.at_least}; promise a number from 0 upwards."))

    @property
    def unit(self) -> str:
        """Its figure's words."""
        return "customers"

    def wording(self, outcome: str = "customers") -> Wording:
        """A number of what the KPI counts."""
        return Wording(new_of(outcome), count, verbs=("stay", "fall", "rise"))

    @property
    def wants(self) -> str:
        """Maximise."""
        return "maximize"

    def goal(self, setting: Setting) -> Goal:
        """A linear goal: one per customer."""
        return Goal.linear(setting, per_customer=1.0, per_spend=0.0, constant=setting.organic)

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """The promise as a row: organic + paid >= at_least."""
        if self.at_least is None:
            raise BadInput(
                Problem("Customers", "is among the constraints without at_least.", remedy="write at_least=...")
            )
        ones = np.ones(len(setting.channels))
        limit = Limit(Subject("customers"), Side.AT_LEAST, self.at_least, Unit.CUSTOMERS)
        return [Row(limit, 0 * ones, ones, setting.organic - self.at_least, -1.0)]


@shown
@dataclass(frozen=True)
class Spend(Objective):
    """Total spend, to be minimised for a promise of customers.

    Parameters
    ----------
    organic, fixed_cost
        As in ``BlendedCAC``; organic customers count towards the promise.
    """

    organic: Draws = 0.0
    fixed_cost: float = 0.0

    def __post_init__(self) -> None:
        checked_business(type(self).__name__, self.fixed_cost, self.organic)

    @property
    def unit(self) -> str:
        """Its figure's words."""
        return "of spend"

    def wording(self, outcome: str = "customers") -> Wording:
        """An amount of money."""
        return Wording("spend", amount, in_currency=True)

    @property
    def wants(self) -> str:
        """Minimise."""
        return "minimize"

    def goal(self, setting: Setting) -> Goal:
        """A linear goal: minus one per unit of currency."""
        return Goal.linear(setting, per_customer=0.0, per_spend=1.0, sign=-1.0)


@shown
@dataclass(frozen=True)
class Profit(Objective):
    """Value of the customers won less spend and fixed cost, to be maximised.

    Parameters
    ----------
    value_per_customer
        Contribution or lifetime value in currency; a number, or a mapping from channel to number where the channels
        win customers of different worth. A channel's may be draws, of mean 0 or more, that know nothing of those of the
        curves: the expected profit is then that of their mean, and the profit of each draw has each its own.
    organic, fixed_cost
        As in ``BlendedCAC``.
    value_per_organic
        Value of an organic customer, a number or draws; needed with values per channel where there are organic
        customers.
    called
        What sentences call the figure: profit, or net present value where values are discounted.
    """

    value_per_customer: float | Mapping[str, Draws]
    organic: Draws = 0.0
    fixed_cost: float = 0.0
    value_per_organic: Draws = None
    called: str = "profit"

    def __post_init__(self) -> None:
        checked_business(type(self).__name__, self.fixed_cost, self.organic)
        stated = self.value_per_customer
        by_channel = isinstance(stated, Mapping)
        values = [np.atleast_1d(one) for one in (stated.values() if isinstance(stated, Mapping) else [stated])]
        values += [] if self.value_per_organic is None else [np.atleast_1d(self.value_per_organic)]
        if not all(_is_worth(value) for value in values):
            raise BadInput(Problem("Profit", "value_per_customer must be finite and not negative."))
        if by_channel and self.value_per_organic is None and np.any(np.asarray(self.organic) > 0):
            text = "has values per channel and organic customers, but no value_per_organic."
            raise BadInput(Problem("Profit", text, remedy="state what an organic customer is worth."))

    @property
    def unit(self) -> str:
        """Its figure's words."""
        return f"of {self.called}"

    def wording(self, outcome: str = "customers") -> Wording:
        """An amount of money."""
        return Wording(self.called, amount, in_currency=True)

    @property
    def wants(self) -> str:
        """Maximise."""
        return "maximize"

    def values(self, channels: tuple[str, ...]) -> npt.NDArray[np.float64]:
        """Expected value per customer of each channel."""
        if not isinstance(self.value_per_customer, Mapping):
            return np.full(len(channels), float(self.value_per_customer))
        for channel in self.value_per_customer:
            if channel not in channels:
                raise UnknownChannel(channel, known=channels, where="Profit's value_per_customer")
        missing = [channel for channel in channels if channel not in self.value_per_customer]
        if missing:
            raise BadInput(Problem("Profit", f"value_per_customer lacks {', '.join(missing)}.", remedy="add them."))
        return np.array([float(np.mean(self.value_per_customer[channel])) for channel in channels])

    def drawn_values(self, channels: tuple[str, ...]) -> Array | None:
        """Draws of the same, shape (draws, channels); None where all values are numbers."""
        stated = self.value_per_customer
        if not isinstance(stated, Mapping) or all(np.ndim(value) == 0 for value in stated.values()):
            return None
        size = max(np.size(stated[channel]) for channel in channels)
        return np.column_stack([np.resize(np.asarray(stated[channel], dtype=float), size) for channel in channels])

    @property
    def organic_value(self) -> Draws:
        """Value of an organic customer, a number or draws."""
        if self.value_per_organic is not None:
            return self.value_per_organic
        return 0.0 if isinstance(self.value_per_customer, Mapping) else float(self.value_per_customer)

    def goal(self, setting: Setting) -> Goal:
        """A linear goal: value per customer less one per unit of currency."""
        values, each, organic = self.values(setting.channels), self.organic_value, np.asarray(setting.organic)
        each = np.resize(each, organic.shape) if organic.ndim else float(np.mean(each))
        constant = each * setting.organic - setting.fixed_cost
        goal = Goal.linear(setting, per_customer=values, per_spend=1.0, constant=constant)
        return replace(goal, drawn=self.drawn_values(setting.channels))

    def worth_less(self, share: float) -> Profit:
        """All values lower by the share."""
        value, organic, left = self.value_per_customer, self.value_per_organic, 1 - share
        scaled = {c: v * left for c, v in value.items()} if isinstance(value, Mapping) else value * left
        return replace(self, value_per_customer=scaled, value_per_organic=None if organic is None else organic * left)


def _is_worth(value: npt.NDArray[Any]) -> bool:
    """Whether a value of a customer is a number or draws of one, 0 or more on average."""
    if value.dtype.kind not in "biuf" or value.ndim != 1 or not value.size:
        return False
    return bool(np.isfinite(value).all() and value.mean() >= 0)


def checked_business(owner: str, fixed_cost: Any, organic: Draws) -> None:
    """Refuse a fixed cost or organic customers that are negative, not finite or of a wrong shape."""
    problems: list[Problem | str] = []
    if not (isinstance(fixed_cost, Real) and 0 <= float(fixed_cost) < np.inf):
        problems.append(Problem(owner, f"fixed_cost is {fixed_cost}; give a number from 0 upwards."))
    values = np.asarray(organic)
    values = np.array([np.nan]) if values.dtype.kind not in "biuf" else values.astype(float)
    if values.ndim > 1 or values.size == 0 or not np.isfinite(values).all():
        problems.append(Problem(owner, "organic must be a finite number or a 1-D array over draws."))
    elif values.mean() < 0:
        text = f"organic customers are negative on average ({count(values.mean())})."
        remedy = "give 0 or more; a mix model that expects fewer credits media with too much."
        problems.append(Problem(owner, text, remedy=remedy))
    if problems:
        raise BadInput(problems)
