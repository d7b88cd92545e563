"""Posteriors as netCDF files: groups that ArviZ reads, written whole or not at all, with a checksum."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.files import take_place, temporary_beside
from attribution.findings import Finding
from mmm.data.panel import Panel
from mmm.model.model import Model
from mmm.posterior.encoding import decode, encode

__all__ = ["read", "versions", "write"]

_FORMAT = 1
_ARRAYS = ("kpi", "spend", "media", "controls", "before")
_Arrays = dict[str, npt.NDArray[Any]]


def write(path: str | os.PathLike[str], panel: Panel, model: Model, record: dict[str, Any]) -> None:
    """Write a posterior; an existing file is replaced only once the new one is complete."""
    import netCDF4

    header = _header(panel, model, record)
    groups = _groups(panel, record)
    header["checksum"] = _checksum(header, groups)
    draft = temporary_beside(Path(path))
    try:
        with netCDF4.Dataset(draft, "w", format="NETCDF4") as file:
            file.setncattr("blended_cac", json.dumps(header))
            for group, arrays in groups.items():
                _write_group(file.createGroup(group), arrays)
        take_place(draft, Path(path))
    except RuntimeError as error:  # all that HDF5 says of a disk that is full
        raise OSError(errno.EIO, f"cannot be written ({error}); the disk may be full", str(path)) from error
    finally:
        draft.unlink(missing_ok=True)


def read(path: str | os.PathLike[str]) -> tuple[Panel, Model, dict[str, Any]]:
    """Read a posterior: panel, model, and the rest by field name.

    Raises
    ------
    BadInput
        Where there is no such file, it is of another kind or version, or its checksum does not hold.
    """
    header, groups = _opened(Path(path))
    if header.get("format") != _FORMAT:
        raise _unreadable(path, f"has format {header.get('format')}, not {_FORMAT}.", "fit again with this version.")
    if _checksum({key: value for key, value in header.items() if key != "checksum"}, groups) != header["checksum"]:
        raise _unreadable(path, "is damaged: its checksum does not hold.", "restore it from a copy, or fit again.")
    try:
        return _assembled(header, groups)
    except (KeyError, TypeError) as missing:
        raise _unreadable(path, f"lacks {missing}: another version wrote it.", "fit again with this version.") from None


def _assembled(header: dict[str, Any], groups: dict[str, _Arrays]) -> tuple[Panel, Model, dict[str, Any]]:
    meta = header["panel"]
    panel = Panel(
        dates=pd.DatetimeIndex(pd.to_datetime(meta["dates"])),
        days=meta["days"],
        geos=tuple(meta["geos"]),
        channels=tuple(meta["channels"]),
        control_names=tuple(meta["control_names"]),
        kpi_name=meta["kpi_name"],
        population=None if meta["population"] is None else np.array(meta["population"]),
        calendar=decode(meta["calendar"]),
        organic_channels=tuple(meta.get("organic_channels", ())),
        frequency=groups["constant_data"].get("frequency"),
        treatments=decode(meta.get("treatments", [])),
        **{name: groups["constant_data"][name] for name in _ARRAYS},
    )
    record = {
        "draws": groups["posterior"],
        "statistics": groups["sample_stats"],
        "verdict": tuple(Finding(**finding) for finding in header["verdict"]),
        "seed": header["seed"],
        "information": header["information"],
    }
    record["statistics"]["diverging"] = record["statistics"]["diverging"].astype(bool)
    return panel, decode(header["model"]), record


def _header(panel: Panel, model: Model, record: dict[str, Any]) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "versions": versions(),
        "model": encode(model),
        "panel": {
            "dates": [day.date().isoformat() for day in panel.dates],
            "days": panel.days,
            "geos": list(panel.geos),
            "channels": list(panel.channels),
            "control_names": list(panel.control_names),
            "kpi_name": panel.kpi_name,
            "population": None if panel.population is None else list(panel.population),
            "calendar": encode(panel.calendar),
            "organic_channels": list(panel.organic_channels),
            "treatments": encode(panel.treatments),
        },
        "verdict": [asdict(finding) for finding in record["verdict"]],
        "seed": record["seed"],
        "information": record["information"],
    }


def _groups(panel: Panel, record: dict[str, Any]) -> dict[str, _Arrays]:
    names = _ARRAYS if panel.frequency is None else (*_ARRAYS, "frequency")
    statistics = {name: np.asarray(values) for name, values in record["statistics"].items()}
    statistics["diverging"] = statistics["diverging"].astype(np.int8)
    return {
        "posterior": dict(record["draws"]),
        "sample_stats": statistics,
        "constant_data": {name: getattr(panel, name) for name in names},
    }


def _write_group(group: Any, arrays: _Arrays) -> None:
    for name, values in arrays.items():
        dims = _dims(name, values.ndim) if group.name in ("posterior", "sample_stats") else _plain(name, values.ndim)
        for dim, length in zip(dims, values.shape, strict=True):
            if dim not in group.dimensions:
                group.createDimension(dim, length)
        group.createVariable(name, values.dtype, dims)[:] = values


def _dims(name: str, axes: int) -> tuple[str, ...]:
    last = "column" if name == "baseline" else "geo" if name == "geo_sigma" else "channel"
    own = {2: (), 3: (last,), 4: ("geo", last)}[axes]
    return ("chain", "draw", *own)


def _plain(name: str, axes: int) -> tuple[str, ...]:
    return tuple(f"{name}_dim_{axis}" for axis in range(axes))


def _opened(path: Path) -> tuple[dict[str, Any], dict[str, _Arrays]]:
    import netCDF4

    if not path.is_file():
        raise _unreadable(path, "does not exist.", "check the path, or fit first.")
    try:
        with netCDF4.Dataset(str(path)) as file:
            file.set_auto_mask(False)
            header = json.loads(file.getncattr("blended_cac"))
            groups = {
                name: {variable: np.asarray(group[variable][:]) for variable in group.variables}
                for name, group in file.groups.items()
            }
    except (OSError, AttributeError, ValueError, RuntimeError) as error:
        raise _unreadable(path, f"is not a posterior of this program ({error}).", "give a file it saved.") from error
    return header, groups


def _checksum(header: dict[str, Any], groups: dict[str, _Arrays]) -> str:
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for group in sorted(groups):
        for name in sorted(groups[group]):
            values = np.ascontiguousarray(groups[group][name])
            digest.update(f"{group}/{name}{values.shape}{values.dtype}".encode())
            digest.update(values.tobytes())
    return digest.hexdigest()


def _unreadable(path: str | os.PathLike[str], text: str, remedy: str) -> BadInput:
    return BadInput(Problem(str(Path(path).name), text, remedy=remedy))


def versions() -> dict[str, str]:
    """Versions of this project and of the libraries that draws depend on."""
    return {name: _version(name) for name in ("blended-cac", "numpy", "nutpie", "numba")}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # run from a copy of the sources, or without the sampler's extra
        return "unknown"
