"""From events to paths: which touches belong to which conversion, as one Ibis expression."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.dialects import bucket_of, in_doubles

if TYPE_CHECKING:
    import ibis

    from attribution.reading.channel_rules import ChannelRules
    from attribution.reading.identity_map import IdentityMap

__all__ = ["BUCKETS", "DAY", "PathRules", "micros", "touches_of"]

BUCKETS = 1_000
DAY = 86_400_000_000
_OWN = {"user", "part", "expired", "step", "length", "age", "conversions", "nulls", "value", "ended", "bucket"} | {
    "converts", "window", "since", "after", "starts", "converted_at", "won", "worth", "interaction",
}  # fmt: skip


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


@dataclass(frozen=True)
class PathRules:
    """How touches become paths.

    Every touch belongs to exactly one path. A path ends at a conversion, or where its user stays silent for longer
    than the idle gap. A touch whose conversion comes later than its window is not part of the converting path; it
    and its like form a path that did not convert.

    Parameters
    ----------
    idle_gap
        Silence that ends a path; None: the longest lookback window, past which no touch could be credited anyway.
    lookback_of
        Windows of kinds of interaction that differ from the common one, such as ``{"view": "1D"}``.
    kinds
        Kinds of conversion that count; None for all. Others neither count nor end a path.
    first_only
        Whether only a person's first conversion counts. Later ones neither count nor end a path, and touches after it
        are left out: whoever is a customer is not won again.
    segments
        Columns of the touchpoints to keep results apart by; a path belongs to the value of its first touch.
    identity
        Which user ids are the same person.
    channels
        How source, medium and campaign make channels; None where the log names them.
    """

    idle_gap: str | None = None
    lookback_of: Mapping[str, str] | None = None
    kinds: tuple[str, ...] | None = None
    first_only: bool = False
    segments: tuple[str, ...] = ()
    identity: IdentityMap | None = None
    channels: ChannelRules | None = None

    def __post_init__(self) -> None:
        if self.idle_gap is not None:
            micros(self.idle_gap, "idle_gap")
        for kind, own in (self.lookback_of or {}).items():
            micros(own, f"lookback_of[{kind!r}]")

    def window(self, lookback: str, interaction: str | None) -> int:
        """Lookback of a kind of interaction, in microseconds."""
        own = (self.lookback_of or {}).get(interaction or "")
        return micros(lookback, "lookback") if own is None else micros(own, f"lookback_of[{interaction!r}]")

    def gap(self, lookback: str) -> int:
        """Silence that ends a path, in microseconds."""
        if self.idle_gap is not None:
            return micros(self.idle_gap, "idle_gap")
        return max(self.window(lookback, kind) for kind in (None, *(self.lookback_of or {})))


def touches_of(
    touchpoints: ibis.Table, conversions: ibis.Table, channels: ibis.Table, lookback: str, rules: PathRules
) -> ibis.Table:
    """One row per touch with the path it belongs to and what became of the path.

    Parameters
    ----------
    touchpoints
        ``user``, ``time``, ``channel``, the segments and perhaps ``interaction``.
    conversions
        ``user``, ``time``, ``conversions``, ``value``: at most one row per user and time.
    channels
        ``channel`` and its ``id``.
    lookback
        Common window.
    rules
        The rest of what makes a path.

    Returns
    -------
    ibis.Table
        ``user``, ``part``, ``expired`` (together the path), ``time``, ``channel`` (id), ``step`` (from 0),
        ``length``, ``age`` (days before the conversion, or before the last touch of a path without one),
        ``conversions``, ``nulls``, ``value`` (of the whole path), ``ended`` (microseconds), ``bucket``, and the
        segments, of which a path has those of its first touch.
    """
    import ibis

    for name in rules.segments:
        if name in _OWN:
            remedy = "rename the column, or group the log under another name."
            raise BadInput(Problem("touchpoints", "is a name that paths use themselves.", name, remedy=remedy))
    window = micros(lookback, "lookback")
    gap = rules.gap(lookback)
    events = _events(touchpoints, conversions, channels, window, rules)
    order = ["time", "converts", "channel"]
    by_user = ibis.window(group_by="user", order_by=order)
    seen = events.mutate(
        since=events.time - events.time.lag(1).over(by_user), after=events.converts.lag(1).over(by_user)
    )
    starts = ((seen.after == 1) | (seen.since > gap)).ifelse(1, 0)
    parted = seen.mutate(starts=starts.fill_null(0))
    so_far = ibis.range_window(group_by="user", order_by=order, following=0)  # repeats, in any order, stay together
    parted = parted.mutate(part=parted.starts.sum().over(so_far))
    whole = ibis.window(group_by=["user", "part"])
    ended = (parted.converts == 1).ifelse(parted.time, ibis.null("int64")).max().over(whole)
    valued = parted.mutate(
        converted_at=ended,
        won=parted.conversions.sum().over(whole),
        worth=parted.value.sum().over(whole),
    )
    expired = (valued.converted_at - valued.time > valued.window).fill_null(False)
    touches = valued.mutate(expired=expired.ifelse(1, 0)).filter(valued.converts == 0)
    return in_doubles(_numbered(touches, rules.segments))


def _events(
    touchpoints: ibis.Table, conversions: ibis.Table, channels: ibis.Table, window: int, rules: PathRules
) -> ibis.Table:
    import ibis

    length: Any = ibis.literal(window)
    if rules.lookback_of:
        for kind, own in rules.lookback_of.items():
            length = (touchpoints.interaction == kind).ifelse(micros(own, f"lookback_of[{kind!r}]"), length)
    coded = touchpoints.mutate(window=length).join(channels, "channel")
    touched = coded.select(
        user=coded.user,
        time=coded.time,
        converts=ibis.literal(0),
        channel=coded.id,
        conversions=ibis.literal(0.0),
        value=ibis.literal(0.0),
        window=coded.window.cast("int64"),
        interaction=coded.interaction.cast("string").fill_null("") if rules.lookback_of else ibis.literal(""),
        **{name: coded[name].cast("string").fill_null("") for name in rules.segments},
    )
    converted = conversions.select(
        user=conversions.user,
        time=conversions.time,
        converts=ibis.literal(1),
        channel=ibis.literal(-1).cast("int64"),
        conversions=conversions.conversions.cast("float64"),
        value=conversions.value.cast("float64"),
        window=ibis.literal(0).cast("int64"),
        interaction=ibis.literal(""),
        **{name: ibis.literal("") for name in rules.segments},
    )
    return ibis.union(touched, converted, distinct=False)


def _numbered(touches: ibis.Table, segments: Sequence[str]) -> ibis.Table:
    import ibis

    path = ["user", "part", "expired"]
    in_order = ibis.window(group_by=path, order_by=["time", "channel", "interaction", *segments])
    whole = ibis.window(group_by=path)
    alive = touches.expired == 0
    ended = alive.ifelse(touches.converted_at, ibis.null("int64")).fill_null(touches.time.max().over(whole))
    won = alive.ifelse(touches.won, 0.0)
    return touches.select(
        "user",
        "part",
        "expired",
        "time",
        "channel",
        step=ibis.row_number().over(in_order),
        length=touches.count().over(whole),
        age=(ended - touches.time).cast("float64") / float(DAY),
        conversions=won,
        nulls=(won == 0).ifelse(1.0, 0.0),
        value=alive.ifelse(touches.worth, 0.0),
        ended=ended,
        bucket=bucket_of(touches.user, BUCKETS, touches),
        **{name: _named(touches[name].first().over(in_order)) for name in segments},
    )


def _named(segment: Any) -> Any:
    return (segment == "").ifelse("(none)", segment)
