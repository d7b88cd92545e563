"""Journeys: conversion paths, from a touchpoint log of any size or from aggregated paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.numbers import amount
from attribution.paths.aggregated import exploded, spread_over_buckets
from attribution.paths.array_touches import blocks_of
from attribution.paths.customers import before_the_first, first_of_each, several_conversions
from attribution.paths.from_duckdb import Streamed, stream
from attribution.paths.ibis_touches import IbisTouches
from attribution.paths.names_of_rules import in_one_spelling_of_rules, require_names
from attribution.paths.path_rules import BUCKETS, PathRules, micros, touches_of
from attribution.paths.paths import Paths
from attribution.paths.totals import remote_totals, summed
from attribution.paths.touches import Touches
from attribution.reading.columns import Cleaning, Columns, ConversionEvents
from attribution.reading.dialects import is_local
from attribution.reading.exclusions import bots, require_few_channels, without_remote_bots
from attribution.reading.log_checks import Log, admit_conversions, admit_touchpoints, split_events
from attribution.reading.named import require_values
from attribution.reading.orders import one_row_per_order
from attribution.reading.sources import Engine, carried, kept, log_table
from attribution.reading.spellings import alike_ids, alike_names, folded_id

if TYPE_CHECKING:
    import ibis

__all__ = ["Journeys"]

_MANY_UNTOUCHED = 0.05


@dataclass(frozen=True, eq=False)
class Journeys:
    """Conversion paths, ready for any model.

    Parameters
    ----------
    channels
        Names in alphabetical order; a channel's id is its position.
    totals
        ``touches``, ``paths``, ``conversions``, ``nulls`` and ``value`` of the paths, and ``untouched``: conversions
        without any touch in the window, which no model can credit.
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
            Idle gap, windows by kind of interaction, kinds of conversion, segments.
        cleaning
            What to leave out; nothing by default.
        engine
            Settings of DuckDB, and whether another engine keeps the paths; see :class:`Engine`.

        Raises
        ------
        BadInput
            Every fault of the log, with table, column, rows and remedy.
        """
        columns, rules, cleaning = Columns.of(columns), rules or PathRules(), cleaning or Cleaning()
        micros(lookback, "lookback")
        name = _name(touchpoints, "touchpoints")
        log = log_table(touchpoints, engine, name, beside=conversions)
        converted: Any = None
        tables = {name: log.columns}
        if isinstance(conversions, ConversionEvents):
            log, converted = split_events(log, conversions, name)
        elif conversions is not None:
            converted = log_table(conversions, engine, _name(conversions, "conversions"), beside=log)
            tables |= {_name(conversions, "conversions"): converted.columns}
        columns.require(tables)
        findings: list[Finding] = []
        if rules.channels is not None:
            log, idle = rules.channels.apply(log, columns.channel, name)
            findings.append(idle)
        if cleaning.fold_names:
            log = _with_folded_ids(log, columns.user)
            converted = None if converted is None else _with_folded_ids(converted, columns.of_conversions.user)
        if rules.identity is not None:
            log = rules.identity.apply(log, columns.user, engine, cleaning.fold_names)
            if converted is not None:
                user = columns.of_conversions.user
                converted = rules.identity.apply(converted, user, engine, cleaning.fold_names)
        touched = admit_touchpoints(log, columns, cleaning, name)
        if converted is not None:
            won = admit_conversions(converted, columns.of_conversions, cleaning, _name(conversions, "conversions"))
            if columns.order is not None:
                exclusions = dict(won.exclusions)
                won = replace(won.single(cleaning, exclusions), exclusions=exclusions)
                won = one_row_per_order(won, columns.order)
        elif "conversions" in touched.events.columns:
            if "duplicates" in cleaning.drop:  # a repeated row would convert twice
                exclusions = dict(touched.exclusions)
                touched = replace(touched.single(cleaning, exclusions), exclusions=exclusions)
            marked = touched.events.filter(touched.events.conversions > 0)
            won = replace(touched, events=marked, exclusions={}, rows=0)  # repeats are the touchpoints' own
        else:
            remedy = "pass conversions=, or name the column that marks them with columns={'conversion': ...}."
            raise BadInput(Problem(name, "holds no conversions.", columns.conversion, remedy=remedy))
        if cleaning.fold_names:
            touched, won = in_one_spelling_of_rules(touched, won, rules)
        journeys = cls._of_logs(touched, won, lookback, rules, cleaning, engine)
        return replace(journeys, findings=(*findings, *journeys.findings))

    @classmethod
    def _of_logs(
        cls, touched: Log, won: Log, lookback: str, rules: PathRules, cleaning: Cleaning, engine: Engine | None
    ) -> Journeys:
        require_names(touched, won, rules)
        exclusions = touched.exclusions | won.exclusions
        if rules.first_only:
            touched = replace(touched, events=before_the_first(touched.events, _ends(won.events, rules)))
        if is_local(touched.events):
            streamed = _streamed(touched, won, lookback, rules, cleaning)
            touches, bought = touched, won
            if streamed.repeats:  # alike in what paths need; only rows alike in every column are repeats
                touches = touched.single(cleaning, exclusions)
            if streamed.moments < won.rows:
                bought = won.single(cleaning, exclusions)
            if touches is not touched or bought is not won:
                streamed = _streamed(touches, bought, lookback, rules, cleaning)
            persons, all_won = float(streamed.persons), streamed.conversions
            journeys = cls(
                streamed.channels,
                summed(streamed.won, streamed.lost),
                streamed.won,
                streamed.lost,
                categories=streamed.categories,
                ends=streamed.ends,
            )
            journeys = journeys._without_bots(cleaning, exclusions)
        else:
            needed = _needed(touched.single(cleaning, exclusions).events, rules)
            if rules.lookback_of:
                require_values(rules.lookback_of, needed, "interaction", touched.name, "interaction")
            channels = tuple(sorted(needed.select("channel").distinct().execute()["channel"]))
            require_few_channels(len(channels), touched.rows, cleaning.most_channels, touched.name)
            ends = _ends((won.single(cleaning, exclusions) if won.rows else won).events, rules)
            remote = kept(touches_of(needed, ends, _ids(channels, needed), lookback, rules), engine)
            remote = without_remote_bots(remote, cleaning, exclusions)
            sums = ends.aggregate(persons=ends.user.nunique(), conversions=ends.conversions.sum()).execute().iloc[0]
            persons, all_won = float(sums["persons"]), float(sums["conversions"] or 0.0)
            categories = {name: _values(remote, name) for name in rules.segments}
            journeys = cls(channels, remote_totals(remote), remote=remote, categories=categories)
        untouched = max(0.0, all_won - journeys.totals["conversions"])
        findings = [several_conversions(persons, all_won)]
        findings.append(alike_names({"channels": journeys.channels, **journeys.categories}))
        if untouched > _MANY_UNTOUCHED * all_won:
            findings.append(alike_ids(touched.events, won.events))
        if journeys.totals["conversions"] == 0:
            raise BadInput(_nobody_meets(findings[-1]))
        return replace(
            journeys,
            exclusions=exclusions,
            totals=journeys.totals | {"untouched": untouched},
            span=(touched.earliest, max(touched.latest, won.latest)),
            findings=tuple(findings),
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
        fold_names
            Whether channels that differ by case or blanks alone are one, under the most frequent spelling.

        Raises
        ------
        BadInput
            Every fault of the table.
        """
        read = frame if isinstance(frame, pd.DataFrame) else log_table(frame, None, "paths").execute()
        paths, channels, findings = exploded(read, (path, conversions, value, nulls), sep, fold_names)
        none = paths.take(np.zeros(0, dtype=np.int64))
        totals = summed(paths, none) | {"untouched": 0.0}
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

    @property
    def touches(self) -> ibis.Table:
        """One row per touch as an Ibis table, for questions of one's own; see :func:`path_rules.touches_of`."""
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

    def _without_bots(self, cleaning: Cleaning, exclusions: dict[str, int]) -> Journeys:
        """The journeys without paths past the limit, or an error that names it."""
        if self.won is None or self.lost is None:
            return self
        kept, beyond, longest = [], 0, 0
        for paths in (self.won, self.lost):
            lengths = paths.lengths
            long = lengths > cleaning.longest_path
            beyond += int(np.count_nonzero(long))
            longest = max(longest, int(lengths.max(initial=0)))
            kept.append(paths.take(np.flatnonzero(~long)) if long.any() else paths)
        if beyond and "bots" not in cleaning.drop:
            raise BadInput(bots(beyond, longest, cleaning))
        if not beyond:
            return self
        exclusions["touchpoints: bots"] = beyond
        return replace(self, won=kept[0], lost=kept[1], totals=summed(*kept))

    def __len__(self) -> int:
        """Number of paths."""
        return round(self.totals["paths"])

    def __repr__(self) -> str:
        t = self.totals
        return (
            f"Journeys({amount(t['paths'])} paths, {len(self.channels)} channels, "
            f"{amount(t['conversions'])} conversions, {amount(t['untouched'])} conversions without a touch)"
        )


