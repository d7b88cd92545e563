"""Stacked models: exact mixtures of their draws, weights that follow forecasts, plans from the result."""

import numpy as np
import pytest

import mmm
import optimizer
from attribution.errors import BadInput
from mmm.curves import Hill, Logistic, MichaelisMenten, Mixture, Power, Tabulated
from mmm.curves.joined import joined

SEASON = mmm.Season(order=1)
MODELS = {
    "michaelis_menten": mmm.Model(saturation=mmm.MichaelisMentenSaturation(), season=SEASON),
    "logistic": mmm.Model(saturation=mmm.LogisticSaturation(), season=SEASON),
    "no_season_no_trend": mmm.Model(saturation=mmm.NoSaturation(), trend=mmm.NoTrend(), season=()),
}


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.gamma(4.0, 10.0, count), rng.gamma(4.0, 50.0, count)


PARTS = [
    Hill(*drawn(5, 0), 2.0),
    Logistic(*drawn(3, 1)),
    Hill(*drawn(4, 2), 0.8),
    Power(drawn(2, 3)[0], 0.5),
    Tabulated([0.0, 100.0, 300.0], np.array([[0.0, 0.0], [5.0, 9.0], [8.0, 12.0]])),
    Mixture([MichaelisMenten(*drawn(2, 4)), Logistic(*drawn(2, 5))], [0.4, 0.6]),
]


@pytest.mark.parametrize("spend", [0.0, 40.0, 500.0])
def test_joined_curves_are_draw_by_draw_those_they_came_from(spend):
    curve = joined(PARTS)
    assert curve.n_draws == sum(part.n_draws for part in PARTS)
    np.testing.assert_allclose(curve(spend), np.concatenate([part(spend) for part in PARTS]), rtol=1e-12)
    exact = np.concatenate([part.marginal(spend) for part in PARTS])
    np.testing.assert_allclose(curve.marginal(spend), exact, rtol=1e-12)
    ceilings = np.concatenate([np.broadcast_to(part.ceiling, part.n_draws) for part in PARTS[:3]])
    np.testing.assert_allclose(joined(PARTS[:3]).ceiling, ceilings)


def test_one_family_stays_one_curve():
    curve = joined([PARTS[0], PARTS[2]])
    assert isinstance(curve, Hill)
    np.testing.assert_array_equal(curve.slope, [2.0] * 5 + [0.8] * 4)


@pytest.fixture(scope="module")
def stacked(panel):
    return mmm.stack(panel, MODELS, folds=2, horizon=13, draws=250)


def test_weights_follow_forecasts(stacked):
    weights = stacked.weights
    assert weights.sum() == pytest.approx(1.0)
    assert weights["no_season_no_trend"] < 0.2
    assert weights["michaelis_menten"] > 0.25  # the truth: favoured, or not told from its neighbour
    table = stacked.table
    assert table["crps"].idxmax() == "no_season_no_trend"
    assert (table["weight 5%"] <= table["weight 95%"]).all()
    if table.loc["logistic", "behind 5%"] <= 0 <= table.loc["logistic", "behind 95%"]:
        assert not stacked.told_apart.passed
        assert "cannot tell" in stacked.told_apart.text


def test_every_answer_takes_the_same_draws(stacked):
    counts = {name: len(rows) for name, rows in stacked.picks.items()}
    assert sum(counts.values()) == stacked.n_draws
    for name, weight in stacked.weights.items():
        assert abs(counts.get(name, 0) / stacked.n_draws - weight) < 1.5 / stacked.n_draws
    contributions, curves, organic = stacked.contributions(), stacked.curves(13), stacked.organic(13)
    level = stacked.panel.recent_spend() * 13
    begin = 0
    for name, rows in stacked.picks.items():
        own, place = stacked.posteriors[name], slice(begin, begin + len(rows))
        np.testing.assert_allclose(contributions.to_numpy()[place], own.contributions().to_numpy()[rows])
        np.testing.assert_allclose(organic.customers[place], own.organic(13).customers[rows])
        for channel, curve in own.curves(13).items():
            np.testing.assert_allclose(curves[channel](level[channel])[place], curve(level[channel])[rows], rtol=1e-10)
        begin += len(rows)


def test_intervals_hold_what_the_models_disagree_on(stacked):
    whole = stacked.summary()
    for channel in stacked.channels:
        share = {name: stacked.posteriors[name].contributions()[channel] for name in stacked.picks}
        low = min(np.quantile(values, 0.05) for values in share.values())
        high = max(np.quantile(values, 0.95) for values in share.values())
        assert low <= whole.loc[channel, "customers 5%"] <= whole.loc[channel, "customers 95%"] <= high
    np.testing.assert_allclose(whole["spend"] / whole["customers"], whole["cac"], rtol=0.02)


def test_a_plan_on_stacked_curves_is_certified(stacked):
    budget = float(stacked.panel.recent_spend().sum() * 13)
    organic = stacked.organic(13).customers
    plan = optimizer.Plan(maximize=optimizer.Customers(organic=organic), subject_to=[optimizer.Budget(at_most=budget)])
    curves = stacked.curves(13)
    allocation = plan.solve(curves, gap=1e-3)
    assert allocation.gap <= 1e-3
    mean = sum(float(curves[channel].mean(amount)) for channel, amount in allocation.spend.items())
    assert np.mean(allocation.customers) == pytest.approx(mean + organic.mean(), rel=1e-6)
    now = stacked.panel.recent_spend() * 13
    assert mean >= sum(float(curves[channel].mean(amount)) for channel, amount in now.items()) * (1 - 1e-3)


def test_organic_channels_have_contributions_but_no_cost(company):
    from mmm.checks.stacking import Stack

    frame, _ = company()
    newsletter = np.random.default_rng(1).gamma(2.0, 100.0, len(frame))
    media = {"tv": "tv", "search": "search", "newsletter": mmm.Exposure(None, "newsletter")}
    panel = mmm.Panel.from_frame(frame.assign(newsletter=newsletter), date="week", kpi="customers", spend=media)
    posteriors = {name: mmm.preview(panel, MODELS[name], draws=200) for name in ("michaelis_menten", "logistic")}
    both = Stack(posteriors, {}, np.array([[0.4, 0.6]]), np.ones((1, 2)))
    assert list(both.contributions()) == ["tv", "search", "newsletter"]
    assert list(both.cac().index) == list(both.curves(13)) == list(both.summary().index) == ["tv", "search"]
    assert {name: len(rows) for name, rows in both.picks.items()} == {"michaelis_menten": 80, "logistic": 120}


def test_one_model_alone_is_no_stack(panel):
    with pytest.raises(BadInput, match="two or more"):
        mmm.stack(panel, {"one": mmm.Model()})
