"""Events of Google Analytics 4 as a log: a touch per session, and the events that are conversions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attribution.errors import BadInput, Problem, UnknownName
from attribution.reading.dialects import is_local, naming
from attribution.reading.engine import Engine
from attribution.reading.exports.ga4_fields import field_of, first_of, parameter_of
from attribution.reading.formats import Format
from attribution.reading.log_verdict import ROW
from attribution.reading.sources import called, log_table

if TYPE_CHECKING:
    import ibis

__all__ = ["DIRECT", "GA4_FORMAT", "ga4_log"]

GA4_FORMAT = Format(decimal=".", date_format="unix_us")
"""How the two tables of :func:`ga4_log` write times and values."""
DIRECT = ("(direct)", "(none)")
"""Source and medium of a session that names neither, as the platform calls them."""
_NEEDED = ("event_name", "event_timestamp", "user_pseudo_id")
_REFUND = "refund"
_PART = "\x1f"
_SESSION = ("session_traffic_source_last_click",)
_SOURCES = {  # of the session where the export has it, else as collected with an event
    "source": ((*_SESSION, "cross_channel_campaign", "source"), (*_SESSION, "manual_campaign", "source")),
    "medium": ((*_SESSION, "cross_channel_campaign", "medium"), (*_SESSION, "manual_campaign", "medium")),
    "campaign": (
        (*_SESSION, "cross_channel_campaign", "campaign_name"),
        (*_SESSION, "google_ads_campaign", "campaign_name"),
        (*_SESSION, "manual_campaign", "campaign_name"),
    ),
    "group": ((*_SESSION, "cross_channel_campaign", "primary_channel_group"),),
}
_CLICKED = ("google", "cpc")  # what a click id of Google Ads says, whatever stands beside it
_COLLECTED = {"source": "manual_source", "medium": "manual_medium", "campaign": "manual_campaign_name"}


def ga4_log(
    source: object, conversions: Sequence[str] = ("purchase",), engine: Engine | None = None
) -> tuple[ibis.Table, ibis.Table]:
    """Touches and conversions of an export of events, for :meth:`attribution.Journeys.from_touchpoints`.

    Parameters
    ----------
    source
        Newline JSON, Parquet (nested or flat) or CSV of the table ``events_*``; a file, a pattern, or a folder of
        Parquet files.
    conversions
        Events that are conversions.
    engine
        Settings of DuckDB.

    Returns
    -------
    Touches, one row per session with the time of its first event: ``user`` (``user_pseudo_id``), ``time`` in
    microseconds since 1970, ``source``, ``medium``, ``campaign``, ``group`` (the platform's own channel, empty where
    the export has none) and ``channel``, which is ``source / medium``. They are those of the session, else the first
    that were collected with one of its events, else ``(direct) / (none)``. The source by which the user first came
    (``traffic_source``) is that of no session, and not read. A session without an id is a touch per event that names a
    source.

    Conversions: ``user``, ``time``, ``kind`` (the event) and ``value``, 0 where the event states none. Events of one
    transaction are one; refunds are taken off their transaction, which falls away where nothing is left. ``order``
    tells transactions of one moment and value apart: ``columns={"order": "order"}`` of the journeys reads it.

    Raises
    ------
    BadInput
        Columns that are missing, or no event of a session.
    UnknownName
        An event that the export does not hold.
    """
    name = called(source) if isinstance(source, str | os.PathLike) else "events"
    events = log_table(source, engine, name)
    lacking = [column for column in _NEEDED if column not in events.columns]
    if lacking:
        text = f"is no Google Analytics 4 export of events: no column of {', '.join(map(repr, lacking))}."
        listed = f"Its columns: {', '.join(events.columns[:15])}."
        raise BadInput(Problem(name, f"{text} {listed}", remedy="export the table events_*, or name user and time."))
    if not is_local(events):
        remedy = "write it as Parquet, or name the columns of a query that gives touches: user, time, channel."
        raise BadInput(Problem(name, "lies in a database, where events are not taken apart.", remedy=remedy))
    with naming(name):
        fields = _fields(events).cache()
        known = [str(event) for event in fields.event.value_counts().execute().iloc[:, 0].dropna()]
        for event in conversions:
            if event not in known:
                raise UnknownName(event, sorted(known), where=f"the events of {name}")
        return _touches(fields, name).cache(), _conversions(fields, conversions).cache()


def _fields(events: ibis.Table) -> ibis.Table:
    """What is needed of each event."""
    import ibis

    nothing = ibis.null("string")

    def text(*columns: Any) -> Any:
        known = first_of(columns)
        return nothing if known is None else known

    of_session = {role: [field_of(events, *path) for path in paths] for role, paths in _SOURCES.items()}
    collected = {
        role: [field_of(events, "collected_traffic_source", column), parameter_of(events, role)]
        for role, column in _COLLECTED.items()
    }
    clicked = text(field_of(events, "collected_traffic_source", "gclid"), parameter_of(events, "gclid")).notnull()
    for role, own in zip(("source", "medium"), _CLICKED, strict=True):
        collected[role].insert(0, clicked.ifelse(ibis.literal(own), nothing))
    return events.select(
        row=ibis.row_number() + 1,
        event=field_of(events, "event_name"),
        user=field_of(events, "user_pseudo_id"),
        time=events["event_timestamp"].cast("string").strip().try_cast("int64"),
        session=text(parameter_of(events, "ga_session_id")),
        order=text(field_of(events, "ecommerce", "transaction_id"), parameter_of(events, "transaction_id")).nullif(
            "(not set)"
        ),
        value=text(field_of(events, "ecommerce", "purchase_revenue"), parameter_of(events, "value"), ibis.literal("0")),
        refunded=text(field_of(events, "ecommerce", "refund_value"), parameter_of(events, "value")),
        **{f"own_{role}": text(*columns) for role, columns in of_session.items()},
        **{f"met_{role}": text(*collected.get(role, ())) for role in _SOURCES},
    )


def _touches(fields: ibis.Table, name: str) -> ibis.Table:
    import ibis

    nameless = fields.session.isnull() | fields.user.isnull() | fields.time.isnull()
    packed = {}
    for kind in ("own", "met"):
        cells = [fields[f"{kind}_{role}"] for role in _SOURCES]
        text = cells[0].fill_null("")
        for cell in cells[1:]:
            text = text + _PART + cell.fill_null("")
        placed = fields.time.cast("string").lpad(20, "0") + _PART + text
        packed[kind] = cells[0].notnull().ifelse(placed, None)
    keyed = fields.mutate(
        **packed, key=nameless.ifelse(ibis.literal("event ") + fields.row.cast("string"), fields.session)
    )
    counts = keyed.filter(~nameless | keyed.own.notnull() | keyed.met.notnull() | fields.user.isnull())
    sessions = counts.group_by(["user", "key"]).aggregate(
        row=counts.row.min(), time=counts.time.min(), said=ibis.coalesce(counts.own.min(), counts.met.min())
    )
    if not sessions.limit(1).count().execute():
        remedy = "export event_params, of which ga_session_id is one, or collected_traffic_source."
        raise BadInput(Problem(name, "has no event of a session, and none that names a source.", remedy=remedy))
    parts = sessions.said.split(_PART)
    named = {role: parts[place + 1].nullif("") for place, role in enumerate(_SOURCES)}
    known = sessions.said.notnull()
    shown = {
        "source": known.ifelse(named["source"], DIRECT[0]).fill_null("(not set)"),
        "medium": known.ifelse(named["medium"], DIRECT[1]).fill_null("(not set)"),
        "campaign": named["campaign"].fill_null(""),
        "group": named["group"].fill_null(""),
    }
    touches = sessions.select("user", "time", session="key", **shown, **{ROW: "row"})
    return touches.mutate(channel=touches["source"] + " / " + touches.medium)


def _conversions(fields: ibis.Table, conversions: Sequence[str]) -> ibis.Table:
    import ibis

    won = fields.filter(fields.event.isin(list(conversions)))
    alone = won.order.isnull()
    keyed = won.mutate(key=alone.ifelse(ibis.literal("event ") + won.row.cast("string"), won.order))
    placed = keyed.time.cast("string").lpad(20, "0") + _PART + keyed.user.fill_null("")
    orders = keyed.group_by(["event", "key"]).aggregate(
        user=keyed.user.argmin(placed),
        time=keyed.time.min(),
        value=keyed.value.argmin(placed),
        order=keyed.order.min(),
        row=keyed.row.min(),
    )
    # of events without a transaction what they say, so that one delivered twice stays a repeat
    said = [orders.user.fill_null(""), orders.time.cast("string"), orders.value.fill_null("")]
    told = orders.event + " " + orders.order.fill_null(said[0] + _PART + said[1] + _PART + said[2])
    orders = orders.mutate(transaction=told)
    if _REFUND in conversions:
        return orders.select("user", "time", "value", kind="event", order="transaction", **{ROW: "row"})
    back = fields.filter((fields.event == _REFUND) & fields.order.notnull())
    back = back.group_by("order").aggregate(
        back=back.refunded.try_cast("float64").abs().sum(), whole=back.refunded.isnull().any()
    )
    joined = orders.left_join(back, "order")
    left = joined.value.try_cast("float64") - joined.back
    kept = joined.filter(joined.back.isnull() & ~joined.whole.fill_null(False) | (~joined.whole & (left > 0)))
    value = kept.back.isnull().ifelse(kept.value, (kept.value.try_cast("float64") - kept.back).cast("string"))
    return kept.select("user", "time", kind=kept.event, value=value, order=kept.transaction, **{ROW: kept.row})
