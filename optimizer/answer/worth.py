"""Worth: what a spend is worth against today's, and how likely its promises are kept."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from attribution.estimates import Estimate
from attribution.shown import shown, table_html
from optimizer.answer.misses import Miss
from optimizer.question.limits import Limit, labels

__all__ = ["TODAY", "Difference", "NaivePlan", "Odds", "Worth"]

TODAY = "today"


@shown
@dataclass(frozen=True)
class Difference:
    """One figure of two spends, and by how much it differs draw by draw.

    Parameters
    ----------
    name
        Of the figure.
    before, after
        The figure of the spend that is held against, and of the plan. A blended CAC's point is the ratio of expected
        totals, as everywhere.
    change
        After less before: the points' difference, and the 90 % interval of the draws' differences.
    probability_better
        Probability that the plan does better, ties counting half; NaN where no draw tells the two apart.
    lower_is_better
        Whether less of the figure is wanted.
    """

    name: str
    before: Estimate
    after: Estimate
    change: Estimate
    probability_better: float
    lower_is_better: bool


@shown
@dataclass(frozen=True)
class Odds:
    """How likely a promise is kept.

    Parameters
    ----------
    promise
        The promise, or the guardrail in words.
    plan, today
        Probability that the plan, and that today's spend, keeps it.
    today_expected
        Whether today's spend keeps it at expected customers.
    is_guardrail
        Whether it is the usual wish for LTV:CAC and nothing that the plan was asked.
    """

    promise: Limit | str
    plan: float
    today: float
    today_expected: bool
    is_guardrail: bool = False


@shown
@dataclass(frozen=True, eq=False)
class NaivePlan:
    """A plan that needs no model, of the same spend as the plan, and the plan held against it.

    Parameters
    ----------
    name
        What it is.
    spend
        Currency over the horizon, by channel.
    misses
        The promises and limits that it does not keep, in expectation.
    rival
        The plan against it in the plan's own aim; in customers where the aim is the spend, which both share.
    figures
        The plan against it in every figure.
    against_today
        It against today's spend in the same figure.
    """

    name: str
    spend: pd.Series
    misses: tuple[Miss, ...]
    rival: Difference
    figures: tuple[Difference, ...] = field(repr=False)
    against_today: Difference = field(repr=False)


@shown
@dataclass(frozen=True, eq=False)
class Worth:
    """What a spend is worth against today's.

    Parameters
    ----------
    aim
        The plan's own aim.
    figures
        Customers, spend, blended CAC, profit where a customer's value is known, and an aim of one's own.
    promises
        How likely each promise that hangs on customers is kept, by the plan and by today's spend.
    today_misses
        The promises and limits that today's spend does not keep, in expectation: where there are any, beating today
        is no measure of the plan, for today's spend is not allowed.
    naive
        Plans of the same spend that need no model. Today's mix is left out where the plan spends as much as today, for
        it is today's spend then.
    """

    aim: Difference
    figures: tuple[Difference, ...]
    promises: tuple[Odds, ...]
    today_misses: tuple[Miss, ...]
    naive: tuple[NaivePlan, ...] = ()

    @property
    def open_figure(self) -> Difference:
        """The figure that draws decide: the plan's own aim, or customers where that is the spend, which is known."""
        return next(
            one for one in self.figures if one.name == ("customers" if self.aim.name == "spend" else self.aim.name)
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per figure and spend held against: ``against``, ``figure``, both, the change, each with intervals."""
        against = [(TODAY, self.figures), *((one.name, one.figures) for one in self.naive)]
        rows = [
            {
                "against": name,
                "figure": figure.name,
                **figure.before.flat("before"),
                **figure.after.flat("plan"),
                **figure.change.flat("change"),
                "probability_better": figure.probability_better,
            }
            for name, figures in against
            for figure in figures
        ]
        return pd.DataFrame(rows)

    def promises_frame(self) -> pd.DataFrame:
        """One row per promise: the probabilities that the plan and that today's spend keep it."""
        rows = [
            {
                "promise": name,
                "probability_plan": one.plan,
                "probability_today": one.today,
                "today_expected": one.today_expected,
            }
            for name, one in zip(labels([one.promise for one in self.promises]), self.promises, strict=True)
        ]
        columns = ["promise", "probability_plan", "probability_today", "today_expected"]
        return pd.DataFrame(rows, columns=columns)

    def _repr_html_(self) -> str:
        return table_html(self.to_frame(), index=False) + table_html(self.promises_frame(), index=False)
