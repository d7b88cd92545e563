"""The same rows in every form of every table give the same answer, or the same error."""

from __future__ import annotations

import datetime as dt
import gzip
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mmm
from attribution import BadInput, FirstTouch, Format, IdentityMap, Journeys, PathRules, read_table
from attribution.economics import cohorts_of_orders, read_customer_orders
from attribution.reading.contracts import Column, Table

TOUCHES = pd.DataFrame(
    {
        "user": ["1001.1", "1001.10", "1001.1", "7"],
        "time": ["2024-01-02", "2024-01-02 10:00:00", "2024-01-03T11:30:00", "2024-01-04 08:00:00.250"],
        "channel": ["tv", "search", "search", "1"],
    }
)
ENDS = pd.DataFrame({"user": ["1001.1", "7"], "time": ["2024-01-05", "2024-01-05 00:00:01"], "value": ["10.5", "3"]})


def csv(frame: pd.DataFrame, folder: Path, sep: str = ",") -> Path:
    path = folder / "table.csv"
    frame.to_csv(path, index=False, sep=sep)
    return path


def packed(frame: pd.DataFrame, folder: Path) -> Path:
    path = folder / "table.csv.gz"
    path.write_bytes(gzip.compress(csv(frame, folder).read_bytes()))
    return path


def wide_text(frame: pd.DataFrame, folder: Path) -> Path:
    path = csv(frame, folder, "\t")
    path.write_text(path.read_text(), encoding="utf-16")
    return path


def parquet_folder(frame: pd.DataFrame, folder: Path) -> Path:
    inside = folder / "parts"
    inside.mkdir()
    half = len(frame) // 2
    frame.iloc[:half].to_parquet(inside / "a.parquet", index=False)
    frame.iloc[half:].to_parquet(inside / "b.parquet", index=False)
    return inside


def workbook(frame: pd.DataFrame, folder: Path) -> str:
    with pd.ExcelWriter(folder / "table.xlsx") as writer:
        pd.DataFrame({"note": ["draft"]}).to_excel(writer, sheet_name="Read me", index=False)
        frame.to_excel(writer, sheet_name="Data", index=False)
    return f"{folder}/table.xlsx::Data"


def database(frame: pd.DataFrame, folder: Path) -> str:
    with duckdb.connect(folder / "table.duckdb") as connection:
        connection.register("frame", frame)
        connection.execute(
            "create schema raw; create table raw.data as from frame; create table other as select 1 as x"
        )
    return f"{folder}/table.duckdb::data"


def lite(frame: pd.DataFrame, folder: Path) -> str:
    with closing(sqlite3.connect(folder / "table.db")) as connection:
        frame.to_sql("data", connection, index=False)
    return f"{folder}/table.db::data"


def json_lines(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_json(folder / "table.ndjson", orient="records", lines=True)
    return folder / "table.ndjson"


FORMS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "comma": csv,
    "semicolon": lambda frame, folder: csv(frame, folder, ";"),
    "tab": lambda frame, folder: csv(frame, folder, "\t"),
    "gz": packed,
    "utf-16": wide_text,
    "parquet folder": parquet_folder,
    "parquet pattern": lambda frame, folder: f"{parquet_folder(frame, folder)}/*.parquet",
    "xlsx": workbook,
    "json": json_lines,
    "duckdb": database,
    "sqlite": lite,
    "pandas": lambda frame, folder: frame,
    "objects": lambda frame, folder: frame.astype(object),
    "polars": lambda frame, folder: pl.from_pandas(frame),
    "arrow": lambda frame, folder: pa.Table.from_pandas(frame),
}


def writer(form: str, tmp_path: Path) -> Callable[[pd.DataFrame], object]:
    """Writes a frame in a form, into a folder of its own."""
    count = iter(range(100))

    def written(frame: pd.DataFrame) -> object:
        folder = tmp_path / str(next(count))
        folder.mkdir()
        return FORMS[form](frame, folder)

    return written


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[pd.DataFrame], object]:
    """Each form in turn."""
    return writer(request.param, tmp_path)


@pytest.fixture(params=["semicolon", "xlsx", "objects"])
def one_of_each(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[pd.DataFrame], object]:
    """A form for each way in: the engine's own, through cells, and through a frame."""
    return writer(request.param, tmp_path)


@pytest.fixture(params=["parquet folder", "xlsx", "sqlite", "json", "pandas", "arrow"])
def typed(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[pd.DataFrame], object]:
    """Forms that keep numbers as numbers."""
    return writer(request.param, tmp_path)


def credit(touches: object, ends: object, **more: object) -> dict[str, float]:
    return FirstTouch()(Journeys.from_touchpoints(touches, ends, **more)).conversions.to_dict()


