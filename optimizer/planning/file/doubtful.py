"""Amounts of the plan file that mean another thing to YAML than to half of its readers: 150.000, and {x: 150,000}."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from optimizer.planning.file.document import Document

__all__ = ["doubtful_amounts", "parted_numbers"]

_OF_MONEY = (
    *(("plan",), ("scenarios",), ("economics",), ("guardrails",), ("stress",), ("data", "weekly", "before")),
    *(("attribution", "spend"), ("model", "belief", "cac")),
)


def doubtful_amounts(document: Document) -> Iterator[str]:
    """Messages, with file and line, for amounts with one to three digits before the point and three after it."""
    for place in _OF_MONEY:
        node = document.data
        for step in place:
            node = node.get(step) if isinstance(node, dict) else None
        yield from _within(document, node, place)


def _within(document: Document, node: Any, place: tuple[str | int, ...]) -> Iterator[str]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, value in inner:
        yield from _within(document, value, (*place, step))
    if _is_doubtful(node):
        short, long = f"{float(node):g}", f"{float(node) * 1000:.0f}"
        yield document.error(place, f"{float(node):.3f} may mean {short} or {long}; write one of the two.")


def parted_numbers(document: Document) -> Iterator[str]:
    """Messages, with file and line, for numbers that YAML parts at a comma: ``{at_most: 1,000}`` is two items."""
    yield from _parted(document, document.data, ())


def _parted(document: Document, node: Any, place: tuple[str | int, ...]) -> Iterator[str]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    before = None
    for step, value in inner:
        if isinstance(node, dict) and value is None and isinstance(step, int | float) and before is not None:
            text = "a comma parts the number in two; write it without one, 1_000 or 1.5."
            yield document.error((*place, before), text)
        before = step
        yield from _parted(document, value, (*place, step))


def _is_doubtful(value: Any) -> bool:
    from ruamel.yaml.scalarfloat import ScalarFloat

    if isinstance(value, str):
        return re.fullmatch(r"[1-9]\d{0,2}[.]\d{3}", value.strip()) is not None
    if not isinstance(value, ScalarFloat) or not 1 <= abs(value) < 1000:
        return False
    written = vars(value)  # how many characters the file has, and where among them the point stands
    return written["_exp"] is None and written["_width"] - written["_prec"] == 4
