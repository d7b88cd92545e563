"""The house's walls: imports point one way, and light packages stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("attribution", "mmm", "optimizer")  # each imports itself and what stands left of it
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PYMC_ROOMS = {"mmm/model.py", "mmm/likelihood.py", "mmm/sampling.py", "mmm/pytensor_settings.py"}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in SOURCES}


def imports_of(path: Path, top_level_only: bool = False) -> set[str]:
    """Full names of what a file imports, wherever in the file, except under TYPE_CHECKING."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    inside_functions = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in typing_only or (top_level_only and id(node) in inside_functions):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & set(MODULES)
            found |= submodules or {str(node.module)}
    return found


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_imports_point_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    above = PACKAGES[PACKAGES.index(package) + 1 :]
    upward = {name for name in imports_of(path) if name.split(".")[0] in above}
    assert not upward, f"{path.relative_to(ROOT)} imports {sorted(upward)}"


def test_the_engine_never_imports_planning() -> None:
    for name, path in MODULES.items():
        if name.startswith("optimizer") and not name.startswith("optimizer.planning"):
            assert not {used for used in imports_of(path) if used.startswith("optimizer.planning")}, name


def test_no_circles_between_modules() -> None:
    graph = {
        name: {used for used in imports_of(path) if used in MODULES and used != name} for name, path in MODULES.items()
    }
    for package in [name for name, path in MODULES.items() if path.name == "__init__.py"]:
        graph[package] = set()  # a package's front door re-exports its rooms; rooms are compared among themselves
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


def test_few_rooms_know_pymc() -> None:
    for path in SOURCES:
        heavy = {name.split(".")[0] for name in imports_of(path)} & {"pymc", "pytensor", "nutpie"}
        assert not heavy or str(path.relative_to(ROOT)) in PYMC_ROOMS, f"{path.relative_to(ROOT)} imports {heavy}"


def test_curves_are_data() -> None:
    for name, path in MODULES.items():
        if name.startswith("mmm.curves"):
            allowed = ("mmm.curves", "attribution.errors", "numpy", "pandas", "scipy")
            foreign = {
                used
                for used in imports_of(path)
                if not used.startswith(allowed) and used.split(".")[0] not in sys.stdlib_module_names
            }
            assert not foreign, f"{name} imports {foreign}"


@pytest.mark.parametrize(
    ("package", "heavy"),
    [
        ("attribution", ("pymc", "arviz", "matplotlib", "cvxpy", "numba", "duckdb")),
        ("mmm", ("pymc", "arviz", "matplotlib", "cvxpy", "numba")),
        ("optimizer", ("pymc", "arviz", "matplotlib", "cvxpy", "numba")),
        ("optimizer.planning.cli", ("pymc", "arviz", "matplotlib", "cvxpy", "numba", "ibis", "pydantic")),
    ],
)
def test_light_imports(package: str, heavy: tuple[str, ...]) -> None:
    code = f"import sys, {package}; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
