"""A daily panel with the week's and the year's season, from table to forecast."""

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput


@pytest.fixture(scope="module")
def days():
    """Two years of days; what television and search brought; the share of each weekday."""
    rng = np.random.default_rng(4)
    count = 730
    dates = pd.date_range("2024-01-01", periods=count, freq="D")
    weekday = np.array([0.10, 0.06, 0.02, 0.0, 0.04, -0.12, -0.10])
    year = 0.08 * np.cos(2 * np.pi * np.arange(count) / 365.25)
    table, brought = {}, {}
    for name, share, retention, half in (("tv", 0.2, 0.8, 1.2), ("search", 0.15, 0.3, 0.8)):
        spend = rng.gamma(1.2, 1.0, count) * 1000
        weights = retention ** np.arange(28)
        padded = np.concatenate([np.full(27, spend[:13].mean()), spend]) / spend.mean()
        stock = np.convolve(padded, weights / weights.sum())[27 : 27 + count]
        response = stock / (stock + half)
        table[name], brought[name] = spend, share * response / response.mean()
    kpi = 0.65 + weekday[dates.day_of_week.to_numpy()] + year + sum(brought.values()) + rng.normal(0, 0.04, count)
    frame = pd.DataFrame({"day": dates, "customers": np.round(200 * kpi), **table})
    return frame, {name: float(200 * values.sum()) for name, values in brought.items()}, 200 * weekday


@pytest.fixture(scope="module")
def posterior(days):
    panel = mmm.Panel.from_frame(days[0], "day", "customers", ["tv", "search"])
    model = mmm.Model(
        mmm.GeometricAdstock(lags=4),
        mmm.MichaelisMentenSaturation(),
        season=(mmm.Season(order=2), mmm.Season(period=7, order=3)),
    )
    return mmm.fit(panel, model, draws=400, tune=400, seed=2)


def test_channels_and_both_seasons_are_recovered(days, posterior):
    assert posterior.panel.days == 1
    assert posterior.converged
    found = posterior.contributions().summary()
    for name, truth in days[1].items():
        assert found.loc[name, "5%"] * 0.9 < truth < found.loc[name, "95%"] * 1.1
    season = posterior.baseline_by_week()["season"]
    by_weekday = season.groupby(season.index.day_of_week).mean()
    np.testing.assert_allclose(
        by_weekday - by_weekday.mean(), days[2] - days[2].mean(), atol=4.0
    )  # noise of a weekday: 0.9


def test_forecast_and_curves_count_in_days(days, posterior):
    organic = posterior.organic(28)
    assert organic.dates[0] == pd.Timestamp("2025-12-31")
    assert (
        organic.by_week.mean(axis=0)[organic.dates.day_of_week == 0].mean() > organic.by_week.mean(axis=0).mean() + 10
    )
    quarter = posterior.curves(weeks=91)["tv"]
    spend = days[0]["tv"].mean() * 91
    assert np.median(quarter(spend)) / 91 == pytest.approx(days[1]["tv"] / 730, rel=0.3)


def test_a_missing_day_is_named(days):
    with pytest.raises(BadInput, match="1 day is missing: 2024-02-29"):
        mmm.Panel.from_frame(days[0].drop(index=59), "day", "customers", ["tv", "search"])


@pytest.fixture(scope="module")
def following():
    """Two years of days on which spend and demand both follow the weekday; what one channel truly brought."""
    rng = np.random.default_rng(11)
    dates = pd.date_range("2024-01-01", periods=730)
    busy = np.array([1.0, 1.1, 1.05, 1.0, 0.9, 0.45, 0.35])[dates.day_of_week.to_numpy()]
    table = {}
    for name, mean in (("tv", 2000.0), ("search", 1000.0)):
        drift = np.exp(0.5 * np.cumsum(rng.normal(0, 0.15, 730)) / np.sqrt(np.arange(1, 731) * 0.15**2 + 1))
        table[name] = mean * busy * drift * rng.gamma(8, 1 / 8, 730)
    weights = 0.4 ** (np.arange(91) / 7)
    brought = {}
    for name, share in (("tv", 0.05), ("search", 0.05)):
        spend = table[name]
        padded = np.concatenate([np.full(90, spend[:91].mean()), spend]) / spend.mean()
        stock = np.convolve(padded, weights / weights.sum())[90 : 90 + 730]
        response = stock / (stock + 1.2)
        brought[name] = 100 * share * response / response.mean()
    kpi = 90 * busy + sum(brought.values()) + rng.normal(0, 4, 730)
    frame = pd.DataFrame({"day": dates, "customers": kpi, **table})
    panel = mmm.Panel.from_frame(frame, "day", "customers", ["tv", "search"])
    return panel, {name: float(values.sum()) for name, values in brought.items()}


def test_by_default_what_follows_the_weekday_is_not_credited_to_media(following):
    panel, truth = following
    fitted = mmm.fit(panel, draws=300, tune=300, chains=2, seed=1, time_budget=0)
    found = fitted.contributions().summary()
    for name, value in truth.items():
        assert found.loc[name, "5%"] < value < found.loc[name, "95%"]
    passed = {f.name: f.passed for f in fitted.diagnostics}
    assert passed["residual_autocorrelation_week"]
    assert passed["level_shift"]
    assert (fitted.half_life()["median"] < 4).all()


def test_without_the_season_of_the_week_media_get_too_much_and_the_lag_of_a_week_says_so(following):
    panel, truth = following
    fitted = mmm.fit(panel, mmm.Model(season=mmm.Season()), draws=300, tune=300, chains=2, seed=1, time_budget=0)
    found = fitted.contributions().summary()
    assert found["median"].sum() > 2 * sum(truth.values())
    assert not {f.name: f.passed for f in fitted.diagnostics}["residual_autocorrelation_week"]
