"""What stands where a name or a number should: truths, unseen signs, words for nobody, sums, other spellings."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from attribution import (
    BadInput,
    Cleaning,
    ConversionEvents,
    Format,
    IdentityMap,
    Journeys,
    LastTouch,
    PathRules,
    read_table,
)
from attribution.reading.contracts import Column, Table
from attribution.reading.dialects import epoch_micros
from attribution.reading.log_columns import as_moment
from attribution.reading.sources import log_table
from attribution.reading.spellings import alike_names
from attribution.reading.tables import LIFT_TESTS

TOUCHES = pd.DataFrame(
    {
        "user": ["a", "a", "b", "c"],
        "time": ["2024-01-02 10:00", "2024-01-03 10:00", "2024-01-03 11:00", "2024-01-04 08:00"],
        "channel": ["tv", "search", "search", "tv"],
    }
)
ENDS = pd.DataFrame({"user": ["a", "b"], "time": ["2024-01-05", "2024-01-06"], "value": ["10", "20"]})


def csv(frame: pd.DataFrame, folder: Path) -> object:
    frame.to_csv(folder / "t.csv", index=False)
    return folder / "t.csv"


def parquet(frame: pd.DataFrame, folder: Path) -> object:
    frame.to_parquet(folder / "t.parquet")
    return folder / "t.parquet"


def workbook(frame: pd.DataFrame, folder: Path) -> object:
    frame.to_excel(folder / "t.xlsx", index=False)
    return folder / "t.xlsx"


def lines(frame: pd.DataFrame, folder: Path) -> object:
    (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in frame.to_dict("records")))
    return folder / "t.jsonl"


FORMS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "frame": lambda frame, folder: frame,
    "objects": lambda frame, folder: frame.astype(object),
    "arrow": lambda frame, folder: pa.table(frame),
    "csv": csv,
    "parquet": parquet,
    "xlsx": workbook,
    "json": lines,
}
FLAGS = pd.DataFrame({"n": [True, False, True]})


@pytest.mark.parametrize("form", FORMS)
def test_truths_are_amounts_in_no_form_and_flags_in_every_one(form: str, tmp_path: Path) -> None:
    source = FORMS[form](FLAGS, tmp_path)
    for column in (Column("n"), Column("n", minimum=0, money=True)):
        with pytest.raises(BadInput, match=r"column 'n', rows .*is not a number: '?[Tt]rue"):
            read_table(source, Table("t", (column,)))
    assert read_table(source, Table("t", (Column("n", truths=True),)))["n"].tolist() == [1.0, 0.0, 1.0]


def test_truths_among_other_cells_are_at_fault() -> None:
    mixed = pd.DataFrame({"n": [True, 2, 3]}, dtype=object)
    for column in (Column("n"), Column("n", truths=True)):
        with pytest.raises(BadInput, match="row 2: is not a number: True"):
            read_table(mixed, Table("t", (column,)))
    with pytest.raises(BadInput, match=r"'value'.*true and false"):
        Journeys.from_touchpoints(TOUCHES, ENDS.assign(value=[True, False]))
    with pytest.raises(BadInput, match="'conversions', rows 1, 2: is not a number"):
        Journeys.from_paths(pd.DataFrame({"path": ["a", "b"], "conversions": [True, False]}))


@pytest.mark.parametrize("week", ["2021-W53", "2023-W53"])
def test_week_53_of_a_year_of_52_is_no_week(week: str) -> None:
    weeks = Format(date_format="%G-W%V")
    with pytest.raises(BadInput, match=f"is not a date: '{week}'"):
        read_table(pd.DataFrame({"d": [week]}), Table("t", (Column("d", "date"),)), weeks)
    with pytest.raises(BadInput, match=rf"no time: '{week}'"):
        Journeys.from_touchpoints(TOUCHES.assign(time=week), ENDS, format=(weeks, Format()))


def test_week_53_of_a_long_year_is_its_monday() -> None:
    weeks = Format(date_format="%G-W%V")
    read = read_table(pd.DataFrame({"d": ["2020-W53", "2026-W53"]}), Table("t", (Column("d", "date"),)), weeks)
    assert read["d"].dt.strftime("%Y-%m-%d").tolist() == ["2020-12-28", "2026-12-28"]
    ends = ENDS.assign(time="2021-01-02")
    journeys = Journeys.from_touchpoints(TOUCHES.assign(time="2020-W53"), ends, format=(weeks, Format()))
    assert journeys.totals["conversions"] == 2


UNSEEN = ["\u200b", "\ufeff", "\xad"]


def test_unseen_signs_make_no_name_and_no_other_name() -> None:
    with pytest.raises(BadInput, match="'channel', data rows 1, 2, 3: is empty"):
        Journeys.from_touchpoints(TOUCHES.assign(channel=[*UNSEEN, "tv"]), ENDS)
    touches = TOUCHES.assign(channel=["tv", *(f"tv{sign}" for sign in UNSEEN)])
    assert "alike_names" in [one.name for one in Journeys.from_touchpoints(touches, ENDS).findings if not one.passed]
    folded = Journeys.from_touchpoints(touches, ENDS, cleaning=Cleaning(fold_names=True))
    assert len(folded.channels) == 1
    for sign in UNSEEN:
        assert not alike_names({"channels": ("tv", f"tv{sign}")}).passed
        with pytest.raises(BadInput, match="only under ids that differ by case, blanks or"):
            Journeys.from_touchpoints(TOUCHES.assign(user=TOUCHES["user"] + sign), ENDS)
        with pytest.raises(BadInput, match="'n', row 2: is empty"):
            read_table(pd.DataFrame({"n": [sign]}), Table("t", (Column("n", "text"),)))


VOID = [None, "", "\u200b"]


@pytest.mark.parametrize("void", VOID, ids=repr)
def test_a_map_s_row_that_lacks_a_side_says_nothing(void: object) -> None:
    people = pd.DataFrame({"user": ["a", "b", void], "person": ["p", void, "q"]}, dtype=object)
    journeys = Journeys.from_touchpoints(TOUCHES, ENDS, rules=PathRules(identity=IdentityMap(people)))
    assert journeys.totals["paths"] == 3
    assert LastTouch()(journeys).conversions.to_dict() == {"search": 2.0, "tv": 0.0}


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ({"user": ["x", "y"], "person": ["p", "q"]}, "users such as 'x', touchpoints such as 'a'"),
        ({"user": ["A", "B"], "person": ["p", "q"]}, "none of the map occurs there"),
        ({"user": ["a", None], "person": [None, "q"]}, "no row that names a user and a person"),
        ({"user": ["a", "p"], "person": ["p", "q"]}, "'a' the person 'p', who is a user of another"),
        ({"user": ["a", "a"], "person": ["p", "q"]}, "several persons to user 'a'"),
    ],
)
def test_a_map_that_says_nothing_or_two_things_is_refused(people: dict[str, list[str]], message: str) -> None:
    with pytest.raises(BadInput, match=f"identity map.*{message}"):
        Journeys.from_touchpoints(TOUCHES, ENDS, rules=PathRules(identity=IdentityMap(pd.DataFrame(people))))


def test_a_map_in_other_spelling_meets_where_names_are_folded() -> None:
    people = IdentityMap(pd.DataFrame({"user": ["A", "b "], "person": ["P", "p"]}))
    journeys = Journeys.from_touchpoints(
        TOUCHES, ENDS, rules=PathRules(identity=people), cleaning=Cleaning(fold_names=True)
    )
    assert journeys.totals["paths"] == 2  # that of the one person, and that of c
    assert not next(one for one in journeys.findings if one.name == "several_conversions").passed


EVENTS = pd.concat(
    [TOUCHES.assign(event="view"), ENDS[["user", "time"]].assign(channel="x", event=["sale", "Sale\u200b"])],
    ignore_index=True,
)


def test_an_event_in_another_spelling_is_no_touch() -> None:
    with pytest.raises(BadInput, match=r"'event': has 'Sale.*beside the event 'sale', and it would not count"):
        Journeys.from_touchpoints(EVENTS, ConversionEvents("event", ("sale",)))
    for events, cleaning in ((("sale",), Cleaning(fold_names=True)), (("sale", "Sale\u200b"), Cleaning())):
        journeys = Journeys.from_touchpoints(EVENTS, ConversionEvents("event", events), cleaning=cleaning)
        assert journeys.totals["conversions"] == 2


def test_kinds_and_interactions_in_another_spelling_are_told() -> None:
    with pytest.raises(BadInput, match="'SALE' beside the kind of conversion 'sale'"):
        Journeys.from_touchpoints(TOUCHES, ENDS.assign(kind=["sale", "SALE"]), rules=PathRules(kinds=("sale",)))
    touches = TOUCHES.assign(interaction=["view", "View ", "click", "click"])
    with pytest.raises(BadInput, match="'View ' beside the interaction 'view'"):
        Journeys.from_touchpoints(touches, ENDS, rules=PathRules(lookback_of={"view": "1D"}))


@pytest.mark.parametrize("word", ["NULL", "NaN", "(not set)"])
def test_conversions_of_nobody_are_no_person(word: str) -> None:
    ends = pd.concat([ENDS, ENDS.assign(user=word)], ignore_index=True)
    with pytest.raises(BadInput, match="conversions, column 'user', data rows 3, 4: stands for nobody known"):
        Journeys.from_touchpoints(TOUCHES, ends)
    kept = Journeys.from_touchpoints(TOUCHES, ends, cleaning=Cleaning(drop=("missing user",)))
    assert kept.totals["conversions"] == 2
    assert kept.exclusions == {"conversions: missing user": 2}


@pytest.mark.parametrize(("cells", "column"), [([["tv"]] * 4, "channel"), ([{"a": "tv"}] * 4, "user")])
def test_lists_and_records_are_no_names(cells: list[object], column: str) -> None:
    columns = {name: pa.array(TOUCHES[name]) for name in TOUCHES}
    with pytest.raises(BadInput, match=f"'{column}': holds (array|struct).*not names"):
        Journeys.from_touchpoints(pa.table(columns | {column: pa.array(cells)}), ENDS)


def zoned(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(time=pd.to_datetime(frame["time"], format="mixed").dt.tz_localize("Europe/Berlin"))


def test_offsets_in_one_table_alone_are_told() -> None:
    def told(touches: pd.DataFrame, ends: pd.DataFrame, *formats: Format) -> bool:
        journeys = Journeys.from_touchpoints(touches, ends, format=formats if formats else None)  # type: ignore[arg-type]
        return not all(one.passed for one in journeys.findings if one.name == "times_of_one_zone")

    written = ENDS.assign(time=ENDS["time"] + " 10:00+02:00")
    assert told(TOUCHES, written)
    assert told(zoned(TOUCHES), ENDS)
    assert not told(TOUCHES, ENDS)
    assert not told(zoned(TOUCHES), written)
    assert not told(TOUCHES, written, Format(time_zone="Europe/Berlin"), Format())


@pytest.mark.parametrize("name", ["Outside", " outside", "OUTSIDE\u200b"])
def test_an_optional_column_in_another_spelling_is_not_passed_over(name: str) -> None:
    test = {"channel": "tv", "start": "2024-01-01", "end": "2024-01-07", "spend_change": 1, "customers_gained": 1}
    frame = pd.DataFrame([test | {"standard_error": 1, name: 0.5}])
    with pytest.raises(BadInput, match="is like 'outside', and would not be read"):
        read_table(frame, replace(LIFT_TESTS, name="t"))


@pytest.mark.parametrize(
    ("local", "moment"),
    [
        ("2024-10-27 02:30", "2024-10-27 01:30"),
        ("2024-03-31 02:30", "2024-03-31 01:30"),
        ("2024-10-27 03:30", "2024-10-27 02:30"),
        ("2024-03-31 01:30", "2024-03-31 00:30"),
    ],
)
def test_hours_that_a_change_of_clocks_repeats_or_skips(local: str, moment: str) -> None:
    table = log_table(TOUCHES.assign(time=local), name="t")
    read = as_moment(table, "time", Format(time_zone="Europe/Berlin"), "t")
    micros = table.select(at=epoch_micros(read, table)).execute()["at"]
    assert set(micros) == {pd.Timestamp(moment).value // 1000}


def test_a_usual_column_with_an_unseen_sign_is_not_passed_over() -> None:
    with pytest.raises(BadInput, match="is like the usual 'value', and not read"):
        Journeys.from_touchpoints(TOUCHES, ENDS.rename(columns={"value": "value\u200b"}))


@pytest.mark.parametrize("form", ["frame", "arrow", "parquet"])
def test_a_column_without_any_value_or_type_is_an_empty_one(form: str, tmp_path: Path) -> None:
    columns = {name: pa.array(ENDS[name]) for name in ("user", "time", "value")}
    table = pa.table(columns | {"note": pa.nulls(len(ENDS))})

    def source(table: pa.Table) -> object:
        if form == "parquet":
            pq.write_table(table, tmp_path / "t.parquet")
            return tmp_path / "t.parquet"
        return table.to_pandas() if form == "frame" else table

    assert Journeys.from_touchpoints(TOUCHES, source(table)).totals["value"] == 30
    with pytest.raises(BadInput, match=r"'value'.*(is empty|holds nothing)") as refused:
        Journeys.from_touchpoints(TOUCHES, source(table.drop_columns("value").append_column("value", pa.nulls(2))))
    assert "DType" not in str(refused.value)
