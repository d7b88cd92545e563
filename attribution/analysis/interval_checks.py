"""Whether intervals of credit can be believed: enough conversions, values that a few orders do not decide, coalitions
that somebody has met.

The limits are those at which 90 % intervals stop holding what they promise, as measured by
``tests/benchmarks/attribution_intervals.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
import pandas as pd

from attribution.arrays import Array, Ints
from attribution.findings import Finding
from attribution.models.shapley import ShapleyRate
from attribution.models.sums_by_key import Tally
from attribution.numbers import amount, decimal, percent
from attribution.paths.journeys import Journeys
from attribution.paths.touches import Touches

__all__ = ["interval_checks", "unmet_coalitions"]

FEW = 10.0
EQUAL = 300.0
UNEVEN = 0.5  # of the orders: where more of them count, none is large beside the others
HELD = ((5.0, 83), (10.0, 85), (30.0, 85), (100.0, 85), (np.inf, 79))
"""Fewer than so many equal orders -> how many of 100 intervals of their value held where orders are of sigma 2.

The lower of those in worlds of paths and of sums alone; the last is of 103 sums.
"""
UNMET = 0.01
ALONE = 3.0
_SHOWN = 5
_EXACT = 15


def interval_checks(journeys: Journeys) -> list[Finding]:
    """Findings on the intervals of credit.

    Parameters
    ----------
    journeys
        The paths.

    Returns
    -------
    list of Finding
        ``"few_conversions"``: channels that fewer than 10 conversions touched. ``"few_orders_make_the_value"``:
        channels whose value rests on the equivalent of fewer than 300 equal orders and of less than half of their own,
        and how often intervals of so few held where that was measured. ``"unmet_coalitions"``: share of
        the sets of channels that :class:`attribution.ShapleyRate` compares and no path stays within, and
        ``"few_alone"``: channels of which fewer than 3 conversions met no other channel; absent past 15 channels.
    """
    touched, equal = _orders(journeys)
    findings = [_enough(journeys.channels, touched)]
    if (equal > 0).any():
        findings.append(_even(journeys.channels, equal, touched))
    return [*findings, *_of_coalitions(journeys)] if len(journeys.channels) <= _EXACT else findings


def _enough(channels: tuple[str, ...], touched: Array) -> Finding:
    few = [name for name, count in zip(channels, touched, strict=True) if count < FEW]
    least = float(touched.min(initial=np.inf))
    text = f"Each channel touched at least {amount(least)} conversions."
    if few:
        text = (
            f"{_named(few)} touched fewer than {amount(FEW)} conversions: intervals of their credit are too narrow and "
            "hold the truth less often than 9 times in 10."
        )
    return Finding("few_conversions", not few, least, FEW, text, tuple(few))


def _even(channels: tuple[str, ...], equal: Array, touched: Array) -> Finding:
    skewed = sorted(
        (
            (orders, name)
            for name, orders, all_of_them in zip(channels, equal, touched, strict=True)
            if 0 < orders < min(EQUAL, UNEVEN * all_of_them)
        ),
        key=lambda pair: pair[0],
    )
    least = float(equal[equal > 0].min())
    text = f"The value of each channel rests on the equivalent of at least {amount(least)} equal orders."
    if skewed:
        told = [
            f"{name} (as sure as by {decimal(orders, 0)} equal ones: 90 % intervals hold in {held(orders)} of 100)"
            for orders, name in skewed
        ]
        text = (
            f"Credited value rests on few large orders: {_named(told)}. These 100 are simulated, with orders as uneven "
            "(log-normal, sigma 2)."
        )
    return Finding("few_orders_make_the_value", not skewed, least, EQUAL, text, tuple(name for _, name in skewed))


def held(orders: float) -> int:
    """How many of 100 intervals of a value held, by how many equal orders vary as much; the worst that was measured.

    >>> held(3.0)
    83
    """
    return next(held for most, held in HELD if orders < most)


def _orders(journeys: Journeys) -> tuple[Array, Array]:
    """Conversions that each channel touched, and how many equal orders would vary as much as its value does."""

    def count(touches: Touches) -> pd.DataFrame:
        first, won = touches.newcomer(), touches.conversions > 0  # a row of a table of paths may have won nobody
        sums = {
            "conversions": touches.conversions * first,
            "value": touches.value * first,
            "nulls": touches.value * touches.value / touches.choose(won, touches.conversions, 1.0) * first,
        }
        return touches.group((), {"channel": touches.channel}, sums)

    tally = Tally.gathered(journeys.blocks(converting=True), count)
    sums = {name: np.zeros(len(journeys.channels)) for name in ("conversions", "value", "nulls")}
    for name, values in tally.total().items():
        sums[name][tally.items["channel"].to_numpy(dtype=np.int64)] = values[0]
    square = sums["nulls"]
    equal = np.divide(sums["value"] ** 2, square, out=np.zeros_like(square), where=square > 0)
    return sums["conversions"], equal


def unmet_coalitions(members: Ints, channels: int) -> float:
    """Share of the coalitions, as the Shapley value weighs them, that hold no path.

    Parameters
    ----------
    members
        Sets of channels that paths have, a bit each.
    channels
        Number of channels.

    Examples
    --------
    >>> unmet_coalitions(np.array([0b01, 0b11]), 2)  # nobody met the second channel alone
    0.25
    """
    met = np.zeros(1 << channels, dtype=bool)
    met[members] = True
    for channel in range(channels):  # whatever lies within a smaller set lies within the larger one
        view = met.reshape(-1, 2, 1 << channel)
        view[:, 1] |= view[:, 0]
    size = np.array([bin(coalition).count("1") for coalition in range(1 << channels)])
    weight = 1.0 / (channels * np.array([comb(channels, k) for k in range(channels + 1)]))[size]
    asked = size > 0
    return float((weight * ~met)[asked].sum() / weight[asked].sum())


def _of_coalitions(journeys: Journeys) -> list[Finding]:
    tally = ShapleyRate().tally(journeys)
    members = tally.items["members"].to_numpy(dtype=np.int64)
    return [_met(journeys, members), _alone(journeys.channels, members, tally.total()["conversions"][0])]


def _alone(channels: tuple[str, ...], members: Ints, conversions: Array) -> Finding:
    """The channel alone is the smallest of the sets that it joins, and weighs as much as all of any other size."""
    counts = [float(conversions[members == 1 << place].sum()) for place in range(len(channels))]
    few = [name for name, count in zip(channels, counts, strict=True) if count < ALONE]
    least = min(counts, default=np.inf)
    text = f"Of each channel at least {amount(least)} conversions met no other."
    if few:
        text = (
            f"Fewer than {amount(ALONE)} conversions met {_named(few)} and no other channel. Shapley of the rate reads "
            "a rate off them: its intervals of such channels hold far less often than they say, and what they get "
            "lacks in others. Shapley and rules of thumb ask no such rate."
        )
    return Finding("few_alone", not few, least, ALONE, text, tuple(few))


def _met(journeys: Journeys, members: Ints) -> Finding:
    share = unmet_coalitions(members, len(journeys.channels))
    text = f"Paths stay within all but {percent(share)} of the sets of channels that Shapley of the rate compares."
    if share > UNMET:
        text = (
            f"No path stays within {percent(share)} of the sets of channels that Shapley of the rate compares. It "
            "takes them to convert nobody, and its intervals do not hold; Shapley and rules of thumb need no such sets."
        )
    return Finding("unmet_coalitions", share <= UNMET, share, UNMET, text)


def _named(channels: Sequence[str]) -> str:
    more = f" and {len(channels) - _SHOWN} more" if len(channels) > _SHOWN else ""
    return ", ".join(channels[:_SHOWN]) + more
