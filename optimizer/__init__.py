"""Optimizer: from response curves to the spend with the lowest blended CAC, with a proof."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from optimizer.answer.allocation import Allocation, Certificate, Status
from optimizer.answer.evaluation import Evaluation
from optimizer.plan import Plan
from optimizer.question.constraints import Budget, Change, Channel, Constraint, Customers, Group, MaxCAC, Pacing
from optimizer.question.objectives import BlendedCAC, Objective, Profit, Spend

if TYPE_CHECKING:
    from optimizer.cycle.guardrails import Ceiling, Guardrails
    from optimizer.scenarios import (
        BudgetChange,
        BudgetOf,
        ChannelOff,
        Comparison,
        CostInflation,
        FixedCost,
        LowerValue,
        NewChannel,
        Promise,
        PromiseChange,
        Scenario,
        Together,
        compare,
        scenario_frontiers,
    )
    from optimizer.solvers.conic import Conic
    from optimizer.solvers.engines import Hulls
    from optimizer.uncertainty.risk import Pessimistic, Regret, expected_regret, risk_frontier, tail_mean
    from optimizer.uncertainty.value_of_tests import LiftTest, perfect_information, sizes_of_test, value_of_tests
    from optimizer.weeks.flight import Flight, FlightPlan, by_geo

_HOMES = {
    "optimizer.weeks.flight": ("Flight", "FlightPlan", "by_geo"),
    "optimizer.cycle.guardrails": ("Ceiling", "Guardrails"),
    "optimizer.uncertainty.value_of_tests": ("LiftTest", "perfect_information", "sizes_of_test", "value_of_tests"),
    "optimizer.uncertainty.risk": ("Pessimistic", "Regret", "expected_regret", "risk_frontier", "tail_mean"),
    "optimizer.scenarios": (
        "BudgetChange",
        "BudgetOf",
        "ChannelOff",
        "Comparison",
        "CostInflation",
        "FixedCost",
        "LowerValue",
        "NewChannel",
        "Promise",
        "PromiseChange",
        "Scenario",
        "Together",
        "compare",
        "scenario_frontiers",
    ),
    "optimizer.solvers.conic": ("Conic",),
    "optimizer.solvers.engines": ("Hulls",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Allocation",
    "BlendedCAC",
    "Budget",
    "BudgetChange",
    "BudgetOf",
    "Ceiling",
    "Certificate",
    "Change",
    "Channel",
    "ChannelOff",
    "Comparison",
    "Conic",
    "Constraint",
    "CostInflation",
    "Customers",
    "Evaluation",
    "FixedCost",
    "Flight",
    "FlightPlan",
    "Group",
    "Guardrails",
    "Hulls",
    "LiftTest",
    "LowerValue",
    "MaxCAC",
    "NewChannel",
    "Objective",
    "Pacing",
    "Pessimistic",
    "Plan",
    "Profit",
    "Promise",
    "PromiseChange",
    "Regret",
    "Scenario",
    "Spend",
    "Status",
    "Together",
    "by_geo",
    "compare",
    "expected_regret",
    "perfect_information",
    "risk_frontier",
    "scenario_frontiers",
    "sizes_of_test",
    "tail_mean",
    "value_of_tests",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
