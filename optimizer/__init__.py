"""Optimizer: from response curves to the spend with the lowest blended CAC, with a proof."""

from optimizer.allocation import Allocation, Certificate, Status
from optimizer.constraints import Budget, Change, Channel, Constraint, Customers, Group, MaxCAC, Pacing
from optimizer.evaluation import Evaluation
from optimizer.objectives import BlendedCAC, Objective, Profit, Spend
from optimizer.plan import Plan

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
