"""What no cohort can do: grow, skip an age, earn in two currencies, or be seen in the future."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from attribution.errors import Problem
from attribution.numbers import plain
from attribution.reading.looks import sum_of_others

__all__ = ["cohort_problems"]

_SHOWN = 3
_WHOLE = 100.0  # per cent
_PERIODS = {1: "month", 3: "quarter", 12: "year"}
_AGES, _APART = 3, 3  # last ages that differ, and months between the ends of cohorts, for another period to be seen


def cohort_problems(
    long: pd.DataFrame, name: str, names: Mapping[str, str], months: int, negative_margins: bool
) -> Iterator[Problem]:
    """All problems of a long cohort table whose cells are typed.

    Parameters
    ----------
    long
        ``month`` (first days), ``channel``, ``age``, ``active``, ``margin`` and ``row``; perhaps ``currency``.
    name, names
        What messages call the table and its columns.
    months
        Months from one age to the next.
    negative_margins
        Whether margins below 0 are meant.
    """
    whole = long["age"].to_numpy(dtype=float)
    fraction = long[whole != np.floor(whole)]
    if len(fraction):
        remedy = "an age counts whole periods since acquisition, 0 for the month of acquisition itself."
        yield Problem(name, "is no whole number.", names["age"], _rows(fraction["row"]), remedy)
        return
    repeated = long[long.duplicated(["month", "channel", "age"], keep=False)]
    if len(repeated):
        text = "the same month of acquisition, channel and age stands in several rows."
        yield Problem(
            name, text, names["month"], _rows(repeated["row"]), "keep one row each, or sum them at the source."
        )
        return
    ordered = long.sort_values(["channel", "month", "age"], ignore_index=True)
    yield from _of_ages(ordered, name, names)
    yield from _of_survivors(ordered, name, names)
    yield from _of_the_future(ordered, name, names, months)
    yield from _of_another_period(ordered, name, names, months)
    yield from _of_money(long, name, names, negative_margins)
    if total := sum_of_others(long, "channel", ["month", "age"], ["active"]):
        text = f"{total} has as many customers as all others together at each age: a total, which counts them twice."
        yield Problem(name, text, names["channel"], remedy="leave its rows out.")


def _of_ages(ordered: pd.DataFrame, name: str, names: Mapping[str, str]) -> Iterator[Problem]:
    groups = ordered.groupby(["channel", "month"], sort=False)["age"]
    first = ordered[~ordered.duplicated(["channel", "month"])]
    headless = first[first["age"] > 0]
    if len(headless):
        text = f"{_cohort(headless)} has no age 0, so nobody knows how many were acquired."
        remedy = "add the month of acquisition itself as age 0."
        if (first["age"] == 1).all():
            remedy = "where age 1 is the month of acquisition itself, count from 0: one less everywhere; else add it."
        yield Problem(name, text, names["age"], _rows(headless["row"]), remedy)
    jump = ordered[groups.diff().to_numpy(dtype=float) > 1]
    if len(jump):
        text = f"ages jump: {_cohort(jump)} has no row of age {int(jump['age'].iloc[0]) - 1}."
        remedy = "give every age from 0 to the last one seen, 0 where all have left."
        yield Problem(name, text, names["age"], _rows(jump["row"]), remedy)


def _of_survivors(ordered: pd.DataFrame, name: str, names: Mapping[str, str]) -> Iterator[Problem]:
    start = ordered[ordered["age"] == 0]["active"]
    percent = len(start) > 1 and (start == _WHOLE).all()
    if len(start) and (start.max() <= 1.0 or percent) and ((ordered["active"] % 1) > 0).any():
        text = "holds shares of customers, not customers; without their number nothing says how sure a share is."
        yield Problem(name, text, names["active"], remedy="give the number of active customers at each age.")
        return
    step = ordered.groupby(["channel", "month"], sort=False)["active"].diff().to_numpy(dtype=float)
    grown = ordered[step > 0]
    if len(grown):
        now = float(grown["active"].iloc[0])
        text = (
            f"survivors grow: {_cohort(grown)} has {plain(now)} at age {int(grown['age'].iloc[0])}, more than before."
        )
        remedy = "count a customer as active until the last age seen; who comes back was never gone."
        yield Problem(name, text, names["active"], _rows(grown["row"]), remedy)
    nobody = ordered[(ordered["age"] == 0) & (ordered["active"] == 0)]
    if len(nobody):
        text = f"{_cohort(nobody)} has nobody at age 0."
        yield Problem(name, text, names["active"], _rows(nobody["row"]), "leave cohorts of nobody out.")


def _of_the_future(ordered: pd.DataFrame, name: str, names: Mapping[str, str], months: int) -> Iterator[Problem]:
    """Cells of ages that were not reached yet, written 0: all cohorts end in one month, whatever their age."""
    start = pd.PeriodIndex(ordered["month"], freq="M")
    seen = np.asarray(start.year) * 12 + np.asarray(start.month) + ordered["age"].to_numpy(dtype=int) * months
    active = ordered["active"].to_numpy(dtype=float)
    if not (active > 0).any():
        return
    last = int(seen[active > 0].max())
    at_end = ordered[(seen == last) & (active > 0)]
    after = ordered[(seen > last)]
    if len(after) and len(at_end["month"].unique()) > 1:
        text = (
            f"all cohorts fall to 0 after {(last - 1) // 12}-{(last - 1) % 12 + 1:02d}, whatever their age: "
            "the months to come seem to be written 0."
        )
        remedy = "leave out ages that a cohort has not reached; an empty cell in a triangle."
        yield Problem(name, text, names["active"], _rows(after["row"]), remedy)


def _of_another_period(ordered: pd.DataFrame, name: str, names: Mapping[str, str], months: int) -> Iterator[Problem]:
    """Ages that count another period than is said: by it all cohorts were seen until one day, as said they were not.

    The oldest ages are left out, for a table may end at an age that it does not go beyond.
    """
    last = ordered.drop_duplicates(["channel", "month"], keep="last")
    last = last[(last["age"] < last["age"].max()) & (last["active"] > 0)]
    if last["age"].nunique() < _AGES:
        return
    born = pd.PeriodIndex(last["month"], freq="M")
    months_of, ages = np.asarray(born.year) * 12 + np.asarray(born.month), last["age"].to_numpy(dtype=int)
    spread = {each: int(np.ptp(months_of + ages * each)) for each in _PERIODS}
    fits = [each for each in _PERIODS if spread[each] < each]
    if months in fits or not fits or spread[months] < _APART:
        return
    text = (
        f"counts {_PERIODS[fits[0]]}s by the look of it, not {_PERIODS[months]}s: only by these were all cohorts seen "
        "until the same time."
    )
    remedy = f"say what one age is, months={fits[0]}, or correct the ages."
    yield Problem(name, text, names["age"], remedy=remedy)


def _of_money(long: pd.DataFrame, name: str, names: Mapping[str, str], negative_margins: bool) -> Iterator[Problem]:
    below = long[long["margin"] < 0]
    if len(below) and not negative_margins:
        remedy = "correct them, or state negative_margins where customers cost more than they bring."
        yield Problem(name, "is negative.", names["margin"], _rows(below["row"]), remedy)
    if "currency" in long and len(long["currency"].unique()) > 1:
        shown = ", ".join(map(str, long["currency"].unique()[:_SHOWN]))
        text = f"mixes currencies: {shown}."
        yield Problem(name, text, names["currency"], remedy="convert all margins into one currency at the source.")


def _cohort(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    return f"the cohort of {pd.Timestamp(first['month']):%Y-%m}, {first['channel']},"


def _rows(rows: pd.Series | Sequence[int]) -> str:
    numbers = sorted({int(row) for row in rows})
    shown = ", ".join(map(str, numbers[:_SHOWN]))
    more = f" and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else ""
    return f"row{'s' if len(numbers) > 1 else ''} {shown}{more}"
