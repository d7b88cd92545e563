"""Names that look alike and are not the same: letters of another script among Latin ones, `_`, `-` and blanks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from attribution.errors import quoted
from attribution.reading.blanks import folded

__all__ = ["as_seen", "look_alikes", "spelt_out"]

_LATIN = str.maketrans(
    "АВЕЅІЈКМНОРСТУХҮԌԚԜавеѕіјкмнорстухһԁԛԝёЁ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβεικνοργτυχ",
    "ABESIJKMHOPCTYXYGQWabesijkmhopctyxhdqweE" + "ABEZHIKMNOPTYXabeiknopytux",
)
_SEPARATORS = re.compile(r"[\s_-]+")


def as_seen(name: str) -> str:
    r"""A name without what no reader sees: beside what :func:`folded` takes, separators and letters of another script.

    Letters are those of another script only where all that is not Latin looks like Latin: a word of Cyrillic letters
    alone is a word.

    >>> as_seen("Paid_Social"), as_seen("se\u0430rch") == as_seen("search"), as_seen("\u0440\u0430\u0434\u0438\u043e")
    ('paid social', True, 'радио')
    """
    latin = name.translate(_LATIN)
    plain = folded(latin if latin.isascii() or all(map(_is_latin, filter(str.isalpha, latin))) else name)
    return _SEPARATORS.sub(" ", plain).strip()


def look_alikes(names: Iterable[str]) -> list[list[str]]:
    """Names that differ by case, blanks, separators or letters that look alike, together; none that stand alone."""
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        keys = {folded(name), as_seen(name)}
        met = list({id(groups[key]): groups[key] for key in keys if key in groups}.values())
        home = met[0] if met else []
        for other in met[1:]:
            home += other
            groups |= dict.fromkeys([key for key, group in groups.items() if group is other], home)
        home.append(name)
        groups |= dict.fromkeys(keys, home)
    return [group for group in {id(group): group for group in groups.values()}.values() if len(group) > 1]


def spelt_out(name: str) -> str:
    r"""A name in quotes, with the letters among Latin ones that are of another script.

    >>> spelt_out("se\u0430rch")[8:]
    " (its 'а' is Cyrillic)"
    >>> spelt_out("search"), spelt_out("\u0440\u0430\u0434\u0438\u043e")
    ("'search'", "'радио'")
    >>> spelt_out("cafe\u0301") == r"'cafe\u0301'"
    True
    """
    other = [sign for sign in dict.fromkeys(name) if sign.isalpha() and not _is_latin(sign)]
    if not other or as_seen(name) == folded(name):
        return quoted(name)
    script = unicodedata.name(other[0], "other").split()[0].capitalize()
    return f"{name!r} (its {', '.join(map(repr, other[:5]))} {'is' if len(other) == 1 else 'are'} {script})"


def _is_latin(sign: str) -> bool:
    return unicodedata.name(sign, "").startswith(("LATIN", "FULLWIDTH LATIN"))
