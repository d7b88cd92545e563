"""Identity: one person behind several user ids, by a map table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.errors import BadInput, Problem
from attribution.reading.dialects import naming
from attribution.reading.log_columns import as_name, no_name
from attribution.reading.named import missing_names
from attribution.reading.sources import log_table
from attribution.reading.spellings import folded_id
from attribution.shown import shown

if TYPE_CHECKING:
    import ibis

    from attribution.reading.engine import Engine

__all__ = ["IdentityMap"]


@shown
@dataclass(frozen=True)
class IdentityMap:
    """A table of user ids and the person behind each.

    Parameters
    ----------
    table
        Frame, file or Ibis table of the log's engine.
    user, person
        Its columns. A user without a row is a person of its own.
    """

    table: object
    user: str = "user"
    person: str = "person"

    def apply(self, log: ibis.Table, column: str, engine: Engine | None = None, fold_names: bool = False) -> ibis.Table:
        """The log with persons in place of users.

        Raises
        ------
        BadInput
            A column is missing, or a user has two persons.
        """
        known = log_table(self.table, engine, "identity map", beside=log)
        if problems := list(missing_names((self.user, self.person), known.columns, "identity map", None, "column")):
            raise BadInput(problems)
        with naming("identity map"):
            _check_names(known, self.user, self.person)
        pairs = known.select(map_user=as_name(known[self.user]), map_person=as_name(known[self.person]))
        if fold_names:
            pairs = pairs.mutate(map_user=folded_id(pairs.map_user))
        pairs = pairs.filter(pairs.map_person.notnull()).distinct()
        doubled = pairs.group_by("map_user").aggregate(persons=pairs.count())
        with naming("identity map"):
            torn = doubled.filter(doubled.persons > 1).limit(3).execute()["map_user"]
        if len(torn):
            text = f"gives several persons to user {', '.join(map(str, torn))}."
            raise BadInput(Problem("identity map", text, self.person, remedy="keep one row per user."))
        joined = log.left_join(pairs, as_name(log[column]) == pairs.map_user)
        person = joined.map_person.fill_null(as_name(joined[column]))
        return joined.mutate(**{column: person}).drop("map_user", "map_person")


def _check_names(known: ibis.Table, *columns: str) -> None:
    broken = {column: wrong for column in columns if (wrong := no_name(known[column])) is not None}
    if not broken:
        return
    counts = known.aggregate(**{column: known.count(where=wrong) for column, wrong in broken.items()}).execute().iloc[0]
    text, remedy = "holds numbers with decimals or too many digits, no names.", "export the column as text."
    problems = [Problem("identity map", text, column, remedy=remedy) for column in broken if counts[column]]
    if problems:
        raise BadInput(problems)
