"""Aggregated path tables: from ``"search > social"`` and its counts to paths in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.paths.paths import Paths, narrow
from attribution.paths.table_checks import (
    fractional_weights,
    joined_twice,
    no_channels,
    other_separator,
    totals_row,
    unnamed_totals,
)
from attribution.reading.blanks import is_void
from attribution.reading.cells import Cells
from attribution.reading.contracts import Column, Table
from attribution.reading.formats import PLAIN, Format
from attribution.reading.spellings import alike_names, one_spelling

__all__ = ["exploded", "spread_over_buckets"]

_CELLS = 500_000  # rows of a part
_UNITS = 1e15  # so many are counted one by one; more are as good as certain


def exploded(
    cells: Cells,
    columns: tuple[str, str, str | None, str | None],
    sep: str,
    format: Format = PLAIN,
    fold_names: bool = False,
) -> tuple[Paths, tuple[str, ...], tuple[Finding, ...]]:
    """Paths and channel names of an aggregated table, and what is odd about it.

    Parameters
    ----------
    cells
        One row per distinct path.
    columns
        Names of path, conversions, value and nulls; None for a column that does not exist.
    sep
        Separator of the channels.
    format
        How the table writes numbers.
    fold_names
        Whether channels that look alike are one.

    Raises
    ------
    BadInput
        Missing columns, negative or empty numbers, empty paths, channels without a name, no conversion at all, a row
        of totals, paths that another sign parts.
    """
    path, conversions, value, nulls = columns
    if not sep.strip():
        raise BadInput("sep must be a visible separator, such as '>'.")
    twice = [name for name in dict.fromkeys(columns) if name is not None and columns.count(name) > 1]
    if twice:
        remedy = "name a column for each: path, conversions, value and nulls."
        raise BadInput([Problem(cells.name, "has two roles.", name, remedy=remedy) for name in twice])
    numbers = [Column(name, minimum=0, money=name == value) for name in (conversions, value, nulls) if name is not None]
    table = Table(cells.name, (Column(path, "text"), *numbers), first_row=cells.first_row, format=format)
    checked = table.check(cells.frame).reset_index(drop=True)
    if parted := list(other_separator(checked[path], sep, path)):
        raise BadInput(parted)
    if repeats := list(joined_twice(checked[list(filter(None, columns))], path)):
        raise BadInput(repeats)
    pieces = checked[path].str.split(sep, regex=False).explode().str.strip()
    if odd := list(no_channels(checked[path], pieces, sep, path)):
        raise BadInput(odd)
    row = pieces.index.to_numpy()
    blank = pieces.isin([name for name in pieces.unique() if is_void(name)]).to_numpy(dtype=bool)
    if blank.any():
        rows = ", ".join(str(at + 1) for at in pd.unique(row[blank])[:3])
        remedy = f"write channels as 'a {sep} b'; if {sep!r} occurs in a name, pass another sep."
        raise BadInput(Problem("paths", "has a channel without a name.", path, f"data row {rows}", remedy))
    if checked[conversions].sum() == 0:
        raise BadInput(Problem("paths", "holds no conversion at all.", conversions, remedy="check the column."))
    weights = checked[conversions].to_numpy(dtype=float)
    if totals := list(totals_row(checked[path], weights, pieces, path)):
        raise BadInput(totals)
    findings = (unnamed_totals(checked[path], weights, pieces), fractional_weights(weights))
    if fold_names:
        pieces = pieces.replace(one_spelling({str(name): float(rows) for name, rows in pieces.value_counts().items()}))
    ids, channels = pd.factorize(pieces.to_numpy(dtype=object), sort=True)
    zero = pd.Series(0.0, checked.index)
    worth = checked[value] if value else zero
    if (stray := (worth > 0) & (checked[conversions] == 0)).any():
        rows = ", ".join(str(at + 1) for at in np.flatnonzero(stray)[:3])
        remedy = "value belongs to conversions; correct either column."
        raise BadInput(Problem("paths", "has value without a conversion.", value, f"data row {rows}", remedy))
    paths = Paths(
        channel=ids.astype(narrow(len(channels))),
        first=np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(checked)))]),
        conversions=weights,
        nulls=np.asarray(checked[nulls] if nulls else zero, dtype=float),
        value=np.asarray(worth, dtype=float),
    )
    names = tuple(str(name) for name in channels)
    return paths, names, (*findings, alike_names({"channels": names}))


def spread_over_buckets(paths: Paths, buckets: int, seed: int) -> Iterator[Paths]:
    """Weights of each path spread over buckets at random, one conversion or non-conversion at a time.

    Resampling the buckets then is what resampling the single journeys would be. A fractional weight counts as
    that many equal units, rounded up. Value goes with its conversions, in equal parts. Paths come a part at a time, so
    that weights of any size take little memory.
    """
    rng = np.random.default_rng(seed)
    cells = np.minimum(paths.conversions + 1, buckets) + np.minimum(paths.nulls + 1, buckets)
    part = (np.cumsum(cells) // _CELLS).astype(np.int64)
    for rows in np.split(np.arange(len(paths)), np.flatnonzero(np.diff(part)) + 1):
        yield _spread(paths.take(rows), buckets, rng)


def _spread(paths: Paths, buckets: int, rng: np.random.Generator) -> Paths:
    weights = (paths.conversions, paths.nulls)
    parts = [_counts(weight, buckets, rng) for weight in weights]
    spread = pd.concat(parts, axis=1, keys=["conversions", "nulls"]).fillna(0.0).sort_index()
    row = spread.index.to_numpy() // buckets
    per_conversion = np.divide(paths.value, paths.conversions, out=np.zeros(len(paths)), where=paths.conversions > 0)
    return replace(
        paths.take(row),
        conversions=spread["conversions"].to_numpy(),
        nulls=spread["nulls"].to_numpy(),
        value=spread["conversions"].to_numpy() * per_conversion[row],
        labels={"bucket": (spread.index.to_numpy() % buckets).astype(np.uint16)},
    )


def _counts(weight: Array, buckets: int, rng: np.random.Generator) -> pd.Series:
    """Weight by path times ``buckets`` plus bucket; more units than buckets are drawn as their counts at once."""
    units = np.ceil(np.minimum(weight, _UNITS)).astype(np.int64)
    few = np.where(units > buckets, 0, units)
    owner = np.repeat(np.arange(len(weight)), few)
    cell, count = np.unique(owner * buckets + rng.integers(buckets, size=len(owner)), return_counts=True)
    many = np.flatnonzero(units > buckets)
    drawn = rng.multinomial(units[many], np.full(buckets, 1 / buckets)).ravel()
    cell = np.concatenate([cell, (many[:, None] * buckets + np.arange(buckets)).ravel()])
    count = np.concatenate([count, drawn])
    cell, count = cell[count > 0], count[count > 0]
    row = cell // buckets
    return pd.Series(count * (weight[row] / units[row]), index=cell)
