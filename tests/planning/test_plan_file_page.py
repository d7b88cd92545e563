"""The reference page of plan.yaml is rendered from the code: every key that the file may hold, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from attribution.errors import UnknownName
from mmm.model.adstock import Adstock
from mmm.model.model import Likelihood
from mmm.model.saturation import Saturation
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.analyses import S_SHAPE
from optimizer.planning.file.reference import keys_of, reference, rewritten

PAGE = Path(__file__).resolve().parents[2] / "docs" / "plan-file.md"


def keys() -> set[str]:
    found: set[str] = set()
    open_: list[Any] = [Config]
    while open_:
        kind = open_.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= set(kind.model_fields)
            open_ += [field.annotation for field in kind.model_fields.values()]
        else:
            open_ += list(get_args(kind))
    return found


def test_the_page_is_what_the_code_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == rewritten(page), "run: python -m optimizer.planning.file.reference docs/plan-file.md"


def test_the_rendered_keys_are_those_of_the_classes() -> None:
    first_cells = set(re.findall(r"^\| `(\w+)` \|", reference(), re.MULTILINE))
    assert first_cells == keys()


def test_a_page_without_its_mark_is_refused() -> None:
    with pytest.raises(ValueError, match="has no line"):
        rewritten("# plan.yaml\n")


def test_the_page_lists_the_families_that_the_mix_model_knows() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    for key, kind in (("adstock", Adstock), ("saturation", Saturation), ("likelihood", Likelihood)):
        own = [S_SHAPE] if key == "saturation" else []  # a Hill with a belief of its own
        assert re.findall(r"`(\w+)`", rows[key]) == [*kind.families(), *own], key


def test_the_terminal_shows_each_key_of_each_section() -> None:
    """From the whole file one comes to every section by the commands that are shown, and each key is there."""
    open_, shown = [""], set[str]()
    while open_:
        told = keys_of(open_.pop())
        assert not re.search(r"`|\\[|]|\]\(", told)
        shown |= set(re.findall(r"(?m)^(\w+): \S", told))
        open_ += re.findall(r"(?m)^    cac keys (\S+)$", told)
    assert shown == keys()
    with pytest.raises(UnknownName, match=r"Did you mean 'plan\.budget'"):
        keys_of("plan.budjet")
