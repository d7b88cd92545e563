"""Identity: one person behind several user ids, by a map table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.errors import BadInput, Problem, bounded
from attribution.findings import Finding
from attribution.reading.dialects import naming
from attribution.reading.log_columns import as_name, is_blank, no_name
from attribution.reading.named import missing_names
from attribution.reading.sources import log_table
from attribution.reading.spellings import folded_id
from attribution.reading.stand_ins import NOBODY_AS_WRITTEN
from attribution.shown import shown

if TYPE_CHECKING:
    import ibis

    from attribution.reading.engine import Engine

__all__ = ["IdentityMap"]

_IDS = 100


@shown
@dataclass(frozen=True)
class IdentityMap:
    """A table of user ids and the person behind each.

    Parameters
    ----------
    table
        Frame, file or Ibis table of the log's engine.
    user, person
        Its columns. A user without a row is a person of its own, and a row that lacks either, or has a word for nobody
        such as ``null``, says nothing.
    """

    table: object
    user: str = "user"
    person: str = "person"

    def apply(self, log: ibis.Table, column: str, engine: Engine | None = None, fold_names: bool = False) -> ibis.Table:
        """The log with persons in place of users.

        Raises
        ------
        BadInput
            A column is missing, a user has two persons, or a person is the user of another one.
        """
        pairs = self._pairs(log, engine, fold_names)
        self._check(pairs)
        joined = log.left_join(pairs, as_name(log[column]) == pairs.map_user)
        person = joined.map_person.fill_null(as_name(joined[column]))
        return joined.mutate(**{column: person}).drop("map_user", "map_person")

    def people(self, engine: Engine | None = None) -> dict[str, str]:
        """User -> person, for tables in memory.

        Raises
        ------
        BadInput
            As :meth:`apply`.
        """
        pairs = self._pairs(None, engine, fold_names=False)
        self._check(pairs)
        known = pairs.execute()
        return dict(zip(known["map_user"], known["map_person"], strict=True))

    def require_met(
        self, logs: Mapping[str, tuple[ibis.Table, str]], engine: Engine | None = None, fold_names: bool = False
    ) -> None:
        """Refuse a map of which no user occurs.

        Parameters
        ----------
        logs
            Name of each log -> itself and its column of users.
        engine, fold_names
            As of the logs.

        Raises
        ------
        BadInput
            With a user of each.
        """
        for log, column in logs.values():
            pairs, named = self._pairs(log, engine, fold_names), log.filter(log[column].notnull())
            if named.semi_join(pairs, as_name(named[column]) == pairs.map_user).limit(1).count().execute():
                return
        if not pairs.limit(1).count().execute():
            text = "has no row that names a user and a person."
            raise BadInput(Problem("identity map", text, remedy="export it again, or leave the map out."))
        first = {name: repr(str(as_name(log[column]).min().execute()))[:60] for name, (log, column) in logs.items()}
        own = repr(str(pairs.map_user.min().execute()))[:60]
        others = " and ".join(f"{name} such as {user}" for name, user in first.items())
        text = f"holds users such as {own}, {others}: none of the map occurs there."
        raise BadInput(Problem("identity map", text, self.user, remedy="write ids alike, or leave the map out."))

    def joined(self, log: ibis.Table, engine: Engine | None = None, fold_names: bool = False) -> Finding:
        """Whether no person has more ids than one person does, as where the column is a country or a word for nobody.

        Parameters
        ----------
        log, engine, fold_names
            As for :meth:`apply`.
        """
        pairs = self._pairs(log, engine, fold_names)
        ids = pairs.group_by("map_person").aggregate(ids=pairs.count())
        most = ids.order_by([ids.ids.desc(), "map_person"]).limit(1).execute()
        number = int(most["ids"].iloc[0]) if len(most) else 0
        text = f"No person of the identity map has more than {_IDS} ids."
        if number > _IDS:
            text = (
                f"The identity map gives person {bounded(str(most['map_person'].iloc[0]), 60)!r} {number:,} ids, whose "
                "touches and conversions become one path. Where that is no person or account, correct the map, or "
                "leave these rows out of it."
            )
        return Finding("ids_of_one_person", number <= _IDS, float(number), float(_IDS), text)

    def _pairs(self, log: ibis.Table | None, engine: Engine | None, fold_names: bool) -> ibis.Table:
        """``map_user`` and ``map_person``, each pair once."""
        known = log_table(self.table, engine, "identity map", beside=log)
        if problems := list(missing_names((self.user, self.person), known.columns, "identity map", None, "column")):
            raise BadInput(problems)
        with naming("identity map"):
            _check_names(known, self.user, self.person)
        pairs = known.select(map_user=as_name(known[self.user]), map_person=as_name(known[self.person]))
        if fold_names:
            pairs = pairs.mutate(map_user=folded_id(pairs.map_user), map_person=folded_id(pairs.map_person))
        void = [
            pairs[name].isnull() | is_blank(pairs[name]) | pairs[name].isin(NOBODY_AS_WRITTEN) for name in pairs.columns
        ]
        return pairs.filter(~(void[0] | void[1])).distinct()

    def _check(self, pairs: ibis.Table) -> None:
        doubled = pairs.group_by("map_user").aggregate(persons=pairs.count())
        onward = pairs.filter(pairs.map_user != pairs.map_person).select(onward=pairs.map_user)
        chained = pairs.filter(pairs.map_user != pairs.map_person).semi_join(onward, pairs.map_person == onward.onward)
        with naming("identity map"):
            torn = doubled.filter(doubled.persons > 1).order_by("map_user").limit(3).execute()["map_user"]
            chains = chained.order_by("map_user").limit(1).execute()
        problems = []
        if len(torn):
            text = f"gives several persons to user {', '.join(repr(str(user)) for user in torn)}."
            problems.append(Problem("identity map", text, self.person, remedy="keep one row per user."))
        elif len(chains):
            user, person = map(repr, map(str, chains.iloc[0][["map_user", "map_person"]]))
            text = f"gives user {user} the person {person}, who is a user of another person."
            problems.append(Problem("identity map", text, self.person, remedy="give each user its last person."))
        if problems:
            raise BadInput(problems)


def _check_names(known: ibis.Table, *columns: str) -> None:
    broken = {column: wrong for column in columns if (wrong := no_name(known[column])) is not None}
    if not broken:
        return
    counts = known.aggregate(**{column: known.count(where=wrong) for column, wrong in broken.items()}).execute().iloc[0]
    text, remedy = "holds numbers with decimals or too many digits, no names.", "export the column as text."
    problems = [Problem("identity map", text, column, remedy=remedy) for column in broken if counts[column]]
    if problems:
        raise BadInput(problems)
