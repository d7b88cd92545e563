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
from optimizer.planning.stages.result import Run

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
            **_plans(run),
        }
    }


_CAC = ["cac", *ends_of("cac")]


def _sentence(rivals: Rivals, planned: bool) -> str:
    standing = rivals.standing
    rests = "the plan rests on" if planned else "decide on"
    if not standing:
        if rivals.set_aside:
            return f"No other reading is left, so {rests} the model of the plan file alone."
        return f"The weeks refute every other reading, so {rests} the model of the plan file alone."
    return (
        f"The weeks do not refute {', '.join(standing)}: {rests} the pooled draws of the model and of "
        f"{'these readings' if len(standing) > 1 else 'this reading'}, each with the weight shown."
    )


def _difference(line: pd.Series) -> str:
    return f"{decimal(line['difference'], 1)} ± {decimal(line['standard_error'], 1)}"


def _plans(run: Run) -> dict[str, Any]:
    """Spend by channel, a column for each reading's own plan, and what the plans are worth under the reading."""
    plan, others = run.plan, run.rival_plans
    if plan is None or not others:
        return {"plans": []}
    aim = plan.aim
    labels = (f"{aim.name} of its own plan", "of this plan", "Regret", f"Short of the promise, {run.config.outcome}")
    figures = (
        [aim.written(other.best) for other in others],
        [aim.written(other.ours) for other in others],
        [aim.written(other.regret) for other in others],
        [count(other.shortfall) if other.shortfall >= 1 else "" for other in others],
    )
    return {
        "plans": [{"name": other.reading, "problem": other.problem} for other in others],
        "spend": [
            {"channel": channel, "ours": ours, "cells": [float(other.spend[str(channel)]) for other in others]}
            for channel, ours in plan.allocation.spend.items()
        ],
        "figures": [
            (f"{label[:1].upper()}{label[1:]}", cells)
            for label, cells in zip(labels, figures, strict=True)
            if any(cells)
        ],
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
    yield Table("rivals.csv", frame)


RIVALS = Section("rivals", "Other readings of the data", _view, tables=_tables)
