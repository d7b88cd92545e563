"""How a limit on the spend of some channels becomes rows and bounds, and the checks of the amounts stated."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Real

import numpy as np

from attribution.errors import BadInput, Problem, UnknownChannel, bounded
from attribution.numbers import plain
from mmm.arrays import Array
from optimizer.question.limits import Limit, Side, Subject, Unit
from optimizer.question.program import Bound, Row
from optimizer.question.setting import Setting

__all__ = [
    "check_amounts",
    "check_numbers",
    "check_positive",
    "current_spend",
    "indicator",
    "limits_on",
    "places_of",
    "rows_between",
]


def limits_on(setting: Setting, subject: Subject, at_least: float | None, at_most: float | None) -> list[Row | Bound]:
    """Limits on the spend of a subject's members: bounds where it is one channel, rows otherwise."""
    members = places_of(setting, subject)
    if len(members) == 1:
        sides = _sides(subject, at_least, at_most)
        return [Bound(limit, members[0], sign, sign * limit.figure, sign) for limit, sign in sides]
    return rows_between(subject, indicator(setting, members), at_least, at_most)


def rows_between(
    subject: Subject, per_spend: Array, at_least: float | None, at_most: float | None
) -> list[Row | Bound]:
    """A lower and an upper limit on a weighted sum of spend, as rows."""
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


def indicator(setting: Setting, indices: list[int]) -> Array:
    """Ones at some places, shape (channels,)."""
    row = np.zeros(len(setting.channels))
    row[indices] = 1.0
    return row


def places_of(setting: Setting, subject: Subject) -> list[int]:
    """The places of a subject's members, each once.

    Raises
    ------
    UnknownChannel
    """
    for channel in subject.members:
        if channel not in setting.places:
            raise UnknownChannel(channel, known=setting.channels, where=subject.name)
    return list(dict.fromkeys(setting.places[channel] for channel in subject.members))


def current_spend(setting: Setting, where: str) -> Array:
    """Current spend, which a limit relative to it needs, shape (channels,).

    Raises
    ------
    BadInput
        Where the plan does not state it.
    """
    if setting.now is None:
        remedy = "give Plan(now={channel: current spend})."
        raise BadInput(Problem(where, "is relative to current spend, which the plan does not state.", remedy=remedy))
    return setting.now


def check_amounts(owner: str, *amounts: float | None, ordered: bool = False) -> None:
    """Refuse amounts that are negative or not finite, and a lower limit above an upper one."""
    stated = [amount for amount in amounts if amount is not None]
    check_numbers(owner, *stated)
    if any(not 0 <= amount < np.inf for amount in stated):
        raise BadInput(Problem(owner, f"amounts must be finite and not negative, got {stated}."))
    if ordered and stated != sorted(stated):
        raise BadInput(Problem(owner, f"the lower limit {plain(stated[0])} exceeds the upper one {plain(stated[-1])}."))


def check_numbers(owner: str, *amounts: object) -> None:
    """Refuse what is no single number, such as an amount in quotes."""
    for amount in amounts:
        if not isinstance(amount, Real):
            raise BadInput(
                Problem(owner, f"{bounded(repr(amount), 80)} is no number.", remedy="write it plainly, 5_000.")
            )


def check_positive(owner: str, amount: float) -> None:
    """Refuse an amount that is not positive and finite."""
    check_numbers(owner, amount)
    if not 0 < amount < np.inf:
        raise BadInput(Problem(owner, f"must be positive and finite, got {amount}."))
