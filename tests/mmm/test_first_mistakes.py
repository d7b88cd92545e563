"""Mistakes of a first notebook end in a sentence that names the remedy, and a named index is no mistake."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

import attribution
import mmm
from attribution.errors import BadInput
from mmm.data.panel_checks import check_panel


def weekly(weeks: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    dates = pd.date_range("2024-01-01", periods=weeks, freq="7D")
    return pd.DataFrame(
        {"week": dates, "kpi": rng.poisson(80, weeks), "tv": rng.gamma(2, 500, weeks), "mail": rng.gamma(2, 90, weeks)}
    )


def told(frame: pd.DataFrame, **asked: object) -> str:
    with pytest.raises(BadInput) as refused:
        mmm.Panel.from_frame(frame, **{"date": "week", "kpi": "kpi", "spend": ["tv", "mail"], **asked})  # type: ignore[arg-type]
    return str(refused.value)


@pytest.mark.parametrize("index", [["week"], ["week", "kpi"]])
def test_a_named_index_is_columns(index: list[str]) -> None:
    frame = weekly()
    as_columns = mmm.Panel.from_frame(frame, "week", "kpi", ["tv", "mail"])
    as_index = mmm.Panel.from_frame(frame.set_index(index), "week", "kpi", ["tv", "mail"])
    assert as_index.dates.equals(as_columns.dates)
    assert np.array_equal(as_index.kpi, as_columns.kpi)


def test_an_index_whose_name_is_a_column_stays_an_index() -> None:
    frame = weekly()
    frame.index = pd.Index(range(5, 65), name="tv")
    assert mmm.Panel.from_frame(frame, "week", "kpi", ["tv"]).national_spend["tv"].iloc[0] == frame["tv"].iloc[0]


def test_a_log_indexed_by_its_time_is_a_log() -> None:
    times = pd.to_datetime(["2026-01-05 09:00", "2026-01-06 18:30", "2026-01-06 20:00"])
    log = pd.DataFrame({"user": list("aab"), "time": times, "channel": ["tv", "search", "search"]})
    orders = pd.DataFrame({"user": ["a"], "time": pd.to_datetime(["2026-01-06 19:00"])})
    plain = attribution.Journeys.from_touchpoints(log, conversions=orders, lookback="30D")
    indexed = attribution.Journeys.from_touchpoints(
        log.set_index("time"), conversions=orders.set_index("time"), lookback="30D"
    )
    shares = [attribution.Shapley()(journeys).conversions.to_dict() for journeys in (plain, indexed)]
    assert shares[0] == shares[1] == {"search": 0.5, "tv": 0.5}


@pytest.mark.parametrize("role", ["spend", "controls"])
def test_a_text_is_no_list_of_columns(role: str) -> None:
    text = told(weekly(), **{role: "tv"})
    assert f"is given {role} as a text. Remedy: give a list: {role}=['tv']." in text
    assert "'t'" not in text


def test_the_format_is_told_as_an_argument_and_reads_the_table() -> None:
    frame = weekly()
    german = frame.assign(
        week=frame["week"].dt.strftime("%d.%m.%Y"),
        tv=[f"{x:,.2f}".translate(str.maketrans(",.", ".,")) for x in frame["tv"]],
    )
    text = told(german)
    assert "format=attribution.Format(date_format='%d.%m.%Y')" in text
    assert "format=attribution.Format(decimal=',', thousands='.')" in text
    format = attribution.Format(date_format="%d.%m.%Y", decimal=",", thousands=".")
    panel = mmm.Panel.from_frame(german, "week", "kpi", ["tv", "mail"], format=format)
    assert panel.national_spend["tv"].to_numpy() == pytest.approx(frame["tv"].to_numpy(), abs=0.006)


@pytest.mark.parametrize(("weeks", "enough"), [(60, False), (103, False), (104, True), (156, True)])
def test_a_year_seen_once_is_told(weeks: int, enough: bool) -> None:
    panel = mmm.Panel.from_frame(weekly(weeks), "week", "kpi", ["tv", "mail"])
    (one,) = [finding for finding in check_panel(panel) if finding.name == "years_seen"]
    assert one.passed == enough
    assert f"{weeks} weeks" in one.text


@pytest.mark.parametrize(
    ("part", "given", "example"),
    [
        ("season", 2, "mmm.Season(order=2)"),
        ("season", (mmm.Season(1), "year"), "mmm.Season(order=2)"),
        ("trend", "linear", "mmm.LinearTrend()"),
        ("likelihood", "student_t", "mmm.NormalLikelihood()"),
        ("lift_tests", weekly(), "mmm.lift_tests_from_frame"),
        ("effects", 0.3, "mmm.TotalAndSplit()"),
        ("adstock", "geometric", "mmm.GeometricAdstock()"),
        ("saturation", "hill", "mmm.HillSaturation()"),
    ],
)
def test_a_word_is_no_part_of_a_model(part: str, given: object, example: str) -> None:
    panel = mmm.Panel.from_frame(weekly(), "week", "kpi", ["tv", "mail"])
    with pytest.raises(BadInput) as refused:
        mmm.fit(panel, mmm.Model(**{part: given}), draws=10, tune=10, time_budget=0.0)  # type: ignore[arg-type]
    text = str(refused.value)
    assert part in text
    assert example in text
    assert len(text) < 400


@pytest.mark.parametrize(
    ("asked", "least"),
    [
        ({"draws": -1}, 1),
        ({"draws": 0}, 1),
        ({"draws": 2.5}, 1),
        ({"chains": 0}, 1),
        ({"tune": -3}, 0),
        ({"seed": "a"}, 0),
    ],
)
def test_lengths_are_whole_numbers(asked: dict[str, object], least: int) -> None:
    panel = mmm.Panel.from_frame(weekly(), "week", "kpi", ["tv", "mail"])
    (name,) = asked
    with pytest.raises(BadInput, match=f"{name}: is .*whole number of {least} or more"):
        mmm.fit(panel, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("country", ["XX", 49])
def test_no_country_is_a_message(country: object) -> None:
    panel = mmm.Panel.from_frame(weekly(), "week", "kpi", ["tv"])
    with pytest.raises(BadInput, match="ISO 3166"):
        panel.with_holidays(country)  # type: ignore[arg-type]


@pytest.mark.parametrize("stated", [None, "%d.%m.%Y"])
def test_days_that_lost_their_points_are_read_again_as_text(stated: str | None) -> None:
    frame = weekly()
    text = frame.assign(week=frame["week"].dt.strftime("%d.%m.%Y")).to_csv(sep=";", index=False)
    read = pd.read_csv(io.StringIO(text), sep=";", thousands=".", decimal=",")
    assert "dtype={'week': str}" in told(read, format=attribution.Format(date_format=stated))
    again = pd.read_csv(io.StringIO(text), sep=";", dtype={"week": str})
    panel = mmm.Panel.from_frame(again, "week", "kpi", ["tv"], format=attribution.Format(date_format="%d.%m.%Y"))
    assert panel.dates[0] == frame["week"][0]


def test_one_credit_is_no_list_of_credits() -> None:
    paths = pd.DataFrame({"path": ["a > b", "b"], "conversions": [3, 4]})
    credit = attribution.Linear()(attribution.Journeys.from_paths(paths))
    with pytest.raises(BadInput, match=r"compare\(\[credit"):
        attribution.compare(credit)  # type: ignore[arg-type]
