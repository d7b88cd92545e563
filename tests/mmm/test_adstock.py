"""Laws that every adstock family keeps."""

import numpy as np
import pytest

from mmm.kernel import carryover
from mmm.kernel.jit import compiled
from mmm.model.adstock import DelayedAdstock, GeometricAdstock, NoAdstock, WeibullCDFAdstock, WeibullPDFAdstock
from mmm.posterior.media import stocked

lag_weights = compiled(carryover.lag_weights.py_func)

WEEKLY = [GeometricAdstock(), DelayedAdstock(), WeibullPDFAdstock(), WeibullCDFAdstock(), NoAdstock(), NoAdstock(5)]
DAILY = [family.by_calendar(1) for family in WEEKLY]
FAMILIES = WEEKLY + DAILY


def named(family):
    return f"{type(family).__name__}{family.window}"


def parameters(family, seed, size=6):
    rng = np.random.default_rng(seed)
    return tuple(prior.sample(rng, size) for prior in family.priors.values())


@pytest.mark.parametrize("family", FAMILIES, ids=named)
def test_weights_sum_to_one_and_match_the_kernel(family):
    values = parameters(family, 0, 600)
    weights = family.weights(*values)
    np.testing.assert_allclose(weights.sum(axis=0), 1.0)
    assert (weights >= 0).all()
    for draw in range(weights.shape[1]):
        p, q = ([*(value[draw] for value in values), 0.0, 0.0])[:2]
        w, dp, dq = (np.empty(family.window) for _ in range(3))
        lag_weights(family.code, family.per_week, p, q, w, dp, dq)
        np.testing.assert_allclose(w, weights[:, draw], rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("family", FAMILIES, ids=named)
def test_steady_spend_is_its_own_adstock(family):
    stock = stocked(family, parameters(family, 3), np.full((30, 1), 2.5), np.array([2.5]))
    np.testing.assert_allclose(stock, 2.5)


def test_an_impulse_spreads_over_the_lags():
    impulse = np.zeros(20)
    impulse[4] = 1.0
    stock = stocked(GeometricAdstock(lags=3), (np.array([0.5]),), impulse[:, None], np.zeros(1))[:, 0]
    np.testing.assert_allclose(stock[4:8], [4 / 7, 2 / 7, 1 / 7, 0])
    assert not stock[:4].any()


def test_half_life_of_a_slow_channel_is_longer():
    quick, slow = GeometricAdstock().half_life(np.array([0.1, 0.8]))
    assert quick < 1 < slow


def test_delayed_adstock_peaks_at_its_delay():
    weights = DelayedAdstock().weights(np.array([0.5]), np.array([3.0]))
    assert weights[:, 0].argmax() == 3
