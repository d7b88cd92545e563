"""Claims of platforms that are no counts by the look of them: rates, and shares that channels have of a whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.errors import Problem
from attribution.findings import Finding
from attribution.numbers import amount, percent
from attribution.reading.looks import sums_since
from mmm import Panel
from optimizer.planning.file.keys.data import PlatformReports
from optimizer.planning.inputs.days import customers_by_day, daily_of

__all__ = ["odd_claims", "shares_or_rates"]

_WHOLES, _NEAR = {1.0: "1", 100.0: "100"}, 0.015
_PERIODS, _CUSTOMERS = 4, 10.0  # rows of time, and customers in each, for a whole or a rate to be told
_MOST, _SOME = 0.9, 0.5
_TIMES = 5.0  # what spend has of all spend over what claims have of all customers
_HIGHEST = 100.0  # per cent
_RISES, _GROWN = 8, 3.0  # steps, and times the least figure, for sums so far


def shares_or_rates(section: PlatformReports, frame: pd.DataFrame, per_row: float) -> Iterator[Problem]:
    """Tables that no counts could be.

    Parameters
    ----------
    section, frame
        The table.
    per_row
        Customers of all channels, in the mean of what a row covers.
    """
    if section.are_counts:
        return
    values = frame[section.conversions].to_numpy(dtype=float)
    remedy = (
        "give the number of conversions that the platform claims in each period, or state are_counts: true where "
        "these are counts, of which data-driven ones are fractions."
    )
    by_date = frame.groupby(section.date)[section.conversions].agg(["sum", "size"])
    sums = by_date["sum"][by_date["size"] > 1]
    for whole, said in _WHOLES.items():
        if len(sums) >= _PERIODS and (np.abs(sums / whole - 1) < _NEAR).mean() > _MOST and np.ptp(values) > 0:
            text = f"the channels' figures are {said} together in each {section.period}: shares, and no conversions."
            yield Problem(section.path.name, text, section.conversions, remedy=remedy)
            return
    if len(values) >= _PERIODS and per_row >= _CUSTOMERS and values.max() <= 1 and _fractions(values) > _SOME:
        text = f"holds rates or shares, for no figure is above 1 where {amount(per_row)} customers came in the mean."
        yield Problem(section.path.name, text, section.conversions, remedy=remedy)


def _fractions(values: Array) -> float:
    some = values[values > 0]
    return float(np.mean(some % 1 != 0)) if len(some) else 0.0


def _sums_since(frame: pd.DataFrame, rows: pd.Series, date: str) -> str | None:
    """Since when a channel's figures are sums so far; None where they are none."""
    ordered = pd.Series(rows.to_numpy(dtype=float), pd.DatetimeIndex(frame.loc[rows.index, date])).sort_index()
    some = ordered[ordered > 0]
    if len(some) <= _RISES or some.max() < _GROWN * some.min():
        return None
    return sums_since(ordered.to_numpy(), pd.DatetimeIndex(ordered.index), _RISES)


def odd_claims(section: PlatformReports, frame: pd.DataFrame, by_day: pd.DataFrame, panel: Panel) -> Finding:
    """Whether claims of channels look like counts.

    Named are channels whose figures are fractions of at most 100 that claim far less of the customers than spend has of
    all spend, as rates in per cent are; and those whose figures never fall and grow threefold, as sums so far.

    Parameters
    ----------
    section, frame
        The table.
    by_day
        Its claims, days x channels.
    panel
        The weekly table.
    """
    kpi, spend = customers_by_day(panel), daily_of(panel.national_spend, panel.days)
    looks = {}
    counted = frame.iloc[:0] if section.are_counts else frame
    for channel, rows in counted.groupby(counted[section.channel].astype(str), sort=False)[section.conversions]:
        if (since := _sums_since(frame, rows, section.date)) is not None:
            looks[str(channel)] = f"{channel} has sums since {since}, for they never fall within that time"
            continue
        claimed = by_day[channel].dropna()
        claimed = claimed[claimed.index.isin(kpi.index)]
        spent, came = spend.loc[claimed.index].sum(), float(kpi.loc[claimed.index].sum())
        if not (spent.sum() > 0 and came > 0) or rows.nunique() < _PERIODS or rows.max() > _HIGHEST:
            continue
        share, of_spend = float(claimed.sum()) / came, float(spent[channel] / spent.sum())
        if _fractions(rows.to_numpy(dtype=float)) > _SOME and of_spend > _TIMES * share:
            looks[str(channel)] = (
                f"{channel} has rates in per cent, for its figures are mostly fractions up to 100 and claim "
                f"{percent(share)} of customers with {percent(of_spend)} of the spend"
            )
    text = "What platforms claim is counts of conversions, by the look of it."
    if looks:
        text = (
            f"Claims of platforms that are no counts, by the look of them: {'; '.join(looks.values())}. Give the "
            "number of conversions of each period, or leave them if they are."
        )
    return Finding("odd_claims", not looks, float(len(looks)), 0.0, text, tuple(looks))