def test_a_log_of_texts(form):
    journeys = Journeys.from_touchpoints(form(TOUCHES), form(ENDS))
    assert FirstTouch()(journeys).conversions.to_dict() == {"1": 1.0, "search": 0.0, "tv": 1.0}
    assert FirstTouch()(journeys).value.to_dict() == {"1": 3.0, "search": 0.0, "tv": 10.5}
    assert journeys.span == (1_704_153_600_000_000, 1_704_412_801_000_000)


def test_ids_that_one_table_holds_as_numbers_and_the_other_as_text(typed):
    touches = TOUCHES.assign(user=[1001.0, 1002.0, 1001.0, 7.0])
    ends = ENDS.assign(user=["1001", "7"])
    assert credit(typed(touches), typed(ends)) == {"1": 1.0, "search": 0.0, "tv": 1.0}


def test_an_identity_map(one_of_each):
    people = pd.DataFrame({"user": ["1001.1", "1001.10"], "person": [5, 5]})
    rules = PathRules(identity=IdentityMap(one_of_each(people)))
    assert Journeys.from_touchpoints(one_of_each(TOUCHES), one_of_each(ENDS), rules=rules).totals["paths"] == 2


FAULTY_TIMES = {
    "US order": "01/02/2024", "am and pm": "2024-01-02 11:00:00 PM", "a zone's name": "2024-01-02 11:00:00 PST",
    "no such day": "2024-02-30", "Unix seconds": "1704153600", "last day of all": "9999-12-31",
    "first day of all": "0001-01-01", "epoch": "1970-01-01 00:00:00",
}  # fmt: skip


def test_faulty_times_are_told_all_at_once(one_of_each):
    faulty = pd.DataFrame({"user": "u", "time": FAULTY_TIMES.values(), "channel": "tv"})
    with pytest.raises(BadInput) as caught:
        Journeys.from_touchpoints(one_of_each(pd.concat([faulty, TOUCHES])), ENDS)
    told = {problem.text.partition(":")[0].rstrip("."): problem.row for problem in caught.value.problems}
    assert told == {
        "is empty or no time": "data rows 1, 2, 3 and 2 more",
        "lies in the future": "data row 6",
        "is a placeholder": "data rows 7, 8",
    }
    assert {problem.column for problem in caught.value.problems} == {"time"}


def test_times_with_and_without_an_offset(one_of_each):
    mixed = TOUCHES.assign(time=["2024-01-02T10:00:00+01:00", *TOUCHES.time[1:]])
    with pytest.raises(BadInput, match="rows 2, 3, 4: has no offset"):
        Journeys.from_touchpoints(one_of_each(mixed), ENDS)


def test_amounts_that_may_be_thousands(tmp_path):
    ends = writer("semicolon", tmp_path)
    with pytest.raises(BadInput, match=r"row 1: may mean thousands or decimals.*decimal: '.'"):
        Journeys.from_touchpoints(TOUCHES, ends(ENDS.assign(value=["70.906", "12"])))
    told = {"thousands": 81_812.0, "decimal": 81.812}
    for sign, total in told.items():
        journeys = Journeys.from_touchpoints(
            TOUCHES, ends(ENDS.assign(value=["70.906", "10.906"])), format=(Format(), Format(**{sign: "."}))
        )
        assert journeys.totals["value"] == pytest.approx(total)
    one_of_two = ENDS.assign(value=["70.906", "10.9"])
    assert Journeys.from_touchpoints(TOUCHES, ends(one_of_two)).totals["value"] == pytest.approx(81.806)


def test_a_stated_format_of_a_log(one_of_each):
    touches = TOUCHES.assign(time=["02.01.2024 23:30", "03.01.2024 10:00", "03.01.2024 11:00", "04.01.2024 00:30"])
    ends = ENDS.assign(value=["1.070,5", "2"])
    written = (Format(date_format="%d.%m.%Y %H:%M", time_zone="Europe/Berlin"), Format(thousands=".", unit=1000))
    journeys = Journeys.from_touchpoints(one_of_each(touches), one_of_each(ends), format=written)
    assert journeys.totals["value"] == 1_072_500
    assert journeys.period[0] == pd.Timestamp("2024-01-02 22:30")


def test_values_are_read_on_conversions_only(one_of_each):
    events = pd.DataFrame(
        {
            "user": ["u", "u", "v"],
            "time": ["2024-01-01", "2024-01-02", "2024-01-02"],
            "channel": ["tv", "search", "tv"],
            "conversion": ["0", "1", "0"],
            "value": [None, "12.5", None],
        }
    )
    assert Journeys.from_touchpoints(one_of_each(events)).totals["value"] == 12.5


