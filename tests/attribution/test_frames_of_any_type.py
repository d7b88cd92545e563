"""Columns of a log in types that engines do not have: the same ids as texts, or a fault that names the column."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from attribution import BadInput, Journeys, Linear

PEOPLE = 40


def logs(made: Callable[[int], object] = str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A touch of tv and one of search each, and a conversion of every second person."""
    users = pd.Series([made(person) for person in range(PEOPLE)], dtype=object)
    day = pd.Series(pd.date_range("2024-01-01", periods=PEOPLE, freq="h"))
    touched = [
        pd.DataFrame({"user": users, "time": (day + pd.Timedelta(hours=place)).astype(str), "channel": channel})
        for place, channel in enumerate(("tv", "search"))
    ]
    bought = pd.DataFrame({"user": users[::2], "time": (day[::2] + pd.Timedelta(days=2)).astype(str)})
    return pd.concat(touched, ignore_index=True), bought.reset_index(drop=True)


def credit(touched: object, bought: object) -> dict[str, float]:
    return Linear()(Journeys.from_touchpoints(touched, bought)).conversions.to_dict()


ALIKE = {"search": PEOPLE / 4, "tv": PEOPLE / 4}
KINDS: dict[str, Callable[[int], object]] = {
    "past 63 bits": lambda person: 2**63 + person,
    "past 64 bits": lambda person: 2**64 + person,
    "past 128 bits": lambda person: 2**130 + person,
    "large and small": lambda person: person + 2**64 * (person % 2),
    "large and words": lambda person: 2**64 + person if person % 2 else f"x{person}",
    "exact decimals": lambda person: Decimal(2**64 + person),
    "intervals": lambda person: pd.Interval(person, person + 1),
    "complex": lambda person: complex(person, 1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_ids_of_any_kind_meet(kind: str) -> None:
    assert credit(*logs(KINDS[kind])) == ALIKE


def test_columns_of_types_that_engines_lack_meet() -> None:
    touched, bought = logs(int)
    for kind in ("category", pd.SparseDtype(int), complex):
        assert credit(touched.astype({"user": kind}), bought.astype({"user": kind})) == ALIKE


@pytest.mark.parametrize("large", [1e20, 2.0**53])
def test_ids_that_lost_digits_are_told_as_such(tmp_path: Path, large: float) -> None:
    touched, bought = logs(lambda person: large + person)
    with pytest.raises(BadInput, match=r"column 'user'.*too many digits.*export the column as text"):
        credit(touched, bought)
    file = tmp_path / "log.jsonl"
    rows = [{**row, "user": 2**64 + place} for place, row in enumerate(touched.to_dict("records"))]
    file.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(BadInput, match=r"column 'user'.*too many digits"):
        credit(str(file), logs()[1])


def test_moments_of_several_offsets_are_moments_and_some_without_are_at_fault() -> None:
    touched, bought = logs()
    zones = [dt.timezone(dt.timedelta(hours=place % 3)) for place in range(len(touched))]
    moments = [
        dt.datetime.fromisoformat(time).replace(tzinfo=dt.UTC).astimezone(zone)
        for time, zone in zip(touched["time"], zones, strict=True)
    ]
    bought = bought.assign(time=bought["time"] + "+00:00")
    assert credit(touched.assign(time=pd.Series(moments, dtype=object)), bought) == ALIKE
    some = [moment if place else moment.replace(tzinfo=None) for place, moment in enumerate(moments)]
    with pytest.raises(BadInput, match="column 'time': holds times with a time zone and without"):
        credit(touched.assign(time=pd.Series(some, dtype=object)), bought)


def test_parquet_texts_without_their_mark_are_texts(tmp_path: Path) -> None:
    touched, bought = logs()
    for name, frame in (("touched", touched), ("bought", bought.assign(value="2.5"))):
        columns = {column: pa.array([cell.encode() for cell in frame[column]], pa.binary()) for column in frame}
        pq.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
    journeys = Journeys.from_touchpoints(str(tmp_path / "touched.parquet"), str(tmp_path / "bought.parquet"))
    assert Linear()(journeys).value.sum() == 2.5 * PEOPLE / 2


@pytest.mark.parametrize("mark", [np.inf, -np.inf])
def test_a_mark_without_end_is_told_and_breaks_no_engine(mark: float) -> None:
    touched, _ = logs()
    touched["conversion"] = np.where(touched.index == 3, mark, 1.0)
    with pytest.raises(BadInput, match="column 'conversion', data row 4: is empty or not finite"):
        Journeys.from_touchpoints(touched)
