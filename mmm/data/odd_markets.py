"""Markets of a table that are none: the sum of the others, or one of them in another spelling."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from attribution.errors import Problem
from attribution.reading.look_alikes import look_alikes, spelt_out
from attribution.reading.stand_ins import totals_among

__all__ = ["odd_markets"]

_LONGEST = 40
_SHOWN = 5


def odd_markets(table: str, geo: str, market: pd.Series, kpi: pd.Series, date: pd.Series) -> Iterator[Problem]:
    """Problems of a table with a row for each market and period.

    Parameters
    ----------
    table, geo
        Names of the table and of its column of markets.
    market, kpi, date
        By row.
    """
    if alike := look_alikes(market.astype(str)):
        listed = "; ".join(", ".join(spelt_out(name[:_LONGEST]) for name in names) for names in alike[:_SHOWN])
        more = f"; and {len(alike) - _SHOWN} more" if len(alike) > _SHOWN else ""
        text = f"writes one market in several ways: {listed}{more}."
        yield Problem(table, text, geo, remedy="write it in one way, and keep one row for each period.")
    for name in totals_among(market.astype(str), kpi.astype(float), date):
        text = f"holds {name[:_LONGEST]!r} with as much {kpi.name} as all other markets together: rows of totals."
        yield Problem(table, text, geo, remedy="delete them; or rename the market if it is one.")
