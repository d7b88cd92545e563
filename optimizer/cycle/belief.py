"""What one fit says of the coming weeks at a spend that all fits are asked about, and the plan that is made of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves import ResponseCurves
from optimizer.cycle.monte_carlo import half_width, means_without

__all__ = ["ALL", "Belief", "Reading", "readings", "shares"]

ALL = "all"
"""What rows of totals are called."""


@shown
@dataclass(frozen=True, eq=False)
class Belief:
    """What one fit says, at one step from an old run to a new one.

    Parameters
    ----------
    because
        What has changed since the step before, in few words; empty for the first.
    curves
        Response curves over the coming horizon.
    organic
        Draws of the organic customers of the same weeks, paired with those of the curves; None where unknown.
    plan
        The plan made of it, currency by channel; None where none is.
    plans_without
        The same where each part of the draws is left out in turn, parts x channels, from which comes the plan's Monte
        Carlo error; None where that is not asked.
    fixed_cost
        Currency over the horizon, part of the blended CAC.
    """

    because: str
    curves: ResponseCurves
    organic: Array | None = field(default=None, repr=False)
    plan: pd.Series | None = None
    plans_without: pd.DataFrame | None = field(default=None, repr=False)
    fixed_cost: float = 0.0


@dataclass(frozen=True, eq=False)
class Reading:
    """One figure of a belief.

    Parameters
    ----------
    channel, figure
        Whose figure, and which.
    estimate
        The figure with its 90 % interval.
    error
        Half of the 90 % interval of its Monte Carlo error.
    draws
        What it is made of: customers, or customers per further unit of currency, shape (draws,).
    """

    channel: str
    figure: str
    estimate: Estimate
    error: float
    draws: Array = field(repr=False)


def readings(belief: Belief, spend: pd.Series, channels: Collection[str], with_total: bool) -> Iterator[Reading]:
    """Customers, CAC and marginal CAC of channels at a spend, and those of all.

    Parameters
    ----------
    belief
        Of one fit.
    spend
        Currency over the horizon, by channel.
    channels
        Those whose figures are wanted.
    with_total
        Whether these are all channels there are, so that totals mean the same in every belief.
    """
    won = {name: np.atleast_1d(belief.curves[name](float(spend[name]))) for name in channels}
    for name, draws in won.items():
        amount = float(spend[name])
        yield _mean(name, "customers", draws)
        if amount > 0:
            yield _cost(name, "cac", amount, draws)
            yield _cost(name, "marginal_cac", 1.0, np.atleast_1d(belief.curves[name].marginal(amount)))
    if with_total and belief.organic is not None:
        total = np.asarray(sum(won.values()) + belief.organic)
        yield _mean(ALL, "customers", total)
        yield _cost(ALL, "blended_cac", float(spend[list(channels)].sum()) + belief.fixed_cost, total)


def shares(plan: pd.Series | pd.DataFrame) -> pd.DataFrame:
    """Each channel's share of the spend of a plan, or of several, one a row; none where nothing is spent."""
    table = pd.DataFrame([plan]) if isinstance(plan, pd.Series) else plan
    total = table.sum(axis=1)
    return table.div(total.where(total > 0, 1.0), axis=0)


def _mean(channel: str, figure: str, draws: Array) -> Reading:
    return Reading(channel, figure, Estimate.of(draws), float(half_width(means_without(draws))), draws)


def _cost(channel: str, figure: str, amount: float, draws: Array) -> Reading:
    with np.errstate(divide="ignore", invalid="ignore"):
        error = float(half_width(amount / means_without(draws)))
    return Reading(channel, figure, Estimate.cost(amount, draws), error, draws)
