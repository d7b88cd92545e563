"""Conversions of the path log held against the KPI, week by week: two counts of the same customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.findings import Finding
from attribution.numbers import amount, percent
from mmm import Panel
from mmm.arrays import Array

if TYPE_CHECKING:
    import ibis

__all__ = ["LogAgainstKPI", "log_against_kpi"]

_DAY = 86_400_000_000  # microseconds
_LEAST, _MOST = 0.5, 1.1
_LONG, _APART, _CLOSE, _MORE = 10, 2, 0.8, 0.4


@dataclass(frozen=True)
class LogAgainstKPI:
    """Both counts.

    Parameters
    ----------
    weeks
        One row per period that the log covers whole: its first day, the KPI, the log's conversions, their difference
        and the difference as a share of the KPI.
    finding
        Whether they agree as far as is asked.
    """

    weeks: pd.DataFrame
    finding: Finding


def log_against_kpi(conversions: ibis.Table, panel: Panel, within: float | None) -> LogAgainstKPI | None:
    """Hold the conversions of a log against the KPI.

    Parameters
    ----------
    conversions
        Checked events with ``time`` (microseconds since 1970, UTC) and ``conversions``.
    panel
        The weekly table.
    within
        Share of the KPI by which their sums may differ; None: the log may hold from half to 1.1 times the KPI, for few
        logs see every customer.

    Returns
    -------
    None where they have no whole period in common.
    """
    start = int(panel.dates[0].value // 1000)
    length = panel.days * _DAY
    time = conversions.time
    counted = conversions.group_by(period=((time - start) / length).floor().cast("int64")).aggregate(
        conversions=conversions.conversions.sum(), first=time.min(), last=time.max()
    )
    counts = counted.execute().set_index("period")
    first = max(-((start - _midnight(counts["first"].min())) // length), 0)
    last = min((_midnight(counts["last"].max()) + _DAY - start) // length, panel.periods)
    if last <= first:
        return None
    periods = np.arange(first, last)
    weeks = pd.DataFrame({"week": panel.dates[periods], "kpi": panel.kpi.sum(axis=0)[periods]})
    weeks["log"] = counts["conversions"].reindex(periods, fill_value=0).to_numpy(dtype=float)
    weeks["difference"] = weeks["log"] - weeks["kpi"]
    weeks["share"] = weeks["difference"] / weeks["kpi"].where(weeks["kpi"] > 0)
    return LogAgainstKPI(weeks, _finding(weeks, within, panel))


def _midnight(moment: object) -> int:
    """Start of the day of a moment, so that a log of whole days begins with its first one."""
    return int(str(moment)) // _DAY * _DAY


def _out_of_step(weeks: pd.DataFrame) -> int:
    """By how many periods the KPI comes after the log's conversions; 0 where they agree best as they stand."""
    kpi, logged = (np.asarray(weeks[name], dtype=float) for name in ("kpi", "log"))
    if len(kpi) < _LONG:
        return 0
    agree = {shift: _correlation(kpi, logged, shift) for shift in range(-_APART, _APART + 1)}
    best = max(agree, key=lambda shift: agree[shift])
    return best if agree[best] > _CLOSE and agree[best] - agree[0] > _MORE else 0


def _correlation(kpi: Array, logged: Array, shift: int) -> float:
    """Of the KPI with the log so many periods before it, trends taken out by differences."""
    left, right = (kpi[shift:], logged[: len(logged) - shift]) if shift >= 0 else (kpi[:shift], logged[-shift:])
    left, right = np.diff(left), np.diff(right)
    if left.std() == 0 or right.std() == 0:
        return 0.0
    return float(np.corrcoef(left, right)[0, 1])


def _finding(weeks: pd.DataFrame, within: float | None, panel: Panel) -> Finding:
    kpi, logged = float(weeks["kpi"].sum()), float(weeks["log"].sum())
    share = logged / kpi if kpi > 0 else float("inf")
    least, most = (_LEAST, _MOST) if within is None else (1 - within, 1 + within)
    last = weeks["week"].iloc[-1] + pd.Timedelta(days=panel.days - 1)
    text = (
        f"From {weeks['week'].iloc[0]:%Y-%m-%d} to {last:%Y-%m-%d} the log has {amount(logged)} conversions and the "
        f"weekly table {amount(kpi)} {panel.kpi_name} ({percent(share)})."
    )
    if share > most:
        text += " More in the log than there are: orders in place of customers, several markets, or conversions twice."
    elif share < least:
        text += " The log misses some of them; its credit is of those it saw."
    if not least <= share <= most:
        worst = weeks.iloc[int(weeks["difference"].abs().to_numpy().argmax())]
        text += f" The largest difference, {amount(worst['difference'])}, is from {worst['week']:%Y-%m-%d} on."
    if (shift := _out_of_step(weeks)) != 0:
        when = "later" if shift > 0 else "earlier"
        text += (
            f" The table's figures follow the log's as they stand {abs(shift)} periods {when}: one of the two is dated "
            "by another day, such as the end of a week or the day of shipment."
        )
        return Finding("log_against_kpi", False, share, most if share >= 1 else least, text)
    return Finding("log_against_kpi", least <= share <= most, share, most if share >= 1 else least, text)
