"""What speaks against a set of exports: days without a row, totals not reached, files that end early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from attribution.findings import Finding
from attribution.numbers import amount
from mmm.data.customers import Outcome
from mmm.data.spend_sources import SpendSource

__all__ = ["coverage", "export_findings"]

_GAP = 7
_CUT = 14


def export_findings(
    spend: Sequence[SpendSource],
    daily: pd.DataFrame,
    outcome: Outcome,
    wanted: pd.DatetimeIndex,
    cut: Mapping[str, int],
    difference: int,
) -> tuple[Finding, ...]:
    """Checks of the files that a weekly table was assembled of.

    Parameters
    ----------
    spend, outcome
        The files.
    daily
        Their spend by day.
    wanted
        First days of the weeks of the table.
    cut
        Source -> days by which it makes the table shorter than the others would.
    difference
        Millionths of spend in the files that are neither in the table nor named as left out.
    """
    return (
        Finding(
            "spend_reconciled",
            difference == 0,
            difference / 1e6,
            0.0,
            "Spend of the exports is in the weekly table or named as left out, to the last cent."
            if difference == 0
            else "Spend of the exports is neither in the weekly table nor named as left out.",
        ),
        _totals(spend),
        _gaps(spend, daily, outcome, wanted),
        _cut_short(cut),
    )


def _totals(spend: Sequence[SpendSource]) -> Finding:
    doubts = [doubt for source in spend for export in source.exports for doubt in export.doubts]
    text = " ".join(doubts[:3]) or "No export says another total than its rows."
    return Finding("export_totals", not doubts, float(len(doubts)), 0.0, text)


def _gaps(spend: Sequence[SpendSource], daily: pd.DataFrame, outcome: Outcome, wanted: pd.DatetimeIndex) -> Finding:
    """The longest run of days of the table for which a source, or the outcome, has no row at all."""
    window = pd.date_range(wanted[0], wanted[-1] + pd.Timedelta(days=6))
    gaps = []
    for number, source in enumerate(spend):
        first, last = source.span
        held = set(daily.loc[daily["source"] == number, "day"])
        gaps.append((*_longest(held, window[(window >= first) & (window <= last)]), source.name, number))
    length, begins, name, number = max(gaps, key=lambda gap: gap[0])
    without = [
        f"{gap_name} has no row on {amount(days)} days in a row from {start:%Y-%m-%d}"
        for days, start, gap_name, _ in sorted(gaps, key=lambda gap: -gap[0])
        if days >= _GAP and start is not None
    ]
    silent, since = _longest(set(outcome.daily.index[outcome.daily["kpi"] > 0]), window)
    if silent >= _GAP and since is not None and len(outcome.daily) > len(window) // 7 + 2:
        without.append(f"{outcome.name} has no customer on {amount(silent)} days in a row from {since:%Y-%m-%d}")
    if without:
        text = "; ".join(without[:3]) + ". They count as 0: check that nothing is missing from the exports."
    elif length and begins is not None:
        text = (
            f"Days without a row count as 0; the longest run is {amount(length)} days from {begins:%Y-%m-%d} in {name}."
        )
    else:
        text = "Every export has a row for every day."
    channels = tuple(dict.fromkeys(spend[number].channels.values())) if length >= _GAP else ()
    return Finding("export_gaps", not without, float(max(length, 0)), float(_GAP), text, channels)


def _longest(held: set[pd.Timestamp], window: pd.DatetimeIndex) -> tuple[int, pd.Timestamp | None]:
    """Length and first day of the longest run of days that are not held."""
    best, start, run = 0, None, 0
    for day in window:
        run = 0 if day in held else run + 1
        if run > best:
            best, start = run, day - pd.Timedelta(days=run - 1)
    return best, start


def _cut_short(cut: Mapping[str, int]) -> Finding:
    worst = max(cut.values(), default=0)
    short = [f"{name} by {amount(days)} days" for name, days in cut.items() if days >= _CUT]
    if short:
        text = (
            f"The table is shorter than the other files would allow, for {', '.join(short[:3])}: export the same days "
            "of all, or say outside: no_spend where nothing was spent before or after the file."
        )
    else:
        text = "All files cover the same days, give or take two weeks."
    return Finding("exports_cover_the_same_days", not short, float(worst), float(_CUT), text)


def coverage(daily: pd.DataFrame, wanted: pd.DatetimeIndex, channels: Sequence[str]) -> pd.DataFrame:
    """Days of the table on which each channel has a row, and the longest run of days without one."""
    window = pd.date_range(wanted[0], wanted[-1] + pd.Timedelta(days=6))
    rows = []
    for channel in channels:
        held = set(daily.loc[daily["channel"] == channel, "day"])
        gap, begins = _longest(held, window)
        rows.append((channel, len(window), int(window.isin(list(held)).sum()), gap, begins))
    return pd.DataFrame(rows, columns=["channel", "days", "with_rows", "longest_gap", "gap_begins"])
