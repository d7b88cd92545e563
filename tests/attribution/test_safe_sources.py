"""Sources that are damaged, locked, too large or not to be trusted, and what is said of them."""

from __future__ import annotations

import gzip
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from attribution import BadInput, Engine, Format, Journeys, Query, UnknownName, read_table
from attribution.reading.contracts import Column, Table
from attribution.reading.memory import usable_memory
from attribution.reading.sources import log_table
from attribution.reading.workbook import read_sheet

TOUCHES = pd.DataFrame({"user": ["u", "v"], "time": ["2024-01-01", "2024-01-02"], "channel": ["tv", "search"]})
ENDS = pd.DataFrame({"user": ["u"], "time": ["2024-01-03"]})
TABLE = Table("table", (Column("user", "text"), Column("time", "date")))


def refused(source: object, message: str, folder: Path | None = None) -> None:
    """A log and a small table are refused with the same words, which hold no folder."""
    for read in (lambda: Journeys.from_touchpoints(source, ENDS), lambda: read_table(source, TABLE)):
        with pytest.raises(BadInput, match=message) as caught:
            read()
        if folder is not None:
            assert str(folder) not in str(caught.value)
        assert len(str(caught.value)) < 600


def sheets(path: Path, *names: str) -> Path:
    with pd.ExcelWriter(path) as writer:
        for name in names:
            TOUCHES.to_excel(writer, sheet_name=name, index=False)
    return path


def test_parts_are_honoured_listed_and_refused(tmp_path):
    book = sheets(tmp_path / "book.xlsx", "Draft", "Restated")
    assert len(read_table(f"{book}::Restated", TABLE)) == 2
    refused(book, "several sheets: Draft, Restated", tmp_path)
    refused(f"{book}::Restate", "did you mean 'Restated'", tmp_path)
    TOUCHES.to_csv(tmp_path / "log.csv", index=False)
    TOUCHES.to_parquet(tmp_path / "log.parquet")
    for name in ("log.csv", "log.parquet"):
        refused(f"{tmp_path}/{name}::Data", "has no parts", tmp_path)
    refused(f"{tmp_path}/*.feather", "fits no file")


