"""Which weeks to book where a week must hold nothing or at least so much.

For each channel, patterns of booked weeks (evenly spread at every phase, and the weeks in which a schedule without
smallest bookings spends most) are held against each other with the channel's money divided alike between the booked
weeks. The schedule is then solved again within the best patterns; what no schedule without smallest bookings beats
stays its bound.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmm.arrays import Array
from optimizer.weeks.calendar import Calendar
from optimizer.weeks.response import Response

__all__ = ["booked", "open_bookings"]

Pattern = npt.NDArray[np.bool_]
_ROUNDING = 1e-9


def open_bookings(calendar: Calendar, spend: pd.DataFrame) -> list[str]:
    """Channels with a smallest booking that a schedule does not keep."""
    wanting = []
    for channel, own in calendar.weekly.items():
        if channel not in spend or own.at_least_if_used is None or channel in calendar.on_air:
            continue
        least, most = calendar.bounds(pd.Index(spend.index), channel)
        weeks = spend[channel].to_numpy()[least < most]
        is_small = (weeks > least[least < most]) & (weeks < own.at_least_if_used)
        if is_small.any() or np.isfinite(calendar.largest_step(channel)):  # steps between bookings wait for them
            wanting.append(channel)
    return wanting


def booked(
    calendar: Calendar, channels: list[str], response: Response, spend: pd.DataFrame
) -> Iterator[dict[str, Pattern]]:
    """On which weeks each channel is booked: the best patterns first, some of the next best after them.

    Parameters
    ----------
    calendar
        What single weeks may spend.
    channels
        Those to be booked.
    response
        Customers of weekly spends.
    spend
        A schedule without smallest bookings, weeks x channels.

    Returns
    -------
    Nothing where a channel's money fits into none of its patterns.
    """
    ranked = {channel: _ranked(calendar, channel, response, spend) for channel in channels}
    for place in (0, 1, 3, 6) if all(ranked.values()) else ():
        yield {channel: options[min(place, len(options) - 1)] for channel, options in ranked.items()}


def _ranked(calendar: Calendar, channel: str, response: Response, spend: pd.DataFrame) -> list[Pattern]:
    labels = pd.Index(spend.index)
    least, most = calendar.bounds(labels, channel)
    smallest = float(calendar.weekly[channel].at_least_if_used or 0.0)
    weekly = spend[channel].to_numpy(dtype=float)
    total = float(weekly.sum())
    filled: dict[bytes, tuple[Pattern, Array]] = {}
    for pattern in _patterns(weekly, least, most):
        low = np.where(pattern & (least < most), np.maximum(least, smallest), least)
        amounts = _filled(pattern, low, most, total)
        if amounts is not None:
            filled[pattern.tobytes()] = pattern, amounts
    place = list(response.curves).index(channel)
    if not filled:
        return []
    won = _customers(response, place, np.array([amounts for _, amounts in filled.values()]))
    patterns = [pattern for pattern, _ in filled.values()]
    return [patterns[best] for best in np.argsort(-won, kind="stable")]


def _patterns(weekly: Array, least: Array, most: Array) -> Iterator[Pattern]:
    """Weeks booked: evenly spread from every phase, and those of most spend."""
    open_, none = np.flatnonzero(least < most), np.zeros(len(weekly), dtype=bool)
    for count in range(len(open_) + 1):
        for phase in range(max(len(open_) // max(count, 1), 1)):
            pattern = none.copy()
            pattern[open_[(np.arange(count) * len(open_)) // max(count, 1) + phase]] = True
            yield pattern
        pattern = none.copy()
        pattern[open_[np.argsort(-weekly[open_], kind="stable")[:count]]] = True
        yield pattern


def _filled(pattern: Pattern, least: Array, most: Array, total: float) -> Array | None:
    """A total divided between booked weeks as evenly as their limits allow; None where it does not fit."""
    low, high = least, np.minimum(np.where(pattern, most, least), total)
    if low.sum() > total * (1 + _ROUNDING) or high.sum() < total * (1 - _ROUNDING) or (low > high).any():
        return None
    level = np.array([0.0, total])
    for _ in range(60):
        middle = level.mean()
        level[int(np.clip(middle, low, high).sum() > total)] = middle
    return np.asarray(np.clip(level[0], low, high))


def _customers(response: Response, place: int, options: Array) -> Array:
    """Expected customers of one channel for weekly spends of shape (options, weeks)."""
    stock = options @ response.mean_spreads[place].T + response.carried[place]
    curve = list(response.curves.values())[place]
    return np.asarray(curve.mean(np.maximum(stock, 0.0)) @ response.season)
