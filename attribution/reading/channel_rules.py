"""Channel grouping: from source, medium and campaign to channels, by rules in order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.arrays import Flags, Ints
from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.reading.dialects import carried, naming
from attribution.reading.log_columns import as_name
from attribution.reading.named import missing_names
from attribution.shown import shown

if TYPE_CHECKING:
    import ibis

__all__ = ["ChannelRule", "ChannelRules"]

_SHOWN = 5
_LETTERS = re.compile(r"\\[\\*|]|.", re.DOTALL)


@shown
@dataclass(frozen=True)
class ChannelRule:
    r"""A channel and the patterns its touches meet.

    Parameters
    ----------
    channel
        Name.
    where
        Column -> pattern, or a list of patterns of which one has to fit. Case does not matter; ``*`` stands for
        anything, ``|`` separates alternatives, and ``\*``, ``\|`` and ``\\`` are the signs themselves. No other sign
        is special.
    """

    channel: str
    where: Mapping[str, str | Sequence[str]]

    def __post_init__(self) -> None:
        if not isinstance(self.channel, str) or not self.channel.strip():
            raise BadInput(f"a channel rule has {self.channel!r} for its channel; write its name.")
        if not self.where:
            raise BadInput(f"the rule for {self.channel!r} says nothing of any column; write {{'medium': 'cpc'}}.")
        for column, given in self.where.items():
            patterns = [given] if isinstance(given, str) else given
            if not isinstance(patterns, Sequence) or not all(isinstance(each, str) for each in patterns):
                text = f"the rule for {self.channel!r} has {str(given)[:80]!r} for {column!r}, which is no pattern"
                raise BadInput(f"{text}; write a text, or a list of texts.")

    def meets(self, row: Mapping[str, object]) -> bool:
        r"""Whether the touch meets every pattern; an empty cell meets an empty pattern and ``*``.

        Examples
        --------
        >>> ChannelRule("search", {"medium": "cpc|ppc"}).meets({"medium": "CPC"})
        True
        >>> ChannelRule("brand", {"campaign": ["[DE] brand*", r"brand \| uk"]}).meets({"campaign": "[DE] Brand 7"})
        True
        """
        return all(self.fits(column, row[column]) for column in self.where)

    def fits(self, column: str, cell: object) -> bool:
        """Whether a cell meets the patterns of its column."""
        given = self.where[column]
        text = "" if pd.isna(cell) else str(cell).casefold()  # type: ignore[call-overload]
        return _compiled((given,) if isinstance(given, str) else tuple(given)).match(text) is not None

    def __str__(self) -> str:
        where = ", ".join(f"{column}: {pattern!r}" for column, pattern in self.where.items())
        return f"{self.channel} ({where})"


@cache
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for all alternatives of all patterns."""
    parts = [part for pattern in patterns for part in _alternatives(pattern.casefold())]
    return re.compile("|".join(f"(?:{translate(part)})" for part in parts) if parts else r"(?!)")


def _alternatives(pattern: str) -> list[str]:
    """The alternatives as shell patterns in which ``*`` alone is special."""
    parts = [""]
    for letter in _LETTERS.findall(pattern):
        if letter == "|":
            parts.append("")
        elif letter == "*":
            parts[-1] += letter
        else:
            sign = letter[-1]
            parts[-1] += f"[{sign}]" if sign in "[?*" else sign
    return [part.strip() for part in parts]


@shown
@dataclass(frozen=True)
class ChannelRules:
    """Rules in order: the first that a touch meets names its channel.

    Parameters
    ----------
    rules
        At least one of them.
    otherwise
        Channel of touches that meet none; None makes them an error that lists them.
    """

    rules: Sequence[ChannelRule]
    otherwise: str | None = None

    def __post_init__(self) -> None:
        if not self.rules:
            raise BadInput("there is no channel rule; name at least one, or the column of channels.")

    def apply(self, log: ibis.Table, column: str, name: str = "touchpoints") -> tuple[ibis.Table, Finding]:
        """The log with its channel column made by the rules, and whether each rule names some touch.

        Parameters
        ----------
        log
            Raw touchpoints.
        column
            Name of the channel column, which rules may read as well.
        name
            What messages call the log.

        Raises
        ------
        BadInput
            A rule names a column that is not there; touches meet no rule.
        """
        columns = list(dict.fromkeys(field for rule in self.rules for field in rule.where))
        if problems := list(missing_names(columns, log.columns, name, None, "column for its channel rules")):
            raise BadInput(problems)
        keys = {f"_rule_{place}": as_name(log[field]).fill_null("") for place, field in enumerate(columns)}
        keyed = log.mutate(**keys)
        with naming(name):
            combinations = keyed.select(*keys).distinct().execute().set_axis(columns, axis=1)
        met = self._met(combinations)
        if not met.any(axis=0).all() and self.otherwise is None:
            missing = combinations[~met.any(axis=0)]
            seen = "; ".join(" / ".join(map(str, row)) for row in missing.head(_SHOWN).to_numpy())
            text = f"{len(missing)} kinds of touch meet no channel rule, such as {seen}."
            raise BadInput(Problem(name, text, ", ".join(columns), remedy="add a rule, or say otherwise='other'."))
        import ibis

        names = np.array([*(rule.channel for rule in self.rules), self.otherwise], dtype=object)
        taker = np.where(met.any(axis=0), met.argmax(axis=0), len(self.rules))
        listed = combinations.set_axis(list(keys), axis=1).assign(_rule_channel=names[taker])
        book = carried(ibis.memtable(listed), log.get_backend())
        joined = (keyed.drop(column) if column in log.columns else keyed).join(book, list(keys))
        return joined.rename({column: "_rule_channel"}).drop(*keys), self._idle(met, taker)

    def _met(self, combinations: pd.DataFrame) -> Flags:
        """Which rule meets which combination, shape (rules, combinations); each different cell is looked at once."""
        met = np.ones((len(self.rules), len(combinations)), dtype=bool)
        for column in combinations.columns:
            codes, cells = pd.factorize(combinations[column])
            for place, rule in enumerate(self.rules):
                if column in rule.where:
                    met[place] &= np.fromiter((rule.fits(column, cell) for cell in cells), bool, len(cells))[codes]
        return met

    def _idle(self, met: Flags, taker: Ints) -> Finding:
        """Rules that name no touch, because none meets them or because earlier rules take all that do."""
        idle = []
        for place, rule in enumerate(self.rules):
            if not met[place].any():
                idle.append(f"{place + 1}, {rule}, meets no touch")
            elif not (taker[met[place]] == place).any():
                first = ", ".join(str(one + 1) for one in np.unique(taker[met[place]]))
                idle.append(f"{place + 1}, {rule}, comes after {first}, which takes all touches that it meets")
        text = "Every channel rule names some touch."
        if idle:
            more = f" and {len(idle) - _SHOWN} more" if len(idle) > _SHOWN else ""
            text = f"Channel rules without a touch: {'; '.join(idle[:_SHOWN])}{more}."
        return Finding("idle_channel_rules", not idle, float(len(idle)), 0.0, text)
