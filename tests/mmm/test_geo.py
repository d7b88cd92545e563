"""Several geos: the hierarchical density's gradient, its national limit, and recovery of a known truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mmm
from attribution.errors import BadInput
from mmm.data.observed_tests import observe
from mmm.posterior.media import Drivers, media_draws
from mmm.sampling.geo_problem import standardise_geos
from mmm.sampling.prepared import prepare

MODEL = mmm.Model(saturation=mmm.MichaelisMentenSaturation(), season=mmm.Season(order=1))
LIFTS = (
    mmm.LiftTest("tv", "2023-03-06", "2023-04-02", 3_000, 150, 30, "north"),
    mmm.LiftTest("tv", "2023-08-07", "2023-09-03", -2_500, -90, 25, "south;west"),
    mmm.LiftTest("search", "2024-01-01", "2024-01-28", 900, 60, 20),
)
FULL = mmm.LiftTrust(limit=None)
GEOS = {"north": 2.0, "south": 1.0, "west": 0.5}
SHARES = {"tv": 0.25, "search": 0.12}


def regions(weeks: int = 90, common: float = 0.0) -> tuple[pd.DataFrame, dict[str, float]]:
    """Weekly rows of three regions, and customers that each channel truly brought in all of them.

    What all regions share in a week has the standard deviation ``common``.
    """
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
    own = rng.normal(0, 0.04, (3, weeks))
    shared = np.random.default_rng(5).normal(0, common, weeks)
    kpi = (base + response.sum(axis=2) + own + shared) * people[:, None] * 500
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


def regional_panel(common: float = 0.0) -> mmm.Panel:
    panel = mmm.Panel.from_frame(regions(common=common)[0], "week", "customers", list(SHARES), geo="region")
    return panel.with_population(GEOS)


@pytest.fixture(scope="module")
def fitted() -> mmm.Posterior:
    return mmm.fit(regional_panel(), MODEL, draws=700, tune=500, chains=2, seed=2)


@pytest.mark.parametrize("names", [("share", "retention"), ("share", "half_saturation"), ()])
@pytest.mark.parametrize("tests", [(), LIFTS], ids=["", "lift tests"])
@pytest.mark.parametrize("common", [None, mmm.Gamma(2.0, 20.0)], ids=["", "common"])
def test_gradient_matches_finite_differences(names, tests, common):
    pooling = mmm.Pooling({name: mmm.HalfNormal(0.3) for name in names}, common)
    model = mmm.Model(mmm.DelayedAdstock(), pooling=pooling, lift_tests=tests)
    density = prepare(regional_panel(), model).problem.fused()
    theta = density.centre + np.random.default_rng(1).normal(0, 0.4, density.size)
    _, gradient = density(theta)
    slopes = [(density(theta + h)[0] - density(theta - h)[0]) / 2e-5 for h in 1e-5 * np.eye(density.size)]
    np.testing.assert_allclose(gradient, slopes, rtol=1e-5, atol=1e-3)


def test_one_geo_without_spread_is_the_national_density():
    frame, _ = regions()
    panel = mmm.Panel.from_frame(frame[frame["region"] == "north"], "week", "customers", list(SHARES))
    tests = (replace(LIFTS[0], geo=""), LIFTS[2])
    model = mmm.Model(
        saturation=mmm.MichaelisMentenSaturation(),
        pooling=mmm.Pooling({}, common=None),
        lift_tests=tests,
        lift_trust=FULL,
    )
    known = prepare(panel, model)
    geo = standardise_geos(known.panel, known.model, known.layout, known.designs).fused()
    national = known.problem.fused()
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
    plain = prepare(panel, MODEL).problem
    theta = plain.centre + np.random.default_rng(2).normal(0, 0.3, len(plain.priors))
    values = {name: table[None] for name, table in plain.local(theta).items()}
    brought = gains(LIFTS, panel, media_draws(MODEL.families(panel), values, Drivers.of(panel)))[:, 0]
    tested = prepare(panel, replace(MODEL, lift_tests=LIFTS, lift_trust=FULL)).problem.fused()
    expected = sum(
        stats.norm.logpdf(test.customers_gained, found, test.standard_error) + np.log(plain.kpi_units.sum())
        for test, found in zip(LIFTS, brought, strict=True)
    )
    assert tested(theta)[0] - plain.fused()(theta)[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.long
def test_exact_measurements_in_some_geos_are_reproduced():
    sharp = tuple(replace(test, standard_error=abs(test.customers_gained) * 0.01) for test in LIFTS)
    fitted = mmm.fit(
        regional_panel(), replace(MODEL, lift_tests=sharp, lift_trust=FULL), draws=300, tune=400, seed=2, time_budget=0
    )
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


def test_coordinates_that_geos_do_not_use_are_easy_to_sample():
    problem = prepare(regional_panel(), MODEL).problem
    place = problem.layout.size + len(problem.varying) - 1
    assert problem.varying[-1] == problem.layout.size - 1  # the noise, of which every geo has its own
    assert problem.priors[place] == mmm.Normal(0.0, 1.0)


def test_what_geos_share_is_normal_and_leaves_each_its_own_noise():
    """Against dense normal densities, the coefficients of each baseline integrated out by their covariance."""
    panel = regional_panel(0.05)
    shared = prepare(panel, MODEL).problem
    plain = prepare(panel, replace(MODEL, pooling=mmm.Pooling(common=None))).problem
    assert shared.basis @ shared.basis.T == pytest.approx(np.eye(len(shared.basis)))
    assert np.abs(shared.basis @ shared.designs[0].matrix).max() < 1e-9

    def rest(theta) -> float:
        """Kernel's density less that of a model where nothing is shared, at the same coordinates."""
        return shared.fused()(theta)[0] - plain.fused()(theta[: len(plain.priors)])[0]

    def expected(theta) -> float:
        values = {name: table[None] for name, table in shared.local(theta).items()}
        media = media_draws(MODEL.families(panel), values, Drivers.of(panel))
        left = np.stack(
            [row - sum(one.contribution()[:, 0] for one in geo) for row, geo in zip(shared.kpi, media, strict=True)]
        )
        common, spread = shared.shared(theta[None], left[:, :, None]), float(shared.natural(theta)["common"])
        loads = shared.basis @ common[:, 0]
        total = stats.norm.logpdf(loads, 0, spread).sum() + stats.gamma.logpdf(spread, 2, scale=1 / 20)
        total -= 0.5 * len(loads) * np.log(spread**-2 + shared.trust.sum())  # volume of the whitening
        total += np.log(spread)  # and of the logarithm
        for problem, series, sign in ((shared, left - common[:, 0], 1), (plain, left, -1)):
            for geo, row in enumerate(series):
                sigma = values["sigma"][0, geo]
                columns = problem.designs[geo].matrix * problem.scale[geo]
                covariance = sigma**2 * (np.eye(len(row)) + columns @ columns.T)
                total += sign * stats.multivariate_normal.logpdf(row, None, covariance)
        return total

    rng = np.random.default_rng(3)
    for _ in range(3):
        theta = shared.centre + rng.normal(0, 0.3, len(shared.priors))
        assert rest(theta) == pytest.approx(expected(theta), rel=1e-8)


