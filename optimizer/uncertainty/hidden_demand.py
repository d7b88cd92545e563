"""HiddenDemand: the best plan where part of what channels are credited with is demand that comes anyway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, UnknownChannel
from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves import ResponseCurve, ResponseCurves
from optimizer.answer.misses import Miss
from optimizer.answer.spent import Spent
from optimizer.answer.verify import missed, refuse_broken
from optimizer.plan import Plan
from optimizer.question.constraints import MaxCAC
from optimizer.question.objectives import Customers
from optimizer.solvers.cases import Biases, Case
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.uncertainty.guarded import Guarded, guarded, program_against_today

__all__ = ["MODELLED", "WORST", "HiddenDemand"]

MODELLED, WORST = "as modelled", "worst hidden demand"
"""What tables call the two cases."""


@shown
@dataclass(frozen=True)
class HiddenDemand:
    """A plan for the worst of all demands that could hide behind the channels' credit.

    Spend that follows a demand nobody measured is credited with customers who come anyway. Of every channel c named, a
    share d(c) of its whole curve, from 0 to ``strength``, may be such demand, at most ``in_all`` of the customers that
    they are credited with today together. Today's customers are what they are; what a plan changes is worth
    (1 - d(c)) of what the model says. The plan maximises the improvement on today's figure under the worst d of that
    polyhedron; as today's own figure is the same under every d, this is also the best worst figure.

    A channel that is raised is so held for weaker than modelled, and one that is cut for as strong as modelled: cutting
    what may work costs, and raising what may not work brings less. Promises of customers and ceilings on the CAC must
    hold under every d; limits on a channel's marginal CAC and its price of entry are read on the curves as they are.

    Parameters
    ----------
    plan
        Objective, promises and limits, with ``now``; where today's spend breaks a promise, also an upper limit on every
        channel or a budget.
    strength
        Largest share of a channel's effect that may be demand, from 0 to 1: for all alike, or by channel.
    channels
        Those in doubt; all by default, or those that ``strength`` names.
    in_all
        Most of the customers credited today to the channels in doubt that may be demand, as a share from 0 to 1.

    Examples
    --------
    >>> import mmm.curves, optimizer
    >>> curves = mmm.curves.ResponseCurves({"tv": mmm.curves.Hill(900, 60_000), "search": mmm.curves.Hill(500, 20_000)})
    >>> plan = optimizer.Plan(
    ...     maximize=optimizer.Customers(),
    ...     subject_to=[optimizer.Budget(exactly=100_000)],
    ...     now={"tv": 40_000, "search": 60_000},
    ... )
    >>> against = optimizer.HiddenDemand(plan, strength=0.3, channels=["tv"]).solve(curves)
    >>> bool(0 <= against.plain_worst <= against.worst <= against.bound)
    True
    """

    plan: Plan
    strength: float | Mapping[str, float] = 0.5
    channels: Sequence[str] = ()
    in_all: float = 1.0

    def __post_init__(self) -> None:
        given = list(self.strength.values()) if isinstance(self.strength, Mapping) else [self.strength]
        shares = [*given, self.in_all]
        if not all(0 <= float(share) <= 1 for share in shares):
            text = f"strength is {self.strength} and in_all {self.in_all}."
            raise BadInput(Problem("HiddenDemand", text, remedy="give shares from 0 to 1."))
        if isinstance(self.strength, Mapping) and self.channels:
            raise BadInput(Problem("HiddenDemand", "names channels twice.", remedy="name them in strength alone."))

    def solve(self, curves: Mapping[str, ResponseCurve], gap: float = 1e-3, time_limit: float = 30.0) -> Guarded:
        """The plan whose improvement on today is best under the worst hidden demand.

        Parameters
        ----------
        curves
            Response curves over the horizon; averages over their draws count.
        gap
            Distance of the worst improvement from its bound at which to stop, as a share of today's figure.
        time_limit
            Seconds after which to stop with a wider gap.

        Raises
        ------
        BadInput
            Where the plan does not state today's spend, or nothing limits a channel.
        InfeasiblePlan
            Where no spend keeps the promises under every hidden demand.
        UnknownChannel
            Where a channel in doubt has no curve.
        """
        known = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        case = self.case(known)
        plain = self.plan.solve(known, gap, time_limit).spend
        refusal = (
            "the promises cannot be kept under every hidden demand of this strength, though they can as the model "
            "says. Remedy: lower them, or the strength."
        )
        tried = [case.now, plain.to_numpy()]
        spend, worst, bound, distance, status = guarded([case], tried, gap, time_limit, refusal)
        refuse_broken((*self.plan.missed(known, spend), *self._missed(case, spend)))
        figures = partial(self._improvement, case)
        short = self._missed(case, plain)
        return Guarded(spend, figures(spend), worst, bound, distance, status, plain, figures(plain), short)

    def improvement(self, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series) -> pd.Series:
        """What any spend improves on today's figure, as modelled and under its worst hidden demand."""
        known = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        return self._improvement(self.case(known), spend)

    def customers(self, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series) -> pd.Series:
        """Expected customers of any spend, as modelled and under the demand that leaves fewest, organic ones too."""
        known = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        case = self.case(known)
        modelled = case.flat.mean(known.amounts(spend))
        worst = case.won(modelled, np.ones(len(known)))
        business = case.program.goal.business
        figures = {MODELLED: business.customers(modelled.sum()), WORST: business.customers(worst.sum())}
        return pd.Series(figures, name="customers").rename_axis("case")

    def missed(self, curves: ResponseCurves, spend: pd.Series) -> tuple[Miss, ...]:
        """What a spend does not keep, promises of customers and of the blended CAC under their worst hidden demand."""
        promised = [part for part in self.plan.subject_to if isinstance(part, Customers | MaxCAC)]
        limits = [part for part in self.plan.subject_to if part not in promised]
        on_curves = self.plan.replaced(subject_to=limits).missed(curves, spend)
        return (*on_curves, *self._missed(self.case(curves), spend))

    def shares(self, curves: Mapping[str, ResponseCurve], spend: Mapping[str, float] | pd.Series) -> pd.Series:
        """The hidden demand that is worst for a spend: the share of each channel's effect, by channel."""
        known = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
        case = self.case(known)
        change = case.flat.mean(known.amounts(spend)) - case.credited
        dropped = 1.0 - case.biases.worst(case.program.goal.per_customer * change)
        return pd.Series(dropped, index=pd.Index(known.channels, name="channel"), name="hidden")

    def case(self, curves: ResponseCurves) -> Case:
        """The question with its polyhedron, as the search takes it."""
        program, now = program_against_today("HiddenDemand", self.plan, curves)
        flat = FlatCurves(curves)
        credited = flat.mean(now)
        share = self._shares(curves.channels)
        in_all = self.in_all * float(credited[share > 0].sum()) if self.in_all < 1 else np.inf
        return Case(WORST, program, flat, now, Biases(share, credited, in_all))

    def _shares(self, channels: tuple[str, ...]) -> Array:
        if isinstance(self.strength, Mapping):
            stated = {name: float(share) for name, share in self.strength.items()}
        else:
            stated = dict.fromkeys(self.channels or channels, float(self.strength))
        for name in stated:
            if name not in channels:
                raise UnknownChannel(name, known=channels, where="HiddenDemand")
        return np.array([stated.get(channel, 0.0) for channel in channels])

    @staticmethod
    def _improvement(case: Case, spend: Mapping[str, float] | pd.Series) -> pd.Series:
        amounts = case.program.setting.curves.amounts(spend)
        won = case.flat.mean(amounts)
        modelled = replace(case, biases=replace(case.biases, share=np.zeros_like(won)))
        figures = {MODELLED: modelled.improvement(amounts, won), WORST: case.improvement(amounts, won)}
        return pd.Series(figures, name="improvement").rename_axis("case")

    def _missed(self, case: Case, spend: pd.Series) -> tuple[Miss, ...]:
        """Promises that the spend breaks under its worst hidden demand, read as they are stated."""
        setting = case.program.setting
        amounts = spend.to_numpy()
        won = case.won(case.flat.mean(amounts), np.ones(len(amounts)))
        brought = dict(zip(setting.channels, won.tolist(), strict=True))
        stated = dict(zip(setting.channels, amounts.tolist(), strict=True))
        spent = Spent(setting, stated, brought.__getitem__, _endless)
        return missed([part for part in self.plan.subject_to if isinstance(part, Customers | MaxCAC)], spent)


def _endless(channel: str) -> float:
    return np.inf
