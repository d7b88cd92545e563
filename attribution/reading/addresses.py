"""Addresses of tables: a file, a folder or a pattern, and the part of it that is meant."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from attribution.errors import BadInput, Problem, UnknownName
from attribution.reading.encodings import Encoded

__all__ = ["VIEWS", "Address", "Form", "absent", "address_of", "files_of", "is_pattern", "no_such_table"]

_LISTED = 15
VIEWS = "write it down as a table, or allow views of the file: Engine(views=True)."
"""What to do about a view."""
Form = Literal["text", "json", "parquet", "workbook", "database", "lite"]

_SUFFIXES: dict[str, Form] = {
    ".csv": "text",
    ".tsv": "text",
    ".txt": "text",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "workbook",
    ".xlsm": "workbook",
    ".ddb": "database",
    ".db": "database",
    ".sqlite": "lite",
    ".sqlite3": "lite",
    ".duckdb": "database",
}
_WITH_PARTS: dict[Form, str] = {"workbook": "sheet", "database": "table", "lite": "table"}
_OLD_SHEETS = (".xls", ".xlsb", ".ods", ".numbers")
_LITE = b"SQLite format 3\x00"


@dataclass(frozen=True)
class Address:
    """Where a table lies.

    Parameters
    ----------
    path
        The file; a folder of Parquet files, or a pattern.
    part
        Sheet or table in it; empty where none is named.
    form
        What kind of file it is.
    encoding
        Of its text, where it is stated.
    """

    path: str
    part: str
    form: Form
    encoding: str | None = None

    @property
    def name(self) -> str:
        """What messages call it: without its folder."""
        return Path(self.path).name + (f"::{self.part}" if self.part else "")

    @property
    def files(self) -> str:
        """The file, or the pattern that stands for a folder's files."""
        return f"{self.path}/**/*.parquet" if Path(self.path).is_dir() else self.path


def is_pattern(path: str) -> bool:
    """Whether a path stands for several files; a file whose name holds such signs is a file."""
    return any(sign in path for sign in "*?[") and not Path(path).exists()


def files_of(path: str) -> list[Path]:
    """The files that a path stands for, in order: itself, those of a pattern, or the Parquet files in a folder."""
    if Path(path).is_dir():
        return sorted(Path(path).rglob("*.parquet"))
    if not is_pattern(path):
        return [Path(path)]
    inside = Path(path)
    while is_pattern(str(inside)):
        inside = inside.parent
    return sorted(inside.glob(str(Path(path).relative_to(inside))))


def address_of(source: str | os.PathLike[str]) -> Address:
    """The address that a text such as ``file.xlsx::Sheet`` means.

    Raises
    ------
    BadInput
        The file is missing, empty, of a form that is not read, or has no parts and one is named; an encoding is stated
        of what is no delimited text.
    """
    address = _address_of(source)
    if not isinstance(source, Encoded):
        return address
    if address.form != "text":
        text = f"is no delimited text, and the encoding {source.encoding} is stated."
        raise BadInput(Problem(address.name, text, remedy="remove encoding."))
    return replace(address, encoding=source.encoding)


def _address_of(source: str | os.PathLike[str]) -> Address:
    path, _, part = os.fspath(source).partition("::")
    file = Path(path)
    name = file.name or path
    if is_pattern(path):
        return _pattern(path, part)
    if not file.exists():
        raise BadInput(absent(path))
    if file.is_dir():
        return _folder(path, part)
    if file.stat().st_size == 0:
        raise BadInput(Problem(name, "is an empty file.", remedy="export the table again."))
    return _of_form(path, part, _form(file))


def absent(path: str) -> Problem:
    """What is said of a file that is not there."""
    whole = path.replace("\\", "/")
    remedy = f"check the path {path}." if whole == path else f"write folders with /, and check the path {whole}."
    return Problem(Path(path).name or path, "does not exist.", remedy=remedy)


def _form(file: Path) -> Form:
    suffixes = [suffix.lower() for suffix in file.suffixes]
    packed = suffixes[-1:] == [".gz"]
    if suffixes[-1:] == [".zip"]:
        return "text"
    form = _SUFFIXES.get("".join((suffixes[:-1] if packed else suffixes)[-1:]))
    if packed and form in (None, "text", "json"):
        return form or "text"
    if form is None or packed:
        text = f"ends in {''.join(suffixes[-2:] if packed else suffixes[-1:]) or 'nothing'}."
        remedy = "CSV (also .gz and .zip), newline JSON (also .gz), Parquet, xlsx, DuckDB and SQLite files are read."
        if suffixes[-1:] and suffixes[-1] in _OLD_SHEETS:
            remedy = "open it and save it as .xlsx, or as CSV."
        raise BadInput(Problem(file.name, text, remedy=remedy))
    if form == "database":
        with file.open("rb") as handle:
            return "lite" if handle.read(len(_LITE)) == _LITE else form
    return form


def _of_form(path: str, part: str, form: Form) -> Address:
    if part and form not in _WITH_PARTS:
        remedy = f"write {Path(path).name} alone; sheets of a workbook and tables of a database are named with '::'."
        raise BadInput(Problem(Path(path).name, f"has no parts, and '::{part}' names one.", remedy=remedy))
    return Address(path, part, form)


def _pattern(path: str, part: str) -> Address:
    files = files_of(path)
    if not files:
        raise BadInput(Problem(Path(path).name, "fits no file.", remedy=f"check the pattern {path}."))
    return _of_form(path, part, _form(files[0]))


def _folder(path: str, part: str) -> Address:
    if not any(Path(path).rglob("*.parquet")):
        raise BadInput(Problem(Path(path).name, "is a folder without Parquet files.", remedy="name the file in it."))
    return _of_form(path, part, "parquet")


def no_such_table(part: str, known: Sequence[str], file: str, views: Sequence[str] = ()) -> BadInput:
    """The error of a database file that has no such table, or several and none is named."""
    if part:
        return UnknownName(part, known, where=f"{file}; name the table as {file}::table")
    if not known and views:
        text = f"holds no table but views, which may read any file of this machine: {', '.join(views[:_LISTED])}."
        return BadInput(Problem(file, text, remedy=VIEWS))
    if not known:
        return BadInput(Problem(file, "holds no table.", remedy="export it again."))
    listed = ", ".join(known[:_LISTED]) + (", ..." if len(known) > _LISTED else "")
    return BadInput(Problem(file, f"holds several tables: {listed}.", remedy=f"name one as {file}::{known[0]}."))
