"""From events to paths: which touches belong to which conversion."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from attribution.errors import BadInput
from attribution.reading.formats import zone_of
from attribution.shown import shown

if TYPE_CHECKING:
    import ibis

    from attribution.reading.channel_rules import ChannelRules
    from attribution.reading.identity_map import IdentityMap

__all__ = ["BUCKETS", "DAY", "Collapse", "PathRules", "Zone", "micros"]

BUCKETS = 1_000
DAY = 86_400_000_000


def micros(window: str | dt.timedelta, what: str) -> int:
    """Length of a window in microseconds.

    Examples
    --------
    >>> micros("30D", "lookback") // DAY
    30

    Raises
    ------
    BadInput
        Not a positive length of time, or a number without a unit.
    """
    if not isinstance(window, str | dt.timedelta | np.timedelta64) or _is_bare(window):
        raise BadInput(f"{what}={window!r} has no unit; write '30D', '12h' or '45min'.")
    try:
        length = pd.Timedelta(window)
    except ValueError as error:
        raise BadInput(f"{what}={window!r} is no length of time; write '30D', '12h' or '45min'.") from error
    if pd.isna(length) or length < pd.Timedelta(microseconds=1):
        raise BadInput(f"{what}={window!r} must be longer than zero; write '30D', '12h' or '45min'.")
    return int(length / pd.Timedelta(microseconds=1))


def _is_bare(window: object) -> bool:
    """Whether a text is a number alone, which pandas takes for nanoseconds."""
    try:
        return isinstance(window, str) and math.isfinite(float(window))
    except ValueError:
        return False


Zone = tuple[str | None, tuple[int, int]]
"""Name of a time zone, and first and last moment of a log."""


class Collapse(Protocol):
    """Which touches are one touch; see :mod:`attribution.paths.collapse`."""

    @property
    def reason(self) -> str:
        """What is left out, for the count of exclusions."""

    def apply(self, touched: ibis.Table, ends: ibis.Table, zone: Zone) -> ibis.Table:
        """The touches that stay."""


@shown
@dataclass(frozen=True)
class PathRules:
    """How touches become paths.

    A path ends at a conversion, or where its user stays silent for longer than the idle gap. A touch whose conversion
    comes later than its window is not part of the converting path; it and its like form a path that did not convert.
    So every touch belongs to exactly one path, unless ``ends`` says that some conversions leave their touches to later
    ones.

    Parameters
    ----------
    idle_gap
        Silence that ends a path; None: the longest lookback window, past which no touch could be credited anyway.
    lookback_of
        Windows of kinds of interaction that differ from the common one, such as ``{"view": "1D"}``.
    weight_of
        Weights of kinds of interaction in rules of thumb, such as ``{"view": 0.3}``; 1 for the others. Within a path
        shares are multiplied by them and scaled to one again. Shapley and Markov know no weights.
    rank_of
        Ranks of kinds of interaction, 1 before 2, such as ``{"view": 2}``; 1 for the others. Of a path only the touches
        of the best rank count: views where nothing was clicked.
    last_resort
        Channels whose touches count only in paths that hold nothing else, such as ``("direct",)``, behind any rank.
    exclude
        Channels whose touches are left out before paths are made.
    collapse
        Which touches are one touch: :class:`attribution.Sessions` or :class:`attribution.OncePerDay`; None: none are.
    sequence
        Column of the touchpoints that says in which order touches of one moment came; without it they have none, and
        share.
    kinds
        Kinds of conversion that count; None for all. Others neither count nor end a path.
    first_only
        Whether only a person's first conversion counts. Later ones neither count nor end a path, and touches after it
        are left out: whoever is a customer is not won again.
    ends
        Kinds of conversion that end a path; None for all, ``()`` for none. The others look back on their own: the
        touches before them make their path and are left to later conversions as well.
    segments
        Columns of the touchpoints to keep results apart by; a path belongs to the value of its first touch.
    days_in
        Whose days and months periods are, such as ``"Europe/Berlin"``; None: UTC.
    identity
        Which user ids are the same person.
    channels
        How source, medium and campaign make channels; None where the log names them.

    Raises
    ------
    BadInput
        A weight that is not above zero, a rank below 1, or a time zone that does not exist.
    """

    idle_gap: str | None = None
    lookback_of: Mapping[str, str] | None = None
    weight_of: Mapping[str, float] | None = None
    rank_of: Mapping[str, int] | None = None
    last_resort: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    collapse: Collapse | None = None
    sequence: str | None = None
    kinds: tuple[str, ...] | None = None
    first_only: bool = False
    ends: tuple[str, ...] | None = None
    segments: tuple[str, ...] = ()
    days_in: str | None = None
    identity: IdentityMap | None = None
    channels: ChannelRules | None = None

    def __post_init__(self) -> None:
        for name in ("last_resort", "exclude", "kinds", "ends", "segments"):
            if isinstance(given := getattr(self, name), str):
                raise BadInput(f"{name}={given!r} is one text where several may stand; write ({given!r},).")
        if self.idle_gap is not None:
            micros(self.idle_gap, "idle_gap")
        for kind, own in (self.lookback_of or {}).items():
            micros(own, f"lookback_of[{kind!r}]")
        for kind, weight in (self.weight_of or {}).items():
            if not 0 < weight < float("inf"):
                remedy = "lookback_of leaves such touches out sooner" if weight == 0 else "write 0.3 for a third"
                raise BadInput(f"weight_of[{kind!r}]={weight!r} is no weight above zero; {remedy}.")
        for kind, rank in (self.rank_of or {}).items():
            if not (isinstance(rank, int) and rank >= 1):
                raise BadInput(f"rank_of[{kind!r}]={rank!r} is no rank; write 1 for the first, 2 for the next.")
        if self.days_in is not None:
            zone_of(self.days_in)

    @property
    def interactions(self) -> tuple[str, ...]:
        """Kinds of interaction that a rule names."""
        return tuple(dict.fromkeys([*(self.lookback_of or {}), *(self.weight_of or {}), *(self.rank_of or {})]))

    def weight(self, interaction: str | None) -> float:
        """Weight of a kind of interaction."""
        return float((self.weight_of or {}).get(interaction or "", 1.0))

    def rank(self, channel: str, interaction: str | None) -> int:
        """Rank of a touch: by its interaction, channels of last resort behind all others."""
        ranks = self.rank_of or {}
        behind = max([1, *ranks.values()]) if channel in self.last_resort else 0
        return behind + ranks.get(interaction or "", 1)

    @property
    def ranked(self) -> bool:
        """Whether touches differ in rank."""
        return bool(self.rank_of or self.last_resort)

    def window(self, lookback: str, interaction: str | None) -> int:
        """Lookback of a kind of interaction, in microseconds."""
        own = (self.lookback_of or {}).get(interaction or "")
        return micros(lookback, "lookback") if own is None else micros(own, f"lookback_of[{interaction!r}]")

    def gap(self, lookback: str) -> int:
        """Silence that ends a path, in microseconds."""
        if self.idle_gap is not None:
            return micros(self.idle_gap, "idle_gap")
        return max(self.window(lookback, kind) for kind in (None, *(self.lookback_of or {})))
