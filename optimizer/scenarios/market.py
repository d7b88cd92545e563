"""What-ifs of the market: fewer who convert, fewer to be won, a change of what comes unpaid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from attribution.numbers import typed_percent
from attribution.shown import shown
from mmm.curves import ResponseCurves
from optimizer.plan import Plan
from optimizer.scenarios.what_ifs import Scenario, check_share

__all__ = ["ConversionChange", "DemandChange", "OrganicShift", "StageChange"]


@shown
@dataclass(frozen=True)
class ConversionChange(Scenario):
    """More or fewer of those who come become customers, by a share: -0.15 for 15 % fewer, paid and unpaid alike."""

    by: float

    def __post_init__(self) -> None:
        check_share("ConversionChange", self.by)

    @property
    def name(self) -> str:
        """Conversion with its change."""
        return f"conversion {typed_percent(self.by)}"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """Organic customers and every curve scaled."""
        return _with_organic(plan, np.asarray(plan.organic) * (1 + self.by)), _scaled(curves, 1.0, 1 + self.by)


@shown
@dataclass(frozen=True)
class StageChange(Scenario):
    """More or fewer pass a stage of the funnel, by a share of them: -0.15 for 15 % fewer, later rates unchanged.

    Parameters
    ----------
    stage
        Its name.
    by
        The change.
    channels
        Whose people pass it.
    organic
        Whether organic customers pass it too.
    """

    stage: str
    by: float
    channels: tuple[str, ...]
    organic: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(self.channels))
        check_share("StageChange", self.by)

    @property
    def name(self) -> str:
        """The stage with its change."""
        return f"{self.stage} {typed_percent(self.by)}"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The curves of the channels scaled, and organic customers where they pass the stage."""
        for channel in self.channels:
            curves = curves.with_curve(channel, curves[channel].scaled(effect=1 + self.by))
        return (_with_organic(plan, np.asarray(plan.organic) * (1 + self.by)) if self.organic else plan), curves


@shown
@dataclass(frozen=True)
class DemandChange(Scenario):
    """A larger or smaller market, by a share: -0.1 where a tenth fewer are to be won.

    Organic customers change by the share; curves keep what a first customer costs and are used up sooner or later.
    """

    by: float

    def __post_init__(self) -> None:
        check_share("DemandChange", self.by)

    @property
    def name(self) -> str:
        """Demand with its change."""
        return f"demand {typed_percent(self.by)}"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """Organic customers scaled, and every curve along both axes."""
        size = 1 + self.by
        return _with_organic(plan, np.asarray(plan.organic) * size), _scaled(curves, size, size)


@shown
@dataclass(frozen=True, eq=False)
class OrganicShift(Scenario):
    """Organic customers more or fewer by a number, or by draws that belong with those of the plan's.

    Parameters
    ----------
    called
        What tables call it.
    customers
        Over the horizon, below 0 for fewer: a number, or shape (draws,).
    """

    called: str
    customers: Any

    @property
    def name(self) -> str:
        """What it is called."""
        return self.called

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan with other organic customers."""
        return _with_organic(plan, np.asarray(plan.organic) + self.customers), curves


def _scaled(curves: ResponseCurves, spend: float, customers: float) -> ResponseCurves:
    return ResponseCurves({channel: curve.stretched(spend, customers) for channel, curve in curves.items()})


def _with_organic(plan: Plan, organic: Any) -> Plan:
    """The plan with other organic customers wherever it states them."""

    def moved(part: Any) -> Any:
        stated = getattr(part, "organic", None)
        return part if stated is None else replace(part, organic=organic)

    return plan.replaced(objective=moved(plan.objective), subject_to=[moved(part) for part in plan.subject_to])
