"""Promises and limits of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from attribution.errors import BadInput, Problem, UnknownChannel
from mmm.arrays import Array
from mmm.curves.inverse import spend_at_slope
from optimizer.question.limits import Limit, Side, Subject, Unit
from optimizer.question.objectives import Customers
from optimizer.question.program import Bound, Constraint, Row
from optimizer.question.setting import Setting

__all__ = ["Budget", "Change", "Channel", "Constraint", "Customers", "Group", "MaxCAC", "Pacing"]


_BUDGET = Subject("budget")
_NUDGE = 1e-5  # share by which a cap on marginal CAC is raised to see what that allows


@dataclass(frozen=True)
class Budget(Constraint):
    """Total spend over the horizon.

    Parameters
    ----------
    at_most, at_least, exactly
        Currency; ``exactly`` alone, or one or both of the others.
    """

    at_most: float | None = None
    at_least: float | None = None
    exactly: float | None = None

    def __post_init__(self) -> None:
        stated = [self.at_most, self.at_least, self.exactly]
        if all(amount is None for amount in stated) or (self.exactly is not None and stated.count(None) < 2):
            raise BadInput(Problem("Budget", "needs exactly, or at_most and at_least, or one of these."))
        _check_amounts("Budget", *stated)

    @property
    def limit(self) -> Limit:
        """The limit on spend from above, or from below where none is."""
        sides = {Side.AT_MOST: self.at_most, Side.EXACTLY: self.exactly, Side.AT_LEAST: self.at_least}
        side, amount = next((side, amount) for side, amount in sides.items() if amount is not None)
        return Limit(_BUDGET, side, amount, Unit.CURRENCY)

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """Rows on the sum of spend."""
        ones = np.ones(len(setting.channels))
        if self.exactly is not None:
            return _between(_BUDGET, ones, self.exactly, self.exactly)
        return _between(_BUDGET, ones, self.at_least, self.at_most)


@dataclass(frozen=True)
class MaxCAC(Constraint):
    """A ceiling on the blended CAC: fixed cost + spend <= at_most x (organic + paid customers)."""

    at_most: float

    def __post_init__(self) -> None:
        _check_positive("MaxCAC", self.at_most)

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """One row on spend and customers."""
        ones = np.ones(len(setting.channels))
        room = setting.business.allowance(self.at_most)
        limit = Limit(Subject("blended CAC"), Side.AT_MOST, self.at_most, Unit.COST_PER_CUSTOMER)
        return [Row(limit, ones, self.at_most * ones, room, lambda _, won: setting.organic + float(won.sum()))]


@dataclass(frozen=True)
class Change(Constraint):
    """How far the plan may move from current spend.

    Parameters
    ----------
    at_most
        Share of its current spend by which any channel may rise or fall: 0.3 for 30 %.
    total
        Currency that may be moved in all, the sum of rises and falls.
    """

    at_most: float | None = None
    total: float | None = None

    def __post_init__(self) -> None:
        if self.at_most is None and self.total is None:
            raise BadInput(Problem("Change", "needs at_most (a share per channel) or total (currency)."))
        _check_amounts("Change", self.at_most, self.total)

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """Bounds around current spend."""
        now = _current(setting, "Change")
        rows: list[Row | Bound] = []
        for index, (channel, spend) in enumerate(zip(setting.channels, now.tolist(), strict=True)):
            if self.total is not None:  # implied, and they keep boxes small
                rows.append(Bound(self._total(self.total), index, 1.0, spend + self.total))
                rows.append(Bound(self._total(self.total), index, -1.0, self.total - spend))
            if self.at_most is not None:
                lower, upper = spend * max(1 - self.at_most, 0.0), spend * (1 + self.at_most)
                rows += _on(setting, Subject(f"change of {channel}", "", (channel,)), lower, upper)
        return rows

    @staticmethod
    def _total(amount: float) -> Limit:
        return Limit(Subject("change in all"), Side.AT_MOST, amount, Unit.CURRENCY)

    def cut(self, setting: Setting, spend: Array) -> Row | None:
        """The row of the signs in which ``spend`` departs from now, where it departs too far."""
        if self.total is None:
            return None
        now = _current(setting, "Change")
        moved = spend - now
        if np.abs(moved).sum() <= self.total + 1e-8 * max(self.total, float(np.abs(now).sum())):
            return None
        signs = np.sign(moved)
        return Row(self._total(self.total), signs, 0 * signs, self.total + float(signs @ now))


@dataclass(frozen=True)
class Pacing(Constraint):
    """How fast a channel's weekly spend may rise or fall in a flight plan; no meaning without weeks.

    Parameters
    ----------
    at_most
        Largest change from one week to the next, as a share of the channel's average weekly spend.
    """

    at_most: float

    def __post_init__(self) -> None:
        _check_positive("Pacing", self.at_most)

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """Raises, since totals over the horizon have no pace."""
        raise BadInput(
            Problem("Pacing", "limits changes between weeks, and this plan has none.", remedy="use it in a Flight.")
        )


@dataclass(frozen=True)
class _Bounds(Constraint):
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
        return _on(setting, self.subject, self.at_least, self.at_most)


@dataclass(frozen=True)
class _Relative(_Bounds):
    """The same against current spend."""

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """Rows on the members' spend."""
        now = float(_current(setting, self.subject.name)[_indices(setting, self.subject)].sum())
        least, most = (None if share is None else share * now for share in (self.at_least, self.at_most))
        return _on(setting, self.subject.about("against now"), least, most)


