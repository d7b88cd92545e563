"""Figures of a run as an assistant gets them: what is estimated with its interval, and nothing without one."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from attribution.errors import bounded
from attribution.estimates import INTERVAL, Estimate

__all__ = ["INTERVALS", "MOST", "Answer", "estimate", "findings_told", "rows_told", "text_of"]

Answer = dict[str, Any]
"""What JSON can hold. A number stands under ``known``, in an estimate of ``point``, ``low`` and ``high``, or in a
finding."""

INTERVALS = (
    "estimates: low and high hold 90 % of the model's draws; known: certain, no estimates: what is or was spent, "
    "counts, odds among the draws, and bound and gap of a proof"
)
"""What is said of the figures of an answer."""

MOST = 40_000  # characters of an answer
_CELL, _FINDINGS = 400, 40
_NO_INTERVAL = "no interval is computed for them"

_KNOWN = {
    "plan.csv": {"spend_now", "spend_planned", "change", "change_share"},
    "plan_by_market.csv": {"spend_now", "spend_planned", "change", "change_share"},
    "plan_by_channel.csv": {"spend_now", "spend_planned", "change", "change_share"},
    "scenarios.csv": {"total_spend", "spend", "probability_better_than_now", "gap"},
    "worth.csv": {"probability_better"},
    "promises.csv": {"probability_plan", "probability_today"},
    "tipping_points.csv": {"now", "planned", "factor", "probability"},
    "first_step.csv": {"now", "tried", "first_step", "plan"},
    "rivals.csv": {"planned_spend"},
    "given.csv": {"spend", "spend_planned", "gap"},
    "schedule.csv": {"spend"},
    "schedule_months.csv": {"spend"},
    "attribution_assists.csv": {"touched", "first", "last", "alone", "assisted", "touched_value", "assisted_value"}
    | {"assists_per_last"},
    "cac_matched.csv": {"spend", "customers_of_month", "customers_so_far", "naive_cac"},
    "cac_readings.csv": {"spend", "costs"},
    "calibration.csv": {"age_days"},
    "effect_per_volume.csv": {"volume", "spend", "spend_per_thousand"},
    "forecast.csv": {"spend"},
    "funnel.csv": {"entered", "passed", "lost", "open"},
    "funnel_drops.csv": {"periods", "rate", "probability"},
    "lifetime_value.csv": {"acquired", "oldest_age", "probability_below"},
    "payback.csv": {"horizon", "probability_never"},
    "payback_by_month.csv": {"month"},
    "retention.csv": {"age", "observed"},
    "trust.csv": {"bound", "gap"},
    "attribution_top_paths.csv": {"touches", "conversions", "nulls", "value"},
    "log_against_kpi.csv": {"kpi", "log", "difference", "share"},
    "frontier.csv": {"budget", "spend", "gap", "bound"},
    "tables/runs.csv": {"weeks", "seed", "checks", "checks_failed", "probability_better", "gap", "bound"}
    | {"probability_better_corrected"}
    | {f"{name}_{side}" for name in ("spend", "fixed_cost") for side in ("now", "planned")},
    "tables/contributions.csv": {"spend"},
    "tables/curves.csv": {"spend"},
    "tables/moves.csv": {"spend_now", "spend_planned", "spend_change", "share_of_spend"}
    | {"turns_around_at", "probability_of_that"},
    "tables/scenarios.csv": {"spend", "total_spend", "probability_better_than_now", "gap"},
}
"""Numbers of a table that are no estimates: what was counted, what was or would be paid, odds, distances of a proof."""
_COUNTED = {"attribution_overlap.csv", "forecast/course.csv"}  # tables of such numbers alone
_PAID = "spend:"  # columns of a plan's spend by channel


def estimate(value: Estimate | Mapping[str, Any]) -> Answer | None:
    """A figure with its interval; None where there is no figure, or no interval to it."""
    given = vars(value) if isinstance(value, Estimate) else value
    point = given.get("point", given.get("mean"))
    parts = {"point": _number(point), "low": _number(given.get("low")), "high": _number(given.get("high"))}
    return None if None in parts.values() else parts


def rows_told(table: str, frame: pd.DataFrame, columns: Iterable[str] = ()) -> Answer:
    """Rows of a table: text as it is, what is known, and estimates; what has no interval is named and left out.

    Parameters
    ----------
    table
        Its file.
    frame
        Its rows.
    columns
        Figures that are wanted, each with its interval; all where empty.
    """
    frame = frame.set_axis([str(column) for column in frame], axis=1)
    ends = {name: pair for name in list(frame) if (pair := _ends(str(name), frame))}
    inner = {end for pair in ends.values() for end in pair}
    asked = {next((name for name, pair in ends.items() if column in pair), column) for column in columns}
    single = {name for name in frame if _is_number(frame[name])} - set(ends) - inner
    known = _KNOWN.get(table, set()) | {name for name in single if str(name).startswith(_PAID)}
    bare = set() if table in _COUNTED else single - known
    shown = set(frame) - inner - bare
    if asked:
        shown &= asked | {name for name in frame if not _is_number(frame[name])}
    names = [str(name) for name in frame if name in shown]
    rows = [_row({str(name): value for name, value in row.items()}, names, ends) for row in frame.to_dict("records")]
    left = sorted(str(name) for name in (bare & asked if asked else bare))
    return {"rows": rows, **({"left_out": {"columns": left, "because": _NO_INTERVAL}} if left else {})}


def findings_told(findings: Iterable[Mapping[str, Any]]) -> Answer:
    """Checks that did not pass, and how many did."""
    every = list(findings)
    failed = [finding for finding in every if not finding["passed"]]
    shown = [{"name": str(one["name"]), "text": bounded(str(one["text"]), 3 * _CELL)} for one in failed[:_FINDINGS]]
    return {"failed": shown, "failed_in_all": len(failed), "passed": len(every) - len(failed)}


def text_of(answer: Answer) -> str:
    """An answer as text of bounded length: rows at its end are left off until it fits, and that is said."""
    while len(text := json.dumps(answer, ensure_ascii=False, allow_nan=False)) > MOST:
        longest = max(_lists(answer), key=lambda rows: len(json.dumps(rows)), default=[])
        if not longest:
            raise ValueError("an answer without rows is longer than an answer may be")
        del longest[len(longest) // 2 :]
        answer["cut"] = "Too long for one answer: rows were left off. Ask for one table, from a row on."
    return text


def _lists(value: Any) -> list[list[Any]]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, list) and value else []
    return own + [each for one in inner for each in _lists(one)]


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _ends(column: str, frame: pd.DataFrame) -> tuple[str, str] | None:
    """Columns of a figure's interval, as files and as frames name them."""
    pairs = [(f"{column}_low", f"{column}_high"), tuple(f"{column} {end}" for end in INTERVAL)]
    pairs += [tuple(INTERVAL)] if column in ("estimate", "mean", "median") else []
    return next(((pair[0], pair[1]) for pair in pairs if set(pair) <= set(frame)), None)


def _row(row: Mapping[str, Any], names: Iterable[str], ends: Mapping[Any, tuple[str, str]]) -> Answer:
    told: Answer = {}
    for name in names:
        value = row[name]
        if name in ends:
            low, high = (row[end] for end in ends[name])
            told.setdefault("estimates", {})[name] = estimate({"point": value, "low": low, "high": high})
        elif isinstance(value, int | float) and not isinstance(value, bool):
            if not math.isnan(value):
                told.setdefault("known", {})[name] = _number(value)
        else:
            told[name] = bounded(str(value), _CELL)
    return told


def _number(value: Any) -> float | str | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return None
    return float(value) if math.isfinite(value) else "without bound"
