"""Counts: the negative binomial against exact arithmetic, all the way to Poisson."""

from decimal import Decimal, localcontext

import numpy as np
import pandas as pd
import pytest
from graph_density import density_and_gradient
from scipy import stats

import mmm
from mmm.kernel import noise
from mmm.kernel.jit import compiled

pytestmark = pytest.mark.long

EDGES = [
    -20.0,
    -18.0,
    -14.0,
    -9.0,
    -5.0,
    -2.0,
    -1.16,
    -1.15,
    -1.14,
    0.0,
    1.5,
]  # log dispersion; Stirling begins at -1.15
COUNTS = [0, 1, 7, 399, 400, 401, 612, 5_000]


@pytest.fixture(scope="module")
def kernel():
    """Log density of counts around means, with its slopes by log dispersion and by the means."""

    @compiled
    def evaluate(dispersion, kpi, left):
        return noise._negative_binomial(1.0, dispersion, kpi, left)

    def of(log_dispersion, counts, means):
        kpi = np.array(counts, dtype=float)
        left = kpi - np.array(means, dtype=float)
        dispersion = float(np.exp(log_dispersion))
        value, slope = evaluate(dispersion, kpi, left)
        return value, slope * dispersion, left

    return of


def exact(log_dispersion, count, mean):
    """The same in 80 digits, the difference of log gammas as the logarithm of a product, slopes as sums."""
    with localcontext() as context:
        context.prec = 80
        dispersion, n, mu = Decimal(float(np.exp(log_dispersion))), Decimal(count), Decimal(float(mean))
        r = 1 / dispersion**2
        product, inverse = Decimal(1), Decimal(0)
        for j in range(count):
            product *= (r + j) / (r + mu) * mu / (j + 1)
            inverse += 1 / (r + j)
        excess = (1 + mu / r).ln()
        by_shape = inverse - n / (r + mu) - excess + mu / (r + mu)
        return float(product.ln() - r * excess), float(-2 * r * by_shape), float(n / mu - (n + r) / (r + mu))


@pytest.mark.parametrize("log_dispersion", EDGES)
@pytest.mark.parametrize("count", COUNTS)
def test_value_and_slopes_are_exact(kernel, log_dispersion, count):
    for factor in (0.8, 1.0, 1.3):
        mean = factor * max(count, 1)
        found = kernel(log_dispersion, [count], [mean])
        value, by_log, by_mean = exact(log_dispersion, count, mean)
        digits = 1e-14 * max(count, 1) * max(np.log(max(count, 1)), 1.0)
        assert found[0] == pytest.approx(value, rel=1e-12, abs=4 * digits)
        assert found[1] == pytest.approx(by_log, rel=1e-10, abs=10 * digits)
        assert found[2][0] == pytest.approx(by_mean, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("log_dispersion", [-14.0, -18.0, -20.0])
def test_close_to_poisson_it_is_poisson(kernel, log_dispersion):
    means = np.full(100, 600.0)
    counts = np.random.default_rng(1).poisson(means)
    value, slope, left = kernel(log_dispersion, counts, means)
    assert value == pytest.approx(stats.poisson.logpmf(counts, means).sum(), rel=1e-9)
    assert slope == pytest.approx(0.0, abs=1e-4)
    np.testing.assert_allclose(left, counts / means - 1.0, atol=1e-9)


@pytest.mark.parametrize("log_dispersion", [-20.0, -14.0, -6.0, -1.2, -1.1, 0.0])
def test_the_graph_agrees_all_the_way_to_poisson(company, log_dispersion):
    from mmm.sampling.prepared import prepare
    from mmm.sampling.pymc_graph import build, coordinates

    panel = mmm.Panel.from_frame(company(60)[0], "week", "customers", ["tv"])
    model = mmm.Model(likelihood=mmm.NegativeBinomialLikelihood(), season=())
    problem = prepare(panel, model).problem
    density = problem.fused()
    theta = density.centre
    theta[problem.layout.size - 1] = log_dispersion
    expected, slope = density_and_gradient(build(panel, model))(coordinates(problem, theta))
    value, gradient = density(theta)
    np.testing.assert_allclose(expected, value, rtol=1e-10)
    np.testing.assert_allclose(slope, gradient, rtol=1e-7, atol=1e-6)


def test_pure_poisson_counts_in_the_hundreds_converge():
    rng = np.random.default_rng(4)
    spend = rng.gamma(2.0, 1.0, 104) * 5_000
    mean = 480 + 120 * 2 * spend / (spend + spend.mean())
    frame = pd.DataFrame({"week": pd.date_range("2023-01-02", periods=104, freq="7D"), "tv": spend})
    panel = mmm.Panel.from_frame(frame.assign(customers=rng.poisson(mean)), "week", "customers", ["tv"])
    model = mmm.Model(
        mmm.NoAdstock(), mmm.MichaelisMentenSaturation(), likelihood=mmm.NegativeBinomialLikelihood(), season=()
    )
    posterior = mmm.fit(panel, model, seed=1)
    assert posterior.converged, posterior.verdict
    assert posterior.flat("sigma").max() < 0.05
