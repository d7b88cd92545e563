"""Priors: business units mean what they say; sensitivity and preview tell how far the prior decides."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mmm
from attribution.errors import BadInput, UnknownChannel
from mmm.kernel import prior as kernel
from mmm.kernel.jit import compiled

prior_terms = compiled(kernel.prior_terms.py_func)
PRIORS = [mmm.Normal(0.3, 2.0), mmm.LogNormal(0.1, 0.7), mmm.HalfNormal(0.4), mmm.Beta(2.0, 3.5), mmm.Gamma(2.5, 1.5)]


def oracle(prior):
    from scipy import stats

    return {
        mmm.Normal: lambda p: stats.norm(p.mean, p.sd),
        mmm.LogNormal: lambda p: stats.lognorm(p.sigma, scale=p.median),
        mmm.HalfNormal: lambda p: stats.halfnorm(scale=p.scale),
        mmm.Beta: lambda p: stats.beta(p.a, p.b),
        mmm.Gamma: lambda p: stats.gamma(p.shape, scale=1 / p.rate),
    }[type(prior)](prior)


@pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: type(prior).__name__)
@settings(deadline=None)
@given(x=st.floats(-3.0, 3.0))
def test_kernel_terms_are_the_density_with_its_jacobian(prior, x):
    values, slopes, gradient = np.empty(1), np.empty(1), np.empty(1)
    first, second = prior.numbers
    total = prior_terms(
        np.array([x]), np.array([prior.code]), np.array([first]), np.array([second]), values, slopes, gradient
    )
    assert values[0] == pytest.approx(prior.natural(x))
    expected = oracle(prior).logpdf(values[0]) + np.log(slopes[0])
    assert total + prior.log_constant == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: type(prior).__name__)
def test_samples_follow_the_density(prior):
    sample = prior.sample(np.random.default_rng(0), 40_000)
    levels = [0.05, 0.5, 0.95]
    np.testing.assert_allclose(np.quantile(sample, levels), oracle(prior).ppf(levels), rtol=0.06, atol=0.01)


def medians(effects, panel):
    return np.array([prior.median for prior in effects.resolve(panel)])


def test_spend_informed_divides_by_spend(panel):
    shares = panel.total_spend / panel.total_spend.sum()
    np.testing.assert_allclose(medians(mmm.SpendInformed(total=0.4), panel), 0.4 * shares)


def test_cost_per_customer_and_share_are_one_belief(panel):
    share = 0.12
    cost = float(panel.total_spend["tv"] / (share * panel.kpi.sum()))
    by_cost = mmm.CostPerCustomer({"tv": (cost, 0.4)}).resolve(panel)[0]
    assert by_cost.median == pytest.approx(share)
    assert by_cost.sigma == 0.4
    with pytest.raises(UnknownChannel, match="Did you mean 'tv'"):
        mmm.CostPerCustomer({"tvv": (cost, 0.4)}).resolve(panel)


def test_attribution_pulls_by_its_weight(panel):
    credit = {"tv": 10.0, "search": 80.0, "social": 10.0, "direct": 500.0}
    spend = mmm.SpendInformed()
    base = medians(spend, panel)
    pulled = [medians(mmm.FromAttribution(credit, weight, spend=spend), panel) for weight in (0.0, 0.3, 1.0)]
    np.testing.assert_allclose(medians(mmm.FromAttribution(credit, 0.0), panel), medians(mmm.TotalAndSplit(), panel))
    np.testing.assert_allclose(pulled[0], base)
    np.testing.assert_allclose(pulled[2], 0.3 * np.array([0.1, 0.8, 0.1]))
    np.testing.assert_allclose(np.log(pulled[1]), 0.7 * np.log(base) + 0.3 * np.log(pulled[2]))
    with pytest.raises(BadInput, match="no credit for social"):
        mmm.FromAttribution({"tv": 1.0, "search": 1.0}).resolve(panel)


def test_sensitivity_names_what_the_prior_decides(panel):
    opinionated = mmm.Model(effects=mmm.ShareOfCustomers({"social": (0.2, 0.1)}))
    given = mmm.fit(panel, opinionated, draws=300, tune=300, chains=2, seed=1, time_budget=0)
    compared = mmm.sensitivity(given)
    assert compared.to_frame()["ratio"].idxmax() == "social"
    assert not compared.finding.passed
    assert "social" in compared.finding.text
    assert compared.other.model == replace(opinionated, effects=mmm.Neutral(0.3))


@pytest.mark.parametrize(
    "prior",
    [mmm.Normal(1.0, 2.0), mmm.LogNormal(0.5, 1.0), mmm.HalfNormal(0.3), mmm.Beta(2.0, 3.0), mmm.Gamma(2.0, 20.0)],
)
def test_coordinates_lead_back_to_natural_values(prior):
    values = prior.sample(np.random.default_rng(0), 50)
    np.testing.assert_allclose(prior.natural(prior.coordinate(values)), values, rtol=1e-12)


def test_preview_is_near_the_posterior_and_says_what_it_is(panel, posterior):
    quick = mmm.preview(panel, posterior.model)
    assert not quick.converged
    assert "preview" in [finding.name for finding in quick.diagnostics]
    ratio = quick.contributions().median() / posterior.contributions().median()
    assert (np.abs(np.log(ratio)) < 0.3).all()
    again = mmm.fit(panel, posterior.model, preview=True)
    assert again.draws["share"].tobytes() == quick.draws["share"].tobytes()
