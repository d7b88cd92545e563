"""Identity: one person behind several user ids, by a map table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.errors import BadInput, Problem
from attribution.reading.named import missing_names
from attribution.reading.sources import log_table
from attribution.reading.spellings import folded_id

if TYPE_CHECKING:
    import ibis

    from attribution.reading.sources import Engine

__all__ = ["IdentityMap"]


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
        pairs = known.select(map_user=known[self.user].cast("string"), map_person=known[self.person].cast("string"))
        if fold_names:
            pairs = pairs.mutate(map_user=folded_id(pairs.map_user))
        pairs = pairs.filter(pairs.map_person.notnull()).distinct()
        doubled = pairs.group_by("map_user").aggregate(persons=pairs.count())
        torn = doubled.filter(doubled.persons > 1).limit(3).execute()["map_user"]
        if len(torn):
            text = f"gives several persons to user {', '.join(map(str, torn))}."
            raise BadInput(Problem("identity map", text, self.person, remedy="keep one row per user."))
        joined = log.left_join(pairs, log[column].cast("string") == pairs.map_user)
        person = joined.map_person.fill_null(joined[column].cast("string"))
        return joined.mutate(**{column: person}).drop("map_user", "map_person")
