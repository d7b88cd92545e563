"""Databases as they are: kinds of cells, days as numbers, views, quoted names, locks; alike for logs and small tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from attribution import BadInput, Engine, Format, Journeys, UnknownName, read_table
from attribution.reading.contracts import Column, Table

WEEKS = Table("weeks", (Column("week", "date"), Column("kpi", minimum=0), Column("name", "text", required=False)))
ENDS = pd.DataFrame({"user": ["u"], "time": pd.to_datetime(["2024-03-05"])})


def duck(folder: Path, *statements: str) -> Path:
    path = folder / "base.duckdb"
    with duckdb.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


def lite(folder: Path, *statements: str) -> Path:
    path = folder / "base.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return path


def a_log(cell: str) -> str:
    return f"create table log as select 'u' as \"user\", timestamp '2024-03-01 10:00' as time, {cell} as channel"


@pytest.mark.parametrize(
    "cell", ["'tv'", "json('\"tv\"')", "'tv'::enum('tv', 'search')", "'tv'::blob", "'tv'::union(a varchar, b int)"]
)
def test_names_are_texts_whatever_holds_them(tmp_path: Path, cell: str) -> None:
    path = duck(tmp_path, a_log(cell), f"create table w as select date '2024-03-04' as week, 5 as kpi, {cell} as name")
    assert Journeys.from_touchpoints(f"{path}::log", ENDS).channels == ("tv",)
    assert read_table(f"{path}::w", WEEKS)["name"].tolist() == ["tv"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("'\\xFF\\xFE'::blob", "no plain text|no name"),
        ("'nan'::double", "is empty"),
        ("'inf'::double", "no name"),
        ("1.5::decimal(9, 3)", "no name"),
        ("[1, 2]", "not names|is a list|no name"),
    ],
)
def test_cells_that_are_no_names_are_refused(tmp_path: Path, cell: str, said: str) -> None:
    path = duck(tmp_path, a_log(cell), f"create table w as select date '2024-03-04' as week, 5 as kpi, {cell} as name")
    with pytest.raises(BadInput, match=said):
        Journeys.from_touchpoints(f"{path}::log", ENDS)
    with pytest.raises(BadInput, match=said):
        read_table(f"{path}::w", WEEKS)


def test_bytes_of_sqlite_and_of_frames_are_names_where_they_are_text(tmp_path: Path) -> None:
    for cell, channels in ((b"tv", ("tv",)), (b"\xff", None)):
        frame = pd.DataFrame({"user": ["u"], "time": ["2024-03-01"], "channel": [cell]})
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            frame.to_sql("log", connection, index=False)
        for source in (path, frame):
            if channels is None:
                with pytest.raises(BadInput, match="holds bytes that are no plain text"):
                    Journeys.from_touchpoints(source, ENDS)
            else:
                assert Journeys.from_touchpoints(source, ENDS).channels == channels


@pytest.mark.parametrize("number", ["20240304", "20240304.0"])
def test_days_may_be_numbers_where_their_pattern_is_stated(tmp_path: Path, number: str) -> None:
    table = f"create table w as select {number} as week, 5 as kpi"
    log = f"create table log as select 'u' as user, {number} as time, 'tv' as channel"
    whole = Format(date_format="%Y%m%d")
    for make, cast in ((duck, "::double" if "." in number else ""), (lite, "")):
        path = make(tmp_path, table.replace(" as week", f"{cast} as week"), log.replace("as user", 'as "user"'))
        with pytest.raises(BadInput, match="say date_format: '%Y%m%d'"):
            read_table(f"{path}::w", WEEKS)
        assert read_table(f"{path}::w", WEEKS, whole)["week"].tolist() == [pd.Timestamp("2024-03-04")]
        assert Journeys.from_touchpoints(f"{path}::log", ENDS, format=(whole, Format())).channels == ("tv",)
        with pytest.raises(BadInput, match="every date must read as"):
            read_table(f"{path}::w", WEEKS, Format(date_format="%d%m%Y"))


def test_views_of_sqlite_read_only_their_file_and_those_of_duckdb_are_asked_for(tmp_path: Path) -> None:
    view = "create view v as select '2024-03-04' as week, 5 as kpi"
    own, other = lite(tmp_path, view), duck(tmp_path, view)
    for source in (own, f"{own}::v", f"{own}::main.v"):
        assert len(read_table(source, WEEKS)) == 1
    with pytest.raises(BadInput, match=r"no table but views, .*: v\. Remedy: .*views=True"):
        read_table(other, WEEKS)
    assert len(read_table(other, WEEKS, engine=Engine(views=True))) == 1


@pytest.mark.parametrize("name", ["my week.ly", 'w"x', "a::b", "select", "w; drop table w"])
def test_names_of_tables_are_only_names(tmp_path: Path, name: str) -> None:
    quoted = name.replace('"', '""')
    for make in (duck, lite):
        path = make(tmp_path, f"create table \"{quoted}\" as select '2024-03-04' as week, 5 as kpi")
        assert len(read_table(f"{path}::{name}", WEEKS)) == 1
        for strange in ("read_csv('/etc/passwd')", "sqlite_master", "information_schema.tables", "duckdb_settings()"):
            with pytest.raises(UnknownName):
                read_table(f"{path}::{strange}", WEEKS)


def test_what_is_locked_or_encrypted_is_said_to_be(tmp_path: Path) -> None:
    path = lite(tmp_path, "create table w as select '2024-03-04' as week, 5 as kpi")
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("begin exclusive")
        with pytest.raises(BadInput, match="in use by another program"):
            read_table(path, WEEKS)
    with duckdb.connect() as connection:
        connection.execute("set force_mbedtls_unsafe = 'true'")
        connection.execute(f"attach '{tmp_path / 'shut.duckdb'}' as shut (encryption_key 'key')")
        connection.execute("create table shut.w as select 1 as week")
        connection.execute("pragma add_parquet_key('key', '0123456789112345')")
        shut = f"copy (select 1 as week) to '{tmp_path / 'shut.parquet'}' (encryption_config {{footer_key: 'key'}})"
        connection.execute(shut)
    for name in ("shut.duckdb", "shut.parquet"):
        with pytest.raises(BadInput, match="is encrypted"):
            read_table(tmp_path / name, WEEKS)
