"""Time zones: where local days begin, and how far local clocks are from UTC."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from attribution.reading.formats import zone_of

__all__ = ["midnights", "offsets"]

_EPOCH = pd.Timestamp(0)
_HOUR = 3_600_000_000
_MICRO = pd.Timedelta(microseconds=1)


def midnights(days: pd.DatetimeIndex, zone: str | None) -> list[int]:
    """Microseconds since 1970 at which local days begin.

    Parameters
    ----------
    days
        Days as times of midnight without a zone.
    zone
        Name of the zone; None for UTC. A day whose midnight is skipped begins an hour later, one whose midnight comes
        twice begins with the first.

    Examples
    --------
    >>> midnights(pd.DatetimeIndex(["1970-01-02"]), "Europe/Berlin")[0] / 3_600_000_000
    23.0
    """
    if zone is None:
        return [int((day - _EPOCH) // _MICRO) for day in days]
    known = zone_of(zone)
    local = [day.tz_localize(known, ambiguous=True, nonexistent="shift_forward") for day in days]
    return [int((moment.tz_convert(None) - _EPOCH) // _MICRO) for moment in local]


@lru_cache(maxsize=8)
def offsets(span: tuple[int, int], zone: str | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Moments at which the distance of local clocks from UTC changes, and the distances before, between and after.

    Parameters
    ----------
    span
        First and last moment in question, in microseconds since 1970.
    zone
        Name of the zone; None for UTC.
    """
    if zone is None:
        return (), (0,)
    known = zone_of(zone)

    def distance(moment: int) -> int:
        local = (_EPOCH + moment * _MICRO).tz_localize("UTC").tz_convert(known)
        return int((local.tz_localize(None) - _EPOCH) // _MICRO) - moment

    edges: list[int] = []
    found = [distance(span[0])]
    low = span[0]
    while low < span[1]:
        high = min(low + 24 * 14 * _HOUR, span[1])
        if distance(high) != found[-1]:
            before, after = low, high
            while after - before > 1:
                middle = (before + after) // 2
                before, after = (middle, after) if distance(middle) == found[-1] else (before, middle)
            edges.append(after)
            found.append(distance(after))
            high = after
        low = high
    return tuple(edges), tuple(found)
