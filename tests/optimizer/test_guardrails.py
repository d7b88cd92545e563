"""Guardrails: limits of practice on recent weeks, whatever the currency and the order of channels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from attribution.errors import BadInput
from optimizer import Ceiling, Guardrails, Level, Watched
from optimizer.cycle.alarms import Alarm, worst
from optimizer.cycle.sequential import Quiet
from optimizer.cycle.watched import SILENT, Past, Price, Reported, Stage

WEEKS = 6
DATES = pd.date_range("2026-01-05", periods=WEEKS, freq="7D")
LOGS = Quiet(np.full(WEEKS, np.log(200.0)), 0.02**2 * np.eye(WEEKS))


def watched(customers: float = 1000.0, spread: float = 15.0, **changed: Any) -> Watched:
    spend = pd.DataFrame({"tv": 30_000.0, "search": 20_000.0}, index=DATES)
    quiet = Quiet(np.full(WEEKS, 1000.0), spread**2 * np.eye(WEEKS))
    reach = {"tv": np.array([0.5, 0.8, 1.0]), "search": np.ones(1)}
    brought = np.array([[300.0] * WEEKS, [200.0] * WEEKS])
    past = Past(52 * 50_000.0, 52 * 1000.0, 52 * 1000.0, 52)
    return replace(Watched(DATES, spend, np.full(WEEKS, customers), quiet, brought, reach, past), **changed)


def said(rails: Guardrails, weeks: Watched) -> dict[tuple[str, str], Alarm]:
    return {(alarm.rule, alarm.subject): alarm for alarm in rails.check(weeks).alarms}


def test_quiet_weeks_raise_no_level() -> None:
    tested = said(Guardrails(lifetime_value=200.0, benchmarks={"blended": 45.0}), watched())
    assert worst(tested.values()) is Level.QUIET


@pytest.mark.parametrize(
    ("customers", "level"), [(1000, Level.QUIET), (890, Level.QUIET), (840, Level.WATCH), (700, Level.STOP)]
)
def test_twelve_months_warn_at_15_percent_and_stop_at_25(customers: float, level: Level) -> None:
    alarm = said(Guardrails(), watched(customers))["twelve_months", "blended"]
    assert alarm.level is level
    assert alarm.value == pytest.approx(1000 / customers - 1)


def test_a_season_that_the_model_expects_is_no_rise() -> None:
    poor = watched(700.0)
    expected = replace(poor, quiet=Quiet(np.full(WEEKS, 700.0), poor.quiet.covariance))
    alarm = said(Guardrails(), expected)["twelve_months", "blended"]
    assert alarm.level is Level.QUIET
    assert said(Guardrails(), poor)["twelve_months", "blended"].level is Level.STOP


def test_a_limit_that_chance_may_have_crossed_is_only_watched() -> None:
    alarm = said(Guardrails(), watched(760.0, spread=200.0))["twelve_months", "blended"]
    assert alarm.value is not None
    assert alarm.value > 0.25
    assert alarm.level is Level.WATCH


@pytest.mark.parametrize(
    ("value", "level"), [(200, Level.QUIET), (140, Level.WATCH), (90, Level.HALVE), (45, Level.STOP)]
)
def test_ltv_over_cac_in_three_steps(value: float, level: Level) -> None:
    assert said(Guardrails(lifetime_value=value), watched())["ltv_cac", "blended"].level is level
    fixed = said(Guardrails(lifetime_value=value * 2, fixed_cost=50_000.0), watched())
    assert fixed["ltv_cac", "blended"].level is level


def test_a_benchmark_is_reviewed_from_20_percent_above_it() -> None:
    figures = {"blended": 41.0, "tv": 120.0, "search": 10.0}
    tv = Reported("tv", "attributed", np.full(WEEKS, 200.0), LOGS)
    tested = said(Guardrails(benchmarks=figures), watched(reported=(tv,)))
    assert tested["benchmark", "blended"].level is Level.WATCH
    assert tested["benchmark", "tv"].level is Level.WATCH  # 150 a conversion
    assert ("benchmark", "search") not in tested


def test_a_channel_whose_conversions_fall_is_named_and_the_others_are_not() -> None:
    tv = Reported("tv", "platform-reported", np.where(np.arange(WEEKS) < 2, 200.0, 130.0), LOGS)
    search = Reported("search", "attributed", np.full(WEEKS, 200.0), LOGS)
    tested = said(Guardrails(), watched(reported=(tv, search)))
    assert tested["twelve_months", "tv"].level is Level.STOP
    assert tested["sequential", "tv"].level is Level.HALVE
    assert "platform-reported" in tested["sequential", "tv"].text
    assert tested["twelve_months", "search"].level is tested["sequential", "search"].level is Level.QUIET


def test_weeks_that_say_nothing_raise_nothing() -> None:
    silent = Quiet(LOGS.mean, LOGS.covariance + SILENT * np.eye(WEEKS))
    tv = Reported("tv", "attributed", np.zeros(WEEKS), silent)
    tested = said(Guardrails(), watched(reported=(tv,)))
    assert worst(alarm for (_, subject), alarm in tested.items() if subject == "tv") is Level.QUIET


def test_prices_and_stages_are_watched() -> None:
    price = Price("tv", np.log(200.0) + np.where(np.arange(WEEKS) < 2, 0.0, 0.3), LOGS)
    stage = Stage("visits to leads", LOGS.mean - 0.2, LOGS)
    tested = said(Guardrails(), watched(prices=(price,), stages=(stage,)))
    assert tested["price", "tv"].level is Level.WATCH
    assert tested["funnel", "blended"].level is Level.WATCH
    assert worst(tested.values()) is Level.WATCH


def test_a_fall_of_all_names_suspects_and_no_channel() -> None:
    alarm = said(Guardrails(), watched(900.0))["sequential", "blended"]
    assert alarm.level is Level.HALVE
    assert "cannot tell which channel" in alarm.text


def test_currency_and_order_of_channels_decide_nothing() -> None:
    weeks, rails = watched(780.0), Guardrails(lifetime_value=130.0, benchmarks={"blended": 50.0})
    dear = replace(weeks, spend=100 * weeks.spend, past=replace(weeks.past, spend=100 * weeks.past.spend))
    dear_rails = replace(rails, lifetime_value=13_000.0, benchmarks={"blended": 5000.0})
    turned = replace(weeks, spend=weeks.spend[["search", "tv"]], brought=weeks.brought[::-1])
    levels = {key: alarm.level for key, alarm in said(rails, weeks).items()}
    assert {key: alarm.level for key, alarm in said(dear_rails, dear).items()} == levels
    assert {key: alarm.level for key, alarm in said(rails, turned).items()} == levels


@pytest.mark.parametrize("customers", [0.0, 1e9])
def test_no_customers_and_no_spend_are_words_and_no_failure(customers: float) -> None:
    weeks = watched(customers)
    rails = Guardrails(lifetime_value=200.0, benchmarks={"blended": 45.0})
    for each in (weeks, replace(weeks, spend=0 * weeks.spend)):
        assert all(alarm.text for alarm in rails.check(each).alarms)
    assert worst(rails.check(watched(0.0)).alarms) is Level.STOP


@pytest.mark.parametrize(
    "made",
    [
        lambda: Ceiling(0.0, 0.2),
        lambda: Ceiling(0.3, 0.2),
        lambda: Guardrails(window=0),
        lambda: Guardrails(false_alarms=0.0),
        lambda: Guardrails(confidence=1.0),
        lambda: Guardrails(lifetime_value=-1.0),
        lambda: Guardrails(ratios=(1.0, 2.0, 3.0)),
    ],
)
def test_limits_that_make_no_sense_are_refused(made: Any) -> None:
    with pytest.raises(BadInput):
        made()
