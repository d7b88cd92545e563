"""What is packed: every file of the packages, and a container that copies what there is."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = ("attribution", "mmm", "optimizer")
DATA = [
    path.relative_to(ROOT)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*")
    if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
]


@pytest.mark.parametrize("path", DATA, ids=str)
def test_files_beside_the_code_are_packed(path: Path) -> None:
    """``make packages`` looks into the wheel itself; this says so without building one."""
    stated = PROJECT["tool"]["setuptools"]["package-data"]
    owners = [path.parent, *path.parent.parents]
    owner = next(folder for folder in owners if (ROOT / folder / "__init__.py").exists())
    patterns = [*stated["*"], *stated.get(".".join(owner.parts), [])]
    assert any(fnmatch(path.relative_to(owner).as_posix(), pattern) for pattern in patterns)


def test_each_package_says_that_it_is_typed() -> None:
    assert all((ROOT / package / "py.typed").is_file() for package in PACKAGES)


def test_the_container_copies_what_there_is_and_all_that_building_needs() -> None:
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    copied = {name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for name in line.split()}
    assert all((ROOT / name).exists() for name in copied)
    assert copied >= {*PACKAGES, "pyproject.toml", PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}
    assert 'ENTRYPOINT ["cac"]' in text
    extra = re.search(r"\.whl\)\[(\w+)\]", text)
    assert extra
    assert extra[1] in PROJECT["project"]["optional-dependencies"]


def test_every_pin_that_the_extra_for_assistants_needs_is_one_version() -> None:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    names = [pin.partition("==")[0].lower() for pin in pins]
    assert "mcp" in names
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
