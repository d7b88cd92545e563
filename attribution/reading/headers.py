"""Headers: every column has one name, and no name stands twice."""

from __future__ import annotations

from collections.abc import Sequence

from attribution.errors import BadInput, Problem

__all__ = ["checked_header"]


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


def _empty(name: object) -> bool:
    return name is None or not str(name).strip()
