"""Several geos: the hierarchical density's gradient, its national limit, and recovery of a known truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mmm
from attribution.errors import BadInput
from mmm.geo import fuse_geos, standardise_geos
from mmm.lift import observe
from mmm.media import Drivers, media_draws

MODEL = mmm.Model(saturation=mmm.MichaelisMentenSaturation(), season=mmm.Season(order=1))
LIFTS = (
    mmm.LiftTest("tv", "2023-03-06", "2023-04-02", 3_000, 150, 30, "north"),
    mmm.LiftTest("tv", "2023-08-07", "2023-09-03", -2_500, -90, 25, "south;west"),
    mmm.LiftTest("search", "2024-01-01", "2024-01-28", 900, 60, 20),
)
GEOS = {"north": 2.0, "south": 1.0, "west": 0.5}
SHARES = {"tv": 0.25, "search": 0.12}


def regions(weeks: int = 90) -> tuple[pd.DataFrame, dict[str, float]]:
    """Weekly rows of three regions, and customers that each channel truly brought in all of them."""
    rng = np.random.default_rng(4)
    people = np.array(list(GEOS.values()))
    heads = rng.gamma(1.5, 1.0, (3, weeks, 2)) * np.array([2.0, 1.0])
    response = np.empty_like(heads)
    for g in range(3):
        for c, retention in enumerate((0.5, 0.1)):
            lags = retention ** np.arange(13)
            series = np.concatenate([np.full(12, heads[g, :13, c].mean()), heads[g, :, c]]) / heads[:, :, c].mean()
            stock = np.convolve(series, lags / lags.sum())[12 : 12 + weeks]
            response[g, :, c] = stock / (stock + 1.0)
    response *= np.array(list(SHARES.values())) / response.mean(axis=(0, 1))
    base = 0.6 + 0.1 * np.sin(2 * np.pi * np.arange(weeks) / 52.18)
    kpi = (base + response.sum(axis=2) + rng.normal(0, 0.04, (3, weeks))) * people[:, None] * 500
    frames = [
        pd.DataFrame(
            {
                "week": pd.date_range("2023-01-02", periods=weeks, freq="7D"),
                "region": geo,
                "customers": kpi[g],
                **{name: heads[g, :, c] * people[g] * 1000 for c, name in enumerate(SHARES)},
            }
        )
        for g, geo in enumerate(GEOS)
    ]
    brought = (response * people[:, None, None] * 500).sum(axis=(0, 1))
    return pd.concat(frames, ignore_index=True), dict(zip(SHARES, brought, strict=True))


def regional_panel() -> mmm.Panel:
    panel = mmm.Panel.from_frame(regions()[0], "week", "customers", list(SHARES), geo="region")
    return panel.with_population(GEOS)


@pytest.fixture(scope="module")
def fitted() -> mmm.Posterior:
    return mmm.fit(regional_panel(), MODEL, draws=500, tune=500, seed=2)


@pytest.mark.parametrize("names", [("share", "retention"), ("share", "half_saturation"), ()])
@pytest.mark.parametrize("tests", [(), LIFTS], ids=["", "lift tests"])
def test_gradient_matches_finite_differences(names, tests):
    pooling = mmm.Pooling({name: mmm.HalfNormal(0.3) for name in names})
    model = mmm.Model(mmm.DelayedAdstock(), pooling=pooling, lift_tests=tests)
    density = fuse_geos(standardise_geos(regional_panel(), model))
    theta = density.centre + np.random.default_rng(1).normal(0, 0.4, density.size)
    _, gradient = density(theta)
    slopes = [(density(theta + h)[0] - density(theta - h)[0]) / 2e-5 for h in 1e-5 * np.eye(density.size)]
    np.testing.assert_allclose(gradient, slopes, rtol=1e-5, atol=1e-3)


def test_one_geo_without_spread_is_the_national_density():
    from mmm.likelihood import fuse
    from mmm.standard import standardise

    frame, _ = regions()
    panel = mmm.Panel.from_frame(frame[frame["region"] == "north"], "week", "customers", list(SHARES))
    tests = (replace(LIFTS[0], geo=""), LIFTS[2])
    model = mmm.Model(saturation=mmm.MichaelisMentenSaturation(), pooling=mmm.Pooling({}), lift_tests=tests)
    geo, national = fuse_geos(standardise_geos(panel, model)), fuse(standardise(panel, model))
    theta = national.centre + np.random.default_rng(1).normal(0, 0.3, national.size)
    own = np.concatenate([theta, [0.0], theta[-1:]])  # the unused spread, and the geo's noise as the common one
    extra = geo(np.concatenate([theta, [0.0], theta[-1:]]))[0] - national(theta)[0]
    other = theta.copy()
    other[:-1] += 0.1
    moved = geo(np.concatenate([other, own[len(theta) :]]))[0] - national(other)[0]
    assert moved == pytest.approx(extra, abs=1e-8)


def gains(tests, panel, channels) -> np.ndarray:
    """What each lift test brought in draws of every geo's channels, by the formulas of NumPy."""
    seen = observe(tests, panel)
    brought = [0.0] * len(tests)
    for (m, geo), without in zip(seen.series, seen.otherwise, strict=True):
        place, begin, end = seen.places[m]
        one = channels[geo][place]
        difference = one.contribution() - one.contribution(without / panel.media_units[geo, place])
        brought[m] = brought[m] + difference[begin:end].sum(axis=0) * panel.kpi[geo].mean()
    return np.array(brought)


