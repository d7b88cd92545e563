"""Small tables of each kind the door reads, what each says by plain Python, and how the packages read them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import door_oracle as oracle

import mmm
from attribution import FirstTouch, Journeys, LastTouch

Rows = list[dict[str, str]]


class AtFaultError(Exception):
    """The table must be refused."""


WEEKLY: Rows = [
    {
        "week": (dt.date(2024, 1, 1) + dt.timedelta(weeks=at)).isoformat(), "new_customers": str(10 + at),
        "tv": f"{1000.5 + at}", "search": str(200 * at), "price": f"{1.25 - at:.2f}",
    }
    for at in range(6)
]  # fmt: skip
LIFT: Rows = [
    {"channel": "tv", "start": "2024-01-01", "end": "2024-01-28", "spend_change": "-1000", "customers_gained": "-10", "standard_error": "2.5"},
    {"channel": "search", "start": "2024-02-01", "end": "2024-02-28", "spend_change": "500.5", "customers_gained": "3", "standard_error": "1"},
]  # fmt: skip
PATHS: Rows = [
    {"path": "tv > search", "conversions": "2", "value": "10.5", "nulls": "4"},
    {"path": "search", "conversions": "1", "value": "3", "nulls": "7"},
    {"path": "tv", "conversions": "5", "value": "4.25", "nulls": "0"},
]
TOUCHES: Rows = [
    {"user": user, "time": time, "channel": channel}
    for user, time, channel in (
        ("u1", "2024-01-02", "tv"), ("u1", "2024-01-02 10:00:00", "search"), ("u2", "2024-01-03T11:30:00", "search"),
        ("u3", "2024-01-04 08:00:00.250", "social"), ("u2", "2024-01-05 12:00", "tv"), ("u4", "2024-01-01", "tv"),
    )
]  # fmt: skip
ENDS: Rows = [
    {"user": user, "time": time, "value": value}
    for user, time, value in (
        ("u1", "2024-01-05", "10.5"), ("u3", "2024-01-05 00:00:01", "3"), ("u2", "2024-01-04 10:00:00", "7.25"),
        ("u9", "2024-01-05", "1"),
    )
]  # fmt: skip
GAINS = ("spend_change", "customers_gained", "standard_error")
SMALL = {"weekly": WEEKLY, "lift": LIFT, "paths": PATHS}


def read(kind: str, source: object) -> dict[Any, float]:
    """What the packages read from a small table."""
    if kind == "weekly":
        panel = mmm.Panel.from_frame(source, "week", "new_customers", ["tv", "search"], controls=["price"])
        columns = {
            "new_customers": panel.kpi,
            "tv": panel.spend[:, :, 0],
            "search": panel.spend[:, :, 1],
            "price": panel.controls[:, :, 0],
        }
        return {
            (day.date(), name): values[0, at] for name, values in columns.items() for at, day in enumerate(panel.dates)
        }
    if kind == "lift":
        return {
            (at, test.channel, test.start, test.end, name): getattr(test, name)
            for at, test in enumerate(mmm.lift_tests_from_frame(source))
            for name in GAINS
        }
    journeys = Journeys.from_paths(source, value="value", nulls="nulls")
    totals = {("total", total): journeys.totals[total] for total in ("conversions", "value", "nulls")}
    return FirstTouch()(journeys).conversions.to_dict() | totals


def said(kind: str, rows: Rows) -> dict[Any, float]:
    """What a small table says; raises where it is at fault."""
    if kind == "weekly":
        columns = ("new_customers", "tv", "search", "price")
        _numbers(rows, columns, columns[:3])
        days = [_day(row, "week") for row in rows]
        first = min(days)
        steps = sorted((day - first).days for day in days)
        if (steps != [7 * at for at in range(len(rows))] and steps != [*range(len(rows))]) or len(rows) < 2:
            raise AtFaultError
        if sum(_number(row, "new_customers") for row in rows) <= 0:
            raise AtFaultError
        return {(_day(row, "week"), name): _number(row, name) for row in rows for name in columns}
    if kind == "lift":
        _numbers(rows, GAINS, GAINS[2:])
        return {
            (at, _name(row, "channel"), _day(row, "start").isoformat(), _day(row, "end").isoformat(), name): _number(
                row, name
            )
            for at, row in enumerate(rows)
            for name in GAINS
        }
    _numbers(rows, ("conversions", "value", "nulls"), ("conversions", "value", "nulls"))
    credit: dict[Any, Any] = {}
    for row in rows:
        names = [name.strip() for name in _name(row, "path").split(">")]
        if any(oracle.void(name) for name in names) or (_number(row, "value") > 0 and _number(row, "conversions") == 0):
            raise AtFaultError
        credit |= {name: credit.get(name, 0.0) for name in names}
        credit[names[0]] += _number(row, "conversions")
    totals = {("total", name): sum(_number(row, name) for row in rows) for name in ("conversions", "value", "nulls")}
    if totals["total", "conversions"] == 0:
        raise AtFaultError
    return credit | totals


def read_log(touches: object, ends: object) -> dict[str, float]:
    """What the packages read from a log: last-touch credit, and the value of all conversions."""
    journeys = Journeys.from_touchpoints(touches, ends)
    value = journeys.totals["value"] + journeys.totals["untouched_value"]
    return LastTouch()(journeys).conversions.to_dict() | {"value of all": value}


def said_of_log(touches: Rows, ends: Rows) -> dict[str, float]:
    """What a log says; raises where it is at fault."""
    for rows in (touches, ends):
        if len({tuple(row.items()) for row in map(_typed, rows)}) < len(rows):
            raise AtFaultError  # exact repeats
        if len({oracle.has_offset(row["time"]) for row in rows}) > 1:
            raise AtFaultError
    valued = "value" in ends[0]  # a column that may be absent
    _numbers(ends, ("value",) * valued, ("value",))
    for touch in touches:
        _name(touch, "channel")
    credit = oracle.last_touch([_typed(row) for row in touches], [_typed(row) for row in ends])
    if not sum(credit.values()):
        raise AtFaultError
    return credit | {"value of all": sum(_number(row, "value") for row in ends if valued)}


def _typed(row: dict[str, str]) -> dict[str, Any]:
    moment = oracle.moment(row["time"])
    if moment is None or not dt.datetime(1970, 1, 1) < moment < dt.datetime.now() + dt.timedelta(days=1):
        raise AtFaultError
    typed: dict[str, Any] = row | {"user": _name(row, "user"), "time": moment}
    return typed | ({"value": _number(row, "value")} if "value" in row else {})


def _numbers(rows: Rows, columns: tuple[str, ...], above: tuple[str, ...]) -> None:
    for column in columns:
        if any(oracle.doubtful(row[column] for row in rows)) or any(
            _number(row, column) < 0 for row in rows if column in above
        ):
            raise AtFaultError


def _number(row: dict[str, str], column: str) -> float:
    if (number := oracle.number(row[column])) is None:
        raise AtFaultError
    return number


def _day(row: dict[str, str], column: str) -> dt.date:
    if (day := oracle.day(row[column])) is None or not 1900 <= day.year < 2200:
        raise AtFaultError
    return day


def _name(row: dict[str, str], column: str) -> str:
    if oracle.void(row[column]):
        raise AtFaultError
    return row[column]
