"""Small tables from files: what is tolerated, and what is named with file and line."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

from attribution import BadInput, Format, UnknownName, read_table
from attribution.reading.tables import SPEND, renamed, wide

TEXT = "date,channel,spend\n2024-01-01,tv,10.5\n2024-01-08,tv,20\n"
FRAME = pd.DataFrame(
    {"date": pd.to_datetime(["2024-01-01", "2024-01-08"]), "channel": ["tv", "tv"], "spend": [10.5, 20.0]}
)


def same(frame: pd.DataFrame) -> bool:
    return [*frame["spend"]] == [10.5, 20.0] and [*frame["date"]] == [*FRAME["date"]]


@pytest.mark.parametrize(
    "content",
    [TEXT.encode(), TEXT.replace(",", ";").encode(), TEXT.replace(",", "\t").encode(), ("\ufeff" + TEXT).encode()],
    ids=["comma", "semicolon", "tab", "byte-order mark"],
)
def test_csv_as_spreadsheets_write_it(tmp_path, content):
    path = tmp_path / "spend.csv"
    path.write_bytes(content)
    assert same(read_table(path, SPEND))


def test_other_formats(tmp_path):
    FRAME.to_parquet(tmp_path / "spend.parquet")
    FRAME.to_excel(tmp_path / "spend.xlsx", index=False)
    with duckdb.connect(tmp_path / "spend.duckdb") as connection:
        connection.register("frame", FRAME)
        connection.execute("create table media as from frame; create table other as select 1 as x")
    for name in ("spend.parquet", "spend.xlsx", "spend.duckdb::media"):
        assert same(read_table(f"{tmp_path}/{name}", SPEND)), name
    with pytest.raises(UnknownName, match="'media'"):
        read_table(f"{tmp_path}/spend.duckdb::mediaa", SPEND)


FAULTS = {
    "line": ("date,channel,spend\n2024-01-01,tv,10\n2024-01-08,tv,ten\n", "spend.csv, column 'spend', row 3"),
    "blank line": ("date,channel,spend\n2024-01-01,tv,10\n\n2024-01-08,tv,5\n", "row 3: holds nothing"),
    "decimal comma": ("date;channel;spend\n2024-01-01;tv;1,5\n", "say decimal: ','"),
    "negative": ("date,channel,spend\n2024-01-01,tv,-1\n", "row 2: is negative"),
    "other date": ("date,channel,spend\n31/01/2024,tv,1\n", "say date_format: '%d/%m/%Y'"),
    "doubled": ("date,channel,spend\n2024-01-01,tv,1\n2024-01-01,tv,2\n", "rows 2, 3"),
    "misnamed": ("date,channel,spent\n2024-01-01,tv,1\n", "did you mean 'spent'"),
    "header only": ("date,channel,spend\n", "has no rows"),
    "ragged": ("date,channel,spend\n2024-01-01,tv,1,2\n", "as many cells as the header"),
    "ragged later": ("date,channel,spend\n2024-01-01,tv,1\n2024-01-08,tv,1,2\n", "as many cells as the header"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults_name_file_and_line(tmp_path, case):
    text, message = FAULTS[case]
    path = tmp_path / "spend.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=message):
        read_table(path, SPEND)


def test_other_encodings_are_named(tmp_path):
    path = tmp_path / "spend.csv"
    path.write_bytes(TEXT.replace("tv", "Fernsehgerät").encode("latin-1"))
    with pytest.raises(BadInput, match="UTF-8"):
        read_table(path, SPEND)


def test_a_stated_date_format_is_read(tmp_path):
    path = tmp_path / "spend.csv"
    path.write_text("date,channel,spend\n01/02/2024,tv,1\n")
    assert read_table(path, SPEND, Format(date_format="%d/%m/%Y"))["date"][0] == pd.Timestamp("2024-02-01")


def test_declared_tables_take_the_names_of_a_file(tmp_path):
    path = tmp_path / "media.csv"
    path.write_text("week,channel,cost\n2024-01-01,tv,5\n")
    table = renamed(SPEND, "media", {"date": "week", "spend": "cost"})
    assert read_table(path, table)["cost"][0] == 5


def test_a_wide_table_keeps_one_row_per_period_and_geo(tmp_path):
    path = tmp_path / "media.csv"
    path.write_text("week,geo,tv,price\n2024-01-01,N,5,-1\n2024-01-01,N,6,2\n2024-01-01,S,6,2\n")
    table = wide("media", "week", ["tv", "price"], nonnegative=["tv"], geo="geo")
    with pytest.raises(BadInput, match="rows 2, 3"):
        read_table(path, table)


def test_a_folder_is_no_table(tmp_path):
    folder = tmp_path / "media.csv"
    folder.mkdir()
    with pytest.raises(BadInput, match="is a folder"):
        read_table(folder, SPEND)
