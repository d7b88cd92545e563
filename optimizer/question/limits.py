"""A limit as a value: what it limits, from which side, at which figure, in which unit; its sentence is its ``str``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from attribution.numbers import plain, typed_share

__all__ = ["Limit", "Side", "Subject", "Unit", "irreducible", "labels"]

Key = TypeVar("Key")


class Side(Enum):
    """From which side a figure limits; the value is the word for it."""

    AT_MOST = "at most"
    AT_LEAST = "at least"
    EXACTLY = "exactly"
    ZERO_OR_AT_LEAST = "zero or at least"


class Unit(Enum):
    """What a limit's figure counts."""

    CURRENCY = "currency"
    SHARE = "share of spend"
    CUSTOMERS = "customers"
    COST_PER_CUSTOMER = "currency per customer"
    OWN = "a unit of its own"

    def written(self, figure: float) -> str:
        """A figure as sentences write it."""
        return typed_share(figure) if self is Unit.SHARE else plain(figure)

    def step(self, change: float) -> str:
        """A change of a figure as sentences write it."""
        return f"{plain(change * 100)} points" if self is Unit.SHARE else plain(change)


@dataclass(frozen=True)
class Subject:
    """What a limit limits.

    Parameters
    ----------
    name
        How sentences call it.
    kind
        What it is, such as "channel" or "group"; sentences say so only where two subjects have one name.
    members
        Its channels; empty for all of them.
    """

    name: str
    kind: str = ""
    members: tuple[str, ...] = ()

    def about(self, figure: str) -> Subject:
        """A figure of the subject other than its spend, such as its share or its CAC."""
        return Subject(f"{self.name} {figure}", self.kind, self.members)


@dataclass(frozen=True)
class Limit:
    """One promise or limit of a plan; rows, bounds, prices and broken promises refer to it.

    Parameters
    ----------
    subject
        What it limits.
    side
        From which side.
    figure
        The amount stated.
    unit
        What the figure counts.

    Examples
    --------
    >>> str(Limit(Subject("search", "channel"), Side.AT_MOST, 50_000, Unit.CURRENCY))
    'search at most 50,000'
    """

    subject: Subject
    side: Side
    figure: float
    unit: Unit

    def __str__(self) -> str:
        return f"{self.subject.name} {self.side.value} {self.unit.written(self.figure)}"

    def with_kind(self) -> str:
        """The sentence, opened by what the subject is."""
        return f"{self.subject.kind} {self}".lstrip()

    def in_full(self) -> str:
        """The sentence with what the subject is, its members, and every digit of the figure."""
        members = f" ({', '.join(self.subject.members)})" if self.subject.members else ""
        return f"{self.subject.kind} {self.subject.name}{members} {self.side.value} {self.figure!r}".lstrip()


def labels(limits: Sequence[Limit | str]) -> list[str]:
    """A label for each limit, all different: its sentence, and more only where two limits' sentences agree.

    A plain text in place of a limit is its own label; the last resort between texts that agree is a number.
    """
    texts = [str(limit) for limit in limits]
    for fuller in (Limit.with_kind, Limit.in_full):
        shared = {text for text in texts if texts.count(text) > 1}
        if not shared:
            return texts
        texts = [
            fuller(limit) if text in shared and isinstance(limit, Limit) else text
            for text, limit in zip(texts, limits, strict=True)
        ]
    before = [texts[:place].count(text) for place, text in enumerate(texts)]
    return [f"{text} ({count + 1})" if count else text for text, count in zip(texts, before, strict=True)]


def irreducible(limits: Sequence[Key], clash: Callable[[set[Key]], bool]) -> list[Key]:
    """The limits that are left once all have been dropped for good without which the others still clash.

    What is left clashes, and would not without any one of its members: the deletion filter of Chinneck and Dravnieks
    (1991), by halves. Those that come first are dropped first.

    >>> irreducible(["at least 9", "at most 8", "at most 5", "at least 3"], lambda left: len(left) >= 2)
    ['at most 5', 'at least 3']
    """
    left = set(limits)

    def drop(some: Sequence[Key], needed: bool) -> None:
        """Drop what can be spared of ``some``; ``needed`` where not all of it can."""
        if not needed and clash(left.difference(some)):
            left.difference_update(some)
        elif len(some) > 1:
            half = len(some) // 2
            before = len(left)
            drop(some[:half], False)
            drop(some[half:], len(left) == before - half)

    drop(limits, True)
    return [limit for limit in limits if limit in left]
