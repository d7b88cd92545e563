"""The languages that a run speaks, and how each joins sentences and lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from attribution.numbers import CHINESE, GERMAN, Locale

__all__ = ["LANGUAGES", "Language", "LanguageCode"]

_SIGN = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_BETWEEN_SIGNS = re.compile(rf"(?<={_SIGN}) +(?={_SIGN})|(?<=[。；：，、！？）]) +(?=\S)|(?<=\S) +(?=（)")
_WORD_BESIDE_SIGN = re.compile(r"[A-Za-z_][\u4e00-\u9fff]|[\u4e00-\u9fff][A-Za-z_]")
_TWO_STOPS = re.compile(r"(?<=[^\W\d_])\.\.(?!\.)")
_CLAUSE = 3  # spaces of a part that is no item of a list
LanguageCode = Literal["en", "zh", "de"]
"""What a plan file may name."""


@dataclass(frozen=True)
class Language:
    """One language beside English.

    Parameters
    ----------
    code
        As the plan file names it.
    html
        As HTML names it.
    babel
        As Babel names it.
    locale
        Marks of its numbers.
    between_sentences
        What stands between two sentences.
    joints
        English joints of lists and clauses, as the language writes them.
    marks
        Its marks of punctuation, by those of English.
    """

    code: str
    html: str
    babel: str
    locale: Locale
    between_sentences: str
    joints: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[int, str] = field(default_factory=dict)

    def joint(self, joint: str, parts: Sequence[str]) -> str:
        """What stands between the parts of a list or of a sentence."""
        if joint == ", " and any(part.count(" ") >= _CLAUSE for part in parts):
            return self.marked(",") + (" " if self.between_sentences else "")
        return self.joints.get(joint, joint)

    def closed(self, text: str) -> str:
        """A text without blanks between signs that need none, and with one full stop behind a unit that ends in one."""
        text = _TWO_STOPS.sub(".", text)
        return text if self.between_sentences else _BETWEEN_SIGNS.sub("", text)

    def filled(self, parts: Sequence[str | int], holes: Mapping[int, str], shown: Callable[[str], str] = str) -> str:
        """A message with its holes filled, a blank between Chinese signs of its own and a Latin word in a hole.

        ``shown`` says how a text is shown in the end, where signs stand for names.
        """
        texts = [part if isinstance(part, str) else holes.get(part, "") for part in parts]
        if self.between_sentences:
            return "".join(texts)
        told = texts[:1]
        for (one, before), (other, after) in pairwise(zip(parts, texts, strict=True)):
            beside = shown(before)[-1:] + shown(after)[:1]
            apart = isinstance(one, str) != isinstance(other, str) and _WORD_BESIDE_SIGN.fullmatch(beside)
            told += [" ", after] if apart else [after]
        return "".join(told)

    def marked(self, marks: str) -> str:
        """Marks of English at an end of a text, as the language writes them."""
        return marks.translate(self.marks)


LANGUAGES: dict[str, Language] = {
    "de": Language(
        "de", "de", "de_DE", GERMAN, " ", {"; or ": "; oder ", " and ": " und ", " or ": " oder ", " to ": " bis "}
    ),
    "zh": Language(
        "zh",
        "zh-Hans",
        "zh_Hans_CN",
        CHINESE,
        "",
        {"; or ": "；或", "; ": "；", ": ": "：", ", ": "、", " and ": "和", " or ": "或", " to ": " 至 ", " (": "（"},
        str.maketrans({".": "。", ";": "；", ":": "：", ",": "，", "!": "！", "?": "？", ")": "）", "(": "（"}),
    ),
}
