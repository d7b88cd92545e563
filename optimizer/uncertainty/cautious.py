"""Cautious: the plan that improves on today most under the reading where it improves least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.shown import shown
from mmm.curves import ResponseCurves
from optimizer.answer.verify import refuse_broken
from optimizer.plan import Plan
from optimizer.solvers.cases import Biases, Case
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.uncertainty.guarded import Guarded, guarded, program_against_today

__all__ = ["Cautious"]


@shown
@dataclass(frozen=True)
class Cautious:
    """A plan that has to hold under every reading of the data, not under their mixture.

    Each reading has its own curves and organic customers, and its own figure of today. The plan maximises the least
    improvement on today over the readings. Where today's spend keeps the promises under all of them, the least is never
    below zero: no reading holds the plan for worse than today, and where they agree on no move the plan is today's.

    Parameters
    ----------
    readings
        Name of a reading -> the plan as it reads there and its curves: the same objective, limits on spend and current
        spend; organic customers and promises may differ. Promises must hold under every reading.
    """

    readings: Mapping[str, tuple[Plan, ResponseCurves]]

    def __post_init__(self) -> None:
        if not self.readings:
            raise BadInput(Problem("Cautious", "has no readings.", remedy="give at least one plan and its curves."))
        plans = [(name, plan, curves.channels) for name, (plan, curves) in self.readings.items()]
        _, first, channels = plans[0]
        for name, plan, own in plans[1:]:
            if own != channels or type(plan.objective) is not type(first.objective) or plan.now != first.now:
                text = f"{name} has other channels, another kind of objective or other current spend than the first."
                raise BadInput(Problem("Cautious", text, remedy="ask every reading the same question."))

    def solve(
        self, gap: float = 1e-3, time_limit: float = 30.0, tried: Sequence[Mapping[str, float] | pd.Series] = ()
    ) -> Guarded:
        """The plan whose least improvement on today, over the readings, is largest.

        Parameters
        ----------
        gap
            Distance of the least improvement from its bound at which to stop, as a share of today's figure.
        time_limit
            Seconds after which to stop with a wider gap.
        tried
            Plans that are known, by channel: what comes of it is no worse at worst than any of them that keeps all
            promises.

        Returns
        -------
        Improvements by reading; the plain plan is that of the first reading alone.

        Raises
        ------
        BadInput
            Where the plans do not state today's spend, or nothing limits a channel.
        InfeasiblePlan
            Where no spend keeps the promises under all readings.
        """
        cases = [_case(name, plan, curves) for name, (plan, curves) in self.readings.items()]
        plan, curves = next(iter(self.readings.values()))
        plain = plan.solve(curves, gap, time_limit).spend
        refusal = "no spend keeps the promises under all readings. Remedy: lower them, or leave out a reading."
        known = [cases[0].now, plain.to_numpy(), *(curves.amounts(one) for one in tried)]
        spend, worst, bound, distance, status = guarded(cases, known, gap, time_limit, refusal)
        for other, own in self.readings.values():
            refuse_broken(other.missed(own, spend))
        short = tuple(miss for other, own in self.readings.values() for miss in other.missed(own, plain))
        figures = (_improvement(cases, one) for one in (spend, plain))
        return Guarded(spend, next(figures), worst, bound, distance, status, plain, next(figures), short)

    def improvement(self, spend: Mapping[str, float] | pd.Series) -> pd.Series:
        """What any spend improves on today's figure, by reading."""
        return _improvement([_case(name, *reading) for name, reading in self.readings.items()], spend)


def _case(name: str, plan: Plan, curves: ResponseCurves) -> Case:
    program, now = program_against_today("Cautious", plan, curves)
    nothing = np.zeros(len(curves))
    return Case(name, program, FlatCurves(curves), now, Biases(nothing, nothing))


def _improvement(cases: list[Case], spend: Mapping[str, float] | pd.Series) -> pd.Series:
    amounts = cases[0].program.setting.curves.amounts(spend)
    figures = {case.name: case.improvement(amounts, case.flat.mean(amounts)) for case in cases}
    return pd.Series(figures, name="improvement").rename_axis("case")
