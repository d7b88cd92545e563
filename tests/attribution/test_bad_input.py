"""Bad input, one row each: what is wrong, and what the message must say."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pandas as pd
import pytest

from attribution import BadInput, Cleaning, ConversionEvents, Journeys, PathRules, UnknownName

GOOD = pd.DataFrame(
    {
        "user": ["u", "u", "v"],
        "time": pd.to_datetime(["2024-01-01 10:00", "2024-01-02 11:00", "2024-01-03 12:00"]),
        "channel": ["search", "tv", "search"],
    }
)
ENDS = pd.DataFrame({"user": ["u"], "time": pd.to_datetime(["2024-01-02 12:00"]), "value": [10.0]})


def touched(**columns: object) -> pd.DataFrame:
    return GOOD.assign(**columns)


def zones() -> list[object]:
    return [
        pd.Timestamp("2024-01-01", tz="UTC"),
        pd.Timestamp("2024-01-01", tz="Asia/Tokyo"),
        pd.Timestamp("2024-01-02"),
    ]


LOGS = {
    "empty channel": (touched(channel=["search", " ", "tv"]), "column 'channel', data row 2: is empty"),
    "null channel": (touched(channel=["search", None, "tv"]), "column 'channel', data row 2"),
    "null user": (touched(user=["u", None, "v"]), "column 'user', data row 2: is empty"),
    "users all null": (touched(user=[None, None, None]), "column 'user', data rows 1, 2, 3: is empty"),
    "doubled column": (pd.concat([GOOD, GOOD[["user"]]], axis=1), "column 'user': stands twice"),
    "blank user": (touched(user=["u", "", "v"]), "column 'user'"),
    "null time": (touched(time=[GOOD.time[0], pd.NaT, GOOD.time[2]]), "column 'time', data row 2"),
    "text times": (touched(time=["2024-01-01", "01.02.2024", "x"]), "column 'time', data rows 2, 3"),
    "number times": (touched(time=[1, 2, 3]), "not times"),
    "mixed zones": (pd.DataFrame({**GOOD, "time": pd.Series(zones(), dtype=object)}), "time zone|zones"),
    "future times": (
        touched(time=pd.to_datetime(["2024-01-01", "2024-01-02", "2199-01-01"])),
        "data row 3: lies in the future",
    ),
    "wrong column": (GOOD.rename(columns={"channel": "chanel"}), "did you mean 'chanel'"),
    "no rows": (GOOD.iloc[:0], "has no rows"),
    "repeated": (pd.concat([GOOD, GOOD]), "3 exact repeats"),
    "not a table": (42, "is not a table"),
}
CONVERSIONS = {
    "negative value": (ENDS.assign(value=-1.0), "column 'value', data row 1: is negative"),
    "empty value": (ENDS.assign(value=float("nan")), "column 'value'"),
    "infinite value": (ENDS.assign(value=float("inf")), "column 'value'"),
    "text value": (ENDS.assign(value="ten"), "column 'value', data row 1: is not a number"),
    "null user": (ENDS.assign(user=pd.Series([None], dtype="string")), "column 'user'"),
    "other users": (ENDS.assign(user="nobody"), "no conversion with a touch"),
    "wrong column": (ENDS.rename(columns={"time": "timestamp"}), "column 'time': is missing"),
}
PATHS = {
    "empty path": ({"path": ["a", ""], "conversions": [1, 1]}, "column 'path', row 2: is empty"),
    "null path": ({"path": ["a", None], "conversions": [1, 1]}, "column 'path', row 2"),
    "nameless channel": ({"path": ["a", "a > > b"], "conversions": [1, 1]}, "channel without a name"),
    "separator in a name": ({"path": ["a>", "b"], "conversions": [1, 1]}, "pass another sep"),
    "negative": ({"path": ["a", "b"], "conversions": [1, -1]}, "row 2: is negative"),
    "missing": ({"path": ["a", "b"], "conversions": [1, float("nan")]}, "row 2: is empty"),
    "none at all": ({"path": ["a", "b"], "conversions": [0, 0]}, "no conversion at all"),
    "wrong column": ({"path": ["a"], "conversion": [1]}, "did you mean 'conversion'"),
    "no rows": ({"path": [], "conversions": []}, "has no rows"),
}


@pytest.mark.parametrize("case", LOGS)
def test_faulty_touchpoints(case):
    log, message = LOGS[case]
    with pytest.raises(BadInput, match=message):
        Journeys.from_touchpoints(log, conversions=ENDS)


@pytest.mark.parametrize("case", CONVERSIONS)
def test_faulty_conversions(case):
    ends, message = CONVERSIONS[case]
    with pytest.raises(BadInput, match=message):
        Journeys.from_touchpoints(GOOD, conversions=ends)


@pytest.mark.parametrize("case", PATHS)
def test_faulty_paths(case):
    columns, message = PATHS[case]
    with pytest.raises(BadInput, match=message):
        Journeys.from_paths(pd.DataFrame(columns))


def test_value_without_conversion_is_refused():
    frame = pd.DataFrame({"path": ["a", "b"], "conversions": [1, 0], "value": [1.0, 2.0]})
    with pytest.raises(BadInput, match="value without a conversion"):
        Journeys.from_paths(frame, value="value")


def test_all_faults_of_a_log_come_at_once():
    log = touched(channel=["search", None, "tv"], user=["u", "u", None])
    with pytest.raises(BadInput) as raised:
        Journeys.from_touchpoints(log, conversions=ENDS)
    assert len(raised.value.problems) == 2


def test_a_log_without_conversions_says_what_to_pass():
    with pytest.raises(BadInput, match="pass conversions="):
        Journeys.from_touchpoints(GOOD)


def test_an_event_that_does_not_occur_lists_those_that_do():
    with pytest.raises(BadInput, match=r"no event 'order'. Remedy: there is click"):
        Journeys.from_touchpoints(GOOD.assign(event="click"), conversions=ConversionEvents("event", ("order",)))


def test_a_bot_is_an_error_or_a_counted_exclusion():
    start = pd.Timestamp("2024-01-01")
    bot = pd.DataFrame({"user": "bot", "time": start + pd.to_timedelta(range(100_000), unit="s"), "channel": "tv"})
    log = pd.concat([GOOD, bot], ignore_index=True)
    with pytest.raises(BadInput, match="longest of 100,000"):
        Journeys.from_touchpoints(log, conversions=ENDS)
    journeys = Journeys.from_touchpoints(log, conversions=ENDS, cleaning=Cleaning(drop=("bots",)))
    assert journeys.exclusions == {"touchpoints: bots": 1}
    assert journeys.totals["touches"] == 3


def test_coarse_times_may_keep_their_repeats():
    log = pd.concat([GOOD, GOOD])
    assert Journeys.from_touchpoints(log, ENDS, cleaning=Cleaning(keep_duplicates=True)).totals["touches"] == 6


@pytest.mark.parametrize("window", ["30", "-3D", "month", "0D"])
def test_windows_that_are_none(window):
    with pytest.raises(BadInput, match="lookback"):
        Journeys.from_touchpoints(GOOD, conversions=ENDS, lookback=window)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Journeys.from_touchpoints(GOOD, ENDS, columns={"chanel": "x"}), "Did you mean 'channel'"),
        (lambda: Cleaning(drop=("duplicate",)), "Did you mean 'duplicates'"),
        (lambda: Journeys.from_touchpoints(GOOD.assign(geo="x"), ENDS, rules=PathRules(segments=("geos",))), "'geo'"),
    ],
)
def test_misspelt_options_offer_the_nearest(call, message):
    with pytest.raises(UnknownName, match=message):
        call()


FILES = {
    "empty.csv": (b"", "is an empty file"),
    "empty.parquet": (b"", "is an empty file"),
    "cut.parquet": (b"PAR1\x15\x04\x15", "cannot be read"),
    "noise.duckdb": (b"not a database at all, only text" * 400, "cannot be read"),
    "latin.csv": ("user;time;channel\nu;2024-01-01 10:00;Gerät\n".encode("latin-1"), "save the file as UTF-8"),
    "slashes.csv": (b"user,time,channel\nu,01/02/2024 10:00,a\n", "column 'time', data row 1"),
    "header.csv": (b"user,time,channel\n", "has no rows"),
    "log.xyz": (b"a,b\n1,2\n", "files are read"),
}


@pytest.mark.parametrize("name", FILES)
def test_faulty_files(tmp_path: Path, name: str):
    content, message = FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=message) as raised:
        Journeys.from_touchpoints(path, conversions=ENDS)
    assert name in str(raised.value)


def test_a_parquet_file_cut_short(tmp_path: Path):
    path = tmp_path / "log.parquet"
    GOOD.to_parquet(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadInput, match="export it again"):
        Journeys.from_touchpoints(path, conversions=ENDS)


@pytest.mark.parametrize("source", [None, {}, pd.DataFrame(), object()])
def test_what_is_no_table(source):
    with pytest.raises(BadInput, match=r"is None|has no columns|is not a table"):
        Journeys.from_touchpoints(source, conversions=ENDS)


def test_open_files_and_lists_of_paths_say_what_to_pass(tmp_path: Path):
    for source, said in (
        (io.StringIO("user,time,channel\n"), "is an open file"),
        ([tmp_path, "b.csv"], "a list of paths"),
    ):
        with pytest.raises(BadInput, match=f"{said}.*Remedy: pass "):
            Journeys.from_touchpoints(source, conversions=ENDS)


def test_numbers_as_text_are_refused_by_name():
    with pytest.raises(BadInput, match="conversions, column 'value', data row 1: is not a number"):
        Journeys.from_touchpoints(GOOD, conversions=ENDS.assign(value="5,00"))


@pytest.mark.parametrize("name", ["log", "log.csv", "log.duckdb"])
def test_a_folder_is_no_file_unless_it_holds_parquet(tmp_path: Path, name: str):
    folder = tmp_path / name
    (folder / "2024").mkdir(parents=True)
    GOOD.to_csv(folder / "2024" / "log.csv", index=False)
    with pytest.raises(BadInput, match="is a folder without Parquet files"):
        Journeys.from_touchpoints(folder, conversions=ENDS)
    GOOD.to_parquet(folder / "2024" / "log.parquet")
    assert Journeys.from_touchpoints(folder, conversions=ENDS).totals["touches"] == len(GOOD)


def test_a_file_that_is_not_there():
    with pytest.raises(BadInput, match="does not exist"):
        Journeys.from_touchpoints("no/such.parquet", conversions=ENDS)


@pytest.mark.skipif(os.sep == "\\", reason="there a backslash parts folders")
@pytest.mark.parametrize("path", ["data\\log.csv", "C:\\Users\\ana\\log.parquet"])
def test_folders_as_windows_parts_them_are_told(path: str):
    with pytest.raises(BadInput, match=r"does not exist.*write folders with /, and check the path .*/.*log"):
        Journeys.from_touchpoints(path, conversions=ENDS)
