"""Doctests of all modules and every Python block of the documentation run, links lead somewhere."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

import attribution.errors
from mmm.posterior.fit_checks import GATE
from optimizer.planning.check import check_plan

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for package in ("attribution", "mmm", "optimizer")
    for path in (ROOT / package).rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    module = importlib.import_module(name)
    found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("page", [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))], ids=str)
def test_python_blocks_run(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    space: dict[str, object] = {"__name__": "__page__"}
    text = page.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        line = text[: found.start(1)].count("\n")
        exec(compile("\n" * line + found[1], str(page), "exec"), space)  # noqa: S102  our own pages


def test_links_lead_somewhere() -> None:
    links = [(page, target) for page in PAGES for target in LINK.findall(page.read_text(encoding="utf-8"))]
    assert [f"{page.name}: {target}" for page, target in links if not (page.parent / target).exists()] == []


# the site


def test_lists_within_lists_are_indented_as_the_site_reads_them() -> None:
    for page in PAGES:
        prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        assert not re.findall(r"^ {1,3}[-*] .*$", prose, re.MULTILINE), (
            f"{page.name}: four blanks, or Python-Markdown makes one list"
        )


def test_outputs_of_the_tutorial_scroll_on_their_own_in_the_site() -> None:
    site: dict[str, object] = {"__file__": str(ROOT / ".ci" / "site.py"), "__name__": "site_hook"}
    exec(compile((ROOT / ".ci" / "site.py").read_text(encoding="utf-8"), ".ci/site.py", "exec"), site)  # noqa: S102
    page = site["page_of"](ROOT / "docs" / "tutorial.ipynb")  # type: ignore[operator]
    tables = page.count("<table")
    assert tables > 0
    assert len(re.findall(r'<div class="output">(?:(?!<div class="output">).)*?<table', page, re.DOTALL)) >= 1
    assert ".output { overflow-x: auto" in (ROOT / "docs" / "site.css").read_text(encoding="utf-8")


def test_every_page_is_reached_from_the_site() -> None:
    """The pages of single decisions are reached from the one that lists them."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    reached = set(re.findall(r"([\w/.-]+\.md)", text.split("\nnav:")[1].split("\nvalidation:")[0]))
    there = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    there -= {page for page in there if page.startswith("decisions/0")}
    assert {page for page in reached if not page.startswith("api/")} == there | {"tutorial.md"}


def test_pages_opened_from_a_folder_search_and_fetch_nothing() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    plugins = text.split("\nplugins:")[1].split("\nmarkdown_extensions:")[0]
    assert re.search(r"^  - search$", plugins, re.MULTILINE)
    assert re.search(r"^  - offline$", plugins, re.MULTILINE)
    shims = re.findall(r"polyfills: \[([\w.-]+)\]", text)  # else the plugin names one of the network
    assert shims
    for shim in shims:
        assert "iframe-worker" in shim
        code = (ROOT / "docs" / shim).read_text(encoding="utf-8")
        assert "Permission is hereby granted" in code
        assert re.search(r"(?:src|href|import|fetch)\W{1,3}https?:", code) is None


def finding_names() -> set[str]:
    """Names of findings as the code writes them; what stands in braces is left open."""
    names = set(GATE)
    for package in ("attribution", "mmm", "optimizer"):
        texts = (path.read_text(encoding="utf-8") for path in (ROOT / package).rglob("*.py"))
        for text in (text for text in texts if "Finding(" in text):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Finding" and node.args:
                    names |= written(node.args[0])
    return names


def written(name: ast.expr) -> set[str]:
    if isinstance(name, ast.Constant):
        return {name.value}
    if isinstance(name, ast.JoinedStr):
        return {ast.literal_eval(name.values[0])}  # noqa: PD011  parts of an f-string
    return set()


def test_every_finding_has_its_entry() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    entries = {
        entry for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for entry in re.findall(r"`(.+?)`", row)
    }
    names = finding_names()
    assert len(names) > 50
    assert {
        name
        for name in names
        if not any(entry == name or (name[-1] in "_ " and entry.startswith(name)) for entry in entries)
    } == set()


def test_every_error_has_its_entry_with_its_exit_code() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    rows = {
        name: int(code)
        for names, code in re.findall(r"^\| (`.*?) \| (\d) \|", page, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", names)
    }
    kinds = [
        kind for kind in vars(attribution.errors).values() if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    assert rows == {kind.__name__: kind.exit_code for kind in kinds if kind is not attribution.errors.CacError}


GUIDES = sorted([ROOT / "docs" / "ten-minutes.md", *(ROOT / "docs" / "coming-from").glob("*.md")])


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_plan_files_of_the_guides_read_tables_of_their_columns(page: Path, tmp_path: Path) -> None:
    text = re.search(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert text is not None
    (tmp_path / "plan.yaml").write_text(text[1], encoding="utf-8")
    weekly = YAML(typ="safe").load(text[1])["data"]["weekly"]
    spend = weekly["spend"]
    columns = [
        weekly["kpi"],
        *(spend.values() if isinstance(spend, dict) else spend),
        *weekly["controls"],
        *weekly.get("driven_by", {}).values(),
    ]
    rng, geos = np.random.default_rng(0), ["A", "B"] if "geo" in weekly else ["all"]
    weeks = pd.date_range("2022-01-03", periods=120, freq="7D")
    parts = [
        pd.DataFrame({weekly["date"]: weeks, **{name: rng.uniform(50, 150, 120).round(2) for name in columns}})
        for _ in geos
    ]
    table = pd.concat(parts, keys=geos, names=[weekly.get("geo", "geo"), None]).reset_index(level=0)
    table[weekly.get("population", "population")] = 1_000.0
    kinds = weekly["controls"] if isinstance(weekly["controls"], dict) else {}
    words = [name for name, kind in kinds.items() if kind == "indicator"]
    table = table.assign(**{name: rng.choice(["na", "event1"], len(table)) for name in words})
    table.to_csv(tmp_path / weekly["path"], index=False)
    assert check_plan(tmp_path / "plan.yaml").now is not None  # every guide ends in a plan
