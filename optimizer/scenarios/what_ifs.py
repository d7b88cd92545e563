"""What-ifs: transformations of a plan and its curves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from attribution.errors import BadInput, Problem
from attribution.numbers import amount, typed_percent
from attribution.shown import shown
from mmm.curves import ResponseCurves
from optimizer.plan import Plan
from optimizer.question.constraints import Budget, Channel, Constraint, MaxCAC
from optimizer.question.groups import AverageCAC, MarginalCAC
from optimizer.question.limits import Limit
from optimizer.question.wording import AS_PLANNED

__all__ = [
    "AsPlanned",
    "BudgetChange",
    "ChannelOff",
    "CostInflation",
    "LowerValue",
    "NewChannel",
    "Promise",
    "Scenario",
    "Together",
    "check_share",
]

_CEILINGS = (MaxCAC, AverageCAC, MarginalCAC)


class Scenario(ABC):
    """A change of the world or of the question."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What tables and plots call it."""

    @abstractmethod
    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan and the curves after the change."""

    def gives(self, limit: Limit | str) -> bool:
        """Whether a limit is the change itself, and none that may give way where no plan keeps all."""
        return False


@dataclass(frozen=True)
class AsPlanned(Scenario):
    """No change: what the others are compared with."""

    @property
    def name(self) -> str:
        """As planned."""
        return AS_PLANNED

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan and the curves themselves."""
        return plan, curves


@dataclass(frozen=True)
class BudgetChange(Scenario):
    """Every amount of the plan's budget up or down by a share: 0.2 for 20 % more, -0.1 for 10 % less."""

    by: float

    def __post_init__(self) -> None:
        check_share("BudgetChange", self.by)

    @property
    def name(self) -> str:
        """Budget with its change."""
        return f"budget {typed_percent(self.by)}"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan with the scaled budget.

        Raises
        ------
        BadInput
            Where the plan has no budget to change.
        """
        if not any(isinstance(part, Budget) for part in plan.subject_to):
            raise BadInput(Problem(self.name, "the plan has no budget to change.", remedy="add Budget(at_most=...)."))
        return plan.replaced(subject_to=[self._scaled(part) for part in plan.subject_to]), curves

    def _scaled(self, part: Constraint) -> Constraint:
        if not isinstance(part, Budget):
            return part
        amounts = (part.at_most, part.at_least, part.exactly)
        return Budget(*(None if figure is None else figure * (1 + self.by) for figure in amounts))


@dataclass(frozen=True)
class ChannelOff(Scenario):
    """A channel gets nothing; its own limits are put aside, those of groups that it belongs to stay."""

    channel: str

    @property
    def name(self) -> str:
        """The channel, off."""
        return f"{self.channel} off"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan with the channel at zero."""
        curves[self.channel]
        rest = [part for part in plan.subject_to if not _is_own(part, self.channel)]
        return plan.replaced(subject_to=[*rest, Channel(self.channel).zero()]), curves

    def gives(self, limit: Limit | str) -> bool:
        """That the channel gets nothing."""
        return isinstance(limit, Limit) and limit.subject.members == (self.channel,) and limit.figure == 0


