"""Why a calendar has no room for what a plan spends: the fewest limits that clash, and what would do for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.errors import InfeasiblePlan
from attribution.numbers import amount, counted, percent
from optimizer.question.limits import irreducible
from optimizer.weeks.calendar import Calendar
from optimizer.weeks.calendar_room import PACING, Key, Part, Room, Way, parts_of

__all__ = ["refuse_narrow_weeks"]

_ROUNDING = 1e-9
_MOST = 3  # sets that are told


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
        With the fewest limits that clash, and for each the figure at which all others can be kept; where smallest
        bookings are the reason, with a sentence for each such channel.
    """
    calendar.check(labels, list(totals))
    room = Room(calendar, labels, history, totals)
    if not room.is_enough():
        raise InfeasiblePlan(_clash(room))
    problems = [text for name, total in totals.items() for text in _of_bookings(room, name, total)]
    if problems:
        raise InfeasiblePlan(" ".join(problems))


def _clash(room: Room) -> str:
    parts = parts_of(room)
    found: list[list[Key]] = []
    while len(found) < _MOST and not _without(room, parts, *found).is_enough():
        found.append(_first(_without(room, parts, *found), {k: v for k, v in parts.items() if not _in(k, found)}))
    told = "; ".join(_contradict(one, parts) for one in found)
    told = told if room.calendar.spent is None else f"{told}, beside what is spent already"
    others = [[other for other in found if other is not one] for one in found]
    ways = [
        [way for key in one if (way := parts[key].way(_without(room, parts, *rest)))]
        for one, rest in zip(found, others, strict=True)
    ]
    if len(found) == 1 and not ways[0]:
        return f"{told}, and others do once one of them is relaxed. Remedy: relax at least two."
    if not all(_after(room, some).is_enough() for some in product(*ways)) or not all(ways):
        return f"{told}. Remedy: relax at least one of each."
    texts = "; and ".join("; or ".join(text for text, _ in each) for each in ways)
    each = "let one of these give way: " if len(found) == 1 else "let one of each give way: "
    return f"{told}. Remedy: {each if max(map(len, found)) > 1 else ''}{texts}.{_but_bookings(room.calendar)}"


def _after(room: Room, ways: Iterable[Way]) -> Room:
    for _, changed in ways:
        room = changed(room)
    return room


def _but_bookings(calendar: Calendar) -> str:
    booked = [channel for channel, own in calendar.weekly.items() if own.at_least_if_used]
    return f" That is without the smallest bookings of {', '.join(booked)}, which may ask more." if booked else ""


def _in(key: Key, sets: list[list[Key]]) -> bool:
    return any(key in one for one in sets)


def _first(room: Room, parts: Mapping[Key, Part]) -> list[Key]:
    """The fewest that clash, of one channel where its own do."""

    def clash(whole: Room, among: list[Key], left: set[Key]) -> bool:
        return not _without(whole, parts, [key for key in among if key not in left]).is_enough()

    for channel in room.totals:
        own = [key for key, part in parts.items() if part.channel == channel or key == PACING]
        alone = room.alone(channel)
        if not alone.is_enough():
            return irreducible(own, partial(clash, alone, own))
    return irreducible(list(parts), partial(clash, room, list(parts)))


def _without(room: Room, parts: Mapping[Key, Part], *sets: list[Key]) -> Room:
    for key in (key for one in sets for key in one):
        room = parts[key].dropped(room)
    return room


def _contradict(keys: list[Key], parts: Mapping[Key, Part]) -> str:
    *names, last = [parts[key].name for key in keys]
    return f"{', '.join(names)} and {last} contradict each other" if names else f"{last} cannot hold"


def _of_bookings(room: Room, channel: str, total: float) -> Iterator[str]:
    """Where the smallest booking is more than all the money, or more than a step above the last week on air."""
    calendar, weeks = room.calendar, counted(len(room.labels), "week")
    own = calendar.weekly.get(channel)
    smallest = 0.0 if own is None else own.at_least_if_used or 0.0
    if not smallest or total <= 0:
        return
    if _ROUNDING < total < smallest * (1 - _ROUNDING):
        yield (
            f"{channel}: the plan spends {amount(total)} over the {weeks}, less than one booking of "
            f"{amount(smallest)}. Remedy: lower weekly.{channel}.at_least_if_used, or plan nothing or more for "
            f"{channel}."
        )
        return
    last, step = calendar.last_amount(channel, room.history.get(channel, [])), calendar.largest_step(channel)
    if last is not None and smallest > (last + step) * (1 + _ROUNDING):
        share = np.ceil((smallest - last) / calendar.usual[channel] * 100) / 100
        yield (
            f"{channel}: the smallest booking of {amount(smallest)} is more than a step of "
            f"{percent(float(calendar.pacing or 0.0))} above the {amount(last)} of its last week on air. "
            f"Remedy: pacing of {percent(share)} or more, or a lower weekly.{channel}.at_least_if_used."
        )
