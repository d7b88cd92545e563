"""Cohorts: how many of the customers acquired in a month are still there at each age, and what they earned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.economics.cohort_checks import cohort_problems
from attribution.errors import BadInput, Problem, UnknownChannel
from attribution.reading.cells import cells_of
from attribution.reading.contracts import Column, Table
from attribution.reading.engine import Engine
from attribution.reading.formats import PLAIN, Format
from attribution.reading.tables import COHORTS, renamed
from attribution.shown import shown

__all__ = ["AGE", "Cohorts", "read_cohorts"]

AGE = re.compile(r"(?:age|month|period|m)?[ _]?(\d{1,4})", re.IGNORECASE)
"""A column of a triangle: ``3``, ``m3``, ``age_3`` or ``Month 3``."""


@shown
@dataclass(frozen=True, eq=False)
class Cohorts:
    """A checked cohort table; a cohort is the customers whom a channel won in one month.

    Parameters
    ----------
    frame
        ``month`` (its first day), ``channel``, ``age`` (from 0, when all are there), ``active`` and ``margin`` (of the
        cohort at that age, in currency; NaN where the table has none), sorted.
    months
        Months from one age to the next: 1, 3 or 12.
    currency
        What the table says its margins are in; None where it says nothing.

    Examples
    --------
    >>> table = pd.DataFrame({"month": "2026-01-01", "channel": "tv", "age": [0, 1, 2], "active": [100, 80, 70]})
    >>> read_cohorts(table).survival("tv").round(2).tolist()
    [1.0, 0.8, 0.7]
    """

    frame: pd.DataFrame
    months: int = 1
    currency: str | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels in the order of the table's first rows of each."""
        return tuple(self._of)

    @property
    def has_margin(self) -> bool:
        """Whether the table says what the customers earned."""
        return bool(self.frame["margin"].notna().all())

    def of(self, channel: str) -> pd.DataFrame:
        """Rows of one channel, with ``before``: those active an age earlier (NaN at age 0)."""
        if channel not in self._of:
            raise UnknownChannel(channel, self.channels, where="the cohort table")
        return self._of[channel]

    @cached_property
    def _of(self) -> dict[str, pd.DataFrame]:
        stepped = self.frame.assign(before=self.frame.groupby(["channel", "month"], sort=False)["active"].shift())
        return {str(channel): rows for channel, rows in stepped.groupby("channel", sort=False)}

    def acquired(self, channel: str) -> float:
        """Customers whom a channel won, over all cohorts."""
        rows = self.of(channel)
        return float(rows.loc[rows["age"] == 0, "active"].sum())

    def oldest(self, channel: str) -> int:
        """The greatest age at which a channel's customers were seen."""
        return int(self.of(channel)["age"].max())

    def exits(self, channel: str) -> tuple[Array, Array]:
        """Customers at risk of leaving and customers who left before each age from 1 on, each of shape (ages,)."""
        rows = self.of(channel)
        later = rows[rows["age"] > 0]
        ages, before, active = (later[name].to_numpy() for name in ("age", "before", "active"))
        at_risk, left = (np.bincount(ages, each, minlength=1)[1:] for each in (before, before - active))
        return at_risk.astype(float), left.astype(float)  # of no ages at all they count in whole numbers

    def survival(self, channel: str) -> Array:
        """Share of customers still there at each age observed, from 1 at age 0 (Kaplan and Meier, 1958).

        Cohorts that are young count as long as they are seen; shape (oldest + 1,).
        """
        at_risk, left = self.exits(channel)
        stay = 1 - np.divide(left, at_risk, out=np.zeros_like(left), where=at_risk > 0)
        return np.concatenate([[1.0], np.cumprod(stay)])

    def before(self, month: pd.Timestamp) -> Cohorts:
        """What the table would have held at a month's end: no later month of acquisition, no later age."""
        seen = calendar_of(self.frame, self.months) <= pd.Period(month, "M").ordinal
        return replace(self, frame=self.frame[seen].reset_index(drop=True))

    @property
    def last_month(self) -> pd.Timestamp:
        """The last month that the table observed."""
        last = int(calendar_of(self.frame, self.months).max())
        return pd.Period(ordinal=last, freq="M").to_timestamp()


