"""Aggregated path tables: from ``"search > social"`` and its counts to paths in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.paths.paths import Paths, narrow
from attribution.reading.cells import Cells
from attribution.reading.contracts import Column, Table
from attribution.reading.formats import PLAIN, Format

__all__ = ["exploded", "spread_over_buckets"]


def exploded(
    cells: Cells, columns: tuple[str, str, str | None, str | None], sep: str, format: Format = PLAIN
) -> tuple[Paths, tuple[str, ...]]:
    """Paths and channel names of an aggregated table.

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

    Raises
    ------
    BadInput
        Missing columns, negative or empty numbers, empty paths, channels without a name, no conversion at all.
    """
    path, conversions, value, nulls = columns
    if not sep.strip():
        raise BadInput("sep must be a visible separator, such as '>'.")
    numbers = [Column(name, minimum=0, money=name == value) for name in (conversions, value, nulls) if name is not None]
    table = Table(cells.name, (Column(path, "text"), *numbers), first_row=cells.first_row, format=format)
    checked = table.check(cells.frame).reset_index(drop=True)
    pieces = checked[path].str.split(sep, regex=False).explode().str.strip()
    row = pieces.index.to_numpy()
    blank = pieces.eq("").to_numpy(dtype=bool)
    if blank.any():
        rows = ", ".join(str(at + 1) for at in pd.unique(row[blank])[:3])
        remedy = f"write channels as 'a {sep} b'; if {sep!r} occurs in a name, pass another sep."
        raise BadInput(Problem("paths", "has a channel without a name.", path, f"data row {rows}", remedy))
    if checked[conversions].sum() == 0:
        raise BadInput(Problem("paths", "holds no conversion at all.", conversions, remedy="check the column."))
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
        conversions=np.asarray(checked[conversions], dtype=float),
        nulls=np.asarray(checked[nulls] if nulls else zero, dtype=float),
        value=np.asarray(worth, dtype=float),
    )
    return paths, tuple(str(name) for name in channels)


def spread_over_buckets(paths: Paths, buckets: int, seed: int) -> Paths:
    """Weights of each path spread over buckets at random, one conversion or non-conversion at a time.

    Resampling the buckets then is what resampling the single journeys would be. A fractional weight counts as
    that many equal units, rounded up. Value goes with its conversions, in equal parts.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for weight in (paths.conversions, paths.nulls):
        units = np.ceil(weight).astype(np.int64)
        owner = np.repeat(np.arange(len(paths)), units)
        cell, count = np.unique(owner * buckets + rng.integers(buckets, size=len(owner)), return_counts=True)
        row = cell // buckets
        parts.append(pd.Series(count * weight[row] / units[row], index=cell))
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
