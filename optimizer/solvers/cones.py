"""Concave plans as one conic program per kind of plan: every figure is a parameter, so it is compiled once."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attribution.errors import CacError
from mmm.arrays import Array

__all__ = ["Figures", "Shape", "Term", "template"]

_KEPT = 16  # compiled programs kept
_TOLERANCES = (1e-10, 1e-9, 1e-8)  # the first that the solver is sure of
_STEADIER = 1e-6  # regularisation of a last attempt, where it is sure of none

Expression = Any


class Term(NamedTuple):
    """One concave term of one channel's response: its place, its kind of cone, and the exponent in that."""

    channel: int
    kind: str
    exponent: float


@dataclass(frozen=True)
class Shape:
    """What a compiled program depends on; anything else is a parameter.

    Parameters
    ----------
    channels, rows
        Their numbers.
    terms
        Terms of the responses; exponents are part of the cones and cannot be parameters.
    is_ratio
        Whether the blended CAC is minimised, by the substitution of Charnes and Cooper (1962).
    """

    channels: int
    rows: int
    terms: tuple[Term, ...]
    is_ratio: bool


@dataclass(frozen=True)
class Figures:
    """The parameters, spend as shares of each channel's most and customers as shares of all.

    Parameters
    ----------
    floor, cap
        Least and most share per channel.
    rate, worth
        Per term: what a share of one is to it, and its customers.
    per_share, per_won, room
        Rows: per_share @ share - per_won @ won <= room.
    gain_won, gain_share, fixed
        The objective: gain_won @ won - gain_share @ share - fixed.
    """

    floor: Array
    cap: Array
    rate: Array
    worth: Array
    per_share: Array
    per_won: Array
    room: Array
    gain_won: Array
    gain_share: Array
    fixed: float
    organic: float


class Template:
    """A conic program of a shape, through CVXPY's disciplined parametrised programming (Agrawal et al., 2019)."""

    def __init__(self, shape: Shape) -> None:
        import cvxpy as cp

        n, m = shape.channels, len(shape.terms)
        owner = np.zeros((m, n))
        owner[np.arange(m), [term.channel for term in shape.terms]] = 1.0
        self._unit = cp.Variable(nonneg=True) if shape.is_ratio else cp.Constant(1.0)
        self._share, won = cp.Variable(n), cp.Variable(n)
        reached, value = cp.Variable(m, nonneg=True), cp.Variable(m)
        signs = dict.fromkeys(("floor", "cap", "rate", "worth", "per_won", "gain_won", "fixed", "organic"), True)
        sizes: dict[str, Any] = dict.fromkeys(("floor", "cap", "gain_won", "gain_share"), n)
        sizes |= {"rate": m, "worth": m, "fixed": (), "organic": ()}
        if shape.rows:
            sizes |= dict.fromkeys(("per_share", "per_won"), (shape.rows, n)) | {"room": shape.rows}
        self._parameters = {name: cp.Parameter(size, nonneg=signs.get(name)) for name, size in sizes.items()}
        p, unit, share = self._parameters, self._unit, self._share
        rules = [
            share <= p["cap"] * unit,
            share >= p["floor"] * unit,
            reached == cp.multiply(p["rate"], owner @ share),
            won <= owner.T @ cp.multiply(p["worth"], value),
            *_cones(shape.terms, reached, value, unit),
        ]
        if shape.rows:
            rules.append(p["per_share"] @ share - p["per_won"] @ won <= p["room"] * unit)
        if shape.is_ratio:
            rules.append(p["organic"] * unit + p["gain_won"] @ won >= 1)
            objective = -p["gain_share"] @ share - p["fixed"] * unit
        else:
            objective = p["gain_won"] @ won - p["gain_share"] @ share
        self.problem = cp.Problem(cp.Maximize(objective), rules)

    def best(self, figures: Figures) -> Array | None:
        """The best shares; None where there are none.

        Raises
        ------
        CacError
            Where the solver ends anything but sure of its answer.
        """
        import cvxpy as cp

        for name, parameter in self._parameters.items():
            parameter.value = getattr(figures, name)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Solution may be inaccurate")  # the status says so: refused
            for limits in _attempts():
                try:
                    self.problem.solve(solver=cp.CLARABEL, max_iter=500, **limits)
                except cp.error.SolverError as error:
                    raise CacError(f"the conic solver failed: {error}. Remedy: use the default engine.") from error
                if "inaccurate" not in self.problem.status:
                    break
        if self.problem.status == "infeasible":
            return None
        if self.problem.status != "optimal":
            raise CacError(f"the conic solver ended {self.problem.status!r}. Remedy: use the default engine.")
        return np.asarray(self._share.value / float(self._unit.value))


def _attempts() -> Iterator[dict[str, float]]:
    """Settings of the solver, the sharpest first."""
    tolerances = [dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), each) for each in _TOLERANCES]
    yield from tolerances
    yield {**tolerances[-1], "static_regularization_constant": _STEADIER}


@lru_cache(maxsize=_KEPT)
def template(shape: Shape) -> Template:
    """The compiled program of a shape, made once."""
    return Template(shape)


def _cones(terms: tuple[Term, ...], reached: Expression, value: Expression, unit: Expression) -> list[Any]:
    """Rules that keep each term's value at or below its curve; all times ``unit``."""
    import cvxpy as cp

    def of(kind: str) -> npt.NDArray[np.intp]:
        return np.array([i for i, term in enumerate(terms) if term.kind == kind], dtype=np.intp)

    rules = []
    if len(lines := of("line")):
        rules.append(value[lines] <= reached[lines])
    if len(powers := of("power")):
        exponents = np.array([terms[i].exponent for i in powers])
        rules.append(cp.PowCone3D(reached[powers], unit * np.ones(len(powers)), value[powers], exponents))
    if len(exponentials := of("exponential")):
        rules.append(cp.ExpCone(-reached[exponentials], unit * np.ones(len(exponentials)), unit - value[exponentials]))
    if len(hills := of("hill")):  # u / (1 + u) for u = (spend / half) ** slope
        exponents = np.array([terms[i].exponent for i in hills])
        power = cp.Variable(len(hills), nonneg=True)
        rules.append(cp.PowCone3D(reached[hills], unit * np.ones(len(hills)), power, exponents))
        rules.append(_below_saturation(value[hills], power, unit, len(hills)))
    if len(plain := of("michaelis_menten")):
        rules.append(_below_saturation(value[plain], reached[plain], unit, len(plain)))
    return rules


def _below_saturation(value: Expression, amount: Expression, unit: Expression, count: int) -> Any:
    """Keep value <= unit * u / (1 + u), u = amount / unit: the cone (unit - value) (unit + amount) >= unit ** 2."""
    import cvxpy as cp

    left, right = unit - value, unit + amount
    return cp.SOC(left + right, cp.vstack([2 * unit * np.ones(count), left - right]), axis=0)
