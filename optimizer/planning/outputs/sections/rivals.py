"""Other readings of the data: each channel's CAC under every rival, and what each rival would have planned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from attribution.estimates import Estimate, ends_of
from attribution.numbers import count, decimal, percent
from mmm import Rivals
from mmm.checks.rivals import OWN
from optimizer.planning.outputs.sections.section import Section, Table
from optimizer.planning.stages.result import RivalPlan, Run

__all__ = ["RIVALS"]


def _view(run: Run) -> dict[str, Any] | None:
    rivals = run.rivals
    if rivals is None:
        return None
    table, scores = rivals.to_frame(), rivals.scores
    names = list(dict.fromkeys(table.index.get_level_values("reading")))
    says = {rival.reading.name: rival.reading.says for rival in rivals.fitted}
    return {
        "rivals": {
            "sentence": _sentence(rivals, planned=run.plan is not None),
            "names": names,
            "channels": [
                {"channel": channel, "cells": [Estimate(*table.loc[(channel, name), _CAC]) for name in names]}
                for channel in rivals.posterior.channels
            ],
            "scores": [
                {
                    "name": name,
                    "says": says.get(str(name), "the model of the plan file"),
                    "difference": "" if name == OWN else _difference(line),
                    "verdict": line["verdict"],
                    "weight": percent(line["weight"]),
                }
                for name, line in scores.iterrows()
            ],
            "not_fitted": rivals.not_fitted,
            "plan_channels": [] if run.plan is None else list(run.plan.allocation.spend.index),
            "own_plan": {} if run.plan is None else dict(run.plan.allocation.spend),
            "aim": "" if run.plan is None else run.plan.aim.name,
            "plans": [_plan(run, plan) for plan in run.rival_plans],
        }
    }


_CAC = ["cac", *ends_of("cac")]


def _sentence(rivals: Rivals, planned: bool) -> str:
    standing = rivals.standing
    rests = "the plan rests on" if planned else "decide on"
    if not standing:
        return f"The weeks refute every other reading, so {rests} the model of the plan file alone."
    return (
        f"The weeks do not refute {', '.join(standing)}: {rests} the pooled draws of the model and of "
        f"{'these readings' if len(standing) > 1 else 'this reading'}, each with the weight shown."
    )


def _difference(line: pd.Series) -> str:
    return f"{decimal(line['difference'], 1)} ± {decimal(line['standard_error'], 1)}"


def _plan(run: Run, plan: RivalPlan) -> dict[str, Any]:
    written = run.plan.aim.written if run.plan is not None else str
    return {
        "name": plan.reading,
        "problem": plan.problem,
        "spend": list(plan.spend),
        "ours": written(plan.ours),
        "best": written(plan.best),
        "regret": written(plan.regret),
        "shortfall": count(plan.shortfall) if plan.shortfall >= 1 else "",
    }


def _tables(run: Run) -> Iterator[Table]:
    if run.rivals is None:
        return
    frame = run.rivals.to_frame().reset_index()
    spend = {(channel, plan.reading): amount for plan in run.rival_plans for channel, amount in plan.spend.items()}
    if run.plan is not None:
        spend |= {(channel, "pooled"): amount for channel, amount in run.plan.allocation.spend.items()}
    planned = [spend.get(key, np.nan) for key in zip(frame["channel"], frame["reading"], strict=True)]
    regret = frame["reading"].map({plan.reading: plan.regret for plan in run.rival_plans})
    scores = run.rivals.scores[["difference", "standard_error", "weight"]]
    frame = frame.join(scores, on="reading").assign(planned_spend=planned, regret_of_plan=regret)
    yield Table("Other readings", frame, "rivals.csv")


RIVALS = Section("rivals", "Other readings of the data", _view, tables=_tables)
