"""Linear programs as HiGHS takes them: largest gain over a box, with rows given column by column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mmm.arrays import Array

__all__ = ["QUIET", "largest_gain", "linear_program", "new_solver"]

Columns = tuple[Any, Any, Array]
"""Start of each column, row of each entry, and entries: ``indptr``, ``indices`` and ``data`` of a ``csc_matrix``."""

QUIET: Mapping[str, Any] = {"output_flag": False, "threads": 1}


def linear_program(cost: Array, matrix: Columns, rows: tuple[Array, Array], most: Array) -> Any:
    """Least ``cost @ z`` over 0 <= z <= most with ``matrix @ z`` between the two ends of ``rows``."""
    import highspy

    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(cost), len(rows[0])
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, np.zeros(len(cost)), most
    model.row_lower_, model.row_upper_ = rows
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix
    return model


def new_solver(model: Any, options: Mapping[str, Any]) -> Any:
    """A solver that holds a program."""
    import highspy

    solver = highspy.Highs()
    for option, value in options.items():
        solver.setOptionValue(option, value)
    solver.passModel(model)
    return solver


def largest_gain(
    gain: Array, matrix: Columns, rows: tuple[Array, Array], most: Array, options: Mapping[str, Any] = QUIET
) -> tuple[Array, Array] | None:
    """Where ``gain @ z`` is largest, and what each row's limit is worth; None where no z keeps the rows."""
    import highspy

    size = max(float(np.abs(gain).max()), 1e-300)
    solver = new_solver(linear_program(-gain / size, matrix, rows, most), options)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = solver.getSolution()
    return np.array(solution.col_value), -np.array(solution.row_dual) * size