WEEKS = pd.DataFrame(
    {
        "week": ["2024-01-01", "2024-01-08", "2024-01-15"],
        "new_customers": ["10", "12", "9"],
        "tv": ["1000.5", "0", "2e3"],
        "price": ["1.25", "-1", "1.5"],
    }
)


def panel(source: object, **more: object) -> mmm.Panel:
    return mmm.Panel.from_frame(source, "week", "new_customers", ["tv"], controls=["price"], **more)


def test_a_weekly_table(form):
    read = panel(form(WEEKS))
    assert read.spend[0, :, 0].tolist() == [1000.5, 0, 2000]
    assert read.controls[0, :, 0].tolist() == [1.25, -1, 1.5]
    assert [*read.dates] == [*pd.date_range("2024-01-01", periods=3, freq="7D")]


WEEKLY_FORMATS = {
    "weeks": ({"week": ["2024-W01", "2024-W02", "2024-W03"]}, Format(date_format="%G-W%V"), 1),
    "US order": ({"week": ["01/01/2024", "01/08/2024", "01/15/2024"]}, Format(date_format="%m/%d/%Y"), 1),
    "serials": ({"week": ["45292", "45299", "45306"]}, Format(date_format="excel"), 1),
    "decimal comma": ({"tv": ["1.000,5", "0", "2.000"], "price": ["1", "2", "3"]}, Format(thousands="."), 1),
    "blanks": ({"tv": ["1\u202f000.5", "0", "2 000"]}, Format(thousands=" "), 1),
    "in thousands": ({"tv": ["1.0005", "0", "2"]}, Format(unit=1000), 1),
}


@pytest.mark.parametrize("case", WEEKLY_FORMATS)
def test_a_stated_format_of_a_weekly_table(one_of_each, case):
    columns, written, _ = WEEKLY_FORMATS[case]
    read = panel(one_of_each(WEEKS.assign(**columns)), format=written)
    np.testing.assert_allclose(read.spend[0, :, 0], [1000.5, 0, 2000])
    assert read.kpi[0].tolist() == [10, 12, 9]
    assert read.dates[2] == pd.Timestamp("2024-01-15")


WEEKLY_FAULTS = {
    "thousands or decimals": ({"tv": ["70.906", "0", "1.250"]}, r"'tv', rows \d, \d: may mean thousands or decimals"),
    "comma": ({"tv": ["1,5", "0", "2"]}, r"'tv', row \d: is not a number: '1,5'"),
    "underscore": ({"tv": ["1_000", "0", "2"]}, r"is not a number"),
    "hexadecimal": ({"tv": ["0x10", "0", "2"]}, r"is not a number"),
    "per cent": ({"tv": ["10%", "0", "2"]}, r"is not a number"),
    "US order": ({"week": ["01/02/2024", "01/09/2024", "01/16/2024"]}, r"is not a date"),
    "weeks": ({"week": ["2024-W01", "2024-W02", "2024-W03"]}, r"is not a date"),
    "offsets": ({"week": ["2024-01-01T00:00+01:00", "2024-01-08T00:00+02:00", "2024-01-15"]}, r"has a time zone"),
    "placeholder": ({"week": ["9999-12-31", "2024-01-08", "2024-01-15"]}, r"is a placeholder"),
}


@pytest.mark.parametrize("case", WEEKLY_FAULTS)
def test_faulty_weekly_tables(one_of_each, case):
    columns, message = WEEKLY_FAULTS[case]
    with pytest.raises(BadInput, match=message):
        panel(one_of_each(WEEKS.assign(**columns)))


def test_paths(one_of_each):
    table = pd.DataFrame({"path": ["tv > search", "7"], "conversions": ["2", "1"], "value": ["1.500,5", "2"]})
    journeys = Journeys.from_paths(one_of_each(table), value="value", format=Format(thousands="."))
    assert journeys.totals["value"] == 1502.5
    assert journeys.channels == ("7", "search", "tv")


def test_lift_tests(one_of_each):
    row = {
        "channel": "tv",
        "start": "01.02.2024",
        "end": "28.02.2024",
        "spend_change": "-1,5",
        "customers_gained": "-10",
    }
    table = pd.DataFrame([row | {"standard_error": "2,25"}])
    (test,) = mmm.lift_tests_from_frame(one_of_each(table), Format(decimal=",", date_format="%d.%m.%Y", unit=1000))
    assert (test.start, test.spend_change, test.standard_error) == ("2024-02-01", -1500, 2.25)


