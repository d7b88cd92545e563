"""Each kind of promise and limit, read from its own words against the spend that came out.

The second reading of what ``question`` gives to solvers as rows: it shares no line with it. A constraint of one's own
has no second reading and is read by its own rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import singledispatch
from math import fsum, inf

import numpy as np

from mmm.arrays import Array
from optimizer.answer.spent import KEPT, Spent, cost_each
from optimizer.question.constraints import Budget, Change, Customers, MaxCAC, Pacing
from optimizer.question.groups import AgainstNow, AverageCAC, MarginalCAC, ShareOfSpend, SpendLimits, ZeroOrAtLeast
from optimizer.question.limits import Limit, Side, Subject, Unit
from optimizer.question.program import Bound, Constraint, Row
from optimizer.question.weighted import WeightedSpend

__all__ = ["Reading", "possible", "read"]

_ROUNDING = 16 * float(np.finfo(float).eps)  # of the amounts that a sum adds up


@dataclass(frozen=True)
class Reading:
    """A limit, by how much it is exceeded (negative where it is kept), its size, and the amounts that were summed."""

    limit: Limit | str
    by: float
    size: float
    summed: float = 0.0

    @property
    def is_broken(self) -> bool:
        """Whether the limit is exceeded by more than what counts as kept."""
        return not self.by <= KEPT * self.size + _ROUNDING * self.summed


def possible(spent: Spent) -> Iterator[Reading]:
    """What no plan states and every plan has to keep: amounts from nothing upwards."""
    for channel, amount in spent.amounts.items():
        if not 0 <= amount < inf:
            limit = Limit(_channel(channel), Side.AT_LEAST, 0.0, Unit.CURRENCY)
            yield Reading(limit, -amount if amount < 0 else inf, 0.0)


@singledispatch
def read(part: Constraint, spent: Spent) -> Iterator[Reading]:
    """A constraint of one's own: its rows, gaps and further rows, as it states them."""
    setting = spent.setting
    spend = np.array([spent.amounts[channel] for channel in setting.channels])
    for row in part.rows(setting):
        yield _of_bound(row, spend) if isinstance(row, Bound) else _of_row(row, spend, spent)
    for gap in part.gaps(setting):
        either = min((_of_bound(end, spend) for end in (gap.below, gap.above)), key=lambda end: end.by)
        yield Reading(gap.above.limit, either.by, gap.ends[1])
    cut = part.cut(setting, spend)
    if cut is not None:
        yield _of_row(cut, spend, spent)


def _of_bound(bound: Bound, spend: Array) -> Reading:
    return Reading(bound.limit, float(bound.sign * spend[bound.channel]) - bound.room, abs(bound.room))


def _of_row(row: Row, spend: Array, spent: Spent) -> Reading:
    counted = np.flatnonzero(row.per_customer)
    won = [-float(row.per_customer[i]) * spent.won(spent.setting.channels[i]) for i in counted]
    terms = [*(row.per_spend * spend).tolist(), *won, -float(row.room)]
    above, below = fsum(term for term in terms if term > 0), -fsum(term for term in terms if term < 0)
    return Reading(row.limit, fsum(terms), max(above, below), above + below)


@read.register
def _(part: Budget, spent: Spent) -> Iterator[Reading]:
    least, most = (part.exactly, part.exactly) if part.exactly is not None else (part.at_least, part.at_most)
    yield from _between(Subject("budget"), spent.amounts.values(), least, most)


@read.register
def _(part: MaxCAC, spent: Spent) -> Iterator[Reading]:
    limit = Limit(Subject("blended CAC"), Side.AT_MOST, part.at_most, Unit.COST_PER_CUSTOMER)
    yield Reading(limit, spent.cac - part.at_most, part.at_most)


@read.register
def _(part: Customers, spent: Spent) -> Iterator[Reading]:
    promised = float(part.at_least or 0.0)
    limit = Limit(Subject("customers"), Side.AT_LEAST, promised, Unit.CUSTOMERS)
    yield Reading(limit, promised - spent.customers, promised)


