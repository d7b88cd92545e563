"""Columns that change places midway are named with their week, and budgets that move are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import signal

import mmm
from mmm.data.exchanged_channels import exchanged_channels

WEEKS, NAMES = 120, ["tv", "search", "social", "radio"]


def panel(seed: int, exchange: tuple[int, int] | None = None, at: int = 50, noise: float = 0.2) -> mmm.Panel:
    rng = np.random.default_rng(seed)
    spend = np.array([9_000.0, 4_000.0, 900.0, 2_000.0]) * np.exp(rng.normal(0, noise, (WEEKS, 4)))
    spend[:, 3] *= np.repeat(rng.random(WEEKS // 4) < 0.6, 4)
    if exchange is not None:
        spend[at:, list(exchange)] = spend[at:, list(exchange)[::-1]]
    dates = pd.date_range("2023-01-02", periods=WEEKS, freq="7D")
    table = pd.DataFrame(spend.round(2), columns=NAMES).assign(week=dates, kpi=rng.poisson(900, WEEKS))
    return mmm.Panel.from_frame(table, "week", "kpi", NAMES)


def test_two_columns_that_change_places_are_named_with_the_week() -> None:
    for seed, pair, at in ((0, (0, 1), 50), (1, (1, 2), 80), (2, (0, 2), 30)):
        company = panel(seed, pair, at)
        finding = exchanged_channels(company)
        assert set(finding.channels) == {NAMES[place] for place in pair}
        assert f"from {company.dates[at]:%Y-%m-%d} on" in finding.text


def test_columns_that_move_much_from_week_to_week_are_told_apart_too() -> None:
    found = [exchanged_channels(panel(seed, (0, 1), 50, 0.4)).channels for seed in range(10)]
    assert sum(set(each) == {"tv", "search"} for each in found) >= 9


def test_budgets_that_wander_across_each_other_do_not_count() -> None:
    company = panel(0)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        walks = signal.lfilter([0.4], [1.0, -0.8], rng.normal(size=(WEEKS, 4)), axis=0)
        company.spend[0] = np.array([3_000.0, 4_000.0, 2_500.0, 2_000.0]) * np.exp(walks)
        assert exchanged_channels(company).passed, seed


def test_budgets_that_move_do_not_count() -> None:
    assert not [seed for seed in range(40) if not exchanged_channels(panel(seed)).passed]
    moved = panel(0)
    moved.spend[:, 60:, 0] *= 0.3  # less TV, and more search than TV ever had
    moved.spend[:, 60:, 1] *= 4.0
    assert exchanged_channels(moved).passed
