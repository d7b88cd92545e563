"""Every set of row prices that an optimum admits: a point where some channel is free to move, a stretch at a kink.

At an optimum no allowed move gains. With g+ and g- the objective's slopes to the right and to the left of each
channel's spend, a+ and a- those of the shared rows, prices y >= 0 of the rows satisfy

    g+ <= a+ y   for channels that nothing of their own keeps from rising,
    g- >= a- y   for channels that nothing of their own keeps from falling,

and the gain from one unit more of a combination v of the rows' rooms is the least v y over all such y, the loss from
one unit less the largest (Rockafellar, Convex Analysis, 1970, section 29). The two agree where y is unique.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmm.arrays import Array

__all__ = ["Mask", "Moves", "Multipliers"]

Mask = npt.NDArray[np.bool_]

_LOOSE = 1e-9  # of the largest gradient: what optima are off by


@dataclass(frozen=True)
class Moves:
    """What moving each channel's spend does.

    Parameters
    ----------
    gain, rows
        Slopes of the objective, shape (channels,), and of the shared rows, shape (channels, rows): to the right and to
        the left of the spend.
    rises, falls
        Channels that nothing of their own keeps from rising and from falling.
    free_sign
        Rows of exact amounts, whose price has either sign, shape (rows,).
    """

    gain: tuple[Array, Array]
    rows: tuple[Array, Array]
    rises: Mask
    falls: Mask
    free_sign: Mask


class Multipliers:
    """All prices of shared rows that an optimum admits.

    Parameters
    ----------
    moves
        At the optimum.
    """

    def __init__(self, moves: Moves) -> None:
        (up, down), (above, below) = moves.gain, moves.rows
        rises = moves.rises & np.isfinite(up) & np.isfinite(above).all(axis=1)
        falls = moves.falls & np.isfinite(down) & np.isfinite(below).all(axis=1)
        self._free_sign, self._count = moves.free_sign, above.shape[1]
        # matrix y <= most: rows of channels that could rise, then of those that could fall
        self._matrix = np.concatenate((-above[rises], below[falls]))
        self._most = np.concatenate((-up[rises], down[falls]))
        smooth = rises & falls & (up == down) & (above == below).all(axis=1)
        self._point = self._unique(up[smooth], above[smooth])
        self._ends = self._interval() if self._point is None and self._count == 1 else None

    @property
    def point(self) -> Array:
        """One admissible set of prices, shape (rows,)."""
        if self._point is not None:
            return self._point
        if self._ends is not None:
            low, high = self._ends
            return np.array([high if np.isfinite(high) else low if np.isfinite(low) else 0.0])
        return self._balanced_point()[0]

    def range(self, direction: Array) -> tuple[float, float]:
        """Least and largest ``direction @ y``; infinite where rows could not give way by any amount.

        Parameters
        ----------
        direction
            Weights of the rows, shape (rows,).
        """
        if not direction.any():
            return 0.0, 0.0
        if not np.isfinite(direction).all():  # a curve that starts upright, in a row of customers
            endless = direction[~np.isfinite(direction)][self.point[~np.isfinite(direction)] > 0]
            figure = float(endless.sum()) if len(endless) else 0.0
            return figure, figure
        if self._point is not None:
            figure = float(direction @ self._point)
            return figure, figure
        if self._ends is not None:
            ends = sorted(float(direction[0]) * end for end in self._ends)
            return ends[0], ends[1]
        return self._extreme(direction, 1.0), self._extreme(direction, -1.0)

    def _unique(self, gain: Array, rows: Array) -> Array | None:
        if not self._count:
            return np.zeros(0)
        if not len(gain):
            return None
        norms = _sizes(np.linalg.norm(rows, axis=0))
        balanced = rows / norms
        solution = np.linalg.lstsq(balanced, gain, rcond=1e-9)[0] / norms
        signed = self._free_sign | (solution * norms >= -1e-6 * np.abs(solution * norms).max())
        if not signed.all() or np.linalg.matrix_rank(balanced, tol=1e-9) < self._count:
            return None
        return np.asarray(np.where(self._free_sign, solution, np.maximum(solution, 0.0)))

    def _interval(self) -> tuple[float, float]:
        """With one row: the largest price that a rise asks for, and the least at which a fall would not pay."""
        weight = self._matrix[:, 0]
        binds = weight != 0
        ratio = self._most[binds] / weight[binds]
        low = float(ratio[weight[binds] < 0].max(initial=-np.inf if self._free_sign[0] else 0.0))
        high = float(ratio[weight[binds] > 0].min(initial=np.inf))
        if low > high:  # an optimum within a gap
            low = high = max((low + high) / 2, -np.inf if self._free_sign[0] else 0.0)
        return low, high

    def _scaled(self) -> tuple[Array, Array, Array, float]:
        size = max(float(np.abs(self._most).max(initial=0.0)), 1e-300)
        norms = _sizes(np.abs(self._matrix).max(axis=0, initial=0.0))
        return self._matrix / norms, self._most / size, norms, size

    def _balanced_point(self) -> tuple[Array, float]:
        """Prices that break the conditions least, and by how much, as a share of the largest gradient."""
        matrix, most, norms, size = self._scaled()
        slack = -np.ones((len(matrix), 1))
        cost = np.concatenate((np.full(self._count, 1e-9), [1.0]))
        solution = _least(cost, np.hstack((matrix, slack)), most, np.append(self._free_sign, False))
        if solution is None:
            return np.zeros(self._count), 0.0
        return solution[:-1] * size / norms, float(solution[-1])

    def _extreme(self, direction: Array, sign: float) -> float:
        matrix, most, norms, size = self._scaled()
        weights = sign * direction / norms
        scale = float(np.abs(weights).max())
        loose = self._balanced_point()[1] * (1 + 1e-6) + _LOOSE
        solution = _least(weights / scale, matrix, most + loose, self._free_sign)
        return -sign * np.inf if solution is None else float(direction @ (solution / norms)) * size


def _sizes(columns: Array) -> Array:
    """What columns are divided by; one where a row meets no channel that could move."""
    return np.where(columns > 0, columns, 1.0)


def _least(cost: Array, matrix: Array, most: Array, free: Mask) -> Array | None:
    """Where ``cost @ y`` is least over matrix @ y <= most; None where it has no end."""
    from scipy.optimize import linprog

    bounds = [(None if any_sign else 0.0, None) for any_sign in free]
    solution = linprog(cost, A_ub=matrix, b_ub=most, bounds=bounds, method="highs")
    if solution.status != 0:
        return None
    return np.array(solution.x, dtype=float)