@shown
@dataclass(frozen=True)
class CostInflation(Scenario):
    """Media cost more for the same effect: a share for all channels, or by channel; 0.15 for CPM + 15 %."""

    by: float | Mapping[str, float]

    def __post_init__(self) -> None:
        for share in self.by.values() if isinstance(self.by, Mapping) else [self.by]:
            check_share("CostInflation", share)

    @property
    def name(self) -> str:
        """Cost with its change."""
        if not isinstance(self.by, Mapping):
            return f"media cost {typed_percent(self.by)}"
        return ", ".join(f"{channel} cost {typed_percent(share)}" for channel, share in self.by.items())

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The curves stretched along spend."""
        by = self.by if isinstance(self.by, Mapping) else dict.fromkeys(curves, self.by)
        for channel, share in by.items():
            curves = curves.with_curve(channel, curves[channel].scaled(cost=1 + share))
        return plan, curves


def require_new(curves: ResponseCurves, channel: str, name: str) -> None:
    """Refuse a channel that has a curve already; ``name`` is what messages call the scenario."""
    if channel in curves:
        raise BadInput(Problem(name, f"{channel!r} has a curve already.", remedy="choose another name."))


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
        Standard deviation of the log of its effect beyond the borrowed curve's own, of which draws are made.
        The expected effect stays the borrowed one.
    at_most
        Most to be spent on it; None for no limit.
    seed
        Of those draws.
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
        now = None if plan.now is None else {**plan.now, self.channel: 0.0}
        if self.at_most is not None:
            plan = plan.replaced(subject_to=[*plan.subject_to, Channel(self.channel).at_most(self.at_most)])
        return plan.replaced(now=now), self.with_curve(curves)

    def with_curve(self, curves: ResponseCurves) -> ResponseCurves:
        """The curves with the borrowed one.

        Raises
        ------
        BadInput
            Where the channel has a curve already.
        """
        require_new(curves, self.channel, self.name)
        effect: float | np.ndarray = 1.0
        if curves.n_draws and self.uncertainty > 0:
            logs = np.random.default_rng(self.seed).normal(0, self.uncertainty, curves.n_draws)
            effect = np.exp(logs) / np.exp(logs).mean()
        curve = curves[self.like].scaled(cost=self.size * self.cost, effect=self.size * effect)
        return curves.with_curve(self.channel, curve)


@dataclass(frozen=True)
class LowerValue(Scenario):
    """A customer is worth less, by a share: scales the value in a profit objective and every ceiling on a CAC.

    Ceilings are those on the blended CAC, and those on the CAC and the marginal CAC of channels and groups.
    """

    by: float

    def __post_init__(self) -> None:
        check_share("LowerValue", -self.by)

    @property
    def name(self) -> str:
        """Value of a customer with its change."""
        return f"customer value {typed_percent(-self.by)}"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan with lower values.

        Raises
        ------
        BadInput
            Where neither objective nor constraints depend on the value of a customer.
        """
        objective, left = plan.objective.worth_less(self.by), 1 - self.by
        parts = [
            replace(part, at_most=float(part.at_most or 0.0) * left) if isinstance(part, _CEILINGS) else part
            for part in plan.subject_to
        ]
        if objective is None and not any(isinstance(part, _CEILINGS) for part in parts):
            remedy = "use maximize=Profit(...), MaxCAC(...) or a ceiling on the CAC of channels."
            raise BadInput(Problem(self.name, "nothing in the plan depends on a customer's value.", remedy=remedy))
        return plan.replaced(objective=objective, subject_to=parts), curves


@dataclass(frozen=True)
class Promise(Scenario):
    """Another promise of customers."""

    at_least: float

    @property
    def name(self) -> str:
        """The promise."""
        return f"promise of {amount(self.at_least)}"

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan with the promise in place of its own."""
        return plan.with_promise(self.at_least), curves


@shown
@dataclass(frozen=True, init=False)
class Together(Scenario):
    """Several changes at once, in the order given, under a name of their own where one is given."""

    parts: tuple[Scenario, ...]
    called: str = ""

    def __init__(self, *parts: Scenario, called: str = "") -> None:
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "called", called)

    @property
    def name(self) -> str:
        """What it is called, or else the names joined."""
        return self.called or " and ".join(part.name for part in self.parts)

    def applied(self, plan: Plan, curves: ResponseCurves) -> tuple[Plan, ResponseCurves]:
        """The plan and the curves after all changes."""
        for part in self.parts:
            plan, curves = part.applied(plan, curves)
        return plan, curves

    def gives(self, limit: Limit | str) -> bool:
        """What one of the changes gives."""
        return any(part.gives(limit) for part in self.parts)


def check_share(owner: str, share: float) -> None:
    """Refuse a relative change that leaves nothing, or no number."""
    if not -1 < share < np.inf:
        raise BadInput(
            Problem(owner, f"changes by {typed_percent(share)}; give a share above -1, such as 0.2 for 20 % more.")
        )


def _is_own(part: Constraint, channel: str) -> bool:
    """Whether a limit is stated of the channel itself; a group's is not, even where the channel is all of it."""
    return getattr(part, "subject", None) == Channel(channel).subject
