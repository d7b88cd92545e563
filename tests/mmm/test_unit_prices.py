"""Prices of impressions and clicks that jump once, as where spend is booked with tax from some week on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution import Finding
from mmm.data.panel_checks import check_panel
from mmm.data.unit_prices import price_jumps

WEEKS = pd.date_range("2023-01-02", periods=130, freq="7D")


def price(seed: int, kind: str) -> np.ndarray:
    rng = np.random.default_rng(seed)
    season = np.where((np.arange(130) % 52 >= 45) & (np.arange(130) % 52 <= 51), 0.35, 0.0)
    noise = rng.normal(0, 0.03, 130)
    return np.exp({"even": noise, "fixed": 0 * noise, "season": season + noise, "walk": np.cumsum(noise)}[kind])


def found(prices: np.ndarray) -> Finding:
    volume = np.random.default_rng(1).gamma(4, 1_000, 130)
    return price_jumps(WEEKS, {"social": (prices * volume, volume)})


@pytest.mark.parametrize("kind", ["even", "fixed"])
def test_a_price_that_jumps_and_stays_is_named_with_its_week_and_size(kind: str) -> None:
    for seed, (at, times) in enumerate([(40, 1.19), (90, 1.19), (60, 0.84)]):
        prices = price(seed, kind) * np.where(np.arange(130) >= at, times, 1.0)
        finding = found(prices)
        assert finding.channels == ("social",)
        assert finding.value == pytest.approx(times, rel=0.05)
        assert f"from {WEEKS[at]:%Y-%m-%d} on" in finding.text


def test_prices_that_wander_follow_a_season_or_come_back_are_left_alone() -> None:
    odd = [
        (kind, seed)
        for kind in ("even", "fixed", "season")
        for seed in range(40)
        if not found(price(seed, kind)).passed
    ]
    assert not odd
    assert sum(not found(price(seed, "walk")).passed for seed in range(60)) <= 2
    for_a_while = np.where((np.arange(130) >= 40) & (np.arange(130) < 60), 1.5, 1.0)
    assert found(for_a_while).passed


def test_a_panel_is_asked_about_channels_with_a_volume_alone() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"week": WEEKS, "kpi": 500, "seen": rng.gamma(4, 1_000, 130), "tv": rng.gamma(3, 900, 130)})
    table["social"] = table["seen"] * np.where(np.arange(130) >= 70, 1.19, 1.0)
    exposed = {"social": mmm.Exposure(volume="seen", spend="social"), "tv": "tv"}
    for spend, named in ((exposed, ("social",)), (["social", "tv"], ())):
        findings = {each.name: each for each in check_panel(mmm.Panel.from_frame(table, "week", "kpi", spend))}
        assert findings["unit_prices"].channels == named
