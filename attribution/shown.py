"""How a value shows itself: one short line in a console, a line and a table in a notebook.

Nothing here computes: a field that is long is named by its size, so that looking at a result never costs more than the
result did, and never fills a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from enum import Enum
from html import escape
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from attribution.numbers import plain

__all__ = ["LINE", "ROWS", "in_short", "shown", "table_html"]

LINE = 400
"""Most characters of a value's line."""
ROWS = 60
"""Most rows of a table that a notebook shows by itself."""
_PART, _NAMES = 60, 4

_Kind = TypeVar("_Kind")


def shown(kind: type[_Kind]) -> type[_Kind]:
    """A dataclass whose values show themselves in a line and, in a notebook, in a table too.

    A ``__repr__`` or ``_repr_html_`` that the class writes itself stays. The table is that of ``to_frame``, where there
    is one without arguments to give, else one of the fields.

    >>> from dataclasses import dataclass
    >>> @shown
    ... @dataclass(frozen=True)
    ... class Draws:
    ...     of: str
    ...     values: np.ndarray
    >>> Draws("tv", np.zeros((4, 1000)))
    Draws(of='tv', values=<4 x 1000>)
    """
    if hasattr(kind.__repr__, "__wrapped__"):  # the one that dataclasses make
        kind.__repr__ = _line  # type: ignore[method-assign]
    if "_repr_html_" not in vars(kind):
        kind._repr_html_ = _page  # type: ignore[attr-defined]
    return kind


def table_html(table: pd.DataFrame | pd.Series, index: bool = True) -> str:
    """A table for a notebook: figures as people read them, its two ends where it is long."""
    frame = table.to_frame() if isinstance(table, pd.Series) else table
    return str(frame.to_html(index=index, float_format=plain, max_rows=ROWS))


def in_short(value: object) -> str:
    """A field of a value in a few characters.

    >>> in_short(0.5), in_short(("tv", "search")), in_short(pd.Series([1.0, 2.0])), in_short({"tv": 1})
    ('0.5', '(tv, search)', '<2 rows>', "{'tv': 1}")
    """
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bool | np.bool_ | int | np.integer | None):
        return str(value)
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if isinstance(value, str):
        return _cut(repr(value), _PART)
    if isinstance(value, pd.Timestamp):
        return str(value.date())
    if isinstance(value, pd.Index):
        ends = (
            f" {in_short(value[0])} to {in_short(value[-1])}"
            if isinstance(value, pd.DatetimeIndex) and len(value)
            else ""
        )
        return f"<{len(value)}{ends}>"
    if isinstance(value, np.ndarray):
        return in_short(value.item()) if value.ndim == 0 else f"<{' x '.join(map(str, value.shape))}>"
    if isinstance(value, pd.DataFrame):
        return f"<{len(value)} rows x {value.shape[1]}>"
    if isinstance(value, pd.Series):
        return f"<{len(value)} rows>"
    return _of_several(value)


def _of_several(value: object) -> str:
    if isinstance(value, Mapping):
        whole = repr(value) if type(value) is dict and len(value) <= _NAMES and all(map(_small, value.values())) else ""
        return whole if whole and len(whole) <= _PART else f"<{len(value)} entries>"
    if isinstance(value, Sequence | Set):
        if all(isinstance(one, str) for one in value):
            names = [_cut(repr(one)[1:-1], _PART // 2) for one in list(value)[:_NAMES]]
            return f"({', '.join(names)}{f' and {len(value) - _NAMES} more' if len(value) > _NAMES else ''})"
        parts = [in_short(one) for one in value] if len(value) <= _NAMES else []
        whole = f"({', '.join(parts)})"
        return whole if parts and len(whole) <= _PART else f"<{len(value)} {_kinds(value)}>"
    told = repr(value) if is_dataclass(value) and all(map(_small, _values(value))) else ""
    return told if told and len(told) <= _PART else f"<{type(value).__name__}>"


def _small(value: object) -> bool:
    return isinstance(value, str | int | float | bool | None | np.number)


def _values(value: Any) -> list[object]:
    return [getattr(value, one.name) for one in fields(value)]


def _kinds(values: Sequence[object] | Set[object]) -> str:
    kinds = {type(one).__name__ for one in values}
    return next(iter(kinds)) if len(kinds) == 1 else "items"


def _parts(value: Any) -> dict[str, str]:
    """Name -> text of each field that holds something and is meant to be seen."""
    told = {one.name: getattr(value, one.name) for one in fields(value) if one.repr and not one.name.startswith("_")}
    return {name: in_short(held) for name, held in told.items() if not _nothing(held)}


def _nothing(value: object) -> bool:
    return value is None or (isinstance(value, tuple | dict) and not value)


def _line(self: Any) -> str:
    texts = ", ".join(f"{name}={text}" for name, text in _parts(self).items())
    return f"{type(self).__name__}({_cut(texts, LINE - 80)})"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 2]} …"


def _page(self: Any) -> str:
    if callable(getattr(self, "to_frame", None)):
        return f"<p>{escape(repr(self))}</p>{table_html(self.to_frame())}"
    parts = pd.DataFrame(_parts(self).items(), columns=[type(self).__name__, ""])
    return table_html(parts, index=False)
