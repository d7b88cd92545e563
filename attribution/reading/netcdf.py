"""NetCDF files, as xarray writes them, as plain arrays by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem

__all__ = ["NetCDF", "read_netcdf"]


@dataclass(frozen=True)
class NetCDF:
    """Variables, the dimensions of each, and what the file says of itself.

    Parameters
    ----------
    name
        The file's, for messages.
    values
        Variable -> array; texts as objects.
    dims
        Variable -> names of its axes, the first axis first.
    attributes
        Of the whole file.
    """

    name: str
    values: Mapping[str, np.ndarray[Any, Any]]
    dims: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, object]

    def table(self, variable: str) -> pd.DataFrame:
        """A row per cell of a variable: its value, and a column for each dimension, labelled where the file does."""
        values, dims = self.values[variable], self.dims[variable]
        if not dims:
            return pd.DataFrame({variable: values.ravel()})
        labels = [
            pd.Index(self.values[dim] if dim in self.values else np.arange(size), name=dim)
            for dim, size in zip(dims, values.shape, strict=True)
        ]
        rows: pd.DataFrame = pd.MultiIndex.from_product(labels, names=dims).to_frame(index=False)
        rows[variable] = values.ravel()
        return rows


def read_netcdf(path: str | os.PathLike[str]) -> NetCDF:
    """A file of either form, NetCDF 3 or 4.

    Raises
    ------
    BadInput
        It is missing or cannot be read.
    """
    import netCDF4

    name = Path(path).name
    if not Path(path).is_file():
        raise BadInput(Problem(name, "does not exist.", remedy=f"check the path {path}."))
    try:
        with netCDF4.Dataset(os.fspath(path)) as file:
            file.set_auto_maskandscale(False)
            values = {key: _plain(variable, netCDF4) for key, variable in file.variables.items()}
            dims = {key: tuple(file[key].dimensions)[: values[key].ndim] for key in values}
            attributes = {key: file.getncattr(key) for key in file.ncattrs()}
    except (OSError, RuntimeError, ValueError, AttributeError) as error:
        said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise BadInput(
            Problem(name, f"is no NetCDF file that can be read ({said}).", remedy="write it again.")
        ) from None
    return NetCDF(name, values, dims, attributes)


def _plain(variable: Any, library: Any) -> np.ndarray[Any, Any]:
    """The values; texts that NetCDF 3 keeps letter by letter are texts again."""
    values = np.asarray(variable[:])
    if values.dtype.kind == "S" and values.ndim:
        values = np.char.decode(np.asarray(library.chartostring(values, encoding="none")), "utf-8")
    return values.astype(object) if values.dtype.kind in "SU" else values
