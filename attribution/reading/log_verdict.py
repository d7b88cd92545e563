"""A log's faults counted where it lies: refused with rows and remedy, or left out as asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import amount
from attribution.reading.columns import Cleaning
from attribution.reading.dialects import epoch_micros, is_local, naming
from attribution.reading.log_columns import is_blank
from attribution.reading.log_faults import Fault
from attribution.reading.sources import only_row
from attribution.reading.strict import shown

if TYPE_CHECKING:
    import ibis

__all__ = ["ROW", "judged"]

_SHOWN, _COMPARED = 3, 1_000
ROW = "_row"
"""Column of rows' numbers, where they have to be told after rows have been chosen or joined."""


def judged(
    table: ibis.Table, faults: list[Fault], cleaning: Cleaning, name: str
) -> tuple[ibis.Table, dict[str, int], Mapping[str, Any]]:
    """Raise on faults, or leave out and count those the analyst chose to leave out; and what was seen of the rest."""
    seen = _survey(
        table, faults, name, _counts(table, {i: fault for i, fault in enumerate(faults) if fault.sign is None})
    )
    if not seen["rows"]:
        raise BadInput(Problem(name, "has no rows.", remedy="export the table again; a header alone is not enough."))
    suspects = {i: fault for i, fault in enumerate(faults) if fault.sign is None or fault.sign(seen)}
    problems, keep = [], []
    exclusions: dict[str, int] = {}
    counts = seen
    if sums := _counts(table, {i: fault for i, fault in suspects.items() if fault.sign is not None}):
        with naming(name):
            counts = {**seen, **only_row(table.aggregate(**sums))}
    for i, fault in suspects.items():
        faulty = int(counts[f"fault_{i}"])
        if fault.witness is not None and bool(counts[f"witness_{i}"]) != fault.witnessed:
            continue
        if faulty and fault.name in cleaning.drop:
            reason = f"{name}: {fault.name}"
            exclusions[reason] = exclusions.get(reason, 0) + faulty
            keep.append(~fault.condition)
        elif faulty:
            problems.append(_problem(table, fault, faulty, name))
    if problems:
        raise BadInput(problems)
    if keep:
        table = table.filter(keep)
        seen = _survey(table, faults, name)
        if not seen["rows"]:
            raise BadInput(Problem(name, "has no rows left after cleaning.", remedy="correct the rows at the source."))
    return table, exclusions, seen


def _counts(table: ibis.Table, faults: Mapping[int, Fault]) -> dict[str, Any]:
    """Rows that are at fault, and their witnesses, by the number of the fault."""
    sums = {f"fault_{i}": table.count(where=fault.condition) for i, fault in faults.items()}
    witnessed = {i: fault for i, fault in faults.items() if fault.witness is not None}
    return sums | {f"witness_{i}": table.count(where=fault.witness) for i, fault in witnessed.items()}


def _survey(
    table: ibis.Table, faults: list[Fault], name: str, beside: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    """Rows, span of time, and count and least value of each column in question; and what is counted beside."""
    moment = table["_moment"]
    sums = {**(beside or {}), "rows": table.count(), "moments": moment.count()}
    sums |= {"earliest": epoch_micros(moment.min(), table), "latest": epoch_micros(moment.max(), table)}
    if "_zoned" in table.columns:
        sums["zoned"] = table.count(where=table["_zoned"] & moment.notnull())
    for column in {fault.column for fault in faults}:
        sums[f"count of {column}"] = table[column].count()
        if table[column].type().is_string():
            sums |= {f"least of {column}": table[column].min(), f"greatest of {column}": table[column].max()}
    with naming(name):
        seen = only_row(table.aggregate(**sums))
    return seen | {name: None if pd.isna(seen[name]) else int(seen[name]) for name in ("earliest", "latest")}


def _problem(table: ibis.Table, fault: Fault, faulty: int, name: str) -> Problem:
    """The fault with the first rows, counted from 1 without a header; with their number where rows have no order."""
    many = "s" if faulty > 1 else ""
    if not is_local(table):
        remedy = f"{fault.proposed([], [])} {fault.remedy}" if fault.proposed else fault.remedy
        return Problem(name, _ended(fault.text), fault.column, f"{amount(faulty)} row{many}", remedy.strip())
    if ROW not in table.columns:  # they are told once rows have their numbers
        return Problem(name, _ended(fault.text), fault.column, "data rows", fault.remedy)
    cells = table[fault.column]
    numbered = table.select(row=table[ROW], bad=fault.condition, cell=cells)
    first = numbered.filter("bad").order_by("row").limit(_COMPARED).execute()
    wrong = first["cell"].dropna()
    more = f" and {amount(faulty - _SHOWN)} more" if faulty > _SHOWN else ""
    rows = f"data row{many} {', '.join(str(row) for row in first['row'][:_SHOWN])}{more}"
    if fault.proposed is None:
        return Problem(name, fault.text, fault.column, rows, fault.remedy)
    there = cells.notnull() & ~is_blank(cells) if cells.type().is_string() else cells.notnull()
    sample = table.filter(there).select(cell=cells).limit(_COMPARED).execute()["cell"]
    said = f": {shown(wrong)}" if len(wrong) else ""
    remedy = f"{fault.proposed([*sample], [*wrong])} {fault.remedy[:1].upper()}{fault.remedy[1:]}"
    return Problem(name, _ended(fault.text + said), fault.column, rows, remedy.strip())


def _ended(text: str) -> str:
    return text.removesuffix(".") + "."
