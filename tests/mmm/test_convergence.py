"""Convergence statistics against ArviZ, and against what is known of independent and of stuck chains."""

import numpy as np
import pytest

from mmm.sampling.convergence import ess_bulk, ess_tail, r_hat
from mmm.sampling.until_converged import gate


def chains(rho, draws=400, count=4, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((count, draws))
    out = np.empty_like(noise)
    out[:, 0] = noise[:, 0]
    for t in range(1, draws):
        out[:, t] = rho * out[:, t - 1] + np.sqrt(1 - rho**2) * noise[:, t]
    return out


@pytest.mark.parametrize("rho", [-0.4, 0.0, 0.3, 0.9, 0.99])
@pytest.mark.parametrize("draws", [101, 400])
def test_equal_to_arviz(rho, draws):
    import arviz

    table = np.stack([chains(rho, draws, seed=s) for s in range(4)], axis=-1)
    table[..., 1] = np.exp(table[..., 1])
    table[..., 2] = np.round(table[..., 2], 1)  # ties
    table[0, :, 3] += 1.0  # one chain elsewhere
    for column in range(4):
        one = np.ascontiguousarray(table[..., column])
        np.testing.assert_allclose(r_hat(table)[column], float(arviz.rhat(one)), rtol=1e-10)
        np.testing.assert_allclose(ess_bulk(table)[column], float(arviz.ess(one, method="bulk")), rtol=1e-8)
        np.testing.assert_allclose(ess_tail(table)[column], float(arviz.ess(one, method="tail")), rtol=1e-8)


def test_gate_passes_independent_draws_and_refuses_others():
    good = np.random.default_rng(1).standard_normal((4, 500, 2))
    calm = np.zeros((4, 500), dtype=bool)
    assert [finding.name for finding in gate(good, calm)] == ["r_hat", "ess_bulk", "ess_tail", "divergences"]
    assert all(finding.passed for finding in gate(good, calm))
    apart = good + np.arange(4)[:, None, None]
    assert not any(finding.passed for finding in gate(apart, calm)[:2])
    slow = np.stack([chains(0.98, 500), chains(0.98, 500, seed=3)], axis=-1)
    assert not gate(slow, calm)[1].passed
    calm[0, 3] = True
    assert [finding.passed for finding in gate(good, calm)] == [True, True, True, False]


def test_a_stuck_parameter_fails():
    draws = np.random.default_rng(1).standard_normal((4, 500, 2))
    draws[..., 1] = 3.0
    assert not gate(draws, np.zeros((4, 500), dtype=bool))[0].passed
