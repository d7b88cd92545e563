"""The density of a readable graph and its gradient, computed as the graph is written: rewriting it takes longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["density_and_gradient"]


def density_and_gradient(graph: Any) -> Callable[[dict[str, np.ndarray]], tuple[float, np.ndarray]]:
    """Of a PyMC model, at a point of its coordinates."""
    from pytensor.compile.mode import Mode

    compute: Callable[[dict[str, np.ndarray]], tuple[float, np.ndarray]] = graph.compile_fn(
        [graph.logp(), graph.dlogp()], mode=Mode(linker="py", optimizer="merge")
    )
    return compute
