"""Where a run's figures come from: inputs with checksums, versions, seed."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from attribution import Query
from attribution.files import checksum
from attribution.reading.addresses import address_of, files_of
from attribution.reading.workbook import hidden_cells
from attribution.versions import installed

__all__ = ["InputFile", "checksum_of", "hidden_in", "shown_path", "versions"]

_SHOWN = ("numpy", "pandas", "scipy", "numba", "nutpie", "cvxpy", "ibis-framework", "duckdb")


@dataclass(frozen=True)
class InputFile:
    """One file that went into a run.

    Parameters
    ----------
    role
        What the run used it for.
    file
        Its path as the plan file writes it, without the folders of an absolute one; of a query the database.
    rows
        Data rows read.
    covers
        Its period in words; empty where it has none.
    checksum
        ``sha256:...`` of its bytes; see :func:`checksum_of`.
    hides
        Which of the rows and columns that were read a workbook hides, as a sentence; empty where none.
    """

    role: str
    file: str
    rows: int
    covers: str
    checksum: str
    hides: str = ""


def shown_path(path: Path | Query) -> str:
    """How a run names an input: never by the folders of the machine it ran on."""
    if isinstance(path, Query):
        return path.name
    return path.name if path.is_absolute() else path.as_posix()


def hidden_in(source: Path | Query) -> str:
    """Which of the rows and columns that are read a workbook hides, as a sentence; empty where none."""
    if isinstance(source, Query):
        return ""
    address = address_of(source)
    return hidden_cells(Path(address.path), address.part) if address.form == "workbook" else ""


def checksum_of(source: Path | Query, rows: pd.DataFrame | pd.Series | None = None) -> str:
    """What vouches for an input: the bytes of a file, or of all files of a folder or pattern; the rows of a query.

    Parameters
    ----------
    source
        Where the input lies.
    rows
        A query's answer; where it is not at hand, the query itself is what is hashed.
    """
    if isinstance(source, Query):
        text = source.name + source.query if rows is None else rows.to_csv()
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    files = files_of(str(source).partition("::")[0])
    if len(files) == 1:
        return checksum(files[0])
    listed = "\n".join(f"{file.name} {checksum(file)}" for file in files)
    return "sha256:" + hashlib.sha256(listed.encode()).hexdigest()


def versions() -> dict[str, str]:
    """Versions of this project, Python and the libraries that figures depend on, and where ``mmm`` is."""
    known = installed(["blended-cac"]) | {"Python": platform.python_version()} | installed(_SHOWN)
    # another distribution, mmm-proto-schema, also installs a top-level package called mmm
    spec = find_spec("mmm")
    ours = spec is not None and spec.origin is not None and Path(spec.origin).parents[1] == Path(__file__).parents[3]
    return known | {"mmm loaded from": "this project" if ours else "another distribution"}
