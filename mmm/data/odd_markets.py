"""Markets of a table that are none: the sum of the others, one of them in another spelling, or one of them again."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from attribution.errors import Problem
from attribution.reading.look_alikes import look_alikes, spelt_out
from attribution.reading.stand_ins import totals_among

__all__ = ["odd_markets"]

_LONGEST = 40
_FEWEST = 8  # periods in which two markets that are two do not have the same to the last digit


def odd_markets(table: str, geo: str, market: pd.Series, kpi: pd.Series, date: pd.Series) -> Iterator[Problem]:
    """Problems of a table with a row for each market and period.

    Parameters
    ----------
    table, geo
        Names of the table and of its column of markets.
    market, kpi, date
        By row.
    """
    for names in look_alikes(market.astype(str)):
        listed = ", ".join(spelt_out(name[:_LONGEST]) for name in names)
        text = f"writes one market in several ways: {listed}."
        yield Problem(table, text, geo, remedy="write it in one way, and keep one row for each period.")
    for name in totals_among(market.astype(str), kpi.astype(float), date):
        text = f"holds {name[:_LONGEST]!r} with as much {kpi.name} as all other markets together: rows of totals."
        yield Problem(table, text, geo, remedy="delete them; or rename the market if it is one.")
    rows = pd.DataFrame({"date": date, "market": market.astype(str), "kpi": kpi.astype(float)})
    if not rows.duplicated(["date", "market"]).any():
        yield from _again(table, geo, rows.pivot_table("kpi", "date", "market"))


def _again(table: str, geo: str, kpis: pd.DataFrame) -> Iterator[Problem]:
    """Markets with the very figures of another."""
    if len(kpis) < _FEWEST:
        return
    varied = kpis.loc[:, kpis.nunique() > _FEWEST // 2]
    for name in varied.columns[varied.T.duplicated()]:
        other = next(each for each in varied.columns if varied[each].equals(varied[name]))
        text = f"holds {name[:_LONGEST]!r} with the figures of {other[:_LONGEST]!r} in every period."
        yield Problem(table, text, geo, remedy="delete the market that is there twice, or export its own figures.")
