"""The independent check: promises and limits as they are stated, held against the spend that came out.

Nothing here is taken from the compiler or a solver: each kind of promise is read from its own words, customers are
asked of each channel's curve, and sums are exact. A promise is kept where it is missed by no more than a billionth of
its figure and what rounding of the amounts summed costs. A constraint of one's own is read by its own rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, singledispatch
from math import fsum, inf
from typing import Any

import numpy as np

from attribution.economics.cac import Business
from attribution.errors import BadInput, BrokenPromise, Problem
from attribution.numbers import plain
from mmm.curves import ResponseCurves
from mmm.curves.base import Family
from optimizer.answer.misses import Miss
from optimizer.question.constraints import Budget, Change, Customers, MaxCAC, Pacing
from optimizer.question.groups import AgainstNow, AverageCAC, MarginalCAC, ShareOfSpend, SpendLimits, ZeroOrAtLeast
from optimizer.question.limits import Limit, Side, Subject, Unit, labels
from optimizer.question.objectives import BlendedCAC, Objective, Profit, Spend
from optimizer.question.program import Bound, Constraint, Row
from optimizer.question.setting import Setting

__all__ = ["KEPT", "Spent", "missed", "refuse_broken", "refuse_false", "worst"]

KEPT = 1e-9
"""Share of its figure by which a promise may be missed and still counts as kept."""

_ROUNDING = 16 * float(np.finfo(float).eps)  # of the amounts that a sum adds up


@dataclass(frozen=True)
class Spent:
    """Spend as it came out.

    Parameters
    ----------
    setting
        Curves, business and current spend as the user stated them; a constraint of one's own is read against it.
    amounts
        Currency over the horizon, by channel.
    won, slope
        Expected customers of a channel, and its customers per last unit of currency.
    """

    setting: Setting
    amounts: Mapping[str, float]
    won: Callable[[str], float]
    slope: Callable[[str], float]

    @classmethod
    def on_curves(cls, setting: Setting, amounts: Mapping[str, float]) -> Spent:
        """Spend over the horizon, its customers read from each channel's own curve."""
        curves = setting.curves

        @cache
        def all_won() -> dict[str, float]:
            return _won(curves, amounts)

        def won(channel: str) -> float:
            return all_won()[channel]

        def slope(channel: str) -> float:
            # of the last unit spent, to a billionth of the spend: a table's slope breaks at its rows
            near = amounts[channel] * np.array([1 - KEPT, 1.0, 1 + KEPT])
            return float(curves[channel].mean_marginal(np.maximum(near, 0.0)).max())

        return cls(setting, amounts, won, slope)

    @property
    def business(self) -> Business:
        """Fixed cost, and organic customers expected."""
        return self.setting.business

    @cached_property
    def total(self) -> float:
        """Spend over all channels."""
        return fsum(self.amounts.values())

    @cached_property
    def customers(self) -> float:
        """Expected customers, organic ones included."""
        return float(self.business.organic) + fsum(self.won(channel) for channel in self.amounts)

    @property
    def cac(self) -> float:
        """The blended CAC."""
        return _cost(float(self.business.outlay(self.total)), self.customers)

    def of(self, members: Iterable[str]) -> list[float]:
        """Spend of some channels, each once."""
        return [self.amounts[channel] for channel in dict.fromkeys(members)]

    def present(self, where: str) -> dict[str, float]:
        """Current spend by channel."""
        if self.setting.now is None:
            raise BadInput(Problem(where, "is relative to current spend, which the plan does not state."))
        return dict(zip(self.setting.channels, self.setting.now.tolist(), strict=True))


def _won(curves: ResponseCurves, amounts: Mapping[str, float]) -> dict[str, float]:
    """Expected customers by channel; plain curves of one family are asked at once, as draws of one curve."""
    families: dict[type[Family], list[str]] = {}
    known: dict[str, float] = {}
    for channel, curve in curves.items():
        if isinstance(curve, Family) and not curves.n_draws:
            families.setdefault(type(curve), []).append(channel)
        else:
            known[channel] = float(curve.mean(max(amounts[channel], 0.0)))
    for family, members in families.items():
        own: list[Any] = [curves[channel] for channel in members]
        curve = family(**{name: [getattr(one, name) for one in own] for name in own[0].parameter_names})
        spend = np.maximum([amounts[channel] for channel in members], 0.0)
        known |= dict(zip(members, curve.at_draws(spend)[0].tolist(), strict=True))
    return known


@dataclass(frozen=True)
class _Reading:
    """A limit, by how much it is exceeded (negative where it is kept), its size, and the amounts that were summed."""

    limit: Limit | str
    by: float
    size: float
    summed: float = 0.0

    @property
    def is_broken(self) -> bool:
        return not self.by <= KEPT * self.size + _ROUNDING * self.summed


def missed(constraints: Sequence[Constraint], spent: Spent) -> tuple[Miss, ...]:
    """All promises and limits that the spend does not keep; each once, at its worst.

    Parameters
    ----------
    constraints
        As they were stated.
    spent
        The spend that came out.
    """
    readings = [*_possible(spent), *(found for part in constraints for found in _read(part, spent))]
    return worst((found.limit, found.by) for found in readings if found.is_broken)


