"""What any export becomes: a long table of spend with the same columns, and a word on how it was understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import amount, counted
from attribution.reading.exports.amounts import MICROS
from attribution.shown import shown

__all__ = ["Export", "in_currency"]


@shown
@dataclass(frozen=True)
class Export:
    """Spend read from one file.

    Parameters
    ----------
    kind
        Such as ``"google_ads"``.
    name
        The file, as messages call it.
    frame
        One row per row of the file: ``date`` and ``until`` (first and last day that the row covers), ``account``,
        ``campaign``, ``spend`` in ``currency``, to a millionth of it, and ``impressions`` and ``clicks``, NaN where the
        file has none.
    cells
        The other columns of the same rows as text, by plain name; channel rules may look at any of them.
    lines
        Number of each row in the file, shape (rows,).
    notes
        What was passed over and taken for granted, a sentence each.
    doubts
        What speaks against the file, such as a total that its rows do not reach.
    """

    kind: str
    name: str
    frame: pd.DataFrame
    cells: pd.DataFrame
    lines: np.ndarray[Any, Any]
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def currencies(self) -> tuple[str, ...]:
        """Currencies of the rows; empty where the file names none."""
        return tuple(sorted(set(self.frame["currency"].dropna())))

    @property
    def span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First and last day."""
        return self.frame["date"].min(), self.frame["until"].max()


def in_currency(export: Export, currency: str, rates: Mapping[str, float]) -> Export:
    """The export with all spend in one currency.

    Parameters
    ----------
    export
        Rows without a currency are taken to be in ``currency`` already, which a note says.
    currency
        Three letters.
    rates
        Other currency -> what one unit of it is worth.

    Raises
    ------
    BadInput
        Where a rate is missing.
    """
    lacking = [code for code in export.currencies if code != currency and code not in rates]
    if lacking:
        several = len(export.currencies) > 1
        text = f"holds spend in {' and '.join(export.currencies)}{'' if several else f', not {currency}'}."
        stated = ", ".join(f"{code}: 0.92" for code in lacking)
        remedy = f"state what one unit is worth in {currency}: currencies: {{{stated}}}, with the rate of your books."
        raise BadInput(Problem(export.name, text, remedy=remedy))
    frame, notes = export.frame.copy(), list(export.notes)
    if export.currencies and (bare := frame["currency"].isna().to_numpy()).any():
        row, named = export.lines[bare.argmax()], " and ".join(export.currencies)
        text = f"names no currency in {counted(bare.sum(), 'row')}, and {named} in others."
        raise BadInput(Problem(export.name, text, "currency", f"row {row}", "fill the cells at the source."))
    if frame["currency"].isna().any():
        notes.append(f"{export.name} names no currency; its spend is taken for {currency}.")
    for code in export.currencies:
        if code != currency:
            rows = frame["currency"] == code
            before = frame.loc[rows, "spend"]
            frame.loc[rows, "spend"] = np.rint(before * MICROS * float(rates[code])) / MICROS
            notes.append(
                f"{export.name}: {amount(before.sum())} {code} count as {amount(frame.loc[rows, 'spend'].sum())} "
                f"{currency}, at the stated rate of {float(rates[code]):g}."
            )
    return replace(export, frame=frame.assign(currency=currency), notes=tuple(notes))
