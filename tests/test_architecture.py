"""The house's walls: rooms stand in the order of docs/house.md, imports point one way, light packages stay light.

Every import counts, wherever in a file it stands: at the top, inside a function, for typing only, or as a literal
argument of importlib.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("attribution", "mmm", "optimizer")  # each imports itself and what stands left of it
HOUSE = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
EVERYWHERE = {"numpy", "pandas", "scipy"}
ENGINES = r"duckdb|pyspark|spark|postgres(ql)?|psycopg2?|bigquery|snowflake|databricks|redshift|trino|clickhouse"
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in SOURCES}


def listed(heading: str) -> list[tuple[str, str]]:
    """Rows of a table of docs/house.md: the cell that names something, and the cell beside it."""
    part = HOUSE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| (`.+?) \| (.*) \|$", part, re.MULTILINE)


ROOMS = {
    parent.replace("/", "."): [name.strip("`") for name, _ in listed(f"Rooms of {parent}")]
    for parent in (*PACKAGES, "optimizer/planning")
}
LIBRARIES = {
    name: re.findall(r"`(.+?)`", where) for names, where in listed("Libraries") for name in names.split("`")[1::2]
}


def called(call: ast.Call) -> str:
    """The last name of what is called."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def imported(node: ast.AST) -> Iterator[str]:
    """Full names of what one statement or call imports; names of a package stand behind it."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call) and called(node) in {"import_module", "find_spec"}:
        yield from (
            word.value for word in node.args[:1] if isinstance(word, ast.Constant) and isinstance(word.value, str)
        )


@cache
def tree_of(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


@cache
def front_door(package: str) -> dict[str, str]:
    """Name that a package hands out -> the module it comes from, as its stub says."""
    homes = {}
    for node in ast.parse((ROOT / package / "__init__.pyi").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            module = f"{package}.{node.module}" if node.module else package
            homes |= {alias.name: nearest_module(f"{module}.{alias.name}") for alias in node.names}
    return homes


def nearest_module(name: str) -> str:
    """The module of ours that a full name lies in; the name itself where none is."""
    parts = name.split(".")
    return next((module for at in range(len(parts), 0, -1) if (module := ".".join(parts[:at])) in MODULES), name)


@cache
def imports_of(name: str) -> frozenset[str]:
    """Modules of ours and full names of others' that a module imports; what a front door hands out counts as its home."""
    nodes = [node for node in ast.walk(tree_of(name)) if isinstance(node, ast.Import | ast.ImportFrom | ast.Call)]
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level], f"{name}: relative import"
    names = {word for node in nodes for word in imported(node)}
    targets = set()
    for word in names:
        module = nearest_module(word)
        handed = word.removeprefix(f"{module}.")
        targets.add(front_door(module).get(handed, module) if module in PACKAGES and handed != word else module)
    if name in PACKAGES:
        targets |= set(front_door(name).values())
    return frozenset(targets - {name})


def place(name: str, parent: str) -> int | None:
    """Position of a module's room in the list of a package; None outside of it and for the package itself."""
    if not name.startswith(f"{parent}."):
        return None
    return ROOMS[parent].index(name.removeprefix(f"{parent}.").split(".")[0])


@pytest.mark.parametrize("parent", ROOMS)
def test_every_file_belongs_to_a_listed_room_and_every_room_exists(parent: str) -> None:
    folder = ROOT / parent.replace(".", "/")
    rooms = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - {"__init__"} == set(ROOMS[parent])
    assert len(ROOMS[parent]) == len(set(ROOMS[parent]))


@pytest.mark.parametrize("name", [name for name, path in MODULES.items() if path.name == "__init__.py"])
def test_folders_say_what_lives_in_them(name: str) -> None:
    text = ast.get_docstring(tree_of(name))
    assert text
    if name not in PACKAGES:
        assert len(text.split()) >= 25, f"{name}: say what lives here, what it may import and where to begin reading"


def upward(name: str, target: str) -> bool:
    """Whether an import points at a package to the right, or at a room further down in a list."""
    package, other = (PACKAGES.index(module.split(".")[0]) for module in (name, target))
    rooms = [(place(name, parent), place(target, parent)) for parent in ROOMS]
    return other > package or any(None not in pair and pair[1] > pair[0] for pair in rooms)


