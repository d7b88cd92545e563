"""The fused likelihood: a problem laid out in memory for the compiled kernel, callable from Python and by pointer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mmm.arrays import Array
from mmm.kernel.density import entries
from mmm.model.priors import Prior

__all__ = ["FusedDensity", "laid_out"]


class Sampled(Protocol):
    """What a density needs to know of its problem."""

    @property
    def priors(self) -> tuple[Prior, ...]:
        """The prior of each sampled coordinate."""

    @property
    def centre(self) -> Array:
        """Where chains start, before they are set apart, shape (n,)."""

    @property
    def log_constant(self) -> float:
        """Terms of the log density that no parameter moves."""


@dataclass(frozen=True, eq=False)
class FusedDensity:
    """A problem's log density, callable from Python and by pointer from compiled samplers.

    Parameters
    ----------
    problem
        What is sampled.
    arguments
        The arrays that the kernel reads.
    numbers
        Sizes and addresses of those arrays; whoever keeps the pointer keeps this object alive.
    entry
        The kernel's C function.
    """

    problem: Sampled
    arguments: tuple[Any, ...]
    numbers: npt.NDArray[np.int64]
    entry: Any

    @property
    def address(self) -> int:
        """Address of the C function for the density and its gradient."""
        return int(self.entry.address)

    @property
    def expand_address(self) -> int:
        """Address of the C function that hands a draw through."""
        return int(entries()[1].address)

    @property
    def centre(self) -> Array:
        """Where chains start, before they are set apart, shape (n,)."""
        return self.problem.centre

    @property
    def jitter(self) -> Array:
        """How far chains start apart, shape (n,)."""
        return np.full(self.size, 0.3)

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.problem.priors)

    def __call__(self, theta: Array) -> tuple[float, Array]:
        """Log density with its constants, and gradient, at one point of shape (n,)."""
        from ctypes import POINTER, c_double

        point = np.ascontiguousarray(theta, dtype=float)
        gradient, density = np.empty(self.size), np.empty(1)
        doubles = [array.ctypes.data_as(POINTER(c_double)) for array in (point, gradient, density)]
        self.entry.ctypes(self.size, *doubles, self.numbers.ctypes.data)
        return float(density[0]) + self.problem.log_constant, gradient


def laid_out(
    problem: Sampled, sizes: tuple[int, ...], arrays: tuple[Any, ...], fields: int, entry: Any
) -> FusedDensity:
    """A density whose kernel finds its arrays through a table of sizes and addresses.

    Parameters
    ----------
    problem
        What is sampled; the codes and constants of its priors come first among the arrays.
    sizes
        What the kernel reads from the table's beginning.
    arrays
        After the priors', in the kernel's order.
    fields
        Length of the table.
    entry
        The kernel's C function.
    """
    priors = problem.priors
    table = (
        np.array([prior.code for prior in priors], dtype=np.int64),
        np.array([prior.numbers[0] for prior in priors]),
        np.array([prior.numbers[1] for prior in priors]),
        *(np.ascontiguousarray(array) for array in arrays),
    )
    numbers = np.zeros(fields, dtype=np.int64)
    numbers[: len(sizes)] = sizes
    numbers[len(sizes) : len(sizes) + len(table)] = [array.ctypes.data for array in table]
    return FusedDensity(problem, table, numbers, entry)
