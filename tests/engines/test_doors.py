"""What comes in through an engine's door: every kind of source beside a table, rules, repairs and refusals."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest

from attribution import (
    BadInput,
    ChannelRule,
    ChannelRules,
    Cleaning,
    ConversionEvents,
    Engine,
    IdentityMap,
    Journeys,
    Linear,
    PathRules,
)


@pytest.fixture
def small(make_log):
    return make_log(21, users=60, touches=400, conversions=80)


@pytest.fixture(autouse=True)
def remote(monkeypatch):
    """DuckDB, too, by its engine's own expression."""
    for module in ("paths.journeys", "reading.log_checks", "reading.log_faults", "reading.log_verdict"):
        monkeypatch.setattr(f"attribution.{module}.is_local", lambda table: False)


@pytest.fixture
def expected(small):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("attribution.paths.journeys.is_local", lambda table: True)
        return Linear()(Journeys.from_touchpoints(small[0], conversions=small[1])).conversions


def same(journeys: Journeys, expected: pd.Series) -> None:
    assert journeys.remote is not None
    pd.testing.assert_series_equal(Linear()(journeys).conversions, expected, rtol=1e-9)


@pytest.mark.parametrize("form", ["frame", "csv", "events"])
def test_conversions_come_from_anywhere(small, expected, load, tmp_path, form):
    touched, bought = small
    if form == "events":
        events = pd.concat([touched.assign(event="touch"), bought.assign(event="order")], ignore_index=True)
        (log,) = load(events.drop(columns=["value", "geo"]))
        same(Journeys.from_touchpoints(log, conversions=ConversionEvents("event", ("order",))), expected)
        return
    (log,) = load(touched)
    bought.to_csv(tmp_path / "bought.csv", index=False)
    source = bought if form == "frame" else tmp_path / "bought.csv"
    same(Journeys.from_touchpoints(log, conversions=source), expected)


def test_paths_need_not_be_kept(small, expected, load):
    log, ends = load(*small)
    journeys = Journeys.from_touchpoints(log, conversions=ends, engine=Engine(cache=False))
    assert not isinstance(journeys.remote, ibis.expr.types.CachedTable)
    same(journeys, expected)


def test_identity_and_channel_rules_join_in_the_engine(small, expected, load):
    touched, bought = small
    people = pd.DataFrame({"user": [f"{user}x" for user in range(60)], "person": [str(user) for user in range(60)]})
    aliased = touched.assign(
        user=np.where(touched["time"].dt.hour < 12, touched["user"] + "x", touched["user"]),
        medium=touched.pop("channel"),
    )
    log, ends = load(aliased, bought)
    names = [ChannelRule(name, {"medium": name}) for name in ("search", "social", "direct", "tv", "(start)")]
    rules = PathRules(identity=IdentityMap(people), channels=ChannelRules(names))
    same(Journeys.from_touchpoints(log, conversions=ends, rules=rules), expected)


def test_a_marked_log_and_columns_of_its_own(load):
    start = pd.Timestamp("2024-01-01")
    frame = pd.DataFrame(
        {
            "visitor": [7, 7, 8],
            "at": [start, start + pd.Timedelta("1h"), start],
            "source": ["a", "b", "b"],
            "bought": [False, True, False],
        }
    )
    columns = {"user": "visitor", "time": "at", "channel": "source", "conversion": "bought"}
    (log,) = load(frame)
    journeys = Journeys.from_touchpoints(log, columns=columns)
    assert Linear()(journeys).conversions.to_dict() == {"a": 0.5, "b": 0.5}
    assert journeys.totals["nulls"] == 1


