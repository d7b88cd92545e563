"""Journeys: conversion paths, from a touchpoint log of any size or from aggregated paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.aggregated import exploded, spread_over_buckets
from attribution.columns import Cleaning, Columns, ConversionEvents
from attribution.doorkeeper import admit_conversions, admit_touchpoints, split_events
from attribution.errors import BadInput, Problem
from attribution.sessions import BUCKETS, PathRules, touches_of
from attribution.sources import Engine, log_table

if TYPE_CHECKING:
    import ibis

__all__ = ["Journeys"]

_HELD = 5_000_000


@dataclass(frozen=True, eq=False)
class Journeys:
    """Conversion paths, ready for any model.

    Parameters
    ----------
    touches
        Ibis table, one row per touch; see :func:`attribution.sessions.touches_of` for its columns.
    channels
        Names in alphabetical order; a channel's id is its position.
    timed
        Whether touches have times.
    totals
        ``touches``, ``paths``, ``conversions``, ``nulls`` and ``value`` of the paths, and ``untouched``: conversions
        without any touch in the window, which no model can credit.
    exclusions
        Reason -> rows left out by explicit choice.
    """

    touches: ibis.Table
    channels: tuple[str, ...]
    timed: bool
    totals: dict[str, float]
    exclusions: dict[str, int] = field(default_factory=dict)
    paths: pd.DataFrame | None = None

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
            Idle gap, windows by kind of interaction, kinds of conversion.
        cleaning
            What to leave out; nothing by default.
        engine
            Settings of DuckDB.

        Raises
        ------
        BadInput
            Every fault of the log, with table, column, rows and remedy.
        """
        columns, rules, cleaning = Columns.of(columns), rules or PathRules(), cleaning or Cleaning()
        name = _name(touchpoints, "touchpoints")
        log = log_table(touchpoints, engine, name)
        converted: Any = None
        if isinstance(conversions, ConversionEvents):
            log, converted = split_events(log, conversions, name)
        elif conversions is not None:
            converted = log_table(conversions, engine, _name(conversions, "conversions"))
        admitted = admit_touchpoints(log, columns, cleaning, name)
        exclusions = dict(admitted.exclusions)
        if converted is not None:
            bought = admit_conversions(converted, columns, cleaning, _name(conversions, "conversions"))
            exclusions |= bought.exclusions
            won = bought.events
        elif "conversions" in admitted.events.columns:
            won = admitted.events.filter(admitted.events.conversions > 0)
        else:
            remedy = "pass conversions=, or name the column that marks them with columns={'conversion': ...}."
            raise BadInput(Problem(name, "holds no conversions.", columns.conversion, remedy=remedy))
        return cls._of_events(admitted.events, won, lookback, rules, exclusions)

    @classmethod
    def _of_events(
        cls, touched: ibis.Table, won: ibis.Table, lookback: str, rules: PathRules, exclusions: dict[str, int]
    ) -> Journeys:
        if rules.kinds is not None:
            won = won.filter(won.kind.isin(list(rules.kinds)))
        ends = won.group_by(["user", "time"]).aggregate(conversions=won.conversions.sum(), value=won.value.sum())
        names = sorted(touched.select("channel").distinct().execute()["channel"])
        import ibis

        ids = ibis.memtable(pd.DataFrame({"channel": names, "id": np.arange(len(names))}))
        touches = touches_of(touched, ends, ids, lookback, rules)
        if touched.count().execute() <= _HELD:
            touches = touches.cache()
        all_won = ends.aggregate(conversions=ends.conversions.sum(), value=ends.value.sum()).execute()
        totals = _totals(touches)
        totals["untouched"] = max(0.0, round(float(all_won["conversions"].iloc[0] or 0.0) - totals["conversions"], 9))
        if totals["conversions"] == 0:
            text = "has no conversion with a touch before it in the lookback window."
            raise BadInput(Problem("conversions", text, remedy="check user ids, times and kinds on both sides."))
        return cls(touches, tuple(names), timed=True, totals=totals, exclusions=exclusions)

    @classmethod
    def from_paths(
        cls,
        frame: object,
        path: str = "path",
        conversions: str = "conversions",
        value: str | None = None,
        nulls: str | None = None,
        sep: str = ">",
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

        Raises
        ------
        BadInput
            Every fault of the table.
        """
        rows = exploded(log_table(frame, None, "paths").execute(), (path, conversions, value, nulls), sep)
        table = log_table(rows.touches, None, "paths")
        weights = rows.paths
        totals = {
            "touches": float((rows.touches["conversions"] + rows.touches["nulls"]).sum()),
            "paths": float(weights["conversions"].sum() + weights["nulls"].sum()),
            "conversions": float(weights["conversions"].sum()),
            "nulls": float(weights["nulls"].sum()),
            "value": float(weights["value"].sum()),
            "untouched": 0.0,
        }
        return cls(table, rows.channels, timed=False, totals=totals, paths=weights)

    def bucketed(self, seed: int = 0) -> ibis.Table:
        """The touches with a ``bucket`` from 0 to 999 that keeps together what must be resampled together."""
        if self.paths is None:
            return self.touches
        spread = log_table(spread_over_buckets(self.paths, BUCKETS, seed), None, "paths")
        bare = self.touches.drop("conversions", "nulls", "value", "part")
        dealt = bare.join(spread, "user")
        return dealt.mutate(part=dealt.bucket)

    def __len__(self) -> int:
        """Number of paths."""
        return round(self.totals["paths"])

    def __repr__(self) -> str:
        t = self.totals
        return (
            f"Journeys({t['paths']:,.0f} paths, {len(self.channels)} channels, {t['conversions']:,.0f} conversions, "
            f"{t['untouched']:,.0f} conversions without a touch)"
        )


def _totals(touches: ibis.Table) -> dict[str, float]:
    first = touches.filter(touches.step == 0)
    sums = first.aggregate(
        touches=first.length.sum(),
        paths=first.count(),
        conversions=first.conversions.sum(),
        nulls=first.nulls.sum(),
        value=first.value.sum(),
    ).execute()
    return {name: float(sums[name].iloc[0] or 0.0) for name in sums.columns}


def _name(source: object, otherwise: str) -> str:
    return str(source) if isinstance(source, str) or hasattr(source, "__fspath__") else otherwise
