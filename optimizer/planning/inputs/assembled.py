"""The weekly table, assembled of the exports that the plan file names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.exports.advertising import Advertising
from attribution.reading.exports.amounts import Marks
from attribution.reading.exports.export import Export
from attribution.reading.exports.ga4 import ga4_exploration
from attribution.reading.exports.order_tables import OrderReading
from attribution.reading.exports.orders import Orders
from attribution.reading.exports.registry import read_export, read_orders
from attribution.reading.exports.table import table_of_spend
from attribution.reading.small import read_table
from attribution.reading.tables import wide
from mmm.data.assembled import Assembled, Edges, assemble
from mmm.data.control_tables import ControlTable
from mmm.data.customers import Outcome, counted_table, new_customers_by_day, orders_by_day
from mmm.data.days_to_weeks import WeekDays
from mmm.data.market_names import MARKET, MarketNames
from mmm.data.spend_sources import SpendSource
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.data import Data, Weekly
from optimizer.planning.file.keys.exports import COUNTED_TABLES, ControlExport, OutcomeExport, SpendExport
from optimizer.planning.inputs.provenance import InputFile, checksum_of, hidden_in, shown_path

__all__ = ["assumed", "passed_over", "read_assembled"]

Result = TypeVar("Result")
_COUNTED = re.compile(r": ([\d,]+)\.$")
_FEW = 4
_ROLE = "weekly"  # what a fit depends on begins with this


def read_assembled(config: Config, weekly: Weekly, folder: Path) -> tuple[Assembled, list[InputFile]]:
    """Read all exports of a plan file and assemble the weekly table.

    Parameters
    ----------
    config
        The plan file, whose ``data.spend`` and ``data.outcome`` are given.
    weekly
        Names of the table's columns.
    folder
        Where relative paths start.

    Raises
    ------
    BadInput
        The problems of all exports at once.
    """
    problems: list[Problem | str] = []
    files: list[InputFile] = []

    def attempt(read: Callable[[], Result]) -> Result | None:
        try:
            return read()
        except BadInput as error:
            problems.extend(error.problems)
            return None

    data = config.data
    sources = [
        source
        for each in data.spend
        if (source := attempt(lambda each=each: _spend(each, config.currencies, folder, files)))  # type: ignore[misc]
    ]
    counted = data.outcome
    outcome = attempt(lambda: _outcome(counted, data, folder, files)) if counted is not None else None
    controls = [
        table
        for each in data.controls
        if (table := attempt(lambda each=each: _controls(each, folder, files)))  # type: ignore[misc]
    ]
    if problems or outcome is None:
        raise BadInput(problems)
    edges = Edges(data.week_starts, data.partial_weeks == "keep", _stamp(data.begins), _stamp(data.ends))
    assembled = assemble(sources, outcome, controls, config.currency, edges, weekly.kpi)
    _require_volumes(assembled, data)
    return assembled, files


def _stamp(day: object) -> pd.Timestamp | None:
    return None if day is None else pd.Timestamp(str(day))


def _files(path: Path, folder: Path) -> list[str]:
    """The files that a path or pattern stands for, in order."""
    if not any(sign in str(path) for sign in "*?["):
        return [str(folder / path)]
    pattern, _, part = str(path).partition("::")
    base = Path(path.anchor) if path.is_absolute() else folder
    hits = sorted(base.glob(pattern.removeprefix(path.anchor)))
    if not hits:
        raise BadInput(Problem(str(path), "fits no file.", remedy="check the pattern; paths start at the plan file."))
    return [f"{hit}::{part}" if part else str(hit) for hit in hits]


def _each(path: Path, folder: Path, read: Callable[[str], Result]) -> Iterator[tuple[str, Result]]:
    """Every file of a path, read; the problems of all of them at once."""
    results, problems = [], list[Problem | str]()
    for file in _files(path, folder):
        try:
            results.append((file, read(file)))
        except BadInput as error:
            problems += error.problems
    if problems:
        raise BadInput(problems)
    yield from results


def _noted(role: str, file: str, folder: Path, rows: int, span: tuple[pd.Timestamp, pd.Timestamp]) -> InputFile:
    covers = f"{span[0]:%Y-%m-%d} to {span[1]:%Y-%m-%d}"
    hides = hidden_in(Path(file))
    return InputFile(f"{_ROLE}: {role}", _shown(file, folder), rows, covers, checksum_of(Path(file)), hides)


def _shown(file: str, folder: Path) -> str:
    """A file as the plan file writes it, never by the folders of the machine."""
    path = Path(file)
    return shown_path(path.relative_to(folder) if path.is_relative_to(folder) else path)


def _spend(section: SpendExport, rates: Mapping[str, float], folder: Path, files: list[InputFile]) -> SpendSource:
    kind: str | Advertising | None = section.kind
    if section.is_table and section.date is not None and section.amount is not None:
        kind = table_of_spend(
            section.date,
            section.amount,
            campaign=section.campaign,
            impressions=section.impressions,
            clicks=section.clicks,
            currency="currency",
        )
    covers = section.spread if section.spread in ("week", "month") else None

    def read(file: str) -> Export:
        export = read_export(file, kind, covers=covers, **_stated(section))
        if section.currency is not None:
            export = replace(
                export, frame=export.frame.assign(currency=export.frame["currency"].fillna(section.currency))
            )
        return export

    exports = []
    for file, export in _each(section.path, folder, read):
        exports.append(_named(export, _shown(file, folder)))
        files.append(_noted(f"spend ({export.kind})", file, folder, len(export.frame), export.span))
    return SpendSource(
        exports,
        section.patterns,
        section.by,
        {**rates, **section.currencies},
        section.spread is not None,
        section.outside is not None,
        section.keep_duplicates,
        _markets(section),
    )


def _markets(section: SpendExport | OutcomeExport) -> MarketNames | None:
    if section.market is not None:
        return MarketNames(None, {"*": section.market})
    return None if section.geo is None else MarketNames(section.geo, section.markets or {})


def _stated(section: SpendExport | OutcomeExport) -> dict[str, str | None]:
    """How the files are written."""
    return {key: getattr(section, key) for key in ("date_format", "decimal", "thousands", "encoding")}


def _outcome(section: OutcomeExport, data: Data, folder: Path, files: list[InputFile]) -> Outcome:
    if section.kind in COUNTED_TABLES and section.kpi is not None:
        kind = (
            ga4_exploration(section.kpi)
            if section.kind == "ga4_exploration"
            else table_of_spend(section.date or "date", section.kpi)
        )
        counted = []
        for file, export in _each(
            section.path,
            folder,
            lambda file: read_export(file, kind, **_stated(section)),
        ):
            counted.append(export)
            files.append(_noted(f"outcome ({section.kind})", file, folder, len(export.frame), export.span))
        return counted_table(counted, WeekDays(data.week_starts), _markets(section))
    named = {role: getattr(section, role) for role in ("date", "order", "person", "value")} | {"market": section.geo}
    reading = OrderReading(
        {role: column for role, column in named.items() if column is not None},
        Marks(section.decimal, section.thousands),
        section.date_format,
        section.days_in,
        tuple(section.counted),
        section.encoding,
    )
    orders: list[Orders] = []
    for file, part in _each(section.path, folder, lambda file: read_orders(file, section.kind, reading)):
        orders.append(part)
        files.append(_noted(f"outcome ({section.kind})", file, folder, part.rows, part.span))
    if section.first_only:
        keeps = None if section.without_person is None else section.without_person == "new"
        by_value = None if section.by_value is None else section.by_value.weighing
        return new_customers_by_day(orders, keeps, _markets(section), by_value)
    return orders_by_day(orders, _markets(section))


def _controls(section: ControlExport, folder: Path, files: list[InputFile]) -> ControlTable:
    table = wide(section.path.name, section.date, list(section.aggregates), geo=section.geo)
    frame = read_table(folder / section.path, table, section.format)
    first = pd.to_datetime(frame[section.date])
    if section.covers == "month":
        first = first.dt.to_period("M").dt.start_time
        last = first + pd.offsets.MonthEnd(0)
    else:
        last = first + pd.Timedelta(days=6 if section.covers == "week" else 0)
    rows = frame[list(section.aggregates)].assign(date=first, until=last.dt.normalize())
    if section.geo is not None:
        rows[MARKET] = frame[section.geo].astype(str)
    rows = rows.sort_values("date", ignore_index=True)
    control = ControlTable(str(section.path), rows, section.aggregates, section.geo is not None)
    files.append(_noted("controls", str(folder / section.path), folder, len(frame), control.span))
    return control


def _require_volumes(assembled: Assembled, data: Data) -> None:
    lacking = [
        (channel, export.driven_by)
        for export in data.spend
        if export.driven_by is not None
        for channel in export.patterns.values()
        if f"{channel}_{export.driven_by}" not in assembled.weekly
    ]
    if lacking:
        raise BadInput(
            [
                Problem("data.spend", f"holds no {volume} for every row of {channel}.", remedy="remove driven_by.")
                for channel, volume in lacking
            ]
        )


def _named(export: Export, shown: str) -> Export:
    """An export by the name that the plan file gives it, in its notes too: two folders may hold files of one name."""
    notes = (note.replace(f"{export.name}:", f"{shown}:", 1) for note in export.notes)
    return replace(export, name=shown, notes=tuple(notes))


def assumed(notes: Iterable[str]) -> list[str]:
    """Notes on exports that stand in for data, those that differ by their file alone as one."""
    alike: dict[str, list[str]] = {}
    for note in notes:
        file, _, said = note.partition(": ")
        if not _COUNTED.search(said):
            alike.setdefault(said or note, []).append(file)
    return [said if said == files[0] else f"{_few(files)}: {said}" for said, files in alike.items()]


def passed_over(notes: Iterable[str]) -> list[str]:
    """Notes on rows that are no data of their own, by what they are: ``Lines above the header: a.csv 2, b.csv 3.``"""
    counts: dict[str, list[str]] = {}
    for note in notes:
        file, _, said = note.partition(": ")
        if number := _COUNTED.search(said):
            counts.setdefault(said[: number.start()], []).append(f"{file} {number[1]}")
    return [f"{said[:1].upper()}{said[1:]}: {_few(files)}." for said, files in counts.items()]


def _few(names: list[str]) -> str:
    return f"{', '.join(names[:_FEW])}{' and others' if len(names) > _FEW else ''}"
