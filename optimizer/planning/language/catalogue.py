"""A catalogue: messages of the sources and what a language says for them, read once and searched by words."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

from optimizer.planning.language.template import Template

__all__ = ["Catalogue", "catalogue_of"]

_HOLE = re.compile(r"\{\d+\}")
_WORD = re.compile(r"[A-Za-z’']+")


@dataclass(frozen=True)
class Catalogue:
    """Messages with their translations.

    Parameters
    ----------
    plain
        Of messages without holes.
    by_word
        Messages with holes by one word that each of their texts has, the rarest of the catalogue.
    wordless
        Messages that always say no whole word.
    english
        All messages, one a line.
    """

    plain: dict[str, str]
    by_word: dict[str, tuple[tuple[Template, Template], ...]]
    wordless: tuple[tuple[Template, Template], ...]
    english: str

    @classmethod
    def of(cls, messages: dict[str, str]) -> Catalogue:
        """Sort messages by what a text has to say to be of them."""
        plain: dict[str, str] = {}
        pairs = []
        for text, told in (_first_sentences(messages) | messages).items():
            template = Template(text)
            if template.holes:
                pairs.append((template, Template(told)))
            else:
                plain["".join(map(str, template.parts))] = "".join(map(str, Template(told).parts))
        for text, told in list(plain.items()):
            if text.startswith(", ") and told[:1] in ",，、":  # a clause that may follow another hole
                plain.setdefault(text.strip(", "), told.strip(" ,，、"))
        words = [_whole_words(template) for template, _ in pairs]
        counts: dict[str, int] = {}
        for one in words:
            for word in one:
                counts[word] = counts.get(word, 0) + 1
        by_word: dict[str, list[tuple[Template, Template]]] = {}
        wordless: list[tuple[Template, Template]] = []
        for pair, known in zip(pairs, words, strict=True):
            rarest = min(known, key=lambda word: (counts[word], -len(word)), default=None)
            (wordless if rarest is None else by_word.setdefault(rarest, [])).append(pair)
        return cls(plain, {word: tuple(some) for word, some in by_word.items()}, tuple(wordless), "\n".join(messages))

    def says(self, words: str) -> bool:
        """Whether some words stand in a message."""
        return words in self.english

    def candidates(self, text: str) -> Iterator[tuple[Template, Template]]:
        """Messages whose word the text has."""
        for word in dict.fromkeys(_WORD.findall(text)):
            yield from self.by_word.get(word, ())
        yield from self.wordless


def _first_sentences(messages: dict[str, str]) -> dict[str, str]:
    """First sentences of longer messages, which outputs show by themselves, where their holes are the same ones."""
    found = {}
    for text, told in messages.items():
        first, more, _ = text.partition(". ")
        end = next((mark for mark in (". ", "。") if mark in told), "")
        if more and end and first + "." not in messages:
            own = told.partition(end)[0]
            if sorted(_HOLE.findall(first)) == sorted(_HOLE.findall(own)):
                found[f"{first}."] = own + end.strip()
    return found


def _whole_words(template: Template) -> set[str]:
    """Words that no hole can lengthen."""
    found: set[str] = set()
    for place, part in enumerate(template.parts):
        if isinstance(part, str):
            for word in _WORD.finditer(part):
                grown = (word.start() == 0 and place > 0) or (
                    word.end() == len(part) and place + 1 < len(template.parts)
                )
                if not grown:
                    found.add(word[0])
    return found


@cache
def catalogue_of(code: str) -> Catalogue:
    """The catalogue of a language."""
    packed = files("optimizer.planning.language").joinpath("catalogues", f"{code}.mo").read_bytes()
    found = gettext.GNUTranslations(BytesIO(packed))
    return Catalogue.of({text: told for text, told in found._catalog.items() if text})  # type: ignore[attr-defined]
