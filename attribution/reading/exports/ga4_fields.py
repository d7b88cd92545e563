"""Fields of an event of Google Analytics 4, whether records are nested, written as JSON, or flat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis

__all__ = ["field_of", "first_of", "parameter_of"]

_KINDS = ("string_value", "int_value", "double_value", "float_value")


def field_of(events: ibis.Table, *path: str) -> Any | None:
    """A field such as ``("traffic_source", "source")`` as text, null where it is empty; None where there is none."""
    record, *inner = path
    if record in events.columns:
        return _filled(_within(events[record], inner))
    flat = next((sign.join(path) for sign in ("_", ".", "__") if sign.join(path) in events.columns), None)
    return None if flat is None else _filled(events[flat])


def parameter_of(events: ibis.Table, key: str) -> Any | None:
    """A parameter of the event as text, null where it has none; None where the table has no parameters."""
    for flat in (f"event_params_{key}", f"event_params.{key}"):
        if flat in events.columns:
            return _filled(events[flat])
    if "event_params" not in events.columns:
        return None
    given = events["event_params"]
    listed = given if given.type().is_string() else _as_json(given)
    keys = _call("json_extract_string", "array<string>", listed, "$[*].key")
    entries = _call("json_extract", "array<string>", listed, "$[*]")
    entry = _call("list_extract", "string", entries, _call("list_position", "int64", keys, key))
    return _filled(first_of([_call("json_extract_string", "string", entry, f"$.value.{kind}") for kind in _KINDS]))


def first_of(columns: Sequence[Any | None]) -> Any | None:
    """The first of some columns that is not empty, by row."""
    import ibis

    known = [column for column in columns if column is not None]
    return ibis.coalesce(*known) if known else None


def _within(column: Any, path: Sequence[str]) -> Any | None:
    """A field within a column of records; None where its type has none."""
    for place, name in enumerate(path):
        if column.type().is_string():
            return _call("json_extract_string", "string", column, "$." + ".".join(path[place:]))
        if not column.type().is_struct() or name not in column.type().names:
            return None
        column = column[name]
    return column


def _filled(column: Any | None) -> Any | None:
    if column is None or column.type().is_null():  # DuckDB breaks down where a field of no type is cast
        return None
    return column.cast("string").strip().nullif("")


def _as_json(column: Any) -> Any:
    import ibis

    @ibis.udf.scalar.builtin(name="to_json", signature=((column.type(),), "string"))
    def written(column):  # type: ignore[no-untyped-def]
        ...

    return written(column)


def _call(name: str, gives: str, one: Any, other: Any) -> Any:
    """A function of two columns or texts that Ibis has no name for in DuckDB."""
    import ibis

    one, other = (ibis.literal(each) if isinstance(each, str) else each for each in (one, other))

    @ibis.udf.scalar.builtin(name=name, signature=((one.type(), other.type()), gives))
    def called(one, other):  # type: ignore[no-untyped-def]
        ...

    return called(one, other)
