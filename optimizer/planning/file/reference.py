"""The reference of the plan file, rendered from its classes and the texts below their keys.

``python -m optimizer.planning.file.reference docs/plan-file.md`` writes it below the page's own introduction; a test
holds the page against the code. ``cac keys`` shows it section by section.
"""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import re
import sys
import textwrap
import types
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from attribution.errors import UnknownName
from attribution.numbers import typed_percent
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.base import Section

__all__ = ["keys_of", "reference", "rewritten"]

_MARK = "<!-- Below: python -m optimizer.planning.file.reference docs/plan-file.md -->"

_FORMS = {
    "_money": "amount",
    "_change": "percentage",
    "_swing": "percentage either way",
    "_amount": "amount or percentage",
    "_count": "number or percentage",
    "_level": "number or percentage",
    "_rising": "`[low, high]`",
    "source": "path, or `{url, query}`",
    "_last_year_or_source": "path, or `{url, query}`, or `last_year`",
}
_PLAIN = {str: "text", float: "number", int: "whole number", bool: "true or false", Path: "path", dt.date: "date"}


def reference() -> str:
    """Every section of the plan file with its keys, what each takes, means and is by default, as Markdown."""
    places: dict[type[Section], list[str]] = {}
    _visit(Config, "", places)
    return "\n".join(line for kind, listed in places.items() for line in _table(kind, listed, places))


def keys_of(place: str = "") -> str:
    """The keys of a section of the plan file, and the sections within it, as a terminal shows them.

    Parameters
    ----------
    place
        Such as ``plan.budget``; of a list or of names, as ``scenarios`` or ``plan.channels``, what each item takes. The
        whole file where empty.

    Raises
    ------
    UnknownName
        No section of that name.
    """
    places: dict[type[Section], list[str]] = {}
    _visit(Config, "", places)
    known = {own.replace(".*", ""): kind for kind, listed in places.items() for own in listed}
    if place not in known:
        raise UnknownName(place, [own for own in known if own], where="the sections of a plan file")
    kind = known[place]
    lines, texts = [_wrapped(inspect.getdoc(kind) or "", "")], _texts(kind)
    for name, key in kind.model_fields.items():
        default = _default(key)
        default = f"; {default}" if default == "required" else f"; default {default}" if default else ""
        lines.append(f"\n{name}: {_takes(key.annotation, key.metadata)}{default}")
        lines.append(_wrapped(texts[name], "    "))
        inner = f"{place}.{name}".lstrip(".")
        lines += [f"    cac keys {inner}"] if inner in known else []
    return "\n".join(lines).replace("`", "").replace("\\|", "|").replace("keys below", "keys")


def _wrapped(text: str, indent: str) -> str:
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(text.split()))
    return textwrap.fill(plain, 100, initial_indent=indent, subsequent_indent=indent)


def _visit(kind: type[Section], place: str, places: dict[type[Section], list[str]]) -> None:
    """Note where each section stands, outer ones before inner ones."""
    if kind in places:
        places[kind].append(place)
        return
    places[kind] = [place]
    for name, key in kind.model_fields.items():
        for inner, many in _sections(key.annotation):
            _visit(inner, f"{place}.{name}{many}".lstrip("."), places)


def _sections(annotation: Any, many: str = "") -> Iterator[tuple[type[Section], str]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation, many
    for part in get_args(annotation):
        yield from _sections(part, ".*" if get_origin(annotation) in (dict, list) else many)


def _table(kind: type[Section], listed: list[str], places: dict[type[Section], list[str]]) -> Iterator[str]:
    if kind is not Config:
        own = [place for place in listed if ".instead." not in place]
        yield f"{'###' if '.' in listed[0].removesuffix('.*') else '##'} {', '.join(own)}\n"
    whole = next((other for other in places if other is not kind and issubclass(other, kind)), None)
    yield f"{inspect.getdoc(kind)}\n"
    if whole is not None:
        yield f"Keys as of `{places[whole][0]}`: {', '.join(f'`{name}`' for name in kind.model_fields)}.\n"
        return
    yield "| key | takes | meaning | default |\n|---|---|---|---|"
    texts = _texts(kind)
    for name, key in kind.model_fields.items():
        yield f"| `{name}` | {_takes(key.annotation, key.metadata)} | {texts[name]} | {_default(key)} |"
    yield ""


def _texts(kind: type[Section]) -> dict[str, str]:
    """The text below each key in the source of the class and of those it is made of."""
    texts: dict[str, str] = {}
    for part in reversed([base for base in kind.__mro__ if issubclass(base, Section)]):
        body = cast("ast.ClassDef", ast.parse(inspect.getsource(part)).body[0]).body
        for key, text in pairwise(body):
            if isinstance(key, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                texts[ast.unparse(key.target)] = " ".join(str(text.value.value).split())
    return texts


def _takes(annotation: Any, metadata: list[Any]) -> str:
    """What a key takes, in words."""
    form = next((_FORMS[name] for name in _read_by(metadata) if name in _FORMS), None)
    return form if form is not None else _of_type(annotation) + _range(metadata)


def _read_by(metadata: list[Any]) -> list[str]:
    return [getattr(getattr(part, "func", None), "__name__", "") for part in metadata]


def _of_type(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin is Annotated:
        return _takes(parts[0], list(parts[1:]))
    if origin in (Union, types.UnionType):
        return ", or ".join(_of_type(part) for part in parts if part is not type(None))
    if origin is dict:
        return f"{'date' if parts[0] is dt.date else 'name'}: {_of_type(parts[1])}"
    if origin is list:
        return f"list of {_of_type(parts[0])}"
    return "keys below" if issubclass(annotation, BaseModel) else _PLAIN[annotation]


def _range(metadata: list[Any]) -> str:
    ends = {name: getattr(part, name) for part in metadata for name in ("ge", "gt", "le", "lt") if hasattr(part, name)}
    low = f"from {ends['ge']}" if "ge" in ends else f"above {ends['gt']}" if "gt" in ends else ""
    high = f"to {ends['le']}" if "le" in ends else f"below {ends['lt']}" if "lt" in ends else ""
    words = " ".join(part for part in (low, high) if part)
    return f" {words}" if words else ""


def _default(key: FieldInfo) -> str:
    if key.is_required():
        return "required"
    value = key.default
    if value is None or isinstance(value, BaseModel) or value in ({}, []):
        return ""
    if isinstance(value, tuple):
        return str(list(value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and "_change" in _read_by(key.metadata):
        return typed_percent(value)
    return f"{value:g}" if isinstance(value, float) else ", ".join(value) if isinstance(value, list) else str(value)


def rewritten(page: str) -> str:
    """The page with what stands below its mark made from the code."""
    head, mark, _ = page.partition(_MARK)
    if not mark:
        raise ValueError(f"the page has no line {_MARK}")
    return f"{head}{mark}\n\n{reference()}"


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(rewritten(file.read_text(encoding="utf-8")), encoding="utf-8")
