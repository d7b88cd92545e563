"""What-ifs: transformations of a plan and its curves, and the one way to ask them.

A what-if takes a plan and curves and returns a plan and curves (``Scenario``), so that each is solved with the same
proof as the plan itself; ``Together`` chains several. Begin with ``what_ifs``, then ``business`` and ``market``;
``comparison`` asks them, for Python and for the plan file, and ``stress`` those that every quarter should be asked.
Imports ``optimizer.plan``.
"""

from optimizer.scenarios.business import (
    BudgetOf,
    FixedCost,
    PromiseChange,
)
from optimizer.scenarios.comparison import (
    Answer,
    Comparison,
    answered,
    compare,
    scenario_frontiers,
)
from optimizer.scenarios.market import (
    ConversionChange,
    DemandChange,
    OrganicShift,
)
from optimizer.scenarios.stress import (
    Stress,
    StressAnswer,
    Stressed,
    stress,
)
from optimizer.scenarios.what_ifs import (
    AsPlanned,
    BudgetChange,
    ChannelOff,
    CostInflation,
    LowerValue,
    NewChannel,
    Promise,
    Scenario,
    Together,
)

__all__ = [
    "Answer",
    "AsPlanned",
    "BudgetChange",
    "BudgetOf",
    "ChannelOff",
    "Comparison",
    "ConversionChange",
    "CostInflation",
    "DemandChange",
    "FixedCost",
    "LowerValue",
    "NewChannel",
    "OrganicShift",
    "Promise",
    "PromiseChange",
    "Scenario",
    "Stress",
    "StressAnswer",
    "Stressed",
    "Together",
    "answered",
    "compare",
    "scenario_frontiers",
    "stress",
]
