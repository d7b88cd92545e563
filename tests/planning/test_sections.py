"""A section of the report is one module, one template and one line in the table of contents."""

from __future__ import annotations

import re
from pathlib import Path

import optimizer.planning.outputs.sections as home
from optimizer.planning.outputs.sections.contents import SECTIONS, tables_of
from optimizer.planning.stages.result import Run

FOLDER = Path(home.__file__).parent


def test_modules_templates_and_contents_agree() -> None:
    anchors = [section.anchor for section in SECTIONS]
    assert len(set(anchors)) == len(anchors)
    assert {path.stem for path in FOLDER.glob("*.html")} == set(anchors)
    assert {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "contents", "section"} == set(anchors)


def test_no_two_sections_write_one_file(finished: tuple[Run, Path]) -> None:
    run, folder = finished
    files = [*(table.file for table in tables_of(run)), *run.inputs.tables]
    assert {path.name for path in folder.glob("*.csv")} == set(files)
    assert len(set(files)) == len(files)


def test_every_table_has_a_caption_and_every_heading_its_direction() -> None:
    for path in FOLDER.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"<th(?! scope=)[ >]", text), path.name
        bare = re.findall(r"<table>(?!<caption>)", text)
        assert not bare, f"{path.name}: write tables by the macro of templates/macros.html"
        for call in re.findall(r"{% call table\((.*?)\)", text):
            assert len(call) > 4
