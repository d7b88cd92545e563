"""Channels of a table that the plan file's weekly table does not name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from attribution.errors import Problem, nearest, quoted
from attribution.reading.look_alikes import spelt_out

__all__ = ["unknown_channels"]

_LISTED = 12


def unknown_channels(named: Iterable[str], known: Collection[str], table: str, column: str | None) -> Iterator[Problem]:
    """A problem for each name that no channel has, with the nearest that one has.

    Parameters
    ----------
    named
        As the table names channels.
    known
        Those there are.
    table, column
        What messages call the place.
    """
    for channel in dict.fromkeys(named):
        if channel not in known:
            close = nearest(channel, known)
            hint = f"did you mean {quoted(close)}?" if close else f"channels are {', '.join([*known][:_LISTED])}."
            text = f"unknown channel {spelt_out(channel)}."
            yield Problem(table, text, column, remedy=f"{hint} Name channels as data.weekly does.")
