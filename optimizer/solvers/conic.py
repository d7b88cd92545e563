"""The second engine: concave plans as conic programs through CVXPY, exact for the families that have a cone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from attribution.errors import BadInput, Problem
from mmm.arrays import Array
from mmm.curves import Exponential, Hill, MichaelisMenten, Power, ResponseCurve
from optimizer.question.program import KEPT, Program
from optimizer.solvers.branch import Outcome
from optimizer.solvers.cones import Figures, Shape, Term, template
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.solvers.frontier_walk import FrontierWalk
from optimizer.solvers.hulls import Tables
from optimizer.solvers.linear import SegmentProgram
from optimizer.solvers.polish import polished
from optimizer.solvers.relaxation import Relaxation

__all__ = ["Conic", "proved_bound"]

_MOST_DRAWS = 64


@dataclass(frozen=True)
class Conic:
    """CVXPY with Clarabel, an interior-point method for exponential and power cones.

    Concave Hill (slope up to 1), Michaelis-Menten, exponential and power curves, with up to 64 draws. The blended CAC
    becomes linear by the substitution of Charnes and Cooper (1962). Budgets, bounds, rows and the curves' scales are
    parameters of a program that is compiled once, so a changed plan of the same kind is only solved again. The
    allocation is the solver's; its bound is not, but comes from hulls sampled where the solver landed, so the proof
    does not rest on tolerances.
    """

    @property
    def name(self) -> str:
        """What allocations call the engine."""
        return "conic program, Clarabel, hull bound"

    def run(self, program: Program, flat: FlatCurves, gap: float, time_limit: float) -> Outcome:
        """The best allocation and a bound on all others.

        Raises
        ------
        BadInput
            Where a curve has no conic form here, or channels have entry prices.
        """
        _check(program)
        if (program.lower >= program.upper).all():  # nothing to decide, and no scale for a solver
            return _least(program, flat)
        size = max(float(flat.mean(program.upper).sum()), 1e-300)
        scale = np.where(program.upper > 0, program.upper, 1.0)
        terms, rate, worth = _terms(program, scale, size)
        shape = Shape(program.size, len(program.rows), terms, program.goal.is_ratio)
        share = template(shape).best(_figures(program, scale, size, rate, worth))
        if share is None:
            return Outcome(None, -np.inf, -np.inf, 1, True)
        found = polished(program, flat, scale * share)
        bound = proved_bound(program, flat, found)
        least = _least(program, flat)  # where nothing pays, a solver ends a hair above the least spend
        score = program.goal.score(found, flat.mean(found))
        if least.spend is not None and least.score >= score:
            found, score = least.spend, least.score
        return Outcome(found, score, max(bound, score), 1, True)


def _least(program: Program, flat: FlatCurves) -> Outcome:
    """The least spend that bounds allow, where it keeps the rows."""
    spend = program.lower.copy()
    customers = flat.mean(spend)
    if (program.residuals(spend, customers)[1] > KEPT).any():
        return Outcome(None, -np.inf, -np.inf, 1, True)
    score = program.goal.score(spend, customers)
    return Outcome(spend, score, score, 1, True)


def _check(program: Program) -> None:
    problems: list[Problem | str] = []
    for channel, curve in program.setting.curves.items():
        kinds = {type(atom.curve) for atom in curve.atoms()}
        if float(np.max(curve.inflection)) > 0 or not kinds <= _FAMILIES:
            problems.append(Problem("Conic", "has no exact conic form.", channel, remedy="use the default engine."))
        if curve.n_draws > _MOST_DRAWS:
            text = f"has {curve.n_draws} draws, and one cone each is too many beyond {_MOST_DRAWS}."
            problems.append(Problem("Conic", text, channel, remedy="use the default engine."))
    if not program.is_gapless or program.lazy:
        text = "takes neither entry prices nor a limit on the total change."
        problems.append(Problem("Conic", text, remedy="use the default engine."))
    if problems:
        raise BadInput(problems)


def _terms(program: Program, scale: Array, size: float) -> tuple[tuple[Term, ...], Array, Array]:
    """The responses' terms, what a share of one is to each, and its customers as a share of ``size``."""
    terms, rate, worth = [], [], []
    for channel, curve in enumerate(program.setting.curves.values()):
        for atom in curve.atoms():
            draws = max(atom.curve.n_draws, 1)
            for draw in range(draws):
                single = atom.curve.take([draw])
                numbers = {name: float(np.ravel(values)[0]) for name, values in single.parameters.items()}
                kind, exponent, factor, won = _term(single, numbers, float(scale[channel]))
                terms.append(Term(channel, kind, exponent))
                rate.append(factor)
                worth.append(atom.weight / draws / size * won)
    return tuple(terms), np.array(rate), np.array(worth)


def _term(curve: ResponseCurve, numbers: dict[str, float], spend: float) -> tuple[str, float, float, float]:
    """Kind of cone, its exponent, what ``spend`` is to it, and its customers per unit of its value."""
    if isinstance(curve, Power):
        exponent = numbers["exponent"]
        return ("line" if exponent == 1 else "power"), exponent, 1.0, numbers["scale"] * spend**exponent
    share, saturation = spend / numbers["half_saturation"], numbers["saturation"]
    if isinstance(curve, Exponential):
        return "exponential", 1.0, np.log(2) * share, saturation
    slope = numbers.get("slope", 1.0)
    return ("michaelis_menten" if slope == 1 else "hill"), slope, share, saturation


_FAMILIES = {Exponential, Hill, MichaelisMenten, Power}


def _figures(program: Program, scale: Array, size: float, rate: Array, worth: Array) -> Figures:
    """The plan's figures, rows and objective each scaled to the order of one."""
    goal, business = program.goal, program.goal.business
    money = max(float(program.upper.sum()), 1e-300)
    per_spend, per_customer, room = program.row_matrices
    weights = np.array([max(parts) for parts in _row_sizes(program, money, size)]).reshape(-1, 1)
    if goal.is_ratio:
        people, outlay = business.customers(size), business.outlay(money)
        gain_won, gain_share, fixed = np.full(program.size, size / people), scale / outlay, business.fixed_cost / outlay
        organic = business.organic / people
    else:
        weight = max(float(goal.per_customer.max()) * size, float(goal.per_spend.max()) * money, 1e-300)
        gain_won, gain_share = goal.per_customer * size / weight, goal.per_spend * scale / weight
        fixed = organic = 0.0
    return Figures(
        floor=program.lower / scale,
        cap=program.upper / scale,
        rate=rate,
        worth=worth,
        per_share=per_spend * scale / weights,
        per_won=per_customer * size / weights,
        room=room / weights[:, 0],
        gain_won=gain_won,
        gain_share=gain_share,
        fixed=fixed,
        organic=organic,
    )


def _row_sizes(program: Program, money: float, size: float) -> Iterator[tuple[float, ...]]:
    for row in program.rows:
        yield float(np.abs(row.per_spend).max()) * money, float(row.per_customer.max()) * size, abs(row.room), 1e-300


def proved_bound(program: Program, flat: FlatCurves, spend: Array) -> float:
    """A score that no allocation exceeds, tight where ``spend`` is optimal: one relaxation over hulls sampled there."""
    tables = Tables(flat, program.lower, program.upper, program.hole)
    tables.refine(np.arange(program.size), spend)
    relax: Relaxation = FrontierWalk(program) if program.is_aggregate else SegmentProgram(program)
    relaxed = relax(tables.hulls(program.lower, program.upper), np.zeros(len(program.rows)))
    return np.inf if relaxed is None else relaxed.score