def _nobody_meets(told: Finding) -> Problem:
    text = "has no conversion with a touch before it in the lookback window."
    alike = told.name == "alike_ids" and not told.passed
    return Problem("conversions", text, remedy=told.text if alike else "check user ids, times and kinds on both sides.")


def _with_folded_ids(table: ibis.Table, user: str) -> ibis.Table:
    return table.mutate(**{user: folded_id(table[user])}) if user in table.columns else table


def _streamed(touched: Log, won: Log, lookback: str, rules: PathRules, cleaning: Cleaning) -> Streamed:
    span = min(touched.earliest, won.earliest), max(touched.latest, won.latest)
    needed, ends = _needed(touched.events, rules), _ends(won.events, rules)
    return stream(needed, ends, lookback, rules, span, touched.rows, cleaning.most_channels)


def _ends(bought: ibis.Table, rules: PathRules) -> ibis.Table:
    """Conversions that count, one row per user and time."""
    if rules.kinds is not None:
        bought = bought.filter(bought.kind.isin(list(rules.kinds)))
    moments = bought.group_by(["user", "time"]).aggregate(
        conversions=bought.conversions.sum(), value=bought.value.sum()
    )
    return first_of_each(moments) if rules.first_only else moments


def _needed(events: ibis.Table, rules: PathRules) -> ibis.Table:
    """The columns that make paths and segments."""
    return events.select(
        "user",
        "time",
        "channel",
        *(["interaction"] if rules.lookback_of else []),
        **{segment: events[f"extra_{segment}"] for segment in rules.segments},
    )


def _ids(channels: tuple[str, ...], touches: ibis.Table) -> ibis.Table:
    """Channels and their ids as a table beside the touches."""
    import ibis

    listed = pd.DataFrame({"channel": list(channels), "id": np.arange(len(channels))})
    return carried(ibis.memtable(listed), touches.get_backend())


def _values(touches: ibis.Table, segment: str) -> list[str]:
    return sorted(touches.select(segment).distinct().execute()[segment])


def _name(source: object, otherwise: str) -> str:
    return str(source) if isinstance(source, str) or hasattr(source, "__fspath__") else otherwise
