"""The design of an on/off test: what has to be known to run it and to read it, as a value and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.shown import shown
from mmm.experiments.schedules import FEWEST_BLOCKS

__all__ = ["KIND", "MOST_CHANGE", "OnOffDesign"]

KIND = "on_off"
MOST_CHANGE = 10.0
"""Times its usual spend by which a test may raise a channel; nobody means more."""
_LONGEST = 1_000  # periods or blocks
_ALL = 1.001  # weights are rounded


class _Unsound(ValueError):
    """A field that no draw gives, in words for its reader."""


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


@shown
@dataclass(frozen=True)
class OnOffDesign:
    """What has to be known to run an on/off test and to read it.

    Parameters
    ----------
    channel
        Whose spend is changed.
    start
        First day.
    days
        Days of a period of the panel, 7 or 1.
    block
        Periods of a block.
    schedule
        1 for blocks whose spend is changed, 0 for usual ones.
    after
        Periods after the last block that are read too, for what carries over.
    change
        Of the channel's usual spend in changed blocks: -1 switches it off.
    seed
        Of the draw; the same arguments and seed give the same schedule.
    weights
        Lag weights assumed of the carryover, its own period's first.
    carryover_error
        How far the measured total may be off because the carryover is another, as a share of it, one standard
        deviation.
    """

    channel: str
    start: str
    days: int
    block: int
    schedule: tuple[int, ...]
    after: int
    change: float
    seed: int
    weights: tuple[float, ...]
    carryover_error: float

    @property
    def periods(self) -> int:
        """Periods of the schedule."""
        return self.block * len(self.schedule)

    @property
    def weeks(self) -> int:
        """Weeks of the schedule."""
        return self.periods * self.days // 7

    @property
    def end(self) -> str:
        """Last day that is read."""
        return self._day(self.periods + self.after, -1)

    def calendar(self) -> pd.DataFrame:
        """One row per block: first and last day, and the change of the channel's spend in it."""
        rows = [
            {
                "channel": self.channel,
                "start": self._day(place * self.block),
                "end": self._day((place + 1) * self.block, -1),
                "spend": "changed" if changed else "usual",
                "change": self.change * changed,
            }
            for place, changed in enumerate(self.schedule)
        ]
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """As JSON types, its kind first."""
        return {"kind": KIND, **asdict(self)}

    @classmethod
    def from_json(cls, text: str, name: str = "design") -> Self:
        """Read what :meth:`to_json` gave, written as text.

        Raises
        ------
        BadInput
            Where the text is no such design.
        """
        remedy = "take the file that the design was written to, as it is."
        try:
            given = json.loads(text)
            if given.pop("kind") != KIND:
                raise ValueError("it is of another kind")
            design = cls(**{**given, "schedule": tuple(given["schedule"]), "weights": tuple(given["weights"])})
            design._check()
            pd.Timestamp(design.start)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            why = f" ({error})" if isinstance(error, _Unsound) else ""
            raise BadInput(Problem(name, f"is no design of an on/off test{why}.", remedy=remedy)) from None
        return design

    def _check(self) -> None:
        """Raise where a field is not what a draw gives."""
        whole = (self.days, self.block, self.after, self.seed, *self.schedule)
        amounts = (*self.weights, self.change, self.carryover_error)
        words = isinstance(self.channel, str) and isinstance(self.start, str)
        if not words or not all(type(one) is int for one in whole) or not all(map(_finite, amounts)):
            raise _Unsound("a field is no number or no text where it has to be")
        if self.days not in (1, 7) or not (1 <= self.block <= _LONGEST and 0 <= self.after <= _LONGEST):
            raise _Unsound("it has impossible lengths")
        if set(self.schedule) != {0, 1} or not FEWEST_BLOCKS <= len(self.schedule) <= _LONGEST or self.seed < 0:
            raise _Unsound("it has no schedule of changed and usual blocks that a seed draws")
        if not (self.change >= -1 and self.change != 0 and self.carryover_error >= 0):
            raise _Unsound("its change of spend is none")
        if min(self.weights, default=-1) < 0 or not 0 < sum(self.weights) <= _ALL:
            raise _Unsound("its weights of carryover are none")

    def _day(self, period: int, more: int = 0) -> str:
        return f"{pd.Timestamp(self.start) + pd.Timedelta(days=period * self.days + more):%Y-%m-%d}"
