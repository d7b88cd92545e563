"""Why a calendar has no room for what a plan spends: the limit, and the figure at which it would have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.optimize
import scipy.sparse

from attribution.errors import InfeasiblePlan
from attribution.numbers import amount, counted, percent
from mmm.arrays import Array
from optimizer.weeks.calendar import Calendar, WeekLimits, month_parts
from optimizer.weeks.cells import Cells, cells_of

__all__ = ["refuse_narrow_weeks"]

sparse: Any = scipy.sparse
linprog: Any = scipy.optimize.linprog

_ROUNDING = 1e-9


def refuse_narrow_weeks(
    calendar: Calendar, labels: pd.Index, history: Mapping[str, npt.ArrayLike], totals: Mapping[str, float]
) -> None:
    """Refuse totals that the weeks of a channel, or a month, have no room for.

    Parameters
    ----------
    calendar, labels, history
        Limits, weeks of the horizon and past weekly spend.
    totals
        Currency over the horizon by channel.

    Raises
    ------
    InfeasiblePlan
        With a sentence for each such channel, else for each such month.
    """
    calendar.check(labels, list(totals))
    problems = [text for name, total in totals.items() for text in _of_channel(calendar, labels, history, name, total)]
    if not problems:
        problems = list(_of_months(calendar, labels, history, totals))
    if problems:
        raise InfeasiblePlan(" ".join(problems))


def _of_channel(
    calendar: Calendar, labels: pd.Index, history: Mapping[str, npt.ArrayLike], channel: str, total: float
) -> Iterator[str]:
    own, (least, most) = calendar.weekly.get(channel, WeekLimits()), calendar.bounds(labels, channel)
    start = f"{channel}: the plan spends {amount(total)} over the {counted(len(labels), 'week')}"
    low, high = float(np.ceil(least.sum())), float(np.floor(most.sum()))  # figures that would do, as they are written
    if least.sum() > total * (1 + _ROUNDING):
        yield (
            f"{start}, and {amount(low)} of it is spent or committed. Remedy: plan at least that much for {channel}, "
            "or take out what is not committed."
        )
    elif most.sum() < total * (1 - _ROUNDING):
        weeks = int((most > 0).sum())
        yield (
            f"{start}, and its weeks take {amount(high)} at most ({weeks} of {len(labels)} can spend). Remedy: raise "
            f"weekly.{channel}.at_most, take out weeks of its blackout, or plan at most {amount(high)} for {channel}."
        )
    elif own.at_least_if_used and _ROUNDING < total < own.at_least_if_used * (1 - _ROUNDING):
        yield (
            f"{start}, less than one booking of {amount(own.at_least_if_used)}. Remedy: lower "
            f"weekly.{channel}.at_least_if_used, or plan nothing or more for {channel}."
        )
    elif np.isfinite(calendar.largest_step(channel)) and own.at_least_if_used is None:
        yield from _of_pacing(calendar, labels, history, channel, total)
    elif np.isfinite(calendar.largest_step(channel)) and total > 0:
        yield from _of_first_booking(calendar, history, channel)


def _of_first_booking(calendar: Calendar, history: Mapping[str, npt.ArrayLike], channel: str) -> Iterator[str]:
    """Where the smallest booking is more than a step above the last week on air."""
    smallest = float(calendar.weekly[channel].at_least_if_used or 0.0)
    last = calendar.last_amount(channel, history.get(channel, []))
    if last is not None and smallest > (last + calendar.largest_step(channel)) * (1 + _ROUNDING):
        share = np.ceil((smallest - last) / calendar.usual[channel] * 100) / 100
        yield (
            f"{channel}: the smallest booking of {amount(smallest)} is more than a step of "
            f"{percent(float(calendar.pacing or 0.0))} above the {amount(last)} of its last week on air. "
            f"Remedy: pacing of {percent(share)} or more, or a lower weekly.{channel}.at_least_if_used."
        )


def _of_pacing(
    calendar: Calendar, labels: pd.Index, history: Mapping[str, npt.ArrayLike], channel: str, total: float
) -> Iterator[str]:
    """Where steps are too small to get from the last week's spend to the plan's total: the share that would do."""
    alone = replace(calendar, months={}, pacing=1.0, usual={channel: 0.0})
    cells = cells_of(alone, labels, history, [channel])
    if not len(cells.limits):
        return
    # one more variable: the step, in which every row is slack
    rows = sparse.hstack([cells.rows, -np.ones((len(cells.limits), 1))])
    sums = np.append(np.ones(len(labels)), 0.0)[None, :]
    box = [*zip(cells.least[0], np.minimum(cells.most[0], total), strict=True), (0.0, None)]
    cost = np.append(np.zeros(len(labels)), 1.0)
    solved = linprog(cost, A_ub=rows, b_ub=cells.limits, A_eq=sums, b_eq=[total], bounds=box)
    needed = float(solved.fun) if solved.status == 0 else 0.0
    if needed > calendar.largest_step(channel) * (1 + _ROUNDING):
        share = np.ceil(needed / calendar.usual[channel] * 100) / 100
        yield (
            f"{channel}: the plan spends {amount(total)} over the {counted(len(labels), 'week')}, which steps of "
            f"{percent(float(calendar.pacing or 0.0))} a week do not reach from what is spent now. Remedy: pacing of "
            f"{percent(share)} or more, or a plan nearer to present spend."
        )


def _of_months(
    calendar: Calendar, labels: pd.Index, history: Mapping[str, npt.ArrayLike], totals: Mapping[str, float]
) -> Iterator[str]:
    """Months whose limit the totals cannot keep, whatever the other months do."""
    if not calendar.months:
        return
    cells = cells_of(replace(calendar, months={}), labels, history, list(totals))
    for month, limits in calendar.months.items():
        weights = np.tile(month_parts(labels)[month], len(totals))
        for sign, limit, word in ((1.0, limits.at_most, "at_most"), (-1.0, limits.at_least, "at_least")):
            reached = None if limit is None else _extreme(cells, sign * weights, np.array(list(totals.values())))
            if limit is None or reached is None or reached <= sign * limit + _ROUNDING * limit:
                continue
            reached = abs(np.ceil(reached))
            yield (
                f"{month}: {word} {amount(limit)} cannot hold, since the plan and the limits of its weeks put "
                f"{'at least' if sign > 0 else 'at most'} {amount(reached)} into it. Remedy: months.{month}."
                f"{word} of {amount(reached)}, or other limits for its weeks."
            )


def _extreme(cells: Cells, weights: Array, totals: Array) -> float | None:
    """The least of a weighted sum of cells under the totals; None where there is no such schedule."""
    weeks = cells.least.shape[1]
    sums = sparse.kron(sparse.eye(len(totals)), np.ones((1, weeks)))
    most = np.minimum(cells.most, totals[:, None]).ravel()
    box = np.column_stack((cells.least.ravel(), most))
    rows = {"A_ub": cells.rows, "b_ub": cells.limits} if len(cells.limits) else {}
    solved = linprog(weights, A_eq=sums, b_eq=totals, bounds=box, **rows)
    return float(solved.fun) if solved.status == 0 else None
