"""Shadow prices: what one unit more, and one unit less, of each binding limit is worth, from the plan itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mmm.arrays import Array
from optimizer.answer.multipliers import Mask, Moves, Multipliers
from optimizer.question.limits import Limit, Side
from optimizer.question.program import Bound, Program, Row

__all__ = ["Price", "Prices", "Slopes", "prices_at"]

_ACTIVE = 1e-7
_SAME = 1e-6  # prices closer than this share of themselves are one


@dataclass(frozen=True)
class Price:
    """What a binding limit costs.

    Parameters
    ----------
    limit
        The limit, or the text of a row without a figure.
    per_unit
        Change of the objective's figure per unit by which the limit's figure is raised; by which there is more room
        where it has none. Infinite, against the objective, where a higher figure cannot be kept.
    below
        The same per unit on the way up to the present figure: what lowering it by one takes back. It differs where
        limits coincide, where nothing is free to move, and at the rows of a table.
    """

    limit: Limit | str
    per_unit: float
    below: float

    @property
    def is_one_sided(self) -> bool:
        """Whether raising and lowering are worth different amounts per unit."""
        return not np.isclose(self.per_unit, self.below, rtol=_SAME, atol=0.0)


@dataclass(frozen=True)
class Prices:
    """Prices of all limits that bind.

    Parameters
    ----------
    limits
        The prices.
    needed_slope
        Customers per unit of currency that each channel must bring at the margin to get money, shape (channels,).
    """

    limits: tuple[Price, ...]
    needed_slope: Array


class Slopes(NamedTuple):
    """Customers per unit of currency, of the next unit and of the last one, shape (channels,); tables have corners."""

    after: Array
    before: Array


class _Shared(NamedTuple):
    """A shared row at the plan: its limit, its relief, its gradients to the right and left."""

    limit: Limit | str
    relief: float
    row: Row
    above: Array
    below: Array


def prices_at(program: Program, spend: Array, customers: Array, slopes: Slopes) -> Prices:
    """Prices that satisfy the first-order conditions at an allocation, by limit, in the objective's figure.

    Parameters
    ----------
    program
        The program solved.
    spend, customers
        The allocation and its expected customers, shape (channels,).
    slopes
        Of the expected curves there.
    """
    shared = list(_shared(program, spend, customers, slopes))
    gain = tuple(program.goal.gradient(spend, customers, slope) for slope in slopes)
    own = _own(program, spend, {one.limit for one in shared if one.row not in program.rows})
    none = np.zeros((len(spend), 0))
    above = np.array([one.above for one in shared]).T if shared else none
    below = np.array([one.below for one in shared]).T if shared else none
    upper, lower = _kept_by_own(program, own, spend)
    exact = np.array([_is_exact(one.limit) for one in shared], dtype=bool)
    used = spend > _ACTIVE * spend.max(initial=0.0)
    known = Multipliers(Moves((gain[0], gain[1]), (above, below), ~upper, ~lower & used, exact))
    both_sides = [*_shared_prices(known, shared), *_own_prices(known, own, (gain[0], gain[1]), (above, below), spend)]
    prices = tuple(Price(limit, *(program.goal.sign * side for side in sides)) for limit, *sides in both_sides)
    return Prices(prices, _needed_slope(program, [one.row for one in shared], known.point, spend, customers))


def _shared(program: Program, spend: Array, customers: Array, slopes: Slopes) -> Iterator[_Shared]:
    """Rows that bind; of the two rows of an exact amount one, whose price may have either sign."""
    seen: set[Limit | str] = set()
    for row in program.rows:
        if row.violation(spend, customers) > -_ACTIVE and not (_is_exact(row.limit) and row.limit in seen):
            seen.add(row.limit)
            above, below = (row.gradient(slope) for slope in slopes)
            yield _Shared(row.limit, row.relief_at(spend, customers), row, above, below)
    for part in program.lazy:
        for above_row, below_row in part.touching(program.setting, spend):
            above, below = above_row.gradient(slopes.after), below_row.gradient(slopes.before)
            yield _Shared(above_row.limit, above_row.relief_at(spend, customers), above_row, above, below)


def _own(program: Program, spend: Array, implied: set[Limit | str]) -> list[Bound]:
    """Bounds of single channels that bind, ends of gaps among them; those that a shared row implies left out."""
    ends = [end for gap in program.gaps for end in (gap.below, gap.above) if gap.ends[0] < gap.ends[1] and end.room]
    stated = [bound for bound in (*program.bounds, *ends) if bound.limit not in implied]
    if not stated:
        return []
    is_end = np.arange(len(stated)) >= len(stated) - sum(end.limit not in implied for end in ends)
    rooms, signs = np.array([b.room for b in stated]), np.array([b.sign for b in stated])
    at = spend[[b.channel for b in stated]]
    off = signs * at - rooms
    size = np.abs(rooms) + np.abs(at)
    # beyond a gap its near end is exceeded, and rightly so
    binds = (off >= -_ACTIVE * size) & (~is_end | (off <= _ACTIVE * size))
    return [stated[place] for place in np.flatnonzero(binds)]


def _kept_by_own(program: Program, own: list[Bound], spend: Array) -> tuple[Mask, Mask]:
    """Channels that something of their own keeps from rising, and from falling."""
    upper: Mask = np.zeros(len(spend), dtype=bool)
    lower = np.zeros(len(spend), dtype=bool)
    for gap in program.gaps:  # as stated: a gap that no limit lets the channel cross keeps it all the same
        low, high = gap.ends
        if low < high and abs(spend[gap.channel] - low) <= _ACTIVE * low:
            upper[gap.channel] = True
    for bound in own:
        if bound.sign > 0:
            upper[bound.channel] = True
        else:
            lower[bound.channel] = True
    return upper, lower


def _is_exact(limit: Limit | str) -> bool:
    return isinstance(limit, Limit) and limit.side is Side.EXACTLY


def _shared_prices(known: Multipliers, shared: list[_Shared]) -> Iterator[tuple[Limit | str, float, float]]:
    for limit in dict.fromkeys(one.limit for one in shared):
        direction = np.array([one.relief * (one.limit == limit) for one in shared])
        yield limit, *known.range(direction)


def _own_prices(
    known: Multipliers,
    own: list[Bound],
    gain: tuple[Array, Array],
    rows: tuple[Array, Array],
    spend: Array,
) -> Iterator[tuple[Limit | str, float, float]]:
    """What is left of a channel's own slope once the shared rows have their price."""
    sides: dict[tuple[int, float], set[Limit | str]] = {}
    for bound in own:
        sides.setdefault((bound.channel, bound.sign), set()).add(bound.limit)
    done: set[tuple[int, Limit | str]] = set()
    for bound in own:
        c = bound.channel
        if (c, bound.limit) in done:
            continue
        done.add((c, bound.limit))
        both = _is_exact(bound.limit)
        rise = float(gain[0][c]) - known.range(rows[0][c])[1]
        fall = float(gain[1][c]) - known.range(rows[1][c])[0]
        if spend[c] <= 0:  # nothing has no other side
            fall = rise
        alone = all(sides[c, sign] == {bound.limit} for sign in ((1.0, -1.0) if both else (bound.sign,)))
        zero = np.zeros(0)
        relief = 1.0 if both else bound.relief_at(zero, zero) * bound.sign
        if not both:  # one side only: a bound that is moved out is worth nothing where the channel stays
            rise, fall = (max(rise, 0.0), max(fall, 0.0)) if bound.sign > 0 else (min(rise, 0.0), min(fall, 0.0))
        if not alone:  # another limit stands at the same amount: moving this one out alone changes nothing
            rise, fall = (0.0, fall) if bound.sign > 0 else (rise, 0.0)
        yield bound.limit, *((rise * relief, fall * relief) if relief >= 0 else (fall * relief, rise * relief))


def _needed_slope(program: Program, rows: list[Row], multipliers: Array, spend: Array, customers: Array) -> Array:
    goal = program.goal
    if goal.is_ratio:
        won = goal.business.customers(customers.sum())
        cost = np.full(len(spend), 1 / won)
        worth = np.full(len(spend), goal.business.cac(spend.sum(), won) / won)
    else:
        cost, worth = goal.per_spend.copy(), goal.per_customer.copy()
    for row, price in zip(rows, multipliers, strict=True):
        cost += price * row.per_spend
        worth += price * row.per_customer
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(worth > 0, cost / worth, np.inf)
