"""Headers: every column has one name, and no name stands twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attribution.errors import BadInput, Problem, nearest, quoted

__all__ = ["DEEPEST", "checked_header", "missing_columns"]

DEEPEST = 20
"""Rows below the first line that are looked at for a header that stands too low."""


def checked_header(names: Sequence[object], table: str, first: str = "") -> list[str]:
    """The names as texts; a column without one is called by its place.

    Engines keep no two names apart that differ in case alone, so that these count as one.

    Parameters
    ----------
    names
        As they stand, before any reader has renamed them.
    table
        What messages call the table.
    first
        Where the header stands, for messages.

    Raises
    ------
    BadInput
        Names every one that stands twice; or the header is empty.
    """
    if all(_empty(name) for name in names):
        remedy = "the first line must name the columns."
        raise BadInput(Problem(table, "has an empty header.", row=first or None, remedy=remedy))
    texts = [f"(column {place + 1})" if _empty(name) else str(name) for place, name in enumerate(names)]
    alike: dict[str, list[str]] = {}
    for text in texts:
        alike.setdefault(text.casefold(), []).append(text)
    problems = []
    for name, *others in alike.values():
        if others:
            what = "stands twice" if others[0] == name else f"stands beside {others[0][:80]!r}"
            remedy = "rename or delete one of them."
            problems.append(Problem(table, f"{what} in the header.", name[:80], remedy=remedy))
    if problems:
        raise BadInput(problems)
    return texts


def missing_columns(
    wanted: Sequence[str], known: Sequence[str], rows: Iterable[Sequence[object]], table: str, first_row: int = 2
) -> list[Problem]:
    """A problem for each column that is not there; one for all where the header stands elsewhere, or parts nothing.

    Parameters
    ----------
    wanted
        Columns that have to be there.
    known
        Those that there are.
    rows
        The first rows below the header.
    table
        What messages call the table.
    first_row
        Number that messages give to the first of them.
    """
    missing = [name for name in wanted if name not in known]
    if not missing:
        return []
    for place, row in enumerate(rows):
        if set(missing) <= {str(cell).strip() for cell in row}:
            text, remedy = "names the columns, and is not the first row.", "delete the lines above it."
            return [Problem(table, text, row=f"row {place + first_row}", remedy=remedy)]
    if len(known) == 1 and sum(name in known[0] for name in wanted) > 1:
        remedy = "part the cells of a line by comma, semicolon or tab."
        return [Problem(table, f"has one column alone, {known[0][:80]!r}.", remedy=remedy)]
    free, problems = [name for name in known if name not in wanted], []
    for name in missing:
        close = nearest(name, free)
        remedy = f"did you mean {quoted(close)}?" if close else f"its columns: {', '.join(known[:15]) or 'none'}."
        problems.append(Problem(table, "is missing.", name, remedy=remedy))
    return problems


def _empty(name: object) -> bool:
    return name is None or not str(name).strip()