def test_lift_tests_are_normal_observations_of_what_their_geos_gained():
    panel = regional_panel()
    plain = standardise_geos(panel, MODEL)
    theta = plain.centre + np.random.default_rng(2).normal(0, 0.3, len(plain.priors))
    values = {name: table[None] for name, table in plain.local(theta).items()}
    brought = gains(LIFTS, panel, media_draws(MODEL.families(panel), values, Drivers.of(panel)))[:, 0]
    tested = fuse_geos(standardise_geos(panel, replace(MODEL, lift_tests=LIFTS)))
    expected = sum(
        stats.norm.logpdf(test.customers_gained, found, test.standard_error) + np.log(plain.kpi_units.sum())
        for test, found in zip(LIFTS, brought, strict=True)
    )
    assert tested(theta)[0] - fuse_geos(plain)(theta)[0] == pytest.approx(expected, rel=1e-9)


def test_exact_measurements_in_some_geos_are_reproduced():
    sharp = tuple(replace(test, standard_error=abs(test.customers_gained) * 0.01) for test in LIFTS)
    fitted = mmm.fit(regional_panel(), replace(MODEL, lift_tests=sharp), draws=300, tune=400, seed=2, time_budget=0)
    found = gains(sharp, fitted.panel, [cell.channels for cell in fitted.cells]).mean(axis=1)
    np.testing.assert_allclose(found, [test.customers_gained for test in sharp], rtol=0.03)


def test_lift_tests_of_unknown_geos_are_refused():
    for geo, message in (("nroth", "'nroth' is not among the panel's geos"), ("north; east", "north, south, west")):
        with pytest.raises(BadInput, match=message):
            mmm.fit(regional_panel(), replace(MODEL, lift_tests=(replace(LIFTS[0], geo=geo),)))
    frame, _ = regions()
    national = mmm.Panel.from_frame(frame[frame["region"] == "north"], "week", "customers", list(SHARES))
    with pytest.raises(BadInput, match="which has no geos"):
        mmm.fit(national, replace(MODEL, lift_tests=LIFTS[:1]))


def test_recovers_and_converges(fitted):
    truth = regions()[1]
    assert fitted.converged
    summary = fitted.contributions().summary()
    for channel, brought in truth.items():
        assert summary.loc[channel, "5%"] * 0.9 < brought < summary.loc[channel, "95%"] * 1.1


def test_geos_sum_to_the_nation(fitted):
    table = fitted.fitted()
    np.testing.assert_allclose(table["observed"], fitted.panel.kpi.sum(axis=0))
    np.testing.assert_allclose(fitted.decomposition().sum(axis=1), table["mean"], rtol=1e-9)
    assert fitted.organic(13).by_week.shape == (fitted.n_draws, 13)


def test_national_curve_keeps_value_and_slope_at_present_spend(fitted):
    level = fitted.panel.recent_spend()
    curves, panel = fitted.curves(weeks=1), fitted.panel
    for place, channel in enumerate(fitted.channels):
        parts = panel.spend[:, :, place].sum(axis=1) / panel.spend[:, :, place].sum()
        exact, step = [], 1e-4 * level[channel]
        for total in (level[channel] - step, level[channel], level[channel] + step):
            customers = 0.0
            for geo, cell in enumerate(fitted.cells):
                steady = np.full(30, total * parts[geo] / panel.media_units[geo, place])
                customers = customers + cell.channels[place].contribution(steady)[-1] * cell.unit
            exact.append(customers)
        np.testing.assert_allclose(curves[channel](level[channel]), exact[1], rtol=1e-8)
        slope = (exact[2] - exact[0]) / (2 * step)
        np.testing.assert_allclose(curves[channel].marginal(level[channel]), slope, rtol=1e-5)


def test_saved_and_loaded(fitted, tmp_path):
    fitted.save(tmp_path / "geo.nc")
    loaded = mmm.Posterior.load(tmp_path / "geo.nc")
    pd.testing.assert_frame_equal(loaded.summary(), fitted.summary())


def test_what_geos_cannot_do_yet_is_refused():
    model = mmm.Model(likelihood=mmm.StudentTLikelihood())
    with pytest.raises(BadInput, match="several geos need the normal likelihood"):
        mmm.fit(regional_panel(), model)
    with pytest.raises(BadInput, match="no positive number for south"):
        regional_panel().with_population({"north": 1.0, "west": 2.0})
