"""Worth against today: differences in the same draws, promises, plans of no model, tipping points, a first step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from attribution import plots as paths
from attribution.numbers import amount, count, percent
from optimizer import plots
from optimizer.answer.worth import Difference, NaivePlan, Worth
from optimizer.planning.file.keys.plan import PLAN_ITSELF
from optimizer.planning.outputs.against_today import chance, change_in_words, form_of, name_of, signed
from optimizer.planning.outputs.sections.section import Figure, Section, Table
from optimizer.planning.stages.result import PlanResult, PlanWorth, Run
from optimizer.question.limits import labels
from optimizer.question.objectives import Spend
from optimizer.question.outcomes import new_of
from optimizer.uncertainty.naive_plans import MIX
from optimizer.uncertainty.tipping import TippingPoint

__all__ = ["WORTH"]

_SHOWN_MISSES = 2


def _view(run: Run) -> dict[str, Any] | None:
    if run.plan is None or run.worth is None:
        return None
    verdict = run.worth.worth
    names = labels([one.promise for one in verdict.promises])
    rival = verdict.naive[0].rival if verdict.naive else verdict.aim
    unit = run.config.outcome if rival.name == "customers" else run.config.currency
    return {
        "worth": {
            "figures": [_figure(run, verdict, one) for one in verdict.figures],
            "corrected": _corrected(run.worth),
            "promises": [
                {"name": name, "plan": chance(one.plan), "today": chance(one.today)}
                for name, one in zip(names, verdict.promises, strict=True)
            ],
            "total": amount(float(run.plan.planned.spend.sum())),
            "aim": _title(name_of(rival.name, new_of(run.config.outcome))),
            "rival": _title(name_of(rival.name, new_of(run.config.outcome))),
            "unit": unit,
            "form": form_of(rival.name),
            "signed": signed(form_of(rival.name)),
            "flat": _flat(run, verdict),
            "naive": [_naive(one) for one in verdict.naive],
            "tipping": [_tipping(one) for one in run.worth.tipping],
            "more_moves": sum(row.direction != "" for row in run.plan.rows) > len(run.worth.tipping),
            "step": _step(run, run.plan, run.worth),
        }
    }


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]


def _figure(run: Run, verdict: Worth, one: Difference) -> dict[str, Any]:
    unit = "" if one.name == "customers" else f", {run.config.currency}"
    return {
        **vars(one),
        "name": _title(name_of(one.name, new_of(run.config.outcome))) + unit,
        "is_aim": one.name == verdict.aim.name,
        "form": form_of(one.name),
        "signed": signed(form_of(one.name)),
        "better": "" if one.name == "spend" else chance(one.probability_better),
    }


def _corrected(found: PlanWorth) -> dict[str, Any] | None:
    if found.corrected is None:
        return None
    form, better = signed(form_of(found.worth.aim.name)), chance(found.corrected.probability_better)
    return {"change": found.corrected.change, "signed": form, "better": better}


def _flat(run: Run, verdict: Worth) -> str:
    """Whether much of the plan's gain is the total alone."""
    mix = next((one for one in verdict.naive if one.name == MIX), None)
    if mix is None:
        return "Whoever spends as much by a rule of thumb gets this."
    aim = change_in_words(mix.against_today, run.config.outcome, run.config.currency)
    return f"Today's mix at the plan's spend, a flat change of every channel, gets {aim} against today by itself."


def _naive(one: NaivePlan) -> dict[str, Any]:
    return {
        "name": one.name,
        "after": one.rival.before,
        "today": chance(one.against_today.probability_better),
        "change": one.rival.change,
        "better": chance(one.rival.probability_better),
        "misses": _broken(one),
    }


def _broken(one: NaivePlan) -> str:
    names = labels([miss.limit for miss in one.misses])
    more = [f"{len(names) - _SHOWN_MISSES} more limits"] if len(names) > _SHOWN_MISSES + 1 else names[_SHOWN_MISSES:]
    return "; ".join([*names[:_SHOWN_MISSES], *more]) or "nothing"


def _tipping(one: TippingPoint) -> dict[str, Any]:
    side = "less than" if one.is_raised else "more than"
    turns = np.isfinite(one.factor) and one.factor > 0
    never = "– whatever it brings" if one.factor == one.factor else "– limits or promises ask for it"
    return {
        "channel": one.channel,
        "move": signed(amount)(one.planned - one.now),
        "tone": "up" if one.is_raised else "down",
        "factor": f"{side} {percent(one.factor)} of what is expected" if turns else never,
        "chance": chance(one.probability) if turns else "",
    }


