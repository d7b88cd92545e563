"""Touches that are one touch: repeats of a channel within a session, or within a day."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.paths.ibis_touches import cases
from attribution.paths.path_rules import DAY, Zone, micros
from attribution.paths.time_zones import offsets

if TYPE_CHECKING:
    import ibis

__all__ = ["OncePerDay", "Sessions"]


class Repeats(ABC):
    """Which touches of one user, channel and kind of interaction are one touch, of which the first stays.

    A conversion between two touches keeps them apart.
    """

    @property
    @abstractmethod
    def reason(self) -> str:
        """What is left out, for the count of exclusions."""

    @abstractmethod
    def stays(self, touched: ibis.Table, alike: Sequence[str], order: Sequence[str], zone: Zone) -> ibis.Table:
        """The touches that stay, of a table with a column ``turn`` that conversions count up."""

    def apply(self, touched: ibis.Table, ends: ibis.Table, zone: Zone) -> ibis.Table:
        """The touches that stay.

        Parameters
        ----------
        touched
            ``user``, ``time``, ``channel`` and perhaps more.
        ends
            ``user`` and ``time`` of conversions.
        zone
            Name of the time zone, and first and last moment of the log.
        """
        import ibis

        names = touched.columns
        others = {name: ibis.null(touched[name].type()) for name in names if name not in ("user", "time")}
        marks = ends.select("user", "time", **others, converts=ibis.literal(1).cast("int8"))
        both = ibis.union(touched.mutate(converts=ibis.literal(0).cast("int8")), marks, distinct=False)
        so_far = ibis.window(group_by="user", order_by=["time", "converts"], preceding=None, following=0)
        told = both.mutate(turn=both.converts.sum().over(so_far))
        told = told.filter(told.converts == 0)
        alike = ["user", "channel", *(["interaction"] if "interaction" in names else []), "turn"]
        order = ["time", *(name for name in names if name not in {"time", *alike})]
        return self.stays(told, alike, order, zone).select(*names)


@dataclass(frozen=True)
class Sessions(Repeats):
    """A touch that comes within a while after one of the same channel is the same touch.

    Parameters
    ----------
    gap
        Such as ``"30min"``; counted from the touch before, so that a session lasts as long as touches follow so fast.
    """

    gap: str = "30min"

    def __post_init__(self) -> None:
        micros(self.gap, "gap")

    @property
    def reason(self) -> str:
        """See :attr:`Repeats.reason`."""
        return f"same channel within {self.gap}"

    def stays(self, touched: ibis.Table, alike: Sequence[str], order: Sequence[str], zone: Zone) -> ibis.Table:
        """See :meth:`Repeats.stays`."""
        import ibis

        before = touched.time.lag(1).over(ibis.window(group_by=list(alike), order_by=list(order)))
        told = touched.mutate(since=touched.time - before)
        return told.filter(told.since.isnull() | (told.since > micros(self.gap, "gap")))


@dataclass(frozen=True)
class OncePerDay(Repeats):
    """A channel touches a user at most once a day, in the time zone of the rules."""

    @property
    def reason(self) -> str:
        """See :attr:`Repeats.reason`."""
        return "same channel on the same day"

    def stays(self, touched: ibis.Table, alike: Sequence[str], order: Sequence[str], zone: Zone) -> ibis.Table:
        """See :meth:`Repeats.stays`."""
        import ibis

        edges, distances = offsets(zone[1], zone[0])
        local = touched.time + cases(touched.time, edges, distances)
        told = touched.mutate(local_day=(local / float(DAY)).floor().cast("int64"))
        first = ibis.row_number().over(ibis.window(group_by=[*alike, "local_day"], order_by=list(order)))
        told = told.mutate(place=first)
        return told.filter(told.place == 0)