def test_regions_hit_at_once_do_not_count_as_three_witnesses():
    panel, truth = regional_panel(0.1), regions(common=0.1)[1]
    lengths = {"draws": 400, "tune": 400, "chains": 2, "seed": 2, "time_budget": 0}
    alone = mmm.fit(panel, replace(MODEL, pooling=mmm.Pooling(common=None)), **lengths)
    fitted = mmm.fit(panel, MODEL, **lengths)
    low, high = np.quantile(fitted.draws["common"], [0.05, 0.95])
    assert low < 0.1 < high
    covers = {f.name: f for f in alone.diagnostics}["predictive_coverage"], {f.name: f for f in fitted.diagnostics}
    assert not covers[0].passed
    assert covers[1]["predictive_coverage"].passed
    for channel, brought in truth.items():
        row = fitted.contributions().summary().loc[channel]
        assert row["5%"] < brought < row["95%"]
    noise = fitted.organic(200).noise.std() / fitted.kpi_unit
    assert noise == pytest.approx(np.hypot(0.1, 0.04 * np.sqrt(2**2 + 1 + 0.5**2) / 3.5), rel=0.2)


def test_what_takes_no_geos_says_so():
    from mmm.sampling.pymc_graph import build

    with pytest.raises(BadInput, match="a panel by geo has no graph in PyMC"):
        build(regional_panel(), MODEL)
    with pytest.raises(BadInput, match=r"has no mode that stands for its posterior.*draws=200"):
        mmm.preview(regional_panel(), MODEL)


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
