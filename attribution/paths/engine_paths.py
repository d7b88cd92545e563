"""The rules of paths as one Ibis expression, for a log that an engine keeps.

The reading of the same rules in memory is :mod:`attribution.paths.fold`; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attribution.errors import BadInput, Problem
from attribution.paths.path_rules import BUCKETS, DAY, PathRules
from attribution.reading.dialects import bucket_of, in_doubles

if TYPE_CHECKING:
    import ibis

__all__ = ["touches_of"]

_PATH = ("user", "part", "expired")
_PATHS = {"step", "length", "age", "conversions", "nulls", "value", "ended", "bucket", "place", "tied", "weight"}
_WORKING = {"converts", "window", "since", "after", "starts", "converted_at", "won", "worth", "interaction"}
_OWN = {*_PATH, *_PATHS, *_WORKING, "ordinal", "sequence", "rank", "closes", "next_end"}


def touches_of(
    touchpoints: ibis.Table, conversions: ibis.Table, channels: ibis.Table, lookback: str, rules: PathRules
) -> ibis.Table:
    """One row per touch with the path it belongs to and what became of the path.

    Parameters
    ----------
    touchpoints
        ``user``, ``time``, ``channel``, the segments and perhaps ``interaction`` and ``sequence``.
    conversions
        ``user``, ``time``, ``conversions``, ``value`` and ``closes`` (1 where it ends a path): at most one row per user
        and time.
    channels
        ``channel``, its ``id``, and ``ordinal``: its place among touches of one moment, where rows need an order.
    lookback
        Common window.
    rules
        The rest of what makes a path.

    Returns
    -------
    ibis.Table
        ``user``, ``part``, ``expired`` (together the path), ``time``, ``channel`` (id), ``step`` (from 0),
        ``length``, ``place`` (first step of the touches of this moment) and ``tied`` (how many they are), ``age`` (days
        before the conversion, or before the last touch of a path without one), ``weight`` where rules weigh,
        ``conversions``, ``nulls``, ``value`` (of the whole path), ``ended`` (microseconds), ``bucket``, and the
        segments, of which a path has those of its first touch. A touch that several conversions take has several rows.
    """
    for name in rules.segments:
        if name in _OWN:
            remedy = "rename the column, or group the log under another name."
            raise BadInput(Problem("touchpoints", "is a name that paths use themselves.", name, remedy=remedy))
    parted = _parted(_events(touchpoints, conversions, channels, lookback, rules), rules.gap(lookback))
    touches = _of_part(parted) if rules.ends is None else _of_each(parted)
    if rules.ranked:
        import ibis

        least = touches.rank.min().over(ibis.window(group_by=list(_PATH)))
        touches = touches.mutate(best=least)
        touches = touches.filter(touches.rank == touches.best)
    return in_doubles(_numbered(touches, rules.segments, ["weight"] if rules.weight_of else []))


def _parted(events: ibis.Table, gap: int) -> ibis.Table:
    """The events with ``part``, which rises where a conversion or a silence ends what came before."""
    import ibis

    order = ["time", "converts", "sequence", "ordinal"]
    by_user = ibis.window(group_by="user", order_by=order)
    seen = events.mutate(since=events.time - events.time.lag(1).over(by_user), after=events.closes.lag(1).over(by_user))
    starts = ((seen.after == 1) | (seen.since > gap)).ifelse(1, 0)
    parted = seen.mutate(starts=starts.fill_null(0))
    so_far = ibis.range_window(group_by="user", order_by=order, following=0)  # repeats, in any order, stay together
    return parted.mutate(part=parted.starts.sum().over(so_far))


def _of_part(parted: ibis.Table) -> ibis.Table:
    """Touches under the one conversion that ends their part."""
    import ibis

    whole = ibis.window(group_by=["user", "part"])
    ended = (parted.converts == 1).ifelse(parted.time, ibis.null("int64")).max().over(whole)
    valued = parted.mutate(
        converted_at=ended,
        won=parted.conversions.sum().over(whole),
        worth=parted.value.sum().over(whole),
    )
    expired = (valued.converted_at - valued.time > valued.window).fill_null(False)
    return valued.mutate(expired=expired.ifelse(1, 0)).filter(valued.converts == 0)


def _of_each(parted: ibis.Table) -> ibis.Table:
    """Touches under each conversion of their part that lies in their window, and those that none takes."""
    import ibis

    onward = ibis.window(group_by=["user", "part"], order_by=["time", "converts"], preceding=0, following=None)
    moment = (parted.converts == 1).ifelse(parted.time, ibis.null("int64"))
    told = parted.mutate(next_end=moment.min().over(onward))
    touches = told.filter(told.converts == 0)
    number = ibis.row_number().over(ibis.window(group_by="user", order_by="time"))
    ends = told.filter(told.converts == 1)
    ends = ends.select("user", "part", converted_at=ends.time, won=ends.conversions, worth=ends.value, number=number)
    plain = [name for name in touches.columns if name not in {"conversions", "value"}]
    pairs = touches.select(*plain).join(ends, ["user", "part"])
    waited = pairs.converted_at - pairs.time
    taken = pairs.filter((waited >= 0) & (waited <= pairs.window))
    taken = taken.mutate(part=taken.number.cast("int64"), expired=ibis.literal(0)).drop("number")
    left = touches.filter((touches.next_end - touches.time > touches.window).fill_null(True)).select(*plain)
    left = left.mutate(
        converted_at=ibis.null("int64"),
        won=ibis.literal(0.0),
        worth=ibis.literal(0.0),
        part=(-1 - left.part).cast("int64"),
        expired=ibis.literal(1),
    )
    return ibis.union(taken, left.select(*taken.columns), distinct=False)


def _events(
    touchpoints: ibis.Table, conversions: ibis.Table, channels: ibis.Table, lookback: str, rules: PathRules
) -> ibis.Table:
    import ibis

    coded = touchpoints.join(channels, "channel")
    interaction = coded.interaction.cast("string").fill_null("") if rules.interactions else ibis.literal("")
    touched = coded.select(
        user=coded.user,
        time=coded.time,
        converts=ibis.literal(0),
        closes=ibis.literal(0),
        channel=coded.id,
        ordinal=coded.ordinal.cast("int64"),
        sequence=coded.sequence.cast("int64") if rules.sequence else ibis.literal(0).cast("int64"),
        conversions=ibis.literal(0.0),
        value=ibis.literal(0.0),
        window=_by_kind(interaction, rules.interactions, lambda kind: rules.window(lookback, kind)).cast("int64"),
        weight=_by_kind(interaction, rules.interactions, rules.weight).cast("float64"),
        rank=_rank(coded, interaction, rules).cast("int64"),
        interaction=interaction,
        **{name: coded[name].cast("string").fill_null("") for name in rules.segments},
    )
    converted = conversions.select(
        user=conversions.user,
        time=conversions.time,
        converts=ibis.literal(1),
        closes=conversions.closes.cast(touched.closes.type()),
        channel=ibis.literal(-1).cast("int64"),
        ordinal=ibis.literal(-1).cast("int64"),
        sequence=ibis.literal(0).cast("int64"),
        conversions=conversions.conversions.cast("float64"),
        value=conversions.value.cast("float64"),
        window=ibis.literal(0).cast("int64"),
        weight=ibis.literal(1.0).cast("float64"),
        rank=ibis.literal(1).cast("int64"),
        interaction=ibis.literal(""),
        **{name: ibis.literal("") for name in rules.segments},
    )
    return ibis.union(touched, converted, distinct=False)


def _by_kind(interaction: Any, kinds: Sequence[str], of: Any) -> Any:
    """A number for each kind of interaction that a rule names, and that of all others."""
    import ibis

    number: Any = ibis.literal(of(None))
    for kind in kinds:
        number = (interaction == kind).ifelse(of(kind), number)
    return number


def _rank(coded: Any, interaction: Any, rules: PathRules) -> Any:
    rank = _by_kind(interaction, rules.interactions, lambda kind: rules.rank("", kind))
    for channel in rules.last_resort:
        behind = _by_kind(interaction, rules.interactions, lambda kind, name=channel: rules.rank(name, kind))
        rank = (coded.channel == channel).ifelse(behind, rank)
    return rank


def _numbered(touches: ibis.Table, segments: Sequence[str], kept: Sequence[str]) -> ibis.Table:
    import ibis

    in_order = ibis.window(
        group_by=list(_PATH), order_by=["time", "sequence", "ordinal", "channel", "interaction", *segments]
    )
    whole = ibis.window(group_by=list(_PATH))
    moment = ibis.window(group_by=[*_PATH, "time", "sequence"])
    touches = touches.mutate(step=ibis.row_number().over(in_order))
    alive = touches.expired == 0
    ended = alive.ifelse(touches.converted_at, ibis.null("int64")).fill_null(touches.time.max().over(whole))
    won = alive.ifelse(touches.won, 0.0)
    return touches.select(
        *_PATH,
        "time",
        "channel",
        "step",
        *kept,
        length=touches.count().over(whole),
        place=touches.step.min().over(moment),
        tied=touches.count().over(moment),
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
