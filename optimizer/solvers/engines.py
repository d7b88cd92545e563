"""What solves a program; plans choose one, or are given one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from optimizer.question.program import Program
from optimizer.solvers.branch import Outcome, branch_and_bound
from optimizer.solvers.flat_curves import FlatCurves

__all__ = ["Engine", "Hulls"]


class Engine(Protocol):
    """A solver of programs with finite bounds."""

    @property
    def name(self) -> str:
        """What allocations call the engine."""

    def run(self, program: Program, flat: FlatCurves, gap: float, time_limit: float) -> Outcome:
        """The best allocation and a bound on all others."""


@dataclass(frozen=True)
class Hulls:
    """Rigorous hulls, the frontier walk or a linear program, branch and bound: every curve and every constraint."""

    @property
    def name(self) -> str:
        """What allocations call the engine."""
        return "hulls, branch and bound"

    def run(self, program: Program, flat: FlatCurves, gap: float, time_limit: float) -> Outcome:
        """The best allocation and a bound on all others."""
        return branch_and_bound(program, flat, gap, time_limit)
