"""Allocation: the plan found, how good it is at least, and what its limits cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmm.curves import ResponseCurves

if TYPE_CHECKING:
    from optimizer.plan import Plan

__all__ = ["Allocation", "Certificate", "Status"]


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
    shadow_prices
        Change of the objective's figure per unit by which the figure of each binding constraint is raised.
    entry_cac
        Marginal CAC below which each channel would get more money.
    status
        How the search ended, as a sentence.
    engine
        What solved the plan.
    """

    spend: pd.Series
    customers: float
    paid_customers: pd.Series
    blended_cac: float
    marginal_cac: pd.Series
    value: float
    bound: float
    gap: float
    shadow_prices: pd.Series
    entry_cac: pd.Series
    status: Status
    engine: str
    plan: Plan = field(repr=False)
    curves: ResponseCurves = field(repr=False)

    @property
    def total_spend(self) -> float:
        """Spend over all channels."""
        return float(self.spend.sum())

    def to_frame(self) -> pd.DataFrame:
        """One row per channel: spend, change against now, customers with 5 % and 95 % points, CAC, marginal CAC."""
        from optimizer.answer.explanation import channel_frame

        return channel_frame(self)

    def explain(self) -> list[str]:
        """Sentences: what limits the plan, what each limit costs, what idle channels would need."""
        from optimizer.answer.explanation import sentences

        return sentences(self)

    def _repr_html_(self) -> str:
        head = f"<p>{self.status.value} Gap {self.gap:.2%}, blended CAC {self.blended_cac:,.2f}.</p>"
        return head + str(self.to_frame().to_html(float_format=lambda figure: f"{figure:,.2f}"))


@dataclass(frozen=True)
class Certificate:
    """How far an allocation is from the best one.

    Parameters
    ----------
    spend
        The allocation examined, by channel.
    value, bound, gap
        The objective's figure there, the figure that no allowed allocation can beat, and their relative distance;
        negative where the allocation does better than allowed ones can, by breaking a promise.
    broken
        The promises and limits that the allocation does not keep, with the amount by which it misses each.
    """

    spend: pd.Series
    value: float
    bound: float
    gap: float
    broken: Mapping[str, float]

    @property
    def is_allowed(self) -> bool:
        """Whether the allocation keeps every promise and limit."""
        return not self.broken

    def __str__(self) -> str:
        kept = "keeps every promise" if self.is_allowed else f"breaks {', '.join(self.broken)}"
        return f"value {self.value:,.6g}, bound {self.bound:,.6g}: at most {self.gap:.3%} from the best; {kept}"


def channel_index(curves: ResponseCurves) -> pd.Index:
    """The channels as an index named channel."""
    return _index(curves.channels).copy()


@lru_cache(maxsize=16)
def _index(channels: tuple[str, ...]) -> pd.Index:
    return pd.Index(channels, name="channel")


def by_channel(index: pd.Index, values: np.ndarray, name: str) -> pd.Series:
    """Values as a series indexed by channel."""
    return pd.Series(np.asarray(values, dtype=float), index=index, name=name)
