"""What-ifs: transformations of a plan and its curves, and the table that compares their best answers."""

from optimizer.scenarios.what_ifs import (
    AsPlanned,
    BudgetChange,
    ChannelOff,
    Comparison,
    CostInflation,
    LowerValue,
    NewChannel,
    Promise,
    Scenario,
    Together,
    compare,
    scenario_frontiers,
)

__all__ = [
    "AsPlanned",
    "BudgetChange",
    "ChannelOff",
    "Comparison",
    "CostInflation",
    "LowerValue",
    "NewChannel",
    "Promise",
    "Scenario",
    "Together",
    "compare",
    "scenario_frontiers",
]
