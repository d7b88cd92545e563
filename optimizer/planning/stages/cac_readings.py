"""CAC in all its readings by month, each from the same spend, costs and customers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.economics.cac import Business
from attribution.estimates import Estimate
from mmm import Panel, Posterior
from mmm.checks.pool import Pool

__all__ = ["QUARTER", "YEAR", "cac_readings", "costs_by_period"]

_COLUMNS = [
    *("period", "reading", "market", "channel", "spend", "costs"),
    *(f"{name}{end}" for name in ("customers", "cac", "effect_share") for end in ("", "_low", "_high")),
]

YEAR, QUARTER = "last 52 weeks", "last 13 weeks"
"""What the periods of the sums are called."""


def cac_readings(posterior: Posterior | Pool, costs: pd.DataFrame | None = None) -> pd.DataFrame:
    """CAC by month of the weekly table, over its last year and over its last quarter.

    Parameters
    ----------
    posterior
        Of the weekly table.
    costs
        Costs beside media by month and kind; None for no fully loaded CAC.

    Returns
    -------
    pandas.DataFrame
        ``period``, ``reading``, ``market``, ``channel``, ``spend``, ``costs``, ``customers`` and ``cac`` with 90 %
        intervals. Readings: ``blended`` (media spend over all customers), ``fully loaded`` (costs added), ``paid``
        (media spend over those whom media won), ``paid, fully loaded``, ``channel``, ``organic`` (customers, who cost
        nothing by themselves) and ``marginal``, a channel's next customer at the spend of the last weeks. Of a market
        only what its rows show: blended. A month has the weeks that begin in it. ``effect_share`` is a channel's part
        of what paid media brought, with its interval.
    """
    panel = posterior.panel
    months = [f"{date:%Y-%m}" for date in panel.dates]
    year, quarter = (_last(panel, weeks, name) for weeks, name in ((52, YEAR), (13, QUARTER)))
    by_period = None if costs is None else costs_by_period(costs, panel)
    rows: list[dict[str, object]] = []
    for labels in (months, year, quarter):
        drawn = posterior.contributions_by(labels)
        for period in dict.fromkeys(labels):
            if period:
                inside = np.array([label == period for label in labels])
                rows += list(_of_period(period, panel, inside, drawn[period], by_period))
    rows += list(_marginal(posterior.marginal_cac()))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _last(panel: Panel, weeks: int, name: str) -> list[str]:
    return [name if at >= panel.periods - weeks * panel.per_week else "" for at in range(panel.periods)]


def costs_by_period(costs: pd.DataFrame, panel: Panel) -> Array:
    """Costs of each period of the panel, a month's divided evenly between its days; NaN where no cost is stated."""
    by_month = costs.groupby("month")["cost"].sum()
    days = panel.dates.repeat(panel.days) + pd.to_timedelta(np.tile(np.arange(panel.days), panel.periods), unit="D")
    starts = days.to_period("M").to_timestamp()
    each = by_month.reindex(starts).to_numpy(dtype=float) / days.days_in_month.to_numpy()
    return np.asarray(each.reshape(panel.periods, panel.days).sum(axis=1))


def _of_period(
    period: str, panel: Panel, inside: Array, drawn: pd.DataFrame, costs: Array | None
) -> Iterator[dict[str, object]]:
    spend = panel.national_spend[inside].sum()
    total, customers = float(spend.sum()), float(panel.kpi[:, inside].sum())
    paid = drawn[list(panel.channels)].to_numpy().sum(axis=1)
    extra = float("nan") if costs is None else float(costs[inside].sum())
    row = {"period": period, "market": "", "channel": "", "spend": total, "costs": np.nan}
    everybody = np.full(1, customers)
    yield {**row, "reading": "blended", **_cost(total, everybody)}
    yield {**row, "reading": "paid", **_cost(total, paid)}
    if extra == extra:
        loaded = {**row, "costs": extra}
        yield {**loaded, "reading": "fully loaded", **_cost(float(Business(extra).outlay(total)), everybody)}
        yield {**loaded, "reading": "paid, fully loaded", **_cost(float(Business(extra).outlay(total)), paid)}
    organic = Estimate.of(customers - paid).flat("customers")
    yield {**row, "reading": "organic", "spend": 0.0, **organic, **Estimate.exact(np.nan).flat("cac")}
    for channel in panel.channels:
        own = drawn[channel].to_numpy()
        part = np.divide(own, paid, out=np.full(len(own), np.nan), where=paid > 0)
        yield {
            **row,
            "reading": "channel",
            "channel": channel,
            "spend": float(spend[channel]),
            **_cost(float(spend[channel]), own),
            **Estimate.of(part).flat("effect_share"),
        }
    for place, market in enumerate(panel.geos if len(panel.geos) > 1 else ()):
        won, money = float(panel.kpi[place, inside].sum()), float(panel.spend[place, inside].sum())
        yield {**row, "reading": "blended", "market": market, "spend": money, **_cost(money, np.full(1, won))}


def _marginal(table: pd.DataFrame) -> Iterator[dict[str, object]]:
    for channel in map(str, table.index):
        next_one = Estimate.at(table, channel, "median").flat("cac")
        yield {"period": "next customer", "reading": "marginal", "market": "", "channel": channel, **next_one}


def _cost(outlay: float, customers: Array) -> dict[str, float]:
    return {**Estimate.of(customers).flat("customers"), **Estimate.cost(outlay, customers).flat("cac")}
