"""Costs beside media that are no costs of their months by the look of them: sums so far, months left out or filled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.findings import Finding
from attribution.reading.looks import another_unit, sums_since
from mmm import Panel

__all__ = ["costs_cover_year", "odd_costs"]

_FEWEST, _TIMES = 5, 3.0
_MOST = 0.8  # of the months between a kind's first and last, for those without a row to be left out by mistake
_QUARTERS = 3
_SHOWN = 5
_ENDS, _LATELY = 6, 3  # months of a kind before it ends, and months ago at most, for its end to be a gap
_YEAR = 365  # days


def costs_cover_year(costs: pd.DataFrame, panel: Panel) -> Finding:
    """Whether each month of the weekly table's last 52 weeks has a cost, without which no figure is fully loaded."""
    end = panel.dates[-1] + pd.Timedelta(days=panel.days - 1)
    months = pd.period_range(max(end - pd.Timedelta(days=_YEAR - 2), panel.dates[0]), end, freq="M")
    left = months.difference(pd.PeriodIndex(costs["month"], freq="M"))
    text = "Costs beside media cover the last 52 weeks of the weekly table."
    if len(left):
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        text = (
            f"Costs beside media have no row in {', '.join(map(str, left[:_SHOWN]))}{more}, in the last 52 weeks of "
            "the weekly table: no fully loaded CAC of the year is given. Add these months, 0 where nothing was spent."
        )
    return Finding("costs_cover_year", not len(left), float(len(left)), 0.0, text)


def odd_costs(costs: pd.DataFrame) -> Finding:
    """Whether each row holds what its own month cost, and no month of a kind is left out.

    Named are kinds whose cost never falls but where a year or quarter begins, and grows threefold; that stand still
    within every quarter; that are 0 throughout or, from some month on, of another size; that have no row in a few
    months between others; or that have ended shortly before the others.

    Parameters
    ----------
    costs
        ``month`` (its first day), ``kind`` and ``cost``, one row each.
    """
    looks = [
        f"{kind!r} {look}"
        for kind, rows in costs.groupby("kind", sort=False)
        for look in _looks(rows.set_index("month")["cost"].sort_index(), pd.Timestamp(costs["month"].max()))
    ]
    text = "Costs beside media have a row for each month and are no sums so far, by the look of them."
    if looks:
        more = f" and {len(looks) - _SHOWN} more" if len(looks) > _SHOWN else ""
        text = (
            f"Costs beside media: {'; '.join(looks[:_SHOWN])}{more}. Each row has to hold what its own month cost, and "
            "a month without a row costs nothing: correct them at the source, or leave it if it is true."
        )
    return Finding("odd_costs", not looks, float(len(looks)), 0.0, text)


def _looks(cost: pd.Series, end: pd.Timestamp) -> Iterator[str]:
    months = pd.DatetimeIndex(cost.index)
    gaps = np.diff(months.year * 12 + months.month)
    silent = (end.year - months[-1].year) * 12 + end.month - months[-1].month
    if 0 < silent <= _LATELY and len(gaps) >= _ENDS and gaps.max() == 1:
        yield f"ends with {months[-1]:%Y-%m}, where others go on to {end:%Y-%m}"
    every = pd.date_range(months[0], months[-1], freq="MS")
    left = every.difference(months)
    if len(left) and len(months) > _FEWEST and len(months) >= _MOST * len(every):
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        yield f"has no row in {', '.join(f'{month:%Y-%m}' for month in left[:_SHOWN])}{more}"
    series = cost.to_numpy(dtype=float)
    since, spent = sums_since(series, months, _FEWEST), series[series > 0]
    if not len(spent):
        yield "costs nothing in any month"
        return
    if (jump := another_unit(series)) is not None:
        yield f"is of another size altogether from {months[jump[0]]:%Y-%m} on, as in another unit"
    if since is not None and spent.max() >= _TIMES * spent.min():
        yield f"is a sum since {since}, for it never falls within that time"
    elif not len(left) and _by_quarter(series, months):
        yield "stands still within each quarter, as figures of quarters do that were filled down"


def _by_quarter(series: np.ndarray, months: pd.DatetimeIndex) -> bool:
    """Whether the cost changes where quarters begin, several times, and nowhere else."""
    moves, opens = np.diff(series) != 0, months[1:].month % 3 == 1
    return int(moves[opens].sum()) >= _QUARTERS and bool(np.mean(moves[opens]) > _MOST) and not moves[~opens].any()
