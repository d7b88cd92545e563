"""A level that wanders: it is recovered, channels do not soak it up, and forecasts widen as its prior says."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mmm
from mmm.model.baseline import design, wandering
from mmm.sampling.prepared import prepare

WALK = (mmm.LinearTrend(), mmm.RandomWalk(sd=0.3))
MEDIA = mmm.MichaelisMentenSaturation()


@pytest.fixture(scope="module")
def adrift(company):
    """The company with a level that turns around, steeply, and television that happens to move with it."""
    frame, truth = company(weeks=140, seed=9)
    wave = 180 * np.sin(2 * np.pi * np.arange(140) / 95)
    frame["customers"] = np.round(frame["customers"] + wave)
    return mmm.Panel.from_frame(frame, "week", "customers", ["tv", "search", "social"], ["price"]), wave, truth


@pytest.fixture(scope="module")
def wandered(adrift):
    return mmm.fit(adrift[0], mmm.Model(saturation=MEDIA, trend=WALK), draws=400, tune=400, seed=1)


def test_the_wandering_level_is_recovered(adrift, wandered):
    assert wandered.converged
    groups = wandered.baseline_by_week()
    found = groups["level"] + groups["trend"]
    slope = 100 * (np.arange(140) / 140 - 0.5)
    true = adrift[1] + slope
    assert np.corrcoef(found, true)[0, 1] > 0.97
    assert np.std(found - found.mean() - (true - true.mean())) < 0.25 * np.std(true)


def test_channels_do_not_soak_it_up(adrift, wandered):
    panel, _, truth = adrift
    stiff = mmm.fit(panel, mmm.Model(saturation=MEDIA), draws=400, tune=400, seed=1)
    error = {}
    for name, posterior in (("wandering", wandered), ("stiff", stiff)):
        found = posterior.contributions().median()
        error[name] = np.mean([abs(found[channel] / truth[channel] - 1) for channel in truth])
    assert error["wandering"] < 0.5
    assert error["wandering"] < 0.7 * error["stiff"]
    assert wandered.flat("sigma").mean() < 0.5 * stiff.flat("sigma").mean()


def test_a_level_that_stands_still_is_left_alone(panel, truth):
    posterior = mmm.fit(panel, mmm.Model(saturation=MEDIA, trend=WALK), draws=300, tune=300, seed=1)
    assert np.ptp(posterior.baseline_by_week()["level"]) < 0.15 * 1000
    found = posterior.contributions().summary()
    for channel, brought in truth.items():  # one takes half of the money and brings an eighth of the customers
        assert found.loc[channel, "5%"] <= brought <= found.loc[channel, "95%"] * 1.05


@pytest.mark.parametrize("every", [7.0, 28.0, 40.0])
def test_prior_of_the_level_is_a_random_walk_past_and_coming(panel, every):
    panel = replace(panel, control_names=(), controls=panel.controls[:, :, :0])
    walk = mmm.RandomWalk(sd=0.2, every=every)
    coming = panel.after(104)
    here, there = design(panel, walk, ()), design(panel, walk, (), coming)
    assert here.names == there.names
    rng = np.random.default_rng(0)
    coefficients = here.sd[:, None] * rng.standard_normal((len(here.sd), 40_000))
    coefficients[0] = 0.0
    past, future = here.matrix @ coefficients, there.matrix @ coefficients
    future = future + wandering(panel, walk, coming, 40_000, rng)
    level = np.concatenate([past, future])
    dates = panel.dates.append(coming)
    years = ((dates - dates[0]).days / 365.25).to_numpy()
    at = np.flatnonzero((years * 365.25) % every == 0)  # between knots the walk is straight
    np.testing.assert_allclose(level[at].std(axis=1), 0.2 * np.sqrt(years[at]), rtol=0.03, atol=1e-12)
    first, last = at[3], at[-2]
    product = (level[first] * (level[last] - level[first])).mean()
    assert abs(product) < 0.04 * level[first].std() * level[last].std()


def test_forecasts_widen_with_the_horizon(wandered):
    coming = pd.DataFrame({"price": np.full(104, 100.0)})
    spread = wandered.organic(104, coming).by_week.std(axis=0) / wandered.panel.kpi.mean()
    assert (np.diff(spread[::13]) > 0).all()
    year = np.sqrt(spread[103] ** 2 - spread[51] ** 2)
    assert 0.9 * 0.3 < year < 1.8 * 0.3  # at least what the walk adds in a year; the slope's doubt adds to it
    stiff = replace(wandered.model, trend=mmm.NoTrend())
    assert not wandering(wandered.panel, stiff.trends, wandered.panel.after(52), 10, np.random.default_rng(0)).any()


def test_steps_count_by_the_freedom_that_the_prior_leaves(panel):
    plain = prepare(panel, mmm.Model()).parameters
    loose, tight = (
        prepare(panel, mmm.Model(trend=(mmm.LinearTrend(), mmm.RandomWalk(sd)))).parameters for sd in (2, 0.01)
    )
    knots = -(-(panel.periods - 1) * 7 // 28)
    assert plain <= tight < plain + 3
    assert plain + knots / 2 < loose <= plain + knots