@dataclass(frozen=True)
class _Share(_Bounds):
    """The same as a share of total spend."""

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """Rows on the members' spend less a share of the total."""
        members = _unit(setting, _indices(setting, self.subject))
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
class _ZeroOrAtLeast(_Bounds):
    """Nothing, or at least so much."""

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """The upper bound, where there is one."""
        return _on(setting, self.subject, None, self.at_most)

    def holes(self, setting: Setting) -> dict[int, float]:
        """The least spend of a channel that is used."""
        return {index: float(self.at_least or 0.0) for index in _indices(setting, self.subject)}


@dataclass(frozen=True)
class _AverageCAC(_Bounds):
    """Spend of some channels over the customers they bring."""

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """One row on the members' spend and customers."""
        members = _unit(setting, _indices(setting, self.subject))
        most = float(self.at_most or 0.0)
        limit = Limit(self.subject.about("CAC"), Side.AT_MOST, most, Unit.COST_PER_CUSTOMER)
        return [Row(limit, members, most * members, 0.0, lambda _, won: float(members @ won))]


@dataclass(frozen=True)
class _MarginalCAC(_Bounds):
    """Cost of the last customer of each of some channels, on the expected curve."""

    def rows(self, setting: Setting) -> list[Row | Bound]:
        """An upper bound on each member: the largest spend whose last unit still pays."""
        rows: list[Row | Bound] = []
        for index in _indices(setting, self.subject):
            subject = Subject(setting.channels[index], "channel", (setting.channels[index],)).about("marginal CAC")
            limit = Limit(subject, Side.AT_MOST, float(self.at_most or 0.0), Unit.COST_PER_CUSTOMER)
            end = self._window(setting, index)[1]
            rows.append(Bound(limit, index, 1.0, end, partial(self._relief, setting, index, end)))
        return rows

    def _relief(self, setting: Setting, index: int, end: float, spend: Array, customers: Array) -> float:
        """Spend by which the bound moves out per unit of the cap, from a cap a little higher."""
        further = replace(self, at_most=float(self.at_most or 0.0) * (1 + _NUDGE))
        return (further._window(setting, index)[1] - end) / (float(self.at_most or 0.0) * _NUDGE)

    def holes(self, setting: Setting) -> dict[int, float]:
        """The least spend at which an S-shaped member is cheap enough."""
        found = {index: self._window(setting, index)[0] for index in _indices(setting, self.subject)}
        return {index: least for index, least in found.items() if least > 0}

    def _window(self, setting: Setting, index: int) -> tuple[float, float]:
        return spend_at_slope(setting.curves[setting.channels[index]], 1 / float(self.at_most or 1.0))


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
        _check_amounts(self.name, amount)
        return _Bounds(self.subject, at_most=amount)

    def at_least(self, amount: float) -> Constraint:
        """Spend of the members together at least ``amount``."""
        _check_amounts(self.name, amount)
        return _Bounds(self.subject, at_least=amount)

    def between(self, lower: float, upper: float) -> Constraint:
        """Spend of the members together between two amounts."""
        _check_amounts(self.name, lower, upper, ordered=True)
        return _Bounds(self.subject, lower, upper)

    def relative(self, lower: float = 0.0, upper: float = np.inf) -> Constraint:
        """Spend between multiples of current spend: ``relative(0.8, 1.2)`` allows 20 % either way."""
        _check_amounts(self.name, lower, None if upper == np.inf else upper, ordered=True)
        return _Relative(self.subject, lower, None if upper == np.inf else upper)

    def share(self, at_least: float | None = None, at_most: float | None = None) -> Constraint:
        """Share of total spend, between 0 and 1."""
        _check_amounts(self.name, at_least, at_most, ordered=True)
        if (at_least is None and at_most is None) or max(at_least or 0, at_most or 0) > 1:
            raise BadInput(Problem(self.name, "share takes at_least, at_most or both, between 0 and 1."))
        return _Share(self.subject, at_least, at_most)

    def cac_at_most(self, amount: float) -> Constraint:
        """Spend of the members over the customers they bring at most ``amount``."""
        _check_positive(self.name, amount)
        return _AverageCAC(self.subject, at_most=amount)

    def marginal_cac_at_most(self, amount: float) -> Constraint:
        """Cost of the last customer at most ``amount``, for each member that gets money."""
        _check_positive(self.name, amount)
        return _MarginalCAC(self.subject, at_most=amount)


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
        _check_amounts(self.name, minimum, at_most, ordered=True)
        return _ZeroOrAtLeast(self.subject, minimum, at_most)


