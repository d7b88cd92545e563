"""What reads in new weeks as no week before did: another unit, sums so far, a slip, a gap, a week cut short."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd

from attribution.errors import Problem
from attribution.numbers import amount, significant
from attribution.reading.formats import Format
from attribution.reading.strict import read_numbers
from mmm.arrays import Array

__all__ = ["Weeks", "another_unit", "unlike_before", "unread"]

_TIMES = 50.0
_CUT, _NEAR, _FEWEST, _MOVING = 0.5, 8, 4, 0.9
_DOUBLE, _TRIPLE = 2.0, 3.0  # the most or least before, and the usual spend of a channel
_UNLIKE, _ALIKE = 0.9, 0.6  # distance of distributions: nearly apart, and of so few weeks no distance
_OFTEN = 0.3
_YEAR = 52
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Weeks:
    """Weeks that a model was fitted to, and new ones.

    Parameters
    ----------
    spend, other
        Column -> its values by period before and now, all markets together: spend by channel, then KPI and controls.
    kpi
        Which column of ``other`` is the KPI.
    dates
        First day of each new period.
    planned
        Column -> what was to be spent in the new periods, where a plan says so.
    """

    spend: Mapping[str, tuple[Array, Array]]
    other: Mapping[str, tuple[Array, Array]]
    kpi: str
    dates: pd.DatetimeIndex
    planned: Mapping[str, float] = field(default_factory=dict)


def another_unit(name: str, weeks: Weeks) -> Iterator[Problem]:
    """Where customers, or every channel that spends, stand at fifty times their size or a fiftieth of it.

    Nothing can be said of such weeks.
    """
    kpi = _times(*weeks.other[weeks.kpi])
    if not 1 / _TIMES <= kpi <= _TIMES:
        text = f"is {significant(kpi)} times what it was in the weeks fitted."
        yield Problem(name, text, weeks.kpi, remedy="give the outcome of data.weekly, in its unit, under its name.")
    times = [_times(*pair) for pair in weeks.spend.values() if (pair[1] > 0).any() and (pair[0] > 0).any()]
    if len(times) > 1 and (min(times) > _TIMES or max(times) < 1 / _TIMES):
        text = f"every channel spends {significant(float(np.median(times)))} times what it did in the weeks fitted."
        yield Problem(name, text, remedy="write spend in the unit of data.weekly, or plan again on these weeks.")


def unlike_before(weeks: Weeks) -> Iterator[str]:
    """Sentences on columns and weeks that may be no truth."""
    columns = {**weeks.spend, **weeks.other}
    moved = {column: _times(*pair) for column, pair in columns.items()}
    moved = {column: times for column, times in moved.items() if not 1 / _TIMES <= times <= _TIMES}
    if moved:
        listed = _few([f"{column} ({significant(times)} times as before)" for column, times in moved.items()])
        yield f"Another unit than in the weeks that were fitted, by the look of it: {listed}. All figures rest on it."
    for column, (before, now) in columns.items():
        most, worst = float(before.max(initial=0.0)), int(now.argmax())
        if column not in moved and 0 < _TIMES * most < now[worst]:
            text = f"{column} is {amount(float(now[worst]))} in the week of {weeks.dates[worst]:%Y-%m-%d}, "
            yield text + f"{significant(float(now[worst]) / most)} times the most before: a slip, by the look of it."
    yield from _beyond(weeks, moved)
    yield from _exchanged(columns)
    yield from _delivered_again(weeks)
    yield from _silent(weeks)
    yield from _no_amounts(weeks)
    yield from _cut_short(weeks)


def _beyond(weeks: Weeks, moved: Collection[str]) -> Iterator[str]:
    """KPI far from all that was fitted, all spend far from its usual size, controls as far out as they were wide."""
    before, now = weeks.other[weeks.kpi]
    known, came = before[before > 0], now[now > 0]
    if weeks.kpi not in moved and len(known) and len(came):
        least, most = float(came.min()), float(came.max())
        if least > _DOUBLE * known.max() or most < known.min() / _DOUBLE:
            span = f"{amount(least)} to {amount(most)}" if least < most else amount(most)
            yield (
                f"{weeks.kpi} is {span} in every new week and was {amount(float(known.min()))} to "
                f"{amount(float(known.max()))} in those that were fitted: is it of the same days, and in the same unit?"
            )
    times = [_times(*pair) for pair in weeks.spend.values() if (pair[1] > 0).any() and (pair[0] > 0).any()]
    if len(times) > 1 and not moved and (min(times) > _TRIPLE or max(times) < 1 / _TRIPLE):
        yield (
            f"Every channel spends {significant(float(np.median(times)))} times what it did in the weeks that were "
            "fitted: is it of the same days, and in the same unit?"
        )
    for column, (before, now) in weeks.spend.items():
        known, came = before[before > 0], now[now > 0]
        if column not in moved and len(known) and len(came) and np.median(came) > _TRIPLE * known.max():
            yield (
                f"{column} is {amount(float(np.median(came)))} in the middle of the new weeks and was "
                f"{amount(float(known.max()))} at most in those that were fitted: is it of the same days, and in the "
                "same unit?"
            )
    for column, (before, now) in weeks.other.items():
        if column != weeks.kpi and set(before) == {0.0, 1.0} and (odd := sorted(set(now) - {0.0, 1.0})):
            listed = _few([significant(float(one)) for one in odd])
            yield (
                f"{column} was 0 or 1 in the weeks that were fitted and is {listed} in new ones: what that does was "
                "never seen."
            )
            continue
        low, high = float(before.min()), float(before.max())
        outside = max(float(now.max()) - high, low - float(now.min()))
        if column != weeks.kpi and column not in moved and high > low and outside > high - low:
            worst = float(now.max()) if float(now.max()) - high >= low - float(now.min()) else float(now.min())
            yield (
                f"{column} is {amount(worst)} in new weeks and was {amount(low)} to {amount(high)} in those that were "
                "fitted: what it does out there was never seen, and is carried on from what was."
            )


def _exchanged(columns: Mapping[str, tuple[Array, Array]]) -> Iterator[str]:
    """Pairs of columns each of which reads as the other did, and as itself never did."""
    able = {
        column: (before[-_YEAR:], now)
        for column, (before, now) in columns.items()
        if len(now) >= _FEWEST and len(before) >= _FEWEST and np.ptp(before) > 0 and np.ptp(now) > 0
    }
    for one, other in combinations(able, 2):
        (own, came), (its, its_came) = able[one], able[other]
        moved = min(_apart(own, came), _apart(its, its_came)) >= _UNLIKE
        alike = max(_apart(own, its_came), _apart(its, came)) <= _ALIKE
        if (moved and alike) or _rests_for(own, came, its, its_came) or _rests_for(its, its_came, own, came):
            yield (
                f"{one} reads in the new weeks as {other} did before, and {other} as {one} did: are the two columns "
                "exchanged?"
            )


def _rests_for(own: Array, came: Array, its: Array, its_came: Array) -> bool:
    """Whether a column that had many weeks of 0 has none, and another that had none has many."""
    many = min(np.mean(own == 0), np.mean(its_came == 0)) >= _OFTEN
    return bool(many and (came > 0).all() and (its > 0).all())


def _apart(one: Array, other: Array) -> float:
    """The largest distance between two distributions: 0 where they are the same, 1 where they do not overlap."""
    points = np.concatenate([one, other])
    shares = [np.searchsorted(np.sort(values), points, side="right") / len(values) for values in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())


def _delivered_again(weeks: Weeks) -> Iterator[str]:
    """Weeks that repeat as many earlier ones figure for figure."""
    pairs = [*weeks.spend.values(), weeks.other[weeks.kpi]]
    before, now = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    length = now.shape[1]
    for ago in range(length, before.shape[1] + 1) if length >= _FEWEST else ():
        first = before.shape[1] - ago
        if np.array_equal(before[:, first : first + length], now):
            yield (
                f"Customers and spend of the new weeks are those of {length} weeks that began {ago} weeks before the "
                "end of those that were fitted, figure for figure: old rows under new dates, by the look of it."
            )
            return


def unread(frame: pd.DataFrame, named: Collection[str], format: Format) -> Iterator[str]:
    """Columns of amounts in rows of new weeks that nothing in the plan file names, as they are in the table."""
    names = [str(column) for column in frame.columns if column not in named and _amounts(frame[column], format)]
    if names:
        text = f"Not read, for nothing in the plan file names them: {_few(names)}. If one is the spend of a channel, "
        yield text + "its money counts in no CAC, and what it brings counts as nobody's."


def _times(before: Array, now: Array) -> float:
    """How many times its former size a column has; 1 where that cannot be said. Zeros are no cells."""
    if (before < 0).any() or (now < 0).any() or not (before > 0).any() or not (now > 0).any():
        return 1.0
    return float(np.median(now[now > 0]) / np.median(before[before > 0]))


def _silent(weeks: Weeks) -> Iterator[str]:
    for column, (before, now) in weeks.other.items():
        if (before > 0).all() and (now == 0).any():
            days = _few([f"{day:%Y-%m-%d}" for day in weeks.dates[now == 0]])
            yield f"{column} is 0 in {days} and never was in the weeks that were fitted: is the table whole?"
    if not sum(float(spent.sum()) for _, spent in weeks.spend.values()):
        yield "No channel spends anything in the new weeks: is the spend booked yet?"
    elif gone := list(_gone(weeks)):
        yield (
            f"Nothing is spent in the new weeks on {_few(gone)}: stopped, not booked yet, or left empty in the table? "
            "All figures take it as stopped."
        )


def _gone(weeks: Weeks) -> Iterator[str]:
    """Channels that rest throughout, longer than ever before, and not because a plan says so."""
    for column, (before, now) in weeks.spend.items():
        if now.any() or not before.any() or weeks.planned.get(column) == 0:
            continue
        active = np.flatnonzero(before)
        resting = len(before) - 1 - int(active[-1])
        longest = int(np.diff(active).max(initial=1)) - 1
        if resting <= longest < resting + len(now):
            planned = f", {amount(weeks.planned[column])} planned" if column in weeks.planned else ""
            yield f"{column} (usually {amount(float(np.median(before[active])))}{planned})"


def _no_amounts(weeks: Weeks) -> Iterator[str]:
    """Spend or KPI that only rises, far past what it was, or stands still where it always moved."""
    for column, (before, now) in {**weeks.spend, weeks.kpi: weeks.other[weeks.kpi]}.items():
        steps, past = np.diff(now), np.diff(before)
        if len(now) < _FEWEST or not (before > 0).any():
            continue
        rises = (steps > 0).all() or (len(now) >= _NEAR and (steps >= 0).all() and 2 * (steps > 0).sum() >= len(steps))
        if rises and now[-1] > before.max() and now[-1] >= now[0] * len(now) / 2:
            yield (
                f"{column} never falls in the new weeks, from {amount(float(now[0]))} to {amount(float(now[-1]))}: "
                "sums so far, by the look of it, and no amounts of their weeks."
            )
        elif not steps.any() and now[0] > 0 and np.mean(past != 0) > _MOVING:
            yield (
                f"{column} is {amount(float(now[0]))} in every new week and moved from week to week before: filled "
                "down or as planned, by the look of it, and not what came."
            )


def _cut_short(weeks: Weeks) -> Iterator[str]:
    """Whether money and customers of the last week are both less than half of the weeks before it."""
    spend = [np.sum([pair[part] for pair in weeks.spend.values()], axis=0) for part in (0, 1)]
    shares = []
    for before, now in (spend, weeks.other[weeks.kpi]):
        near = np.concatenate([before, now])[-_NEAR - 1 : -1]
        usual = float(np.median(near)) if len(near) >= _FEWEST and len(now) else 0.0
        shares.append(float(now[-1]) / usual if usual > 0 else 1.0)
    if max(shares) < _CUT:
        yield (
            f"The last week, {weeks.dates[-1]:%Y-%m-%d}, has less than half of both the spend and the {weeks.kpi} of "
            "those before it: if the table was exported before it ended, leave it out."
        )


def _amounts(cells: pd.Series, format: Format) -> bool:
    """Whether cells are numbers of zero and more, some above it, as far as they are anything."""
    if cells.isna().all() or pd.api.types.is_datetime64_any_dtype(cells):
        return False
    read = read_numbers(cells, format)
    values = read.cells.dropna()
    return not read.faulty.any() and bool((values >= 0).all() and (values > 0).any())


def _few(names: Iterable[str]) -> str:
    every: Sequence[str] = list(names)
    return ", ".join(every[:_SHOWN]) + (f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else "")
