"""From today's spend to the plan, channel by channel, and each channel's share of spend against that of effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from attribution.estimates import Estimate
from attribution.shown import shown
from mmm.arrays import Array
from optimizer.answer.evaluation import Evaluation
from optimizer.planning.stages.aim import Aim
from optimizer.planning.stages.result import PlanResult
from optimizer.question.objectives import Spend

__all__ = ["FEES", "FromToday", "Share", "Step", "from_today"]

FEES = "fees"


@shown
@dataclass(frozen=True)
class Step:
    """What one channel's change of spend adds.

    Parameters
    ----------
    name
        The channel; or :data:`FEES`, for what is due beside media.
    change
        Of the figure, with the 90 % interval of the draws' differences.
    """

    name: str
    change: Estimate


@shown
@dataclass(frozen=True)
class Share:
    """One channel's part of the planned spend and of the customers that all channels bring.

    Parameters
    ----------
    channel
        Its name.
    spend
        Of all planned spend; NaN where nothing is spent.
    effect
        Of the customers that channels bring: the ratio of expectations, with the 90 % interval of the draws' ratios.
    """

    channel: str
    spend: float
    effect: Estimate


@shown
@dataclass(frozen=True)
class FromToday:
    """The way from today's spend to the plan.

    Parameters
    ----------
    in_aim
        Whether the figure is the plan's own aim, which is so where channels add up to it; else it is customers.
    start, end
        The figure of today's spend and of the plan.
    steps
        One for each channel, in the run's order; ``start + steps = end``.
    shares
        By channel, in the run's order.
    """

    in_aim: bool
    start: float
    end: float
    steps: tuple[Step, ...]
    shares: tuple[Share, ...]


def from_today(result: PlanResult) -> FromToday:
    """The steps that close exactly on the plan: of its own aim where channels add up to it, of customers elsewhere.

    A blended CAC is a ratio, of which no channel has a part; of a spend nothing is open.
    """
    now, planned = result.now, result.planned
    channels = [row.channel for row in result.rows]
    shares = tuple(_shares(planned, channels))
    if result.aim.adds_up(now) and not isinstance(result.plan.objective, Spend):
        start, end = (result.aim.expected(side) for side in (now, planned))
        alone = _alone(now, planned, channels)
        gains = {name: result.aim.expected(side) - start for name, side in alone.items()}
        return FromToday(True, start, end, tuple(_of_aim(result.aim, now, alone, gains)), shares)
    gained = {name: (planned.paid[name] - now.paid[name]).to_numpy() for name in channels}
    steps = tuple(Step(name, Estimate.of(draws)) for name, draws in gained.items())
    return FromToday(False, now.expected_customers, planned.expected_customers, steps, shares)


def _alone(now: Evaluation, planned: Evaluation, channels: list[str]) -> dict[str, Evaluation]:
    """Today with one channel alone as planned, and with fees alone as planned where they differ."""
    alone = {name: _with_one(now, planned, name) for name in channels}
    return alone | ({FEES: replace(now, fixed_cost=planned.fixed_cost)} if planned.fixed_cost != now.fixed_cost else {})


def _of_aim(aim: Aim, now: Evaluation, alone: dict[str, Evaluation], gains: dict[str, float]) -> Iterator[Step]:
    before = aim.draws(now)
    for name, side in alone.items():
        yield Step(name, Estimate(gains[name], *_ends(aim.draws(side) - before)))


def _with_one(now: Evaluation, planned: Evaluation, name: str) -> Evaluation:
    spend, paid = now.spend.copy(), now.paid.copy()
    spend[name], paid[name] = planned.spend[name], planned.paid[name]
    return replace(now, spend=spend, paid=paid)


def _shares(planned: Evaluation, channels: list[str]) -> Iterator[Share]:
    spent, paid = float(planned.spend.sum()), planned.paid[channels].to_numpy()
    whole = paid.sum(axis=1)
    for place, name in enumerate(channels):
        own = np.divide(paid[:, place], whole, out=np.full(len(whole), np.nan), where=whole > 0)
        mean = float(whole.mean())
        point = float(paid[:, place].mean()) / mean if mean > 0 else np.nan
        known = own[np.isfinite(own)]
        low, high = _ends(known) if len(known) else (np.nan, np.nan)
        yield Share(name, float(planned.spend[name]) / spent if spent else np.nan, Estimate(point, low, high))


def _ends(draws: Array) -> tuple[float, float]:
    low, high = np.quantile(draws, [0.05, 0.95])
    return float(low), float(high)