def _on(setting: Setting, subject: Subject, at_least: float | None, at_most: float | None) -> list[Row | Bound]:
    """Limits on the spend of a subject's members: bounds where it is one channel, rows otherwise."""
    members = _indices(setting, subject)
    if len(members) == 1:
        sides = _sides(subject, at_least, at_most)
        return [Bound(limit, members[0], sign, sign * limit.figure, sign) for limit, sign in sides]
    return _between(subject, _unit(setting, members), at_least, at_most)


def _between(subject: Subject, per_spend: Array, at_least: float | None, at_most: float | None) -> list[Row | Bound]:
    none = np.zeros_like(per_spend)
    sides = _sides(subject, at_least, at_most)
    return [Row(limit, sign * per_spend, none, sign * limit.figure, sign) for limit, sign in sides]


def _sides(subject: Subject, at_least: float | None, at_most: float | None) -> Iterator[tuple[Limit, float]]:
    """A lower and an upper limit with their signs; one limit twice where they are equal."""
    exactly = at_least is not None and at_least == at_most
    if at_least is not None:
        yield Limit(subject, Side.EXACTLY if exactly else Side.AT_LEAST, at_least, Unit.CURRENCY), -1.0
    if at_most is not None:
        yield Limit(subject, Side.EXACTLY if exactly else Side.AT_MOST, at_most, Unit.CURRENCY), 1.0


def _unit(setting: Setting, indices: list[int]) -> Array:
    row = np.zeros(len(setting.channels))
    row[indices] = 1.0
    return row


def _indices(setting: Setting, subject: Subject) -> list[int]:
    for channel in subject.members:
        if channel not in setting.places:
            raise UnknownChannel(channel, known=setting.channels, where=subject.name)
    return list(dict.fromkeys(setting.places[channel] for channel in subject.members))


def _current(setting: Setting, where: str) -> Array:
    if setting.now is None:
        remedy = "give Plan(now={channel: current spend})."
        raise BadInput(Problem(where, "is relative to current spend, which the plan does not state.", remedy=remedy))
    return setting.now


def _check_amounts(owner: str, *amounts: float | None, ordered: bool = False) -> None:
    stated = [amount for amount in amounts if amount is not None]
    if any(not 0 <= amount < np.inf for amount in stated):
        raise BadInput(Problem(owner, f"amounts must be finite and not negative, got {stated}."))
    if ordered and stated != sorted(stated):
        raise BadInput(Problem(owner, f"the lower limit {stated[0]:,g} exceeds the upper one {stated[-1]:,g}."))


def _check_positive(owner: str, amount: float) -> None:
    if not 0 < amount < np.inf:
        raise BadInput(Problem(owner, f"must be positive and finite, got {amount}."))
