"""Figures of controls that stand for none are named, and columns that repeat by nature are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.findings import Finding
from mmm.data.panel_checks import check_panel

WEEKS = np.arange(156)
RNG = np.random.default_rng(5)
WARMTH = 15 + 10 * np.sin(WEEKS / 52 * 2 * np.pi) + RNG.normal(0, 2, 156)
RAIN = np.where(RNG.random(156) < 0.08, 0.0, RNG.gamma(0.8, 20, 156))


def told(control: np.ndarray) -> Finding:
    rng = np.random.default_rng(6)
    table = pd.DataFrame(
        {
            "week": pd.date_range("2023-01-02", periods=156, freq="7D"),
            "new_customers": rng.poisson(900, 156),
            "tv": rng.lognormal(10, 0.3, 156),
            "x": control,
        }
    )
    panel = mmm.Panel.from_frame(table, "week", "new_customers", ["tv"], controls=["x"])
    return next(each for each in check_panel(panel) if each.name == "odd_controls")


@pytest.mark.parametrize(
    ("control", "said"),
    [
        (np.where(np.isin(WEEKS, (5, 60, 61)), -999.0, WARMTH), "x: −999 is far from all others (3 periods, the first"),
        (np.where(WEEKS == 40, 999.0, 99.9 + WARMTH / 20), "x: 999 is far from all others (1 period, the first"),
        (np.where(WEEKS > 130, WARMTH[130], WARMTH), "again and again, where no other figure repeats (26 periods"),
        (np.where(WEEKS % 20 == 7, WARMTH.mean(), WARMTH), "again and again, where no other figure repeats (8 periods"),
        (np.where(WEEKS % 20 == 7, 0.0, WARMTH + 5), "x: 0 again and again, where no other figure repeats (8 periods"),
        (np.where(WEEKS > 143, 0.0, WARMTH + 5), "x: 0 to the end of the table, and never before (12 periods"),
    ],
)
def test_what_looks_filled_in_is_told(control: np.ndarray, said: str) -> None:
    finding = told(control)
    assert not finding.passed
    assert said in finding.text


@pytest.mark.parametrize(
    "control",
    [
        WARMTH,
        WARMTH.round(),
        WARMTH.round(1),
        RAIN,
        np.where(WEEKS % 13 < 3, RAIN + 50, 0.0),  # a rival's flights
        (WEEKS % 26 == 3).astype(float),
        np.where(WEEKS == 70, 1.0, 0.0),
        np.repeat(WARMTH[:39], 4),  # figures of months
        np.where(WEEKS < 80, 49.9, 54.9),  # a price
        np.minimum(WARMTH / 25, 1.0),  # a share that ends at 1
        np.select([WEEKS % 30 == 4, WEEKS % 30 == 20], [0.2, 0.5], 0.0),  # depths of discounts
        WEEKS.astype(float),
    ],
)
def test_what_repeats_by_nature_is_left_alone(control: np.ndarray) -> None:
    assert told(control).passed


@pytest.mark.parametrize("seed", range(20))
def test_controls_of_simulated_companies_raise_nothing(seed: int) -> None:
    data, _ = mmm.simulate.world(seed=seed, weeks=156, channels=3)
    panel = mmm.Panel.from_frame(
        data.weekly, "week", "new_customers", list(data.channels), controls=list(data.controls)
    )
    assert next(each for each in check_panel(panel) if each.name == "odd_controls").passed
