"""What `cac monitor` says, for schedulers and to be posted: JSON and Markdown."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from attribution.numbers import count, gap, percent
from optimizer.cycle.alarms import BLENDED, Alarm
from optimizer.planning.since.monitored import Monitored
from optimizer.planning.since.replans import Replan

__all__ = ["as_json", "as_markdown", "as_text", "by_week", "cost_of_acting", "cost_of_customers"]


def by_week(found: Monitored) -> pd.DataFrame:
    """Each week: spend, customers, what the model expects with its 90 % interval, score and limit of the test."""
    watched, test = found.watched, found.verdicts.test
    spread = 1.645 * np.sqrt(np.diag(watched.quiet.covariance))
    return pd.DataFrame(
        {
            "week": [day.date().isoformat() for day in watched.weeks],
            "spend": watched.spend.sum(axis=1).to_numpy(),
            "customers": watched.customers,
            "expected": watched.quiet.mean,
            "expected_low": np.maximum(watched.quiet.mean - spread, 0.0),
            "expected_high": watched.quiet.mean + spread,
            "score": test.scores[BLENDED],
            "limit": test.limit,
        }
    )


def cost_of_customers(plan: Replan, outcome: str) -> str:
    """What a re-plan costs in customers if the alarm is false, and if it is true."""
    if plan.lost is None:
        return ""
    false = f"If the alarm is false it costs {plan.lost.written(count)} {outcome} over the plan's weeks"
    true = plan.lost_if_true
    if true is None or plan.dearer is None:
        return f"{false}."
    side = f"costs {true.written(count)}" if true.point >= 0 else f"saves {_turned(true).written(count)}"
    dearer = percent(plan.dearer, signed=True)
    return f"{false}; if {plan.channel} really costs {dearer} for the same effect it {side}."


def cost_of_acting(plan: Replan, currency: str) -> str:
    """Blended CAC of a re-plan beside that of the plan of record."""
    if plan.cac is None or plan.cac_of_record is None:
        return ""
    return (
        f"Blended CAC {plan.cac.written()} {currency} against {plan.cac_of_record.written()} of the plan as it is, "
        f"with the curves as fitted; proved to {gap(plan.gap)} of the best plan under these limits."
    )


def as_json(found: Monitored) -> str:
    """For schedulers: the same whatever the terminal, numbers that do not exist as null."""
    told = {
        "name": found.config.name,
        "level": found.level.word,
        "exit_code": found.exit_code,
        "headline": found.headline,
        "weeks": {
            "first": found.watched.weeks[0].date().isoformat(),
            "last": found.watched.weeks[-1].date().isoformat(),
            "count": len(found.watched.weeks),
            "fitted_to": found.fitted_to.date().isoformat(),
        },
        "currency": found.config.currency,
        "outcome": found.config.outcome,
        "false_alarms_per_quarter": found.config.guardrails.false_alarms,
        "alarms": [_alarm(alarm) for alarm in (*found.speaking, *found.silent)],
        "suspicion": dict(found.verdicts.test.suspicion[BLENDED]),
        "replans": [_replan(plan) for plan in found.replans],
        "doubts": list(found.doubts),
        "notes": list(found.notes),
        "by_week": [_numbers(row) for row in by_week(found).to_dict(orient="records")],
        "message": as_markdown(found),
    }
    return json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_markdown(found: Monitored) -> str:
    """To be posted."""
    return "\n".join(_lines(found)) + "\n"


def as_text(found: Monitored) -> str:
    """For a terminal: the headline, what speaks, and what acting on it costs."""
    outcome, currency = found.config.outcome, found.config.currency
    told = [found.headline, *(f"  {alarm.level.word} {alarm.subject}: {alarm.text}" for alarm in found.speaking)]
    for plan in found.replans:
        said = (plan.text, cost_of_customers(plan, outcome), cost_of_acting(plan, currency))
        told.append(f"{plan.level.word.capitalize()} {plan.channel}: {' '.join(each for each in said if each)}")
    return "\n".join([*told, *(f"  {note}" for note in found.notes)])


def _lines(found: Monitored) -> Iterator[str]:
    yield f"## {_plain(found.config.name)}: {_plain(found.headline)}\n"
    for alarm in found.speaking:
        yield f"- **{alarm.level.word}** {_plain(alarm.subject)}: {_plain(alarm.text)}"
    if found.speaking:
        yield ""
    for plan in found.replans:
        yield f"### {plan.level.word.capitalize()} {_plain(plan.channel)}\n"
        said = (plan.text, cost_of_customers(plan, found.config.outcome), cost_of_acting(plan, found.config.currency))
        yield " ".join(_plain(each) for each in said if each) + "\n"
    if found.silent:
        yield "Quiet:\n"
        yield from (f"- {_plain(alarm.subject)}: {_plain(alarm.text)}" for alarm in found.silent)
        yield ""
    if found.notes:
        yield "Notes:\n"
        yield from (f"- {_plain(note)}" for note in found.notes)


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_<>\[\]|#])", r"\\\1", " ".join(text.split()))


def _alarm(alarm: Alarm) -> dict[str, Any]:
    return {
        "rule": alarm.rule,
        "subject": alarm.subject,
        "level": alarm.level.word,
        "value": _number(alarm.value),
        "limit": _number(alarm.limit),
        "text": alarm.text,
    }


def _replan(plan: Replan) -> dict[str, Any]:
    return {
        "channel": plan.channel,
        "level": plan.level.word,
        "text": plan.text,
        "spend": None if plan.spend is None else {str(name): _number(value) for name, value in plan.spend.items()},
        "customers_lost_if_false": _estimate(plan.lost),
        "customers_lost_if_true": _estimate(plan.lost_if_true),
        "assumed_rise_of_cost": plan.dearer,
        "blended_cac": _estimate(plan.cac),
        "blended_cac_of_record": _estimate(plan.cac_of_record),
        "gap": _number(plan.gap),
    }


def _estimate(figure: Estimate | None) -> dict[str, float | None] | None:
    if figure is None:
        return None
    return {"mean": _number(figure.point), "low": _number(figure.low), "high": _number(figure.high)}


def _turned(figure: Estimate) -> Estimate:
    return Estimate(-figure.point, -figure.high, -figure.low)


def _numbers(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): value if isinstance(value, str) else _number(float(value)) for name, value in row.items()}


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
