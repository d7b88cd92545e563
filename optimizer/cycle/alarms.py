"""Alarms: what a rule says of recent weeks, and how far it asks one to go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from attribution.errors import bounded

__all__ = ["BLENDED", "Alarm", "Level", "worst"]

BLENDED = "blended"
"""What alarms on all customers together name in place of a channel."""


class Level(IntEnum):
    """How far to go."""

    QUIET = 0
    WATCH = 1
    HALVE = 2
    STOP = 3

    @property
    def word(self) -> str:
        """In small letters, as files have it."""
        return self.name.lower()


@dataclass(frozen=True)
class Alarm:
    """What one rule says of one channel, or of all together.

    Parameters
    ----------
    rule
        Stable identifier, such as ``"twelve_months"``.
    subject
        The channel, or ``"blended"``.
    level
        How far to go; quiet where the rule sees nothing.
    value, limit
        The figure and what it is held against; None where a rule has no single figure.
    text
        A sentence for people.
    """

    rule: str
    subject: str
    level: Level
    value: float | None
    limit: float | None
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", bounded(self.text, 2_000))


def worst(alarms: Iterable[Alarm]) -> Level:
    """The highest level of all; quiet where there is none."""
    return max((alarm.level for alarm in alarms), default=Level.QUIET)
