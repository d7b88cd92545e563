"""What-ifs: transformations of a plan and its curves, and the table that compares their best answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.errors import BadInput, IllPosedPlan, InfeasiblePlan, Problem
from mmm.curves import ResponseCurves
from optimizer.answer.allocation import Allocation
from optimizer.plan import Plan
from optimizer.question.constraints import Budget, Channel, Constraint, MaxCAC

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


class Scenario(ABC):
    """A change of the world or of the question."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What tables and plots call it."""

    @abstractmethod
    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan and the curves after the change."""


@dataclass(frozen=True)
class AsPlanned(Scenario):
    """No change: what the others are compared with."""

    @property
    def name(self) -> str:
        """As planned."""
        return "as planned"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan and the curves themselves."""
        return plan, curves


@dataclass(frozen=True)
class BudgetChange(Scenario):
    """Every amount of the plan's budget up or down by a share: 0.2 for 20 % more, -0.1 for 10 % less."""

    by: float

    def __post_init__(self) -> None:
        _check_share("BudgetChange", self.by)

    @property
    def name(self) -> str:
        """Budget with its change."""
        return f"budget {self.by:+.0%}"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan with the scaled budget.

        Raises
        ------
        BadInput
            Where the plan has no budget to change.
        """
        if not any(isinstance(part, Budget) for part in plan.subject_to):
            raise BadInput(Problem(self.name, "the plan has no Budget to change.", remedy="add Budget(at_most=...)."))
        return plan.replaced(subject_to=[self._scaled(part) for part in plan.subject_to]), curves

    def _scaled(self, part: Constraint) -> Constraint:
        if not isinstance(part, Budget):
            return part
        amounts = (part.at_most, part.at_least, part.exactly)
        return Budget(*(None if amount is None else amount * (1 + self.by) for amount in amounts))


@dataclass(frozen=True)
class ChannelOff(Scenario):
    """A channel gets nothing; its own limits are put aside."""

    channel: str

    @property
    def name(self) -> str:
        """The channel, off."""
        return f"{self.channel} off"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan with the channel at zero."""
        curves[self.channel]
        rest = [part for part in plan.subject_to if getattr(part, "members", None) != (self.channel,)]
        return plan.replaced(subject_to=[*rest, Channel(self.channel).zero()]), curves


@dataclass(frozen=True)
class CostInflation(Scenario):
    """Media cost more for the same effect: a share for all channels, or by channel; 0.15 for CPM + 15 %."""

    by: float | Mapping[str, float]

    def __post_init__(self) -> None:
        for share in self.by.values() if isinstance(self.by, Mapping) else [self.by]:
            _check_share("CostInflation", share)

    @property
    def name(self) -> str:
        """Cost with its change."""
        if not isinstance(self.by, Mapping):
            return f"media cost {self.by:+.0%}"
        return ", ".join(f"{channel} cost {share:+.0%}" for channel, share in self.by.items())

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The curves stretched along spend."""
        by = self.by if isinstance(self.by, Mapping) else dict.fromkeys(curves, self.by)
        for channel, share in by.items():
            curves = curves.with_curve(channel, curves[channel].scaled(cost=1 + share))
        return plan, curves


@dataclass(frozen=True)
class NewChannel(Scenario):
    """A channel without history, whose curve is taken from one that it resembles.

    Parameters
    ----------
    channel
        Its name.
    like
        The channel whose curve it borrows.
    size
        Its audience against that channel's: both spend and customers of the curve are multiplied.
    cost
        Cost of its media against that channel's.
    uncertainty
        Standard deviation of the log of its effect beyond the borrowed curve's own; draws are made with ``seed``.
        The expected effect stays the borrowed one.
    at_most
        Most to be spent on it; None for no limit.
    """

    channel: str
    like: str
    size: float = 1.0
    cost: float = 1.0
    uncertainty: float = 0.3
    at_most: float | None = None
    seed: int = 0

    @property
    def name(self) -> str:
        """The channel and what it resembles."""
        return f"{self.channel}, new, like {self.like}"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan and the curves with one more channel."""
        if self.channel in curves:
            raise BadInput(Problem(self.name, f"{self.channel!r} has a curve already.", remedy="choose another name."))
        effect: float | np.ndarray = 1.0
        if curves.n_draws and self.uncertainty > 0:
            logs = np.random.default_rng(self.seed).normal(0, self.uncertainty, curves.n_draws)
            effect = np.exp(logs) / np.exp(logs).mean()
        curve = curves[self.like].scaled(cost=self.size * self.cost, effect=self.size * effect)
        now = None if plan.now is None else {**plan.now, self.channel: 0.0}
        if self.at_most is not None:
            plan = plan.replaced(subject_to=[*plan.subject_to, Channel(self.channel).at_most(self.at_most)])
        return plan.replaced(now=now), curves.with_curve(self.channel, curve)


