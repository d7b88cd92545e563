"""Google Analytics 4: tables of an exploration, and events of the BigQuery export, flat or nested."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.exports.advertising import Advertising
from attribution.reading.exports.days import days_of
from attribution.reading.exports.header import plain
from attribution.reading.exports.lines import Lines, as_text
from attribution.reading.exports.order_tables import OrderReading
from attribution.reading.exports.orders import Orders, orders_of_lines
from attribution.reading.formats import zone_of
from attribution.reading.sources import log_table

__all__ = ["GA4_EVENTS", "exploration_columns", "ga4_exploration", "is_ga4_events", "read_ga4_events"]

GA4_EVENTS = "ga4_events"
_NEEDED = ("event_name", "event_date", "user_pseudo_id")
_PURCHASE, _REFUND = "purchase", "refund"


def ga4_exploration(count: str) -> Advertising:
    """An exploration or report as CSV: lines that begin with #, then days, and a metric such as ``Key events``."""
    return Advertising(
        "ga4_exploration",
        "Google Analytics 4 exploration",
        {"date": ("date", "day"), "spend": (plain(count),)},
        marks=(plain(count),),
        totals=r"(grand )?totals?$",
        blank=("date", "day"),
        empty=(),
    )


def exploration_columns(file: Lines) -> tuple[str, ...]:
    """Names of the columns below the lines with # of an exploration; none where a file is none."""
    above = next((at for at, row in enumerate(file.rows) if not str(row[0]).startswith("#")), 0)
    return tuple(map(str, file.rows[above])) if above else ()


def is_ga4_events(source: str | os.PathLike[str]) -> bool:
    """Whether a file holds events of the BigQuery export."""
    try:
        return set(_NEEDED) <= {str(column) for column in log_table(source).columns}
    except BadInput:
        return False


def read_ga4_events(source: str | os.PathLike[str], reading: OrderReading) -> Orders:
    """Purchases among the events of a BigQuery export; refunds are taken off their transaction.

    Parameters
    ----------
    source
        Parquet file or folder, newline JSON, or CSV, with ``event_name``, ``event_date`` and ``user_pseudo_id``; the
        transaction and its value from ``ecommerce`` (nested, or flat as ``ecommerce_transaction_id``) or from
        ``event_params``.
    reading
        Its ``counted`` names other events than ``purchase``; with ``days_in`` days are those of ``event_timestamp``.

    Raises
    ------
    BadInput
        Columns that are missing, or no such event.
    """
    name = Path(os.fspath(source)).name
    table = log_table(source)
    lacking = [column for column in _NEEDED if column not in table.columns]
    if lacking:
        text = f"is no Google Analytics 4 export of events: no column of {', '.join(map(repr, lacking))}."
        listed = f"Its columns: {', '.join(table.columns[:15])}."
        raise BadInput(Problem(name, f"{text} {listed}", remedy="export the table events_*, or name another kind."))
    counted = reading.counted or (_PURCHASE,)
    rows = int(table.count().execute())
    events = pd.DataFrame(table.filter(table.event_name.isin([*counted, _REFUND])).execute())
    if not events["event_name"].isin(counted).any():
        present = table.event_name.value_counts().execute().iloc[:, 0].astype(str).sort_values()[:12]
        text = f"holds no event {' or '.join(map(repr, counted))}. Its events: {', '.join(present)}."
        raise BadInput(Problem(name, text, "event_name", remedy="name those that count with counted: [...]."))
    orders = orders_of_lines(_lines(events, reading, name), GA4_EVENTS, name)
    first, last = (
        table.aggregate(first=table.event_date.cast("string").min(), last=table.event_date.cast("string").max())
        .execute()
        .iloc[0]
    )
    days = days_of([first, last], [0, 0], (name, "event_date")).astype("datetime64[s]")
    return replace(orders, rows=rows, span=(pd.Timestamp(days[0]), pd.Timestamp(days[1])))


