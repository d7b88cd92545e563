"""Shadow prices: what one unit more of each binding limit is worth, from the optimality conditions at the plan."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from mmm.arrays import Array
from optimizer.question.limits import Limit
from optimizer.question.program import Bound, Program, Row

__all__ = ["Price", "Prices", "prices_at", "prices_of"]

_ACTIVE = 1e-7
_DENSE = 2000  # channels up to which a dense least-squares problem is cheap


@dataclass(frozen=True)
class Price:
    """What a binding limit costs.

    Parameters
    ----------
    limit
        The limit, or the text of a row without a figure.
    per_unit
        Change of the objective's figure per unit by which the limit's figure is raised; by which there is more room
        where it has none.
    """

    limit: Limit | str
    per_unit: float


@dataclass(frozen=True)
class Prices:
    """Multipliers of the rows that bind.

    Parameters
    ----------
    rows
        The binding rows, shared ones and bounds of single channels.
    per_room
        Score per unit of each row's room, not negative.
    needed_slope
        Customers per unit of currency that each channel must bring at the margin to get money, shape (channels,).
    """

    rows: tuple[Row | Bound, ...]
    per_room: Array
    needed_slope: Array


def prices_at(program: Program, spend: Array, customers: Array, slope: Array) -> Prices:
    """Prices that satisfy the first-order conditions at an allocation.

    Channels strictly between their bounds determine the prices of the shared rows by least squares; what is left of a
    channel's gradient is the price of its own bound (Boyd and Vandenberghe, Convex Optimization, 5.5.3).

    Parameters
    ----------
    program
        The program solved.
    spend, customers, slope
        The allocation, its expected customers and their slopes, each of shape (channels,).
    """
    shared = [row for row in program.rows if row.violation(spend, customers) > -_ACTIVE]
    cuts = [constraint.cut(program.setting, spend * (1 + 1e-6)) for constraint in program.lazy]
    shared += [cut for cut in cuts if cut is not None and cut.violation(spend, customers) > -1e-5]
    gradient = program.goal.gradient(spend, customers, slope)
    scale = 1e-7 * max(float(spend.max(initial=0.0)), 1e-300)
    bounds = [row for row in program.bounds if row.violation(spend, customers) > -_ACTIVE]
    ends = _ends(program, bounds, spend, scale)
    matrix = np.array([row.gradient(slope) for row in shared]).reshape(len(shared), len(spend)).T
    multipliers = _multipliers(matrix, gradient, ends)
    left = gradient - np.where(multipliers > 0, matrix, 0.0) @ multipliers  # slopes at zero may be infinite
    alike = Counter((bound.channel, bound.sign) for bound in bounds)  # bounds that coincide share one price
    own = np.array([max(float(b.sign * left[b.channel]), 0.0) / alike[b.channel, b.sign] for b in bounds], dtype=float)
    needed = _needed_slope(program, shared, multipliers, spend, customers)
    return Prices((*shared, *bounds), np.concatenate((multipliers, own)), needed)


def prices_of(program: Program, found: Prices, spend: Array, customers: Array) -> tuple[Price, ...]:
    """Prices by limit, in the objective's figure; the rows of one limit, such as an exact amount, add up."""
    totals: dict[Limit | str, float] = {}
    for row, multiplier in zip(found.rows, found.per_room.tolist(), strict=True):
        price = multiplier * row.relief_at(spend, customers) * program.goal.sign
        totals[row.limit] = totals.get(row.limit, 0.0) + price
    return tuple(Price(limit, price) for limit, price in totals.items())


def _ends(program: Program, bounds: list[Bound], spend: Array, scale: float) -> Array:
    """-1 for channels that could only rise, 1 for those that could only fall, 0 for those free to move."""
    entry = (program.hole > program.lower) & (spend <= program.hole + scale)
    ends: Array = np.where((spend <= scale) | entry, -1.0, 0.0)
    for bound in bounds:
        ends[bound.channel] = bound.sign
    return np.asarray(ends)


def _multipliers(matrix: Array, gradient: Array, ends: Array) -> Array:
    count = matrix.shape[1]
    if not count:
        return np.zeros(0)
    finite = np.isfinite(matrix).all(axis=1) & np.isfinite(gradient)
    usable = finite & (ends == 0)
    if usable.any():
        balanced, norms = _balanced(matrix[usable])
        solved = np.linalg.lstsq(balanced, gradient[usable], rcond=1e-9)[0] / norms
        if (solved >= -1e-6 * np.abs(solved).max()).all() and np.linalg.matrix_rank(balanced) == count:
            return np.asarray(np.maximum(solved, 0.0))
    if len(ends) > _DENSE:
        return np.zeros(count)
    return _signed_multipliers(matrix[finite], gradient[finite], ends[finite])


def _signed_multipliers(matrix: Array, gradient: Array, ends: Array) -> Array:
    """Non-negative least squares with a slack for every channel at an end."""
    from scipy.optimize import nnls

    stuck = np.flatnonzero(ends)
    slack = np.zeros((len(ends), len(stuck)))
    slack[stuck, np.arange(len(stuck))] = ends[stuck]
    size = max(float(np.abs(gradient).max(initial=0.0)), 1e-300)
    balanced, norms = _balanced(matrix)
    solved = nnls(np.hstack([balanced, slack]), gradient / size)[0]
    return np.asarray(solved[: matrix.shape[1]] * size / norms)


def _balanced(matrix: Array) -> tuple[Array, Array]:
    norms = np.maximum(np.linalg.norm(matrix, axis=0), 1e-300)
    return matrix / norms, norms


def _needed_slope(program: Program, rows: list[Row], multipliers: Array, spend: Array, customers: Array) -> Array:
    goal = program.goal
    if goal.is_ratio:
        won = goal.business.customers(customers.sum())
        cost = np.full(len(spend), 1 / won)
        worth = np.full(len(spend), goal.business.cac(spend.sum(), won) / won)
    else:
        cost, worth = goal.per_spend.copy(), goal.per_customer.copy()
    for row, price in zip(rows, multipliers, strict=True):
        cost += price * row.per_spend
        worth += price * row.per_customer
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(worth > 0, cost / worth, np.inf)
