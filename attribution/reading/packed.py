"""Files as they are, or unpacked: gzip, and zip archives of one file."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import cast

from attribution.errors import BadInput, Problem

__all__ = ["CUT_SHORT", "cut_short", "opened"]

CUT_SHORT = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile)
"""What reading a packed file raises where it is damaged."""
_TEXT = (".csv", ".tsv", ".txt", "")
_SHOWN = 5


def cut_short(file: Path) -> BadInput:
    """The error of a packed file that is damaged."""
    kind = file.suffix.lower().removeprefix(".").replace("gz", "gzip")
    return BadInput(Problem(file.name, f"is cut short or no {kind} file.", remedy="export it again."))


def opened(file: Path) -> io.BufferedIOBase:
    """The bytes of a file, unpacked where it ends in ``.gz`` or ``.zip``.

    Raises
    ------
    BadInput
        An archive that does not hold one file of text, or is locked.
    """
    suffix = file.suffix.lower()
    if suffix == ".gz":
        return gzip.open(file)
    return _only_member(file) if suffix == ".zip" else file.open("rb")


def _only_member(file: Path) -> io.BufferedIOBase:
    """The one file of an archive; folders and what a Mac adds to them are none."""
    archive = zipfile.ZipFile(file)
    names = [each for each in archive.namelist() if not each.endswith("/") and not each.startswith("__MACOSX/")]
    if len(names) != 1 or PurePosixPath(names[0]).suffix.lower() not in _TEXT:
        listed = ", ".join(PurePosixPath(name).name[:60] for name in names[:_SHOWN]) or "none"
        text = f"holds {listed}{f' and {len(names) - _SHOWN} more' if len(names) > _SHOWN else ''}, not one CSV file."
        raise BadInput(Problem(file.name, text, remedy="unpack it, and name the file that is meant."))
    try:
        return cast("io.BufferedIOBase", archive.open(names[0]))
    except (RuntimeError, NotImplementedError) as error:  # locked, or packed by a method that Python does not know
        raise BadInput(Problem(file.name, "is locked, or packed in another way.", remedy="unpack it.")) from error
