"""Experiments, brought from their own weeks and change of spend to the days and spend of other opinions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from attribution.numbers import percent
from mmm import LiftTest, Panel
from mmm.arrays import Array
from mmm.data.observed_tests import Observed, observe
from mmm.data.outside_tests import stand_in
from mmm.posterior.lift_evidence import gains
from optimizer.planning.stages.result import Run

__all__ = ["Tested", "tested"]

_DRAWS = 4_000


@dataclass(frozen=True)
class Tested:
    """What a channel's experiments say of some days.

    Parameters
    ----------
    customers
        Brought over these days, with the 90 % interval; below 0 where tests measured so.
    until
        Last day of the latest test.
    note
        How far the tests had to be carried, in a sentence.
    """

    customers: Estimate
    until: dt.date
    note: str


def tested(run: Run, first: pd.Timestamp, last: pd.Timestamp) -> dict[str, Tested]:
    """By channel with a lift test, what it says of some days.

    A test measured a change of spend over its weeks. What all of the channel's spend brought over other days is that
    gain times the ratio of the two as the mix model's curve and carryover have it, draw by draw, so that the curve's
    level cancels; without a mix model, times the ratio of the spends.

    Several tests count by the inverse of their variances; where they differ by more than their errors, the error of
    their mean grows with the root of chi-square over its degrees of freedom (Birge, 1932).
    """
    tests, panel = run.inputs.lift_tests, run.inputs.panel
    if not tests or panel is None:
        return {}
    observed = observe(tests, panel)
    ratios = _ratios(run, panel, observed, (first, last))
    rng = np.random.default_rng(run.config.seed)
    found = {}
    for channel in dict.fromkeys(test.channel for test in tests):
        own = [m for m, test in enumerate(tests) if test.channel == channel]
        draws = np.stack([_carried(observed.measured[m], ratios[m], rng) for m in own])
        points = np.array([observed.measured[m, 0] * float(np.median(ratios[m])) for m in own])
        until = max(pd.Timestamp(tests[m].end) for m in own).date()
        customers = _together(points, draws)
        found[channel] = Tested(customers, until, _note(channel, [tests[m] for m in own], run, panel, (first, last)))
    return found


def _carried(measured: Array, ratio: Array, rng: np.random.Generator) -> Array:
    """Draws of a gain with its error, times draws of a ratio."""
    gain = rng.normal(float(measured[0]), float(measured[1]), size=_DRAWS)
    return np.asarray(gain * rng.choice(ratio, _DRAWS))


def _ratios(run: Run, panel: Panel, observed: Observed, days: tuple[pd.Timestamp, pd.Timestamp]) -> list[Array]:
    """By test, draws of what the channel brought over the days per customer gained in the test."""
    spent = panel.national_spend[(panel.dates >= days[0]) & (panel.dates <= days[1])].sum()
    even = [np.array([spent[test.channel] / stand_in(test, panel).spend_change]) for test in run.inputs.lift_tests]
    if run.posterior is None:
        return even
    brought = run.posterior.contributions(*(f"{day:%Y-%m-%d}" for day in days))
    predicted = gains(observed, panel, [cell.channels for cell in run.posterior.cells])
    ratios = []
    for test, own, otherwise in zip(run.inputs.lift_tests, predicted, even, strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = brought[test.channel].to_numpy(dtype=float) / own
        known = ratio[np.isfinite(ratio)]
        ratios.append(known if len(known) else otherwise)
    return ratios


def _together(points: Array, draws: Array) -> Estimate:
    """The mean of several readings by inverse variance, with an interval as wide as their disagreement asks."""
    weights = 1 / draws.var(axis=1)
    weights /= weights.sum()
    point = float(weights @ points)
    spread = weights @ draws
    if len(points) > 1:
        chi = float((((points - point) ** 2) / draws.var(axis=1)).sum() / (len(points) - 1))
        spread = point + (spread - point) * max(np.sqrt(chi), 1.0)
    low, high = np.quantile(spread, [0.05, 0.95])
    return Estimate(point, min(float(low), point), max(float(high), point))


def _note(channel: str, tests: list[LiftTest], run: Run, panel: Panel, days: tuple[pd.Timestamp, pd.Timestamp]) -> str:
    windows = ", ".join(f"{test.start} to {test.end}" for test in tests)
    spent = panel.national_spend[(panel.dates >= days[0]) & (panel.dates <= days[1])][channel].sum()
    share = sum(abs(test.spend_change) for test in tests) / spent if spent > 0 else np.inf
    how = "by the mix model's curve and carryover"
    if run.posterior is None:
        how = "in proportion to spend, which takes the curve for a straight line; the interval does not know of that"
    changed = f", changing spend that is {percent(share)} of what these days had" if np.isfinite(share) else ""
    return f"{channel}: tested {windows}{changed}; carried over to all of them {how}."
