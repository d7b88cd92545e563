"""Pages of HTML: the messages of their templates, and a finished page in another language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape, unescape

from optimizer.planning.language.template import folded

__all__ = ["messages_of_markup", "translated_markup"]

_TAG = re.compile(r"(<[^>]*>)")
_SILENT = ("style", "script", "code", "svg")  # pictures are drawn in the language already
_KEPT = 'translate="no"'
_SPOKEN_ATTRIBUTE = re.compile(r'\b(aria-label|title|alt|data-label)="([^"]*)"')
_STATEMENT, _EXPRESSION = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL), re.compile(r"\{\{.*?\}\}", re.DOTALL)
_QUOTED = re.compile(r'"([^"{}<>]*[A-Za-z]{2}[^"{}<>]*)"')
_WORD = re.compile(r"[A-Za-z]{2}")
_EDGE = re.compile(r"^([\s:;,.·–—()]*)(.*?)(\s*)$", re.DOTALL)


def messages_of_markup(template: str) -> list[str]:
    """Texts between the tags of a Jinja template, in spoken attributes and in quotes of its expressions."""
    found: dict[str, None] = {}
    for statement in (*_STATEMENT.findall(template), *_EXPRESSION.findall(template)):
        for text in _QUOTED.findall(statement):
            if (" " in text.strip() or text[:1].isupper()) and "=" not in text:
                found.setdefault(text)
    bare = _STATEMENT.sub("\1", template)
    for _, whole in _spoken(_EXPRESSION.sub("\0", bare)):
        for text in whole.split("\1"):
            if _WORD.search(text):
                found.setdefault(_holes(unescape(text)))
    return [folded(text) for text in found if not text.startswith("templates/")]


def translated_markup(page: str, say: Callable[[str], str], code: str) -> str:
    """A page in another language.

    Parameters
    ----------
    page
        Finished HTML.
    say
        Text to text in the language.
    code
        The language as HTML names it.
    """
    pieces = _TAG.split(page)
    for place, text in _spoken_places(pieces):
        pieces[place] = _said(text, say)
    for place in range(1, len(pieces), 2):
        if "=" in pieces[place] and not pieces[place].startswith("<svg"):
            pieces[place] = _SPOKEN_ATTRIBUTE.sub(lambda one: f'{one[1]}="{_said(one[2], say)}"', pieces[place])
    return "".join(pieces).replace('<html lang="en"', f'<html lang="{code}"', 1)


def _said(text: str, say: Callable[[str], str]) -> str:
    before, core, after = (part or "" for part in _EDGE.match(text).groups())  # type: ignore[union-attr]
    return before + escape(say(unescape(core)), quote=True) + after


def _spoken(page: str) -> Iterator[tuple[int, str]]:
    pieces = _TAG.split(page)
    yield from _spoken_places(pieces)
    for place in range(1, len(pieces), 2):
        yield from ((place, text) for _, text in _SPOKEN_ATTRIBUTE.findall(pieces[place]))


def _spoken_places(pieces: list[str]) -> Iterator[tuple[int, str]]:
    """Texts between tags, with their places; none of what stands inside silent elements, or those marked as names."""
    silent = ""
    for place, piece in enumerate(pieces):
        if place % 2:
            name = piece.strip("</>").split(" ")[0].lower()
            if not silent and (name in _SILENT or _KEPT in piece) and not piece.startswith("</"):
                silent = name
            elif silent and piece.startswith(f"</{silent}"):
                silent = ""
        elif not silent and piece.strip():
            yield place, piece


def _holes(text: str) -> str:
    core = _EDGE.match(text)
    pieces = (core[2] if core else text).replace("{", "{{").replace("}", "}}").split("\0")
    return "".join(f"{piece}{{{place}}}" for place, piece in enumerate(pieces[:-1])) + pieces[-1]
