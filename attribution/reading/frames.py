"""Frames whose every column has one plain type, as engines ask."""

from __future__ import annotations

import datetime as dt
import numbers
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.headers import checked_header
from attribution.reading.strict import text_of

__all__ = ["arrow_ready"]

_EXACT = 2**53  # whole numbers from here on are no fractions of 64 bits: they stay texts, digit by digit


def arrow_ready(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The frame with object columns settled, since a mixed column has no type in any engine."""
    frame = frame.set_axis(checked_header(list(frame.columns), name), axis=1).reset_index(drop=True)
    problems = []
    for column in frame.columns:
        cells = frame[column]
        if pd.api.types.is_object_dtype(cells) or _of_no_engine(cells.dtype):
            if {None} < _offsets(cells):
                text, remedy = "holds times with a time zone and without.", "give all of them one, or none."
                problems.append(Problem(name, text, str(column), remedy=remedy))
                continue
            frame[column] = _settled(cells)
        elif pd.api.types.is_datetime64_any_dtype(cells):
            frame[column] = cells.dt.as_unit("us")  # engines know no nanoseconds
    if problems:
        raise BadInput(problems)
    return frame


def _settled(cells: pd.Series) -> pd.Series:
    """An object column as one of numbers, times or, where it holds anything else, texts."""
    held = [cell for cell in cells if text_of(cell) is not None]
    if held and all(isinstance(cell, bytes) for cell in held):
        return cells
    if held and all(isinstance(cell, dt.datetime) for cell in held):
        times = pd.Series(cells.where(cells.notna(), pd.NaT), dtype=object)
        if held[0].tzinfo is not None:
            return pd.to_datetime(times, utc=True).dt.as_unit("us")
        return pd.Series(np.array([None if cell is pd.NaT else cell for cell in times], dtype="datetime64[us]"))
    if held and all(isinstance(cell, bool | np.bool_) for cell in held):
        return cells.astype("boolean")
    whole = [abs(int(cell)) for cell in held if _is_whole(cell)]
    if held and len(whole) == len(held) and max(whole) < 2**63:
        return cells.astype("Int64")
    if held and all(isinstance(cell, numbers.Real | Decimal) for cell in held) and max(whole, default=0) < _EXACT:
        return cells.astype(float)
    return pd.Series([text_of(cell) for cell in cells], dtype="string")


def _of_no_engine(kind: Any) -> bool:
    return isinstance(kind, pd.PeriodDtype | pd.CategoricalDtype | pd.IntervalDtype | pd.SparseDtype) or (
        pd.api.types.is_complex_dtype(kind)
    )


def _is_whole(cell: object) -> bool:
    return isinstance(cell, numbers.Integral) or (isinstance(cell, Decimal) and cell.is_finite() and cell % 1 == 0)


def _offsets(cells: pd.Series) -> set[object]:
    return {cell.utcoffset() for cell in cells[cells.notna()] if isinstance(cell, dt.datetime)}
