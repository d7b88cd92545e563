"""Journeys: conversion paths, from a touchpoint log of any size or from aggregated paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.errors import BadInput
from attribution.findings import Finding
from attribution.numbers import counted
from attribution.paths.admission import Admission
from attribution.paths.aggregated import exploded, spread_over_buckets
from attribution.paths.array_touches import blocks_of
from attribution.paths.customers import before_the_first, several_conversions
from attribution.paths.gathered import in_engine, in_memory
from attribution.paths.ibis_touches import IbisTouches
from attribution.paths.needed import collapsed, ends_of, nobody_meets, one_grain, one_offset
from attribution.paths.over_time import renamed_channels, values_of_one_unit
from attribution.paths.path_rules import BUCKETS, PathRules, micros
from attribution.paths.paths import Paths
from attribution.paths.rules_on_log import (
    check_channels,
    check_names,
    in_one_spelling_of_rules,
)
from attribution.paths.totals import summed
from attribution.paths.touches import Touches
from attribution.reading.cells import cells_of
from attribution.reading.columns import Cleaning, Columns
from attribution.reading.dialects import is_local, naming
from attribution.reading.encodings import in_encoding
from attribution.reading.engine import Engine
from attribution.reading.formats import PLAIN, Format
from attribution.reading.log_checks import Log
from attribution.reading.spellings import alike_ids, alike_names
from attribution.shown import shown

if TYPE_CHECKING:
    import ibis

__all__ = ["Journeys", "Seen"]


@dataclass(frozen=True)
class Seen:
    """What a log shows from when to when, in microseconds since 1970: touches and conversions, and how many."""

    first_touch: int
    last_touch: int
    touches: int
    first_end: int
    last_end: int
    ends: float


_MANY_UNTOUCHED = 0.05


@shown
@dataclass(frozen=True, eq=False)
class Journeys:
    """Conversion paths, ready for any model.

    Parameters
    ----------
    channels
        Names in alphabetical order; a channel's id is its position.
    totals
        ``touches``, ``paths``, ``conversions``, ``nulls`` and ``value`` of the paths; ``untouched`` and
        ``untouched_value``: conversions without any touch in the window, which no model can credit, and their value;
        and ``tied``: touches that share their moment with another of their path, so that their order is not known.
    won, lost
        Paths with and without conversion, in memory; None where an engine keeps them.
    remote
        Touches as a table of the engine that keeps them; None where they are in memory.
    exclusions
        Reason -> rows left out by explicit choice.
    categories
        Segment -> its values.
    timed
        Whether touches have times.
    ends
        Conversions by user and moment, in the order of ``won.source``; None for aggregated paths.
    span
        First touch and last event, in microseconds since 1970.
    findings
        What reading the log showed that its reader should know.
    seen
        From when to when the whole log holds touches and conversions; None for aggregated paths.
    days_in
        Whose days and months periods are; None: UTC.
    rebuilt
        Makes the same journeys of the log without some channels; None where there is no log to go back to.
    """

    channels: tuple[str, ...]
    totals: dict[str, float]
    won: Paths | None = None
    lost: Paths | None = None
    remote: ibis.Table | None = None
    exclusions: dict[str, int] = field(default_factory=dict)
    categories: dict[str, list[str]] = field(default_factory=dict)
    timed: bool = True
    ends: ibis.Table | None = None
    span: tuple[int, int] = (0, 0)
    findings: tuple[Finding, ...] = ()
    seen: Seen | None = None
    days_in: str | None = None
    rebuilt: Callable[[tuple[str, ...]], Journeys] | None = None

    @classmethod
    def from_touchpoints(
        cls,
        touchpoints: object,
        conversions: object = None,
        lookback: str = "30D",
        columns: Columns | Mapping[str, str] | None = None,
        rules: PathRules | None = None,
        cleaning: Cleaning | None = None,
        engine: Engine | None = None,
        format: Format | tuple[Format, Format] | None = None,
    ) -> Journeys:
        """Paths from a log of touchpoints.

        Parameters
        ----------
        touchpoints
            Frame, file or Ibis table with a row per touch: user, time, channel.
        conversions
            Table with a row per conversion: user, time and, if there are, value and kind;
            :class:`ConversionEvents` where they stand among the touchpoints; None where a ``conversion`` column of
            the touchpoints marks them.
        lookback
            How long before its conversion a touch may lie, such as ``"30D"``.
        columns
            How the tables name their columns.
        rules
            Idle gap, windows by kind of interaction, kinds of conversion, sessions, segments and more.
        cleaning
            What to leave out; nothing by default.
        engine
            Settings of DuckDB, and whether another engine keeps the paths; see :class:`Engine`.
        format
            How the tables write numbers and times, see :class:`Format`; a pair where touchpoints and conversions
            differ.

        Raises
        ------
        BadInput
            Every fault of the log, with table, column, rows and remedy.
        """
        columns, rules, cleaning = Columns.of(columns), rules or PathRules(), cleaning or Cleaning()
        formats = format if isinstance(format, tuple) else (format or PLAIN,) * 2
        micros(lookback, "lookback")
        touched, won, told = Admission(columns, rules, cleaning, engine, formats).of(touchpoints, conversions)
        with naming(touched.name):
            if cleaning.fold_names:
                touched, won = in_one_spelling_of_rules(touched, won, rules)
            return cls._of_logs(touched, won, lookback, rules, cleaning, engine, told)

    @classmethod
    def _of_logs(
        cls,
        touched: Log,
        won: Log,
        lookback: str,
        rules: PathRules,
        cleaning: Cleaning,
        engine: Engine | None,
        told: tuple[Finding, ...],
    ) -> Journeys:
        check_names(touched, won, rules)
        exclusions = touched.exclusions | won.exclusions
        whole = touched, won
        if rules.exclude:
            stays = touched.events.filter(~touched.events.channel.isin(list(rules.exclude)))
            check_channels(rules.exclude, touched, "exclude")
            touched = replace(touched, events=stays)
        if rules.first_only:
            touched = replace(touched, events=before_the_first(touched.events, ends_of(won.events, rules)))
        if is_local(touched.events):
            made = in_memory(touched, won, lookback, rules, cleaning, exclusions)
        else:
            made = in_engine(touched, won, lookback, rules, cleaning, engine, exclusions)
        bought = made.bought
        if rules.collapse is not None:
            exclusions[f"{touched.name}: {rules.collapse.reason}"] = collapsed(touched, won, rules)
        if rules.last_resort:
            check_channels(rules.last_resort, whole[0], "last_resort")
        left = {
            "untouched": max(0.0, bought.conversions - made.totals["conversions"]),
            "untouched_value": max(0.0, bought.value - made.totals["value"]),
        }
        findings = [several_conversions(bought.persons, bought.conversions), *won.findings]
        findings.append(alike_names({"channels": made.channels, **made.categories}))
        findings += [] if None in (touched.zoned, won.zoned) else [one_offset(touched, won)]
        findings.append(one_grain(touched, won))
        findings += [values_of_one_unit(won, rules)] if bought.value > 0 else []
        findings.append(renamed_channels(made, (touched.earliest, touched.latest)))
        if left["untouched"] > _MANY_UNTOUCHED * bought.conversions:
            findings.append(alike_ids(touched.events, won.events))
        if made.totals["conversions"] == 0:
            raise BadInput(nobody_meets(touched, won, findings))

        def rebuilt(names: tuple[str, ...]) -> Journeys:
            fewer = replace(
                rules,
                exclude=(*rules.exclude, *names),
                last_resort=tuple(name for name in rules.last_resort if name not in names),
            )
            return cls._of_logs(*whole, lookback, fewer, cleaning, engine, told)

        return cls(
            made.channels,
            made.totals | left,
            made.won,
            made.lost,
            made.remote,
            exclusions,
            made.categories,
            ends=made.ends,
            span=(touched.earliest, max(touched.latest, won.latest)),
            findings=(*told, *findings),
            seen=Seen(touched.earliest, touched.latest, touched.rows, won.earliest, won.latest, bought.conversions),
            days_in=rules.days_in,
            rebuilt=rebuilt,
        )

    @classmethod
    def from_paths(
        cls,
        frame: object,
        path: str = "path",
        conversions: str = "conversions",
        value: str | None = None,
        nulls: str | None = None,
        sep: str = ">",
        format: Format | None = None,
        fold_names: bool = False,
    ) -> Journeys:
        """Paths that are already aggregated.

        Parameters
        ----------
        frame
            Frame or file with one row per distinct path.
        path, conversions, value, nulls
            Columns: the channels in order, times it converted, their total value, times it did not convert; weights
            may be fractions.
        sep
            What separates the channels.
        format
            How the table writes numbers, see :class:`Format`.
        fold_names
            Whether channels that look alike are one, under the most frequent spelling.

        Raises
        ------
        BadInput
            Every fault of the table.
        """
        cells = cells_of(in_encoding(frame, None if format is None else format.encoding, "paths"), "paths")
        cells = replace(cells, first_row=1) if isinstance(frame, pd.DataFrame) else cells
        columns = (path, conversions, value, nulls)
        paths, channels, findings = exploded(cells, columns, sep, format or PLAIN, fold_names)
        none = paths.take(np.zeros(0, dtype=np.int64))
        totals = summed(paths, none) | {"untouched": 0.0, "untouched_value": 0.0}
        return cls(channels, totals, paths, none, timed=False, findings=findings)

    @property
    def period(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First touch and last event, in UTC without the zone.

        Raises
        ------
        BadInput
            Aggregated paths have no times.
        """
        if not self.timed:
            raise BadInput("aggregated paths have no times; build the journeys from touchpoints.")
        return pd.Timestamp(self.span[0], unit="us"), pd.Timestamp(self.span[1], unit="us")

    def blocks(self, by: tuple[str, ...] = (), converting: bool = False) -> Iterator[Touches]:
        """The touches, a block at a time, as models read them.

        Parameters
        ----------
        by
            Columns that sums will be kept apart by.
        converting
            Whether to leave out paths that did not convert.
        """
        if self.remote is not None:
            table = self.remote.filter(self.remote.conversions > 0) if converting else self.remote
            yield IbisTouches(table)
            return
        for paths in (self.won, self.lost):
            if paths is None or not len(paths) or (converting and paths is self.lost):
                continue
            by_bucket = "bucket" in by and "bucket" not in paths.labels
            for part in spread_over_buckets(paths, BUCKETS, seed=0) if by_bucket else (paths,):
                yield from blocks_of(part)

    def in_orders(self, by: tuple[str, ...] = (), converting: bool = False) -> Iterator[Touches]:
        """The touches for models to which order matters; as :meth:`blocks` gives them where none share a moment.

        Otherwise each path comes in four orders with a quarter of its weight: rows of one moment stand by how often
        their channel comes in the log, the rarest first, or the other way round, and so in every other moment. Steps
        from pair to pair then have the mean over all orders; larger groups have that of some.

        Parameters
        ----------
        by, converting
            As for :meth:`blocks`.
        """
        for touches in self.blocks(by, converting):
            yield from touches.in_orders() if self.totals.get("tied") else (touches,)

    @property
    def touches(self) -> ibis.Table:
        """One row per touch as an Ibis table, for questions of one's own; see :func:`engine_paths.touches_of`."""
        import ibis

        return ibis.memtable(self.to_frame()) if self.remote is None else self.remote

    def to_frame(self) -> pd.DataFrame:
        """One row per touch: ``part`` (the path), ``time`` and ``ended`` in microseconds, ``channel`` (the id), and
        the rest of a touch's columns; for logs that fit in memory.
        """
        if self.remote is not None:
            return pd.DataFrame(self.remote.execute())
        frames, offset = [], 0
        for paths in (self.won, self.lost):
            if paths is not None and len(paths):
                frames.append(paths.to_frame(offset))
                offset += len(paths)
        return pd.concat(frames, ignore_index=True)

    def __len__(self) -> int:
        """Number of paths."""
        return round(self.totals["paths"])

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>"  # a table of paths would read the whole log

    def __repr__(self) -> str:
        t = self.totals
        return (
            f"Journeys({counted(t['paths'], 'path')}, {counted(len(self.channels), 'channel')}, "
            f"{counted(t['conversions'], 'conversion')}, {counted(t['untouched'], 'conversion')} without a touch)"
        )
