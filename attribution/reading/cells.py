"""Small tables of any form as they stand: cells of text, or of the types that the form itself has.

Nothing is read into a cell here: a CSV file gives texts, a workbook what its cells hold, Parquet, DuckDB and frames
their own types. :class:`Cells` has them as texts alone too, for whoever reads exports of a layout of their own.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from attribution.reading.addresses import address_of
from attribution.reading.any_frame import with_index
from attribution.reading.dialects import naming
from attribution.reading.engine import Engine
from attribution.reading.headers import checked_header
from attribution.reading.lite import read_lite
from attribution.reading.sheets import Cells, cells_of_rows, read_rows
from attribution.reading.sources import called, log_table

__all__ = ["Cells", "cells_of", "read_rows"]

_FRAME = 2  # rows of a frame are counted as in the file below whose header they most likely stood


def cells_of(source: object, name: str = "table", header: int = 1, engine: Engine | None = None) -> Cells:
    """The cells of a small table.

    Parameters
    ----------
    source
        Path or address of a file, folder or pattern (see :func:`attribution.reading.addresses.address_of`), or a pandas
        or polars frame, Arrow or Ibis table.
    name
        What messages call a source that is no file.
    header
        Line of the header in a CSV file or sheet, from 1; what stands above is left out.
    engine
        Settings of DuckDB, which reads Parquet and database files.

    Raises
    ------
    BadInput
        The source cannot be read, names a column twice, or has lines of differing length.
    """
    if isinstance(source, pd.DataFrame):
        named = str(source.attrs.get("name", name))
        source = with_index(source)
        return Cells(named, source.set_axis(checked_header(list(source.columns), named), axis=1), _FRAME)
    if not isinstance(source, str | os.PathLike) or "://" in os.fspath(source):
        return _executed(source, called(source) if isinstance(source, str | os.PathLike) else name, engine)
    address = address_of(source)
    if address.form == "lite":
        frame = read_lite(Path(address.path), address.part)
        return Cells(address.name, frame.set_axis(checked_header(list(frame.columns), address.name), axis=1), 1)
    if address.form in ("text", "workbook"):
        return cells_of_rows(address, header)
    return _executed(source, address.name, engine)


def _executed(source: object, name: str, engine: Engine | None) -> Cells:
    table = log_table(source, engine, name)
    with naming(name):
        return Cells(name, pd.DataFrame(table.execute()), 1)