def test_imports_point_one_way() -> None:
    ours = {name: [target for target in imports_of(name) if target.split(".")[0] in PACKAGES] for name in MODULES}
    against = [
        f"{name} imports {target}" for name, targets in ours.items() for target in targets if upward(name, target)
    ]
    assert not against


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
def test_no_circles_at_any_level(depth: int) -> None:
    """Packages (1), rooms (2), and folders and files within them."""
    graph: dict[str, set[str]] = {}
    for name in MODULES:
        node = ".".join(name.split(".")[:depth])
        targets = {".".join(used.split(".")[:depth]) for used in imports_of(name) if used in MODULES}
        graph.setdefault(node, set()).update(targets - {node})
    state: dict[str, str] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert state.get(name) != "open", f"circle: {' -> '.join([*trail[trail.index(name) :], name])}"
        if state.get(name) != "done":
            state[name] = "open"
            for used in sorted(graph[name]):
                visit(used, (*trail, name))
            state[name] = "done"

    for name in sorted(graph):
        visit(name, ())


def libraries_of(name: str) -> set[str]:
    tops = {used.split(".")[0] for used in imports_of(name)}
    return tops - sys.stdlib_module_names - EVERYWHERE - set(PACKAGES) - {"__future__"}


def inside(path: str, where: str) -> bool:
    return path == where or (where.endswith("/") and path.startswith(where))


def test_libraries_are_imported_where_they_are_listed_and_nowhere_else() -> None:
    uses = {(library, MODULES[name].relative_to(ROOT).as_posix()) for name in MODULES for library in libraries_of(name)}
    places = {(library, where) for library, listed_places in LIBRARIES.items() for where in listed_places}
    unlisted = [
        (library, path)
        for library, path in uses
        if not any(inside(path, where) for where in LIBRARIES.get(library, []))
    ]
    stale = [
        (library, where)
        for library, where in places
        if not any(name == library and inside(path, where) for name, path in uses)
    ]
    assert (sorted(unlisted), sorted(stale)) == ([], [])


def engines_named(name: str) -> set[str]:
    """In code: imports, and texts that are an engine's name; prose may speak of engines."""
    nodes = ast.walk(tree_of(name))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    named = {text for text in texts if re.fullmatch(ENGINES, text, re.IGNORECASE)}
    if name == "optimizer.planning.inputs.provenance":
        named -= {"duckdb"}  # the distribution whose version a run records
    return named | {used for used in imports_of(name) if re.fullmatch(ENGINES, used.split(".")[0])}


def test_only_sources_and_dialects_name_an_engine() -> None:
    naming = {name for name in MODULES if engines_named(name)}
    assert naming == {"attribution.reading.sources", "attribution.reading.dialects"}


def test_contributing_names_the_walls_as_they_are() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for library, verb in (("pymc", "PyMC is imported by"), ("nutpie", "nutpie is driven by")):
        assert [f"{verb} `{where}`" in text for where in LIBRARIES[library]] == [True], library
    assert "`attribution/reading/sources.py` and `attribution/reading/dialects.py`" in text
    for path in re.findall(r"`((?:attribution|mmm|optimizer|tests|docs|examples)/[^`*]*)`", text):
        assert (ROOT / path).exists(), path


def test_curves_are_data() -> None:
    for name in MODULES:
        if name.startswith("mmm.curves"):
            ours = {used for used in imports_of(name) if used.split(".")[0] in PACKAGES}
            assert {used for used in ours if not used.startswith("mmm.curves")} <= {
                "attribution.errors",
                "attribution.shown",
                "attribution.arrays",
                "mmm.arrays",
            }, name
            assert not libraries_of(name), name


@pytest.mark.parametrize(
    ("package", "heavy"),
    [
        ("attribution", ("pymc", "arviz", "matplotlib", "cvxpy", "numba", "duckdb", "numpy")),
        ("mmm", ("pymc", "arviz", "matplotlib", "cvxpy", "numba", "numpy")),
        ("optimizer", ("pymc", "arviz", "matplotlib", "cvxpy", "numba", "numpy")),
        ("optimizer.planning.cli", ("pymc", "arviz", "matplotlib", "cvxpy", "numba", "ibis", "pydantic")),
    ],
)
def test_light_imports(package: str, heavy: tuple[str, ...]) -> None:
    code = f"import sys, {package}; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
