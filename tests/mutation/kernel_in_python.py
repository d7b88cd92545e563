"""The kernel's density interpreted instead of compiled, held against the PyMC graph: what mutation can change."""

from __future__ import annotations

import math
import sys
from types import ModuleType
from typing import Any

import numpy as np


def graph_values(fixtures: Any, tests: Any) -> list[tuple[Any, Any, float, Any]]:
    """Density, point, and the PyMC graph's value and gradient there, for models that reach every branch.

    Densities are prepared while the kernel is compiled: weighing lift tests takes a fit.

    Parameters
    ----------
    fixtures, tests
        The modules tests/mmm/conftest.py and tests/mmm/test_density.py.
    """
    from mmm.sampling.prepared import prepare
    from mmm.sampling.pymc_graph import build, coordinates

    values = []
    for name in ("delayed, logistic", "student", "per channel", "reach and frequency"):
        panel = tests.reached_panel(fixtures.simulated_company) if name in tests.WIDE else fixtures.small_panel()
        model = tests.MODELS[name]
        density, graph = prepare(panel, model).problem.fused(), build(panel, model)
        value, slope = graph.compile_logp(mode="FAST_COMPILE"), graph.compile_dlogp(mode="FAST_COMPILE")
        for theta in tests.points(density, 2):
            point = coordinates(density.problem, theta)
            values.append((density, theta, float(value(point)), slope(point)))
    return values


def stand_ins() -> dict[str, ModuleType]:
    """What compiles the kernel and its elementary functions, replaced by plain Python."""
    from mmm.kernel import jit as real

    jit, elementary = ModuleType("mmm.kernel.jit"), ModuleType("mmm.kernel.elementary")
    vars(jit).update(dict.fromkeys(real.__all__), entry=lambda signature: _same)
    vars(jit).update(dict.fromkeys(("compiled", "exactly", "inlined", "merged"), _same))
    vars(elementary)["exp"] = lambda x: math.exp(min(max(x, -706.0), 706.0))
    vars(elementary)["log"] = lambda x: math.log(max(x, sys.float_info.min))
    return {"mmm.kernel.jit": jit, "mmm.kernel.elementary": elementary}


def _same(function: Any) -> Any:
    return function


def holds(values: list[tuple[Any, Any, float, Any]]) -> bool:
    """Whether the interpreted kernel has the graph's densities and gradients."""
    from mmm.kernel.density import log_density

    for density, theta, expected, slopes in values:
        gradient = np.empty(density.size)
        value = log_density(theta, *density.arguments, gradient) + density.problem.log_constant
        if not (np.isclose(value, expected, rtol=1e-8) and np.allclose(gradient, slopes, rtol=1e-7, atol=1e-7)):
            return False
    return True