def _lines(events: pd.DataFrame, reading: OrderReading, name: str) -> pd.DataFrame:
    records: list[dict[Any, Any]] = events.to_dict("records")
    spelt = {role: reading.columns.get(role) for role in ("person", "order", "value", "market")}
    order = [_first(record, spelt["order"], "transaction_id") for record in records]
    value = [_number(_first(record, spelt["value"], "purchase_revenue", "value")) for record in records]
    # a refund that states no amount is of the whole transaction
    back = [_number(_first(record, None, "refund_value", "value")) for record in records]
    refund = events["event_name"].eq(_REFUND).to_numpy() & (_REFUND not in reading.counted)
    return pd.DataFrame(
        {
            "date": _days(events, reading, name),
            "order": ["" if each in ("", "(not set)") else each for each in order],
            "market": [_first(record, spelt["market"]) if spelt["market"] else "" for record in records],
            "person": [_first(record, spelt["person"], "user_id", "user_pseudo_id") for record in records],
            "value": np.where(refund, -np.abs(np.nan_to_num(back, nan=np.inf)), np.abs(value)),
            "void": False,
            "row": np.arange(1, len(events) + 1),
        }
    )


def _days(events: pd.DataFrame, reading: OrderReading, name: str) -> pd.Series:
    if reading.days_in is None:
        cells = [as_text(cell) if isinstance(cell, float) else cell for cell in events["event_date"]]
        where = (name, "event_date")
        return pd.Series(days_of(cells, list(range(1, len(cells) + 1)), where).astype("datetime64[s]"))
    times = pd.to_datetime(pd.to_numeric(events["event_timestamp"]), unit="us", utc=True)
    return (
        times.dt.tz_convert(zone_of(reading.days_in))
        .dt.tz_localize(None)
        .dt.normalize()
        .astype("datetime64[s]")
        .reset_index(drop=True)
    )


def _first(record: Mapping[Any, Any], stated: str | None, *names: str) -> str:
    """The first of some fields that holds anything: of the row, of its ``ecommerce``, of its parameters."""
    for name in (stated,) if stated is not None else names:
        for held in (_at(record, name), _inside(record, name), _parameters(record).get(name)):
            if held is not None and not (isinstance(held, float) and np.isnan(held)) and str(held) != "":
                return as_text(held)
    return ""


def _at(record: Mapping[Any, Any], name: str) -> Any:
    """A field, or one of a record in it, such as ``geo.country``."""
    if name in record:
        return record[name]
    outer, _, inner = name.partition(".")
    held = _parsed(record.get(outer))
    return held.get(inner) if inner and isinstance(held, Mapping) else None


def _inside(record: Mapping[Any, Any], name: str) -> Any:
    nested = _parsed(record.get("ecommerce"))
    inner = nested.get(name) if isinstance(nested, Mapping) else None
    flat = (record.get(f"ecommerce{sign}{name}") for sign in ("_", ".", "__"))
    return inner if inner is not None else next((each for each in flat if each is not None), None)


def _parameters(record: Mapping[Any, Any]) -> dict[str, Any]:
    """Event parameters by key, from nested records or their JSON; flat ones stand as event_params_key."""
    given = record.get("event_params")
    flat = {
        key.removeprefix("event_params_"): value for key, value in record.items() if key.startswith("event_params_")
    }
    given = _parsed(given)
    if not isinstance(given, list | tuple | np.ndarray):
        return flat
    return flat | {str(each["key"]): _value(each.get("value")) for each in given if isinstance(each, Mapping)}


def _parsed(held: Any) -> Any:
    """What a text says as JSON; None where it is none."""
    try:
        return json.loads(held) if isinstance(held, str) else held
    except ValueError:
        return None


def _value(held: Any) -> Any:
    if not isinstance(held, Mapping):
        return held
    kinds = (held.get(f"{kind}_value") for kind in ("string", "int", "double", "float"))
    return next((each for each in kinds if each is not None), None)


def _number(text: str) -> float:
    try:
        return float(text) if text else np.nan
    except ValueError:
        return np.nan
