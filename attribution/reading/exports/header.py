"""The line of column names, below whatever a platform writes above it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from attribution.errors import BadInput, Problem
from attribution.reading.exports.lines import Lines

__all__ = ["Header", "header_of", "plain", "require"]

_DEEPEST = 60
_ENGLISH = (
    "export with these columns; where they stand there in another language, switch the platform's display language to "
    "English before exporting; or say another kind."
)


@dataclass(frozen=True)
class Header:
    """Where an export's columns stand.

    Parameters
    ----------
    row
        Position of the line of names; what stands above is preamble.
    names
        The names as the file has them.
    places
        Role, such as ``"spend"`` -> position of its column.
    """

    row: int
    names: tuple[str, ...]
    places: Mapping[str, int]

    def name(self, role: str) -> str:
        """The file's own name of a role's column."""
        return self.names[self.places[role]]

    def place(self, column: str) -> int | None:
        """Position of a column by its name, however it is spelt; None where there is none."""
        spelt = [plain(name) for name in self.names]
        return spelt.index(plain(column)) if plain(column) in spelt else None


def plain(name: object) -> str:
    """A column name without case, signs and a currency code behind it.

    Examples
    --------
    >>> plain("Amount spent (EUR)"), plain("metrics.cost_micros"), plain("Währungscode")
    ('amount spent', 'metrics cost micros', 'währungscode')
    """
    bare = re.sub(r"\s*\([A-Z]{3}\)$", "", str(name).strip())
    return re.sub(r"[\W_]+", " ", bare.casefold()).strip()


def header_of(file: Lines, roles: Mapping[str, Sequence[str]], needs: Sequence[Sequence[str]]) -> Header | None:
    """The first line that holds a column of each need.

    Parameters
    ----------
    file
        The file.
    roles
        Role -> plain names of its column, the preferred one first.
    needs
        Sets of roles of which one has to be there.
    """
    for row, content in enumerate(file.rows[:_DEEPEST]):
        at = _roles_at([plain(cell) for cell in content], roles)
        if all(any(role in at for role in either) for either in needs):
            return Header(row, tuple(str(cell) for cell in content), at)
    return None


def _roles_at(spelt: list[str], roles: Mapping[str, Sequence[str]]) -> dict[str, int]:
    chosen = {role: next((name for name in names if name in spelt), None) for role, names in roles.items()}
    return {role: spelt.index(name) for role, name in chosen.items() if name is not None}


def require(
    file: Lines, title: str, roles: Mapping[str, Sequence[str]], needs: Sequence[Sequence[str]], hint: str = ""
) -> Header:
    """The header, or an error that says which columns identify the kind.

    Raises
    ------
    BadInput
        A column is missing or stands twice.
    """
    header = header_of(file, roles, needs)
    if header is None:
        widest = max(file.rows[:_DEEPEST], key=len, default=[])
        nearest = max(file.rows[:_DEEPEST], key=lambda row: len(_roles_at([plain(c) for c in row], roles)), default=[])
        best = nearest if _roles_at([plain(cell) for cell in nearest], roles) else widest
        at = _roles_at([plain(cell) for cell in best], roles)
        missing = [_either(roles, need) for need in needs if not any(role in at for role in need)]
        listed = ", ".join(str(cell)[:40] for cell in best[:15]) or "none"
        text = f"is no {title} export: no column of {'; no column of '.join(missing)}. Its columns: {listed}."
        remedy = hint or _ENGLISH
        raise BadInput(Problem(file.name, text, remedy=remedy))
    spelt = [plain(name) for name in header.names]
    twice = [header.name(role) for role, place in header.places.items() if spelt.count(spelt[place]) > 1]
    if twice:
        raise BadInput(
            [Problem(file.name, "stands twice in the header.", name, remedy="export one.") for name in twice]
        )
    return header


def _either(roles: Mapping[str, Sequence[str]], need: Iterable[str]) -> str:
    names = [name for role in need for name in roles.get(role, ())]
    return " or ".join(repr(name) for name in names[:5])