def test_windows_end_at_the_microsecond(load):
    start = pd.Timestamp("2024-01-01 12:00:00.250001")
    touched = pd.DataFrame({"user": ["u", "v"], "time": [start, start], "channel": ["u", "v"]})
    ends = [start + pd.Timedelta("30D"), start + pd.Timedelta("30D") + pd.Timedelta("1us")]
    log, bought = load(touched, pd.DataFrame({"user": ["u", "v"], "time": ends}))
    journeys = Journeys.from_touchpoints(log, conversions=bought)
    assert Linear()(journeys).conversions.to_dict() == {"u": 1.0, "v": 0.0}
    assert journeys.totals["untouched"] == 1


def test_faults_are_counted_together_and_left_out_by_choice(small, expected, load):
    touched, bought = small
    future = touched.head(2).assign(time=pd.Timestamp("2090-01-01"))
    nobody, blank = touched.head(3).assign(user=None), touched.head(4).assign(channel="  ")
    log, ends = load(pd.concat([touched, future, nobody, blank, touched.head(5)], ignore_index=True), bought)
    with pytest.raises(BadInput) as raised:
        Journeys.from_touchpoints(log, conversions=ends)
    for words in ("2 rows: lies in the future", "3 rows: is empty", "4 rows: is empty"):
        assert words in str(raised.value)
    dropped = ("future time", "missing user", "missing channel")
    with pytest.raises(BadInput, match="5 exact repeats"):
        Journeys.from_touchpoints(log, conversions=ends, cleaning=Cleaning(drop=dropped))
    cleaned = Journeys.from_touchpoints(log, conversions=ends, cleaning=Cleaning(drop=(*dropped, "duplicates")))
    assert sorted(cleaned.exclusions.values()) == [2, 3, 4, 5]
    same(cleaned, expected)


def test_amounts_must_be_numbers_of_zero_or_more(small, load):
    touched, bought = small
    log, ends = load(touched, bought.assign(value=np.where(bought.index < 2, -1.0, bought["value"])))
    with pytest.raises(BadInput, match="2 rows: is negative"):
        Journeys.from_touchpoints(log, conversions=ends)


def test_bots_are_refused_or_left_out(small, load):
    touched, bought = small
    times = touched["time"].min() + pd.to_timedelta(np.arange(40), unit="min")
    log, ends = load(pd.concat([touched, pd.DataFrame({"user": "bot", "time": times, "channel": "tv"})]), bought)
    with pytest.raises(BadInput, match="1 paths of more than 30 touches"):
        Journeys.from_touchpoints(log, conversions=ends, cleaning=Cleaning(longest_path=30))
    kept = Journeys.from_touchpoints(log, conversions=ends, cleaning=Cleaning(longest_path=30, drop=("bots",)))
    assert kept.totals["touches"] == len(touched)


def test_two_connections_do_not_mix(small, load):
    touched, bought = small
    (log,) = load(touched)
    elsewhere = ibis.duckdb.connect().create_table("elsewhere", bought)
    with pytest.raises(BadInput, match="two connections"):
        Journeys.from_touchpoints(log, conversions=elsewhere)


def test_text_times_are_read_or_refused(small, expected, load, backend):
    touched, bought = small
    log, ends = load(touched.assign(time=touched["time"].astype(str)), bought)
    if backend.name == "postgres":  # a cast that fails ends the statement
        with pytest.raises(BadInput, match="cast it to a timestamp"):
            Journeys.from_touchpoints(log, conversions=ends)
        return
    same(Journeys.from_touchpoints(log, conversions=ends), expected)


def test_a_file_beside_a_table_is_read_as_strictly(small, load, tmp_path):
    touched, bought = small
    (log,) = load(touched)
    for value, message in (("70.906", "thousands or decimals"), ("ten", "column 'value'")):
        bought.assign(value=value).to_csv(tmp_path / "bought.csv", index=False)
        with pytest.raises(BadInput, match=message):
            Journeys.from_touchpoints(log, conversions=tmp_path / "bought.csv")
    bought.assign(time="01/02/2024").to_csv(tmp_path / "bought.csv", index=False)
    with pytest.raises(BadInput, match="column 'time'"):
        Journeys.from_touchpoints(log, conversions=tmp_path / "bought.csv")
