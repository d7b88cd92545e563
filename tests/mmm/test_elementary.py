"""The kernel's own exponential and logarithm are those of the C library, to the last bits."""

import numpy as np
import pytest

from mmm.kernel import elementary
from mmm.kernel.jit import compiled


@compiled
def both(x, exponentials, logarithms):
    for t in range(x.shape[0]):
        exponentials[t] = elementary.exp(x[t])
        logarithms[t] = elementary.log(exponentials[t])


@pytest.mark.parametrize("reach", [1e-9, 0.5, 30.0, 700.0])
def test_they_match_the_library(reach):
    x = np.random.default_rng(0).uniform(-reach, reach, 20_001)
    exponentials, logarithms = np.empty_like(x), np.empty_like(x)
    both(x, exponentials, logarithms)
    np.testing.assert_allclose(exponentials, np.exp(x), rtol=5e-16)
    np.testing.assert_allclose(logarithms, np.log(exponentials), rtol=5e-16, atol=0.0)


def test_far_out_they_stay_finite_and_ordered():
    x = np.array([-1e308, -800.0, 800.0, 1e308])
    exponentials, logarithms = np.empty_like(x), np.empty_like(x)
    both(x, exponentials, logarithms)
    assert (np.diff(exponentials) >= 0).all()
    assert (exponentials > 0).all()
    assert np.isfinite(exponentials).all()
