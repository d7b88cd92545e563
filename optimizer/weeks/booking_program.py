"""Weeks to book where no even pattern fits: a mixed-integer program that keeps every limit, or proves that none can.

For each channel with smallest bookings, u says whether a week is booked and y at which amount a channel is on air,
which rests keep:

    least + (smallest - least) u <= x <= least + (most - least) u,    x = y where u = 1,    |y - y before| <= step u.

The schedule taken is the one whose adstock departs least from that of the schedule without smallest bookings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.optimize
import scipy.sparse

from attribution.errors import InfeasiblePlan
from mmm.arrays import Array
from optimizer.weeks.calendar import Calendar
from optimizer.weeks.response import Response
from optimizer.weeks.schedules import Schedules

__all__ = ["BookingProgram"]

sparse: Any = scipy.sparse
milp: Any = scipy.optimize.milp

_SECONDS, _NEAR = 5.0, 0.05
_INFEASIBLE = 2  # of SciPy's statuses

Term = tuple[int, float]


@dataclass(frozen=True)
class BookingProgram:
    """The question of which weeks to book.

    Parameters
    ----------
    calendar, labels, history
        Limits, weeks and past weekly spend per channel.
    channels
        Those with smallest bookings to be placed.
    response, schedules
        Lag weights, and all other limits.
    """

    calendar: Calendar
    labels: pd.Index
    history: Mapping[str, npt.ArrayLike]
    channels: list[str]
    response: Response
    schedules: Schedules

    def solved(self, spend: pd.DataFrame) -> dict[str, npt.NDArray[np.bool_]] | None:
        """Weeks to book by channel, for a schedule without smallest bookings; None where no schedule keeps the limits.

        Raises
        ------
        InfeasiblePlan
            Where time is up before there is any answer.
        """
        weeks, names = len(self.labels), list(self.response.curves)
        size = len(names) * weeks
        unit = self.schedules.unit
        stock = sparse.block_diag([sparse.csr_matrix(each) for each in self.response.mean_spreads], format="csr")
        extra = 2 * weeks * len(self.channels)  # u and y of each such week
        count = size + extra + stock.shape[0]
        aim = stock @ spend.to_numpy().T.ravel() / unit
        weight = np.repeat(1 / np.maximum(aim.reshape(len(names), -1).max(axis=1), 1e-9), stock.shape[0] // len(names))
        rows, limits = self.schedules.cell_rows
        none, slack = sparse.csr_matrix((stock.shape[0], extra)), sparse.eye(stock.shape[0])
        matrix = [sparse.hstack([rows, sparse.csr_matrix((rows.shape[0], extra + stock.shape[0]))])]
        matrix += [sparse.hstack([sign * stock, none, -slack]) for sign in (1, -1)]
        ends = [limits / unit, aim, -aim]
        own = [row for place, name in enumerate(self.channels) for row in self._own(name, place, names, size)]
        lines = sparse.lil_matrix((len(own), count))
        for number, (terms, _) in enumerate(own):
            for variable, factor in terms:
                lines[number, variable] = factor
        lower, upper = self._box(names, count, size)
        solution = milp(
            np.concatenate((np.zeros(size + extra), weight)),
            integrality=self._whole(size, count),
            bounds=scipy.optimize.Bounds(lower, upper),
            constraints=scipy.optimize.LinearConstraint(
                sparse.csr_matrix(sparse.vstack([*matrix, lines])),
                -np.inf,
                np.concatenate((*ends, [e for _, e in own])),
            ),
            options={"time_limit": _SECONDS, "mip_rel_gap": _NEAR},
        )
        if solution.x is None:
            if solution.status == _INFEASIBLE:
                return None
            text = f"no weeks were reached in time for the smallest bookings of {', '.join(self.channels)}."
            raise InfeasiblePlan(f"{text} Remedy: lower at_least_if_used, or loosen pacing and the limits of months.")
        return {
            name: solution.x[size + 2 * weeks * place : size + 2 * weeks * place + weeks] > 0.5
            for place, name in enumerate(self.channels)
        }

    def _box(self, names: list[str], count: int, size: int) -> tuple[Array, Array]:
        """Ends of all variables; x in units of a typical week."""
        lower, upper, weeks = np.zeros(count), np.full(count, np.inf), len(self.labels)
        bounds = [self.calendar.bounds(self.labels, name) for name in names]
        most = np.minimum([each for _, each in bounds], self.schedules.weekly_most[:, None])
        lower[:size], upper[:size] = np.array([each for each, _ in bounds]).ravel(), most.ravel()
        lower[:size] /= self.schedules.unit
        upper[:size] /= self.schedules.unit
        for place in range(len(self.channels)):
            upper[size + 2 * weeks * place : size + 2 * weeks * place + weeks] = 1.0
        return lower, upper

    def _whole(self, size: int, count: int) -> Array:
        whole, weeks = np.zeros(count), len(self.labels)
        for place in range(len(self.channels)):
            whole[size + 2 * weeks * place : size + 2 * weeks * place + weeks] = 1.0
        return whole

    def _own(self, name: str, place: int, names: list[str], size: int) -> Iterator[tuple[list[Term], float]]:
        """Rows of a channel's bookings, each at most its end."""
        weeks, unit = len(self.labels), self.schedules.unit
        x, u = names.index(name) * weeks, size + 2 * weeks * place
        y = u + weeks
        least, most = self.calendar.bounds(self.labels, name)
        least, most = least / unit, np.minimum(most, self.schedules.weekly_most[names.index(name)]) / unit
        smallest = np.maximum(least, float(self.calendar.weekly[name].at_least_if_used or 0.0) / unit)
        step, given = self.calendar.largest_step(name) / unit, self.calendar.is_given(self.labels, name)
        last = self.calendar.last_amount(name, self.history.get(name, []))
        start = 0.0 if last is None else last / unit
        reach = float(most.max()) + start  # what an amount on air never exceeds
        before: int | None = None
        for week in np.flatnonzero(least < most).tolist():
            yield [(x + week, -1.0), (u + week, smallest[week] - least[week])], -least[week]
            yield [(x + week, 1.0), (u + week, least[week] - most[week])], least[week]
            if given[week] or not np.isfinite(step):
                continue
            yield [(x + week, 1.0), (y + week, -1.0)], 0.0
            yield [(y + week, 1.0), (x + week, -1.0), (u + week, reach)], reach
            for sign in () if before is None and last is None else (1.0, -1.0):
                ahead = [] if before is None else [(y + before, -sign)]
                yield [(y + week, sign), *ahead, (u + week, -step)], sign * start if before is None else 0.0
            before = week
