"""The door of a log: encodings, titles above the header, rows of the file, and all faults of both tables at once."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pandas as pd
import pytest

import attribution
from attribution import ChannelRule, ChannelRules, ConversionEvents, Journeys, PathRules
from attribution.errors import BadInput, Problem
from attribution.reading.small import read_table
from attribution.reading.tables import wide

LOG = "user,time,channel\na,2024-03-01T09:30,tv\nb,2024-03-01 10:00,Föhn\n"
WON = "user,time\na,2024-03-02 10:00:00\nb,2024-03-03 10:00:00\n"
WEEKLY = "week,new_customers,tv\n2024-01-01,5,10\n2024-01-08,6,20\n"
TABLE = wide("weekly", "week", ["new_customers", "tv"])


def refused(read: object) -> tuple[Problem, ...]:
    with pytest.raises(BadInput) as error:
        read()  # type: ignore[operator]
    return error.value.problems  # type: ignore[return-value]


def written(folder: Path, log: str | bytes, won: str = WON) -> tuple[str, str]:
    (folder / "log.csv").write_bytes(log if isinstance(log, bytes) else log.encode())
    (folder / "won.csv").write_text(won, encoding="utf-8")
    return str(folder / "log.csv"), str(folder / "won.csv")


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_marks_of_every_unicode_encoding_are_read_alike(mark: bytes, tmp_path: Path) -> None:
    encoding = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}[mark]
    journeys = Journeys.from_touchpoints(*written(tmp_path, mark + LOG.encode(encoding)))
    assert journeys.channels == ("Föhn", "tv")
    assert journeys.totals["conversions"] == 2


def test_another_encoding_is_told_with_its_line_and_text(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_bytes(WEEKLY.replace("tv", "Überall").encode("cp1252"))
    (problem,) = refused(lambda: read_table(tmp_path / "w.csv", TABLE))
    assert problem.row == "line 1"
    assert "Überall" in problem.text
    assert "UTF-8" in problem.remedy
    (tmp_path / "w.csv").write_bytes(WEEKLY.replace("tv", "Überall").encode("utf-16-le"))
    (problem,) = refused(lambda: read_table(tmp_path / "w.csv", TABLE))
    assert "UTF-16 without its mark" in problem.text


@pytest.mark.parametrize(
    ("above", "said"),
    [
        ("Report of March,,\n,,\n", "row 3: names the columns"),
        ("Report of March\n", "line 1: holds 'Report of March'"),
        ("sep=,\n", "line 1: holds 'sep='"),
    ],
)
def test_lines_above_the_header_are_told_once(above: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text(above + WEEKLY, encoding="utf-8")
    (problem,) = refused(lambda: read_table(tmp_path / "w.csv", TABLE))
    assert said in str(problem)
    assert "delete the lines above" in problem.remedy


def test_titles_above_the_header_of_a_log_and_of_a_sheet_are_told(tmp_path: Path) -> None:
    (problem,) = refused(lambda: Journeys.from_touchpoints(*written(tmp_path, "Log,,\n,,\n" + LOG)))
    assert "row 3: names the columns" in str(problem)
    rows = [["Report", None, None], [None] * 3, *(line.split(",") for line in WEEKLY.splitlines())]
    pd.DataFrame(rows).to_excel(tmp_path / "w.xlsx", header=False, index=False)
    (problem,) = refused(lambda: read_table(tmp_path / "w.xlsx", TABLE))
    assert "line 1: holds 'Report' and not the names of the columns" in str(problem)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WEEKLY.replace(",", "|"), "has one column alone, 'week|new_customers|tv'"),
        ("<!DOCTYPE html>\n<html><body>Log in</body></html>\n", "is a web page"),
        ('<?xml version="1.0"?>\n<a/>\n', "is a web page"),
    ],
)
def test_what_is_no_table_is_one_problem(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text(text, encoding="utf-8")
    problems = refused(lambda: read_table(tmp_path / "w.csv", TABLE))
    assert said in str(problems[0])
    assert len(problems) == 1


def test_faults_of_both_tables_come_at_once_and_show_their_cells(tmp_path: Path) -> None:
    won = "user,time,value\na,2024-03-02,x5\nb,2024-03-03,7\n"
    sources = written(tmp_path, LOG.replace("2024-03-01 10:00", "yesterday"), won)
    of_touches, of_wins = refused(lambda: Journeys.from_touchpoints(*sources))
    assert (of_touches.table, of_touches.row) == ("log.csv", "data row 2")
    assert "'yesterday'" in of_touches.text
    assert (of_wins.table, of_wins.row) == ("won.csv", "data row 1")
    assert "'x5'" in of_wins.text


def events(wrong: dict[int, str], rows: int = 40) -> pd.DataFrame:
    """An event log in which every fourth row is an order; wrong: value of a row, counted from 1."""
    kinds = ["order" if row % 4 == 0 else "visit" for row in range(1, rows + 1)]
    return pd.DataFrame(
        {
            "user": [f"u{(row - 1) // 4}" for row in range(1, rows + 1)],
            "time": pd.date_range("2024-03-01", periods=rows, freq="h").strftime("%Y-%m-%d %H:%M:%S"),
            "medium": ["cpc", "email"] * (rows // 2),
            "event": kinds,
            "value": [wrong.get(row, "5" if kind == "order" else "") for row, kind in enumerate(kinds, 1)],
        }
    )


@pytest.mark.parametrize("where", [{8: "x"}, {12: "1,5", 40: "2,5"}, {4: "€3"}])
def test_rows_of_conversions_in_an_event_log_are_those_of_the_file(where: dict[int, str], tmp_path: Path) -> None:
    events(where).to_csv(tmp_path / "events.csv", index=False)
    rules = PathRules(channels=ChannelRules([ChannelRule("paid", {"medium": "cpc"})], otherwise="other"))
    (problem,) = refused(
        lambda: Journeys.from_touchpoints(
            str(tmp_path / "events.csv"), ConversionEvents("event", ("order",)), rules=rules
        )
    )
    assert problem.row == f"data row{'s' if len(where) > 1 else ''} {', '.join(map(str, where))}"
    assert problem.table == "conversions of events.csv"


def test_a_column_that_touches_and_conversions_share_is_missed_once(tmp_path: Path) -> None:
    events({}).drop(columns="user").to_csv(tmp_path / "events.csv", index=False)
    problems = refused(
        lambda: Journeys.from_touchpoints(
            str(tmp_path / "events.csv"), ConversionEvents("event", ("order",)), columns={"channel": "medium"}
        )
    )
    assert [problem.column for problem in problems] == ["user"]


def test_findings_on_channel_rules_outlive_channels_that_are_left_out() -> None:
    rules = [ChannelRule("paid", {"medium": "cpc"}), ChannelRule("never", {"medium": "fax"})]
    rules = PathRules(channels=ChannelRules(rules, otherwise="other"))
    journeys = Journeys.from_touchpoints(events({}), ConversionEvents("event", ("order",)), rules=rules)
    fewer = attribution.without(journeys, "other")
    for each in (journeys, fewer):
        (idle,) = [finding for finding in each.findings if finding.name == "idle_channel_rules"]
        assert not idle.passed
        assert "never" in idle.text


def test_users_that_do_not_meet_are_shown_and_times_that_do_not_are_told_apart(tmp_path: Path) -> None:
    (problem,) = refused(
        lambda: Journeys.from_touchpoints(*written(tmp_path, LOG.replace("\na,", "\na.0,").replace("\nb,", "\nb.0,")))
    )
    assert "'a'" in problem.remedy
    assert "'a.0'" in problem.remedy
    (problem,) = refused(lambda: Journeys.from_touchpoints(*written(tmp_path, LOG, WON.replace("2024", "2023"))))
    assert problem.remedy == "check times, the lookback and kinds."


@pytest.mark.parametrize("suffix", ["sqlite", "duckdb"])
def test_a_database_file_of_several_tables_lists_them(suffix: str, tmp_path: Path) -> None:
    import sqlite3

    import duckdb

    file = tmp_path / f"shop.{suffix}"
    with contextlib.closing(sqlite3.connect(file) if suffix == "sqlite" else duckdb.connect(str(file))) as connection:
        for table in ("orders", "touches"):
            connection.execute(f"CREATE TABLE {table} (week TEXT)")
    (problem,) = refused(lambda: read_table(file, TABLE))
    assert "holds several tables: orders, touches" in problem.text
    with pytest.raises(BadInput, match="Did you mean 'orders'"):
        read_table(f"{file}::order", TABLE)
