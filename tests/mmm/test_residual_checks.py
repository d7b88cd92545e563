"""What a fit leaves is looked at by lag, by week of the year, from a week on and week by week, for any likelihood."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mmm
from mmm.posterior.fit_checks import check_residuals, check_sense
from mmm.posterior.level_shift import level_shift
from mmm.posterior.residual_checks import autocorrelation, unexplained_weeks, yearly_misses
from mmm.posterior.residuals import Predictive, Residuals

WEEKS = 156


@cache
def company_of(periods: int, days: int) -> mmm.Panel:
    rng = np.random.default_rng(7)
    dates = pd.date_range("2022-01-03", periods=periods, freq=f"{days}D")
    table = {"tv": rng.gamma(2.0, 50.0, periods), "radio": rng.gamma(20.0, 5.0, periods)}
    return mmm.Panel.from_frame(pd.DataFrame({"day": dates, "kpi": 1000.0, **table}), "day", "kpi", [*table])


def residuals(scores: np.ndarray, days: int = 7, spend: np.ndarray | None = None, sd: float = 20.0) -> Residuals:
    """Residuals of a model that can explain a level, a line and the year, before any fit took part of them away."""
    periods = len(scores)
    panel = replace(company_of(periods, days), kpi=np.maximum(1000 + sd * scores, 0.0)[None])
    if spend is not None:
        media = np.stack([spend, panel.spend[0, :, 1]], axis=1)[None]
        panel = replace(panel, spend=media, media=media)
    time = np.arange(periods) * days
    turn = 2 * np.pi * np.outer(time / 365.25, [1, 2, 3])
    columns = np.column_stack([np.ones(periods), time, np.sin(turn), np.cos(turn)])
    basis = np.linalg.qr(columns)[0]
    return Residuals(panel, np.full(periods, 1000.0), scores - basis @ (basis.T @ scores), columns)


def noise(seed: int, periods: int = WEEKS, carried: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    found = rng.standard_normal(periods)
    for t in range(1, periods):
        found[t] = carried * found[t - 1] + np.sqrt(1 - carried**2) * found[t]
    return found


def failed(findings) -> set[str]:
    return {finding.name for finding in findings if not finding.passed}


@pytest.mark.parametrize("carried", [0.0, 0.3])
def test_false_alarms_are_rare(carried):
    """Of 60 clean fits at most one in twenty raises any one of these; a binomial bound for the number of alarms."""
    count = 60
    alarms = [failed(check_residuals(residuals(noise(seed, carried=carried)))) for seed in range(count)]
    for name in {name for found in alarms for name in found}:
        assert sum(name in found for found in alarms) <= stats.binom.ppf(0.999, count, 0.05), name


def test_daily_residuals_raise_no_false_alarms_either():
    alarms = [failed(check_residuals(residuals(noise(seed, 730), days=1))) for seed in range(20)]
    assert sum(bool(found) for found in alarms) <= 4, alarms


def test_heavy_tails_are_no_yearly_pattern():
    """With t noise of three degrees a pattern was seen in one of four fits."""
    scores = (np.random.default_rng(seed).standard_t(3, WEEKS) for seed in range(60))
    alarms = [yearly_misses(residuals(one / one.std())).passed for one in scores]
    assert alarms.count(False) <= stats.binom.ppf(0.999, len(alarms), 0.08)


@pytest.mark.parametrize("row", [20, 90, 140])
@pytest.mark.parametrize("size", [-3.0, 3.0])
def test_a_break_of_the_level_is_named_with_its_week_and_size(row, size):
    scores = noise(1) + size * (np.arange(WEEKS) >= row)
    left = residuals(scores)
    finding = level_shift(left)
    assert not finding.passed
    found = pd.Timestamp(finding.text.split()[1])
    assert abs((found - left.dates[row]).days) <= 14
    assert finding.channels == ()
    assert ("−" in finding.text.split("mean")[0]) == (size < 0)
    assert "mmm.RandomWalk" in finding.text


def test_only_a_channel_whose_spend_moved_with_the_break_is_named():
    step = (np.arange(WEEKS) >= 100).astype(float)
    spend = np.random.default_rng(3).gamma(20.0, 5.0, WEEKS) * (1 - 0.4 * step)
    assert level_shift(residuals(noise(2) - 4 * step, spend=spend)).channels == ("tv",)


def test_a_break_that_a_control_or_a_wandering_level_explains_is_none():
    step = (np.arange(WEEKS) >= 100).astype(float)
    left = residuals(noise(2) - 4 * step)
    assert not level_shift(left).passed
    columns = np.column_stack([left.columns, step])
    basis = np.linalg.qr(columns)[0]
    explained = replace(left, columns=columns, scores=left.scores - basis @ (basis.T @ left.scores))
    assert level_shift(explained).passed


def test_one_odd_week_and_slow_wandering_are_no_breaks():
    odd = noise(4)
    odd[80] += 15
    assert level_shift(residuals(odd)).passed
    assert sum(not level_shift(residuals(noise(seed, carried=0.8))).passed for seed in range(40)) <= 5


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("weeks", [(25, 26, 27, 28), (49,)])
def test_the_same_weeks_missed_every_year_are_named_by_date(sign, weeks):
    left = residuals(noise(5))
    of_year = (left.dates.day_of_year.to_numpy() - 1) // 7
    spend = 100.0 * (1 + 2 * np.isin(of_year, weeks))
    left = residuals(noise(5) + sign * 3.5 * np.isin(of_year, weeks), spend=spend)
    finding = yearly_misses(left)
    assert not finding.passed
    assert all(str(year) in finding.text for year in (2022, 2023, 2024))
    assert ("above" if sign > 0 else "below") in finding.text
    assert finding.channels == ("tv",)


def test_one_year_alone_is_no_pattern_and_less_than_two_years_are_said_to_be():
    scores = noise(6)
    scores[60:64] += 6
    assert yearly_misses(residuals(scores)).passed
    assert "Less than two years" in yearly_misses(residuals(noise(6, 80))).text


def test_weeks_that_nothing_explains_are_named_by_date_and_the_list_is_bounded():
    scores = noise(8)
    scores[[30, 77]] += [9, -9]
    left = residuals(scores)
    finding = unexplained_weeks(left)
    assert not finding.passed
    assert left.dates[30].date().isoformat() in finding.text
    assert left.dates[77].date().isoformat() in finding.text
    scores[10:150:5] += 12
    many = unexplained_weeks(residuals(scores))
    assert many.text.count("expected") == 8
    assert "more" in many.text


def test_a_channel_that_peaked_in_an_odd_week_is_in_doubt():
    scores, spend = noise(9), np.random.default_rng(1).gamma(20.0, 5.0, WEEKS)
    scores[50] += 10
    spend[50] *= 4
    assert unexplained_weeks(residuals(scores, spend=spend)).channels == ("tv",)


def test_lags_of_a_week_and_of_a_year():
    weekly = {f.name: f for f in autocorrelation(residuals(noise(1)))}
    assert set(weekly) == {"residual_autocorrelation", "residual_autocorrelation_year"}
    assert {f.name for f in autocorrelation(residuals(noise(1, 100)))} == {"residual_autocorrelation"}
    days = np.arange(730)
    daily = autocorrelation(residuals(noise(2, 730) + 2.0 * (days % 7 == 5), days=1))
    assert failed(daily) == {"residual_autocorrelation_week"}
    repeated = np.tile(noise(3, 52), 3) + 0.5 * noise(4)
    assert "residual_autocorrelation_year" in failed(autocorrelation(residuals(repeated)))
    assert failed(autocorrelation(residuals(noise(5, carried=0.7)))) == {"residual_autocorrelation"}


LIKELIHOODS = {
    "normal": (mmm.NormalLikelihood(), lambda mean, noise, unit: stats.norm(mean * unit, noise * unit)),
    "student": (mmm.StudentTLikelihood(), lambda mean, noise, unit: stats.t(4.0, mean * unit, noise * unit)),
    "counts": (
        mmm.NegativeBinomialLikelihood(),
        lambda mean, noise, unit: stats.nbinom(noise**-2.0, 1 / (1 + noise**2 * mean * unit)),
    ),
}


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_tails_are_those_of_scipy(name):
    likelihood, law = LIKELIHOODS[name]
    rng = np.random.default_rng(2)
    mean, noise_, unit = rng.uniform(0.5, 1.5, (40, 3)), rng.uniform(0.05, 0.4, 3), 25.0
    kpi = np.rint(rng.gamma(3.0, 0.4, (40, 1)) * unit)
    kpi[0] = 0.0
    below, above = likelihood.log_tails(kpi / unit, mean, noise_, unit)
    found = law(mean, noise_, unit)
    half = found.pmf(kpi) / 2 if likelihood.counts else 0.0
    np.testing.assert_allclose(np.exp(below), found.cdf(kpi) - half, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(np.exp(above), found.sf(kpi) + half, rtol=1e-8, atol=1e-12)


def test_explained_variance_is_judged_with_the_noise_that_the_likelihood_expects():
    """One wild week that Student-t noise allows for decided the squared error; the expectation still explains the rest."""
    rng = np.random.default_rng(0)
    mean = np.repeat((1000 + 100 * np.sin(np.arange(130) / 5.0))[:, None], 500, axis=1)
    drawn = mean + 20 * rng.standard_t(4.0, mean.shape)
    observed = mean[:, 0] + 20 * rng.standard_t(4.0, 130)
    observed[60] += 2000
    assert 1 - ((observed - mean[:, 0]) ** 2).sum() / ((observed - observed.mean()) ** 2).sum() < 0.5
    findings = {f.name: f for f in check_sense(observed, Predictive(mean, drawn), np.ones(130))}
    assert findings["r_squared"].passed
    assert findings["predictive_coverage"].passed
    flat = Predictive(np.full_like(mean, 1000.0), 1000 + 100 * rng.standard_t(4.0, mean.shape))
    assert not {f.name: f for f in check_sense(observed, flat, np.ones(130))}["r_squared"].passed


def test_student_noise_forgives_a_week_that_normal_noise_does_not(company):
    frame = company()[0]
    frame.loc[70, "customers"] += 250
    panel = mmm.Panel.from_frame(frame, "week", "customers", ["tv", "search", "social"], controls=["price"])
    scores = {}
    for likelihood in (mmm.NormalLikelihood(), mmm.StudentTLikelihood()):
        fit = mmm.fit(panel, mmm.Model(likelihood=likelihood), draws=250, tune=300, chains=2, seed=1, time_budget=0)
        (finding,) = (f for f in fit.diagnostics if f.name == "unexplained_weeks")
        scores[type(likelihood)] = finding
    assert not scores[mmm.NormalLikelihood].passed
    assert panel.dates[70].date().isoformat() in scores[mmm.NormalLikelihood].text
    assert scores[mmm.StudentTLikelihood].value < scores[mmm.NormalLikelihood].value
