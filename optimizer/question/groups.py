"""Limits on one channel, or on several that share one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from attribution.errors import BadInput, Problem
from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves.inverse import spend_at_slope
from optimizer.question.limits import Limit, Side, Subject, Unit
from optimizer.question.program import KEPT, Bound, Constraint, Gap, Row
from optimizer.question.rows import check_amounts, check_positive, current_spend, indicator, limits_on, places_of
from optimizer.question.setting import Setting

__all__ = [
    "AgainstNow",
    "AverageCAC",
    "Channel",
    "Group",
    "MarginalCAC",
    "ShareOfSpend",
    "SpendLimits",
    "ZeroOrAtLeast",
]

_NUDGE = 1e-5  # share by which a cap on marginal CAC is raised to see what that allows


@dataclass(frozen=True)
class SpendLimits(Constraint):
    """Limits on the spend of some channels together, in currency, against now or as a share of the total."""

    subject: Subject
    at_least: float | None = None
    at_most: float | None = None

    @property
    def members(self) -> tuple[str, ...]:
        """The channels limited."""
        return self.subject.members

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """Rows on the members' spend."""
        return limits_on(setting, self.subject, self.at_least, self.at_most)


@dataclass(frozen=True)
class AgainstNow(SpendLimits):
    """The same against current spend."""

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """Rows on the members' spend."""
        now = float(current_spend(setting, self.subject.name)[places_of(setting, self.subject)].sum())
        if self.at_most is not None and now == 0:
            text = "has no current spend, so that every multiple of it is nothing."
            remedy = "give an amount with at_most(...), or zero() to leave it out."
            raise BadInput(Problem(self.subject.name, text, remedy=remedy))
        least, most = (None if share is None else share * now for share in (self.at_least, self.at_most))
        return limits_on(setting, self.subject.about("against now"), least, most)


@dataclass(frozen=True)
class ShareOfSpend(SpendLimits):
    """The same as a share of total spend."""

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """Rows on the members' spend less a share of the total."""
        members = indicator(setting, places_of(setting, self.subject))
        none = np.zeros_like(members)
        subject = self.subject.about("share")
        rows: list[Row | Bound] = []
        if self.at_least is not None:
            limit = Limit(subject, Side.AT_LEAST, self.at_least, Unit.SHARE)
            rows.append(Row(limit, self.at_least - members, none, 0.0, lambda spend, _: -float(spend.sum())))
        if self.at_most is not None:
            limit = Limit(subject, Side.AT_MOST, self.at_most, Unit.SHARE)
            rows.append(Row(limit, members - self.at_most, none, 0.0, lambda spend, _: float(spend.sum())))
        return rows


@dataclass(frozen=True)
class ZeroOrAtLeast(SpendLimits):
    """Nothing, or at least so much."""

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """The upper bound, where there is one."""
        return limits_on(setting, self.subject, None, self.at_most)

    def gaps(self, setting: Setting) -> list[Gap]:
        """Between nothing and the least spend of a channel that is used."""
        least, gaps = float(self.at_least or 0.0), []
        for index in places_of(setting, self.subject):
            channel = setting.channels[index]
            entry = Limit(Subject(channel, "channel", (channel,)), Side.ZERO_OR_AT_LEAST, least, Unit.CURRENCY)
            gaps.append(Gap(Bound(entry, index, 1.0, 0.0, 0.0), Bound(entry, index, -1.0, -least, -1.0)))
        return gaps


@dataclass(frozen=True)
class AverageCAC(SpendLimits):
    """Spend of some channels over the customers they bring."""

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """One row on the members' spend and customers."""
        members = indicator(setting, places_of(setting, self.subject))
        most = float(self.at_most or 0.0)
        limit = Limit(self.subject.about("CAC"), Side.AT_MOST, most, Unit.COST_PER_CUSTOMER)
        return [Row(limit, members, most * members, 0.0, lambda _, won: float(members @ won))]


