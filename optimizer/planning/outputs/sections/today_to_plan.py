"""From today to the plan: what each channel's change of spend brings, and its share of spend against that of effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from attribution.numbers import amount, count, percent
from optimizer import plots
from optimizer.planning.outputs.against_today import form_of, signed
from optimizer.planning.outputs.sections.section import Figure, Section, by_rows
from optimizer.planning.stages.from_today import FromToday, from_today
from optimizer.planning.stages.result import PlanResult, Run
from optimizer.question.outcomes import new_of

__all__ = ["TODAY_TO_PLAN"]

_PICTURED = 24  # channels of a picture with two marks a row
_START, _END = "today", "plan"


def _view(run: Run) -> dict[str, Any] | None:
    if run.plan is None:
        return None
    way = from_today(run.plan)
    form = form_of(run.plan.aim.name) if way.in_aim else count
    figure, unit = _figure(run, run.plan, way)
    shares, moves = {one.channel: one for one in way.shares}, {row.channel: row for row in run.plan.rows}
    rows = [
        {
            "channel": step.name,
            "move": signed(amount)(moves[step.name].planned - moves[step.name].now) if step.name in moves else "",
            "change": step.change,
            "spend": percent(shares[step.name].spend, decimals=1) if step.name in shares else "",
            "effect": shares[step.name].effect if step.name in shares else None,
        }
        for step in way.steps
    ]
    difference = signed(form)(way.end - way.start)
    return {
        "way": {
            "sentence": (
                f"Today's spend brings {form(way.start)} {unit}{f' of {figure}' if figure != new_of(unit) else ''}, "
                f"the plan {form(way.end)}: the changes of spend by channel add up to the difference, {difference}."
            ),
            "unit": unit,
            "in_aim": way.in_aim,
            "rows": rows,
            "difference": difference,
            "moved": signed(amount)(sum(row.planned - row.now for row in run.plan.rows)),
            "signed": signed(form),
            "share": lambda value: percent(value, decimals=1),
            "pictured": min(_PICTURED, len(way.shares)) if len(way.shares) > _PICTURED else 0,
        }
    }


def _figure(run: Run, result: PlanResult, way: FromToday) -> tuple[str, str]:
    """What the steps are of, and its unit."""
    if way.in_aim:
        return result.aim.name, result.aim.unit(run.config.currency).strip() or run.config.outcome
    return new_of(run.config.outcome), run.config.outcome


def _figures(run: Run) -> Iterator[Figure]:
    if run.plan is None:
        return
    way = from_today(run.plan)
    name, unit = _figure(run, run.plan, way)
    moved = [step for step in way.steps if step.change.point != 0]
    if moved:
        rows = [{"point": way.start}, *(vars(step.change) for step in moved), {"point": way.end}]
        whole = pd.DataFrame(rows, index=[_START, *(step.name for step in moved), _END])
        whole = whole.rename(columns={"point": "estimate"})
        form = form_of(run.plan.aim.name) if way.in_aim else count
        written = [form(way.start), *(signed(form)(step.change.point) for step in moved), form(way.end)]
        label = name if name == new_of(unit) else f"{name}, {unit}"
        axes = by_rows(plots.waterfall, len(whole))(whole, label=label, written=written)
        caption = (
            f"{name[:1].upper()}{name[1:]} from today's spend to the plan: what each channel's change of spend adds."
        )
        yield Figure("waterfall", caption, axes)
    shown = way.shares[:_PICTURED]
    if any(one.spend > 0 for one in shown):
        parts = {
            one.channel: {
                "spend": one.spend,
                "effect": one.effect.point,
                "effect_low": one.effect.low,
                "effect_high": one.effect.high,
            }
            for one in shown
        }
        axes = by_rows(plots.shares, len(parts), 2)(pd.DataFrame(parts).T, outcome=run.config.outcome)
        caption = (
            f"Each channel's share of the planned spend, and of the {run.config.outcome} that channels bring: right of "
            "its spend it brings more than its part."
        )
        yield Figure("shares", caption, axes)


TODAY_TO_PLAN = Section("today_to_plan", "From today to the plan", _view, _figures)
