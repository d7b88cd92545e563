"""How to read the report: its words."""

from __future__ import annotations

from typing import Any

from optimizer.planning.outputs.sections.section import Section
from optimizer.planning.stages.result import Run

__all__ = ["READING"]

_GLOSSARY = (
    ("Blended CAC", "All spend and the fixed cost, divided by all new customers, organic ones included."),
    ("CAC of a channel", "Its spend over the customers it adds, in the mix model's or an attribution model's view."),
    ("Marginal CAC", "What the next customer of a channel costs at the planned spend."),
    ("90 % interval", "The model holds that the figure lies inside with probability 90 %, given its assumptions."),
    (
        "Proved within a gap",
        "No allocation within the limits can be better than the plan by more than the gap, on these response curves. "
        "It is a proof about the arithmetic, not about the curves.",
    ),
    (
        "Against today",
        "The plan and today's spend in the same draws of the mix model; the interval is that of their difference, from "
        "which cancels what neither knows.",
    ),
    (
        "Where a move turns around",
        "What the channel's effect would have to be, as a share of what is expected, for the plan to leave its spend "
        "as it is, and how likely it is beyond that.",
    ),
    (
        "Mix model",
        "Estimates from weekly data what each channel causes. It is observational: spend that follows demand can look "
        "more effective than it is. Lift tests settle what it cannot.",
    ),
    (
        "Attribution",
        "Describes who stood on the way to a conversion. It is not what advertising caused: every model hands out all "
        "conversions, also those that would have come anyway.",
    ),
)


def _view(run: Run) -> dict[str, Any]:
    return {"glossary": _GLOSSARY}


READING = Section("reading", "How to read this", _view)
