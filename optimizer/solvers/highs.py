"""Linear programs as HiGHS takes them: largest gain over a box, with rows given column by column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mmm.arrays import Array

__all__ = ["QUIET", "largest_gain", "loaded"]

Columns = tuple[Any, Any, Array]
"""Start of each column, row of each entry, and entries: ``indptr``, ``indices`` and ``data`` of a ``csc_matrix``."""

QUIET: Mapping[str, Any] = {"output_flag": False, "threads": 1}


def loaded(
    cost: Array, matrix: Columns, rows: tuple[Array, Array], most: Array, options: Mapping[str, Any], whole: int = 0
) -> Any:
    """A solver that holds: least ``cost @ z`` over 0 <= z <= most with ``matrix @ z`` between the two ends of ``rows``.

    The last ``whole`` variables take whole numbers. Arrays go in as they are: a ``HighsLp`` takes them entry by entry.
    """
    import highspy

    solver = highspy.Highs()
    for option, value in options.items():
        solver.setOptionValue(option, value)
    start, index, value = matrix
    kinds = np.zeros(len(cost), dtype=np.int32)  # continuous
    kinds[len(cost) - whole :] = int(highspy.HighsVarType.kInteger)
    solver.passModel(
        len(cost), len(rows[0]), len(value), int(highspy.MatrixFormat.kColwise), int(highspy.ObjSense.kMinimize), 0.0,
        cost, np.zeros(len(cost)), most, *rows, np.asarray(start, np.int32), np.asarray(index, np.int32), value, kinds,
    )  # fmt: skip
    return solver


def largest_gain(
    gain: Array, matrix: Columns, rows: tuple[Array, Array], most: Array, options: Mapping[str, Any] = QUIET
) -> tuple[Array, Array] | None:
    """Where ``gain @ z`` is largest, and what each row's limit is worth; None where no z keeps the rows."""
    import highspy

    size = max(float(np.abs(gain).max()), 1e-300)
    solver = loaded(-gain / size, matrix, rows, most, options)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = solver.getSolution()
    return np.array(solution.col_value), -np.array(solution.row_dual) * size
