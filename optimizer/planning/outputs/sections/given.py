"""Plans that somebody gave, beside the run's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from attribution.estimates import Estimate
from optimizer.planning.outputs.given_in_words import against_the_best, said_of_misses, said_of_the_table, verdict
from optimizer.planning.outputs.sections.section import Section, Table
from optimizer.planning.stages.result import PlanResult, Run, blended_cac
from optimizer.question.limits import labels

__all__ = ["GIVEN", "given_frame"]


def _view(run: Run) -> dict[str, Any] | None:
    plan = run.plan
    if plan is None or not run.given:
        return None
    own = {
        "name": "The run's plan",
        "spend": float(plan.planned.spend.sum()),
        "customers": Estimate.of(plan.planned.customers),
        "cac": blended_cac(plan.planned),
        "said": [],
    }
    given = [
        {
            "name": one.name,
            "spend": float(one.outcome.spend.sum()),
            "customers": Estimate.of(one.outcome.customers),
            "cac": blended_cac(one.outcome),
            "said": [
                *said_of_the_table(one, plan),
                said_of_misses(one),
                against_the_best(one, plan, run),
                verdict(one, run).sentence,
            ],
        }
        for one in run.given
    ]
    return {"given": [own, *given]}


def _tables(run: Run) -> Iterator[Table]:
    if run.plan is not None and run.given:
        yield Table("given.csv", given_frame(run, run.plan))


def given_frame(run: Run, plan: PlanResult) -> pd.DataFrame:
    """One row per given plan and channel: spend, the run's own, totals, what is broken, distance from the bound."""
    rows = [
        {
            "plan": one.name,
            "channel": channel,
            "spend": amount,
            "spend_planned": float(plan.planned.spend[str(channel)]),
            **Estimate.of(one.outcome.customers).flat("customers"),
            **blended_cac(one.outcome).flat("blended_cac"),
            "value": one.certificate.value,
            "bound": one.certificate.bound,
            "gap": one.certificate.gap,
            "breaks": "; ".join(labels([miss.limit for miss in one.misses])),
            "beyond": "; ".join(labels([miss.limit for miss in one.beyond])),
        }
        for one in run.given
        for channel, amount in one.outcome.spend.items()
    ]
    return pd.DataFrame(rows)


GIVEN = Section("given", "Given plans", _view, tables=_tables)