@dataclass(frozen=True)
class LowerValue(Scenario):
    """A customer is worth less, by a share: scales the value in a profit objective and every ceiling on the CAC."""

    by: float

    def __post_init__(self) -> None:
        _check_share("LowerValue", -self.by)

    @property
    def name(self) -> str:
        """Value of a customer with its change."""
        return f"customer value {-self.by:+.0%}"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan with lower values.

        Raises
        ------
        BadInput
            Where neither objective nor constraints depend on the value of a customer.
        """
        objective, left = plan.objective.worth_less(self.by), 1 - self.by
        parts = [MaxCAC(part.at_most * left) if isinstance(part, MaxCAC) else part for part in plan.subject_to]
        if objective is None and not any(isinstance(part, MaxCAC) for part in parts):
            remedy = "use maximize=Profit(...) or MaxCAC(...)."
            raise BadInput(Problem(self.name, "nothing in the plan depends on a customer's value.", remedy=remedy))
        return plan.replaced(objective=objective, subject_to=parts), curves


@dataclass(frozen=True)
class Promise(Scenario):
    """Another promise of customers."""

    at_least: float

    @property
    def name(self) -> str:
        """The promise."""
        return f"promise of {self.at_least:,.0f}"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan with the promise in place of its own."""
        return plan.with_promise(self.at_least), curves


@dataclass(frozen=True, init=False)
class Together(Scenario):
    """Several changes at once, in the order given."""

    parts: tuple[Scenario, ...]

    def __init__(self, *parts: Scenario) -> None:
        object.__setattr__(self, "parts", parts)

    @property
    def name(self) -> str:
        """The names joined."""
        return " and ".join(part.name for part in self.parts)

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan and the curves after all changes."""
        for part in self.parts:
            plan, curves = part.applied(plan, curves)
        return plan, curves


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
        return str(self.frame.to_html(float_format=lambda figure: f"{figure:,.2f}"))


def compare(plan: Plan, curves: ResponseCurves, scenarios: Iterable[Scenario], gap: float = 1e-3) -> Comparison:
    """Solve the plan as it is and under each scenario.

    An infeasible or ill-posed scenario is a finding, not a failure: its row carries the reason.
    """
    rows: list[dict[str, object]] = []
    spends, allocations = {}, {}
    for scenario in (AsPlanned(), *scenarios):
        changed_plan, changed_curves = scenario.applied(plan, curves)
        try:
            found = changed_plan.solve(changed_curves, gap)
        except (InfeasiblePlan, IllPosedPlan) as problem:
            rows.append({"scenario": scenario.name, "problem": str(problem)})
            continue
        customers = changed_plan.evaluate(changed_curves, found.spend).customers
        low, high = np.quantile(customers, [0.05, 0.95])
        rows.append(
            {
                "scenario": scenario.name,
                "spend": found.total_spend,
                "customers": found.customers,
                "customers_low": low,
                "customers_high": high,
                "blended_cac": found.blended_cac,
                "value": found.value,
                "bound": found.bound,
                "gap": found.gap,
                "problem": "",
            }
        )
        spends[scenario.name] = found.spend
        allocations[scenario.name] = found
    columns = [
        "spend",
        "customers",
        "customers_low",
        "customers_high",
        "blended_cac",
        "value",
        "bound",
        "gap",
        "problem",
    ]
    frame = pd.DataFrame(rows).set_index("scenario").reindex(columns=columns)
    for figure in ("customers", "blended_cac"):
        frame.insert(columns.index("value"), f"{figure}_change", frame[figure] - frame[figure].iloc[0])
    return Comparison(frame, pd.DataFrame(spends).T.rename_axis("scenario"), allocations)


def scenario_frontiers(
    plan: Plan, curves: ResponseCurves, scenarios: Iterable[Scenario], budgets: Iterable[float], gap: float = 1e-3
) -> pd.DataFrame:
    """The frontier of the plan as it is and under each scenario: ``Plan.frontier`` with a leading scenario column."""
    budgets = list(budgets)
    frames = []
    for scenario in (AsPlanned(), *scenarios):
        changed_plan, changed_curves = scenario.applied(plan, curves)
        frame = changed_plan.frontier(changed_curves, budgets, gap)
        frame.insert(0, "scenario", scenario.name)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _check_share(owner: str, share: float) -> None:
    if not -1 < share < np.inf:
        raise BadInput(Problem(owner, f"changes by {share:+.0%}; give a share above -1, such as 0.2 for 20 % more."))
