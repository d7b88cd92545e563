"""Columns of words as columns of 0 and 1, one for each word but one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from attribution.errors import BadInput, Problem, nearest, quoted
from attribution.reading.any_frame import as_frame

__all__ = ["indicators", "with_remedy_for_words", "words_of"]

_MANY = 20


def words_of(frame: object, columns: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The words of each column, the one that is left out first: the empty cell where there is one, else the commonest.

    Parameters
    ----------
    frame
        A table with a row per period.
    columns
        Its columns of words, such as names of events.

    Raises
    ------
    BadInput
        A column that is not there, holds one word alone, or so many that they can be no kinds of event.
    """
    frame = as_frame(frame, "panel")
    name, found, problems = str(frame.attrs.get("name", "panel")), {}, []
    for column in columns:
        if column not in frame.columns:
            close = nearest(column, map(str, frame.columns))
            remedy = f"did you mean {quoted(close)}?" if close else "name a column of words."
            problems.append(Problem(name, "is missing.", column, remedy=remedy))
            continue
        counts = _cells(frame[column]).value_counts()
        base = "" if "" in counts else min(counts.index[counts == counts.max()])
        found[column] = (base, *sorted(word for word in counts.index if word != base))
        if len(counts) == 1:
            text = f"holds {counts.index[0]!r} alone, which moves nothing."
            problems.append(Problem(name, text, column, remedy="leave the column out."))
        elif len(counts) > _MANY:
            remedy = "group them, or name another column."
            problems.append(Problem(name, f"holds {len(counts)} different words.", column, remedy=remedy))
    if problems:
        raise BadInput(problems)
    return found


def indicators(
    frame: object, columns: Sequence[str] | Mapping[str, Sequence[str]]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """A table with a column of 0 and 1 for each word of some columns but one, and the names of the new columns.

    Parameters
    ----------
    frame
        A table with a row per period.
    columns
        Columns of words, such as names of events; or column -> its words as an earlier table had them, the one that is
        left out first, for a table of the coming weeks.

    Returns
    -------
    pandas.DataFrame
        The table with ``"column: word"`` for each word but the first; empty cells are a word of their own, and the one
        that is left out where there are any.
    tuple of str
        Names of the new columns, to be given as controls.

    Raises
    ------
    BadInput
        As :func:`words_of`; a word that the earlier table did not have.

    Examples
    --------
    >>> weeks = pd.DataFrame({"event": ["", "fair", "", "strike"]})
    >>> indicators(weeks, ["event"])[0]["event: fair"].tolist()
    [0.0, 1.0, 0.0, 0.0]
    """
    frame = as_frame(frame, "panel")
    words = columns if isinstance(columns, Mapping) else words_of(frame, columns)
    problems = list(_unknown(frame, words))
    if problems:
        raise BadInput(problems)
    made = {
        f"{column}: {word}": _cells(frame[column]).eq(word).astype(float)
        for column, own in words.items()
        for word in own[1:]
    }
    attrs = dict(frame.attrs)
    table = frame.assign(**made)
    table.attrs = attrs
    return table, tuple(made)


def _unknown(frame: pd.DataFrame, words: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    name = str(frame.attrs.get("name", "panel"))
    for column, own in words.items():
        for word in sorted(set(_cells(frame[column])) - set(own)):
            close = nearest(word, own)
            known = ", ".join(repr(one) for one in own)
            remedy = f"did you mean {quoted(close)}?" if close else f"its effect is known for {known} alone."
            yield Problem(name, f"holds {word!r}, which never occurred before.", column, remedy=remedy)


def _cells(values: pd.Series) -> pd.Series:
    return values.astype("string").fillna("").str.strip().astype(object)


def with_remedy_for_words(
    problems: Iterable[Problem | str], columns: Iterable[str], remedy: str
) -> list[Problem | str]:
    """The problems, where words stand in columns of numbers with the remedy that makes indicators of them.

    ``{column}`` in the remedy is the column's name.
    """
    wanted = set(columns)
    return [
        replace(problem, remedy=remedy.replace("{column}", str(problem.column)))
        if isinstance(problem, Problem)
        and problem.column in wanted
        and re.match(r"is not a number: '[^\W\d]", problem.text)
        else problem
        for problem in problems
    ]
