"""The funnel: rates of every step, where people are lost, and what a point more is worth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from attribution.economics import ALL
from attribution.estimates import Estimate
from attribution.numbers import amount, percent
from optimizer.planning.outputs.sections.section import Section, Table
from optimizer.planning.stages.funnel_result import FunnelResult
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.result import Run

__all__ = ["FUNNEL"]

_SHOWN = 60


def _view(run: Run) -> dict[str, Any] | None:
    result = run.funnel
    if result is None:
        return None
    return {
        "funnel": {
            "loss": _loss(result),
            "finding": result.finding.text,
            "worth": "point_customers" in result.rates,
            "rows": [_row(row) for _, row in order_of(run).frame(result.rates).head(_SHOWN).iterrows()],
            "more": max(len(result.rates) - _SHOWN, 0),
            "same_people": result.funnel.same_people,
            "open": amount(early) if (early := result.rates["open"].max()) else "",
            "share": _share,
        }
    }


def _share(value: float) -> str:
    return percent(value, decimals=2 if value < 0.1 else 1)


def _loss(result: FunnelResult) -> str:
    """The step of all channels where most are lost."""
    whole = result.rates[
        result.rates["channel"] == (ALL if ALL in set(result.rates["channel"]) else result.rates["channel"].iloc[0])
    ]
    step = whole.iloc[int(whole["lost"].argmax())]
    first = f"Most people are lost between {step['before']} and {step['after']}: {amount(step['lost'])} of "
    text = f"{first}{amount(step['entered'])}."
    later = whole[whole["before"] != whole["before"].iloc[0]]
    if len(later):
        least = later.iloc[int(later["rate"].argmin())]
        steps, passed = f"{least['before']} to {least['after']}", percent(least["rate"], decimals=1)
        text += f" After {whole['after'].iloc[0]} the narrowest step is from {steps}, which {passed} pass."
    return text


def _row(row: pd.Series) -> dict[str, Any]:
    def estimate(name: str) -> Estimate:
        return Estimate(row[name], row[f"{name}_low"], row[f"{name}_high"])

    told = {} if "point_customers" not in row else {"gain": estimate("point_customers"), "cac": estimate("point_cac")}
    return {
        "channel": "All" if row["channel"] == ALL else row["channel"],
        "step": f"{row['before']} → {row['after']}",
        "entered": amount(row["entered"]),
        "passed": amount(row["passed"]),
        "rate": estimate("rate"),
        **told,
    }


def _tables(run: Run) -> Iterator[Table]:
    result = run.funnel
    if result is None:
        return
    yield Table("funnel.csv", result.rates)
    if len(result.drops):
        yield Table("funnel_drops.csv", result.drops)


FUNNEL = Section("funnel", "Funnel", _view, tables=_tables)
