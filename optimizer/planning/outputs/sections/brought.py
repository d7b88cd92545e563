"""What brought customers over the last year: shares of spend and of effect, costs, and how long effects last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from attribution.drawing.side_by_side import side_by_side
from attribution.estimates import Estimate
from mmm import Posterior
from mmm import plots as model
from optimizer.planning.outputs.sections.section import Figure, Section, Table
from optimizer.planning.stages.cac_readings import QUARTER, YEAR
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.result import Run

__all__ = ["BROUGHT"]

WITHIN = (1, 4, 8)
"""Weeks from the spend on, by which a share of its effect has come."""


def _view(run: Run) -> dict[str, Any] | None:
    if run.posterior is None or run.economics is None or run.economics.readings is None:
        return None
    readings = run.economics.readings
    year, following = readings[readings["period"] == YEAR], readings[readings["reading"] == "marginal"]
    blended = year[(year["reading"] == "blended") & (year["market"] == "")].iloc[0]
    spent, won = float(blended["spend"]), float(blended["customers"])
    channels = year[year["reading"] == "channel"]
    (organic,) = (_share(row, won) for _, row in year[year["reading"] == "organic"].iterrows())
    lasting = carryover_frame(run.posterior).set_index("channel")
    next_one = following.set_index("channel")
    last = readings[(readings["period"] == QUARTER) & (readings["reading"] == "channel")].set_index("channel")
    rows = [
        {
            "channel": row["channel"],
            "spend": row["spend"],
            "spend_share": row["spend"] / spent if spent else float("nan"),
            "effect_share": _figure(row, "effect_share"),
            "customers": _figure(row, "customers"),
            "share": _share(row, won),
            "cac": _figure(row, "cac"),
            "last": _of_quarter(last.loc[row["channel"]]),
            "marginal": _figure(next_one.loc[row["channel"]], "cac"),
            "within": [_figure(lasting.loc[row["channel"]], f"within_{weeks}_weeks") for weeks in WITHIN],
            "half_life": _figure(lasting.loc[row["channel"]], "half_life"),
        }
        for _, row in channels.iterrows()
    ]
    span = min(52, run.posterior.panel.periods // run.posterior.panel.per_week)
    volumes = [] if run.economics.volumes is None else [_of_volume(row) for _, row in run.economics.volumes.iterrows()]
    shown = {"rows": rows, "organic": organic, "customers": won, "span": span, "weeks": WITHIN, "volumes": volumes}
    return {"brought": shown}


def _of_quarter(row: Any) -> dict[str, Any]:
    return {"spend": row["spend"], "customers": _figure(row, "customers"), "cac": _figure(row, "cac")}


def _of_volume(row: Any) -> dict[str, Any]:
    per_thousand = _figure(row, "customers_per_thousand")
    return {
        "channel": row["channel"],
        "volume": row["volume"],
        "price": row["spend_per_thousand"],
        "customers": per_thousand,
    }


def _figure(row: Any, name: str) -> Estimate:
    return Estimate(float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"]))


def _share(row: Any, of: float) -> Estimate:
    figure = _figure(row, "customers")
    return Estimate(figure.point / of, figure.low / of, figure.high / of) if of else Estimate.exact(float("nan"))


def carryover_frame(posterior: Posterior) -> pd.DataFrame:
    """One row per channel: share of a week's effect that has come within some weeks, and weeks until half has."""
    half, per_week = posterior.half_life(), posterior.panel.per_week
    rows = []
    for channel, weights in posterior.carryover().items():
        row: dict[str, object] = {"channel": channel}
        for weeks in WITHIN:
            row |= Estimate.of(weights[: weeks * per_week].sum(axis=0)).flat(f"within_{weeks}_weeks")
        rows.append({**row, **Estimate.at(half, channel, "median").flat("half_life")})
    return pd.DataFrame(rows)


def _tables(run: Run) -> Iterator[Table]:
    if run.posterior is not None and run.economics is not None:
        yield Table("carryover.csv", carryover_frame(run.posterior))
        if run.economics.volumes is not None and len(run.economics.volumes):
            yield Table("effect_per_volume.csv", run.economics.volumes)


def _figures(run: Run) -> Iterator[Figure]:
    if run.posterior is None or run.economics is None or run.economics.readings is None:
        return
    order = order_of(run).of(run.posterior.channels)
    ranked, lasting = side_by_side(9.8, 1.3 + 0.27 * min(max(len(order), 6), model.SHOWN), (5, 4))
    model.ranks(by_quarter(run.economics.readings), ranked, order=order)
    model.carryovers(run.posterior, lasting, order=order)
    few = f" Of the {model.SHOWN} channels with most planned spend." if len(order) > model.SHOWN else ""
    caption = (
        "Left: which channel brought most, quarter by quarter, by the mean; ranks of channels whose intervals overlap "
        "may stand the other way round. Right: how soon a week's spend has its effect, half of it at the dotted line."
        f"{few}"
    )
    yield Figure("over-time", caption, ranked)


def by_quarter(readings: pd.DataFrame) -> pd.DataFrame:
    """Customers that channels brought by quarter; quarters that the table cuts short only where it has no other."""
    own = readings[(readings["reading"] == "channel") & ~readings["period"].isin([YEAR, QUARTER])]
    months = own.pivot_table(index="period", columns="channel", values="customers", sort=False)
    quarters = pd.PeriodIndex(months.index, freq="M").asfreq("Q")
    sums, size = months.groupby(quarters).sum(), months.groupby(quarters).size()
    whole = sums[size == 3]
    table = whole if len(whole) > 1 else sums
    return table.set_axis([f"{quarter.year} Q{quarter.quarter}" for quarter in table.index])


BROUGHT = Section("brought", "What each channel brought", _view, _figures, _tables)
