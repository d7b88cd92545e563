"""Tables as CSV files, for programs, or for spreadsheets that take text for formulas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from attribution.files import write_new

__all__ = ["write_csv"]


def write_csv(frame: pd.DataFrame, path: Path, quote_formulas: bool, digits: str | None = "%.10g") -> None:
    """Write a table that is not there yet.

    Parameters
    ----------
    frame, path
        The table, and where.
    quote_formulas
        Whether text that a spreadsheet would take for a formula gets an apostrophe before it.
    digits
        How numbers are written; None for every digit.
    """
    if quote_formulas:
        frame = frame.map(_quoted).rename(columns=_quoted)
    write_new(path, frame.to_csv(index=False, float_format=digits, lineterminator="\n"))


def _quoted(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
