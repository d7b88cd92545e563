"""What is named is looked for: names that an argument or a plan file gives, against what a table holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from attribution.errors import BadInput, Problem, nearest, quoted
from attribution.reading.dialects import naming
from attribution.reading.log_columns import as_name
from attribution.reading.look_alikes import look_alikes, spelt_out

if TYPE_CHECKING:
    import ibis

__all__ = ["missing_names", "require_values", "values_of"]

_SHOWN, _LONGEST = 12, 60


def values_of(table: ibis.Table, column: str) -> list[str]:
    """The different values of a column as text, empty cells left out, in alphabetical order."""
    seen = table.select(value=as_name(table[column])).distinct().execute()["value"]
    return sorted(str(value) for value in seen.dropna())


def missing_names(
    wanted: Iterable[object], known: Iterable[str], table: str, column: str | None, what: str
) -> Iterator[Problem]:
    """A problem for each wanted name that is not among those known, or has one beside it that is written nearly alike.

    Parameters
    ----------
    wanted
        Names that somebody wrote.
    known
        Names that there are.
    table, column
        Where they were looked for.
    what
        What they are called: ``"kind of conversion"``.
    """
    there, wanted = list(known), list(wanted)
    named = set(map(str, wanted))
    for name in wanted:
        if str(name) not in there:
            close = nearest(name, there)
            listed = ", ".join(there[:_SHOWN]) + (", ..." if len(there) > _SHOWN else "")
            remedy = f"did you mean {quoted(close)}?" if close else f"there is {listed or 'none'}."
            yield Problem(table, f"has no {what} {str(name)!r}.", column, remedy=remedy)
        for other in there:
            if str(name) in there and other not in named and look_alikes([other, str(name)]):
                text = f"has {spelt_out(other[:_LONGEST])} beside the {what} {str(name)!r}, and it would not count."
                remedy = "correct it at the source, fold them with fold_names, or name it too."
                yield Problem(table, text, column, remedy=remedy)


def require_values(wanted: Iterable[object], table: ibis.Table, column: str, name: str, what: str) -> None:
    """Refuse values that a column does not hold.

    Raises
    ------
    BadInput
        Every such value, with the nearest that occurs.
    """
    with naming(name):
        known = values_of(table, column)
    if problems := list(missing_names(wanted, known, name, column, what)):
        raise BadInput(problems)
