"""Scores against closed forms, and backtests that tell a good model from a bad one."""

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput
from mmm.checks.scores import crps, score

MEDIA = mmm.MichaelisMentenSaturation()


def test_crps_of_a_normal_is_its_closed_form():
    from scipy import stats

    rng = np.random.default_rng(0)
    for y in (-1.0, 0.0, 2.5):
        exact = y * (2 * stats.norm.cdf(y) - 1) + 2 * stats.norm.pdf(y) - 1 / np.sqrt(np.pi)
        assert crps(rng.standard_normal((1, 200_000)), np.array([y]))[0] == pytest.approx(exact, abs=0.01)


def test_crps_of_one_draw_is_the_absolute_error():
    np.testing.assert_allclose(crps(np.array([[3.0], [5.0]]), np.array([4.0, 9.0])), [1.0, 4.0])


def test_scores_of_a_sure_and_right_forecast():
    observed = np.array([10.0, 20.0])
    found = score(np.repeat(observed[:, None], 50, axis=1), observed)
    assert (found.crps, found.mape, found.coverage, found.total_error, found.total_covered) == (0, 0, 1, 0, True)


@pytest.fixture(scope="module")
def backtest(panel):
    return mmm.rolling_origin(panel, mmm.Model(saturation=MEDIA), folds=3, horizon=13, draws=400)


def test_the_true_model_beats_naive_and_no_media(backtest):
    findings = {finding.name: finding for finding in backtest.findings}
    assert findings["beats_seasonal_naive"].passed
    assert findings["beats_no_media"].passed
    assert findings["holdout_coverage"].passed
    assert findings["holdout_total"].value < 0.05
    assert findings["holdout_mape"].passed
    assert findings["holdout_converged"].passed
    assert len(backtest.table) == 9


def test_forecasts_use_nothing_of_what_they_forecast(panel, backtest):
    from dataclasses import replace

    kpi = panel.kpi.copy()
    kpi[:, -13:] *= 3.0
    changed = mmm.rolling_origin(replace(panel, kpi=kpi), mmm.Model(saturation=MEDIA), folds=1, horizon=13, draws=400)
    np.testing.assert_array_equal(changed.predicted[0], backtest.predicted[-1])


def test_a_lift_test_that_was_not_over_plays_no_part(panel, backtest):
    days = [day.date().isoformat() for day in (panel.dates[-6], panel.after(1)[0] - pd.Timedelta(days=1))]
    spent = panel.spend[0, -6:, 0].sum()
    late = mmm.LiftTest("tv", *days, spend_change=-spent / 2, customers_gained=-1e4, standard_error=1.0)
    model = mmm.Model(saturation=MEDIA, lift_tests=(late,))
    told = mmm.rolling_origin(panel, model, folds=1, horizon=13, draws=400)
    np.testing.assert_array_equal(told.predicted[0], backtest.predicted[-1])


def test_without_media_each_geo_has_controls_of_its_own():
    from mmm.checks.naive_forecasts import no_media

    weeks, rng = 120, np.random.default_rng(2)
    price = rng.normal(0, 1, (2, weeks))
    kpi = 1000 + np.array([[80.0], [-60.0]]) * price + rng.normal(0, 5, (2, weeks))
    frame = pd.DataFrame(
        {
            "week": np.tile(pd.date_range("2023-01-02", periods=weeks, freq="7D"), 2),
            "region": np.repeat(["north", "south"], weeks),
            "price": price.ravel(),
            "tv": rng.gamma(2.0, 1.0, 2 * weeks),
            "customers": kpi.ravel(),
        }
    )
    panel = mmm.Panel.from_frame(frame, "week", "customers", ["tv"], controls=["price"], geo="region")
    coming = panel.select(weeks - 13, weeks)
    found = no_media(panel.select(0, weeks - 13), coming, mmm.Model(season=()))
    assert np.abs(found.mean(axis=1) - coming.kpi.sum(axis=0)).mean() < 20  # noise of two geos: 5 x sqrt(2)


def test_useless_media_do_not_beat_no_media(panel):
    from dataclasses import replace

    rng = np.random.default_rng(3)
    noise = rng.gamma(1.0, 1.0, panel.spend.shape)
    useless = replace(panel, spend=noise, media=noise, before=noise.mean(axis=1))
    finding = next(f for f in mmm.hold_out(useless, mmm.Model(saturation=MEDIA)).findings if f.name == "beats_no_media")
    assert finding.value > 0.9


def test_too_short_a_panel_is_refused(panel):
    with pytest.raises(BadInput, match="leaves 26 periods before the first forecast"):
        mmm.rolling_origin(panel, folds=8, horizon=13)
