"""What simulated worlds have besides media: calendar, season, holidays, controls and organic customers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmm.arrays import Array
from mmm.simulate.channels import autoregressive

__all__ = ["LAST_WEEK", "RUN_IN", "UPCOMING", "controls_of", "holidays_of", "mondays", "organic_of", "season_of"]

LAST_WEEK = "2026-09-21"
UPCOMING = 13
RUN_IN = 26
"""Weeks of spend before the first observed one, so that carryover does not start from nothing."""


def mondays(weeks: int) -> pd.DatetimeIndex:
    """Mondays: run-in, observed, upcoming."""
    total = RUN_IN + weeks + UPCOMING
    start = pd.Timestamp(LAST_WEEK) - pd.Timedelta(days=7 * (RUN_IN + weeks - 1))
    return pd.date_range(start, periods=total, freq="7D", name="week")


def season_of(calendar: pd.DatetimeIndex) -> Array:
    """Yearly season of demand: high in late autumn, low in summer; from about -1 to 1."""
    turn = 2 * np.pi * (calendar.day_of_year.to_numpy(dtype=float) + 3) / 365.25
    return np.asarray(0.8 * np.cos(turn + 0.5) + 0.25 * np.sin(2 * turn), dtype=float)


def holidays_of(calendar: pd.DatetimeIndex) -> Array:
    """1 in the weeks of Christmas, New Year and Easter, when fewer people buy."""
    days = []
    for year in calendar.year.unique():
        new_year = pd.Timestamp(int(year), 1, 1)
        days += [new_year, pd.Timestamp(int(year), 12, 25), pd.offsets.Easter().rollforward(new_year)]
    mondays = {day - pd.Timedelta(days=day.weekday()) for day in days}
    return calendar.isin(list(mondays)).astype(float)


def controls_of(calendar: pd.DatetimeIndex, rng: np.random.Generator) -> pd.DataFrame:
    """Price index (100: usual), competitors' activity (0 to 100) and sale weeks, planned ones included."""
    sale = ((calendar.month == 11) & (calendar.day >= 18)) | ((calendar.month == 6) & (calendar.day <= 14))
    price = 100 + autoregressive(len(calendar), 0.9, rng) * 3 - 6 * sale
    rivals = np.clip(45 + autoregressive(len(calendar), 0.7, rng) * 14, 0, 100)
    columns = {"price_index": np.round(price, 1), "competitor_activity": np.round(rivals, 1), "sale": sale.astype(int)}
    return pd.DataFrame(columns, index=calendar)


def organic_of(calendar: pd.DatetimeIndex, controls: pd.DataFrame, level: float, weeks: int) -> Array:
    """Expected organic customers: trend, season, holidays and controls add up."""
    years = (np.arange(len(calendar)) - RUN_IN - weeks / 2) / 52.18
    relative = 1 + 0.05 * years + 0.16 * season_of(calendar) - 0.14 * holidays_of(calendar)
    relative += 0.25 * controls["sale"].to_numpy()
    relative -= 0.014 * (controls["price_index"].to_numpy() - 100)
    relative -= 0.0035 * (controls["competitor_activity"].to_numpy() - 45)
    return np.asarray(level * np.maximum(relative, 0.1), dtype=float)
