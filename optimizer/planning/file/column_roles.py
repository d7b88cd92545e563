"""From the columns that the plan file names to what they stand for in the mix model: media, controls, treatments."""

from __future__ import annotations

import pandas as pd

from mmm import Exposure, Panel, ReachFrequency, Treatment
from optimizer.planning.file.currencies import Rates
from optimizer.planning.file.keys.data import Reach, Weekly

__all__ = ["coming_columns", "in_plan_currency", "last_year", "levers_of", "media_of"]


def media_of(weekly: Weekly) -> dict[str, Exposure | ReachFrequency]:
    """Channel -> what drives it, organic channels last."""
    paid = {name: _medium(column, weekly.driven_by.get(name, column)) for name, column in weekly.channels.items()}
    return paid | {name: _medium(None, driver) for name, driver in weekly.delivered.items()}


def in_plan_currency(frame: pd.DataFrame, weekly: Weekly, rates: Rates) -> pd.DataFrame:
    """A table with the columns of spend, those that stand in another currency converted."""
    columns = {weekly.channels[channel]: rates.rate(code) for channel, code in weekly.currency_of.items()}
    return frame.assign(**{column: frame[column] * rate for column, rate in columns.items()})


def levers_of(weekly: Weekly) -> list[str | Treatment]:
    """Controls, then treatments."""
    return [*weekly.numbers, *(Treatment(column, baseline) for column, baseline in weekly.baselines.items())]


def coming_columns(weekly: Weekly) -> dict[str, str]:
    """Columns that a forecast needs to know for the coming weeks, and what the mix model calls them."""
    columns = {column: column for column in (*weekly.numbers, *weekly.baselines)}
    for name, driver in weekly.delivered.items():
        columns |= (
            {driver.reach: name, driver.frequency: f"{name}_frequency"} if isinstance(driver, Reach) else {driver: name}
        )
    return columns


def last_year(panel: Panel, rows: list[int], geo: int = 0) -> pd.DataFrame:
    """Some past rows of all that a forecast needs to know of a market, under the mix model's names."""
    table = dict(zip(panel.control_names, panel.controls[geo, rows].T, strict=True))
    for place, name in enumerate(panel.organic_channels, start=len(panel.channels)):
        table[name] = panel.media[geo, rows, place]
        if panel.frequency is not None and panel.by_reach[place]:
            table[f"{name}_frequency"] = panel.frequency[geo, rows, place]
    return pd.DataFrame(table)


def _medium(spend: str | None, driver: str | Reach) -> Exposure | ReachFrequency:
    if isinstance(driver, Reach):
        return ReachFrequency(spend, driver.reach, driver.frequency)
    return Exposure(spend, driver)
