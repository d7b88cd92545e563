"""Optimizer: from response curves to the spend with the lowest blended CAC, with a proof."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimizer.allocation import Allocation, Certificate, Status
    from optimizer.constraints import Budget, Change, Channel, Constraint, Customers, Group, MaxCAC, Pacing
    from optimizer.evaluation import Evaluation
    from optimizer.objectives import BlendedCAC, Objective, Profit, Spend
    from optimizer.plan import Plan

_HOMES = {
    "optimizer.allocation": ("Allocation", "Certificate", "Status"),
    "optimizer.constraints": ("Budget", "Change", "Channel", "Constraint", "Customers", "Group", "MaxCAC", "Pacing"),
    "optimizer.evaluation": ("Evaluation",),
    "optimizer.objectives": ("BlendedCAC", "Objective", "Profit", "Spend"),
    "optimizer.plan": ("Plan",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Allocation",
    "BlendedCAC",
    "Budget",
    "Certificate",
    "Change",
    "Channel",
    "Constraint",
    "Customers",
    "Evaluation",
    "Group",
    "MaxCAC",
    "Objective",
    "Pacing",
    "Plan",
    "Profit",
    "Spend",
    "Status",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
