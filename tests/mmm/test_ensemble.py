"""Stacking weights against closed forms, brute force and the pooled draws themselves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.checks.scores import crps
from mmm.checks.stacking_weights import bootstrap, distance, pool_scores, stacking_weights

RNG = np.random.default_rng(3)


def test_distance_is_the_mean_over_all_pairs():
    first, second = RNG.normal(0, 1, 60), RNG.gamma(2.0, 1.0, 45)
    exact = np.abs(first[:, None] - second).mean()
    assert distance(first, second) == pytest.approx(exact, rel=1e-12)
    assert distance(second, first) == pytest.approx(exact, rel=1e-12)
    assert distance(np.ones(4), np.ones(3)) == 0.0


def test_score_of_a_mixture_is_the_crps_of_its_pooled_draws():
    observed = RNG.normal(0, 1, 9)
    predicted = [RNG.normal(0.2, 1.0, (9, 300)), RNG.normal(-0.5, 2.0, (9, 100))]
    scores = pool_scores(predicted, observed)
    pooled = np.concatenate(predicted, axis=1)  # draws in the ratio 3 : 1
    np.testing.assert_allclose(scores.of(np.array([0.75, 0.25])), crps(pooled, observed), rtol=1e-10)
    for place, drawn in enumerate(predicted):
        np.testing.assert_allclose(scores.single[:, place], crps(drawn, observed), rtol=1e-10)


def ensembles(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    predicted = [rng.normal(rng.normal(0, 1), np.exp(rng.normal(0, 0.5)), (12, 80)) for _ in range(count)]
    scores = pool_scores(predicted, rng.normal(0, 1, 12))
    return scores.error.mean(axis=0)[None], scores.spread.mean(axis=0)[None]


@given(seed=st.integers(0, 10_000), count=st.integers(2, 5))
@settings(max_examples=25, deadline=None)
def test_no_other_weights_score_better(seed, count):
    error, spread = ensembles(seed, count)
    weights = stacking_weights(error, spread)[0]
    assert weights.sum() == pytest.approx(1.0)
    assert (weights >= 0).all()
    others = np.random.default_rng(seed).dirichlet(np.full(count, 0.5), 300)

    def loss(w):
        return w @ error[0] - 0.5 * np.einsum("...k,kl,...l->...", w, spread[0], w)

    assert loss(weights) <= loss(others).min() + 1e-7
    slope = error[0] - spread[0] @ weights  # where the optimum is: least on the support, no less elsewhere
    assert slope[weights > 1e-6].max() - slope.min() < 1e-4


def test_two_models_have_the_weights_of_the_parabola():
    error, spread = ensembles(5, 2)
    (a, b), cross = error[0], spread[0, 0, 1]
    own = np.diag(spread[0])
    bend = 2 * cross - own.sum()  # of the score along the segment, by the first weight
    exact = np.clip((b - a + cross - own[1]) / bend, 0, 1)
    assert stacking_weights(error, spread)[0, 0] == pytest.approx(exact, abs=1e-6)


def test_equal_forecasts_share_the_weight_and_a_bad_one_gets_none():
    observed = RNG.normal(0, 1, 40)
    good = RNG.normal(0, 1, (40, 400))
    weights, single = bootstrap(pool_scores([good, good, good + 5.0], observed), 4, 200, 0)
    np.testing.assert_allclose(weights.mean(axis=0), [0.5, 0.5, 0.0], atol=1e-3)
    np.testing.assert_allclose(single[:, 0], single[:, 1])


def test_weights_between_models_that_each_win_some_months_are_spread_and_unsure():
    observed = RNG.normal(0, 1, 52)
    shift = np.where(np.arange(52) // 4 % 2, 0.6, -0.6)[:, None]
    noise = RNG.normal(0, 1, (52, 300))
    weights, _ = bootstrap(pool_scores([noise + shift, noise - shift], observed), 4, 200, 0)
    assert 0.2 < weights[:, 0].mean() < 0.8
    assert weights[:, 0].std() > 0.02
