"""Aggregated path tables: from ``"search > social"`` and its counts to touches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.contracts import Column, Table
from attribution.errors import BadInput, Problem

__all__ = ["Exploded", "exploded", "spread_over_buckets"]


@dataclass(frozen=True)
class Exploded:
    """Touches, paths and channel names of an aggregated table."""

    touches: pd.DataFrame
    paths: pd.DataFrame
    channels: tuple[str, ...]


def exploded(frame: pd.DataFrame, columns: tuple[str, str, str | None, str | None], sep: str) -> Exploded:
    """One row per touch.

    Parameters
    ----------
    frame
        One row per distinct path.
    columns
        Names of path, conversions, value and nulls; None for a column that does not exist.
    sep
        Separator of the channels.

    Raises
    ------
    BadInput
        Missing columns, negative or empty numbers, empty paths, channels without a name, no conversion at all.
    """
    path, conversions, value, nulls = columns
    if not sep.strip():
        raise BadInput("sep must be a visible separator, such as '>'.")
    numbers = [Column(name, minimum=0) for name in (conversions, value, nulls) if name is not None]
    checked = Table("paths", (Column(path, "text"), *numbers), first_row=1).check(frame)
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
    paths = pd.DataFrame(
        {
            "user": np.arange(len(checked)),
            "conversions": checked[conversions],
            "nulls": checked[nulls] if nulls else zero,
            "value": checked[value] if value else zero,
        }
    )
    length = np.bincount(row, minlength=len(checked))
    first = np.concatenate([[0], np.cumsum(length)[:-1]])
    touches = paths.iloc[row].assign(
        part=0, expired=0, channel=ids, step=np.arange(len(row)) - first[row], length=length[row], age=0.0
    )
    return Exploded(touches.reset_index(drop=True), paths, tuple(str(name) for name in channels))


def spread_over_buckets(paths: pd.DataFrame, buckets: int, seed: int) -> pd.DataFrame:
    """Weights of each path dealt out to buckets at random, one conversion or non-conversion at a time.

    Resampling the buckets then is what resampling the single journeys would be. A fractional weight is dealt as
    that many equal units, rounded up.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for name in ("conversions", "nulls"):
        weight = paths[name].to_numpy(dtype=float)
        units = np.ceil(weight).astype(np.int64)
        owner = np.repeat(np.arange(len(paths)), units)
        cell, count = np.unique(owner * buckets + rng.integers(buckets, size=len(owner)), return_counts=True)
        at = cell // buckets
        dealt = count * weight[at] / units[at]
        part = pd.DataFrame({"user": paths["user"].to_numpy()[at], "bucket": cell % buckets, name: dealt})
        if name == "conversions":
            part["value"] = dealt * (paths["value"].to_numpy(dtype=float)[at] / weight[at])
        parts.append(part)
    return pd.concat(parts).fillna(0.0).groupby(["user", "bucket"], as_index=False).sum()
