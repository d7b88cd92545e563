"""The exception tree of attribution, mmm and optimizer.

Every error a user can cause carries a remedy in its text and an ``exit_code`` that the command line returns.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

__all__ = [
    "BadInput",
    "BrokenPromise",
    "CacError",
    "IllPosedPlan",
    "InfeasiblePlan",
    "MissingExtra",
    "NotConverged",
    "Problem",
    "UnknownChannel",
    "UnknownName",
    "bounded",
    "nearest",
    "quoted",
    "require",
]


def __dir__() -> list[str]:
    return sorted(__all__)


_NAME, _TEXT, _MESSAGE = 100, 600, 2_000  # most characters of each
_PROBLEMS = 50
_COMPARED = 5_000


def bounded(text: str, most: int = _TEXT) -> str:
    """The text, or its two ends where it is longer, for a cell may hold megabytes.

    >>> bounded("abcdefgh", most=4)
    'ab [4 characters left out] gh'
    """
    if len(text) <= most:
        return text
    end = most // 2
    return f"{text[:end]} [{len(text) - 2 * end:,} characters left out] {text[-end:]}"


def nearest(name: object, known: Iterable[object]) -> str | None:
    """The known name closest to ``name``, or None where nothing comes near."""
    by_folded = {str(candidate).strip().casefold(): str(candidate) for candidate in known}
    folded = str(name).strip().casefold()
    if folded in by_folded:
        return by_folded[folded]
    comparable = [one for one in islice(by_folded, _COMPARED) if len(one) <= _NAME]
    matches = difflib.get_close_matches(folded, comparable, n=1, cutoff=0.5) if len(folded) <= _NAME else []
    return by_folded[matches[0]] if matches else None


def quoted(name: str) -> str:
    r"""A name in quotes, its signs spelt out where accents are signs of their own and so not seen to be.

    >>> quoted("caf\xe9"), quoted("cafe\u0301") == r"'cafe\u0301'"
    ("'café'", True)
    """
    return repr(name) if unicodedata.is_normalized("NFC", name) else ascii(name)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the input: where it is, what it is, and what to do about it."""

    table: str
    text: str
    column: str | None = None
    row: str | None = None
    remedy: str = ""

    def __post_init__(self) -> None:
        for name, most in (("table", _TEXT), ("text", _TEXT), ("column", _NAME), ("row", _TEXT), ("remedy", _TEXT)):
            if (told := getattr(self, name)) is not None:
                object.__setattr__(self, name, bounded(str(told), most))

    def __str__(self) -> str:
        place = ", ".join(
            part
            for part in (
                self.table,
                f"column {self.column!r}" if self.column is not None else "",
                self.row or "",
            )
            if part
        )
        return f"{place}: {self.text}" + (f" Remedy: {self.remedy}" if self.remedy else "")


class CacError(Exception):
    """Base of all errors this project raises on purpose."""

    exit_code = 1


class BadInput(CacError, ValueError):
    """Input that cannot be used; lists every problem, not only the first."""

    exit_code = 2

    def __init__(self, problems: Problem | str | Sequence[Problem | str]) -> None:
        if isinstance(problems, Problem | str):
            problems = [problems]
        self.problems: tuple[Problem | str, ...] = tuple(problems)
        lines = [bounded(str(problem), _MESSAGE) for problem in self.problems[:_PROBLEMS]]
        left = len(self.problems) - _PROBLEMS
        self.message = "\n".join([*lines, *([f"and {left:,} problems more."] if left > 0 else [])])
        super().__init__(self.message)


def require(value: object, kind: type | tuple[type, ...], name: str, remedy: str) -> None:
    """Refuse a thing of another kind than a function works on, with the way to what it takes.

    Raises
    ------
    BadInput
        Where the value is no ``kind``.
    """
    if not isinstance(value, kind):
        what = f"the class {value.__name__} itself" if isinstance(value, type) else f"of type {type(value).__name__}"
        raise BadInput(Problem(name, f"is {what}.", remedy=remedy))


class UnknownName(BadInput, KeyError):
    """A name that does not exist where it is used; the message offers the nearest one that does."""

    what = "name"

    def __init__(self, name: object, known: Iterable[object], where: str = "") -> None:
        names = [str(candidate) for candidate in known]
        close = nearest(name, names)
        listed = ", ".join(bounded(one, _NAME) for one in names[:12]) + (", ..." if len(names) > 12 else "")
        hint = f"Did you mean {quoted(bounded(close, _NAME))}?" if close else f"Known: {listed or 'none'}."
        super().__init__(f"unknown {self.what} {bounded(str(name), _NAME)!r}{f' in {where}' if where else ''}. {hint}")

    def __str__(self) -> str:  # KeyError would print the repr
        return self.message


class UnknownChannel(UnknownName):
    """A channel that is not among the channels at hand."""

    what = "channel"


class IllPosedPlan(BadInput):
    """A plan whose question has no sensible answer, such as least CAC where spending nothing is cheapest."""


class InfeasiblePlan(CacError):
    """Promises and limits that cannot hold together."""

    exit_code = 3


class BrokenPromise(CacError):
    """An answer that breaks what was promised: a fault of the search, caught before anybody acts on it."""

    exit_code = 5

    def __init__(self, broken: Sequence[str]) -> None:
        self.broken = tuple(broken)
        super().__init__(
            f"the answer that the search gave breaks {'; '.join(self.broken)}, so it is no plan. This is a fault of "
            "the search and not of the question. Remedy: ask with another gap, or with these limits a little tighter."
        )


class NotConverged(CacError):
    """A fit that did not pass the convergence gate and so must not become a plan."""

    exit_code = 4


class MissingExtra(CacError, ImportError):
    """An optional dependency that is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; install it with: pip install 'blended-cac[{extra}]'")