def test_workbooks_that_are_none(tmp_path):
    whole = sheets(tmp_path / "book.xlsx", "Data").read_bytes()
    bad = tmp_path / "bad.xlsx"
    for content, message in (
        (whole[: len(whole) // 2], "cut short"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "locked with a password"),
        (b"user,time\n", "is no workbook"),
    ):
        bad.write_bytes(content)
        refused(bad, message, tmp_path)


def test_a_workbook_is_measured_before_it_is_unpacked(tmp_path):
    book = sheets(tmp_path / "book.xlsx", "Data")
    with zipfile.ZipFile(book, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/filler.bin", b"\0" * 3_000_000)
    assert book.stat().st_size < 100_000
    with pytest.raises(BadInput, match=r"unpacks to 3 MB, past the limit of 1 MB"):
        read_sheet(book, most=1 << 20)
    assert len(read_sheet(book)) == 3


def test_text_that_is_cut_short(tmp_path):
    path = tmp_path / "log.csv"
    for text, message in (
        ("user,time,channel\nu,2024-01-01,tv\nv,2024", "has 2 cells where the header has 3"),
        ('user,time,channel\nu,2024-01-01,"tv\n', "cut short"),
        ("user,time,channel\nu,2024-01-01,tv,1\n", "has 4 cells where the header has 3"),
    ):
        path.write_text(text)
        refused(path, message, tmp_path)
        with pytest.raises(BadInput) as caught:
            Journeys.from_touchpoints(path, ENDS)
        assert "UTF-8" not in str(caught.value)
    packed = tmp_path / "log.csv.gz"
    packed.write_bytes(gzip.compress(TOUCHES.to_csv(index=False).encode() * 5000)[:-40])
    refused(packed, "cut short", tmp_path)


def test_databases(tmp_path):
    path = tmp_path / "log.duckdb"
    secret = tmp_path / "secret.csv"
    secret.write_text("user,time,channel\nu,2024-01-01,password\n")
    with duckdb.connect(path) as connection:
        connection.register("frame", TOUCHES)
        connection.execute("create schema a; create schema b; create table a.log as from frame")
        connection.execute("create table b.log as from frame; create table b.other as from frame")
        connection.execute(f"create view peek as from read_csv('{secret}', all_varchar = true)")
    refused(f"{path}::log", "stands in several schemas")
    refused(f"{path}::peek", "is a view")
    with pytest.raises(UnknownName, match=r"'a\.log'"):
        read_table(f"{path}::a.logs", TABLE)
    assert len(read_table(f"{path}::b.other", TABLE)) == 2
    allowed = Journeys.from_touchpoints(f"{path}::peek", ENDS, engine=Engine(views=True))
    assert allowed.channels == ("password",)


def test_sqlite_files_need_no_extension(tmp_path):
    path = tmp_path / "log.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        TOUCHES.to_sql("log", connection, index=False)
    assert Journeys.from_touchpoints(path, ENDS).channels == ("search", "tv")
    refused(f"{path}::logs", "Did you mean 'log'", tmp_path)
    path.write_bytes(path.read_bytes()[:3000])
    refused(path, "cannot be read", tmp_path)


@pytest.mark.parametrize(
    "statement",
    [
        "SET autoload_known_extensions = true",
        "SET memory_limit = '1TB'",
        "SET lock_configuration = false",
        "INSTALL httpfs",
        "LOAD httpfs",
    ],
)
def test_the_engine_fetches_nothing_and_stays_as_it_was_set(statement):
    backend = Engine(threads=1).open()
    if statement.startswith("INSTALL"):
        assert not backend.con.execute("SELECT current_setting('autoinstall_known_extensions')").fetchall()[0][0]
        return
    with pytest.raises(duckdb.Error):
        backend.con.execute(statement)


def test_the_engine_takes_three_quarters_of_what_the_process_may_use():
    (limit,) = Engine().open().con.execute("SELECT current_setting('memory_limit')").fetchall()[0]
    number, unit = limit.split()
    given = float(number) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB").index(unit)
    assert given == pytest.approx(0.75 * usable_memory(), rel=0.02)


@pytest.mark.parametrize(
    ("group", "limits", "most"),
    [
        ("0::/app/inner", {"app/inner/memory.max": "max", "app/memory.max": "1048576"}, 1_048_576),
        ("0::/../host/path", {"memory.max": "2097152"}, 2_097_152),
        ("5:cpu,memory:/job", {"memory/job/memory.limit_in_bytes": "3145728"}, 3_145_728),
        ("5:memory:/job", {"memory/memory.limit_in_bytes": "9223372036854771712"}, None),
        ("5:cpu:/job", {"memory/job/memory.limit_in_bytes": "1"}, None),
    ],
)
def test_limits_of_control_groups_count(tmp_path, group, limits, most):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(group + "\n")
    for name, text in limits.items():
        file = tmp_path / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    assert usable_memory(tmp_path) == (usable_memory(tmp_path / "nowhere") if most is None else most)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decimal": ";"}, "no decimal sign"),
        ({"thousands": "_"}, "no sign between thousands"),
        ({"decimal": ",", "thousands": ","}, "must differ"),
        ({"unit": 0}, "no number above 0"),
        ({"date_format": "%d/%m"}, "has no year"),
        ({"date_format": "%Y-W%W"}, "name ISO weeks"),
        ({"date_format": "%Y-W%V"}, "belong together"),
        ({"date_format": "%d/%m/%Y %I:%M"}, "without %p"),
        ({"date_format": "%Q%Y"}, "no pattern of strptime"),
        ({"time_zone": "CET/Berlin"}, "not known"),
    ],
)
def test_formats_that_are_none(change, message):
    with pytest.raises(BadInput, match=message):
        Format(**change)


def test_secrets_come_from_the_environment_and_are_shown_nowhere(monkeypatch):
    query = Query("postgres://analyst:${DOOR_PASSWORD}@localhost:1/shop", "select 1")
    assert query.name == "postgres://localhost:1/shop"
    with pytest.raises(BadInput, match="DOOR_PASSWORD, which the environment does not have"):
        log_table(query)
    monkeypatch.setenv("DOOR_PASSWORD", "hunter2")
    with pytest.raises(BadInput, match="gives no answer") as caught:
        log_table("postgres://analyst:${DOOR_PASSWORD}@localhost:1/shop::select 1")
    assert "hunter2" not in str(caught.value) + repr(query)
    assert caught.value.__suppress_context__
    for url, message in (
        ("postgres://analyst:hunter2@host/shop::select 1", "password written into it"),
        ("postgres://host/shop", "has no query"),
        ("https://host/shop.csv", "download it, and name the file"),
        ("s3://bucket/shop.parquet", "download it, and name the file"),
        ("duckdb://log.duckdb::select 1", "names a file"),
    ):
        with pytest.raises(BadInput, match=message) as caught:
            log_table(url)
        assert "hunter2" not in str(caught.value)


def test_an_answer_is_read_like_any_table(monkeypatch):
    import ibis

    asked = []

    class Connection:
        def __init__(self, url):
            asked.append(url)

        def sql(self, query):
            asked.append(query)
            return ibis.duckdb.connect().create_table("touches", TOUCHES)

    monkeypatch.setattr(ibis, "connect", Connection)
    monkeypatch.setenv("DOOR_PASSWORD", "hunter2")
    query = Query("postgres://u:${DOOR_PASSWORD}@host/shop", "select * from touches")
    assert Journeys.from_touchpoints(query, ENDS).channels == ("search", "tv")
    assert len(read_table(query, TABLE)) == 2
    assert asked[:2] == ["postgres://u:hunter2@host/shop", "select * from touches"]


def test_a_database_whose_package_is_lacking_is_named_with_it(monkeypatch):
    def lacking(url: str) -> None:
        raise ModuleNotFoundError("No module named 'snowflake'", name="snowflake")

    monkeypatch.setattr("ibis.connect", lacking)
    with pytest.raises(BadInput, match="needs the package snowflake, which is not installed"):
        Query("snowflake://me@account/shop", "select 1").table()