def _step(run: Run, plan: PlanResult, plan_worth: PlanWorth) -> dict[str, Any] | None:
    if plan_worth.step is None:
        problem = plan_worth.step_problem
        return {"sentence": f"No first step: {problem}", "rows": []} if problem else None
    step, aim = plan_worth.step, plan_worth.step.worth.aim
    share = f", {percent(step.share)} of the plan's gain over today" if step.share == step.share else ""
    tests = f" {', '.join(one.channel for one in plan_worth.new if not one.idle)} with a first test alone."
    tests = tests if any(not one.idle for one in plan_worth.new) else ""
    sentence = (
        f"The plan spends more on {', '.join(step.beyond)} than was ever spent over as many weeks, where curves are "
        f"extrapolated. Within what was tried, the best that keeps every promise gets "
        f"{change_in_words(aim, run.config.outcome, run.config.currency)} against today{share}. "
        f"Take it first{',' if tests else ''}{tests or '.'} Plan again with the weeks that follow."
    )
    return {"sentence": sentence, "rows": _step_frame(plan, plan_worth).to_dict("records")}


def _step_frame(plan: PlanResult, plan_worth: PlanWorth) -> pd.DataFrame:
    """One row per channel: spend now, most tried, of the first step and of the plan."""
    if plan_worth.step is None:
        return pd.DataFrame()
    columns = {
        "now": plan.now.spend,
        "tried": plan.ground.reindex(plan.now.spend.index),
        "first_step": plan_worth.step.allocation.spend,
        "plan": plan.planned.spend,
    }
    return pd.DataFrame(columns).rename_axis("channel").reset_index()


def _figures(run: Run) -> Iterator[Figure]:
    plan = run.plan
    if plan is None or run.worth is None:
        return
    verdict, aim = run.worth.worth, plan.aim
    by_customers = isinstance(plan.plan.objective, Spend)  # a spend is known: what is open is whom it wins
    mix = next((one for one in verdict.naive if one.name == MIX), None)
    sides = {"plan": plan.planned}
    if mix is not None:
        sides["today's mix, same spend"] = plan.plan.evaluate(plan.curves, mix.spend)
    today = plan.now.customers if by_customers else aim.draws(plan.now)
    with np.errstate(invalid="ignore"):  # without customers a draw's CAC is infinite, and is not drawn
        drawn = {name: (one.customers if by_customers else aim.draws(one)) - today for name, one in sides.items()}
    if not all(np.isfinite(draws).all() for draws in drawn.values()) or not any(map(np.any, drawn.values())):
        return
    name = new_of(run.config.outcome) if by_customers else aim.name
    unit = "" if by_customers else aim.unit(run.config.currency).replace(" ", ", ")
    write = signed(count if by_customers else form_of(aim.name))
    label = f"{name}{unit}: difference to today's spend"
    axes = plots.differences(drawn, paths.canvas(9.8, 3.0), label=label, write=write)
    caption = f"By how much {name} differs from today's spend going on, in the draws of the mix model."
    yield Figure("difference", caption, axes)


def _tables(run: Run) -> Iterator[Table]:
    if run.plan is None or run.worth is None:
        return
    worths = {PLAN_ITSELF: run.worth.worth}
    worths |= {one.name: one.worth for one in run.scenarios if one.worth is not None}
    yield Table("worth.csv", _stacked({name: one.to_frame() for name, one in worths.items()}))
    yield Table("promises.csv", _stacked({name: one.promises_frame() for name, one in worths.items()}))
    tipping = [{**vars(one), "sentence": one.sentence} for one in run.worth.tipping]
    columns = ["channel", "now", "planned", "factor", "probability", "sentence"]
    yield Table("tipping_points.csv", pd.DataFrame(tipping, columns=columns))
    if run.worth.step is not None:
        yield Table("first_step.csv", _step_frame(run.plan, run.worth))


def _stacked(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The plan's rows and those of every what-if, by name."""
    return pd.concat([frame.assign(scenario=name)[["scenario", *frame]] for name, frame in frames.items()])


WORTH = Section("worth", "Worth against today", _view, _figures, _tables)
