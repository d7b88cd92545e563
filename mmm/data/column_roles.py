"""What the columns of a panel's table stand for: channels by what drives them, controls and treatments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import counted
from attribution.reading.contracts import Column
from attribution.shown import shown
from mmm.arrays import Array

__all__ = ["Exposure", "ReachFrequency", "Roles", "Treatment"]

_TAKEN = {
    "organic": "what comes unpaid",
    "all": "all channels together",
    "observed": "what was counted",
}
_RENAME = "give the channel another name, apart from its column: spend: {its name: its column}."
_LEVELS: Mapping[str, Callable[[Array], Any]] = {"minimum": np.min, "maximum": np.max, "mean": np.mean}


@dataclass(frozen=True)
class Exposure:
    """A channel whose effect is driven by what was delivered, with the spend beside it.

    Parameters
    ----------
    spend
        Column of currency spent; None for an organic channel, such as a newsletter: it has a contribution, but no cost
        and no part in a plan.
    volume
        Column of what was delivered: impressions, clicks, sends.
    """

    spend: str | None
    volume: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns besides the spend."""
        return () if self.volume == self.spend else (self.volume,)


@dataclass(frozen=True)
class ReachFrequency:
    """A channel measured by how many people it reached, and how often on average each of them.

    Its effect saturates in frequency and adds up over people: adstock(reach x saturation(frequency)).

    Parameters
    ----------
    spend
        Column of currency spent; None for an organic channel.
    reach
        Column of people reached at least once in the period.
    frequency
        Column of contacts per person reached, at least 1 wherever anybody was reached.

    References
    ----------
    Zhang, Wurm, Wakim, Li, Liu (2023), "Bayesian Hierarchical Media Mix Model Incorporating Reach and Frequency Data".
    """

    spend: str | None
    reach: str
    frequency: str

    @property
    def volume(self) -> str:
        """Column that carries over and adds up."""
        return self.reach

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns besides the spend."""
        return (self.reach, self.frequency)


Medium = Exposure | ReachFrequency


@shown
@dataclass(frozen=True)
class Treatment:
    """A lever that is no medium, such as price or promotion, with a contribution of its own.

    Its effect is linear. What it contributes is measured against a baseline value: the KPI there was less the KPI there
    would have been at that value. A control, by contrast, is part of the baseline.

    Parameters
    ----------
    column
        Its column, and its name.
    baseline
        The value that contributes nothing: a number, or the panel's ``"minimum"``, ``"maximum"`` or ``"mean"``.
    sd
        Prior standard deviation of the effect of one standard deviation of the column, in units of the mean KPI.
    """

    column: str
    baseline: float | Literal["minimum", "maximum", "mean"] = "minimum"
    sd: float = 0.3

    @property
    def level(self) -> float:
        """The baseline value as a number; known once a panel is made."""
        if isinstance(self.baseline, str):
            raise BadInput(Problem(f"treatment {self.column!r}", "has no panel to take its baseline from."))
        return float(self.baseline)

    def at(self, values: Array) -> Self:
        """The treatment with its baseline read off ``values``."""
        if isinstance(self.baseline, str):
            return replace(self, baseline=float(_LEVELS[self.baseline](values)))
        return self


@dataclass(frozen=True)
class Roles:
    """Which column of a table plays which role.

    Parameters
    ----------
    table
        What messages call the table.
    date, kpi, geo
        Columns; ``geo`` None for a national table.
    media
        Channel -> what drives it, paid channels first.
    controls
        Columns of controls, those of treatments last.
    treatments
        Which of them are treatments.
    """

    table: str
    date: str
    kpi: str
    geo: str | None
    media: Mapping[str, Medium]
    controls: tuple[str, ...]
    treatments: tuple[Treatment, ...]

    @classmethod
    def of(
        cls,
        table: str,
        date: str,
        kpi: str,
        geo: str | None,
        spend: Mapping[str, str | Medium] | Sequence[str],
        controls: Iterable[str | Treatment],
    ) -> Self:
        """Roles as :meth:`mmm.Panel.from_frame` takes them.

        Raises
        ------
        BadInput
            Where no channel has a spend, a column has two roles, or a treatment has no such baseline.
        """
        if texts := [*_texts(table, spend=spend, controls=controls)]:
            raise BadInput(texts)
        given = spend if isinstance(spend, Mapping) else {column: column for column in spend}
        media = {str(channel): _medium(entry) for channel, entry in given.items()}
        paid = {channel: medium for channel, medium in media.items() if medium.spend is not None}
        organic = {channel: medium for channel, medium in media.items() if medium.spend is None}
        named = list(controls)
        treatments = tuple(entry for entry in named if isinstance(entry, Treatment))
        plain = tuple(str(entry) for entry in named if not isinstance(entry, Treatment))
        columns = (*plain, *(treatment.column for treatment in treatments))
        roles = cls(table, date, kpi, geo, {**paid, **organic}, columns, treatments)
        roles._check()
        return roles

    @property
    def paid(self) -> tuple[str, ...]:
        """Channels with spend."""
        return tuple(channel for channel, medium in self.media.items() if medium.spend is not None)

    @property
    def organic(self) -> tuple[str, ...]:
        """Channels without."""
        return tuple(channel for channel, medium in self.media.items() if medium.spend is None)

    def columns(self) -> tuple[Column, ...]:
        """What the table must hold."""
        amounts = [column for medium in self.media.values() for column in (medium.spend, *medium.columns)]
        columns = [Column(self.date, "date"), Column(self.kpi, minimum=0.0)]
        paid = {medium.spend for medium in self.media.values()}
        columns += [
            Column(column, minimum=0.0, money=column in paid) for column in dict.fromkeys(amounts) if column is not None
        ]
        columns += [Column(control, truths=True) for control in self.controls]
        return (*columns, *([Column(self.geo, "text")] if self.geo else []))

    def check_frequencies(self, typed: pd.DataFrame) -> None:
        """Refuse average frequencies below 1 in rows where people were reached.

        Raises
        ------
        BadInput
            Names every such column and its first row.
        """
        problems = []
        for medium in self.media.values():
            if isinstance(medium, ReachFrequency):
                low = np.flatnonzero((typed[medium.reach] > 0) & (typed[medium.frequency] < 1 - 1e-9))
                if len(low):
                    text = f"is below 1 in {counted(len(low), 'row')} where {medium.reach} is positive."
                    remedy = "give contacts per person reached: impressions divided by reach."
                    problems.append(Problem(self.table, text, medium.frequency, f"row {low[0] + 2}", remedy=remedy))
        if problems:
            raise BadInput(problems)

    def _check(self) -> None:
        if not self.paid:
            remedy = "name at least one spend column."
            text = "no channel has a spend." if self.media else "no channel is named."
            raise BadInput(Problem(self.table, text, remedy=remedy))
        amounts = [column for medium in self.media.values() for column in (medium.spend, *medium.columns) if column]
        used = [self.date, self.kpi, *([self.geo] if self.geo else []), *amounts, *self.controls]
        counts = pd.Series(used).value_counts()
        remedy = "use a column once: as date, KPI, one channel or control."
        problems = [
            Problem(self.table, "has two roles.", str(column), remedy=remedy) for column in counts.index[counts > 1]
        ]
        problems += [
            Problem(self.table, f"baseline {t.baseline!r}.", t.column, remedy=f"give a number or {', '.join(_LEVELS)}.")
            for t in self.treatments
            if isinstance(t.baseline, str) and t.baseline not in _LEVELS
        ]
        problems += [
            Problem(self.table, f"a channel is called {name!r}, which tables call {_TAKEN[name]}.", remedy=_RENAME)
            for name in self.media
            if name in _TAKEN
        ]
        if problems:
            raise BadInput(problems)


def _medium(entry: str | Medium) -> Medium:
    return entry if isinstance(entry, Exposure | ReachFrequency) else Exposure(str(entry), str(entry))


def _texts(table: str, **given: object) -> Iterator[Problem]:
    """Lists that are a text, whose letters would be taken for columns."""
    for role, name in given.items():
        if isinstance(name, str):
            yield Problem(table, f"is given {role} as a text.", remedy=f"give a list: {role}=[{name!r}].")
        for channel in [key for key, entry in name.items() if entry is None] if isinstance(name, Mapping) else ():
            remedy = "name its column; for a channel without spend mmm.Exposure(volume=..., spend=None)."
            yield Problem(table, f"is given no column for {channel!r}.", remedy=remedy)
