"""Comments and names of a plan file as it is shipped: what of it is said to people, and in their language."""

from __future__ import annotations

import re

from optimizer.planning.language.spoken import language, said

__all__ = ["in_the_language_spoken", "messages_of_plan"]

# the last comment of a line, which may stand behind a key that is one itself; and names of plan and scenarios
_SAID = re.compile(r"(?m)(?<=# )[^#\n]+$|(?<=\bname: )[^#,\n]+")


def messages_of_plan(text: str) -> list[str]:
    """What a plan file says to people, each once, in order."""
    return list(dict.fromkeys(found[0].rstrip() for found in _SAID.finditer(text)))


def in_the_language_spoken(text: str) -> str:
    """The plan file with its comments and names in the language of the terminal, which its outputs then speak too."""
    if language() == "en":
        return text
    told = _SAID.sub(lambda found: said(found[0]), text)
    return re.sub(r"(?m)^(outcome: .*)$", rf"\1\nlanguage: {language()}", told, count=1)