def worst(broken: Iterable[tuple[Limit | str, float]]) -> tuple[Miss, ...]:
    """Each broken limit once, at the largest amount by which it is missed."""
    most: dict[Limit | str, float] = {}
    for limit, by in broken:
        most[limit] = max(by, most.get(limit, by))
    return tuple(Miss(limit, by) for limit, by in most.items())


def refuse_broken(misses: Sequence[Miss]) -> None:
    """Refuse to hand out what breaks a promise.

    Raises
    ------
    BrokenPromise
        Where there is any miss; the message names each, and by how much.
    """
    if misses:
        named = zip(labels([miss.limit for miss in misses]), misses, strict=True)
        raise BrokenPromise([f"{label} (by {_written(miss)})" for label, miss in named])


def refuse_false(objective: Objective, spent: Spent, value: float, customers: float) -> None:
    """Refuse figures that are not those of the spend: its customers, and the objective's figure in its own unit.

    Raises
    ------
    BrokenPromise
        Where a figure stated is off by more than a billionth of the amounts that it is made of.
    """
    stated = [("customers", customers, spent.customers, spent.customers)]
    own = _figure(objective, spent)
    if own is not None:
        stated.append((f"the figure {objective.unit}", value, *own))
    wrong = [
        f"{name} (stated {given:.12g}, truly {true:.12g})"
        for name, given, true, size in stated
        if not (given == true or abs(given - true) <= KEPT * abs(size))
    ]
    if wrong:
        raise BrokenPromise(wrong)


def _figure(objective: Objective, spent: Spent) -> tuple[float, float] | None:
    """The objective's figure from its own words, and the amounts it is made of; None for one of the user's own."""
    if isinstance(objective, BlendedCAC):
        return (spent.cac, spent.cac) if spent.customers > 0 else (inf, inf)
    if isinstance(objective, Customers):
        return spent.customers, spent.customers
    if isinstance(objective, Spend):
        return spent.total, spent.total
    if isinstance(objective, Profit):
        worth = dict(zip(spent.setting.channels, objective.values(spent.setting.channels).tolist(), strict=True))
        each = objective.value_per_organic
        if each is None:
            each = 0.0 if isinstance(objective.value_per_customer, Mapping) else float(objective.value_per_customer)
        gained = fsum([each * float(spent.business.organic), *(worth[c] * spent.won(c) for c in spent.amounts)])
        outlay = float(spent.business.outlay(spent.total))
        return gained - outlay, gained + outlay
    return None


def _written(miss: Miss) -> str:
    if isinstance(miss.limit, Limit) and miss.limit.unit is Unit.SHARE:
        return f"{100 * miss.by:.3g} points"
    return plain(miss.by) if abs(miss.by) >= 1 else f"{miss.by:.3g}"


def _possible(spent: Spent) -> Iterator[_Reading]:
    for channel, amount in spent.amounts.items():
        if not 0 <= amount < inf:
            limit = Limit(_channel(channel), Side.AT_LEAST, 0.0, Unit.CURRENCY)
            yield _Reading(limit, -amount if amount < 0 else inf, 0.0)


@singledispatch
def _read(part: Constraint, spent: Spent) -> Iterator[_Reading]:
    """A constraint of one's own: its rows, gaps and further rows, as it states them."""
    setting = spent.setting
    spend = np.array([spent.amounts[channel] for channel in setting.channels])
    for row in part.rows(setting):
        yield _of_bound(row, spend) if isinstance(row, Bound) else _of_row(row, spend, spent)
    for gap in part.gaps(setting):
        either = min((_of_bound(end, spend) for end in (gap.below, gap.above)), key=lambda end: end.by)
        yield _Reading(gap.above.limit, either.by, gap.ends[1])
    cut = part.cut(setting, spend)
    if cut is not None:
        yield _of_row(cut, spend, spent)


def _of_bound(bound: Bound, spend: np.ndarray) -> _Reading:
    return _Reading(bound.limit, float(bound.sign * spend[bound.channel]) - bound.room, abs(bound.room))


def _of_row(row: Row, spend: np.ndarray, spent: Spent) -> _Reading:
    counted = np.flatnonzero(row.per_customer)
    won = [-float(row.per_customer[i]) * spent.won(spent.setting.channels[i]) for i in counted]
    terms = [*(row.per_spend * spend).tolist(), *won, -float(row.room)]
    above, below = fsum(term for term in terms if term > 0), -fsum(term for term in terms if term < 0)
    return _Reading(row.limit, fsum(terms), max(above, below), above + below)


@_read.register
def _(part: Budget, spent: Spent) -> Iterator[_Reading]:
    least, most = (part.exactly, part.exactly) if part.exactly is not None else (part.at_least, part.at_most)
    yield from _between(Subject("budget"), spent.amounts.values(), least, most)


