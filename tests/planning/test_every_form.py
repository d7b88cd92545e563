"""All tables of a plan file in every form: the same rows give the same inputs, and the same faults the same problems."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from attribution.errors import BadInput, Problem
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import Inputs, read_inputs
from optimizer.planning.since.actuals import read_actuals
from optimizer.planning.starter import write_starter

Write = Callable[[pd.DataFrame, Path], str]


def text(suffix: str, separator: str = ",") -> Write:
    def write(frame: pd.DataFrame, place: Path) -> str:
        frame.to_csv(place.with_name(place.name + suffix), index=False, sep=separator)
        return place.name + suffix

    return write


def parquet(frame: pd.DataFrame, place: Path) -> str:
    frame.to_parquet(place.with_name(f"{place.name}.parquet"), index=False)
    return f"{place.name}.parquet"


def workbook(frame: pd.DataFrame, place: Path) -> str:
    with pd.ExcelWriter(place.with_name(f"{place.name}.xlsx")) as book:
        pd.DataFrame({"note": ["draft"]}).to_excel(book, sheet_name="Notes", index=False)
        frame.to_excel(book, sheet_name="Data", index=False)
    return f"{place.name}.xlsx::Data"


def database(frame: pd.DataFrame, place: Path) -> str:
    with duckdb.connect(place.with_name("all.duckdb")) as connection:
        connection.register("frame", frame)
        connection.execute(f'create table "{place.name}" as from frame')
    return f"all.duckdb::{place.name}"


def lite(frame: pd.DataFrame, place: Path) -> str:
    with closing(sqlite3.connect(place.with_name("all.sqlite"))) as connection:
        frame.to_sql(place.name, connection, index=False)
    return f"all.sqlite::{place.name}"


FORMS = {
    "comma": text(".csv"),
    "semicolon": text(".csv", ";"),
    "tab": text(".tsv", "\t"),
    "packed": text(".csv.gz"),
    "parquet": parquet,
    "workbook": workbook,
    "duckdb": database,
    "sqlite": lite,
}
LOGS = {
    "comma": {"TOUCHES": "comma", "ENDS": "comma", "PEOPLE": "comma"},
    "semicolon": {"TOUCHES": "semicolon", "ENDS": "tab", "PEOPLE": "packed"},
    "parquet": {"TOUCHES": "parquet", "ENDS": "workbook", "PEOPLE": "sqlite"},
    "duckdb": {"TOUCHES": "duckdb", "ENDS": "semicolon", "PEOPLE": "workbook"},
    "sqlite": {"TOUCHES": "sqlite", "ENDS": "duckdb", "PEOPLE": "semicolon"},
}
"""Forms of the log's own tables beside a form of all others: one reader reads the three, whichever form each has."""
KEYS = """\
  upcoming: {path: UPCOMING}
  lift_tests: {path: LIFT}
  cohorts: {path: COHORTS}
  costs: {path: COSTS}
  platform_reports: {path: REPORTS, period: week}
"""
LOG = """\
  touchpoints:
    path: TOUCHES
    identity: {path: PEOPLE}
    conversions: {path: ENDS, value: value}
"""


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Each table of a small plan file."""
    week, weekly = "week", pd.read_csv(folder / "weekly.csv")
    touches, ends = (pd.read_csv(folder / f"{name}.csv") for name in ("touchpoints", "conversions"))
    touches = touches.head(200)
    ends = ends[ends["user"].isin(touches["user"])]
    months = [
        ("2026-05-01", name, age, 90 - 9 * age, 900.5 - 90 * age) for name in ("tv", "organic") for age in range(3)
    ]
    weeks = weekly.loc[weekly["tv"].head(100).nlargest(1).index, week].tolist()
    return {
        "weekly": weekly.head(-4),
        "UPCOMING": pd.concat([weekly.tail(4)[[week, "price_index", "competitor_activity", "sale"]], pd.read_csv(folder / "upcoming.csv").head(9)]),
        "LIFT": pd.DataFrame({"channel": ["tv"], "start": [weeks[0]], "end": [weeks[0]], "spend_change": [9e3], "customers_gained": [90.5], "standard_error": [30.25]}),
        "COHORTS": pd.DataFrame(months, columns=["month", "channel", "age", "active", "margin"]),
        "COSTS": pd.DataFrame({"month": ["2026-05-01", "2026-06-01"], "kind": "tools", "cost": [900.5, 800.25]}),
        "REPORTS": pd.DataFrame({"date": weekly[week].iloc[70:73], "channel": "tv", "conversions": [5.0, 6.5, 7.0]}),
        "TOUCHES": touches,
        "ENDS": ends,
        "PEOPLE": pd.DataFrame({"user": touches["user"].unique()[:4], "person": ["p", "p", "q", "q"]}),
    }  # fmt: skip


def planned(starter: Path, made: dict[str, pd.DataFrame], form: str = "comma") -> Path:
    """The starter's plan file with its tables in one form, and a log where one goes with it."""
    folder = starter.parent / f"form{len(list(starter.parent.iterdir()))}"
    folder.mkdir()
    own = starter.read_text(encoding="utf-8")
    log = LOGS.get(form)
    own = own[: own.index("  upcoming:")] + KEYS + (LOG if log else "") + own[own.index("\nattribution:") :]
    for name, frame in made.items():
        if name in ("TOUCHES", "ENDS", "PEOPLE") and not log:
            continue
        write = FORMS[log[name] if log and name in log else form]
        own = own.replace("weekly.csv" if name == "weekly" else name, write(frame, folder / name.lower()), 1)
    (folder / "plan.yaml").write_text(own, encoding="utf-8")
    return folder / "plan.yaml"


