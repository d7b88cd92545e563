"""Cells of a notebook run in order, without a kernel: what they print, and what their last line shows.

``python tests/helpers/notebook_cells.py docs/tutorial.ipynb`` runs a notebook and keeps its outputs beside the code.
"""

from __future__ import annotations

import ast
import base64
import io
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def run_cell(source: str, name: str, space: dict[str, Any]) -> list[dict[str, Any]]:
    """The outputs of one cell, as notebooks keep them."""
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, outputs = io.StringIO(), []
    with redirect_stdout(printed):
        exec(compile(tree, name, "exec"), space)  # noqa: S102  our own pages
        value = None if last is None else eval(compile(ast.Expression(last.value), name, "eval"), space)  # noqa: S307
    if printed.getvalue():
        outputs.append(
            {"output_type": "stream", "name": "stdout", "text": printed.getvalue().splitlines(keepends=True)}
        )
    if value is not None:
        data = {"text/plain": repr(value).splitlines(keepends=True), **rich(value)}
        outputs.append({"output_type": "display_data", "metadata": {}, "data": data})
    return outputs


def rich(value: Any) -> dict[str, Any]:
    if hasattr(value, "_repr_html_"):
        return {"text/html": value._repr_html_().splitlines(keepends=True)}
    if hasattr(value, "get_figure"):
        picture = io.BytesIO()
        value.get_figure().savefig(picture, format="png", dpi=80, bbox_inches="tight", metadata={"Software": None})
        return {"image/png": base64.b64encode(picture.getvalue()).decode()}
    return {}


def run_notebook(path: Path, space: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the cells leave behind; their outputs are written into the notebook's cells, not to the file."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    space = {"__name__": "__notebook__"} if space is None else space
    for place, cell in enumerate(code_cells(notebook)):
        cell["outputs"] = run_cell("".join(cell["source"]), f"{path.name}, cell {place + 1}", space)
        cell["execution_count"] = place + 1
    return {"space": space, "notebook": notebook}


if __name__ == "__main__":
    where = Path(sys.argv[1])
    done = run_notebook(where)["notebook"]
    where.write_text(json.dumps(done, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
