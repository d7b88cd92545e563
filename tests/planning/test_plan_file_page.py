"""The reference page of plan.yaml names every key that the file may hold, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from mmm.model.adstock import Adstock
from mmm.model.model import Likelihood
from mmm.model.saturation import Saturation
from optimizer.planning.file.config import Config

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


def test_every_key_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    missing = {key for key in keys() if f"`{key}`" not in page and f"## {key}" not in page}
    assert not missing


def test_no_key_of_the_tables_is_invented() -> None:
    first_cells = re.findall(r"^\| (`[^|]+`) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}
    assert named
    assert named <= keys()


def test_the_page_lists_the_families_that_the_mix_model_knows() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    for key, kind in (("adstock", Adstock), ("saturation", Saturation), ("likelihood", Likelihood)):
        assert re.findall(r"`(\w+)`", rows[key]) == list(kind.families()), key
