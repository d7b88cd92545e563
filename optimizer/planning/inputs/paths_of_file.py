"""Conversion paths of a plan file: from its touchpoint log, or from its table of paths."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from attribution import ConversionEvents, Journeys, Query
from attribution.errors import BadInput, Problem
from attribution.numbers import counted
from attribution.reading.contracts import Column, Table
from attribution.reading.exports.ga4_log import GA4_FORMAT, ga4_log
from attribution.reading.formats import Format
from attribution.reading.small import read_table
from attribution.reading.sources import log_table
from optimizer.planning.file.assemble import cleaning_of, path_rules, reshaped
from optimizer.planning.file.keys.data import Conversions, Paths, Touchpoints
from optimizer.planning.inputs.log_channels import unlike_the_log
from optimizer.planning.inputs.other_currency import other_currency
from optimizer.planning.inputs.printable import unprintable
from optimizer.planning.inputs.reading import Reading

if TYPE_CHECKING:
    import ibis

__all__ = ["read_journeys"]


def read_journeys(reading: Reading) -> Journeys | None:
    """Journeys of the log or of the paths that the plan file names; None where it names neither.

    Raises
    ------
    BadInput
        Every problem of the log or table, and channels of the plan file that it does not have.
    """
    data = reading.config.data
    if data.touchpoints is not None:
        return _of_log(reading, data.touchpoints)
    return None if data.paths is None else _of_paths(reading, data.paths)


def _of_log(reading: Reading, log: Touchpoints) -> Journeys:
    settings, won = reading.config.attribution, log.conversions
    source, conversions, formats = _log_and_conversions(reading, log)
    journeys = Journeys.from_touchpoints(
        source,
        conversions=conversions,
        lookback=settings.lookback,
        columns=_names(log),
        rules=path_rules(settings, log, reading.document.folder),
        cleaning=cleaning_of(log),
        engine=reading.engine,
        format=formats,
    )
    reading.assumptions.extend(
        f"Left out as asked: {counted(rows, 'row')}, {why}." for why, rows in journeys.exclusions.items() if rows
    )
    if log.identity is not None:
        known: ibis.Table = log_table(reading.source(log.identity.path), reading.engine)
        reading.note("identity map", log.identity.path, int(known.count().execute()))
    _require_channels(reading, journeys, log.path)
    journeys = reshaped(journeys, settings)
    first, last = _period_of(journeys)
    covers = f"conversions of {first:%Y-%m-%d} to {last:%Y-%m-%d}, {counted(len(journeys), 'path')}"
    reading.note("touchpoints", log.path, round(journeys.totals["touches"]), covers)
    if won.path is not None:
        _require_currency(reading, won, won.path)
        reading.note("conversions", won.path, round(journeys.totals["conversions"] + journeys.totals["untouched"]))
    return journeys


def _require_currency(reading: Reading, won: Conversions, path: Path | Query) -> None:
    """Refuse values in another currency than the plan file's, where the table says what they are in."""
    table: ibis.Table = log_table(reading.source(path), reading.engine)
    if won.value is None or won.currency not in table.columns:
        return
    codes = [code for code in table.select(won.currency).distinct().execute()[won.currency] if not pd.isna(code)]
    if problems := list(other_currency(sorted(map(str, codes)), reading.config.currency, path.name, won.currency)):
        raise BadInput(problems)


def _names(log: Touchpoints) -> dict[str, str]:
    """Declared name -> name in the tables."""
    won = log.conversions
    names = {"user": log.user, "time": log.time, "channel": log.channel}
    names |= {"conversion": won.flag} if won.flag is not None else {}
    names |= {"conversion_user": won.user, "conversion_time": won.time} if won.path is not None else {}
    order = "order" if log.kind is not None and won.events is not None else won.order  # told by the export itself
    optional = {"value": won.value, "kind": won.kind, "interaction": log.interaction, "order": order}
    return names | {name: column for name, column in optional.items() if column is not None}


def _log_and_conversions(reading: Reading, log: Touchpoints) -> tuple[Any, Any, Any]:
    """Both tables and how they are written; conversions may be events of the log, or marked in it."""
    won, events = log.conversions, log.conversions.events
    source: Any = reading.source(log.path)
    conversions: Any = None if won.path is None else reading.source(won.path)
    formats: Any = (log.format, won.format) if won.path is not None else replace(log.format, **_numbers(won.format))
    if log.kind is not None:
        source, bought = ga4_log(source, events.values if events else (), reading.engine)  # noqa: PD011 - no frame
        conversions, formats = (bought, GA4_FORMAT) if events else (conversions, (GA4_FORMAT, won.format))
    elif events is not None:
        conversions = ConversionEvents(events.column, tuple(events.values))
    return source, conversions, formats


def _numbers(format: Format) -> dict[str, Any]:
    """What is stated of numbers alone."""
    return {"decimal": format.decimal, "thousands": format.thousands, "unit": format.unit}


def _of_paths(reading: Reading, paths: Paths) -> Journeys:
    names = [name for name in (paths.conversions, paths.value, paths.nulls) if name]
    columns = (Column(paths.column, "text"), *(Column(name, minimum=0, money=name == paths.value) for name in names))
    table = Table(paths.path.name, columns)
    frame: Any = read_table(reading.path(paths.path), table, paths.format, reading.engine)
    journeys = Journeys.from_paths(
        frame,
        path=paths.column,
        conversions=paths.conversions,
        value=paths.value,
        nulls=paths.nulls,
        sep=paths.separator,
        fold_names=paths.fold_names,
    )
    _require_channels(reading, journeys, paths.path)
    journeys = reshaped(journeys, reading.config.attribution)
    if paths.nulls is None:
        reading.assumptions.append(
            "The paths hold no journeys without conversion; Markov credit rests on converting paths alone."
        )
    reading.note("conversion paths", paths.path, len(frame), frame=frame)
    return journeys


def _require_channels(reading: Reading, journeys: Journeys, path: Path | Query) -> None:
    problems: list[Problem | str] = [*unlike_the_log(reading.config, reading.document, journeys.channels)]
    problems += unprintable(journeys.channels, path.name, "channel")
    if problems:
        raise BadInput(problems)


def _period_of(journeys: Journeys) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last credited conversion of timed journeys, in UTC without the zone."""
    if journeys.won is not None and journeys.won.ended is not None:
        first, last = journeys.won.ended.min(), journeys.won.ended.max()
    else:
        touches = journeys.touches
        touches = touches.filter(touches.conversions > 0)
        first, last = touches.aggregate(first=touches.ended.min(), last=touches.ended.max()).execute().iloc[0]
    return pd.Timestamp(int(first), unit="us"), pd.Timestamp(int(last), unit="us")