@read.register
def _(part: Change, spent: Spent) -> Iterator[Reading]:
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
        yield Reading(limit, fsum(moved) - part.total, part.total, fsum(now.values()) + spent.total)


@read.register
def _(part: Pacing, spent: Spent) -> Iterator[Reading]:
    yield from ()  # weeks have a check of their own


@read.register
def _(part: SpendLimits, spent: Spent) -> Iterator[Reading]:
    yield from _between(part.subject, spent.of(part.members), part.at_least, part.at_most)


@read.register
def _(part: AgainstNow, spent: Spent) -> Iterator[Reading]:
    now = spent.present(part.subject.name)
    present = fsum(now[channel] for channel in dict.fromkeys(part.members))
    least, most = (None if share is None else share * present for share in (part.at_least, part.at_most))
    yield from _between(part.subject.about("against now"), spent.of(part.members), least, most)


@read.register
def _(part: ShareOfSpend, spent: Spent) -> Iterator[Reading]:
    share = fsum(spent.of(part.members)) / spent.total if spent.total > 0 else None
    subject = part.subject.about("share")
    if share is not None and part.at_least is not None:
        limit = Limit(subject, Side.AT_LEAST, part.at_least, Unit.SHARE)
        yield Reading(limit, part.at_least - share, part.at_least, 1.0)
    if share is not None and part.at_most is not None:
        yield Reading(Limit(subject, Side.AT_MOST, part.at_most, Unit.SHARE), share - part.at_most, part.at_most, 1.0)


@read.register
def _(part: WeightedSpend, spent: Spent) -> Iterator[Reading]:
    terms = [weight * spent.amounts[channel] for channel, weight in part.weights.items()]
    for limit, sign in part.sides():
        yield Reading(limit, sign * (fsum(terms) - limit.figure), abs(limit.figure), fsum(map(abs, terms)))


@read.register
def _(part: ZeroOrAtLeast, spent: Spent) -> Iterator[Reading]:
    yield from _between(part.subject, spent.of(part.members), None, part.at_most)
    for channel in dict.fromkeys(part.members):
        yield from _entry(channel, float(part.at_least or 0.0), spent.amounts[channel])


@read.register
def _(part: AverageCAC, spent: Spent) -> Iterator[Reading]:
    most = float(part.at_most or 0.0)
    won = fsum(spent.won(channel) for channel in dict.fromkeys(part.members))
    limit = Limit(part.subject.about("CAC"), Side.AT_MOST, most, Unit.COST_PER_CUSTOMER)
    yield Reading(limit, cost_each(fsum(spent.of(part.members)), won) - most, most)


@read.register
def _(part: MarginalCAC, spent: Spent) -> Iterator[Reading]:
    most = float(part.at_most or 0.0)
    for channel in dict.fromkeys(part.members):
        if spent.amounts[channel] > 0:
            subject = _channel(channel).about("marginal CAC")
            limit = Limit(subject, Side.AT_MOST, most, Unit.COST_PER_CUSTOMER)
            yield Reading(limit, cost_each(1.0, spent.slope(channel)) - most, most)


def _between(
    subject: Subject, spend: Iterable[float], at_least: float | None, at_most: float | None
) -> Iterator[Reading]:
    total = fsum(spend)
    exactly = at_least is not None and at_least == at_most
    if at_least is not None:
        limit = Limit(subject, Side.EXACTLY if exactly else Side.AT_LEAST, at_least, Unit.CURRENCY)
        yield Reading(limit, at_least - total, at_least)
    if at_most is not None:
        limit = Limit(subject, Side.EXACTLY if exactly else Side.AT_MOST, at_most, Unit.CURRENCY)
        yield Reading(limit, total - at_most, at_most)


def _entry(channel: str, least: float, spend: float) -> Iterator[Reading]:
    if spend > 0:
        yield Reading(Limit(_channel(channel), Side.ZERO_OR_AT_LEAST, least, Unit.CURRENCY), least - spend, least)


def _channel(name: str) -> Subject:
    return Subject(name, "channel", (name,))
