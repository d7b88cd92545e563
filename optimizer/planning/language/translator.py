"""Text to text: English sentences of a run in another language, holes and all.

A sentence is held against the messages of the catalogue; what stands in its holes is translated the same way, numbers
and dates take the marks of the language, and names stay as they are. Of several readings the one that leaves fewest
letters untranslated counts, then the one whose message says most by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from optimizer.planning.language.catalogue import Catalogue, catalogue_of
from optimizer.planning.language.figures import cuts_date, is_figure, localised
from optimizer.planning.language.languages import LANGUAGES, Language
from optimizer.planning.language.template import Template, folded

__all__ = ["Translator", "translator"]

_SENTENCE = re.compile(r"(?<=[.!?:])\s+(?=\S)")
_WRITTEN = re.compile(r"\w")
_LETTER = re.compile(r"[^\W\d_]")
_CODE = re.compile(
    r"[A-Z]{3}|[\w{}<>*\-]+(?:\.[\w{}<>*\-]+)+|\w+_\w+|--\w+|`[^`]*`|\d+[DHWM]|/\S*|(?:[\w.\-]+/)+[\w.\-]*|[A-Za-z]|[A-Z][\w.\-]*\d[\w.\-]*"
)
_EDGES = (
    re.compile(r"()(.*?)([.;:,!?*…\s]+)", re.DOTALL),
    re.compile(r"([(\"'‘“`]+)(.*?)([)\"'’”`]+)", re.DOTALL),
    re.compile(r"([(\"'‘“<>≤≥~±§\s]+)(.*?)()", re.DOTALL),
    re.compile(r"()(.*?)([)\"'’”`]+)", re.DOTALL),
)
_AMOUNT = r"[+−\-±]?[\d.,]+(?:k|M|bn)?(?: ?%| [A-Z]{3}| s)?"
_FIGURED = re.compile(rf"(?:({_AMOUNT}) )?(\D*?)(?: ({_AMOUNT}))?")
_TALLIED = re.compile(rf"(\D+) ({_AMOUNT})")
_MONEY = re.compile(r"([A-Z]{3}) of (.+)")
_CELL = re.compile(r"'[^'\s]*\d[^'\s]*'")  # a cell of a table, which a message shows as it is
_OUTCOME = re.compile(
    r"(?<!\w)[A-Z]{3} of (?:revenue|margin)(?!\w)"
)  # money that an outcome is called by, named or not
_WORDS_AND_NUMBER, _UNIT = re.compile(r".*[^\W\d_] [\d.,]+", re.DOTALL), re.compile(r"(?:s|k|M|bn|%|[A-Z]{3})(?!\w)")
_JOINTS = ("; or ", "; ", ": ", ", ", " and ", " or ", " to ", " – ", " / ", " → ", " > ")
_BRACKET = re.compile(r"(.*?) ?\(([^()]*)\)(.*)", re.DOTALL)
_NUMBERED = re.compile(r"(\d+\. )(.+)", re.DOTALL)
_TOKEN = re.compile("\ue000[\ue001-\uf8ff]")
_MOST_NAMES = 6_000  # that private signs of Unicode can stand for
_ASIDE = re.compile(r"\([^()]*\)")
_LIST_CUT = re.compile(r".*; [\d.,]+", re.DOTALL)  # a hole that holds the end of one item and the figure of the next
_EFFORT = 2_000  # most parts of one text that are looked at
_READINGS = 4  # messages that a text is held against to the end
_SLIGHT, _SHORT, _LONG = 11, 40, 120  # characters of a message that says little, of a hole and of a text it may have
_SENTENCES = 6  # most sentences of one message


@dataclass(frozen=True)
class _Said:
    text: str
    lacking: tuple[str, ...] = ()
    """What no message and no name explains."""

    @property
    def strange(self) -> int:
        return sum(map(len, self.lacking))


class Translator:
    """Says English texts in a language.

    Parameters
    ----------
    language
        Which.
    catalogue
        Its messages.
    names
        Words of the user that stay as they are: channels, markets, scenarios.
    """

    def __init__(self, language: Language, catalogue: Catalogue, names: Iterable[str] = ()) -> None:
        self.language = language
        self._catalogue = catalogue
        self._names = frozenset(folded(name) for name in names)
        long = sorted((name for name in self._names if " " in name and not catalogue.says(name)), key=len, reverse=True)
        self._long = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in long)) if long else None
        self._tokens: dict[str, str] = {}
        self._named: dict[str, str] = {}
        for name in long[:_MOST_NAMES]:
            self._token(name)
        self._known: dict[str, _Said] = {}
        self._effort = 0

    def __call__(self, text: str) -> str:
        """The text in the language; white space at its ends stays."""
        self._effort = 0
        if not text.strip():
            return text
        return self._shown(self.language.closed(self._hole(self._held(text)).text))

    def _shown(self, text: str) -> str:
        """The text with names in place of the signs that stand for them."""
        return _TOKEN.sub(lambda found: self._named.get(found[0], found[0]), text)

    def lacking(self, text: str) -> tuple[str, ...]:
        """The parts of a text that have no translation."""
        self._effort = 0
        return self._said(self._held(folded(text))).lacking

    def knows(self, text: str) -> bool:
        """Whether a text is a message by itself, whose words a name may have too."""
        return text in self._catalogue.plain

    def beside(self, names: Iterable[str]) -> Translator:
        """The same language, to which some more names stay as they are."""
        return Translator(self.language, self._catalogue, self._names.union(names))

    def _held(self, text: str) -> str:
        """The text with names of several words as one sign each, so that no message is read into them."""
        named = text if self._long is None else self._long.sub(lambda one: self._tokens.get(one[0], one[0]), text)
        named = _CELL.sub(lambda one: self._token(one[0]) if is_figure(one[0][1:-1]) else one[0], named)
        return _OUTCOME.sub(lambda one: self._token(one[0]), named)

    def _token(self, name: str) -> str:
        """The sign that stands for a name."""
        token = self._tokens.setdefault(name, f"\ue000{chr(0xE001 + len(self._tokens))}")
        self._named[token] = self._money(name)
        return token

    def _money(self, name: str) -> str:
        """A name of several words; one that is money of a known kind, ``EUR of revenue``, as the language calls it."""
        match = _MONEY.fullmatch(name)
        return f"{match[1]} {self._catalogue.plain[match[2]]}" if match and match[2] in self._catalogue.plain else name

    def _said(self, text: str) -> _Said:
        if text in self._known:
            return self._known[text]
        self._effort += 1
        if self._effort > _EFFORT:
            return self._as_it_is(text)
        said = self._known[text] = self._best(text)
        return said

    def _best(self, text: str) -> _Said:
        simple = self._simple(text)
        if simple is not None:
            return simple
        best = self._as_it_is(text)
        if not best.lacking:  # figures, whose full stop is still one of the language
            return self._ended(text) or best
        for read in (
            self._numbered,
            self._tallied,
            self._by_message,
            self._small,
            self._ended,
            self._by_sentences,
            self._by_bracket,
            self._by_joint,
            self._by_figure,
        ):
            said = read(text)
            if said is not None and said.strange < best.strange:
                best = said
                if not best.lacking:
                    break
        return best

    def _simple(self, text: str) -> _Said | None:
        """Names, messages without holes, numbers and codes."""
        if not text or text in self._names:
            return _Said(text)
        if not _WRITTEN.search(text):
            return _Said(self.language.marked(text))
        plain = self._catalogue.plain
        if text in plain:
            return _Said(plain[text])
        if is_figure(text):
            figures = localised(text, self.language.locale, self.language.babel)
            return _Said(figures.replace(", ", self.language.joint(", ", ())))
        small = text[0].lower() + text[1:]
        if small in plain:
            return _Said(_capital(plain[small]))
        return _Said(text) if _CODE.fullmatch(text) else None

    def _as_it_is(self, text: str) -> _Said:
        lacking = (text,) if _LETTER.search(text) else ()
        return _Said(localised(text, self.language.locale, self.language.babel), lacking)

    def _small(self, text: str) -> _Said | None:
        small = text[0].lower() + text[1:]
        said = self._by_message(small) if small != text else None
        return None if said is None else _Said(_capital(said.text), said.lacking)

    def _numbered(self, text: str) -> _Said | None:
        """A point of a list, whose blank stays in every language."""
        match = _NUMBERED.fullmatch(text)
        if match is None:
            return None
        said = self._said(match[2])
        return _Said(match[1] + said.text, said.lacking)

    def _tallied(self, text: str) -> _Said | None:
        """A list of known words, each with its figure: no message is read across its items."""
        items = [_TALLIED.fullmatch(part) for part in text.split(", ")]
        if len(items) < 2 or any(item is None or self._simple(item[1]) is None for item in items):
            return None
        parts = [self._joined([self._said(part) for part in item.groups()], " ") for item in items if item is not None]
        return self._joined(parts, self.language.joint(", ", text.split(", ")))

    def _by_message(self, text: str) -> _Said | None:
        found = []
        for template, told in self._catalogue.candidates(text):
            if (len(text) <= _LONG or not _says_little(template)) and template.fits(text):
                matches = (pattern.fullmatch(text) for pattern in template.patterns)
                found += [(template, told, match) for match in matches if match is not None and not _cuts_date(match)]
        best: _Said | None = None
        for template, told, match in sorted(found, key=lambda one: -one[0].literal)[:_READINGS]:
            said = self._filled(template, told, match.groups(), len(text) + 1 if best is None else best.strange)
            if said is not None and (best is None or said.strange < best.strange):
                best = said
                if not said.lacking:
                    break
        return best

    def _filled(self, template: Template, told: Template, holes: Sequence[str], most: int) -> _Said | None:
        """A reading of a text; None once it leaves as much untranslated as another does."""
        known = ["" if hole.strip() in self._names else hole for hole in holes]
        if not all(map(_whole, known)) or _runs_on(template, known):
            return None
        if any(map(_LIST_CUT.fullmatch, known)) or _cuts_unit(template, known) or _swallows(template, told, known):
            return None
        if _says_little(template) and any(len(hole) > _SHORT or ", " in hole for hole in known if not is_figure(hole)):
            return None  # "{0} of {1}" says nothing of what long holes are
        filled: dict[int, str] = {}
        lacking: tuple[str, ...] = ()
        for number, hole in sorted(zip(template.holes, holes, strict=True), key=lambda one: len(one[1])):
            said = self._hole(hole)
            filled[number] = said.text
            lacking += said.lacking
            if sum(map(len, lacking)) >= most:
                return None
        return _Said(self.language.filled(told.parts, filled, self._shown), lacking)

    def _hole(self, text: str) -> _Said:
        said = self._said(folded(text))
        core = text.strip()
        if core == text:
            return said
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :] if core else ""
        return _Said(before + said.text + after, said.lacking)

    def _by_sentences(self, text: str) -> _Said | None:
        """Sentence by sentence, a message of several taken whole."""
        pieces = _SENTENCE.split(text)
        if len(pieces) == 1:
            return None
        done: list[_Said] = []
        while pieces:
            ends = dict.fromkeys([len(pieces), *range(min(len(pieces), _SENTENCES), 1, -1)])
            several = ((self._whole(" ".join(pieces[:end])), end) for end in ends)
            said, end = next(
                ((said, end) for said, end in several if said is not None and not said.lacking),
                (self._said(pieces[0]), 1),
            )
            done.append(said)
            pieces = pieces[end:]
        return self._joined(done, self.language.between_sentences)

    def _whole(self, text: str) -> _Said | None:
        return self._simple(text) or self._by_message(text)

    def _ended(self, text: str) -> _Said | None:
        """A text with marks before or behind it."""
        match = next(filter(None, (edge.fullmatch(text) for edge in _EDGES)), None)
        if match is None or not match[2]:
            return None
        said = self._said(match[2])
        before, after = (self.language.marked(match[place]) for place in (1, 3))
        return _Said(before + said.text + after, said.lacking)

    def _by_bracket(self, text: str) -> _Said | None:
        """A text with something in brackets, each part by itself."""
        match = _BRACKET.fullmatch(text)
        if match is None or not match[1] or not all(map(_whole, match.groups())):
            return None
        before, inner, after = (self._hole(part) for part in match.groups())
        between = self.language.joints.get(" (", " (")
        closed = before.text + between + inner.text + self.language.marked(")")
        return _Said(closed + after.text, before.lacking + inner.lacking + after.lacking)

    def _by_joint(self, text: str) -> _Said | None:
        best: _Said | None = None
        for joint in _JOINTS:
            parts = text.split(joint)
            if len(parts) > 1 and all(map(_whole, parts)):
                said = self._joined(
                    [self._hole(part) for part in parts],
                    self.language.joint(joint, parts),
                )
                if best is None or said.strange < best.strange:
                    best = said
                if not said.lacking:
                    break
        return best

    def _by_figure(self, text: str) -> _Said | None:
        """A word or two before or behind a number."""
        match = _FIGURED.fullmatch(text)
        parts = [part for part in match.groups() if part] if match is not None else []
        return self._joined([self._said(part) for part in parts], " ") if len(parts) > 1 else None

    @staticmethod
    def _joined(parts: Sequence[_Said], between: str) -> _Said:
        return _Said(between.join(part.text for part in parts), tuple(word for part in parts for word in part.lacking))


def _whole(part: str) -> bool:
    """Whether a part of a text may stand by itself: its brackets close, no figure is cut, no mark leads on."""
    return part.count("(") == part.count(")") and part[:1] != "%" and not part.rstrip().endswith((",", ";", ":"))


def _runs_on(template: Template, holes: Sequence[str]) -> bool:
    """Whether a hole in the middle of a sentence holds the end of it and more."""
    found = iter(holes)
    before = ""
    for part in template.parts:
        if isinstance(part, str):
            before = part.rstrip()
        else:
            hole = _ASIDE.sub("", next(found))
            ends = (": " in hole.lstrip(":") or hole.endswith((".", "!", "?"))) and not hole.startswith((":", ".", ";"))
            if ends and before and not before.endswith((":", ".", ";", "(", ",")):
                return True
    return False


def _cuts_date(match: re.Match[str]) -> bool:
    """Whether a hole holds a part of a date."""
    return any(cuts_date(match.string, *match.span(number)) for number in range(1, match.re.groups + 1))


def _cuts_unit(template: Template, holes: Sequence[str]) -> bool:
    """Whether a hole ends in a number of something else, whose unit the next hole begins with."""
    found = iter(holes)
    parts = [part if isinstance(part, str) else (next(found),) for part in template.parts]
    threes = zip(parts, parts[1:], parts[2:], strict=False)
    return any(
        blank == " " and not isinstance(one, str) and _WORDS_AND_NUMBER.fullmatch(one[0]) and _UNIT.match(after[0])
        for one, blank, after in threes
    )


def _swallows(template: Template, told: Template, holes: Sequence[str]) -> bool:
    """Whether the hole at the end of a message holds another clause, while its translation goes on behind that hole."""
    last = template.parts[-1]
    if isinstance(last, str) or told.parts[-1] == last:
        return False
    return "; " in holes[-1] or bool(_SENTENCE.search(holes[-1]))


def _says_little(template: Template) -> bool:
    return template.literal < _SLIGHT and not isinstance(template.parts[0], str)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def translator(code: str, names: Iterable[str] = ()) -> Translator | None:
    """What says texts in a language; None for English, in which they are written."""
    return None if code == "en" else _translator(code, frozenset(names))


@lru_cache(maxsize=4)  # report, workbook and terminal say many texts alike
def _translator(code: str, names: frozenset[str]) -> Translator:
    return Translator(LANGUAGES[code], catalogue_of(code), names)
