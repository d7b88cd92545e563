"""The example company's files: ``python -m mmm.simulate.example examples/quarter --seed 7``."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attribution.files import write_whole
from attribution.numbers import amount
from mmm.simulate.cohorts import Staying, cohort_table, staying_of
from mmm.simulate.funnel import funnel_table
from mmm.simulate.lift_tests import lift_tests
from mmm.simulate.orders import order_table
from mmm.simulate.platform_reports import platform_reports
from mmm.simulate.weekly_world import WorldTruth, world

__all__ = ["main", "write_example"]

_JOURNEY_WEEKS = 52
_TESTED = ("paid_social",)
_PLATFORMS = ("paid_social", "generic_search", "brand_search", "online_video", "display", "retargeting", "affiliate")
_COHORT_MONTHS = 24
_FUNNEL_WEEKS = 104
_HORIZON, _DISCOUNT = 36, 0.1
_COSTS = {"salaries": 82_000, "agencies": 36_000, "tools": 15_000}  # EUR a month
_PURPOSE = "The truth behind the simulated example. Only for measuring results against it: no analysis may read it."


def write_example(folder: Path, seed: int = 7) -> list[Path]:
    """Write the company's tables of weeks, tests, platforms, cohorts, costs and funnel, its log and orders, truth.json.

    The same seed and versions give the same bytes on one machine, and the same figures up to their last digits on
    another processor; each file is written whole or not at all.

    Parameters
    ----------
    folder
        Made if it is not there.
    seed
        Seed of the world.

    Returns
    -------
    The files.
    """
    data, truth = world(seed, journey_weeks=_JOURNEY_WEEKS)
    folder.mkdir(parents=True, exist_ok=True)
    acquired = _acquired(truth)
    staying = staying_of(list(acquired.columns), np.random.default_rng([seed, 21]))
    cohorts = cohort_table(acquired, staying, np.random.default_rng([seed, 22]))
    funnel = funnel_table(truth.causes.tail(_FUNNEL_WEEKS), np.random.default_rng([seed, 23]))
    written = [
        _text(folder / "cohorts.csv", _csv(cohorts)),
        _text(folder / "costs.csv", _csv(_costs(acquired.index))),
        _text(folder / "funnel.csv", _csv(funnel)),
        _text(folder / "weekly.csv", _csv(data.weekly)),
        _text(folder / "upcoming.csv", _csv(data.upcoming)),
        _text(folder / "lift_tests.csv", _csv(lift_tests(truth, _TESTED, seed=seed).round(1))),
        _text(folder / "truth.json", json.dumps(summary(truth, seed, staying), indent=1) + "\n"),
    ]
    if data.journeys is not None:
        written.append(_text(folder / "platform_reports.csv", _csv(platform_reports(data.journeys, _PLATFORMS))))
        written.append(_parquet(folder / "touchpoints.parquet", data.journeys.touchpoints))
        written.append(_parquet(folder / "conversions.parquet", data.journeys.conversions))
    if data.journeys is not None and truth.journeys is not None:
        rng = np.random.default_rng([seed, 24])
        orders = order_table(data.journeys.conversions, truth.journeys.people, staying, rng)
        written.append(_parquet(folder / "orders.parquet", orders, {"customer": "PLAIN", "date": "PLAIN"}))
    return written


def _acquired(truth: WorldTruth) -> pd.DataFrame:
    """Customers by month and cause of the last months; weeks count in the month of their first day."""
    months = pd.DatetimeIndex(truth.causes.index).to_period("M").to_timestamp()
    return truth.causes.groupby(months).sum().tail(_COHORT_MONTHS)


def _costs(months: pd.Index) -> pd.DataFrame:
    """Costs beside media, the same every month."""
    rows = [(month, kind, cost) for month in months for kind, cost in _COSTS.items()]
    return pd.DataFrame(rows, columns=["month", "kind", "cost"])


def summary(truth: WorldTruth, seed: int, staying: Sequence[Staying] = ()) -> dict[str, Any]:
    """What truth.json holds: JSON types only, customers and EUR rounded to readable digits."""
    now = truth.spend_now()
    curves = truth.curves()
    channels = {
        medium.name: {
            "contribution": round(float(truth.contributions[medium.name]), 1),
            "cac": round(float(truth.cac[medium.name]), 2),
            "adstock_decay": round(medium.decay, 4),
            "spend_latest_13_weeks": float(now[medium.name]),
            "marginal_cac_there": round(float(truth.marginal_cac(now)[medium.name]), 2),
            "carried_into_next_13_weeks": round(float(truth.carried_in[medium.name]), 2),
            "curve_13_weeks": {
                "family": type(curves[medium.name]).__name__,
                **{name: float(value) for name, value in curves[medium.name].parameters.items()},
            },
        }
        for medium in truth.media
    }
    incremental = {} if truth.journeys is None else truth.journeys.incremental.astype(int).to_dict()
    return {
        "purpose": _PURPOSE,
        "seed": seed,
        "weeks": len(truth.effects),
        "organic_customers": round(float(truth.effects["organic"].sum()), 1),
        "organic_customers_next_13_weeks": [round(float(value), 1) for value in truth.upcoming_organic],
        "blended_cac_of_media_at_latest_spend": round(truth.blended_cac(now), 3),
        "channels": channels,
        "incremental_customers_latest_52_weeks": incremental,
        "lifetime_value_36_months": {one.cause: round(one.value(_HORIZON, _DISCOUNT), 2) for one in staying},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m mmm.simulate.example", description="Write a simulated company's files."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(arguments)
    for path in write_example(given.folder, given.seed):
        sys.stdout.write(f"{amount(path.stat().st_size):>10} bytes  {path}\n")
    return 0


def _csv(table: pd.DataFrame) -> str:
    whole = {name: "int64" for name in table.columns if table[name].dtype.kind == "f" and (table[name] % 1 == 0).all()}
    return table.astype(whole).to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n")


def _text(path: Path, text: str) -> Path:
    write_whole(path, text)
    return path


def _parquet(path: Path, table: pd.DataFrame, encodings: dict[str, str] | None = None) -> Path:
    """A file whose columns are dictionaries, but for those whose encoding is smaller."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    whole = io.BytesIO()
    kept = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    if "date" in table:
        kept = kept.set_column(table.columns.get_loc("date"), "date", kept["date"].cast(pa.date32()))
    plain = encodings or ({"time": "DELTA_BINARY_PACKED"} if "time" in table else {})
    pq.write_table(
        kept,
        whole,
        compression="zstd",
        compression_level=15,
        use_dictionary=[name for name in table.columns if name not in plain],
        column_encoding=plain,
    )
    write_whole(path, whole.getvalue())
    return path


if __name__ == "__main__":
    sys.exit(main())
