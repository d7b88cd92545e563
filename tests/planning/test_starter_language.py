"""The starter's plan file in a language: comments and names are said, keys and figures stay."""

from __future__ import annotations

from importlib.resources import files

import pytest

from optimizer.planning.language import comments
from optimizer.planning.language.comments import in_the_language_spoken, messages_of_plan

STARTER = files("optimizer.planning").joinpath("starter.yaml").read_text(encoding="utf-8")


def test_every_comment_and_name_is_said_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comments, "language", lambda: "de")
    monkeypatch.setattr(comments, "said", lambda text: f"«{text}»")
    told = in_the_language_spoken(STARTER)
    lines = [line for line in told.splitlines() if line != "language: de"]
    assert len(told.splitlines()) == len(lines) + 1
    for line, english in zip(lines, STARTER.splitlines(), strict=True):
        assert line.replace("«", "").replace("»", "") == english
        assert ("# " in line or "name: " in line) == ("«" in line), line
    said = [part.split("»")[0].rstrip() for part in told.split("«")[1:]]
    assert list(dict.fromkeys(said)) == messages_of_plan(STARTER)


def test_english_stays_as_it_is_shipped() -> None:
    assert in_the_language_spoken(STARTER) == STARTER
