"""What is odd about an aggregated table of paths: a row of totals, another separator, shares in place of counts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.errors import Problem
from attribution.findings import Finding
from attribution.numbers import percent
from attribution.reading.stand_ins import is_total

__all__ = ["fractional_weights", "joined_twice", "no_channels", "other_separator", "totals_row", "unnamed_totals"]

_SEPARATORS = (" > ", "->", "=>", "→", "»", ">", "|", ";", ",", "~", "^", "::", "\t", "/", "_>_")
_SOME_ROWS = 3
_FRACTIONAL = 0.1
_LISTED = r"^\s*[\[(]\s*(['\"]).*\1\s*,?\s*[\])]\s*$"
_TIMES_OVER, _CREDITED = r"^(.*\S)\s*[x×]\s*\d+$", r"^.*\S\s+\(?\d+([.,]\d+)?\s?%\)?$"
_BEGIN, _END = {"start", "begin"}, {"conversion", "converted", "conv", "null", "end", "no conversion"}


def other_separator(paths: pd.Series, sep: str, column: str) -> Iterator[Problem]:
    """A problem where the paths are parted by another sign than the one stated.

    That is so where a longer sign stands at every place of the stated one, or where the stated one never occurs and
    cutting by another makes names that stand at several places of paths, as channels do and parts of names do not.
    """
    joints = int(paths.str.count(re.escape(sep)).sum())
    for other in _SEPARATORS:
        longer = sep in other.strip() and other.strip() != sep
        if longer and joints and int(paths.str.count(re.escape(other)).sum()) == joints:
            text = f"is parted by {other!r}, of which {sep!r} is a part only."
            yield Problem("paths", text, column, remedy=f"pass sep={other!r}.")
            return
    if joints:
        return
    for other in _SEPARATORS:
        occurs = paths.str.contains(other, regex=False).any()
        if occurs and other.strip() not in sep and _at_several_places(paths, other):
            text = f"holds {sep!r} nowhere, so that each path would be one channel, and {other!r} between names."
            yield Problem("paths", text, column, remedy=f"pass sep={other!r}, or write names without it.")
            return


def _at_several_places(paths: pd.Series, sep: str) -> bool:
    pieces = paths.str.split(sep, regex=False).explode().str.strip()
    place = pieces.groupby(level=0).cumcount()
    places = pd.DataFrame({"name": pieces.to_numpy(), "place": place.to_numpy()}).drop_duplicates()
    return bool(places["name"].duplicated().any())


def no_channels(paths: pd.Series, pieces: pd.Series, sep: str, column: str) -> Iterator[Problem]:
    """Problems where steps of the paths are no channels: lists written out, repeats, credit, marks of begin and end."""
    if paths.str.match(_LISTED).all():
        text = f"holds lists written out, such as {paths.iloc[0][:60]!r}."
        yield Problem("paths", text, column, remedy=f"join the names of each: {f' {sep} '!r}.join(channels).")
        return
    names = set(pieces.unique())
    over = [name for name in names if (found := re.match(_TIMES_OVER, name)) and found[1] in names]
    if over:
        text = f"counts touches that repeat, as {min(over)!r} does: it would be a channel of its own."
        base = re.sub(_TIMES_OVER, r"\1", min(over))
        yield Problem("paths", text, column, remedy=f"write each touch, '{base} {sep} {base}', or the channel once.")
    if pieces.str.match(_CREDITED).all():
        text = f"holds credit in per cent behind each channel, as {pieces.iloc[0]!r} does."
        yield Problem("paths", text, column, remedy="write the channels alone; credit is worked out from them.")
    row = pieces.index.to_numpy()
    marks = pieces.str.strip("()[]<>_ ").str.casefold().str.replace("_", " ").to_numpy()
    for place, kept, words in (("begin", "first", _BEGIN), ("end", "last", _END)):
        edge = pd.Series(marks).groupby(row).agg(kept)
        if len(names) > len(words & {*marks}) and edge.isin(words).all():
            text = f"has paths that all {place} with {', '.join(sorted(set(edge)))}, a mark and no channel."
            yield Problem(
                "paths", text, column, remedy="leave it out; conversions and nulls have columns of their own."
            )


def joined_twice(rows: pd.DataFrame, column: str) -> Iterator[Problem]:
    """A problem where every row stands twice or a multiple of it, as in a table that was joined to itself."""
    times = rows.value_counts(dropna=False)
    if len(times) >= _SOME_ROWS and (times % 2 == 0).all():
        text = "holds every row twice, so that each conversion would count twice."
        yield Problem("paths", text, column, remedy="delete the repeats; rows of one path may differ in their counts.")


def totals_row(paths: pd.Series, conversions: Array, pieces: pd.Series, column: str) -> Iterator[Problem]:
    """A problem for each row that is the sum of the others and is called so."""
    names = pieces.value_counts()
    for row in np.flatnonzero(paths.map(is_total)):
        rest = float(conversions.sum() - conversions[row])
        if names[paths.iloc[row].strip()] == 1 and len(paths) > 2 and conversions[row] >= 0.999 * rest > 0:
            text = f"holds {paths.iloc[row].strip()!r} with as many conversions as all other rows: a row of totals."
            remedy = "delete it; or rename the channel if it is one."
            yield Problem("paths", text, column, f"data row {row + 1}", remedy)


def unnamed_totals(paths: pd.Series, conversions: Array, pieces: pd.Series) -> Finding:
    """Whether the first or the last row is a channel of its own with just the conversions of all other rows."""
    names, total = pieces.value_counts(), conversions.sum()
    odd = [
        str(paths.iloc[row]).strip()
        for row in (0, len(paths) - 1)
        if np.isclose(2 * conversions[row], total, rtol=1e-9)
        and names.get(str(paths.iloc[row]).strip(), 0) == 1
        and np.count_nonzero(np.delete(conversions, row)) >= _SOME_ROWS
    ]
    text = "No row of the paths is the sum of the others."
    if odd:
        text = f"The path {odd[0]!r} has just as many conversions as all others together; delete it if it is a total."
    return Finding("totals_row", not odd, float(len(odd)), 0.0, text)


def fractional_weights(weights: Array) -> Finding:
    """Whether conversions are counts; intervals rest on how many there were."""
    broken = float(weights[weights != np.rint(weights)].sum() / max(weights.sum(), 1e-300))
    text = "Conversions of paths are whole numbers."
    if broken > 0:
        text = (
            f"{percent(broken)} of the conversions stand in rows that are no whole numbers. Each counts as that many, "
            "rounded up, when intervals are drawn: where they are shares or credit of another model, intervals say "
            "nothing. Export counts."
        )
    return Finding("fractional_weights", broken <= _FRACTIONAL, broken, _FRACTIONAL, text)
