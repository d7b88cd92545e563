"""A plan file with some of its values changed, and all else, its comments too, as it was written."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from optimizer.planning.file.document import Document, Place

__all__ = ["rewritten"]


def rewritten(document: Document, edits: Iterable[tuple[Place, Any]], heading: str = "") -> str:
    """The file's text with other values.

    Parameters
    ----------
    document
        The file; it stays as it is.
    edits
        Place and value, parents made where they are missing; None takes the key out.
    heading
        A comment for the first line.
    """
    from ruamel.yaml import YAML

    data = Document.of(document.path, document.text).data
    for place, value in edits:
        _put(data, place, value)
    writer, text = YAML(typ="rt"), io.StringIO()
    writer.width = 4096  # lines are broken where their writer broke them
    writer.preserve_quotes = True
    writer.dump(data, text)
    return (f"# {heading}\n" if heading else "") + text.getvalue()


def _put(node: Any, place: Place, value: Any) -> None:
    *parents, last = place
    for step in parents:
        if node.get(step) is None:
            if value is None:
                return
            node[step] = {}
        node = node[step]
    if value is None:
        node.pop(last, None)
    else:
        node[last] = value
