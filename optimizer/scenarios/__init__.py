"""What-ifs: transformations of a plan and its curves, and the table that compares their best answers.

A what-if takes a plan and curves and returns a plan and curves (``Scenario``), so that each is solved with the same
proof as the plan itself; ``Together`` chains several. Begin with ``what_ifs``. Imports ``optimizer.plan``.
"""

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
