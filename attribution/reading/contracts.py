"""Contracts of tables: what each column must hold, checked all at once and never repaired silently."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.any_frame import as_frame
from attribution.reading.blanks import folded
from attribution.reading.formats import PLAIN, Format
from attribution.reading.headers import DEEPEST, missing_columns
from attribution.reading.strict import empty, ones_and_zeros, read_days, read_names, read_numbers

__all__ = ["Column", "Table"]

Kind = Literal["date", "number", "text"]
_SHOWN = 3


@dataclass(frozen=True)
class Column:
    """What one column must hold.

    Parameters
    ----------
    name
        Column name in the file.
    kind
        ``"date"``, ``"number"`` or ``"text"``.
    minimum, maximum
        Limits of a number, both allowed; None for no limit.
    required
        Whether the table may lack the column.
    nullable
        Whether empty cells are allowed.
    money
        Whether the unit of the table's format counts for it.
    truths
        Whether true and false may stand for 1 and 0, where the column holds nothing else.
    """

    name: str
    kind: Kind = "number"
    minimum: float | None = None
    maximum: float | None = None
    required: bool = True
    nullable: bool = False
    money: bool = False
    truths: bool = False


@dataclass(frozen=True)
class Table:
    """A named set of columns and the key that may not repeat.

    Parameters
    ----------
    name
        What messages call the table: its file where there is one.
    columns
        The declared columns; others are kept as they are.
    key
        Columns whose combination must be unique.
    format
        Its numbers and dates as its owner states them.
    first_row
        Number that messages give to the first data row: 2 for a CSV file with a header line.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    format: Format = PLAIN
    first_row: int = 2
    _declared: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_declared", {column.name: column for column in self.columns})

    def check(self, frame: object) -> pd.DataFrame:
        """The frame with dates and numbers typed.

        Parameters
        ----------
        frame
            As :func:`attribution.reading.any_frame.as_frame` takes it.

        Raises
        ------
        BadInput
            Lists every problem: table, column, row and remedy.
        """
        frame = as_frame(frame, self.name)
        problems = list(self._shape_problems(frame))
        typed, aside = frame.copy(), pd.Series(False, frame.index)
        if not problems:
            for where, text, remedy in self._no_rows(frame):
                problems.append(Problem(self.name, text, row=self._rows(where), remedy=remedy))
                aside |= where
        for column in self.columns:
            if column.name in frame.columns and not isinstance(frame[column.name], pd.DataFrame):
                typed[column.name], own = self._typed(frame[column.name], column, aside)
                problems += own
        if not problems:
            problems += self._key_problems(typed)
        if problems:
            raise BadInput(problems)
        return typed

    def _shape_problems(self, frame: pd.DataFrame) -> Iterator[Problem]:
        names = [str(name) for name in frame.columns]
        for column in self.columns:
            if names.count(column.name) > 1:
                yield Problem(
                    self.name, "stands twice in the header.", column.name, remedy="rename or delete one of them."
                )
        for column in self.columns:
            alike = [name for name in names if folded(name) == folded(column.name)]
            if not column.required and column.name not in names and alike:
                remedy = f"rename it {column.name!r}, or otherwise where another thing is meant."
                yield Problem(self.name, f"is like {column.name!r}, and would not be read.", alike[0], remedy=remedy)
        needed = [column.name for column in self.columns if column.required]
        rows = frame.head(DEEPEST).itertuples(index=False, name=None)
        yield from missing_columns(needed, names, rows, self.name, self.first_row)
        if len(frame) == 0:
            yield Problem(self.name, "has no rows.", remedy="export the table again; a header alone is not enough.")

    def _no_rows(self, frame: pd.DataFrame) -> Iterator[tuple[pd.Series, str, str]]:
        """Which rows hold nothing, and which name the columns again, with what to say of them."""
        first, *others = [column.name for column in self.columns if column.name in frame.columns]
        if not others:  # a cell says as much
            return
        void = empty(frame[first])
        for name in frame.columns if void.any() else ():
            void &= empty(frame[name])
        if void.any():
            remedy = "delete it, or fill it where figures are lacking; nothing is left out silently."
            yield void, "holds nothing.", remedy
        header = _says(frame[first], first)
        for name in others if header.any() else ():
            header &= _says(frame[name], name)
        if header.any():
            remedy = "delete it: of tables joined one below the other, one header stays."
            yield header, "names the columns again.", remedy

    def _typed(self, values: pd.Series, column: Column, aside: pd.Series) -> tuple[pd.Series, list[Problem]]:
        values = values.mask(aside) if aside.any() else values
        void = empty(values) & ~aside
        problems = []
        if not column.nullable and void.any():
            remedy = "fill the cells at the source; nothing is filled in silently."
            if column.kind == "date":
                remedy = (
                    "date the rows at the source, or delete them where they are totals; nothing is left out silently."
                )
            problems.append(self._problem(column, void, "is empty.", remedy))
        if column.kind == "number":
            values = ones_and_zeros(values) if column.truths else values
            read = read_numbers(values, self.format, self.format.unit if column.money else 1.0)
        else:
            read = read_days(values, self.format) if column.kind == "date" else read_names(values)
        if read.faulty.any():
            problems.append(self._problem(column, read.faulty, read.text, read.remedy))
        if column.kind == "number":
            problems += self._range_problems(read.cells, column)
        return read.cells, problems

    def _range_problems(self, typed: pd.Series, column: Column) -> Iterator[Problem]:
        infinite = pd.Series(np.isinf(typed.to_numpy()), typed.index)
        if infinite.any():
            yield self._problem(column, infinite, "is infinite.", "correct the cells at the source.")
        if column.minimum is not None and (below := typed < column.minimum).any():
            what = "is negative" if column.minimum == 0 else f"is below {column.minimum:g}"
            yield self._problem(column, below, f"{what}.", "book refunds and corrections in the period they belong to.")
        if column.maximum is not None and (above := typed > column.maximum).any():
            yield self._problem(column, above, f"is above {column.maximum:g}.", "correct the cells at the source.")

    def _key_problems(self, typed: pd.DataFrame) -> Iterator[Problem]:
        key = [name for name in self.key if name in typed.columns]
        if not key:
            return
        repeated = typed.duplicated(key, keep=False)
        if repeated.any():
            first = typed.loc[repeated, key].iloc[0]
            what = ", ".join(f"{name} {_plain(first[name])}" for name in key)
            text = f"the same {' and '.join(key)} stands in several rows, first {what}."
            yield Problem(self.name, text, key[0], self._rows(repeated), _one_row_each(typed, key))

    def _problem(self, column: Column, where: pd.Series, text: str, remedy: str) -> Problem:
        return Problem(self.name, text, column.name, self._rows(where), remedy)

    def _rows(self, where: pd.Series) -> str:
        positions = np.flatnonzero(where.to_numpy())
        shown = ", ".join(str(position + self.first_row) for position in positions[:_SHOWN])
        more = f" and {len(positions) - _SHOWN} more" if len(positions) > _SHOWN else ""
        return f"row{'s' if len(positions) > 1 else ''} {shown}{more}"


def _says(cells: pd.Series, name: str) -> pd.Series:
    return pd.Series([isinstance(cell, str) and cell.strip() == name for cell in cells], cells.index)


def _one_row_each(typed: pd.DataFrame, key: list[str]) -> str:
    """What to do about repeated rows; a column that parts them may be a region, which panels can have."""
    remedy = "keep one row each, or sum them at the source."
    texts = [name for name in typed.columns if name not in key and not pd.api.types.is_numeric_dtype(typed[name])]
    parts = next((str(name) for name in texts if not typed.duplicated([*key, name]).any()), None)
    if parts is None or "geo" in key or not pd.api.types.is_datetime64_any_dtype(typed[key[0]]):
        return remedy
    return f"{remedy} Rows of one {key[0]} differ by {parts!r}; a panel by regions takes it as geo={parts!r}."


def _plain(value: Hashable) -> str:
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)
