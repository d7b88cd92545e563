"""What messages propose for cells that could not be read, by who wrote them so; and that the proposal then reads."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

import attribution
from attribution.errors import BadInput
from attribution.reading.formats import PLAIN, Format
from attribution.reading.likely import date_remedy, number_remedy
from attribution.reading.strict import read_days, read_numbers

DAYS = [dt.date(2024, 1, 29) + dt.timedelta(7 * week) for week in range(8)]
EPOCH = dt.date(1899, 12, 30)


@pytest.mark.parametrize(
    "pattern",
    [
        "%d.%m.%Y",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%Y/%m/%d",
        "%Y%m%d",
        "%d %b %Y",
        "%b %d, %Y",
        "%G-W%V",
        "%d.%m.%y",
        "KW %V/%G",
        "%b %Y",
    ],
)
def test_a_pattern_proposed_is_the_one_written_and_reads_the_column(pattern: str) -> None:
    cells = pd.Series([day.strftime(pattern) for day in DAYS])
    remedy = read_days(cells, PLAIN).remedy
    assert f"date_format: {pattern!r}," in remedy
    assert not read_days(cells, Format(date_format=pattern)).faulty.any()


def test_counted_days_and_seconds_are_proposed_by_their_size() -> None:
    moments = [dt.datetime(2024, 3, day, 7, 30, tzinfo=dt.UTC) for day in range(1, 20)]
    for name, per_second in (("unix", 1), ("unix_ms", 1_000), ("unix_us", 1_000_000)):
        cells = [str(int(moment.timestamp() * per_second)) for moment in moments]
        assert date_remedy(cells, cells, "x").startswith(f"say date_format: {name!r},")
    serials = [(day - EPOCH).days for day in DAYS]
    assert date_remedy(serials, serials, "x").startswith("say date_format: 'excel',")


def test_dates_that_two_patterns_read_propose_both_and_none_is_chosen() -> None:
    cells = ["1/2/2024", "3/4/2024"]
    assert "'%d/%m/%Y' or '%m/%d/%Y', whichever is meant" in date_remedy(cells, cells, "x")


@pytest.mark.parametrize("total", ["Total", "Grand total", "Summe", " sum of all", "Gesamtergebnis", "Total général:"])
def test_a_row_of_totals_below_good_dates_is_called_so(total: str) -> None:
    assert date_remedy(["2024-01-29", total], [total], "x") == "leave out rows of totals."


def test_where_some_cells_are_empty_alone_no_pattern_is_proposed() -> None:
    assert date_remedy(["2024-01-29 10:00:00"], [], "times") == "write times."


@pytest.mark.parametrize(
    ("decimal", "thousands", "said"),
    [
        (",", ".", "say decimal: ',' and thousands: '.'"),
        (".", ",", "say thousands: ','"),
        (".", "'", 'say thousands: "\'"'),
        (",", " ", "say decimal: ',' and thousands: ' '"),
        (",", None, "say decimal: ','"),
    ],
)
def test_signs_proposed_are_the_ones_written_and_read_the_column(
    decimal: str, thousands: str | None, said: str
) -> None:
    values = [1234.5, 12.25, 987654.75]
    marks = {",": thousands or "", ".": decimal}
    cells = pd.Series(["".join(marks.get(sign, sign) for sign in f"{value:,.2f}") for value in values])
    assert said in read_numbers(cells, PLAIN).remedy
    assert read_numbers(cells, Format(decimal, thousands)).cells.tolist() == values


def test_a_figure_without_digits_and_a_sign_of_a_currency_get_their_own_remedy() -> None:
    assert number_remedy(["5", "-"], ["-"], PLAIN).startswith("write 0 where there is none")
    euro = number_remedy(["5.50€"], ["5.50€"], PLAIN)
    assert euro.startswith("remove currency signs")
    assert "thousands" not in euro


@pytest.mark.parametrize(("name", "per_second"), [("unix", 1), ("unix_ms", 1_000), ("unix_us", 1_000_000)])
@pytest.mark.parametrize("typed", [True, False])
def test_times_since_1970_are_those_of_the_calendar(name: str, per_second: int, typed: bool, tmp_path: Path) -> None:
    moments = pd.date_range("2024-03-01 09:30:15", periods=6, freq="7h", tz="UTC")
    log = pd.DataFrame({"user": ["a", "b"] * 3, "time": moments, "channel": ["tv", "web", "tv"] * 2})
    won = pd.DataFrame({"user": ["a", "b"], "time": moments[-1:].repeat(2) + pd.Timedelta("1h")})
    expected = attribution.Journeys.from_touchpoints(log, won).to_frame()
    counted = {}
    for table, frame in (("log", log), ("won", won)):
        ticks = [int(moment.timestamp() * per_second) for moment in frame["time"]]
        counted[table] = frame.assign(time=ticks)
        if not typed:
            counted[table].to_csv(tmp_path / f"{table}.csv", index=False)
    sources = [counted[table] if typed else str(tmp_path / f"{table}.csv") for table in ("log", "won")]
    read = attribution.Journeys.from_touchpoints(*sources, format=Format(date_format=name)).to_frame()
    pd.testing.assert_frame_equal(read, expected)


@pytest.mark.parametrize(
    ("name", "cell"), [("unix", 10**15), ("unix", -(10**18)), ("unix_ms", 9 * 10**18), ("excel", 10**15)]
)
@pytest.mark.parametrize("typed", [True, False])
def test_counts_beyond_the_calendar_are_faults_with_their_row(
    name: str, cell: int, typed: bool, tmp_path: Path
) -> None:
    good = {"unix": 1_709_251_200, "unix_ms": 1_709_251_200_000, "excel": 45_352}[name]
    log = pd.DataFrame({"user": "a", "time": [good, cell], "channel": "tv"})
    won = pd.DataFrame({"user": ["a"], "time": ["2024-04-01"]})
    log.to_csv(tmp_path / "log.csv", index=False)
    source = log if typed else str(tmp_path / "log.csv")
    with pytest.raises(BadInput, match=r"data row 2: is empty or no time"):
        attribution.Journeys.from_touchpoints(source, won, format=(Format(date_format=name), PLAIN))


@pytest.mark.parametrize("cell", [[1], {"a": 1}, {2}])
def test_cells_that_hold_several_things_are_faults_and_no_crash(cell: object) -> None:
    cells = pd.Series([cell, cell], dtype=object)
    assert read_days(cells, PLAIN).faulty.all()
    assert read_days(cells, Format(date_format="excel")).faulty.all()
    assert read_numbers(cells, PLAIN).faulty.all()
    frame = pd.DataFrame({"Day": ["2024-01-01"], "Campaign": "a", "Currency code": "EUR", "Cost": [cell]})
    with pytest.raises(BadInput, match="is not a number"):
        attribution.read_export(frame.assign(Impressions=1, Clicks=1), "google_ads")


def test_an_export_takes_the_words_for_dates_that_any_table_takes(tmp_path: Path) -> None:
    head = "Day,Campaign,Currency code,Cost,Impressions,Clicks\n"
    days = {"excel": [(day - EPOCH).days for day in DAYS], "%G-W%V": [day.strftime("%G-W%V") for day in DAYS]}
    for date_format, cells in days.items():
        (tmp_path / "ads.csv").write_text(head + "".join(f"{cell},a,EUR,5.00,1,1\n" for cell in cells), "utf-8")
        export = attribution.read_export(tmp_path / "ads.csv", "google_ads", date_format)
        assert sorted(pd.to_datetime(export.frame["date"]).dt.date) == DAYS
    with pytest.raises(BadInput, match="has no year"):
        attribution.read_export(tmp_path / "ads.csv", "google_ads", "dd.mm")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["12%", "8 %"], "0.12 for 12 %"),
        (["(1.5)", "\u22122"], "as -1.5"),
        (["3-"], "as -1.5"),
        (["1\u200b"], "signs that nobody sees"),
    ],
)
def test_what_is_no_sign_of_a_currency_is_not_called_one(cells: list[str], said: str) -> None:
    assert said in number_remedy(cells, cells, PLAIN)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("2024-01-01 - 2024-01-07", "keep the first day"),
        ("1. Januar 2024", "read in English alone"),
        ("2024-01", "'%Y-%m'"),
        ("01/2024", "'%m/%Y'"),
        ("20240102T100000", "'%Y%m%dT%H%M%S'"),
    ],
)
def test_ranges_months_and_names_of_months_are_told(cell: str, said: str) -> None:
    assert said in date_remedy([cell], [cell], "x")


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("#N/A", "formulas that failed"),
        ("#DIV/0!", "formulas that failed"),
        (dt.datetime(1900, 12, 9), "format the column as numbers"),
        (dt.time(1, 2), "format the column as numbers"),
        (pd.Timedelta(days=3), "format the column as numbers"),
        ([1.5], "one plain number a cell"),
        ({"v": 1.5}, "one plain number a cell"),
        (1 + 2j, "one plain number a cell"),
    ],
)
def test_cells_that_are_no_text_get_a_remedy_of_their_own(cell: object, told: str) -> None:
    assert told in read_numbers(pd.Series([cell, 2.0], dtype=object), PLAIN).remedy


def test_bytes_of_plain_text_are_read_as_that_text() -> None:
    texts = ["2024-01-29", "2024-02-05"]
    assert read_days(pd.Series([text.encode() for text in texts]), PLAIN).cells.tolist() == [*map(pd.Timestamp, texts)]
    assert read_numbers(pd.Series([b"1.5", b"2"]), PLAIN).cells.tolist() == [1.5, 2.0]
    assert read_numbers(pd.Series([b"\xff"]), PLAIN).faulty.all()
