"""Scores of periods left out: the closed form against regressions without the period, smoothing against ArviZ."""

import numpy as np
import pytest
from scipy import stats

import mmm
from mmm.checks.leave_one_out import LeftOut, leave_one_out, left_out_normal
from mmm.checks.pareto_smoothing import smoothed
from mmm.checks.rival_scores import Verdict, bootstrapped_weights, compared
from mmm.sampling.national_problem import marginal_columns


@pytest.mark.parametrize("seed", range(4))
def test_the_closed_form_is_the_regression_without_the_period(seed):
    rng = np.random.default_rng(seed)
    periods, width = 14 + seed, 3 + seed
    matrix, scale = rng.normal(size=(periods, width)), rng.uniform(0.3, 4.0, width)
    kpi, media, sigma = rng.normal(1, 1, periods), rng.normal(0, 0.3, (periods, 2)), np.array([0.2, 1.3])
    columns, _ = marginal_columns(matrix, scale)
    mean, noise = left_out_normal(kpi, kpi[:, None] - media, sigma, columns)
    for draw in range(2):
        for period in range(periods):
            rest = np.arange(periods) != period
            cover = np.linalg.inv(matrix[rest].T @ matrix[rest] + np.diag(scale**-2.0))
            coefficients = cover @ matrix[rest].T @ (kpi - media[:, draw])[rest]
            expected = media[period, draw] + matrix[period] @ coefficients
            spread = sigma[draw] * np.sqrt(1 + matrix[period] @ cover @ matrix[period])
            assert mean[period, draw] == pytest.approx(expected, abs=1e-10)
            assert noise[period, draw] == pytest.approx(spread, rel=1e-10)


def test_averages_over_draws_are_those_of_refits():
    rng = np.random.default_rng(3)
    values = rng.normal(0.5, 1.0, 12)
    # a mean with a normal prior of sd 2, noise of sd 1: every refit without one value is known
    precision = 0.25 + len(values)
    draws = rng.normal(values.sum() / precision, precision**-0.5, 200_000)
    found = LeftOut.averaged(stats.norm.logpdf(values[:, None], draws, 1.0))
    rest = values.sum() - values
    exact = stats.norm.logpdf(values, rest / (precision - 1), np.sqrt(1 + 1 / (precision - 1)))
    np.testing.assert_allclose(found.log_density, exact, atol=0.02)
    assert (found.shape < 0.7).all()


@pytest.mark.long
@pytest.mark.parametrize("likelihood", [mmm.NormalLikelihood(), mmm.StudentTLikelihood()], ids=lambda one: one.name)
@pytest.mark.parametrize("end", [100, 117])
def test_the_last_period_is_scored_as_a_fit_without_it_forecasts_it(panel, likelihood, end):
    model = mmm.Model(season=mmm.Season(order=1), likelihood=likelihood)
    whole = mmm.fit(panel.select(0, end), model, draws=800, tune=500, seed=2)
    before = mmm.fit(panel.select(0, end - 1), model, draws=2500, tune=500, seed=3)
    predicted = mmm.predict(before, panel.select(end - 1, end))[0] / whole.kpi_unit
    exact = float(np.log(stats.gaussian_kde(predicted)(panel.kpi[0, end - 1] / whole.kpi_unit)[0]))
    assert leave_one_out(whole).log_density[-1] == pytest.approx(exact, abs=0.2)


@pytest.mark.parametrize("freedom", [2.0, 4.0, 20.0])
@pytest.mark.parametrize("size", [400, 1000])
def test_smoothing_is_that_of_arviz(freedom, size):
    import arviz

    ratios = np.random.default_rng(size).standard_t(freedom, size)
    weights, shape = smoothed(ratios)
    expected, k = arviz.psislw(ratios.copy())
    assert shape == pytest.approx(float(k), abs=1e-6)
    np.testing.assert_allclose(weights, expected, atol=1e-6)


def test_smoothing_keeps_even_ratios_and_sums_to_one():
    weights, shape = smoothed(np.full(300, -7.0))
    np.testing.assert_allclose(np.exp(weights), 1 / 300)
    assert shape == -np.inf
    repeated, shape = smoothed(np.repeat(np.random.default_rng(0).normal(size=250), 2))  # draws that were rejected
    assert np.exp(repeated).sum() == pytest.approx(1.0)
    assert np.isfinite(shape)


@pytest.mark.parametrize(
    ("likelihood", "exact"),
    [
        (mmm.NormalLikelihood(), lambda y, m, s: stats.norm.logpdf(y, m, s)),
        (mmm.StudentTLikelihood(freedom=5.0), lambda y, m, s: stats.t.logpdf(y, 5.0, m, s)),
        (
            mmm.NegativeBinomialLikelihood(),
            lambda y, m, s: stats.nbinom.logpmf(np.rint(50 * y), s**-2.0, s**-2.0 / (s**-2.0 + 50 * m)),
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_log_densities_are_scipys(likelihood, exact):
    rng = np.random.default_rng(1)
    mean, noise = rng.uniform(0.5, 1.5, (6, 5)), rng.uniform(0.05, 0.6, 5)
    kpi = rng.integers(10, 90, (6, 1)) / 50
    np.testing.assert_allclose(likelihood.log_density(kpi, mean, noise, 50.0), exact(kpi, mean, noise), rtol=1e-9)


def test_counts_near_poisson_keep_their_digits():
    counts = np.arange(580.0, 620.0) / 600
    for dispersion in (1e-4, 1e-6, 1e-8):
        found = mmm.NegativeBinomialLikelihood().log_density(counts, np.ones(1), np.array([dispersion]), 600.0)
        np.testing.assert_allclose(found, stats.poisson.logpmf(np.rint(counts * 600), 600), atol=2e-5)


def test_a_difference_needs_two_standard_errors_and_four_in_all():
    rng = np.random.default_rng(0)
    own, noise = rng.normal(size=150), rng.normal(0, 0.3, 150)
    noise -= noise.mean()
    for shift, verdict in ((0.2, Verdict.BETTER), (-0.2, Verdict.REFUTED), (0.0, Verdict.STANDS)):
        assert compared(own, own + noise + shift).verdict is verdict
        assert compared(own + noise + shift, own).difference == pytest.approx(-150 * shift, abs=1e-9)
    assert compared(own, own + 0.02).verdict is Verdict.STANDS  # 3 in all, however sure
    assert compared(own, own + 0.03).verdict is Verdict.BETTER


@pytest.mark.parametrize("seed", range(5))
def test_models_share_by_their_chance_to_predict_best(seed):
    rng = np.random.default_rng(seed)
    own, leads = rng.normal(0, 1, 80), rng.normal(0, 2, 4)
    steady = bootstrapped_weights(own[:, None] + leads / 80)
    np.testing.assert_allclose(steady, np.exp(leads) / np.exp(leads).sum())  # whichever periods had been seen
    scores = rng.normal(0, 1, (80, 4))
    weights, order = bootstrapped_weights(scores), rng.permutation(4)
    assert weights.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(bootstrapped_weights(scores[:, order]), weights[order])


def test_a_lead_of_few_periods_is_worth_less():
    own = np.zeros(100)
    steady, once = np.full(100, 0.06), np.where(np.arange(100) == 7, 6.0, 0.0)
    weights = [bootstrapped_weights(np.column_stack([own, other]))[1] for other in (steady, once)]
    assert weights[0] == pytest.approx(1 / (1 + np.exp(-6)))
    assert 0.5 < weights[1] < 0.95
