"""Files of a pattern that hold other columns or kinds of cells, and files that are not what their names say."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from attribution import BadInput, Journeys
from attribution.reading.cells import cells_of

LOG = pd.DataFrame(
    {
        "user": ["u", "v", "w"],
        "time": pd.to_datetime(["2024-01-01T10:00Z", "2024-01-02T11:00Z", "2024-01-03T12:00Z"]),
        "channel": ["tv", "search", "tv"],
    }
)
ENDS = LOG[["user", "time"]].assign(time=LOG["time"] + pd.Timedelta(hours=1))


def both(folder: Path, other: pd.DataFrame) -> str:
    LOG.to_parquet(folder / "a.parquet")
    other.assign(user=["x", "y", "z"]).to_parquet(folder / "b.parquet")
    return str(folder / "*.parquet")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (LOG.assign(time=LOG["time"].dt.tz_localize(None)), "'time': holds moments without a zone, and in a.parquet mom"),
        (LOG.assign(time=LOG["time"].astype(str)), "'time': holds text, and in a.parquet moments with a zone"),
        (LOG.assign(channel=[1, 2, 3]), "'channel': holds numbers, and in a.parquet text"),
        (LOG.rename(columns={"channel": "chan"}), "has a column 'chan', and a.parquet has none"),
        (LOG.assign(value=1.0), "b.parquet: has a column 'value', and a.parquet has none"),
        (LOG.drop(columns="channel"), "a.parquet: has a column 'channel', and b.parquet has none"),
    ],
)  # fmt: skip
def test_files_of_a_pattern_hold_the_same_kinds_of_cells(tmp_path: Path, other: pd.DataFrame, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        Journeys.from_touchpoints(both(tmp_path, other), ENDS)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "other",
    [
        LOG,
        LOG[["channel", "time", "user"]],
        LOG.assign(channel=LOG["channel"].astype("category")),
        LOG.assign(time=LOG["time"].dt.as_unit("ms")),
    ],
)
def test_other_orders_and_widths_are_read(tmp_path: Path, other: pd.DataFrame) -> None:
    assert Journeys.from_touchpoints(both(tmp_path, other), ENDS).totals["touches"] == 6


def test_parts_of_a_folder_keep_their_names_as_text(tmp_path: Path) -> None:
    names = LOG.assign(channel=["01", "1", "01"])
    names.to_parquet(tmp_path / "log", partition_cols=["channel"])
    assert Journeys.from_touchpoints(str(tmp_path / "log"), ENDS).channels == ("01", "1")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: LOG.assign(time="x").to_excel(path.with_suffix(".xlsx")), "a workbook"),
        (lambda path: path.with_suffix(".xlsx").write_bytes(gzip.compress(b"a,b\n1,2\n")), "packed"),
        (lambda path: LOG.to_parquet(path.with_suffix(".xlsx")), "Parquet"),
        (lambda path: path.with_suffix(".xlsx").write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600), "of the old kind"),
    ],
)
def test_what_is_called_csv_and_is_none_is_named(tmp_path: Path, make, said: str) -> None:
    path = tmp_path / "log.csv"
    make(path)
    path.with_suffix(".xlsx").rename(path)
    for read in (lambda: cells_of(path), lambda: Journeys.from_touchpoints(str(path), ENDS)):
        with pytest.raises(BadInput, match=rf"log\.csv: is .*{said}.*no text. Remedy: give it the ending"):
            read()


@pytest.mark.parametrize("ending", [".xls", ".ods", ".XLSB"])
def test_old_workbooks_are_to_be_saved_anew(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"log{ending}"
    path.write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(BadInput, match=r"open it and save it as \.xlsx, or as CSV"):
        cells_of(path)
