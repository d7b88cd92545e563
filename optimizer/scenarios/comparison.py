"""Asking what-ifs of a plan: the one way, for Python and for the plan file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from attribution.errors import BadInput, InfeasiblePlan, Problem
from attribution.estimates import Estimate
from attribution.shown import shown, table_html
from mmm.curves import ResponseCurves
from optimizer.answer.allocation import Allocation
from optimizer.answer.evaluation import Evaluation
from optimizer.answer.refusals import Clash
from optimizer.plan import Plan
from optimizer.scenarios.what_ifs import AsPlanned, Scenario

__all__ = ["Answer", "Comparison", "answered", "compare", "scenario_frontiers"]

Solve = Callable[[Plan, ResponseCurves], Allocation]

_COLUMNS = [
    *("spend", "customers", "customers_low", "customers_high", "customers_change"),
    *("blended_cac", "blended_cac_change", "value", "bound", "gap", "problem"),
]


@dataclass(frozen=True, eq=False)
class Answer:
    """The best answer to one what-if, or why there is none.

    Parameters
    ----------
    name
        The scenario's.
    plan, curves
        As the scenario has them; as they were where it cannot be asked of them.
    allocation
        None where there is no answer.
    problem
        Why not; empty where there is one.
    infeasible
        Whether that is since no spend keeps all promises, and not since the question cannot be asked.
    """

    name: str
    plan: Plan
    curves: ResponseCurves
    allocation: Allocation | None
    problem: str = ""
    infeasible: bool = False

    @property
    def outcome(self) -> Evaluation | None:
        """Draws of what the answer brings."""
        return None if self.allocation is None else self.plan.evaluate(self.curves, self.allocation.spend)


@shown
@dataclass(frozen=True, eq=False)
class Comparison:
    """The best answers to several what-ifs.

    Parameters
    ----------
    frame
        One row per scenario: spend, customers with 5 % and 95 % points, blended_cac, the objective's value, bound and
        gap, changes of customers and CAC against the first row, and ``problem`` where there is no answer.
    spend
        Spend per scenario and channel.
    allocations
        The answers by scenario's name; scenarios without one are left out.
    """

    frame: pd.DataFrame
    spend: pd.DataFrame
    allocations: Mapping[str, Allocation]

    def _repr_html_(self) -> str:
        return table_html(self.frame)


def answered(
    scenario: Scenario,
    plan: Plan,
    curves: ResponseCurves,
    solve: Callable[[Plan, ResponseCurves], Allocation] = Plan.solve,
) -> Answer:
    """Solve a plan under a scenario; by its expectation, or in another way where ``solve`` is given.

    A scenario that cannot be asked of this plan, or has no allocation that keeps its promises, is a finding and no
    failure: the answer carries the reason.
    """
    changed_plan, changed_curves = plan, curves
    try:
        changed_plan, changed_curves = scenario.applied(plan, curves)
        return Answer(scenario.name, changed_plan, changed_curves, solve(changed_plan, changed_curves))
    except (BadInput, InfeasiblePlan) as problem:
        infeasible = isinstance(problem, InfeasiblePlan)
        text = problem.sparing(scenario.gives) if isinstance(problem, Clash) else str(problem)
        return Answer(scenario.name, changed_plan, changed_curves, None, text, infeasible)


def compare(plan: Plan, curves: ResponseCurves, scenarios: Iterable[Scenario], gap: float = 1e-3) -> Comparison:
    """Solve the plan as it is and under each scenario.

    A scenario without an answer has the reason in its row.

    Raises
    ------
    BadInput
        Where two scenarios have one name, or the plan itself is at fault.
    """
    asked = _named_apart([AsPlanned(), *scenarios])
    plan.program(curves)  # a fault of the plan's own is no finding about a scenario
    answers = [answered(scenario, plan, curves, partial(Plan.solve, gap=gap)) for scenario in asked]
    frame = pd.DataFrame([_row(answer) for answer in answers], columns=["scenario", *_COLUMNS]).set_index("scenario")
    for figure in ("customers", "blended_cac"):
        frame[f"{figure}_change"] = frame[figure] - frame[figure].iloc[0]
    allocations = {answer.name: answer.allocation for answer in answers if answer.allocation is not None}
    spend = pd.DataFrame({name: allocation.spend for name, allocation in allocations.items()})
    return Comparison(frame, spend.T.rename_axis("scenario"), allocations)


def _row(answer: Answer) -> dict[str, object]:
    allocation, outcome = answer.allocation, answer.outcome
    if allocation is None or outcome is None:
        return {"scenario": answer.name, "problem": answer.problem}
    return {
        "scenario": answer.name,
        "spend": allocation.total_spend,
        **Estimate.of(outcome.customers).flat("customers"),
        "customers": allocation.customers,
        "blended_cac": allocation.blended_cac,
        "value": allocation.value,
        "bound": allocation.bound,
        "gap": allocation.gap,
        "problem": "",
    }


def scenario_frontiers(
    plan: Plan, curves: ResponseCurves, scenarios: Iterable[Scenario], budgets: Iterable[float], gap: float = 1e-3
) -> pd.DataFrame:
    """The frontier of the plan as it is and under each scenario: ``Plan.frontier`` with a leading scenario column.

    Raises
    ------
    BadInput
        Where two scenarios have one name, or one cannot be asked of the plan.
    """
    budgets = list(budgets)
    frames = []
    for scenario in _named_apart([AsPlanned(), *scenarios]):
        changed_plan, changed_curves = scenario.applied(plan, curves)
        frame = changed_plan.frontier(changed_curves, budgets, gap)
        frame.insert(0, "scenario", scenario.name)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _named_apart(scenarios: Sequence[Scenario]) -> Sequence[Scenario]:
    names = [scenario.name for scenario in scenarios]
    twice = list(dict.fromkeys(name for name in names if names.count(name) > 1))
    if twice:
        text = f"more than one is called {', '.join(map(repr, twice))}; {AsPlanned().name!r} is the plan as it is."
        remedy = "leave one out, or name it: Together(scenario, called=...)."
        raise BadInput(Problem("scenarios", text, remedy=remedy))
    return scenarios
