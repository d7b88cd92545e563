"""Newline JSON, and JSON that is one list of objects: each key is a column, and texts stay texts."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.errors import BadInput, Problem
from attribution.reading.addresses import Address, files_of
from attribution.reading.headers import checked_header

if TYPE_CHECKING:
    import ibis
    from ibis.backends import BaseBackend

__all__ = ["json_table"]

_OBJECTS = "FROM read_json_objects(?, format = ?)"
_FRACTIONS = "DOUBLE"
_MIXED = ("VARCHAR", "JSON")
_PACKED = b"\x1f\x8b"


def json_table(address: Address, backend: BaseBackend) -> ibis.Table:
    """The objects of one file, or of all files of a pattern, as rows.

    Whole numbers, true and false become texts as they are written, numbers with fractions stay numbers, since their
    text is not kept; what is nested is its own JSON. A key that an object lacks is an empty cell.

    Raises
    ------
    BadInput
        No objects, a key twice in one of them or as another but for case, or a key that holds both texts and fractions.
    """
    import ibis

    listed = {_is_list(file) for file in files_of(address.path)}
    if len(listed) > 1:
        text = "names files of which some are one list of objects and some an object per line."
        raise BadInput(Problem(address.name, text, remedy="name files of one layout."))
    layout = "array" if listed == {True} else "newline_delimited"
    place = [address.path, layout]
    rows = backend.con.execute(f"SELECT json_group_structure(json) {_OBJECTS}", place).fetchall()
    held = json.loads(rows[0][0]) if rows[0][0] is not None else None
    if not isinstance(held, dict):
        text = 'holds no objects such as {"user": "a", "channel": "tv"}.'
        raise BadInput(Problem(address.name, text, remedy="write one object per line, or one list of them."))
    if "" in held:
        raise BadInput(Problem(address.name, "has objects with a key that is empty.", remedy="name it."))
    names = checked_header([*held], address.name)
    _require_one_type(address, layout, [name for name, kind in held.items() if kind in _MIXED], backend)
    kinds = [_FRACTIONS if kind == _FRACTIONS else "VARCHAR" for kind in held.values()]
    read = backend.read_json(
        address.path,
        table_name=ibis.util.gen_name("source"),
        columns=dict(zip(names, kinds, strict=True)),
        format=layout,
        maximum_object_size=1 << 26,
    )
    return read.cache()  # parsed once, and not again for each question


def _is_list(file: Path) -> bool:
    with file.open("rb") as raw:
        packed = raw.read(2) == _PACKED
    with gzip.open(file) if packed else file.open("rb") as handle:
        return handle.read(4_096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"["


def _require_one_type(address: Address, layout: str, names: list[str], backend: BaseBackend) -> None:
    """Refuse keys of texts under which a number with a fraction stands: of 1001.10 nothing says that it ends in 0."""
    if not names:
        return
    places = [f"$.{json.dumps(name, ensure_ascii=False)}" for name in names]
    counts = ", ".join("count(*) FILTER (json_type(json, ?) = 'DOUBLE')" for _ in names)
    asked = f"SELECT {counts} {_OBJECTS}"
    found = backend.con.execute(asked, [*places, address.path, layout]).fetchall()[0]
    remedy = "write all of them in quotes, or none."
    problems = [
        Problem(address.name, "holds texts and, elsewhere, numbers with fractions.", name[:80], remedy=remedy)
        for name, count in zip(names, found, strict=True)
        if count
    ]
    if problems:
        raise BadInput(problems)
