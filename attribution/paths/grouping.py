"""Group-by on small integers: one packed key, one pass."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from attribution.arrays import Array, Ints

__all__ = ["grouped_sums"]

_DENSE_CELLS = 4_000_000


def grouped_sums(columns: Mapping[str, Ints], amounts: Mapping[str, Array]) -> pd.DataFrame:
    """Sums by the combinations of integer columns that occur, in their order.

    Parameters
    ----------
    columns
        Integers, shape (rows,).
    amounts
        Numbers to add up, shape (rows,) or a scalar for every row.

    Returns
    -------
    pandas.DataFrame
        The columns and the sums.

    Examples
    --------
    >>> grouped_sums({"a": np.array([1, 0, 1])}, {"x": np.array([2.0, 3.0, 4.0])})
       a    x
    0  0  3.0
    1  1  6.0
    """
    lows = [int(column.min(initial=column[0] if len(column) else 0)) for column in columns.values()]
    spans = [int(column.max(initial=low)) - low + 1 for column, low in zip(columns.values(), lows, strict=True)]
    cells = float(np.prod([float(span) for span in spans]))
    if cells > 2**62:  # too wide to pack into one number: let pandas pair the columns
        size = len(next(iter(columns.values())))
        frame = pd.DataFrame({**columns, **{name: np.broadcast_to(x, size) for name, x in amounts.items()}})
        return frame.groupby(list(columns), as_index=False, sort=False).sum()
    code = np.zeros(len(next(iter(columns.values()))), dtype=np.int64)
    for column, span in zip(columns.values(), spans, strict=True):
        code *= span
        code += column
    code -= _offset(lows, spans)
    if cells <= _DENSE_CELLS:
        count = np.bincount(code, minlength=int(cells))
        occurring = np.flatnonzero(count)
        at, count = code, count
    else:
        unique, at = np.unique(code, return_inverse=True)
        count = np.bincount(at, minlength=len(unique))
        occurring = np.arange(len(unique))
    sums = {
        name: (count * float(x) if x.ndim == 0 else np.bincount(at, weights=x, minlength=len(count)))[occurring]
        for name, x in amounts.items()
    }
    left = occurring if cells <= _DENSE_CELLS else unique
    keys: dict[str, Ints] = {}
    for name, span, low in zip(reversed(list(columns)), reversed(spans), reversed(lows), strict=True):
        left, keys[name] = np.divmod(left, span)
        keys[name] += low
    return pd.DataFrame({**{name: keys[name] for name in columns}, **sums})


def _offset(lows: list[int], spans: list[int]) -> int:
    """The code of the least values."""
    code = 0
    for low, span in zip(lows, spans, strict=True):
        code = code * span + low
    return code
