"""A log from its first day to its last: values that change their unit, channels whose name is taken over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.arrays import Array, Ints
from attribution.findings import Finding
from attribution.numbers import significant
from attribution.paths.gathered import Gathered
from attribution.paths.path_rules import DAY, PathRules
from attribution.paths.paths import Paths
from attribution.reading.log_checks import Log
from attribution.reading.looks import FEWEST, TIMES, another_unit, taken_over

if TYPE_CHECKING:
    import ibis

__all__ = ["renamed_channels", "values_of_one_unit"]

_WEEKS = 16  # from which figures are looked at by week
_ENOUGH = 500_000  # touches that say when a channel began and ended
_EACH = 3.0  # touches a period on average, for gaps by chance to be rare
_SHOWN = 5


def values_of_one_unit(won: Log, rules: PathRules) -> Finding:
    """Whether values of conversions, each kind for itself, keep their size from the first day to the last.

    Looked at are geometric means by day, or by week in a log of 16 weeks and more.
    """
    found = list(_other_units(won, rules))
    worst = max((max(times, 1 / times) for *_, times in found), default=1.0)
    text = "Values of conversions keep their size throughout."
    if found:
        listed = "; ".join(
            f"{f'{kind!r} ' if kind else ''}from {day} on ({significant(times)} times as before)"
            for kind, day, times in found[:_SHOWN]
        )
        text = (
            f"Values of conversions in another unit from some day on, by the look of it: {listed}. Credit by value is "
            "then a mixture of two. Bring them to one unit at the source, or leave it if it is true."
        )
    return Finding("values_of_one_unit", not found, worst, TIMES, text)


def _other_units(won: Log, rules: PathRules) -> Iterator[tuple[str, str, float]]:
    length = _period((won.earliest, won.latest))
    start = won.earliest // DAY * DAY
    if (won.latest - start) // length + 1 < FEWEST:
        return
    bought = won.events if rules.kinds is None else won.events.filter(won.events.kind.isin(list(rules.kinds)))
    valued = bought.filter(bought.value > 0)
    kind: Any = {"kind": valued.kind.fill_null("")} if "kind" in valued.columns else {}
    counted = valued.group_by(period=((valued.time - start) / length).floor().cast("int64"), **kind)
    sizes = counted.aggregate(size=valued.value.ln().mean()).execute()
    for name, rows in sizes.groupby(sizes["kind"] if kind else np.zeros(len(sizes))):
        series = rows.set_index("period")["size"].sort_index()
        if (change := another_unit(np.exp(series.to_numpy(dtype=float)))) is not None:
            row, times = change
            yield str(name) if kind else "", _day(won.earliest, int(series.index[row]), length), times


def renamed_channels(made: Gathered, span: tuple[int, int]) -> Finding:
    """Whether a channel of a log ends for good where another begins, with about as many touches.

    Of a large log, touches of some of the people say it.
    """
    length = _period(span)
    counts = _touches_by_period(made, span, length)
    often = np.flatnonzero(counts.sum(axis=1) > _EACH * np.maximum(np.count_nonzero(counts, axis=1), 1))
    found = sorted(
        (old, new, _day(span[0], row, length))
        for old, new, row in taken_over({made.channels[row]: counts[row] for row in often})
    )
    text = "No channel of the log begins where another ends."
    if found:
        listed = "; ".join(f"{new!r} begins about {day} where {old!r} ends" for old, new, day in found[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        text = (
            f"One channel under two names, by the look of it: {listed}{more}. Each has the credit of a part of the "
            "days, and paths across that day count as paths of two channels. Group both under one name, or leave it "
            "if they differ."
        )
    channels = tuple(dict.fromkeys(name for old, new, _ in found for name in (old, new)))
    return Finding("renamed_channels_of_log", not found, float(len(found)), 0.0, text, channels)


def _period(span: tuple[int, int]) -> int:
    return 7 * DAY if span[1] - span[0] >= _WEEKS * 7 * DAY else DAY


def _day(start: int, period: int, length: int) -> str:
    return f"{pd.Timestamp(start // DAY * DAY + period * length, unit='us'):%Y-%m-%d}"


def _touches_by_period(made: Gathered, span: tuple[int, int], length: int) -> Array:
    """Touches, channels x periods."""
    start = span[0] // DAY * DAY
    shape = len(made.channels), (span[1] - start) // length + 1
    if made.remote is not None:
        return _in_engine(made.remote, start, length, shape)
    counts = np.zeros(shape[0] * shape[1])
    kept = [paths for paths in (made.won, made.lost) if paths is not None and len(paths)]
    every = max(1, sum(len(paths.channel) for paths in kept) // _ENOUGH)
    for paths in kept:
        channel, time = _some(paths, every)
        at = channel.astype(np.int64) * shape[1] + (time - start) // length
        counts += np.bincount(at, minlength=len(counts))
    return counts.reshape(shape)


def _some(paths: Paths, every: int) -> tuple[NDArray[Any], Ints]:
    """Channel and moment of the touches of some paths."""
    some = paths if every == 1 else paths.take(np.arange(0, len(paths), every))
    if some.ended is None or some.age is None:
        return some.channel[:0], np.zeros(0, dtype=np.int64)
    time = np.repeat(some.ended, some.lengths) - np.rint(some.age * DAY).astype(np.int64)
    return some.channel, time


def _in_engine(touches: ibis.Table, start: int, length: int, shape: tuple[int, int]) -> Array:
    period = ((touches.time - start) / length).floor().cast("int64")
    counted = touches.group_by(channel=touches.channel, period=period).aggregate(touches=touches.count()).execute()
    counts = np.zeros(shape)
    counts[counted["channel"].to_numpy(dtype=int), counted["period"].to_numpy(dtype=int)] = counted["touches"]
    return counts
