"""How a log names its columns, and which rows an analyst agrees to leave out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from attribution.errors import BadInput, Problem, UnknownName, nearest, quoted
from attribution.reading.blanks import folded
from attribution.shown import shown

__all__ = ["Cleaning", "Columns", "ConversionEvents"]


class _Usual(str):
    """A name that nobody wrote: the column is read where it stands, and may be absent."""

    __slots__ = ()


@dataclass(frozen=True)
class Columns:
    """Declared name -> name in the tables.

    Parameters
    ----------
    user, time, channel
        Required in the touchpoints; ``user`` and ``time`` also in a conversions table, unless it names them otherwise.
    conversion
        Number of conversions a touchpoint row itself marks (0 or 1 as a rule); used without a conversions table.
    value
        Revenue of the conversion.
    kind
        Kind of conversion, such as ``"signup"``.
    interaction
        Kind of touch, such as ``"click"`` or ``"view"``. Like those before it, a name that is written has to be a
        column; the usual one is read where it stands, and may be absent.
    conversion_user, conversion_time
        User and time in the conversions table; None where it names them as the touchpoints do.
    order
        Id of the order in the conversions table. Lines of one order then are one conversion, at the time of the first,
        and lines of negative value are refunds of it; None: each row is a conversion.
    """

    user: str = "user"
    time: str = "time"
    channel: str = "channel"
    conversion: str = _Usual("conversion")
    value: str = _Usual("value")
    kind: str = _Usual("kind")
    interaction: str = _Usual("interaction")
    conversion_user: str | None = None
    conversion_time: str | None = None
    order: str | None = None

    @property
    def of_conversions(self) -> Columns:
        """The names that hold in the conversions table."""
        return replace(self, user=self.conversion_user or self.user, time=self.conversion_time or self.time)

    def require(self, columns: Mapping[str, Sequence[str]]) -> None:
        """Refuse names that were written and are no column, and columns that differ from a usual one by case or blanks.

        Parameters
        ----------
        columns
            Name of each table -> its columns, touchpoints first.

        Raises
        ------
        BadInput
            Every such name, with the nearest column of the tables where it may stand; every such column.
        """
        tables = list(columns)
        last = tables[-1:]
        places = {"interaction": tables[:1], "conversion": tables, "value": last, "kind": last, "order": last}
        problems = []
        for role, allowed in places.items():
            name = getattr(self, role)
            known = [column for table in allowed for column in columns[table]]
            if name is None or name in known:
                continue
            if isinstance(name, _Usual):
                for other in known:
                    if folded(other) == name:
                        remedy = f"rename it {name!r}, or say columns={{{role!r}: {other!r}}}."
                        problems.append(
                            Problem(allowed[-1], f"is like the usual {name!r}, and not read.", other, remedy=remedy)
                        )
            else:
                close = nearest(name, known)
                remedy = f"did you mean {quoted(close)}?" if close else f"its columns: {', '.join(known[:15])}."
                problems.append(Problem(allowed[-1], f"is missing; it is named as {role}.", name, remedy=remedy))
        if problems:
            raise BadInput(problems)

    @classmethod
    def of(cls, columns: Columns | Mapping[str, str] | None) -> Columns:
        """Columns from a mapping, or the defaults.

        Raises
        ------
        UnknownName
            For a key that is no declared column.
        """
        if columns is None:
            return cls()
        if isinstance(columns, Columns):
            return columns
        known = [field.name for field in fields(cls)]
        for name in columns:
            if name not in known:
                raise UnknownName(name, known, where="columns")
        return cls(**columns)


@shown
@dataclass(frozen=True)
class ConversionEvents:
    """Conversions that stand in the touchpoint log itself, as rows of certain events.

    Parameters
    ----------
    column
        Column that names the event.
    values
        Its values that are conversions; all other rows are touchpoints.
    """

    column: str = "event"
    values: tuple[str, ...] = ("conversion",)


@shown
@dataclass(frozen=True)
class Cleaning:
    """Rows to leave out by explicit choice; everything left out is counted in ``Journeys.exclusions``.

    Parameters
    ----------
    drop
        Any of ``"missing user"``, ``"missing time"``, ``"missing channel"``, ``"future time"``, ``"duplicates"``,
        ``"bots"``. What is not named here is an error when it occurs.
    longest_path
        A path with more touches than this is a bot's.
    keep_duplicates
        Whether exact repeats are real touches and conversions, as in tables whose times are whole days.
    most_channels
        More channels than this are taken for another column's values; None: 200, or a tenth of the rows where that is
        less, and 20 at least.
    fold_names
        Whether channels, interactions, kinds and segments that look alike (by case, blanks, separators or letters of
        another script) are one, under their most frequent spelling; ids that differ by case, blanks or accents too, in
        lower case.
    """

    drop: tuple[str, ...] = ()
    longest_path: int = 5_000
    keep_duplicates: bool = False
    most_channels: int | None = None
    fold_names: bool = False

    def __post_init__(self) -> None:
        known = ("missing user", "missing time", "missing channel", "future time", "duplicates", "bots")
        for name in self.drop:
            if name not in known:
                raise UnknownName(name, known, where="Cleaning.drop")
