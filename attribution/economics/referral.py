"""A referral programme as a channel: rewards in tiers, customers who bring customers, and what one of them costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.errors import BadInput, Problem
from attribution.numbers import cost, decimal
from attribution.shown import shown

__all__ = ["Referral", "Tier"]

_ROWS = 33  # of the table between nothing and the most that rewards can cost


@shown
@dataclass(frozen=True)
class Tier:
    """A reward, and what customers do for it.

    Parameters
    ----------
    reward
        Currency paid for each customer who comes, to both sides together.
    share
        Of customers, those who refer at this reward.
    each
        Customers whom one of them brings.
    """

    reward: float
    share: float
    each: float

    @property
    def k(self) -> float:
        """Customers whom one customer brings on average, all customers counted."""
        return self.share * self.each


@shown
@dataclass(frozen=True)
class Referral:
    """A programme over a horizon.

    One customer brings k others, each of them k more and so on: n customers bring n k / (1 - k) in all, for k below 1.
    Rewards are paid for everybody who comes by referral, also for those who would have come without one; only the
    others are gained.

    Parameters
    ----------
    customers
        Who can refer over the horizon.
    tiers
        Rewards ascending; a higher one brings no fewer customers.
    capacity
        The most customers who can come by referral over the horizon, however well it goes.
    already
        Customers whom one customer brings without any reward; they count as unpaid.
    spread
        How uncertain k is: one standard deviation of its logarithm, the same for all tiers. Its mean is as stated.

    Raises
    ------
    BadInput
        Every problem: tiers not ascending, k of 1 or more, a capacity that is reached without reward.

    Examples
    --------
    >>> programme = Referral(10_000, (Tier(20, 0.1, 0.5), Tier(40, 0.2, 0.5)), capacity=5_000)
    >>> programme.points()["customers"].round().tolist()
    [526.0, 1111.0]
    """

    customers: float
    tiers: tuple[Tier, ...]
    capacity: float
    already: float = 0.0
    spread: float = 0.3

    def __post_init__(self) -> None:
        object.__setattr__(self, "tiers", tuple(self.tiers))
        if problems := list(self._faults()):
            raise BadInput(problems)

    def _faults(self) -> Iterator[Problem]:
        for name in ("customers", "capacity"):
            if not 0 < getattr(self, name) < np.inf:
                yield Problem("referral", f"is {getattr(self, name)}.", name, remedy="give a number above 0.")
        if not 0 <= self.spread < np.inf:
            yield Problem("referral", f"is {self.spread}.", "spread", remedy="give a number from 0 upwards.")
        if not 0 <= self.already < 1:
            remedy = "give customers per customer, from 0 to below 1."
            yield Problem("referral", f"is {self.already}.", "already", remedy=remedy)
            return
        if not self.tiers:
            yield Problem("referral", "has no tier.", "tiers", remedy="give at least one reward and what it brings.")
        for place, tier in enumerate(self.tiers, 1):
            yield from self._faults_of(tier, f"tier {place}")
        for place, (lower, higher) in enumerate(zip(self.tiers, self.tiers[1:], strict=False), 2):
            if not higher.reward > lower.reward:
                text = f"rewards do not ascend: {cost(higher.reward)} comes after {cost(lower.reward)}."
                yield Problem("referral", text, "tiers", f"tier {place}", "order tiers by their reward, one for each.")
            elif higher.k < lower.k:
                text = f"a higher reward brings fewer: {decimal(higher.k, 3)} after {decimal(lower.k, 3)} per customer."
                yield Problem("referral", text, "tiers", f"tier {place}", "correct share and each, or drop the tier.")
        if self.already > 0 and not self._total(np.array(self.already)) < self.capacity:
            text = f"{self.already:g} per customer without a reward fill the capacity already."
            yield Problem("referral", text, "capacity", remedy="raise it, or lower already.")

    def _faults_of(self, tier: Tier, row: str) -> Iterator[Problem]:
        wrong = [
            name
            for name, good in (
                ("reward", 0 < tier.reward < np.inf),
                ("share", 0 < tier.share <= 1),
                ("each", 0 < tier.each < np.inf),
            )
            if not good
        ]
        if wrong:
            remedy = "reward and each are above 0, share is above 0 and at most 1."
            yield Problem("referral", f"{', '.join(wrong)} is out of range.", "tiers", row, remedy)
        elif tier.k >= 1:
            text = f"each customer would bring {decimal(tier.k, 2)} others, and they others, without end."
            yield Problem("referral", text, "tiers", row, "share x each has to be below 1; look at how it was counted.")
        elif tier.k <= self.already:
            text = (
                f"a reward brings no more ({decimal(tier.k, 3)} per customer) than none ({decimal(self.already, 3)})."
            )
            yield Problem("referral", text, "tiers", row, "correct share and each, or lower already.")

    def _total(self, k: Array) -> Array:
        """Customers who come by referral where one brings k, generation after generation, up to the capacity."""
        left = np.maximum(1 - k, 0.0)
        endless = np.full(np.shape(k), np.inf)
        total = np.divide(self.customers * k, left, out=endless, where=left > 0)
        return np.asarray(np.minimum(total, self.capacity))

    @property
    def most_paid(self) -> float:
        """The most that rewards can cost, currency."""
        return self.tiers[-1].reward * self.capacity

    def points(self) -> pd.DataFrame:
        """One row per tier, k as stated.

        ``reward``, ``k``, ``referred`` (all who come), ``customers`` (beyond those who come without a reward),
        ``outlay`` (currency), ``cac`` (outlay over customers) and ``offered``: whether it is ever worth offering;
        elsewhere some customers get the tier below and the others the tier above, for more customers at one outlay.
        """
        k = np.array([tier.k for tier in self.tiers])
        referred = self._total(k)
        outlay = referred * [tier.reward for tier in self.tiers]
        gained = referred - self._total(np.array(self.already))
        return pd.DataFrame(
            {
                "reward": [tier.reward for tier in self.tiers],
                "k": k,
                "referred": referred,
                "customers": gained,
                "outlay": outlay,
                "cac": np.divide(outlay, gained, out=np.full(len(k), np.inf), where=gained > 0),
                "offered": _on_hull(outlay, gained),
            }
        )

    def table(self, draws: int = 0, seed: int = 0) -> tuple[Array, Array]:
        """Outlay and the customers gained by it, the best of all ways to offer the tiers.

        Between two tiers each customer, with all who come through that customer, is offered one of the two, so that
        outlay and customers both lie on the straight line between them.

        Parameters
        ----------
        draws
            How many draws of k; 0 for k as stated.
        seed
            Of the draws.

        Returns
        -------
        Outlay of shape (rows,) in currency, from 0; customers of shape (rows,) or (rows, draws).
        """
        points = self.points()
        kept = points[points["offered"]]
        logs = np.random.default_rng(seed).normal(0, self.spread, max(draws, 1)) if draws else np.zeros(1)
        factors = np.exp(logs) / np.exp(logs).mean()
        k = np.maximum(kept["k"].to_numpy()[:, None] * factors, self.already)
        referred = self._total(k)
        outlay = np.vstack([np.zeros(len(factors)), referred * kept["reward"].to_numpy()[:, None]])
        gained = np.vstack([np.zeros(len(factors)), referred - self._total(np.array(self.already))])
        rows = np.unique(np.concatenate([[0.0], kept["outlay"], np.linspace(0, outlay.max(), _ROWS if draws else 2)]))
        rows = rows[np.concatenate([[True], np.diff(rows) > 1e-9 * rows[-1]])]
        customers = np.column_stack([np.interp(rows, outlay[:, at], gained[:, at]) for at in range(len(factors))])
        return rows, np.maximum.accumulate(customers, axis=0) if draws else customers[:, 0]

    def offer(self, outlay: float) -> tuple[tuple[Tier, float], ...]:
        """Which tiers to offer, and to what share of the customers, for an expected outlay, k as stated."""
        points = self.points()
        kept = points[points["offered"]]
        amounts = np.concatenate([[0.0], kept["outlay"]])
        tiers: list[Tier | None] = [None, *(self.tiers[int(at)] for at in kept.index)]
        if outlay >= amounts[-1]:
            return ((self.tiers[int(kept.index[-1])], 1.0),)
        at = int(np.searchsorted(amounts, outlay, side="right"))
        above = float((outlay - amounts[at - 1]) / (amounts[at] - amounts[at - 1]))
        mix = ((tiers[at - 1], 1 - above), (tiers[at], above))
        return tuple((tier, share) for tier, share in mix if tier is not None and share > 1e-9)


def _on_hull(outlay: Array, gained: Array) -> np.ndarray:
    """Which points stand on the concave hull that begins at nothing for nothing."""
    kept: list[int] = []
    xs, ys = [0.0], [0.0]
    for place, (x, y) in enumerate(zip(outlay, gained, strict=True)):
        if y <= ys[-1]:
            continue
        while kept and (ys[-1] - ys[-2]) * (x - xs[-1]) <= (y - ys[-1]) * (xs[-1] - xs[-2]):
            kept.pop(), xs.pop(), ys.pop()
        kept.append(place)
        xs.append(float(x))
        ys.append(float(y))
    offered = np.zeros(len(outlay), dtype=bool)
    offered[kept] = True
    return offered