@_read.register
def _(part: MaxCAC, spent: Spent) -> Iterator[_Reading]:
    limit = Limit(Subject("blended CAC"), Side.AT_MOST, part.at_most, Unit.COST_PER_CUSTOMER)
    yield _Reading(limit, spent.cac - part.at_most, part.at_most)


@_read.register
def _(part: Customers, spent: Spent) -> Iterator[_Reading]:
    promised = float(part.at_least or 0.0)
    limit = Limit(Subject("customers"), Side.AT_LEAST, promised, Unit.CUSTOMERS)
    yield _Reading(limit, promised - spent.customers, promised)


@_read.register
def _(part: Change, spent: Spent) -> Iterator[_Reading]:
    now = spent.present("Change")
    if part.at_most is not None:
        for channel, present in now.items():
            if present > 0:  # a share of nothing limits nothing; such a channel needs a limit of its own
                subject = Subject(f"change of {channel}", "", (channel,))
                lower, upper = present * max(1 - part.at_most, 0.0), present * (1 + part.at_most)
                yield from _between(subject, [spent.amounts[channel]], lower, upper)
    if part.total is not None:
        moved = [abs(spent.amounts[channel] - present) for channel, present in now.items()]
        limit = Limit(Subject("change in all"), Side.AT_MOST, part.total, Unit.CURRENCY)
        yield _Reading(limit, fsum(moved) - part.total, part.total, fsum(now.values()) + spent.total)


@_read.register
def _(part: Pacing, spent: Spent) -> Iterator[_Reading]:
    yield from ()  # weeks have a check of their own


@_read.register
def _(part: SpendLimits, spent: Spent) -> Iterator[_Reading]:
    yield from _between(part.subject, spent.of(part.members), part.at_least, part.at_most)


@_read.register
def _(part: AgainstNow, spent: Spent) -> Iterator[_Reading]:
    now = spent.present(part.subject.name)
    present = fsum(now[channel] for channel in dict.fromkeys(part.members))
    least, most = (None if share is None else share * present for share in (part.at_least, part.at_most))
    yield from _between(part.subject.about("against now"), spent.of(part.members), least, most)


@_read.register
def _(part: ShareOfSpend, spent: Spent) -> Iterator[_Reading]:
    share = fsum(spent.of(part.members)) / spent.total if spent.total > 0 else None
    subject = part.subject.about("share")
    if share is not None and part.at_least is not None:
        limit = Limit(subject, Side.AT_LEAST, part.at_least, Unit.SHARE)
        yield _Reading(limit, part.at_least - share, part.at_least, 1.0)
    if share is not None and part.at_most is not None:
        yield _Reading(Limit(subject, Side.AT_MOST, part.at_most, Unit.SHARE), share - part.at_most, part.at_most, 1.0)


@_read.register
def _(part: ZeroOrAtLeast, spent: Spent) -> Iterator[_Reading]:
    yield from _between(part.subject, spent.of(part.members), None, part.at_most)
    for channel in dict.fromkeys(part.members):
        yield from _entry(channel, float(part.at_least or 0.0), spent.amounts[channel])


@_read.register
def _(part: AverageCAC, spent: Spent) -> Iterator[_Reading]:
    most = float(part.at_most or 0.0)
    won = fsum(spent.won(channel) for channel in dict.fromkeys(part.members))
    limit = Limit(part.subject.about("CAC"), Side.AT_MOST, most, Unit.COST_PER_CUSTOMER)
    yield _Reading(limit, _cost(fsum(spent.of(part.members)), won) - most, most)


@_read.register
def _(part: MarginalCAC, spent: Spent) -> Iterator[_Reading]:
    most = float(part.at_most or 0.0)
    for channel in dict.fromkeys(part.members):
        if spent.amounts[channel] > 0:
            subject = _channel(channel).about("marginal CAC")
            limit = Limit(subject, Side.AT_MOST, most, Unit.COST_PER_CUSTOMER)
            yield _Reading(limit, _cost(1.0, spent.slope(channel)) - most, most)


def _between(
    subject: Subject, spend: Iterable[float], at_least: float | None, at_most: float | None
) -> Iterator[_Reading]:
    total = fsum(spend)
    exactly = at_least is not None and at_least == at_most
    if at_least is not None:
        limit = Limit(subject, Side.EXACTLY if exactly else Side.AT_LEAST, at_least, Unit.CURRENCY)
        yield _Reading(limit, at_least - total, at_least)
    if at_most is not None:
        limit = Limit(subject, Side.EXACTLY if exactly else Side.AT_MOST, at_most, Unit.CURRENCY)
        yield _Reading(limit, total - at_most, at_most)


def _entry(channel: str, least: float, spend: float) -> Iterator[_Reading]:
    if spend > 0:
        yield _Reading(Limit(_channel(channel), Side.ZERO_OR_AT_LEAST, least, Unit.CURRENCY), least - spend, least)


def _channel(name: str) -> Subject:
    return Subject(name, "channel", (name,))


def _cost(outlay: float, customers: float) -> float:
    """Cost per customer; nothing costs nothing, and what brings nobody has no price."""
    return outlay / customers if customers > 0 else (inf if outlay > 0 else 0.0)