@dataclass(frozen=True)
class MarginalCAC(SpendLimits):
    """Cost of the last customer of each of some channels, on the expected curve."""

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """An upper bound on each member: the largest spend whose last unit still pays."""
        rows: list[Row | Bound] = []
        for index in places_of(setting, self.subject):
            stretches = self._stretches(setting, index)
            end = stretches[-1][1] if stretches else 0.0
            if end < np.inf:
                rows.append(self._bound(setting, index, 1.0, end))
        return rows

    def gaps(self, setting: Setting) -> list[Gap]:
        """Between the stretches on which a member is cheap enough, the first of which may begin beyond nothing."""
        gaps = []
        for index in places_of(setting, self.subject):
            stretches = self._stretches(setting, index)
            ends = [0.0, *(end for _, end in stretches)]
            for low, (high, _) in zip(ends, stretches, strict=False):
                if high > low:
                    gaps.append(Gap(self._bound(setting, index, 1.0, low), self._bound(setting, index, -1.0, high)))
        return gaps

    def _bound(self, setting: Setting, index: int, sign: float, amount: float) -> Bound:
        subject = Subject(setting.channels[index], "channel", (setting.channels[index],)).about("marginal CAC")
        limit = Limit(subject, Side.AT_MOST, float(self.at_most or 0.0), Unit.COST_PER_CUSTOMER)
        relief = partial(self._relief, setting, index, sign, amount) if amount > 0 else 0.0
        return Bound(limit, index, sign, sign * amount, relief)

    def kept(self, setting: Setting, spend: Array, paid: Array) -> dict[Limit | str, Array]:
        """Whether the last customer of each member that gets money costs no more than the cap, draw by draw."""
        floor = (1 - KEPT) / float(self.at_most or 1.0)
        held: dict[Limit | str, Array] = {}
        for index in places_of(setting, self.subject):
            amount = float(spend[index])
            slope = setting.curves[setting.channels[index]].marginal(amount) if amount > 0 else np.inf
            held[self._bound(setting, index, 1.0, amount).limit] = np.broadcast_to(slope >= floor, (len(paid),))
        return held

    def _relief(self, setting: Setting, index: int, sign: float, amount: float, spend: Array, won: Array) -> float:
        """Spend by which a bound moves out per unit of the cap, from a cap a little higher."""
        further = replace(self, at_most=float(self.at_most or 0.0) * (1 + _NUDGE))._stretches(setting, index)
        ends = [stretch[1 if sign > 0 else 0] for stretch in further]
        moved = min(ends, key=lambda end: abs(end - amount), default=amount)
        return sign * (moved - amount) / (float(self.at_most or 0.0) * _NUDGE) if np.isfinite(moved) else 0.0

    def _stretches(self, setting: Setting, index: int) -> tuple[tuple[float, float], ...]:
        return spend_at_slope(setting.curves[setting.channels[index]], 1 / float(self.at_most or 1.0))


@shown
@dataclass(frozen=True)
class Group:
    """Channels that share a limit.

    Parameters
    ----------
    name
        What messages and shadow prices call the group.
    channels
        Its members.
    """

    name: str
    channels: tuple[str, ...] = field(default=())

    def __init__(self, name: str, channels: Iterable[str]) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "channels", (channels,) if isinstance(channels, str) else tuple(channels))
        if not self.channels:
            raise BadInput(Problem(f"group {name!r}", "has no channels.", remedy="name at least one."))

    @property
    def subject(self) -> Subject:
        """What its limits refer to."""
        return Subject(self.name, "group", self.channels)

    def at_most(self, amount: float) -> Constraint:
        """Spend of the members together at most ``amount``."""
        check_amounts(self.name, amount)
        return SpendLimits(self.subject, at_most=amount)

    def at_least(self, amount: float) -> Constraint:
        """Spend of the members together at least ``amount``."""
        check_amounts(self.name, amount)
        return SpendLimits(self.subject, at_least=amount)

    def between(self, lower: float, upper: float) -> Constraint:
        """Spend of the members together between two amounts."""
        check_amounts(self.name, lower, upper, ordered=True)
        return SpendLimits(self.subject, lower, upper)

    def relative(self, lower: float = 0.0, upper: float = np.inf) -> Constraint:
        """Spend between multiples of current spend: ``relative(0.8, 1.2)`` allows 20 % either way."""
        check_amounts(self.name, lower, None if upper == np.inf else upper, ordered=True)
        return AgainstNow(self.subject, lower, None if upper == np.inf else upper)

    def share(self, at_least: float | None = None, at_most: float | None = None) -> Constraint:
        """Share of total spend, between 0 and 1."""
        check_amounts(self.name, at_least, at_most, ordered=True)
        if (at_least is None and at_most is None) or max(at_least or 0, at_most or 0) > 1:
            raise BadInput(Problem(self.name, "share takes at_least, at_most or both, between 0 and 1."))
        return ShareOfSpend(self.subject, at_least, at_most)

    def cac_at_most(self, amount: float) -> Constraint:
        """Spend of the members over the customers they bring at most ``amount``."""
        check_positive(self.name, amount)
        return AverageCAC(self.subject, at_most=amount)

    def marginal_cac_at_most(self, amount: float) -> Constraint:
        """Cost of the last customer at most ``amount``, for each member that gets money."""
        check_positive(self.name, amount)
        return MarginalCAC(self.subject, at_most=amount)


@shown
@dataclass(frozen=True, init=False)
class Channel(Group):
    """One channel: all that a group offers, and more."""

    def __init__(self, name: str) -> None:
        super().__init__(name, [name])

    @property
    def subject(self) -> Subject:
        """What its limits refer to."""
        return Subject(self.name, "channel", self.channels)

    def fixed(self, amount: float) -> Constraint:
        """Spend of exactly ``amount``."""
        return self.between(amount, amount)

    def zero(self) -> Constraint:
        """No spend at all."""
        return self.between(0.0, 0.0)

    def zero_or_at_least(self, minimum: float, at_most: float | None = None) -> Constraint:
        """No spend, or at least ``minimum``: a channel with a price of entry."""
        check_amounts(self.name, minimum, at_most, ordered=True)
        return ZeroOrAtLeast(self.subject, minimum, at_most)
