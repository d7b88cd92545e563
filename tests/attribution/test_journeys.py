"""Paths from logs: held against hand-written SQL, against the engine's own reading, and against the laws of paths."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attribution import (
    BadInput,
    Cleaning,
    ConversionEvents,
    Engine,
    IdentityMap,
    Journeys,
    LastTouch,
    Linear,
    Markov,
    PathRules,
    TimeDecay,
)
from attribution.paths.engine_paths import touches_of
from attribution.reading.dialects import epoch_micros

CHECKED = ["length", "step", "channel", "conversions", "nulls", "value", "age"]


def as_rows(frame: pd.DataFrame, channels: tuple[str, ...]) -> pd.DataFrame:
    named = frame.assign(channel=np.array(channels, dtype=object)[frame["channel"]], age=frame["age"].round(4))
    return named[CHECKED].astype({"channel": str, "value": float}).sort_values(CHECKED, ignore_index=True)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("days", [3, 10, 30])
def test_paths_are_those_of_handwritten_sql(make_log, oracle, seed, days):
    touched, bought = make_log(seed)
    journeys = Journeys.from_touchpoints(touched, conversions=bought, lookback=f"{days}D")
    expected = oracle(touched, bought, days).assign(age=lambda frame: frame["age"].round(4))
    expected = expected[CHECKED].astype({"channel": str}).sort_values(CHECKED, ignore_index=True)
    pd.testing.assert_frame_equal(
        as_rows(journeys.to_frame(), journeys.channels), expected, check_dtype=False, atol=2e-4
    )


@pytest.mark.parametrize(
    "rules",
    [
        PathRules(),
        PathRules(idle_gap="2D"),
        PathRules(lookback_of={"view": "1D"}),
        PathRules(lookback_of={"view": "60D"}),
    ],
    ids=["plain", "idle gap", "short views", "long views"],
)
def test_the_fold_and_the_engine_read_the_rules_alike(make_log, rules):
    touched, bought = make_log(7)
    touched["interaction"] = np.where(touched["geo"] == "DE", "click", "view")
    journeys = Journeys.from_touchpoints(touched, conversions=bought, lookback="9D", rules=rules)
    backend = ibis.duckdb.connect()
    log, ends = (backend.create_table(name, frame) for name, frame in [("t", touched), ("c", bought)])
    log = log.mutate(time=epoch_micros(log.time, log))
    ends = ends.mutate(time=epoch_micros(ends.time, ends), conversions=1.0)
    ends = ends.group_by(["user", "time"]).aggregate(conversions=ends.conversions.sum(), value=ends.value.sum())
    ends = ends.mutate(closes=1)
    often = touched["channel"].value_counts().reset_index().sort_values(["count", "channel"])["channel"].tolist()
    places = [often.index(channel) for channel in journeys.channels]
    ids = ibis.memtable(pd.DataFrame({"channel": journeys.channels, "id": range(len(places)), "ordinal": places}))
    remote = touches_of(log, ends, ids, "9D", rules).execute()
    ours, theirs = (as_rows(frame, journeys.channels) for frame in (journeys.to_frame(), remote))
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, atol=2e-4)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 60), st.sampled_from("abc")), min_size=1, max_size=40, unique=True
    ),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 60)), min_size=1, max_size=12, unique=True),
    st.integers(1, 50),
    st.randoms(use_true_random=False),
)
def test_each_touch_is_in_one_path_and_order_of_rows_does_not_matter(touches, ends, days, random):
    start = pd.Timestamp("2024-01-01")
    touched = pd.DataFrame(touches, columns=["user", "day", "channel"])
    touched["time"] = start + pd.to_timedelta(touched.pop("day"), unit="D")
    bought = pd.DataFrame(ends, columns=["user", "day"])
    bought["time"] = start + pd.to_timedelta(bought.pop("day"), unit="D")
    first = pd.DataFrame({"user": [99], "time": [start], "channel": ["a"]})  # one certain conversion
    touched, bought = pd.concat([touched, first]), pd.concat([bought, first[["user", "time"]]])
    journeys = Journeys.from_touchpoints(touched, conversions=bought, lookback=f"{days}D")
    assert journeys.totals["touches"] == len(touched)
    assert journeys.totals["conversions"] + journeys.totals["untouched"] == len(bought)
    assert journeys.totals["paths"] == len(journeys)
    rows = list(range(len(touched)))
    random.shuffle(rows)
    again = Journeys.from_touchpoints(touched.iloc[rows], conversions=bought.iloc[::-1], lookback=f"{days}D")
    pd.testing.assert_series_equal(Markov(2)(journeys).conversions, Markov(2)(again).conversions)


def log_of(*rows: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["user", "time", "channel"])
    return frame.assign(time=pd.to_datetime(frame["time"]))


def test_a_touch_at_the_moment_of_the_conversion_counts():
    touched = log_of(("u", "2024-01-01", "a"), ("u", "2024-01-02", "b"))
    bought = pd.DataFrame({"user": ["u"], "time": pd.to_datetime(["2024-01-02"])})
    assert LastTouch()(Journeys.from_touchpoints(touched, conversions=bought)).conversions["b"] == 1


def test_a_touch_exactly_at_the_window_counts_and_a_microsecond_more_does_not():
    bought = pd.DataFrame({"user": ["u", "v"], "time": pd.to_datetime(["2024-01-31", "2024-01-31"])})
    touched = log_of(("u", "2024-01-01", "a"), ("v", "2024-01-30", "b"))
    assert Journeys.from_touchpoints(touched, bought, lookback="30D").totals["untouched"] == 0
    touched["time"] -= pd.to_timedelta([1, 0], unit="us")
    assert Journeys.from_touchpoints(touched, bought, lookback="30D").totals["untouched"] == 1


def test_conversions_of_one_moment_end_one_path_together():
    touched = log_of(("u", "2024-01-01", "a"))
    bought = pd.DataFrame({"user": ["u", "u"], "time": pd.to_datetime(["2024-01-02"] * 2), "value": [5.0, 7.0]})
    journeys = Journeys.from_touchpoints(touched, conversions=bought)
    assert (journeys.totals["conversions"], journeys.totals["value"], len(journeys)) == (2, 12, 1)


@pytest.mark.parametrize(
    "text",
    ["2024-01-02T00:00:00Z", "2024-01-02 02:00:00+02:00", "2024-01-01 19:00:00-0500", "2024-01-02", "2024-01-02 00:00"],
)
def test_text_times_obey_their_offset(text):
    touched = pd.DataFrame({"user": ["u"], "time": [text], "channel": ["a"]})
    bought = pd.DataFrame({"user": ["u"], "time": ["2024-01-02 06:00:00"]})
    journeys = Journeys.from_touchpoints(touched, conversions=bought)
    assert journeys.to_frame()["age"].tolist() == [0.25]
    assert journeys.period[0] == pd.Timestamp("2024-01-02")


def test_conversions_may_name_user_and_time_differently():
    touched = log_of(("u", "2024-01-01", "a"), ("v", "2024-01-02", "b")).rename(columns={"user": "visitor"})
    bought = pd.DataFrame({"customer": ["u2"], "paid_at": pd.to_datetime(["2024-01-03"]), "value": [7.0]})
    people = IdentityMap(pd.DataFrame({"user": ["u2"], "person": ["u"]}))
    names = {"user": "visitor", "conversion_user": "customer", "conversion_time": "paid_at"}
    journeys = Journeys.from_touchpoints(touched, bought, columns=names, rules=PathRules(identity=people))
    assert Linear()(journeys).value.to_dict() == {"a": 7.0, "b": 0.0}
    with pytest.raises(BadInput, match="column 'paid_at': is missing"):
        Journeys.from_touchpoints(touched, bought.rename(columns={"paid_at": "payed_at"}), columns=names)


def test_kinds_choose_what_counts():
    touched = log_of(("u", "2024-01-01", "a"), ("u", "2024-01-03", "b"))
    bought = pd.DataFrame(
        {"user": "u", "time": pd.to_datetime(["2024-01-02", "2024-01-04"]), "kind": ["signup", "purchase"]}
    )
    only = Journeys.from_touchpoints(touched, conversions=bought, rules=PathRules(kinds=("purchase",)))
    assert Linear()(only).conversions.to_dict() == {"a": 0.5, "b": 0.5}
    assert Linear()(Journeys.from_touchpoints(touched, conversions=bought)).conversions.to_dict() == {"a": 1, "b": 1}


def test_three_ways_to_give_conversions_agree():
    touched = log_of(("u", "2024-01-01", "a"), ("u", "2024-01-02", "b"), ("v", "2024-01-05", "b"))
    bought = pd.DataFrame({"user": ["u"], "time": pd.to_datetime(["2024-01-02"])})
    marked = touched.assign(conversion=[0, 1, 0])
    events = pd.concat([touched.assign(event="touch"), bought.assign(event="order")], ignore_index=True)
    found = [
        Journeys.from_touchpoints(touched, conversions=bought),
        Journeys.from_touchpoints(marked),
        Journeys.from_touchpoints(events, conversions=ConversionEvents("event", ("order",))),
    ]
    for journeys in found:
        assert Linear()(journeys).conversions.to_dict() == {"a": 0.5, "b": 0.5}
        assert journeys.totals["nulls"] == 1


@pytest.mark.parametrize("form", ["csv", "parquet", "duckdb", "polars", "ibis", "zoned"])
def test_every_source_gives_the_same_credit(tmp_path, make_log, form):
    touched, bought = make_log(3, touches=400, conversions=60)
    plain = TimeDecay()(Journeys.from_touchpoints(touched, conversions=bought)).conversions
    pair: list[object] = []
    for name, frame in (("touched", touched), ("bought", bought)):
        path = tmp_path / f"{name}.{form}"
        if form == "csv":
            frame.to_csv(path, index=False)
            pair.append(path)
        elif form == "parquet":
            frame.to_parquet(path)
            pair.append(str(path))
        elif form == "duckdb":
            backend = ibis.duckdb.connect(path)
            backend.create_table("events", frame)
            backend.disconnect()
            pair.append(f"{path}::events")
        elif form == "polars":
            pair.append(pl.from_pandas(frame))
        elif form == "zoned":
            pair.append(frame.assign(time=frame["time"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")))
        else:
            backend = ibis.duckdb.connect() if not pair else pair[0].get_backend()
            pair.append(backend.create_table(name, frame))
    credit = TimeDecay()(Journeys.from_touchpoints(pair[0], conversions=pair[1])).conversions
    pd.testing.assert_series_equal(credit, plain, rtol=1e-12)


def test_exclusions_are_counted():
    touched = log_of(
        ("u", "2024-01-01", "a"), ("u", "2024-01-01", "a"), ("v", "2024-01-05", ""), ("w", "2090-01-01", "a")
    )
    bought = pd.DataFrame({"user": ["u"], "time": pd.to_datetime(["2024-01-02"])})
    cleaning = Cleaning(drop=("duplicates", "missing channel", "future time"))
    journeys = Journeys.from_touchpoints(touched, conversions=bought, cleaning=cleaning)
    assert journeys.exclusions == {
        "touchpoints: duplicates": 1,
        "touchpoints: missing channel": 1,
        "touchpoints: future time": 1,
    }
    assert journeys.totals["touches"] == 1


def test_conversions_delivered_twice_are_refused_counted_or_kept():
    touched = log_of(("u", "2024-01-01", "a"))
    bought = pd.DataFrame(
        {"user": "u", "time": pd.to_datetime(["2024-01-02", "2024-01-02", "2024-01-03"]), "value": 5.0}
    )
    with pytest.raises(BadInput, match=r"conversions: holds 1 exact repeat \("):
        Journeys.from_touchpoints(touched, bought)
    single = Journeys.from_touchpoints(touched, bought, cleaning=Cleaning(drop=("duplicates",)))
    assert (single.totals["value"], single.totals["untouched"]) == (5, 1)
    assert single.exclusions == {"conversions: duplicates": 1}
    assert Journeys.from_touchpoints(touched, bought, cleaning=Cleaning(keep_duplicates=True)).totals["value"] == 10
    numbered = bought.assign(order=[1, 2, 3])  # told apart by a column that is not used
    assert Journeys.from_touchpoints(touched, numbered).totals["value"] == 10


def test_times_in_nanoseconds_are_read_to_the_microsecond():
    touched = log_of(("u", "2024-01-01 00:00:00.000000000", "a"), ("u", "2024-01-01 00:00:00.000001999", "b"))
    assert str(touched["time"].dtype) == "datetime64[ns]"
    zoned = touched.assign(time=touched["time"].dt.tz_localize("UTC").astype(object))
    bought = pd.DataFrame({"user": ["u"], "time": pd.to_datetime(["2024-01-02 00:00:00.000000001"])})
    for log in (touched, zoned):
        frame = Journeys.from_touchpoints(log, bought).to_frame()
        assert (frame["time"] - frame["time"].min()).tolist() == [0, 1]
        assert frame["ended"].unique().tolist() == [pd.Timestamp("2024-01-02").value // 1_000]


def test_rows_that_differ_anywhere_are_no_repeats():
    touched = log_of(("u", "2024-01-01", "a"), ("u", "2024-01-01", "a")).assign(campaign=["x", "y"])
    bought = pd.DataFrame({"user": ["u"], "time": pd.to_datetime(["2024-01-02"])})
    cleaning = Cleaning(drop=("duplicates",))
    for chosen in (None, cleaning):
        journeys = Journeys.from_touchpoints(touched, conversions=bought, cleaning=chosen)
        assert journeys.totals["touches"] == 2
        assert journeys.exclusions == {}


def test_a_repeated_row_does_not_convert_twice():
    row = log_of(("u", "2024-01-01", "a")).assign(conversion=1, value=5.0)
    doubled = pd.concat([row, row])
    journeys = Journeys.from_touchpoints(doubled, cleaning=Cleaning(drop=("duplicates",)))
    assert (journeys.totals["conversions"], journeys.totals["value"]) == (1, 5)
    assert journeys.exclusions == {"touchpoints: duplicates": 1}


def test_period_spans_first_touch_and_last_event(make_log):
    touched, bought = make_log(5)
    first, last = Journeys.from_touchpoints(touched, conversions=bought).period
    assert first == touched["time"].min()
    assert last == max(touched["time"].max(), bought["time"].max())


def test_a_memory_limit_reaches_the_engine_and_changes_no_credit(tmp_path, make_log):
    engine = Engine(memory_limit="200MB", threads=1, spill=str(tmp_path))
    settings = "SELECT current_setting('memory_limit'), current_setting('threads'), current_setting('temp_directory')"
    limit, threads, spill = engine.open().raw_sql(settings).fetchone()
    assert (limit, threads, spill) == ("190.7 MiB", 1, str(tmp_path))  # megabytes in, mebibytes out
    touched, bought = make_log(12)
    tight, plain = (Journeys.from_touchpoints(touched, conversions=bought, engine=one) for one in (engine, None))
    pd.testing.assert_series_equal(Markov()(tight).conversions, Markov()(plain).conversions, rtol=1e-12)
