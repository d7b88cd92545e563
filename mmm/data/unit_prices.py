"""What an impression or a click costs: a jump that stays speaks of money booked otherwise from some period on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from attribution.findings import Finding
from attribution.numbers import significant
from mmm.arrays import Array
from mmm.data.panel import Panel

__all__ = ["price_jumps", "unit_prices"]

_WIDTH = 8  # periods on either side of a jump
_LEAST = np.log(1.06)  # a lower value added tax, or a fee, is a tenth or more
_ALONE = 1.7  # how many times as large as any other jump of the same price
_STAYS = 0.6  # of the jump, between all before and all after
_STEADY = 3.0  # standard errors of the medians on either side
_SUDDEN = 2.5  # standard deviations of what prices move by from period to period
_SHOWN = 5


def unit_prices(panel: Panel) -> Finding:
    """Whether what a channel pays for one of what drives it jumps once and stays there; of channels with a volume."""
    driven = {
        name: panel.media[:, :, place].sum(axis=0)
        for place, name in enumerate(panel.channels)
        if not np.array_equal(panel.media[:, :, place], panel.spend[:, :, place])
    }
    spend = dict(zip(panel.channels, panel.spend.sum(axis=0).T, strict=True))
    return price_jumps(panel.dates, {name: (spend[name], volume) for name, volume in driven.items()})


def price_jumps(
    dates: pd.DatetimeIndex, bought: Mapping[str, tuple[Array, Array]], name: str = "unit_prices"
) -> Finding:
    """The finding on prices of some columns.

    Parameters
    ----------
    dates
        First day of each period.
    bought
        Channel -> its spend and what was bought for it, such as impressions, by period.
    name
        That of the finding.
    """
    found = {who: jump for who, (spend, volume) in bought.items() if (jump := _jump(spend, volume)) is not None}
    worst = max((times for _, times in found.values()), key=lambda times: abs(np.log(times)), default=1.0)
    text = "No price of an impression or a click jumps once and stays there."
    if found:
        told = "; ".join(
            f"{who} from {dates[row]:%Y-%m-%d} on ({significant(times)} times as before)"
            for who, (row, times) in list(found.items())[:_SHOWN]
        )
        text = (
            "What one impression or click costs jumps in one week and stays there, as it does where tax or a fee is "
            f"counted in from then on, or in another currency: {told}. Book spend in one way throughout; leave it "
            "where prices did change."
        )
    return Finding(name, not found, float(worst), None, text, tuple(found))


def _jump(spend: Array, volume: Array) -> tuple[int, float] | None:
    """Row from which the price is another, and how many times the former; None where it wanders or keeps its level."""
    rows = np.flatnonzero((spend > 0) & (volume > 0))
    if len(rows) < 3 * _WIDTH:
        return None
    price = np.log(spend[rows] / volume[rows])
    level = np.median(np.lib.stride_tricks.sliding_window_view(price, _WIDTH), axis=1)
    jumps = level[_WIDTH:] - level[:-_WIDTH]  # the k-th is that between rows k to k + W - 1 and the W after them
    mean = np.convolve(price, np.full(_WIDTH, 1 / _WIDTH), mode="valid")
    at = int(np.abs(mean[_WIDTH:] - mean[:-_WIDTH]).argmax()) + _WIDTH
    steps = np.abs(np.diff(price))
    at = max(range(at - 1, at + 2), key=lambda place: steps[place - 1])
    before, after = price[max(at - _WIDTH, 0) : at], price[at : at + _WIDTH]
    size = float(np.median(after) - np.median(before))
    stays = float(np.median(price[at:]) - np.median(price[:at]))
    others = np.abs(np.delete(jumps, range(max(at - 2 * _WIDTH + 1, 0), min(at, len(jumps)))))
    spread = np.hypot(*(1.4826 * np.median(np.abs(side - np.median(side))) for side in (before, after)))
    steady = abs(size) > _STEADY * spread * 1.25 / np.sqrt(_WIDTH)
    sudden = steps[at - 1] > _SUDDEN * 1.4826 * np.median(steps)
    alone = len(others) >= _WIDTH and abs(size) > _ALONE * others.max()
    if abs(size) < _LEAST or not (steady and sudden and alone) or stays / size < _STAYS:
        return None
    return int(rows[at]), float(np.exp(size))
