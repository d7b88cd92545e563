"""The fixed public names exist, are documented, and front doors list exactly what they hand out."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("attribution", "mmm", "optimizer")
FIXED = {
    "attribution": (
        "Journeys", "FirstTouch", "LastTouch", "LastNonDirect", "Linear", "PositionBased", "TimeDecay", "Markov",
        "Shapley", "compare", "bootstrap",
    ),
    "mmm": ("Panel", "Model", "fit", "Posterior", "ResponseCurves"),
    "mmm.curves": ("Hill", "Logistic", "MichaelisMenten", "Exponential", "Power"),
    "optimizer": (
        "Plan", "BlendedCAC", "Customers", "Spend", "Profit", "Budget", "Channel", "Group", "MaxCAC", "Change", "Pacing",
    ),
}  # fmt: skip
METHODS = {
    "attribution.Journeys": ("from_touchpoints", "from_paths"),
    "attribution.Credit": ("conversions", "value", "share", "cac", "removal_effect"),
    "mmm.Panel": ("from_frame",),
    "mmm.Posterior": (
        "contributions", "summary", "cac", "marginal_cac", "curves", "organic", "diagnostics", "save", "load",
        "to_inferencedata",
    ),
    "optimizer.Plan": ("solve", "certify", "frontier"),
    "optimizer.Allocation": (
        "spend", "customers", "blended_cac", "marginal_cac", "bound", "gap", "shadow_prices", "status",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("package", "name"), [(package, name) for package, names in FIXED.items() for name in names])
def test_fixed_names(package: str, name: str) -> None:
    found = getattr(importlib.import_module(package), name)
    assert inspect.getdoc(found)


@pytest.mark.parametrize(("owner", "name"), [(owner, name) for owner, names in METHODS.items() for name in names])
def test_fixed_members(owner: str, name: str) -> None:
    package, kind = owner.split(".")
    found = getattr(importlib.import_module(package), kind)
    fields = getattr(found, "__dataclass_fields__", {})
    assert hasattr(found, name) or name in fields


@pytest.mark.parametrize("package", ["attribution", "mmm", "optimizer", "mmm.curves"])
def test_the_page_of_names_is_complete(package: str) -> None:
    page = (ROOT / "docs" / "names.md").read_text(encoding="utf-8")
    part = page.split(f"## {package}\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)`", part, re.MULTILINE)) == set(importlib.import_module(package).__all__)


@pytest.mark.parametrize("package", ["attribution", "mmm", "optimizer", "mmm.curves"])
def test_front_doors_hand_out_what_they_list(package: str) -> None:
    module = importlib.import_module(package)
    for name in module.__all__:
        found = getattr(module, name)
        if inspect.isclass(found) or inspect.isfunction(found):
            assert inspect.getdoc(found), f"{package}.{name} has no docstring"
    assert set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = module.no_such_name


@pytest.mark.parametrize("package", PACKAGES)
def test_front_doors_show_public_names_only(package: str) -> None:
    module = importlib.import_module(package)
    assert dir(module) == sorted(module.__all__)
    assert len(module.__all__) == len(set(module.__all__))
    stub = (ROOT / package / "__init__.pyi").read_text(encoding="utf-8")
    assert sorted(re.findall(r" as (\w+)$", stub, re.MULTILINE)) == sorted(module.__all__)


@pytest.mark.parametrize(
    "name",
    [
        "attribution.economics.blended_cac", "attribution.errors.BadInput", "attribution.plots", "attribution.simulate",
        "attribution.tables.SPEND", "mmm.curves.Hill", "mmm.plots", "mmm.simulate.world", "optimizer.plots",
    ],
)  # fmt: skip
def test_modules_are_reached_from_their_package_alone(name: str) -> None:
    code = f"import {name.split('.')[0]}; print({name})"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, stdout=subprocess.DEVNULL)


def test_stubs_are_packaged() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "__init__.pyi" in settings["tool"]["setuptools"]["package-data"]["*"]
