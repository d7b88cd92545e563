"""Events of Google Analytics 4 become touches and conversions: those that plain Python reads, in every form."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pandas as pd
import pytest
from door_fuzz import examples
from ga4_export import Event, bought, event, orders_of, some_events, touches_of
from hypothesis import given
from hypothesis import strategies as st

import attribution
from attribution.errors import BadInput, UnknownName
from attribution.reading.exports.ga4_log import GA4_FORMAT, ga4_log


def lines(events: list[Event], path: Path) -> Path:
    text = "".join(json.dumps(each) + "\n" for each in events)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def nested(events: list[Event], path: Path) -> Path:
    frame = pd.DataFrame(events).assign(event_timestamp=[int(each["event_timestamp"]) for each in events])
    frame.to_parquet(path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def flat(events: list[Event], path: Path) -> Path:
    frame = pd.DataFrame(events).assign(event_params=[json.dumps(each["event_params"]) for each in events])
    for name in ("transaction_id", "purchase_revenue", "refund_value"):
        frame[f"ecommerce_{name}"] = [each.get("ecommerce", {}).get(name) for each in events]
    frame.drop(columns=["ecommerce", "traffic_source"]).to_csv(path.with_suffix(".csv"), index=False)
    return path.with_suffix(".csv")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ga4")


@examples(6)
@given(st.integers(0, 2**32).map(random.Random), st.sampled_from([lines, nested, flat]))
def test_touches_and_orders_are_those_of_plain_python(folder: Path, chance: random.Random, form: object) -> None:
    events = some_events(chance)
    touches, won = (table.execute() for table in ga4_log(form(events, folder / "events.json.gz")))  # type: ignore[operator]
    read = set(zip(touches["user"], touches["time"], touches["channel"], strict=True))
    assert read == touches_of(events)
    assert len(touches) == len(read)
    net = sorted(zip(won["user"], won["time"], won["value"].astype(float), strict=True))
    assert net == orders_of(events)


def test_transactions_of_one_moment_are_two_and_an_event_delivered_twice_is_none(folder: Path) -> None:
    visit = event("session_start", "a", 0, 1, ("bing", "organic"))
    two = [visit, *(bought("a", 9, 1, order, 5.0) for order in ("T1", "T2"))]
    touches, won = ga4_log(lines(two, folder / "two.json"))
    journeys = attribution.Journeys.from_touchpoints(touches, won, format=GA4_FORMAT, columns={"order": "order"})
    assert (journeys.totals["conversions"], journeys.totals["value"]) == (2, 10.0)
    touches, won = ga4_log(lines([visit, *[bought("a", 9, 1, None, 5.0)] * 2], folder / "twice.json"))
    with pytest.raises(BadInput, match="1 exact repeat"):
        attribution.Journeys.from_touchpoints(touches, won, format=GA4_FORMAT, columns={"order": "order"})


def test_the_session_s_own_source_comes_before_what_was_collected(folder: Path) -> None:
    cross = {"cross_channel_campaign": {"source": "tiktok", "medium": "paid", "primary_channel_group": "Paid Social"}}
    events = [
        event("session_start", "a", 0, 1, ("bing", "organic"), session_traffic_source_last_click=cross),
        event("page_view", "b", 0, 1, None, collected_traffic_source={"manual_source": "x", "manual_medium": "y"}),
        event("page_view", "c", 0, 1, ("google", "organic"), collected_traffic_source={"gclid": "Cj0"}),
        event("page_view", "d", 0, None),
        event("page_view", "d", 5, None, ("bing", "cpc")),
        bought("a", 3, 1, "T", 5.0),
    ]
    for form in (lines, nested):
        touches = ga4_log(form(events, folder / "sources.json"))[0].execute().set_index("user")
        assert touches["channel"].to_dict() == {
            "a": "tiktok / paid",
            "b": "x / y",
            "c": "google / cpc",
            "d": "bing / cpc",
        }
        assert touches["group"].to_dict() == {"a": "Paid Social", "b": "", "c": "", "d": ""}


def test_events_without_a_user_are_counted_and_left_out_by_choice(folder: Path) -> None:
    events = [event("session_start", "a", 0, 1), bought("a", 5, 1, "T", 5.0), event("page_view", None, 3, None)]
    tables = ga4_log(lines(events, folder / "nobody.json"))
    with pytest.raises(BadInput, match="row 3"):
        attribution.Journeys.from_touchpoints(*tables, format=GA4_FORMAT)
    cleaning = attribution.Cleaning(drop=("missing user",))
    journeys = attribution.Journeys.from_touchpoints(*tables, format=GA4_FORMAT, cleaning=cleaning)
    assert attribution.LastTouch()(journeys).conversions.to_dict() == {"(direct) / (none)": 1.0}


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"event_name": None}, BadInput, "no column of 'event_name'"),
        ({"user_pseudo_id": None}, BadInput, "no column of 'user_pseudo_id'"),
        ({"event_params": None}, BadInput, "no event of a session"),
    ],
)
def test_what_is_no_export_is_refused(folder: Path, change: Event, error: type[Exception], said: str) -> None:
    events = [
        {key: value for key, value in each.items() if key not in change}
        for each in (event("session_start", "a", 0, 1), bought("a", 5, 1, "T", 5.0))
    ]
    with pytest.raises(error, match=said):
        ga4_log(lines(events, folder / "odd.json"))


def test_an_event_that_is_not_there_is_named(folder: Path) -> None:
    path = lines([event("session_start", "a", 0, 1), bought("a", 5, 1, "T", 5.0)], folder / "names.json")
    with pytest.raises(UnknownName, match="purchase"):
        ga4_log(path, ["purchas"])
