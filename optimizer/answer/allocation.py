"""Allocation: the spend of a plan, how good it is at least, and what its limits cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

import numpy as np
import pandas as pd

from attribution.numbers import amount, cost, count, counted, gap, plain
from attribution.shown import shown, table_html
from mmm.curves import ResponseCurve, ResponseCurves
from optimizer.answer.explanation import channel_frame, headline, idle_sentence, price_sentence
from optimizer.answer.misses import Miss
from optimizer.answer.prices import Price
from optimizer.question.limits import Limit, labels
from optimizer.solvers.branch import MANY

__all__ = ["Allocation", "Certificate", "Status"]

_ROUNDING = 1e-6  # of the figure: amounts as a table has them, and promises kept to a billionth


class Status(Enum):
    """How a search ended; the value is a sentence with its remedy."""

    CERTIFIED = "Certified: no allocation that keeps the promises is better by more than the gap shown."
    STOPPED = (
        "Stopped at the time limit: the plan keeps every promise and the bound holds, but the gap is wider than asked. "
        "Remedy: raise time_limit, or accept the gap shown."
    )
    OPEN = (
        "Bounded: the plan keeps every promise and the bound holds, but no method here closes the gap further. "
        "Remedy: read the gap as what a better plan could gain at most."
    )


@shown
@dataclass(frozen=True, eq=False)
class Allocation:
    """Spend per channel, with its proof.

    Parameters
    ----------
    spend
        Currency over the horizon, by channel.
    customers
        Expected customers over the horizon, organic ones included.
    paid_customers
        Expected customers by channel.
    blended_cac
        (fixed cost + spend) / customers.
    marginal_cac
        Cost of one further customer, by channel; infinite where further spend brings none.
    value, bound, gap
        The objective's figure, the figure that no allocation can beat, and their relative distance.
    prices
        What each binding limit costs.
    entry_cac
        Marginal CAC below which each channel would get more money.
    status
        How the search ended, as a sentence.
    engine
        What solved the plan.
    unit
        What a change of the objective's figure is called.
    curves
        The response curves planned on.
    now
        Current spend by channel, over the same horizon; None where the plan does not state it.
    settled
        Whether prices are those of an optimum, and not only of a plan within its gap, as with very many channels.
    """

    spend: pd.Series
    customers: float
    paid_customers: pd.Series
    blended_cac: float
    marginal_cac: pd.Series
    value: float
    bound: float
    gap: float
    prices: tuple[Price, ...]
    entry_cac: pd.Series
    status: Status
    engine: str
    unit: str
    curves: ResponseCurves = field(repr=False)
    now: pd.Series | None = field(default=None, repr=False)
    settled: bool = True

    @property
    def total_spend(self) -> float:
        """Spend over all channels."""
        return float(self.spend.sum())

    @property
    def shadow_prices(self) -> pd.Series:
        """Change of the objective's figure per unit by which each binding limit's figure is raised, by its label.

        Where lowering it is worth another amount per unit, ``prices`` hold both.
        """
        index = pd.Index(labels([price.limit for price in self.prices]), dtype="str")
        figures = np.array([price.per_unit for price in self.prices], dtype=float)
        return pd.Series(figures, index=index, name="shadow_price")

    def price_of(self, limit: Limit) -> float:
        """The price of a limit; 0 where it does not bind."""
        return next((price.per_unit for price in self.prices if price.limit == limit), 0.0)

    def to_frame(self) -> pd.DataFrame:
        """One row per channel: spend, change against now, customers with 5 % and 95 % points, CAC, marginal CAC."""
        return channel_frame(self.spend, self.paid_customers, self.marginal_cac, self.curves, self.now)

    def explain(self) -> list[str]:
        """Sentences: what limits the plan, what each limit costs, what idle channels would need."""
        opening = headline(self.total_spend, self.customers, self.blended_cac, self.gap)
        named = zip(self.prices, labels([price.limit for price in self.prices]), strict=True)
        prices = [price_sentence(price, label, self.unit, self.value) for price, label in named]
        if prices and not self.settled:
            prices.append(
                f"With more than {amount(MANY)} channels the search ends within its gap and does not settle at an "
                "optimum: what limits cost is that of this plan, and rough."
            )
        return [opening, *prices, *(idle_sentence(*channel) for channel in self._idle())]

    def _idle(self) -> Iterator[tuple[str, ResponseCurve, float]]:
        """Channels that get nothing but would at some CAC: name, curve, and that CAC."""
        total = max(self.total_spend, 1e-300)
        for channel, spend in zip(self.curves.channels, self.spend, strict=True):
            entry = float(self.entry_cac[channel])
            if spend <= 1e-9 * total and 0 < entry < np.inf:
                yield channel, self.curves[channel], entry

    def __repr__(self) -> str:
        figures = f"spend {amount(self.total_spend)}, {count(self.customers)} customers, CAC {cost(self.blended_cac)}"
        return f"Allocation({figures}, gap {gap(self.gap)}, {counted(len(self.spend), 'channel')})"

    def _repr_html_(self) -> str:
        head = f"<p>{self.status.value} Gap {gap(self.gap)}, blended CAC {cost(self.blended_cac)}.</p>"
        return head + table_html(self.to_frame())


@shown
@dataclass(frozen=True)
class Certificate:
    """How far an allocation is from the best one.

    Parameters
    ----------
    spend
        The allocation examined, by channel.
    value, bound, gap
        The objective's figure there, the figure that no allowed allocation can beat, and their relative distance;
        negative where the allocation does better than allowed ones can, by breaking a promise. What rounding makes
        negative is 0.
    misses
        The promises and limits that the allocation does not keep.
    """

    spend: pd.Series
    value: float
    bound: float
    gap: float
    misses: tuple[Miss, ...]

    def __post_init__(self) -> None:
        if not self.misses and -_ROUNDING <= self.gap < 0:
            object.__setattr__(self, "gap", 0.0)

    @property
    def broken(self) -> Mapping[str, float]:
        """The amount by which each promise or limit is missed, by its label."""
        names = labels([miss.limit for miss in self.misses])
        return dict(zip(names, (miss.by for miss in self.misses), strict=True))

    @property
    def is_allowed(self) -> bool:
        """Whether the allocation keeps every promise and limit."""
        return not self.misses

    @property
    def ahead(self) -> float:
        """Share of the bound by which an allocation that breaks a promise does better than allowed ones can, else 0."""
        return abs(self.value - self.bound) / max(abs(self.bound), 1e-300) if self.gap < 0 else 0.0

    def __str__(self) -> str:
        kept = "keeps every promise" if self.is_allowed else f"breaks {', '.join(self.broken)}"
        far = f"{gap(self.ahead)} better than the best allowed" if self.gap < 0 else f"{gap(self.gap)} from the best"
        return f"value {plain(self.value)}, bound {plain(self.bound)}: {far}; {kept}"


def channel_index(curves: ResponseCurves) -> pd.Index:
    """The channels as an index named channel."""
    return _index(curves.channels).copy()


@lru_cache(maxsize=16)
def _index(channels: tuple[str, ...]) -> pd.Index:
    return pd.Index(channels, name="channel")


def by_channel(index: pd.Index, values: np.ndarray, name: str) -> pd.Series:
    """Values as a series indexed by channel."""
    return pd.Series(np.asarray(values, dtype=float), index=index, name=name)
