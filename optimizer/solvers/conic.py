"""The second engine: concave plans as conic programs through CVXPY, exact for the families that have a cone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from attribution.errors import BadInput, CacError, Problem
from mmm.curves import Exponential, Hill, MichaelisMenten, Power, ResponseCurve
from optimizer.program import Array, Program
from optimizer.solvers.bank import Bank
from optimizer.solvers.branch import Outcome
from optimizer.solvers.frontier import FrontierWalk
from optimizer.solvers.hulls import Tables
from optimizer.solvers.linear import SegmentProgram
from optimizer.solvers.relaxation import Relaxation

__all__ = ["Conic", "concave_customers", "optimal_value", "proved_bound"]

_MOST_DRAWS = 64
_TOLERANCES = (1e-10, 1e-9, 1e-8)  # the first that the solver is sure of

Expression = Any


@dataclass(frozen=True)
class Conic:
    """CVXPY with Clarabel, an interior-point method for exponential and power cones.

    Concave Hill (slope up to 1), Michaelis-Menten, exponential and power curves, with up to 64 draws. The blended CAC
    becomes linear by the substitution of Charnes and Cooper (1962). The allocation is the solver's; its bound is not,
    but comes from hulls sampled where the solver landed, so the proof does not rest on tolerances.
    """

    @property
    def name(self) -> str:
        """What allocations call the engine."""
        return "conic program, Clarabel, hull bound"

    def run(self, program: Program, bank: Bank, gap: float, time_limit: float) -> Outcome:
        """The best allocation and a bound on all others.

        Raises
        ------
        BadInput
            Where a curve has no conic form here, or channels have entry prices.
        """
        import cvxpy as cp

        _check(program)
        channels = np.flatnonzero(program.upper > 0)
        unit = cp.Variable(nonneg=True) if program.goal.is_ratio else cp.Constant(1.0)
        share = cp.Variable(len(channels))
        scale = program.upper[channels]
        place = np.zeros((program.size, len(channels)))
        place[channels, np.arange(len(channels))] = scale
        size = max(float(bank.mean(program.upper).sum()), 1e-300)
        rules = [share <= unit, share >= unit * (program.lower[channels] / scale)]
        won = []
        for index, channel in enumerate(channels):
            curve = program.setting.curves[program.setting.channels[channel]]
            value, more = concave_customers(curve, share[index], unit, float(scale[index]), size)
            won.append(value)
            rules += more
        pick = np.zeros((program.size, len(channels)))
        pick[channels, np.arange(len(channels))] = 1.0
        spend, customers = place @ share, size * (pick @ cp.hstack(won))
        money = max(float(program.upper.sum()), 1e-300)
        for row in program.rows:
            weight = max(np.abs(row.per_spend).max() * money, row.per_customer.max() * size, abs(row.limit), 1e-300)
            rules.append(row.residual(spend, customers, unit) / weight <= 0)
        goal = program.goal
        if goal.is_ratio:
            rules.append((goal.organic * unit + cp.sum(customers)) / (goal.organic + size) >= 1)
            objective = -(goal.fixed_cost * unit + cp.sum(spend)) / (goal.fixed_cost + money)
        else:
            weight = max(goal.per_customer.max() * size, goal.per_spend.max() * money)
            objective = (goal.per_customer @ customers - goal.per_spend @ spend) / weight
        if not optimal_value(cp.Problem(cp.Maximize(objective), rules)):
            return Outcome(None, -np.inf, -np.inf, 1, True)
        found = program.lower.copy()
        found[channels] = scale * share.value / float(unit.value)
        found = np.clip(found, program.lower, program.upper)
        score = goal.score(found, bank.mean(found))
        bound = proved_bound(program, bank, found)
        return Outcome(found, score, max(bound, score), 1, True)


def _check(program: Program) -> None:
    problems: list[Problem | str] = []
    for channel, curve in program.setting.curves.items():
        kinds = {type(atom.curve) for atom in curve.atoms()}
        if float(np.max(curve.inflection)) > 0 or not kinds <= set(_CONES):
            problems.append(Problem("Conic", "has no exact conic form.", channel, remedy="use the default engine."))
        if curve.n_draws > _MOST_DRAWS:
            text = f"has {curve.n_draws} draws, and one cone each is too many beyond {_MOST_DRAWS}."
            problems.append(Problem("Conic", text, channel, remedy="use the default engine."))
    if program.hole.any() or program.lazy:
        text = "takes neither entry prices nor a limit on the total change."
        problems.append(Problem("Conic", text, remedy="use the default engine."))
    if problems:
        raise BadInput(problems)


def optimal_value(problem: Any) -> bool:
    """Solve; True where an optimum was found, False where there is none.

    Raises
    ------
    CacError
        Where the solver ends anything but sure of its answer.
    """
    import warnings

    import cvxpy as cp

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Solution may be inaccurate")  # the status says so, and is refused
        for tolerance in _TOLERANCES:
            limits = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), tolerance)
            try:
                problem.solve(solver=cp.CLARABEL, max_iter=500, **limits)
            except cp.error.SolverError as error:
                raise CacError(f"the conic solver failed: {error}. Remedy: use the default engine.") from error
            if "inaccurate" not in problem.status:
                break
    if problem.status == "infeasible":
        return False
    if problem.status != "optimal":
        raise CacError(f"the conic solver ended {problem.status!r}. Remedy: use the default engine.")
    return True


def concave_customers(
    curve: ResponseCurve, share: Expression, unit: Expression, spend: float, size: float
) -> tuple[Expression, list[Any]]:
    """Expected customers of a concave curve as an expression, and the rules it needs.

    Parameters
    ----------
    curve
        A curve of the families with a cone; its draws are averaged.
    share, unit
        Spend is ``share / unit * spend``; the expression is ``unit`` times the customers there.
    spend
        Currency that a share of one stands for.
    size
        Customers that the expression counts as one.
    """
    total: Expression = 0.0
    rules: list[Any] = []
    for atom in curve.atoms():
        draws = max(atom.curve.n_draws, 1)
        for draw in range(draws):
            single = atom.curve.take([draw])
            parameters = {name: float(np.ravel(values)[0]) for name, values in single.parameters.items()}
            scaled = type(atom.curve)(**parameters).stretched(1 / spend, atom.weight / draws / size)
            numbers = {name: float(values) for name, values in scaled.parameters.items()}
            value, more = _CONES[type(atom.curve)](share, unit, **numbers)
            total = total + value
            rules += more
    return total, rules


Cone = Callable[..., tuple[Expression, list[Any]]]


def _michaelis_menten(
    share: Expression, unit: Expression, saturation: float, half_saturation: float
) -> tuple[Expression, list[Any]]:
    import cvxpy as cp

    return saturation * (unit - cp.quad_over_lin(unit, unit + share / half_saturation)), []


def _hill(
    share: Expression, unit: Expression, saturation: float, half_saturation: float, slope: float
) -> tuple[Expression, list[Any]]:
    import cvxpy as cp

    if slope == 1.0:
        return _michaelis_menten(share, unit, saturation, half_saturation)
    power = cp.Variable(nonneg=True)
    cone = cp.PowCone3D(share / half_saturation, unit * 1.0, power, slope)
    return saturation * (unit - cp.quad_over_lin(unit, unit + power)), [cone]


def _exponential(
    share: Expression, unit: Expression, saturation: float, half_saturation: float
) -> tuple[Expression, list[Any]]:
    import cvxpy as cp

    left = cp.Variable(nonneg=True)
    return saturation * (unit - left), [cp.ExpCone(-np.log(2) / half_saturation * share, unit * 1.0, left)]


def _power(share: Expression, unit: Expression, scale: float, exponent: float) -> tuple[Expression, list[Any]]:
    import cvxpy as cp

    if exponent == 1.0:
        return scale * share, []
    value = cp.Variable(nonneg=True)
    return scale * value, [cp.PowCone3D(share, unit * 1.0, value, exponent)]


_CONES: dict[type[ResponseCurve], Cone] = {
    Exponential: _exponential,
    Hill: _hill,
    MichaelisMenten: _michaelis_menten,
    Power: _power,
}


def proved_bound(program: Program, bank: Bank, spend: Array) -> float:
    """A score that no allocation exceeds, tight where ``spend`` is optimal: one relaxation over hulls sampled there."""
    tables = Tables(bank, program.lower, program.upper, program.hole)
    tables.refine(np.arange(program.size), spend)
    relax: Relaxation = FrontierWalk(program) if program.is_aggregate else SegmentProgram(program)
    relaxed = relax(tables.hulls(program.lower, program.upper), np.zeros(len(program.rows)))
    return np.inf if relaxed is None else relaxed.score
