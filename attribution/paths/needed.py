"""What of an admitted log makes paths: conversions by user and moment, and touches with the columns that paths need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from attribution.errors import Problem
from attribution.findings import Finding
from attribution.paths.customers import first_of_each
from attribution.paths.path_rules import DAY, PathRules
from attribution.paths.rules_on_log import in_order_of_moment, number_of
from attribution.reading.log_checks import Log
from attribution.reading.log_columns import as_name

if TYPE_CHECKING:
    import ibis

__all__ = ["collapsed", "ends_of", "needed", "nobody_meets", "one_grain", "one_offset", "span_of"]

_HOUR, _FEWEST = DAY // 24, 20


def span_of(touched: Log, won: Log) -> tuple[int, int]:
    """First and last moment of a log, in microseconds since 1970."""
    return min(touched.earliest, won.earliest), max(touched.latest, won.latest)


def ends_of(bought: ibis.Table, rules: PathRules) -> ibis.Table:
    """Conversions that count, one row per user and time."""
    import ibis

    if rules.kinds is not None:
        bought = bought.filter(bought.kind.isin(list(rules.kinds)))
    closes: Any = ibis.literal(1 if rules.ends is None else 0)
    if rules.ends:
        closes = bought.kind.isin(list(rules.ends)).fill_null(False).ifelse(1, 0)
    bought = bought.mutate(closes=closes.cast("int8"))
    moments = bought.group_by(["user", "time"]).aggregate(
        conversions=bought.conversions.sum(), value=bought.value.sum(), closes=bought.closes.max()
    )
    return first_of_each(moments) if rules.first_only else moments


def needed(log: Log, ends: ibis.Table, rules: PathRules, span: tuple[int, int]) -> ibis.Table:
    """The columns that make paths and segments, of the touches that count each for itself."""
    events = log.events
    touches = events.select(
        "user",
        "time",
        "channel",
        *(["interaction"] if rules.interactions else []),
        **({"sequence": number_of(events[f"extra_{rules.sequence}"])} if rules.sequence else {}),
        **{segment: as_name(events[f"extra_{segment}"]) for segment in rules.segments},
    )
    if rules.collapse is not None:
        touches = rules.collapse.apply(touches, ends, (rules.days_in, span))
    return in_order_of_moment(touches) if rules.sequence else touches


def collapsed(touched: Log, won: Log, rules: PathRules) -> int:
    """Touches that are one with another."""
    ends, span = ends_of(won.events, rules), span_of(touched, won)
    plain, fewer = (needed(touched, ends, chosen, span) for chosen in (replace(rules, collapse=None), rules))
    return int(plain.count().execute()) - int(fewer.count().execute())


def one_offset(touched: Log, won: Log) -> Finding:
    """Whether both tables say how far their times are from UTC, or neither does."""
    alike = touched.zoned == won.zoned
    text = "Times of touchpoints and conversions are written alike."
    if not alike:
        bare, other = (touched, won) if won.zoned else (won, touched)
        text = (
            f"Times of {bare.name} have no offset and are read as UTC; those of {other.name} say theirs. Where "
            f"{bare.name} is in local time, touches come too late or too early: state its time_zone."
        )
    return Finding("times_of_one_zone", alike, None, None, text)


def one_grain(touched: Log, won: Log) -> Finding:
    """Whether conversions have times of day where touches have them.

    A log of the usual kind is told by its first rows, so that a large one is not read once more.
    """
    alike = won.rows < _FEWEST or not _by_day(won) or _beyond(touched.events, _HOUR, _FEWEST) < _FEWEST
    text = "Touchpoints and conversions are dated as finely."
    if not alike:
        text = (
            f"Conversions of {won.name} all stand at one time of day, as days without a time do, and touches of "
            f"{touched.name} do not: touches of the day of a conversion count as after it, and get no credit for it. "
            "Export the times of conversions."
        )
    return Finding("times_of_one_grain", alike, None, None, text)


def _by_day(won: Log) -> bool:
    """Whether all moments are at one time of day, or at two of them an hour apart where clocks change.

    The first and the last moment of most logs say already that they are not.
    """
    apart = (won.latest - won.earliest + _HOUR) % DAY
    if won.earliest % _HOUR or apart not in (0, _HOUR, 2 * _HOUR) or _beyond(won.events, _HOUR, 1):
        return False
    times = (won.events.time % DAY).nunique().execute()
    return int(times) <= 2


def _beyond(events: ibis.Table, unit: int, most: int) -> int:
    """How many moments do not fall on a whole unit, up to so many."""
    return int(events.filter(events.time % unit != 0).limit(most).count().execute())


def nobody_meets(touched: Log, won: Log, findings: Sequence[Finding]) -> Problem:
    """No conversion has a touch: ids that differ, or times that lie too far apart."""
    remedy = "check times, the lookback and kinds."
    meeting = won.events.semi_join(touched.events, "user").limit(1).count().execute()
    if told := [finding for finding in findings if finding.name == "alike_ids" and not finding.passed]:
        remedy = told[0].text
    elif not meeting:
        one, other = (repr(str(log.events.user.min().execute())) for log in (won, touched))
        remedy = f"check user ids: {won.name} has users such as {one}, {touched.name} such as {other}."
    return Problem(won.name, "has no conversion with a touch before it in the lookback window.", remedy=remedy)
