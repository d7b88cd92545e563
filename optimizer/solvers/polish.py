"""From spend that keeps every row but for a solver's tolerance to spend that keeps it: small steps along the rows.

A solver stops where rows are missed by some 1e-8 of their size; a promise is a promise to a billionth. The step d that
changes spend least, each channel measured against its own spend, and brings the rows that are missed or nearly missed
to their limits solves J d = -excess in the least weighted norm, J being the rows' gradients.
"""

from __future__ import annotations

import numpy as np

from mmm.arrays import Array
from optimizer.question.program import Program
from optimizer.solvers.flat_curves import FlatCurves

__all__ = ["polished"]

_STEPS = 4
_NEAR = 1e-7  # rows as near to their limit as this are kept there
_EXACT = 1e-13  # of a row's size


def polished(program: Program, flat: FlatCurves, spend: Array) -> Array:
    """The spend, moved by about what its rows are missed by; as it was where that is not possible.

    Parameters
    ----------
    program
        Bounds, gaps and rows; rows of lazy constraints are made where the spend breaks them.
    flat
        Its curves.
    spend
        Spend that misses rows by a small share of their size, shape (channels,).
    """
    moved = program.inside(spend)
    cuts = [cut for part in program.lazy if (cut := part.cut(program.setting, moved)) is not None]
    with_cuts = program.replaced(rows=(*program.rows, *cuts)) if cuts else program
    for _ in range(_STEPS):
        customers, slope = flat.mean_and_slope(np.arange(program.size), moved)
        excess, share = with_cuts.residuals(moved, customers)
        if not (share > _EXACT).any():
            break
        moved = program.inside(moved + _step(with_cuts, moved, slope, excess, share))
    return moved


def _step(program: Program, spend: Array, slope: Array, excess: Array, share: Array) -> Array:
    per_spend, per_customer, _ = program.row_matrices
    near = share > -_NEAR
    free = (spend > program.lower) & (spend < program.upper) & np.isfinite(slope)
    matrix = np.where(free, per_spend[near] - per_customer[near] * np.where(free, slope, 0.0), 0.0) * spend
    size = np.maximum(np.linalg.norm(matrix, axis=1), 1e-300)
    # a hair further than the limit, so that rounding of the sum stays on the right side
    wanted = -np.where(share[near] > 0, excess[near] * (1 + 1e-3), 0.0) / size
    return np.asarray(spend * np.linalg.lstsq(matrix / size[:, None], wanted, rcond=1e-10)[0])
