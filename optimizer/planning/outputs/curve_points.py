"""Response curves as points: what tables for other tools hold, and what formulas of the workbook read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from mmm.arrays import Array
from optimizer.planning.stages.result import PlanResult

__all__ = ["between_points", "points_by_channel"]

_POINTS = 40
_BEYOND = 2.0  # times the most of today's spend, the plan's and what was ever spent
_LEAST = 0.1  # of the mean spend of a channel, for one that nothing was or is to be spent on


def points_by_channel(result: PlanResult) -> Mapping[str, pd.DataFrame]:
    """Points of each channel's curve in the run's order.

    Parameters
    ----------
    result
        A solved plan.

    Returns
    -------
    Channel -> one row per spend (currency over the horizon), rising from 0: today's and the planned spend are among
    them, closer together where spend is small and curves bend. ``customers`` and ``marginal_cac`` are as the report
    has them, with 90 % intervals; no cost stands at zero spend, where a slope may be zero or infinite.
    """
    scale = max(float(result.now.spend.mean()), float(result.planned.spend.mean())) or 1.0
    return {row.channel: _points(result, row.channel, row.now, row.planned, scale) for row in result.rows}


def _points(result: PlanResult, channel: str, now: float, planned: float, scale: float) -> pd.DataFrame:
    seen = float(result.observed_maximum[channel])
    most = _BEYOND * max(now, planned, seen, _LEAST * scale)
    spend = np.union1d(most * np.linspace(0.0, 1.0, _POINTS + 1) ** 2, [now, planned, seen])
    values, slopes = result.curves[channel].value_and_slope(spend)
    rows = [
        _row(float(amount), np.atleast_1d(value), np.atleast_1d(slope) if amount > 0 else np.zeros(1))
        for amount, value, slope in zip(spend, values, slopes, strict=True)
    ]
    return pd.DataFrame(rows)


def _row(spend: float, value: Array, slope: Array) -> dict[str, float]:
    row = {"spend": spend, **Estimate.of(value).flat("customers")}
    row |= Estimate.cost(spend, value).flat("cac")
    return row | Estimate.cost(1.0, slope).flat("marginal_cac")


def between_points(result: PlanResult, points: Mapping[str, pd.DataFrame]) -> float:
    """The most that straight lines between the points are off a channel's mean curve, in customers; tried at thirds."""
    worst = 0.0
    for channel, table in points.items():
        spend, customers = table["spend"].to_numpy(), table["customers"].to_numpy()
        for part in (1 / 3, 2 / 3):
            at = spend[:-1] + part * np.diff(spend)
            off = result.curves[channel].mean(at) - (customers[:-1] + part * np.diff(customers))
            worst = max(worst, float(np.abs(off).max()))
    return worst
