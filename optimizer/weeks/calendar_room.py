"""The room that weeks have for money, as a linear program over cells, and its limits as parts that may give way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.optimize
import scipy.sparse

from attribution.numbers import amount, percent
from mmm.arrays import Array
from optimizer.weeks.calendar import Calendar, WeekLimits, month_parts
from optimizer.weeks.cells import Cells, cells_of

__all__ = ["PACING", "Key", "Part", "Room", "Way", "parts_of"]

sparse: Any = scipy.sparse
linprog: Any = scipy.optimize.linprog

Key = tuple[str, ...]
PACING: Key = ("pacing",)
"""Key of the limit that all channels share from week to week."""
_NEAR, _INFEASIBLE = 1e-9, 2
_USUAL = 1e-6


@dataclass(frozen=True)
class Room:
    """Weeks of some channels and the money that has to fit into them; smallest bookings are put aside.

    Parameters
    ----------
    calendar, labels, history
        Limits, weeks of the horizon and past weekly spend.
    totals
        Currency over the horizon by channel.
    free
        Channels whose total may be anything.
    """

    calendar: Calendar
    labels: pd.Index
    history: Mapping[str, npt.ArrayLike]
    totals: Mapping[str, float]
    free: frozenset[str] = field(default_factory=frozenset)

    @property
    def unit(self) -> float:
        """A typical week's money."""
        return max(*self.totals.values(), 1e-300) / len(self.labels)

    def cells(self, **changed: Any) -> Cells:
        """Boxes and rows of the calendar, or of one with some of its fields changed."""
        return cells_of(replace(self.calendar, **changed), self.labels, self.history, list(self.totals))

    def alone(self, channel: str) -> Room:
        """The weeks of one channel, months put aside."""
        return replace(_with(self, months={}), totals={channel: self.totals[channel]})

    def is_enough(self) -> bool:
        """Whether some schedule keeps all limits."""
        solved = self._solved(self.cells())
        return solved is not None and solved.status != _INFEASIBLE

    def least(self, cells: Cells, slopes: Array | None = None, sign: float = 1.0, total: str = "") -> float | None:
        """The least figure, or the largest where ``sign`` is -1, at which some schedule keeps all limits.

        Parameters
        ----------
        cells
            Whose rows hold where the figure is 0.
        slopes
            Money by which each row's end moves with the figure; none where None.
        sign
            Of the figure in what is made as small as possible.
        total
            Channel whose money, in typical weeks, is the figure.

        Returns
        -------
        None where there is no such schedule, or no such end of the figure.
        """
        solved = self._solved(cells, slopes, sign, total)
        return float(solved.x[-1]) if solved is not None and solved.status == 0 else None

    def _solved(self, cells: Cells, slopes: Array | None = None, sign: float = 0.0, total: str = "") -> Any:
        if (cells.least > cells.most + _NEAR * self.unit).any():
            return None
        weeks, names = len(self.labels), list(self.totals)
        stated = [place for place, name in enumerate(names) if name == total or name not in self.free]
        sums = sparse.kron(sparse.eye(len(names)), np.ones((1, weeks))).tocsr()[stated]
        own = np.array([[float(names[place] == total)] for place in stated]).reshape(-1, 1)
        money = np.array([0.0 if names[place] == total else self.totals[names[place]] for place in stated])
        ends = {"A_eq": sparse.hstack([sums, -own]), "b_eq": money / self.unit} if stated else {}
        if len(cells.limits):
            moved = np.zeros(len(cells.limits)) if slopes is None else slopes
            ends |= {"A_ub": sparse.hstack([cells.rows, -moved[:, None] / self.unit]), "b_ub": cells.limits / self.unit}
        low, high = np.minimum(cells.least, cells.most).ravel() / self.unit, cells.most.ravel() / self.unit
        box = np.column_stack((np.append(low, 0.0), np.append(high, np.inf)))
        return linprog(np.append(np.zeros(len(low)), sign), bounds=box, **ends)


Way = tuple[str, Callable[[Room], Room]]


@dataclass(frozen=True)
class Part:
    """A limit that may give way.

    Parameters
    ----------
    name
        As messages write it.
    channel
        Whose it is; empty where it is shared.
    dropped
        The room without it.
    way
        What it would have to be in a room where it alone gives way, in words and as what makes it so; None where that
        does not help.
    """

    name: str
    channel: str
    dropped: Callable[[Room], Room]
    way: Callable[[Room], Way | None]


def parts_of(room: Room) -> dict[Key, Part]:
    """All limits by key; those that are told rather than others stand last."""
    calendar = room.calendar
    parts: dict[Key, Part] = {
        ("weekly", channel, side): part for channel in room.totals for side, part in _of_weeks(calendar, channel)
    }
    for month, limits in calendar.months.items():
        for side in ("at_most", "at_least"):
            if getattr(limits, side) is not None:
                parts["months", month, side] = _of_month(month, side, float(getattr(limits, side)))
    if calendar.pacing is not None and calendar.usual:
        parts[PACING] = Part(
            f"pacing of {percent(calendar.pacing)}", "", lambda room: _with(room, pacing=None), _way_of_pacing
        )
    return parts | {("plan", channel): _of_total(channel, total) for channel, total in room.totals.items()}


def _with(room: Room, **changed: Any) -> Room:
    return replace(room, calendar=replace(room.calendar, **changed))


