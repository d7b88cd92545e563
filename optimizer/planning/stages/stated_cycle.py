"""CAC matched to a sales cycle that the plan file states, and that cycle held against the log's."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.analysis.sales_cycle import ALL, SalesCycle
from attribution.arrays import Array, Ints
from attribution.economics import SalesLags
from attribution.economics.cac import cost_per
from attribution.estimates import Estimate
from attribution.findings import Finding
from attribution.numbers import counted, decimal, percent
from mmm import Panel, Posterior
from mmm.checks.pool import Pool

__all__ = ["cycle_as_stated", "matched_as_stated"]

_DRAWS = 400
_OFF = 0.1  # of the customers, by how many the two cycles may differ at any lag
_MONTH = 365.25 / 12


def matched_as_stated(lags: SalesLags, posterior: Posterior | Pool, seed: int = 0) -> pd.DataFrame:
    """Paid CAC by month, naive and matched; columns as of :func:`attribution.matched_cac`.

    Customers are those whom media won by the mix model, in the week in which they came; the cycle lays them back to the
    weeks whose spend won them.

    Raises
    ------
    BadInput
        Too few weeks for the cycle.
    """
    panel = posterior.panel
    label, weeks = np.arange(panel.periods) * panel.days // 7, panel.periods * panel.days // 7
    member = (np.arange(weeks)[:, None] == label[None, :]).astype(float)
    spend = member @ panel.national_spend.to_numpy(dtype=float)
    paid = _paid(posterior, label, weeks, seed)
    month = np.array([f"{day:%Y-%m}" for day in panel.dates[:: 7 // panel.days][:weeks]])
    parts = {ALL: list(range(len(panel.channels)))}
    parts |= {name: [place] for place, name in enumerate(panel.channels) if spend[:, place].sum() > 0}
    whole = [name for name in dict.fromkeys(month) if _is_whole(name, panel)]
    rows = []
    for name, own in parts.items():
        came = paid[own].sum(axis=0)
        won = lags.caused(spend[:, own], came, seed)
        so_far = won * lags.arrived(weeks)
        figures = (spend[:, own].sum(axis=1)[None], came, so_far, won)
        rows += [_row(each, name, *(one[:, month == each].sum(axis=1) for one in figures)) for each in whole]
    return pd.DataFrame(rows)


def _paid(posterior: Posterior | Pool, label: Ints, weeks: int, seed: int) -> Array:
    """Draws of the customers of each channel by week, shape (channels, draws, weeks)."""
    drawn = posterior.contributions_by([str(week) for week in label])
    frames = [drawn[str(week)][list(posterior.panel.channels)].to_numpy() for week in range(weeks)]
    picked = np.random.default_rng([seed, 13]).choice(len(frames[0]), _DRAWS, replace=len(frames[0]) < _DRAWS)
    return np.stack([frame[picked] for frame in frames], axis=-1).swapaxes(0, 1)


def _row(month: str, channel: str, spend: Array, came: Array, so_far: Array, won: Array) -> dict[str, object]:
    """Draws of one channel's month: who came in it, and whom its spend won, so far and in all."""
    money = float(spend[0])
    naive, matched = float(cost_per(money, max(float(came.mean()), 0.0))), Estimate.cost(money, won)
    return {
        "month": month,
        "channel": channel,
        "spend": money,
        "customers_of_month": float(came.mean()),
        "naive_cac": naive,
        "customers_so_far": float(so_far.mean()),
        **Estimate.of(won).flat("customers_matched"),
        **matched.flat("matched_cac"),
        "difference": naive / matched.point - 1 if matched.known else np.nan,
    }


def _is_whole(month: str, panel: Panel) -> bool:
    """Whether the table holds all weeks that begin in a month."""
    period, last = pd.Period(month, "M"), panel.dates[-1] + pd.Timedelta(days=panel.days)
    return bool(panel.dates[0] < period.start_time + pd.Timedelta(days=7)) and bool(last > period.end_time)


def cycle_as_stated(lags: SalesLags, cycle: SalesCycle) -> Finding:
    """Whether the log has customers come as late as the plan file states."""
    gone = cycle.converted.sum(axis=(0, 1))
    at_risk = np.cumsum((gone + cycle.waiting.sum(axis=(0, 1)))[::-1])[::-1]
    stay = 1 - np.divide(gone, at_risk, out=np.zeros_like(gone), where=at_risk > 0)
    come = 1 - np.cumprod(stay)
    days = np.arange(len(come)) + 1.0
    whole = come[-1] if come[-1] > 0 else 1.0
    months = max(int(np.ceil(days[-1] / _MONTH)), int(np.ceil(len(lags.shares) * 7 / _MONTH))) + 1
    start = _MONTH * (np.arange(60) + 0.5) / 60
    ends = np.arange(1, months + 1)[:, None] * _MONTH - start[None, :]
    seen = np.interp(ends, np.concatenate([[0.0], days]), np.concatenate([[0.0], come / whole])).mean(axis=1)
    stated = np.cumsum(lags.months(months))
    most = int(np.argmax(np.abs(seen - stated)))
    off = float(seen[most] - stated[most])
    mean = float(np.diff(np.concatenate([[0.0], come / whole])) @ (days - 0.5)) / 7
    text = (
        f"By the log {percent(seen[most])} of customers come within {counted(most + 1, 'calendar month')} of the first "
        f"touch, and {percent(stated[most])} as the plan file states; {decimal(mean, 1)} weeks in the mean against "
        f"{decimal(lags.mean + 0.5, 1)}."
    )
    if abs(off) > _OFF:
        text += " Correct economics.sales_cycle where the log is right; it knows only who touched, and when first."
    return Finding("sales_cycle_as_stated", abs(off) <= _OFF, off, _OFF, text)
