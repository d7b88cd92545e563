"""What the site shows beside the pages: names with their parameters, and the tutorial with its outputs."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parents[1]
DOORS = ("attribution", "attribution.economics", "mmm", "mmm.curves", "optimizer")
PLOTS = ("attribution.plots", "mmm.plots", "optimizer.plots")
ROLE = re.compile(r":(?:func|class|meth|mod|data|attr):(?=<code>)")
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)")


def handed_out(door: str) -> Iterator[tuple[str, str]]:
    """Name -> where it is defined, of each class and function of a front door."""
    folder = ROOT / door.replace(".", "/")
    stub = folder / "__init__.pyi"
    for node in ast.parse((stub if stub.exists() else folder / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module != "__future__":
            home = f"{door}.{node.module}" if node.level else node.module
            yield from ((alias.asname or alias.name, f"{home}.{alias.name}") for alias in node.names)


def api_page(door: str) -> str:
    """The names of a front door in their order, each with its docstring."""
    blocks = "\n\n".join(f"::: {home}" for _, home in sorted(handed_out(door), key=lambda pair: pair[0].casefold()))
    return f"# {door}\n\n{blocks}\n"


def on_files(files: Files, config: Any) -> Files:
    """Pages of names, and the tutorial as a page."""
    from mkdocs.structure.files import File

    pages = {f"api/{door}.md": api_page(door) for door in DOORS}
    pages |= {
        f"api/{name}.md": f"::: {name}\n    options: {{heading_level: 1, members_order: alphabetical}}\n"
        for name in PLOTS
    }
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    for path in sorted((ROOT / "docs").rglob("*.ipynb")):
        name = path.relative_to(ROOT / "docs").as_posix()
        files.remove(files.src_uris[name])
        files.append(File.generated(config, name.replace(".ipynb", ".md"), content=page_of(path)))
    return files


def page_of(path: Path) -> str:
    """A notebook as a page: its prose, its code, and what the code gave."""
    parts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(text)
            continue
        parts.append(f"```python\n{text}\n```")
        parts += [f'<div class="output">{shown(output)}</div>' for output in cell["outputs"]]
    return "\n\n".join(parts) + "\n"


def shown(output: dict[str, Any]) -> str:
    """One output of a cell."""
    data = output.get("data", {})
    if "text/html" in data:
        return "".join(data["text/html"]).replace('<table border="1" class="dataframe">', "<table>")
    if "image/png" in data:
        return f'<img alt="" src="data:image/png;base64,{"".join(data["image/png"]).strip()}">'
    return f"<pre>{escape(''.join(output.get('text', data.get('text/plain', ''))))}</pre>"


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Links to files of the project that are no pages are written as their names."""
    here = (ROOT / "docs" / page.file.src_uri).parent

    def plain(found: re.Match[str]) -> str:
        target = (here / found[3]).resolve()
        inside = target.is_relative_to(ROOT / "docs")
        if not inside and not found[1]:
            return f"{found[2]} (`{target.relative_to(ROOT)}`)"
        return found[0].replace(".ipynb", ".md") if inside else found[0]

    return LINK.sub(plain, markdown)


def on_page_content(html: str, page: Any, config: Any, files: Files) -> str:
    """Names in docstrings stand without the roles that other generators read."""
    return ROLE.sub("", html)
