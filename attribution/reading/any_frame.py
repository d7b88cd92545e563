"""A frame of any library as a pandas frame."""

from __future__ import annotations

from typing import Any

import pandas as pd

from attribution.errors import BadInput, Problem

__all__ = ["as_frame", "is_frame", "with_index"]


def is_frame(table: object) -> bool:
    """Whether this is a pandas frame, or of another library that hands its columns out as Arrow does."""
    return isinstance(table, pd.DataFrame) or (hasattr(table, "__arrow_c_stream__") and hasattr(table, "columns"))


def as_frame(table: Any, name: str = "table") -> pd.DataFrame:
    """The table as a pandas frame, itself where it is one.

    Parameters
    ----------
    table
        A pandas, polars or Ibis frame, an Arrow table, or any other whose columns the Arrow C stream hands out.
    name
        What a message calls it.

    Raises
    ------
    BadInput
        Where it is no frame.

    Examples
    --------
    >>> import pyarrow
    >>> as_frame(pyarrow.table({"week": ["2026-01-05"], "tv": [3.0]}))["tv"].tolist()
    [3.0]
    """
    if isinstance(table, pd.DataFrame):
        return table
    if not is_frame(table):
        remedy = "pass a pandas or polars frame, or an Arrow table."
        raise BadInput(Problem(name, f"is of type {type(table).__name__}, which is no frame.", remedy=remedy))
    import pyarrow as pa

    return pd.DataFrame(pa.table(table).to_pandas(date_as_object=False))


def with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """A pandas frame whose index, where all its levels have names that no column has, is columns too.

    Examples
    --------
    >>> list(with_index(pd.DataFrame({"tv": [3.0]}, pd.Index(["2026-01-05"], name="week"))))
    ['week', 'tv']
    """
    names = list(frame.index.names)
    return frame.reset_index() if not {None, *frame.columns} & {*names} else frame
