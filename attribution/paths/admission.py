"""Raw tables of a log -> checked touchpoints and conversions, every fault of both at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.paths.path_rules import PathRules
from attribution.reading.columns import Cleaning, Columns, ConversionEvents
from attribution.reading.dialects import is_local, naming
from attribution.reading.encodings import in_encoding
from attribution.reading.engine import Engine
from attribution.reading.formats import Format
from attribution.reading.log_checks import Log, admit_conversions, admit_touchpoints, split_events
from attribution.reading.log_columns import typed
from attribution.reading.log_verdict import ROW
from attribution.reading.orders import one_row_per_order
from attribution.reading.queries import Query
from attribution.reading.sources import called, log_table
from attribution.reading.spellings import folded_id

if TYPE_CHECKING:
    import ibis

__all__ = ["Admission"]

Admitted = tuple[Log, Log, tuple[Finding, ...]]


@dataclass(frozen=True)
class Admission:
    """What is stated of a log, by which its tables are read.

    Parameters
    ----------
    columns, rules, cleaning
        Names, rules of paths, and what to leave out.
    engine
        Settings of DuckDB.
    formats
        How touchpoints and conversions are written.
    """

    columns: Columns
    rules: PathRules
    cleaning: Cleaning
    engine: Engine | None
    formats: tuple[Format, Format]

    def of(self, touchpoints: object, conversions: object) -> Admitted:
        """Touchpoints, conversions, and findings on the rules that made their channels.

        Rows are numbered only where one is at fault, for that reads a log once more.

        Raises
        ------
        BadInput
            Every fault of the log, with table, column, rows and remedy.
        """
        name = _name(touchpoints, "touchpoints")
        log = _beside(touchpoints, conversions, self.columns, self.formats[0], self.engine, name)
        converted: Any = None
        if conversions is not None and not isinstance(conversions, ConversionEvents):
            named = _name(conversions, "conversions")
            converted = _beside(conversions, log, self.columns.of_conversions, self.formats[1], self.engine, named)
        try:
            return self._judged(log, converted, conversions, name)
        except BadInput as error:
            told = [problem for problem in error.problems if isinstance(problem, Problem)]
            if not is_local(log) or not any("data row" in (problem.row or "") for problem in told):
                raise
        return self._judged(_numbered(log), None if converted is None else _numbered(converted), conversions, name)

    def _judged(self, log: ibis.Table, converted: Any, conversions: object, name: str) -> Admitted:
        columns, named = self.columns, _name(conversions, "conversions")
        tables = {name: log.columns} | ({} if converted is None else {named: converted.columns})
        if isinstance(conversions, ConversionEvents):
            named = "conversions" if name == "touchpoints" else f"conversions of {name}"
            log, converted = split_events(log, conversions, name, self.cleaning.fold_names)
        columns.require(tables)
        findings: tuple[Finding, ...] = ()
        if self.rules.channels is not None:
            log, idle = self.rules.channels.apply(log, columns.channel, name)
            findings = (idle,)
        self._require_people(log, converted, name, named)
        if self.rules.identity is not None:
            findings = (*findings, self.rules.identity.joined(log, self.engine, self.cleaning.fold_names))
        log = self._of_persons(log, columns.user)
        problems: list[Problem | str] = []
        touched = _attempt(lambda: admit_touchpoints(log, columns, self.cleaning, name, self.formats[0]), problems)
        if converted is not None:
            converted = self._of_persons(converted, columns.of_conversions.user)
            written = self.formats[isinstance(conversions, ConversionEvents) ^ 1]
            won = _attempt(lambda: self._conversions(converted, named, written), problems)
        elif touched is not None:
            touched, won = self._marked(touched, name)
        if touched is None or won is None:
            raise BadInput(_each_once(problems))
        return touched, won, findings

    def _require_people(self, log: ibis.Table, converted: Any, name: str, named: str) -> None:
        """Refuse an identity map that has nobody in common with the logs."""
        won = self.columns.of_conversions.user
        logs = {name: (log, self.columns.user)}
        logs |= {} if converted is None else {named: (converted, won)}
        if self.rules.identity is not None and all(column in table.columns for table, column in logs.values()):
            with naming("identity map"):
                self.rules.identity.require_met(logs, self.engine, self.cleaning.fold_names)

    def _of_persons(self, table: ibis.Table, user: str) -> ibis.Table:
        if self.cleaning.fold_names and user in table.columns:
            table = table.mutate(**{user: folded_id(table[user])})
        if self.rules.identity is None:
            return table
        return self.rules.identity.apply(table, user, self.engine, self.cleaning.fold_names)

    def _conversions(self, converted: ibis.Table, named: str, written: Format) -> Log:
        won = admit_conversions(converted, self.columns.of_conversions, self.cleaning, named, written)
        if self.columns.order is None:
            return won
        exclusions = dict(won.exclusions)
        won = replace(won.single(self.cleaning, exclusions), exclusions=exclusions)
        with naming(named):
            return one_row_per_order(won, self.columns.order)

    def _marked(self, touched: Log, name: str) -> tuple[Log, Log]:
        """Conversions that a column of the touchpoints marks."""
        if "conversions" not in touched.events.columns:
            remedy = "pass conversions=, or name the column that marks them with columns={'conversion': ...}."
            raise BadInput(Problem(name, "holds no conversions.", self.columns.conversion, remedy=remedy))
        if "duplicates" in self.cleaning.drop:  # a repeated row would convert twice
            exclusions = dict(touched.exclusions)
            touched = replace(touched.single(self.cleaning, exclusions), exclusions=exclusions)
        marked = touched.events.filter(touched.events.conversions > 0)
        return touched, replace(touched, events=marked, exclusions={}, rows=0)  # repeats are the touchpoints' own


def _numbered(log: ibis.Table) -> ibis.Table:
    """The log with the number of each row, where it does not say of which row of its file each of its own was made."""
    import ibis

    return log if ROW in log.columns else log.mutate(**{ROW: ibis.row_number() + 1})


def _attempt(read: Callable[[], Log], problems: list[Problem | str]) -> Log | None:
    try:
        return read()
    except BadInput as error:
        problems.extend(error.problems)
        return None


def _each_once(problems: list[Problem | str]) -> list[Problem | str]:
    """Without what conversions among the touchpoints say a second time of columns that both of them need."""
    once = {
        (each.text, each.column) if isinstance(each, Problem) and each.row is None else each: each
        for each in reversed(problems)
    }
    return [*once.values()][::-1]


def _name(source: object, otherwise: str) -> str:
    if isinstance(source, Query):
        return source.name
    return called(source) if isinstance(source, str | os.PathLike) else otherwise


def _beside(
    source: object, other: object, columns: Columns, format: Format, engine: Engine | None, name: str
) -> ibis.Table:
    """A log as a table of the engine of the other one, where that is a table; a file is read before it is carried."""
    import ibis

    source = in_encoding(source, format.encoding, name)
    file = isinstance(source, os.PathLike) or (isinstance(source, str) and "://" not in source.partition("::")[0])
    if not file or not isinstance(other, ibis.Table) or is_local(other):
        return log_table(source, engine, name, beside=other)
    here = log_table(source, engine, name)
    if columns.time not in here.columns:
        return log_table(source, engine, name, beside=other)
    read = typed(here, columns.time, (columns.value,), format, name)
    return log_table(read.to_pyarrow(), engine, name, beside=other)