def calendar_of(frame: pd.DataFrame, months: int) -> pd.Series:
    """The month each row was observed in, counted from 1970."""
    first = pd.PeriodIndex(frame["month"], freq="M").year * 12 + pd.PeriodIndex(frame["month"], freq="M").month - 1
    return pd.Series(np.asarray(first) - 1970 * 12 + frame["age"].to_numpy(dtype=int) * months, frame.index)


def read_cohorts(
    source: object,
    columns: Mapping[str, str] | None = None,
    *,
    months: int = 1,
    negative_margins: bool = False,
    format: Format | None = None,
    engine: Engine | None = None,
) -> Cohorts:
    """A cohort table as it is, checked.

    Parameters
    ----------
    source
        File or frame. Long: a row per month of acquisition, channel and age. Triangle: a row per month and channel, and
        a column of active customers for each age (``0``, ``1``, ... or ``m0``, ``age_1``); cells of ages that no cohort
        has reached are empty.
    columns
        Declared name (``month``, ``channel``, ``age``, ``active``, ``margin``, ``currency``) -> name in the table.
    months
        Months from one age to the next: 1, 3 or 12.
    negative_margins
        Whether margins below 0 are meant.
    format, engine
        As for :func:`attribution.read_table`.

    Raises
    ------
    BadInput
        Every problem: survivors that grow, ages that are missing, shares in place of customers, margins below 0,
        several currencies, cells of the future written 0.
    """
    if months not in (1, 3, 12):
        raise BadInput(f"months from one age to the next are 1, 3 or 12; got {months}.")
    cells = cells_of(source, "cohorts", engine=engine)
    named = cells.name
    names = {column.name: (columns or {}).get(column.name, column.name) for column in COHORTS.columns}
    table = replace(renamed(COHORTS, named, names), first_row=cells.first_row, format=format or PLAIN)
    if names["age"] not in cells.frame.columns and (ages := _ages(cells.frame)):
        long = _unfolded(cells.frame, table, names, ages)
    else:
        long = table.check(cells.frame).assign(row=np.arange(len(cells.frame)) + table.first_row)
    long = long.rename(columns={own: name for name, own in names.items() if own in long.columns})
    long["month"] = pd.DatetimeIndex(long["month"]).tz_localize(None).to_period("M").to_timestamp()
    long["channel"] = long["channel"].astype(str)
    if "currency" in long:
        long["currency"] = long["currency"].astype(str).str.strip().str.upper()
    long["margin"] = long["margin"].astype(float) if "margin" in long else np.nan
    if problems := list(cohort_problems(long, named, names, months, negative_margins)):
        raise BadInput(problems)
    order = {channel: place for place, channel in enumerate(long["channel"].unique())}
    long = long.assign(place=long["channel"].map(order), age=long["age"].astype(int))
    long = long.sort_values(["place", "month", "age"], ignore_index=True)
    currency = str(long["currency"].iloc[0]) if "currency" in long else None
    frame = long[["month", "channel", "age", "active", "margin"]].astype({"active": float})
    return Cohorts(frame, months, currency)


def _ages(frame: pd.DataFrame) -> dict[str, int]:
    """Columns of a triangle and the age that each holds."""
    matched = {str(name): AGE.fullmatch(str(name).strip()) for name in frame.columns}
    return {name: int(match[1]) for name, match in matched.items() if match}


def _unfolded(frame: pd.DataFrame, table: Table, names: Mapping[str, str], ages: Mapping[str, int]) -> pd.DataFrame:
    """A triangle as rows; empty cells are ages that the cohort has not reached."""
    if repeated := sorted({age for age in ages.values() if list(ages.values()).count(age) > 1}):
        twice = ", ".join(name for name, age in ages.items() if age == repeated[0])
        raise BadInput(Problem(table.name, f"has several columns of age {repeated[0]}: {twice}.", remedy="keep one."))
    keys = [column for column in table.columns if column.name in (names["month"], names["channel"], names["currency"])]
    wide = replace(
        table,
        columns=(*keys, *(Column(name, minimum=0, nullable=True) for name in ages)),
        key=(names["month"], names["channel"]),
    )
    typed = wide.check(frame).assign(row=np.arange(len(frame)) + table.first_row)
    kept = [column.name for column in keys if column.name in typed]
    long = typed.melt([*kept, "row"], list(ages), names["age"], names["active"]).dropna(subset=[names["active"]])
    return long.assign(**{names["age"]: long[names["age"]].map(ages)}).reset_index(drop=True)
