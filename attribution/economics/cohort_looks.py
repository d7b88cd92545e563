"""Cohorts that are no customers by the look of them: figures of an index, and a last month that is not over."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.economics.cohorts import Cohorts, calendar_of
from attribution.findings import Finding
from attribution.numbers import amount, percent

__all__ = ["odd_cohorts"]

_COHORTS = 6
_FEWER, _MOSTLY = 0.05, 0.9  # survivors that are missing of those expected, and cohorts that miss some
_DEVIATIONS = 4.0


def odd_cohorts(cohorts: Cohorts) -> Finding:
    """Whether cohorts count people, and the last month as the others.

    Named are cohorts that all begin with 100 or 1,000, as an index does; and a last month of the table in which nearly
    all cohorts lose far more customers than older ones did at the same ages, though they did not in the month before,
    as where it was counted before it was over.

    Parameters
    ----------
    cohorts
        As :func:`attribution.economics.read_cohorts` reads them.
    """
    looks = [*_index(cohorts), *_unfinished(cohorts)]
    text = "Cohorts begin with differing numbers of customers, and lose in the last month as many as before it."
    return Finding("odd_cohorts", not looks, float(len(looks)), 0.0, " ".join(looks) if looks else text)


def _index(cohorts: Cohorts) -> Iterator[str]:
    begin = cohorts.frame.loc[cohorts.frame["age"] == 0, "active"]
    if len(begin) >= _COHORTS and begin.min() == begin.max():
        yield (
            f"All {amount(len(begin))} cohorts begin with {amount(float(begin.iloc[0]))} customers, as figures of an "
            "index do. Then margins of a customer are wrong, and intervals too wide or too narrow: give the customers "
            "themselves, or leave it if it is true."
        )


def _unfinished(cohorts: Cohorts) -> Iterator[str]:
    rows = cohorts.frame.assign(month_of=calendar_of(cohorts.frame, cohorts.months))
    rows["before"] = rows.groupby(["channel", "month"], sort=False)["active"].shift()
    last = int(rows["month_of"].max())
    missing = _missing(rows, last)
    if missing is None or missing - max(_missing(rows, last - cohorts.months, least=0.0) or 0.0, 0.0) < _FEWER:
        return
    yield (
        f"In {last // 12 + 1970}-{last % 12 + 1:02d}, the last month, {percent(missing)} of the customers are missing "
        "who stayed on at the same ages before, in nearly every cohort, as where it was counted before it was over. "
        "Retention and values of customers are too low then: leave its rows out, or keep them if it is true."
    )


def _missing(rows: pd.DataFrame, month: int, least: float = _FEWER) -> float | None:
    """Share of survivors that cohorts lack in a month against older ones at the same ages; None where it is chance."""
    now, past = (part[part["age"] > 0] for part in (rows[rows["month_of"] == month], rows[rows["month_of"] < month]))
    sums = past.groupby(["channel", "age"])[["active", "before"]].sum()
    stay = (sums["active"] / sums["before"].where(sums["before"] > 0)).rename("stay")
    told = now.join(stay, on=["channel", "age"]).dropna(subset=["stay"])
    expected = (told["before"] * told["stay"]).to_numpy(dtype=float)
    short = expected - told["active"].to_numpy(dtype=float)
    noise = float(np.sqrt((told["before"] * told["stay"] * (1 - told["stay"])).sum()))
    if len(told) < _COHORTS or not expected.sum() > 0:
        return None
    missing = float(short.sum() / expected.sum())
    sure = short.sum() > _DEVIATIONS * noise and np.mean(short > 0) >= _MOSTLY
    return missing if missing > least and (sure or not least) else None
