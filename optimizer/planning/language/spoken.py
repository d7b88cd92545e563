"""The language of the terminal: what this process says to whoever started it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.planning.language.commands import commands_plain

if TYPE_CHECKING:
    from optimizer.planning.language.translator import Translator

__all__ = ["language", "language_beside", "said", "speak", "spoken"]

_KEY = re.compile(r"""^language:\s*["']?(de|zh|en)\b""", re.MULTILINE)
_MOST = 1_000_000  # characters of a plan file that are looked at

_speech: list[Translator] = []


def speak(code: str, names: Iterable[str] = ()) -> None:
    """Let this process speak a language from now on; names stay as they are."""
    _speech.clear()
    if code != "en":
        from optimizer.planning.language.translator import translator

        _speech.extend(filter(None, [translator(code, names)]))


def language() -> str:
    """The code of the language that this process speaks."""
    return _speech[0].language.code if _speech else "en"


def spoken(names: Iterable[str] = ()) -> Translator | None:
    """What says texts in the language of the terminal, to which names are no words; None for English."""
    if not _speech:
        return None
    own = [name for name in names if not _speech[0].knows(name)]
    return _speech[0].beside(own) if own else _speech[0]


def said(text: str) -> str:
    """A text of one or more lines in the language of the terminal."""
    say = spoken()
    return commands_plain(text if say is None else "\n".join(map(say, text.split("\n"))))


def language_beside(words: Sequence[str]) -> str:
    """The language of the plan file that a command line names, or that a folder of runs was made by; else English."""
    for path in map(Path, words):
        try:
            if path.suffix in (".yaml", ".yml"):
                text = path.read_text(encoding="utf-8")[:_MOST]
            elif (path / "latest" / "manifest.json").is_file() or (path / "manifest.json").is_file():
                folder = path / "latest" if (path / "latest").exists() else path
                text = str(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["plan_file"]["text"])
            else:
                continue
        except (OSError, ValueError, KeyError, TypeError):  # the command itself says what is wrong with it
            continue
        found = _KEY.search(text)
        if found is not None:
            return found[1]
    return "en"