def read(plan: Path) -> Inputs:
    config, document = read_config(plan)
    return read_inputs(config, document)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_starter(tmp_path_factory.mktemp("forms") / "starter")[0]


@pytest.fixture(scope="module")
def whole(home: Path) -> Inputs:
    return read(planned(home, tables(home.parent)))


@pytest.mark.parametrize("form", list(FORMS)[1:])
def test_the_same_rows_are_the_same_inputs(home: Path, whole: Inputs, form: str) -> None:
    other = read(planned(home, tables(home.parent), form))
    for name in ("kpi", "spend", "controls", "dates"):
        np.testing.assert_array_equal(getattr(whole.panel, name), getattr(other.panel, name))
    pd.testing.assert_frame_equal(whole.upcoming, other.upcoming)
    assert whole.lift_tests == other.lift_tests
    assert form not in LOGS or whole.journeys.totals == other.journeys.totals
    pd.testing.assert_frame_equal(whole.customer_values.cohorts.frame, other.customer_values.cohorts.frame)
    pd.testing.assert_frame_equal(whole.costs, other.costs)
    pd.testing.assert_frame_equal(whole.claims.by_day, other.claims.by_day)


def problems_of(home: Path, form: str) -> set[tuple[str | None, ...]]:
    """What is refused of tables with a fault each, without the names of files and the numbers of rows."""
    made = tables(home.parent)
    for name, column in (("weekly", "tv"), ("COHORTS", "margin"), ("COSTS", "cost"), ("ENDS", "value")):
        made[name] = made[name].assign(**{column: -made[name][column]})
    made["REPORTS"] = made["REPORTS"].assign(channel=None)
    with pytest.raises(BadInput) as caught:
        read(planned(home, made, form))
    told = [each for each in caught.value.problems if isinstance(each, Problem)]
    return {(each.column, re.sub(r"\d+", "", each.row or ""), each.text, each.remedy) for each in told}


@pytest.fixture(scope="module")
def refused(home: Path) -> set[tuple[str | None, ...]]:
    return problems_of(home, "comma")


@pytest.mark.parametrize("form", ["tab", "workbook", "sqlite"])
def test_the_same_faults_are_the_same_problems(home: Path, refused: set[tuple[str | None, ...]], form: str) -> None:
    of_log = {problem for problem in refused if problem[0] == "value"}
    assert problems_of(home, form) == (refused if form in LOGS else refused - of_log)
    assert len(of_log) == 1
    assert len(refused) > 3


@pytest.mark.parametrize("form", ["parquet", "workbook", "duckdb"])
def test_weeks_that_came_are_the_same(home: Path, whole: Inputs, tmp_path: Path, form: str) -> None:
    later = pd.read_csv(home.parent / "weekly.csv")
    config, _ = read_config(planned(home, tables(home.parent)))
    came = [
        read_actuals(config, tmp_path / write(later, tmp_path / f"came{place}"), whole.panel, dt.date(2027, 6, 1))
        for place, write in enumerate((text(".csv"), FORMS[form]))
    ]
    for name in ("kpi", "spend", "controls"):
        np.testing.assert_array_equal(getattr(came[0].coming, name), getattr(came[1].coming, name))
    assert came[0].notes == came[1].notes
