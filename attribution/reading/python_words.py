"""Remedies that name keys of a plan file, in the words of a notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from attribution.errors import Problem

__all__ = ["in_python_words"]

_STATED = re.compile(r"(date_format|decimal|thousands|encoding): ('[^']*')")


def in_python_words(problems: Iterable[Problem | str]) -> list[Problem | str]:
    """The problems of a frame; what is to be said of its format, as an argument.

    >>> wrong = Problem("panel", "is not a number: '1,5'.", "tv", remedy="say decimal: ','.")
    >>> in_python_words([wrong])[0].remedy
    "say decimal: ','. In a notebook: format=attribution.Format(decimal=',')."
    """
    return [_with_argument(one) if isinstance(one, Problem) and one.remedy else one for one in problems]


def _with_argument(problem: Problem) -> Problem:
    stated = _STATED.findall(problem.remedy)
    if not stated or len({name for name, _ in stated}) < len(stated) or "whichever" in problem.remedy:
        return problem
    arguments = ", ".join(f"{name}={value}" for name, value in stated)
    return replace(problem, remedy=f"{problem.remedy} In a notebook: format=attribution.Format({arguments}).")
