"""Stages that persons or accounts pass one after another: how many, worth how much, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from attribution.economics.open_stages import still_to_come
from attribution.economics.stage_times import stage_times
from attribution.reading.engine import Engine
from attribution.reading.formats import Format

__all__ = ["opportunity_stages", "rows_of_stages"]

_Z = 1.6448536269514722


def opportunity_stages(
    conversions: object,
    stages: Sequence[str],
    *,
    account: str = "account",
    time: str = "time",
    stage: str = "stage",
    value: str | None = None,
    accounts: Mapping[str, str] | None = None,
    format: Format | None = None,
    engine: Engine | None = None,
) -> pd.DataFrame:
    """A row per stage: who has reached it, what it is worth, who went on, and the days since the stage before.

    Who reached a later stage counts at the earlier ones as well, without a time there. The first time counts.

    Parameters
    ----------
    conversions
        File or frame, a row per account (or person) and stage reached.
    stages
        In the order in which they are passed; other kinds are passed over.
    account, time, stage, value
        Columns; ``value`` is that of the pipeline, where there is one.
    accounts
        User -> account, where ``account`` names users; who is missing is an account of its own.
    format, engine
        As for :func:`attribution.read_table`.

    Returns
    -------
    pandas.DataFrame
        ``stage``, ``reached``; ``value`` of those who reached it and ``open`` of those still there; ``passed`` to the
        next stage and ``rate`` with its 90 % interval (Wilson, 1927); ``days``, ``days_low``, ``days_high``: by which
        half, 5 % and 95 % of those had come from the stage before who have come, and ``timed``, how many these are;
        ``here``, who is there now, ``to_come`` with its 90 % interval, how many of these will reach the last stage, and
        ``older``, how many are there for longer than 95 % of those took who went on.

    Raises
    ------
    BadInput
        A faulty table, a stage that no row has, accounts that reach a later stage first.

    Examples
    --------
    >>> days = ["2026-01-01", "2026-02-10", "2026-01-05"]
    >>> rows = pd.DataFrame({"account": ["a", "a", "b"], "time": days, "stage": ["lead", "won", "lead"]})
    >>> opportunity_stages(rows, ["lead", "won"])[["stage", "reached", "passed", "days"]].to_dict("records")[1]
    {'stage': 'won', 'reached': 1, 'passed': nan, 'days': 40.0}
    """
    when, worth, _ = stage_times(
        conversions, stages, account=account, time=time, stage=stage, value=value, accounts=accounts, format=format,
        engine=engine,
    )  # fmt: skip
    reached = pd.DataFrame(rows_of_stages(when, worth, list(stages)))
    return reached.join(still_to_come(when, stages), on="stage")


def rows_of_stages(when: pd.DataFrame, worth: pd.Series | None, stages: list[str]) -> Iterator[dict[str, object]]:
    """Rows of the table but for what is still to come, of persons x stages and what they are worth."""
    at_least = when.notna().to_numpy()[:, ::-1].cumsum(axis=1)[:, ::-1] > 0
    for place, stage in enumerate(stages):
        reached = at_least[:, place]
        on = at_least[:, place + 1] if place + 1 < len(stages) else np.zeros(len(when), dtype=bool)
        last = place + 1 == len(stages)
        low, high = (np.nan, np.nan) if last else _wilson(int(on.sum()), int(reached.sum()))
        gap = (when[stage] - when[stages[place - 1]]).dt.total_seconds() / 86_400 if place else pd.Series(dtype=float)
        gap = gap[gap >= 0]
        days = gap.quantile([0.5, 0.05, 0.95]).to_numpy() if len(gap) else np.full(3, np.nan)
        yield {
            "stage": stage,
            "reached": int(reached.sum()),
            "value": np.nan if worth is None else float(worth[reached].sum()),
            "open": np.nan if worth is None or last else float(worth[reached & ~on].sum()),
            "passed": np.nan if last else float(on.sum()),
            "rate": np.nan if last else float(on.sum() / max(reached.sum(), 1)),
            "rate_low": low,
            "rate_high": high,
            "days": float(days[0]),
            "days_low": float(days[1]),
            "days_high": float(days[2]),
            "timed": len(gap),
        }


def _wilson(passed: int, entered: int) -> tuple[float, float]:
    rate, shrunk = passed / max(entered, 1), 1 + _Z * _Z / max(entered, 1)
    middle = rate + _Z * _Z / (2 * max(entered, 1))
    half = _Z * np.sqrt(rate * (1 - rate) / max(entered, 1) + _Z * _Z / (4 * max(entered, 1) ** 2))
    return max(float((middle - half) / shrunk), 0.0), min(float((middle + half) / shrunk), 1.0)
