"""The fused kernel, the PyMC graph and finite differences agree on density and gradient."""

import numpy as np
import pytest
from graph_density import density_and_gradient

import mmm
from mmm.model.level import level_constant
from mmm.sampling.prepared import prepare

pytestmark = pytest.mark.long

LIFTS = (
    mmm.LiftTest("tv", "2023-07-03", "2023-08-06", 5_000, 120, 30),
    mmm.LiftTest("search", "2024-01-01", "2024-01-28", -20_000, -150, 40),
    mmm.LiftTest("tv", "2024-03-04", "2024-04-07", -10_000, -60, 25),
    mmm.LiftTest("social", "2024-05-06", "2024-06-02", 15_000, 40, 20),
)
MODELS = {
    "default": mmm.Model(),
    "delayed, logistic": mmm.Model(mmm.DelayedAdstock(), mmm.LogisticSaturation(), lift_tests=LIFTS),
    "weibull density, exponential": mmm.Model(mmm.WeibullPDFAdstock(lags=8), mmm.ExponentialSaturation()),
    "weibull survival, power": mmm.Model(mmm.WeibullCDFAdstock(), mmm.PowerSaturation(), lift_tests=LIFTS[:1]),
    "none, none": mmm.Model(mmm.NoAdstock(), mmm.NoSaturation(), mmm.Neutral()),
    "student": mmm.Model(likelihood=mmm.StudentTLikelihood(freedom=5.0), lift_tests=LIFTS),
    "counts": mmm.Model(saturation=mmm.LogisticSaturation(), likelihood=mmm.NegativeBinomialLikelihood()),
    "per channel": mmm.Model(
        {"tv": mmm.DelayedAdstock(lags=6), "search": mmm.NoAdstock()},
        {"social": mmm.MichaelisMentenSaturation(), "search": mmm.LogisticSaturation()},
        mmm.ShareOfCustomers({"tv": (0.1, 0.5)}, otherwise=mmm.Neutral()),
        trend=mmm.PiecewiseTrend(3),
        season=(mmm.Season(order=2), mmm.Season(period=91.3, order=1)),
        lift_tests=LIFTS,
    ),
}
WIDE = {
    "reach and frequency": mmm.Model(
        frequency=mmm.HillSaturation(mmm.LogNormal(2.0, 0.4), mmm.LogNormal(1.8, 0.3)), lift_tests=LIFTS[:1]
    ),
    "reach, logistic, delayed, counts": mmm.Model(
        mmm.DelayedAdstock(lags=7),
        frequency=mmm.LogisticSaturation(),
        likelihood=mmm.NegativeBinomialLikelihood(),
        trend=(mmm.LinearTrend(), mmm.RandomWalk()),
    ),
}
MODELS |= WIDE


@pytest.fixture(scope="module")
def reached(company):
    return reached_panel(company)


def reached_panel(company):
    """The company with one channel measured by reach and frequency and another without spend."""
    frame = company()[0]
    frame["often"] = 1 + np.random.default_rng(1).gamma(2.0, 1.0, len(frame))
    spend = {
        "tv": mmm.ReachFrequency("tv_spend", "tv", "often"),
        "search": "search",
        "social": mmm.Exposure(None, "social"),
    }
    controls = [mmm.Treatment("price", "mean")]
    return mmm.Panel.from_frame(frame.assign(tv_spend=frame["tv"] * 2), "week", "customers", spend, controls)


@pytest.fixture
def given(name, panel, reached):
    """The panel that a model is for."""
    return reached if name in WIDE else panel


def points(density, count=3):
    centre = density.centre
    return centre + np.random.default_rng(0).normal(0, 0.5, (count, density.size))


@pytest.mark.parametrize("name", MODELS)
def test_gradient_matches_finite_differences(given, name):
    density = prepare(given, MODELS[name]).problem.fused()
    for theta in points(density):
        _, gradient = density(theta)
        step = 1e-5 * np.eye(density.size)
        slopes = [(density(theta + h)[0] - density(theta - h)[0]) / 2e-5 for h in step]
        np.testing.assert_allclose(gradient, slopes, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    "name", ["default", "per channel", "weibull survival, power", "weibull density, exponential", "student", *WIDE]
)
def test_pymc_graph_has_the_same_density_and_gradient(given, name):
    from mmm.sampling.pymc_graph import build, coordinates

    density = prepare(given, MODELS[name]).problem.fused()
    reference = density_and_gradient(build(given, MODELS[name]))
    for theta in points(density, 2):
        value, slope = reference(coordinates(density.problem, theta))
        expected, gradient = density(theta)
        np.testing.assert_allclose(value, expected, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(slope, gradient, rtol=1e-8, atol=1e-8)


def test_marginal_likelihood_is_the_dense_gaussian(panel):
    problem = prepare(panel, mmm.Model()).problem
    matrix = problem.design.matrix * problem.scale
    sigma = 0.05
    covariance = sigma**2 * (np.eye(len(problem.kpi)) + matrix @ matrix.T)
    residual = problem.kpi - 0.3
    _, determinant = np.linalg.slogdet(covariance)
    dense = -0.5 * (determinant + residual @ np.linalg.solve(covariance, residual) + len(residual) * np.log(2 * np.pi))
    precision = np.eye(len(residual)) - problem.columns @ problem.columns.T
    priors = sum(prior.log_constant for prior in problem.layout.priors) + level_constant(problem.priors)
    quick = -len(residual) * np.log(sigma) - 0.5 * residual @ precision @ residual / sigma**2
    np.testing.assert_allclose(quick + problem.log_constant - priors, dense, rtol=1e-8)


def test_small_counts_have_the_same_density_and_gradient(panel):
    from dataclasses import replace

    from mmm.sampling.pymc_graph import build, coordinates

    few = replace(panel, kpi=np.rint(panel.kpi * 0.02))
    density = prepare(few, MODELS["counts"]).problem.fused()
    reference = density_and_gradient(build(few, MODELS["counts"]))
    for theta in points(density, 2):
        value, slope = reference(coordinates(density.problem, theta))
        expected, gradient = density(theta)
        np.testing.assert_allclose(value, expected, rtol=1e-8)
        np.testing.assert_allclose(slope, gradient, rtol=1e-8, atol=1e-8)
