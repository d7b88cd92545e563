"""Plans that somebody gives, held against the run's own plan, its promises and its bound."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.inputs.given_tables import Given
from optimizer.planning.stages.question import put
from optimizer.planning.stages.result import GivenResult, PlanResult
from optimizer.uncertainty.worth import worth

__all__ = ["score"]


def score(
    section: PlanSection,
    plan: PlanResult,
    given: Mapping[str, Given],
    credit: Mapping[str, pd.Series] | None = None,
) -> tuple[GivenResult, ...]:
    """Every given plan beside the run's own.

    Parameters
    ----------
    section
        The plan file's.
    plan
        The run's plan, with its bound.
    given
        Name -> spend by channel, and how it was read.
    credit
        As :func:`optimizer.worth` takes it.
    """
    own = (*plan.held, *plan.tried)
    stated = plan.plan.subject_to[: len(plan.plan.subject_to) - len(own)]
    of_the_file = put(section, plan.plan.replaced(subject_to=stated), plan.doubted)
    results = []
    for name, read in given.items():
        amounts = read.spend.reindex(list(plan.curves.channels))
        results.append(
            GivenResult(
                name,
                plan.plan.evaluate(plan.curves, amounts),
                worth(plan.plan, plan.curves, amounts, value_per_customer=section.one_value, credit=credit),
                put(section, plan.plan, plan.doubted).against(plan.allocation, plan.curves, amounts),
                of_the_file.missed(plan.curves, amounts),
                read.says,
            )
        )
    return tuple(results)
