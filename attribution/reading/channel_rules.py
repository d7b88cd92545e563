"""Channel grouping: from source, medium and campaign to channels, by rules in order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from typing import TYPE_CHECKING

import pandas as pd

from attribution.errors import BadInput, Problem, UnknownName
from attribution.reading.dialects import carried
from attribution.reading.log_columns import as_name

if TYPE_CHECKING:
    import ibis

__all__ = ["ChannelRule", "ChannelRules"]


@dataclass(frozen=True)
class ChannelRule:
    """A channel and the patterns its touches meet.

    Parameters
    ----------
    channel
        Name.
    where
        Column -> pattern. Case does not matter, ``*`` stands for anything, ``|`` separates alternatives.
    """

    channel: str
    where: Mapping[str, str]

    def meets(self, row: Mapping[str, object]) -> bool:
        """Whether the touch meets every pattern; an empty cell meets only an empty pattern.

        Examples
        --------
        >>> ChannelRule("search", {"medium": "cpc|ppc"}).meets({"medium": "CPC"})
        True
        """
        return all(_meets(pattern, row[column]) for column, pattern in self.where.items())


def _meets(pattern: str, cell: object) -> bool:
    text = "" if pd.isna(cell) else str(cell).casefold()  # type: ignore[call-overload]
    return any(re.match(translate(part.strip().casefold()), text) is not None for part in pattern.split("|"))


@dataclass(frozen=True)
class ChannelRules:
    """Rules in order: the first that a touch meets names its channel.

    Parameters
    ----------
    rules
        At least one.
    otherwise
        Channel of touches that meet none; None makes them an error that lists them.
    """

    rules: Sequence[ChannelRule]
    otherwise: str | None = None

    def apply(self, log: ibis.Table, column: str, name: str = "touchpoints") -> ibis.Table:
        """The log with its channel column made by the rules.

        Parameters
        ----------
        log
            Raw touchpoints.
        column
            Name of the channel column.
        name
            What messages call the log.

        Raises
        ------
        BadInput
            A rule names a column that is not there; touches meet no rule.
        """
        columns = list(dict.fromkeys(field for rule in self.rules for field in rule.where))
        for field in columns:
            if field not in log.columns:
                raise UnknownName(field, log.columns, where=f"the channel rules for {name}")
        texts = {field: as_name(log[field]).fill_null("") for field in columns}
        combinations = log.select(**texts).distinct().execute()
        told = [self._channel(row) for row in combinations.to_dict("records")]
        missing = combinations[[channel is None for channel in told]]
        if len(missing):
            seen = "; ".join(" / ".join(map(str, row)) for row in missing.head(5).to_numpy())
            text = f"{len(missing)} kinds of touch meet no channel rule, such as {seen}."
            raise BadInput(Problem(name, text, ", ".join(columns), remedy="add a rule, or say otherwise='other'."))
        import ibis

        keys = {f"rule_{i}": combinations[field] for i, field in enumerate(columns)}
        book = carried(ibis.memtable(pd.DataFrame(keys | {"rule_channel": told})), log.get_backend())
        bare = log.drop(column) if column in log.columns else log
        joined = bare.join(book, [texts[field] == book[f"rule_{i}"] for i, field in enumerate(columns)])
        return joined.rename({column: "rule_channel"}).drop(*keys)

    def _channel(self, row: Mapping[str, object]) -> str | None:
        return next((rule.channel for rule in self.rules if rule.meets(row)), self.otherwise)
