"""Whether a program has any allowed allocation; no search for a good one."""

from __future__ import annotations

import numpy as np

from attribution.errors import IllPosedPlan
from mmm.arrays import Array
from optimizer.question.goal import Goal
from optimizer.question.program import Program
from optimizer.solvers.branch import branch_and_bound
from optimizer.solvers.ceilings import with_ceilings
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.solvers.highs import QUIET, largest_gain

__all__ = ["some_spend"]

_EXACT = {**QUIET, "presolve": "off", "solver": "simplex", "primal_feasibility_tolerance": 1e-10}
_ROUNDING = 1e-12  # of a row's size


def some_spend(program: Program, flat: FlatCurves, seconds: float) -> bool:
    """Whether some allocation keeps bounds, gaps and rows.

    Rows on spend alone are asked first: a linear program without any curve, which decides where nothing else limits.

    Raises
    ------
    TimeoutError
        Where so many seconds find none and prove nothing.
    """
    if not _money_allows(program):
        return False
    if program.is_gapless and not program.lazy and not any(row.per_customer.any() for row in program.rows):
        return True
    least, none = (Goal.linear(program.setting, 0.0, each) for each in (1.0, 0.0))

    def found(finite: Program) -> Array | None:
        outcome = branch_and_bound(finite.replaced(goal=none), flat, np.inf, seconds)
        if outcome.spend is None and not outcome.finished:
            raise TimeoutError
        return outcome.spend

    try:
        return found(with_ceilings(program.replaced(goal=least), flat, found)) is not None
    except IllPosedPlan:  # of a curve without a ceiling, however much is spent
        return True


def _money_allows(program: Program) -> bool:
    """Whether some spend between the bounds keeps the rows on spend alone, gaps put aside."""
    rows = [row for row in program.rows if not row.per_customer.any()]
    if not rows:
        return True
    matrix = np.array([row.per_spend for row in rows])
    room = np.array([row.room for row in rows]) - matrix @ program.lower
    size = np.abs(matrix).max(axis=1)
    size = np.where(size > 0, size, 1.0)
    unit = max(float(np.abs(room / size).max()), float(program.lower.max()), 1e-300)
    slack = _ROUNDING * (np.abs(room) + np.abs(matrix) @ program.lower) / size / unit
    columns = (
        np.arange(0, matrix.size + 1, len(rows)),
        np.tile(np.arange(len(rows)), program.size),
        (matrix / size[:, None]).T.ravel(),
    )
    ends = np.full(len(rows), -np.inf), room / size / unit + slack
    return (
        largest_gain(np.zeros(program.size), columns, ends, (program.upper - program.lower) / unit, _EXACT) is not None
    )
