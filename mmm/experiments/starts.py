"""First days of tests: after all that is known, and where a period of the table begins."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from attribution.errors import Problem

__all__ = ["no_start"]


def no_start(table: str, first: pd.Timestamp, next_day: pd.Timestamp, days: int) -> Iterator[Problem]:
    """Why a test cannot begin on a day: its readout would find it in the history, or inside a period.

    Parameters
    ----------
    table
        What messages call the table.
    first
        First day of the test.
    next_day, days
        The first day after the table, and how many its periods have.
    """
    away = (first - next_day).days
    if away < 0:
        text = f"ends on {next_day - pd.Timedelta(days=1):%Y-%m-%d}, and the test is to start on {first:%Y-%m-%d}."
        yield Problem(table, text, remedy=f"start it on {next_day:%Y-%m-%d} or later; nobody can test in the past.")
    elif away % days:
        before, after = (first + pd.Timedelta(days=move - away % days) for move in (0, days))
        text = f"has weeks that begin on {next_day:%A}, and the test is to start on {first:%A %Y-%m-%d}."
        remedy = f"start it on {before:%Y-%m-%d} or {after:%Y-%m-%d}: no readout could part the week."
        yield Problem(table, text, remedy=remedy)
