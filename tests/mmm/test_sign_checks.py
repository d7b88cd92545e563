"""A channel with whose effect the KPI falls is named, whatever the unit, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mmm
from mmm.posterior.residuals import Residuals
from mmm.posterior.sign_checks import falls_with_spend

WEEKS, NAMES = 156, ("tv", "radio", "search")


@cache
def company() -> mmm.Panel:
    dates = pd.date_range("2022-01-03", periods=WEEKS, freq="7D")
    frame = pd.DataFrame({"week": dates, "kpi": 1.0} | dict.fromkeys(NAMES, np.arange(1.0, WEEKS + 1)))
    return mmm.Panel.from_frame(frame, "week", "kpi", list(NAMES))


def residuals(
    effects: tuple[float, float, float],
    seed: int,
    *,
    carried: float = 0.0,
    unit: float = 1.0,
    twin: bool = False,
    odd: float = 0.0,
) -> Residuals:
    """What a fit leaves of a KPI that moves by so many times what each channel is credited with."""
    rng = np.random.default_rng(seed)
    brought = rng.gamma(2.0, 20.0, (WEEKS, 3))
    if twin:
        brought[:, 1] = 1.5 * brought[:, 0]
    noise = 30.0 * rng.standard_normal(WEEKS)
    for t in range(1, WEEKS):
        noise[t] = carried * noise[t - 1] + np.sqrt(1 - carried**2) * noise[t]
    noise[int(brought[:, 0].argmax())] += odd
    angle = 2 * np.pi * np.arange(WEEKS) / 52.18
    baseline = np.column_stack([np.ones(WEEKS), np.arange(WEEKS) / WEEKS, np.sin(angle), np.cos(angle)])
    kpi = unit * (2000.0 + 100.0 * baseline[:, 1] + 150.0 * baseline[:, 2] + brought @ np.array(effects) + noise)
    panel = replace(company(), kpi=kpi[None], spend=brought[None], media=brought[None])
    return Residuals(panel, np.full(WEEKS, kpi.mean()), np.zeros(WEEKS), np.column_stack([baseline, brought]))


@pytest.mark.parametrize("carried", [0.0, 0.5, 0.8])
def test_channels_that_bring_something_or_nothing_are_rarely_named(carried: float) -> None:
    runs = 40
    for effects in ((1.0, 0.3, 2.0), (0.0, 0.0, 0.0)):
        named = sum(not falls_with_spend(residuals(effects, seed, carried=carried)).passed for seed in range(runs))
        assert named <= stats.binom.ppf(0.999, runs, 0.02), (effects, named)


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e5])
@pytest.mark.parametrize("seed", range(5))
def test_a_channel_that_takes_customers_is_named_alone_in_any_unit(seed: int, unit: float) -> None:
    finding = falls_with_spend(residuals((1.0, -0.7, 1.0), seed, unit=unit))
    assert not finding.passed
    assert finding.channels == ("radio",)
    assert finding.value == pytest.approx(falls_with_spend(residuals((1.0, -0.7, 1.0), seed)).value)
    assert "radio (t −" in finding.text
    assert "test them before money moves" in finding.text


def test_channels_that_move_together_are_not_held_apart() -> None:
    assert falls_with_spend(residuals((-3.0, 2.0, 1.0), 1, twin=True)).passed


def test_one_odd_week_decides_nothing() -> None:
    found = [falls_with_spend(residuals((0.3, 0.3, 0.3), seed, odd=-600.0)) for seed in range(20)]
    assert sum(not one.passed for one in found) <= 1


def test_a_fit_names_a_channel_that_takes_customers() -> None:
    rng = np.random.default_rng(3)
    spend = rng.gamma(2.0, 50.0, (104, 2)) * rng.integers(0, 2, (104, 2))
    kpi = 900.0 + 2.0 * spend[:, 0] ** 0.8 - 2.0 * spend[:, 1] ** 0.8 + rng.normal(0.0, 15.0, 104)
    frame = pd.DataFrame({"week": pd.date_range("2023-01-02", periods=104, freq="7D"), "kpi": kpi})
    frame[["tv", "coupons"]] = spend
    panel = mmm.Panel.from_frame(frame, "week", "kpi", ["tv", "coupons"])
    posterior = mmm.fit(panel, draws=200, tune=300, chains=2, seed=1)
    (finding,) = (one for one in posterior.diagnostics if one.name == "falls_with_spend")
    assert finding.channels == ("coupons",)
