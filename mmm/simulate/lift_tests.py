"""Experiments in a simulated world: what a lift test of known truth would have measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from attribution.errors import BadInput, UnknownChannel
from mmm.simulate.weekly_world import WorldTruth, adstocked

__all__ = ["lift_test", "lift_tests"]


def lift_test(
    truth: WorldTruth,
    channel: str,
    *,
    start: int,
    weeks: int = 4,
    change: float = 0.5,
    error: float = 0.15,
    seed: int = 0,
) -> dict[str, object]:
    """One experiment: part of a channel's spend is set against the same weeks without it.

    Parameters
    ----------
    truth
        The world.
    channel
        Channel tested.
    start, weeks
        First week, counted from 0, and number of weeks.
    change
        Share of the window's spend that the test added; negative for a hold-out, which took away so much.
    error
        Standard error of the measurement, relative to the true gain.
    seed
        Seed of the measurement's error.

    Returns
    -------
    dict
        A row of the ``lift_tests`` table: channel, start, end, spend_change, customers_gained, standard_error.

    Raises
    ------
    BadInput
        If the window lies outside the world, holds no spend, or change or error is out of range.

    Examples
    --------
    >>> from mmm.simulate import world
    >>> row = lift_test(world(7)[1], "generic_search", start=100)
    >>> row["start"], row["end"]
    ('2025-09-01', '2025-09-28')
    """
    if channel not in truth.spend:
        raise UnknownChannel(channel, truth.spend.columns, "the world")
    spend = truth.spend[channel].to_numpy(dtype=float)
    window = slice(start, start + weeks)
    if start < 0 or weeks < 1 or start + weeks > len(spend) or spend[window].sum() == 0:
        raise BadInput(f"lift test of {channel}: weeks {start} to {start + weeks - 1} hold no spend of this world.")
    if not error > 0 or change == 0 or change > 1:
        raise BadInput(f"lift test of {channel}: needs an error above 0 and a change of at most 1, other than 0.")
    added = np.zeros_like(spend)
    added[window] = change * spend[window]
    decay = next(medium.decay for medium in truth.media if medium.name == channel)
    stock = truth.stock[channel].to_numpy(dtype=float)
    without = np.maximum(stock - adstocked(added, decay), 0.0)  # rounding may leave less than nothing
    curve = truth.response[channel]
    gained = float((curve(stock) - curve(without))[window].sum())
    standard_error = error * abs(gained)
    measured = np.random.default_rng([seed, start, weeks]).normal(gained, standard_error)
    dates = truth.spend.index
    return {
        "channel": channel,
        "start": f"{dates[start]:%Y-%m-%d}",
        "end": f"{dates[start + weeks - 1] + pd.Timedelta(days=6):%Y-%m-%d}",
        "spend_change": float(added.sum()),
        "customers_gained": float(measured),
        "standard_error": standard_error,
    }


def lift_tests(
    truth: WorldTruth,
    channels: Sequence[str],
    *,
    weeks: int = 8,
    change: float = 1.0,
    error: float = 0.1,
    seed: int = 0,
) -> pd.DataFrame:
    """One test for each of some channels, in the weeks of the last year in which it spent most.

    By default all of the spend is tested against none. That measures what the channel brings in all, from which its CAC
    follows; a test of half the spend measures the second half, of which a saturated channel's CAC says little.

    Parameters
    ----------
    truth
        The world.
    channels
        Channels tested.
    weeks, change, error, seed
        As for :func:`lift_test`; the seed counts up with the channels.

    Returns
    -------
    pandas.DataFrame
        A ``lift_tests`` table.
    """
    rows = []
    for number, channel in enumerate(channels):
        if channel not in truth.spend:
            raise UnknownChannel(channel, truth.spend.columns, "the world")
        recent = truth.spend[channel].rolling(weeks).sum().tail(52)
        start = len(truth.spend) - len(recent) + int(recent.to_numpy().argmax()) - weeks + 1
        rows.append(lift_test(truth, channel, start=start, weeks=weeks, change=change, error=error, seed=seed + number))
    return pd.DataFrame(rows)