@pytest.mark.parametrize("kind", ["comma", "gz", "xlsx", "pandas", "arrow", "parquet"])
def test_a_name_that_stands_twice(tmp_path, kind):
    plain = TOUCHES.rename(columns={"channel": "user2"})
    if kind in ("pandas", "arrow", "parquet"):
        frame = plain.set_axis(["user", "time", "user"], axis=1)
        source: object = frame
        if kind != "pandas":
            source = pa.table([pa.array(plain[name]) for name in plain], names=["user", "time", "user"])
        if kind == "parquet":
            pa.parquet.write_table(source, tmp_path / "twice.parquet")
            source = tmp_path / "twice.parquet"
    elif kind == "xlsx":
        source = tmp_path / "twice.xlsx"
        pd.DataFrame([["user", "time", "user"], *plain.to_numpy().tolist()]).to_excel(source, index=False, header=False)
    else:
        text = csv(plain, tmp_path).read_text().replace("user2", "user")
        source = tmp_path / f"twice.csv{'.gz' if kind == 'gz' else ''}"
        source.write_bytes(gzip.compress(text.encode()) if kind == "gz" else text.encode())
    with pytest.raises(BadInput, match="'user': stands twice in the header"):
        Journeys.from_touchpoints(source, ENDS)
    with pytest.raises(BadInput, match="'user': stands twice in the header"):
        read_table(source, Table("t", (Column("time", "text"),)))


def test_numbers_that_are_no_names(typed):
    with pytest.raises(BadInput, match="'user', data row 1: is a number with decimals"):
        Journeys.from_touchpoints(typed(TOUCHES.assign(user=[1001.1, 2, 3, 7])), ENDS)
    with pytest.raises(BadInput, match=r"'user'.*too many digits"):
        Journeys.from_touchpoints(typed(TOUCHES.assign(user=[1e17, 2.0, 3, 7])), ENDS)


def test_ids_that_are_objects():
    one, two = uuid.UUID(int=1), uuid.UUID(int=2)
    touches, ends = TOUCHES.assign(user=[one, two, one, two]), ENDS.assign(user=[one, str(two)])
    assert sum(credit(touches, ends).values()) == 2


def test_times_that_are_objects():
    days = [dt.date(2024, 1, 2), dt.datetime(9999, 12, 31), pd.NaT, None]
    with pytest.raises(BadInput, match=r"row 2: lies in the future(.|\n)*|rows 3, 4: is empty"):
        Journeys.from_touchpoints(TOUCHES.assign(time=pd.Series(days, dtype=object)), ENDS)
    with pytest.raises(BadInput, match="is empty or no time"):
        Journeys.from_touchpoints(TOUCHES.assign(time=pd.period_range("2024-01-01", periods=4, freq="W")), ENDS)
    with pytest.raises(BadInput, match="holds periods"):
        panel(WEEKS.assign(week=pd.period_range("2024-01-01", periods=3, freq="W")))


OFFSETS = ["Z", "z", "+00:00", " +0000", " UTC", "+00", " Z"]


def test_offsets_as_exports_write_them(one_of_each):
    users = [f"u{place}" for place in range(len(OFFSETS))]
    touches = pd.DataFrame(
        {"user": users, "time": [f"2024-01-02 10:00:00{offset}" for offset in OFFSETS], "channel": "tv"}
    )
    last = pd.DataFrame([{"user": "west", "time": "2024-01-02 05:00:00 -0500", "channel": "tv"}])
    ends = pd.DataFrame({"user": [*users, "west"], "time": "2024-01-02T15:30:00.5+05:30"})
    journeys = Journeys.from_touchpoints(one_of_each(pd.concat([touches, last])), ends)
    assert journeys.totals["conversions"] == len(ends)
    frame = journeys.to_frame()
    assert pd.to_datetime(frame["time"], unit="us").unique().tolist() == [pd.Timestamp("2024-01-02 10:00")]
    assert pd.to_datetime(frame["ended"], unit="us").unique().tolist() == [pd.Timestamp("2024-01-02 10:00:00.5")]


ORDERS = pd.DataFrame(
    {
        "customer": ["1001", "ann", "1001", "bo", "ann", "cy"],
        "date": ["2024-01-31", "2024-01-02 10:00", "2024-03-01", "2024-02-11", "2024-02-29", "2024-04-30"],
        "channel": ["tv", "organic", None, "tv", "tv", "tv"],
        "margin": ["10.5", "4", "2.25", "-1", "8", "5"],
    }
)


def test_a_table_of_orders(form):
    cohorts = cohorts_of_orders(read_customer_orders(form(ORDERS)), silence=1).frame
    assert cohorts[["channel", "age", "active", "margin"]].to_numpy().tolist() == [
        ["organic", 0, 1, 4], ["organic", 1, 1, 8], ["organic", 2, 0, 0],
        ["tv", 0, 1, 10.5], ["tv", 1, 1, 0], ["tv", 2, 1, 2.25], ["tv", 0, 1, -1], ["tv", 1, 0, 0],
    ]  # fmt: skip
