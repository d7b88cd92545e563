"""The fused likelihood: a problem laid out in memory for the compiled kernel, callable from Python and by pointer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mmm.kernel import FIELDS, c_expand, c_log_density, log_density
from mmm.priors import Array
from mmm.standard import Problem

__all__ = ["FusedDensity", "fuse"]


@dataclass(frozen=True, eq=False)
class FusedDensity:
    """A problem's log density, callable from Python and by pointer from compiled samplers.

    Parameters
    ----------
    problem
        What is sampled.
    arguments
        The arrays of :func:`mmm.kernel.log_density` between theta and gradient.
    numbers
        Sizes and addresses of those arrays; whoever keeps the pointer keeps this object alive.
    """

    problem: Problem
    arguments: tuple[Any, ...]
    numbers: np.ndarray[Any, np.dtype[np.int64]]

    @property
    def address(self) -> int:
        """Address of the C function for the density and its gradient."""
        return int(c_log_density.address)

    @property
    def expand_address(self) -> int:
        """Address of the C function that hands a draw through."""
        return int(c_expand.address)

    @property
    def centre(self) -> Array:
        """Where chains start, before they are set apart, shape (n,)."""
        return self.problem.centre

    @property
    def jitter(self) -> Array:
        """How far chains start apart, shape (n,)."""
        return self.problem.jitter

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.problem.priors)

    def __call__(self, theta: Array) -> tuple[float, Array]:
        """Log density with its constants, and gradient, at one point of shape (n,)."""
        gradient = np.empty(self.size)
        point = np.ascontiguousarray(theta, dtype=float)
        value = log_density(point, *self.arguments, gradient)  # type: ignore[call-arg]
        return float(value) + self.problem.log_constant, gradient


def fuse(problem: Problem) -> FusedDensity:
    """Lay a problem out in memory for the kernel."""
    priors = problem.priors
    arrays = (
        np.array([prior.code for prior in priors], dtype=np.int64),
        np.array([prior.numbers[0] for prior in priors]),
        np.array([prior.numbers[1] for prior in priors]),
        problem.media,
        problem.kpi,
        problem.columns,
        np.array(problem.noise),
        problem.layout.families,
        problem.layout.slots,
        np.ascontiguousarray(problem.tests.places),
        problem.tests.measured,
        problem.tests.otherwise,
    )
    sizes = (*problem.media.shape, *problem.columns.shape, len(problem.tests.places))
    numbers = np.zeros(FIELDS, dtype=np.int64)
    numbers[:5] = sizes
    numbers[5 : 5 + len(arrays)] = [array.ctypes.data for array in arrays]
    return FusedDensity(problem, arrays, numbers)
