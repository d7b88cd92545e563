"""Carryover and horizons by the calendar: what is said in weeks means the same of weeks and of days."""

import numpy as np
import pandas as pd
import pytest
from graph_density import density_and_gradient

import mmm
from mmm.model.adstock import Adstock
from mmm.posterior.media import stocked
from mmm.sampling.prepared import prepare

LIFT = mmm.LiftTest("tv", "2023-09-05", "2023-10-03", -1_000, -12, 5)
RETENTION = np.array([0.05, 0.4, 0.85])


def two_years(days: int, seed: int = 2) -> mmm.Panel:
    rng = np.random.default_rng(seed)
    rows = 728 // days
    dates = pd.date_range("2023-01-02", periods=rows, freq=f"{days}D")
    spend = {name: rng.gamma(1.5, 100.0 * days, rows) for name in ("tv", "search")}
    kpi = 50.0 * days + 0.02 * sum(spend.values()) + rng.normal(0, 3.0, rows)
    frame = pd.DataFrame({"day": dates, "customers": kpi, **spend})
    return mmm.Panel.from_frame(frame, "day", "customers", list(spend))


def reached(panel: mmm.Panel) -> mmm.Panel:
    often = 1 + np.random.default_rng(1).gamma(2.0, 1.0, panel.periods)
    frame = panel.national_spend.assign(often=often, customers=panel.kpi[0], day=panel.dates)
    frame["people"] = frame["search"] * 3
    spend = {"tv": "tv", "search": mmm.ReachFrequency("search", "people", "often")}
    return mmm.Panel.from_frame(frame, "day", "customers", spend)


def test_the_season_of_the_week_stands_in_the_default_model_of_daily_panels_only():
    assert [season.period for season in mmm.Model().seasons(two_years(1))] == [365.25, 7.0]
    assert [season.period for season in mmm.Model().seasons(two_years(7))] == [365.25]
    stated = mmm.Model(season=mmm.Season(order=2))
    assert stated.seasons(two_years(1)) == (mmm.Season(order=2),)
    assert mmm.Model(season=()).seasons(two_years(1)) == ()


def test_three_harmonics_hold_any_pattern_of_the_week():
    columns, _ = mmm.Model().seasons(two_years(1))[1].columns(pd.date_range("2024-02-26", periods=7))
    assert np.linalg.matrix_rank(np.column_stack([np.ones(7), columns])) == 7


def test_a_day_keeps_a_seventh_root_of_what_a_week_keeps():
    daily = mmm.GeometricAdstock(lags=13).by_calendar(1)
    weights = daily.weights(RETENTION)
    assert len(weights) == 91
    np.testing.assert_allclose(weights[7:] / weights[:-7], np.broadcast_to(RETENTION, (84, 3)))


@pytest.mark.parametrize("family", [f for f in Adstock.families().values() if f is not mmm.NoAdstock])
def test_half_life_is_in_weeks_whatever_the_periods(family):
    rng = np.random.default_rng(3)
    values = [prior.sample(rng, 200) for prior in family().priors.values()]
    weekly, daily = family(lags=13), family(lags=13).by_calendar(1)
    apart = np.abs(weekly.half_life(*values) - daily.half_life(*values))
    assert apart.max() < 1.0  # the longer of the periods
    assert apart.mean() < 0.5


def test_sums_over_days_decay_as_weekly_sums_do():
    """A burst of days, summed by week far behind it, falls by the weekly retention."""
    daily = mmm.GeometricAdstock(lags=26).by_calendar(1)
    series = np.zeros((182, 1))
    series[:7] = 1.0
    stock = stocked(daily, (np.array([0.6]),), series, np.zeros(1))[:, 0].reshape(-1, 7).sum(axis=1)
    np.testing.assert_allclose(stock[2:12] / stock[1:11], 0.6)


MODELS = {
    "geometric": mmm.Model(),
    "one week of lags": mmm.Model(mmm.GeometricAdstock(lags=1)),
    "delayed": mmm.Model(mmm.DelayedAdstock(lags=4)),
    "weibull density": mmm.Model(mmm.WeibullPDFAdstock(lags=4)),
    "weibull survival": mmm.Model({"tv": mmm.WeibullCDFAdstock(lags=4)}, lift_tests=(LIFT,)),
    "reach": mmm.Model(lift_tests=(LIFT,)),
}


@pytest.mark.long
@pytest.mark.parametrize("name", MODELS)
def test_kernel_and_readable_reference_agree_over_days(name):
    """The kernel sums geometric carryover over days by recursion; the reference multiplies weights and windows."""
    from mmm.sampling.pymc_graph import build, coordinates

    given = reached(two_years(1)) if name == "reach" else two_years(1)
    density = prepare(given, MODELS[name]).problem.fused()
    reference = density_and_gradient(build(given, MODELS[name]))
    for seed in range(2):
        theta = density.centre + np.random.default_rng(seed).normal(0, 0.5, density.size)
        value, slope = reference(coordinates(density.problem, theta))
        expected, gradient = density(theta)
        np.testing.assert_allclose(value, expected, rtol=1e-9)
        np.testing.assert_allclose(slope, gradient, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("logit", [-700.0, -40.0, 40.0])
def test_no_retention_is_too_near_its_ends_for_days(logit):
    density = prepare(two_years(1), mmm.Model()).problem.fused()
    (block,) = (b for b in density.problem.layout.blocks if b.name == "retention")
    theta = density.centre.copy()
    theta[block.start] = logit
    value, gradient = density(theta)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_what_stands_before_the_panel_and_lately_covers_as_many_weeks():
    panel = two_years(1)
    np.testing.assert_allclose(panel.before[0], panel.media[0, :91].mean(axis=0))
    np.testing.assert_allclose(panel.recent_spend(), panel.spend[0, -91:].mean(axis=0))
    np.testing.assert_allclose(panel.select(200, 300).before[0], panel.media[0, 109:200].mean(axis=0))
