"""One small company whose truth is known, and one fit of it that many tests read."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mmm

CHANNELS = ("tv", "search", "social")
SHARES = {"tv": 0.15, "search": 0.20, "social": 0.05}
RETENTION = {"tv": 0.5, "search": 0.1, "social": 0.3}
HALF = {"tv": 1.5, "search": 0.8, "social": 1.0}


def simulated_company(weeks: int = 130, noise: float = 0.03, seed: int = 5) -> tuple[pd.DataFrame, dict[str, float]]:
    """Weekly table, and customers that each channel truly brought."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2023-01-02", periods=weeks, freq="7D")
    time = np.arange(weeks)
    price = rng.normal(100, 3, weeks)
    kpi = 0.6 + 0.1 * np.sin(2 * np.pi * time / 52.18) + 0.1 * (time / weeks - 0.5) - 0.02 * (price - 100) / 3
    table = {"week": dates, "price": price}
    truth = {}
    for place, channel in enumerate(CHANNELS):
        spend = rng.gamma(1.5, 1.0, weeks) * 10_000 * (place + 1)
        lags = RETENTION[channel] ** np.arange(13)
        padded = np.concatenate([np.full(12, spend[:13].mean()), spend]) / spend.mean()
        stock = np.convolve(padded, lags / lags.sum())[12 : 12 + weeks]
        response = stock / (stock + HALF[channel])
        brought = SHARES[channel] * response / response.mean()
        kpi = kpi + brought
        table[channel] = spend
        truth[channel] = float(brought.sum() * 1000)
    kpi = kpi + rng.normal(0, noise, weeks)
    return pd.DataFrame({**table, "customers": np.round(kpi * 1000)}), truth


def small_panel(weeks: int = 130) -> mmm.Panel:
    frame, _ = simulated_company(weeks)
    return mmm.Panel.from_frame(frame, date="week", kpi="customers", spend=list(CHANNELS), controls=["price"])


@pytest.fixture(scope="session")
def company() -> Callable[..., tuple[pd.DataFrame, dict[str, float]]]:
    return simulated_company


@pytest.fixture(scope="session")
def truth() -> dict[str, float]:
    return simulated_company()[1]


@pytest.fixture(scope="session")
def panel() -> mmm.Panel:
    return small_panel()


@pytest.fixture(scope="session")
def posterior(panel: mmm.Panel) -> mmm.Posterior:
    model = mmm.Model(saturation=mmm.MichaelisMentenSaturation())
    return mmm.fit(panel, model, draws=500, tune=500, seed=11)
