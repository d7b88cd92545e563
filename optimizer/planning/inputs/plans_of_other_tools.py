"""Plans as Robyn, Meridian and PyMC-Marketing write them: which table it is, and what its spend covers.

Columns are those of Robyn's `robyn_allocator` (``dt_optimOut``, written as ``<model>_reallocated.csv``; R/R/allocator.R
of facebookexperimental/Robyn), of Meridian's ``OptimizationResults.optimized_data`` (meridian/analysis/optimizer.py of
google/meridian, 2.1) and of PyMC-Marketing's ``optimize_budget`` and ``sample_response_distribution``
(pymc_marketing/mmm of pymc-labs/pymc-marketing, 1.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from attribution import Engine, Query
from attribution.errors import BadInput, Problem
from attribution.numbers import significant
from attribution.reading.cells import cells_of
from attribution.reading.encodings import in_encoding
from attribution.reading.netcdf import NetCDF, read_netcdf
from optimizer.planning.file.keys.plan import GivenTable

__all__ = ["FORMS", "PlanTable", "plan_table"]

FORMS = (
    "plans are known by their columns: channel and spend; a run's own channel and spend_planned; Robyn's channels and "
    "optmSpendUnit; Meridian's channel, spend and pct_of_spend; PyMC-Marketing's channel and allocation."
)
_DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "quarter": 365.25 / 4, "year": 365.25}
_OF_MERIDIAN = ("pct_of_spend", "incremental_outcome", "mroi", "cpik")
_UNNAMED = "__xarray_dataarray_variable__"  # what xarray calls an array without a name
_OF_PYMC = ("allocation", "budgets", _UNNAMED)


@dataclass(frozen=True)
class PlanTable:
    """Where channels and spend of a plan stand, and how many weeks its spend is for.

    Parameters
    ----------
    source
        The table, as it is read by contract.
    channel, market, spend
        Its columns; no market where it has none.
    weeks
        That its spend is for; None for those of the horizon.
    says
        How it was read, where that is not plain.
    """

    source: Path | Query | pd.DataFrame
    channel: str
    spend: str
    market: str | None = None
    weeks: float | None = None
    says: str = ""

    def over(self, horizon: int) -> float:
        """What spend is multiplied with to be that of a horizon of so many weeks."""
        return 1.0 if self.weeks is None else horizon / self.weeks


def plan_table(table: GivenTable, folder: Path, per_week: int, engine: Engine | None = None) -> PlanTable:
    """What a table of somebody's plan is.

    Parameters
    ----------
    table
        What the plan file says of it; columns that it names are taken as they are.
    folder
        Where relative paths start.
    per_week
        Periods of the weekly table in a week, 7 of a daily one.
    engine
        Settings of DuckDB.

    Raises
    ------
    BadInput
        The file cannot be read; a plan of Meridian does not say which weeks it is for.
    """
    source = table.path if isinstance(table.path, Query) else folder / table.path
    own = PlanTable(source, table.channel, table.spend, table.market, table.weeks)
    if isinstance(source, Path) and source.suffix.lower() in (".nc", ".nc4", ".netcdf"):
        return _of_netcdf(read_netcdf(source), table, per_week)
    if (table.channel, table.spend) != ("channel", "spend") or isinstance(source, Query):
        return own
    cells = cells_of(in_encoding(source, table.format.encoding if table.format else None), engine=engine)
    columns = [str(column).strip() for column in cells.frame.columns]
    if {"channels", "optmSpendUnit"} <= set(columns):
        return _of_robyn(source, cells.frame, table.weeks, per_week)
    if {"channel", "spend_now", "spend_planned"} <= set(columns) and "spend" not in columns:
        says = "Read as the plan of a run: spend_planned is its spend."
        return PlanTable(source, "channel", "spend_planned", table.market, table.weeks, says)
    if "channel" in columns and "spend" in columns and any(name in columns for name in _OF_MERIDIAN):
        first = cells.frame.drop_duplicates(["channel", "spend"])  # a row for each of mean, median and interval
        first.attrs["name"] = cells.name
        return _of_meridian(first, table.weeks, cells.name)
    spent = [name for name in _OF_PYMC if name in columns]
    if "channel" in columns and "spend" not in columns and spent:
        return _per_period(source, table, spent[0], per_week)
    return own


def _of_robyn(source: Path, frame: pd.DataFrame, weeks: float | None, per_week: int) -> PlanTable:
    units = sorted(set(_units(frame["periods"]))) if "periods" in frame else []
    if weeks is None and len(units) == 1:
        weeks = _DAYS[units[0]] / 7
    per = f"per {units[0]}" if len(units) == 1 else "per period of the weekly table"
    says = f"Read as a plan of Robyn: optmSpendUnit is spend {per}."
    return PlanTable(source, "channels", "optmSpendUnit", None, weeks or 1 / per_week, says)


def _units(cells: Iterable[object]) -> list[str]:
    said = [re.fullmatch(r"\s*\d+\s+(day|week|month|quarter|year)s?\s*", str(cell)) for cell in cells]
    return [match[1] for match in said if match]


def _of_meridian(frame: pd.DataFrame, weeks: float | None, name: str) -> PlanTable:
    if weeks is None:
        text = "is Meridian's, and does not say for how many weeks its spend is."
        remedy = (
            "state it, --weeks 52 or weeks: 52, from the start_date to the end_date of its optimization; or write the "
            "whole of it, optimized_data.to_netcdf('plan.nc'), which keeps the dates."
        )
        raise BadInput(Problem(name, text, "spend", remedy=remedy))
    return PlanTable(frame, "channel", "spend", None, weeks, "Read as a plan of Meridian.")


def _per_period(
    source: Path | pd.DataFrame, table: GivenTable, column: str, per_week: int, market: str | None = None
) -> PlanTable:
    says = "Read as a plan of PyMC-Marketing: its allocation is spend per period."
    return PlanTable(source, "channel", column, market or table.market, table.weeks or 1 / per_week, says)


def _of_netcdf(file: NetCDF, table: GivenTable, per_week: int) -> PlanTable:
    by_channel = {name: dims for name, dims in file.dims.items() if "channel" in dims and name not in dims}
    if "spend" in by_channel and any(name in by_channel for name in _OF_MERIDIAN):
        frame = _named(file, "spend")
        first, last = (_day(file.attributes.get(key)) for key in ("start_date", "end_date"))
        if table.weeks is not None or first is None or last is None:
            return _of_meridian(frame, table.weeks, file.name)
        weeks = ((last - first).days + 7 / per_week) / 7
        says = f"Read as a plan of Meridian for {first:%Y-%m-%d} to {last:%Y-%m-%d}, {significant(weeks)} weeks."
        return PlanTable(frame, "channel", "spend", None, weeks, says)
    names = [name for name in (*_OF_PYMC, *by_channel) if name in by_channel and len(by_channel[name]) <= 2]
    if not names:
        raise BadInput(Problem(file.name, "has no spend by channel.", remedy=f"{_listed(file.values)}; {FORMS}"))
    others = [dim for dim in by_channel[names[0]] if dim != "channel"]
    return _per_period(_named(file, names[0]), table, names[0], per_week, *others)


def _named(file: NetCDF, variable: str) -> pd.DataFrame:
    frame = file.table(variable)
    frame.attrs["name"] = file.name
    return frame


def _day(said: object) -> pd.Timestamp | None:
    day = pd.to_datetime(str(said), errors="coerce") if said is not None else pd.NaT
    return None if pd.isna(day) else day


def _listed(names: Iterable[str], most: int = 15) -> str:
    shown: Sequence[str] = list(names)
    return f"its variables: {', '.join(shown[:most]) or 'none'}"
