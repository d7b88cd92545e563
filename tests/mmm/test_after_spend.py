"""A KPI that moves weeks after media work is named, with the weeks and the way; patterns beyond a fit against chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mmm
from mmm.data.panel_checks import check_panel
from mmm.posterior.after_spend import after_spend
from mmm.posterior.beyond import furthest
from mmm.posterior.effect_changes import effect_changes
from mmm.posterior.monthly_misses import monthly_misses
from mmm.posterior.raised_together import raised_together
from mmm.posterior.residuals import Residuals

WEEKS, NAMES = 140, ("tv", "radio", "search", "social", "print", "video")


def residuals(
    seed: int,
    late: float = 0.0,
    lag: int = 3,
    since: int = 0,
    promotion: float = 0.0,
    carried: float = 0.0,
    shape: float = 3.0,
) -> Residuals:
    """A fit whose channels bring what it says, and ``late`` times as much again some weeks later."""
    rng = np.random.default_rng(seed)
    spend = rng.gamma(shape, 60.0 / shape, (WEEKS, 6))
    weeks = rng.choice(WEEKS, 10, replace=False)
    spend[weeks, :2] *= 2.5
    brought = 3.0 * np.sqrt(spend)
    noise = 4.0 * rng.standard_normal(WEEKS)
    for t in range(1, WEEKS):
        noise[t] = carried * noise[t - 1] + np.sqrt(1 - carried**2) * noise[t]
    total = brought.sum(axis=1)
    again = late * np.where(np.arange(WEEKS) >= since, np.roll(total, lag) - total.mean(), 0.0)
    kpi = 300.0 + total + again + noise
    kpi[weeks] += promotion
    dates = pd.date_range("2022-01-03", periods=WEEKS, freq="7D")
    frame = pd.DataFrame({"week": dates, "kpi": kpi} | dict(zip(NAMES, spend.T, strict=True)))
    panel = mmm.Panel.from_frame(frame, "week", "kpi", list(NAMES))
    return Residuals(panel, np.full(WEEKS, 300.0), np.zeros(WEEKS), np.column_stack([np.ones(WEEKS), brought]))


@pytest.mark.parametrize(("late", "lag", "word"), [(0.8, 3, "rises 3 weeks"), (-0.4, 4, "falls 4 weeks")])
def test_a_kpi_that_moves_later_is_named_with_the_weeks(late: float, lag: int, word: str) -> None:
    for seed in range(4):
        finding = after_spend(residuals(seed, late, lag))
        assert not finding.passed
        assert word in finding.text
        assert finding.channels == NAMES


def test_a_kpi_that_is_dated_otherwise_from_some_week_on_is_told_by_that_week() -> None:
    found = after_spend(residuals(1, 1.0, 3, since=80))
    assert not found.passed
    day = pd.Timestamp(found.text.split(" from ")[1][:10])
    assert abs((day - pd.Timestamp("2022-01-03")).days / 7 - 80) <= 12


@pytest.mark.parametrize("carried", [0.0, 0.6])
def test_media_that_work_when_they_do_are_rarely_named(carried: float) -> None:
    named = [seed for seed in range(40) if not after_spend(residuals(seed, carried=carried)).passed]
    assert len(named) <= 3


def test_a_promotion_of_two_channels_names_these_two() -> None:
    for seed in range(4):
        finding = raised_together(residuals(seed, promotion=25.0, shape=30.0))
        assert set(finding.channels) == {"tv", "radio"}
        assert "in which they take part" in finding.text
    named = [seed for seed in range(30) if not raised_together(residuals(seed)).passed]
    assert len(named) <= 3


def test_the_furthest_pattern_is_that_of_least_squares_and_a_column_of_the_fit_is_none() -> None:
    rng = np.random.default_rng(0)
    columns, patterns = np.column_stack([np.ones(60), rng.normal(size=60)]), rng.normal(size=(60, 5))
    kpi = columns @ [3.0, 1.0] + 2.0 * patterns[:, 3] + rng.normal(size=60)
    found = furthest(patterns, kpi, columns, 0.01)
    design = np.column_stack([columns, patterns[:, 3]])
    weights, squares = np.linalg.lstsq(design, kpi, rcond=None)[:2]
    error = np.sqrt(squares[0] / 57 * np.linalg.inv(design.T @ design)[2, 2])
    assert (found.place, found.found) == (3, True)
    assert found.value == pytest.approx(weights[2] / error)
    assert furthest(columns[:, 1:], kpi, columns, 0.01).place == -1


def test_a_kpi_that_stands_at_its_highest_is_held_down() -> None:
    def checked(kpi: np.ndarray) -> bool:
        company = replace(residuals(0).panel, kpi=kpi[None])
        return {each.name: each for each in check_panel(company)}["held_down"].passed

    rng = np.random.default_rng(2)
    season = 900 + 300 * np.sin(2 * np.pi * np.arange(WEEKS) / 52)
    for seed in range(20):
        wanted = season + np.random.default_rng(seed).normal(0, 40, WEEKS)
        assert checked(wanted)
        assert not checked(np.minimum(wanted, np.quantile(wanted, 0.7)).round())
    assert checked(rng.poisson(3, WEEKS).astype(float))


def test_a_kpi_that_is_booked_where_months_end_is_told() -> None:
    for seed in range(3):
        left = residuals(seed)
        ends = np.asarray((left.dates + pd.Timedelta(days=7)).month != left.dates.month)
        panel = replace(left.panel, kpi=left.panel.kpi + 8.0 * ends)
        finding = monthly_misses(replace(left, panel=panel))
        assert not finding.passed
        assert "above what the model expects where months end" in finding.text
    assert sum(not monthly_misses(residuals(seed)).passed for seed in range(40)) <= 3


@pytest.mark.parametrize(
    ("weight", "which", "word"), [(-0.8, slice(6), "together bring less"), (2.5, slice(1), "more")]
)
def test_media_that_work_otherwise_from_some_week_on_are_told(weight: float, which: slice, word: str) -> None:
    for seed in range(3):
        left = residuals(seed)
        brought = left.columns[:, 1:][:, which].sum(axis=1)
        since = np.arange(WEEKS) >= 75
        changed = left.panel.kpi + weight * np.where(since, brought - brought.mean(), 0.0)
        finding = effect_changes(replace(left, panel=replace(left.panel, kpi=changed)))
        assert not finding.passed
        assert word in finding.text
        assert finding.channels == NAMES[which]
        day = pd.Timestamp(finding.text.removeprefix("From about ")[:10])
        assert abs((day - left.dates[75]).days / 7) <= 15
    assert sum(not effect_changes(residuals(seed)).passed for seed in range(30)) <= 2