def _with_weeks(room: Room, channel: str, **changed: Any) -> Room:
    weekly = room.calendar.weekly
    return _with(room, weekly={**weekly, channel: replace(weekly[channel], **changed)})


def _with_month(room: Room, month: str, **changed: Any) -> Room:
    months = room.calendar.months
    return _with(room, months={**months, month: replace(months[month], **changed)})


def _of_weeks(calendar: Calendar, channel: str) -> Iterator[tuple[str, Part]]:
    own = calendar.weekly.get(channel, WeekLimits())
    if own.blackout:
        key = f"weekly.{channel}.blackout"
        yield "blackout", _named(key, channel, {"blackout": ()}, f"take weeks out of {key}")
    if any(own.committed.values()):
        key = f"weekly.{channel}.committed"
        yield "committed", _named(key, channel, {"committed": {}}, f"take what is not booked out of {key}")
    if own.at_most is not None:
        yield "at_most", _of_most(channel, own.at_most)


def _named(key: str, channel: str, open_: Mapping[str, Any], text: str) -> Part:
    def dropped(room: Room) -> Room:
        return _with_weeks(room, channel, **open_)

    return Part(key, channel, dropped, lambda room: (text, dropped) if dropped(room).is_enough() else None)


def _of_most(channel: str, figure: float) -> Part:
    key = f"weekly.{channel}.at_most"

    def way(room: Room) -> Way | None:
        cells, place = _with_weeks(room, channel, at_most=None).cells(), list(room.totals).index(channel)
        limited = np.zeros_like(cells.most)
        limited[place] = room.calendar.bounds(room.labels, channel)[1] < cells.most[place]
        least = _end(room, cells, sparse.diags(limited.ravel()).tocsr()[np.flatnonzero(limited)])
        if least is None:
            return None
        most = _up(least)
        return f"{key} of {amount(most)} or more", lambda other: _with_weeks(other, channel, at_most=most)

    return Part(f"{key} of {amount(figure)}", channel, lambda room: _with_weeks(room, channel, at_most=None), way)


def _end(room: Room, cells: Cells, rows: Any, sign: float = 1.0) -> float | None:
    """The least money that may be the end of some rows; the largest of which they may be at least."""
    old, new = len(cells.limits), rows.shape[0]
    joined = sparse.vstack([cells.rows, sign * rows]) if old else sign * rows
    slopes = np.concatenate((np.zeros(old), np.full(new, sign * room.unit)))
    found = room.least(replace(cells, rows=joined, limits=np.append(cells.limits, np.zeros(new))), slopes, sign)
    return None if found is None else found * room.unit


def _of_month(month: str, side: str, figure: float) -> Part:
    key = f"months.{month}.{side}"

    def way(room: Room) -> Way | None:
        rows = sparse.csr_matrix(np.tile(month_parts(room.labels)[month], len(room.totals))[None, :])
        is_most = side == "at_most"
        found = _end(room, _with_month(room, month, **{side: None}).cells(), rows, 1.0 if is_most else -1.0)
        if found is None:
            return None
        end = _up(found) if is_most else _down(found)
        text = f"{key} of {amount(end)} or more" if is_most else f"{key} of {amount(end)} or less"
        return text, lambda other: _with_month(other, month, **{side: end})

    return Part(f"{key} of {amount(figure)}", "", lambda room: _with_month(room, month, **{side: None}), way)


def _way_of_pacing(room: Room) -> Way | None:
    one, two = room.cells(pacing=1.0), room.cells(pacing=2.0)
    slopes = two.limits - one.limits
    found = room.least(replace(one, limits=one.limits - slopes), slopes)
    if found is None:
        return None
    share = float(np.ceil(found * 100 * (1 - _NEAR)) / 100)
    return f"pacing of {percent(share)} or more", lambda other: _with(other, pacing=share)


def _of_total(channel: str, total: float) -> Part:
    def way(room: Room) -> Way | None:
        weeks, usual = len(room.labels), room.calendar.usual
        cells, slopes, follows = room.cells(), None, np.isclose(usual.get(channel, -1.0), total / weeks, rtol=_USUAL)
        if follows:  # the usual week is the plan's average
            cells = room.cells(usual={**usual, channel: 0.0})
            slopes = room.cells(usual={**usual, channel: room.unit / weeks}).limits - cells.limits
        least, most = (room.least(cells, slopes, sign, channel) for sign in (1.0, -1.0))
        if least is not None and least * room.unit > total:
            money = _up(least * room.unit)
            text = f"plan at least {amount(money)} for {channel}"
        elif most is not None and most * room.unit < total:
            money = _down(most * room.unit)
            text = f"plan at most {amount(money)} for {channel}"
        else:
            return None

        def changed(other: Room) -> Room:
            own = {**other.calendar.usual, channel: money / weeks} if follows else other.calendar.usual
            return _with(replace(other, totals={**other.totals, channel: money}), usual=own)

        return text, changed

    def dropped(room: Room) -> Room:
        return replace(room, free=room.free | {channel})

    return Part(f"the plan's {amount(total)} for {channel}", channel, dropped, way)


def _up(value: float) -> float:
    """A figure in the digits that it is written in, no lower."""
    return float(np.ceil(value / _digit(value) * (1 - _NEAR)) * _digit(value))


def _down(value: float) -> float:
    return float(np.floor(value / _digit(value) * (1 + _NEAR)) * _digit(value))


def _digit(value: float) -> float:
    return 1.0 if value >= 100 or value <= 0 else float(10.0 ** (np.floor(np.log10(value)) - 2))
