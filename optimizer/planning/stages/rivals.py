"""The stage of rivals: other readings of the weekly table, and what each would have planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

import mmm
from attribution.arrays import Array
from attribution.errors import InfeasiblePlan
from attribution.findings import Finding
from mmm.checks.rival_models import Reading
from mmm.checks.rivals import OWN
from optimizer.planning.file.config import Config
from optimizer.planning.inputs.inputs import Inputs
from optimizer.planning.stages.fit import kept_or_made
from optimizer.planning.stages.optimize import asked
from optimizer.planning.stages.progress import Update
from optimizer.planning.stages.question import put
from optimizer.planning.stages.result import RivalPlan, Run
from optimizer.planning.stages.without_media import fewer_than_none, require_some_left

__all__ = ["find_rivals", "fits_of_rivals", "not_asked", "plans_of_rivals", "that_leave_customers", "thinned"]

_DRAWS = 1000  # of a reading that is only held beside the run's own plan


def find_rivals(
    config: Config, inputs: Inputs, folder: Path, posterior: mmm.Posterior | None, update: Update
) -> mmm.Rivals | None:
    """The other readings of the weekly table; None where the plan file wants none, or the table is by geo.

    Their fits are kept in the output folder as the model's own is.
    """
    if posterior is None or not config.model.rivals or len(posterior.panel.geos) > 1:
        return None

    def through(reading: Reading, make: Callable[[], mmm.Posterior]) -> mmm.Posterior:
        return kept_or_made(config, inputs, folder, f"reading {reading.name}", make)

    return mmm.rivals(posterior, update, through=through)


def that_leave_customers(rivals: mmm.Rivals, config: Config, inputs: Inputs, weeks: int) -> mmm.Rivals:
    """The readings without those that credit media with more than all customers of the coming weeks.

    Raises
    ------
    BadInput
        Where the model itself is such a one.
    """

    def left(posterior: mmm.Posterior) -> Array:
        organic = posterior.organic(weeks * posterior.panel.per_week, controls=inputs.upcoming)
        return organic.predicted[thinned(posterior)]

    against = (*inputs.findings, *rivals.posterior.diagnostics)
    require_some_left(left(rivals.posterior), weeks, config.outcome, against)
    counting = {one.reading.name: one.posterior for one in rivals.fitted if one.counts}
    said = {name: fewer_than_none(left(one), weeks, config.outcome, name) for name, one in counting.items()}
    return rivals.without({name: reason for name, reason in said.items() if reason})


def fits_of_rivals(run: Run) -> dict[str, mmm.Posterior]:
    """The fits of the other readings by the names under which they are kept."""
    fitted = () if run.rivals is None else run.rivals.fitted
    return {f"reading {rival.reading.name}": rival.posterior for rival in fitted}


def not_asked(run: Run) -> tuple[Finding, ...]:
    """Where the plan file wants rivals and the table allows none, the sentence that says so."""
    if run.posterior is None or run.rivals is not None or not run.config.model.rivals:
        return ()
    text = (
        "Other readings of the weeks (saturation, carryover, season, level, controls, spend before the table) are not "
        "fitted to a table of several markets, so whether figures hang on those choices is not known. Sum the markets "
        "to one table and run cac fit on it, or set model.rivals: false."
    )
    return (Finding("rivals_compared", False, None, None, text),)


def plans_of_rivals(run: Run, update: Update) -> tuple[RivalPlan, ...]:
    """What the model alone and each rival that stands would have planned, and what the plan costs under it."""
    if run.rivals is None or run.plan is None:
        return ()
    readings = {OWN: run.posterior, **{rival.reading.name: rival.posterior for rival in run.rivals.fitted}}
    counting = (OWN, *run.rivals.standing)
    return tuple(_plans(run, {name: readings[name] for name in counting}, update))


def thinned(posterior: mmm.Posterior) -> npt.NDArray[np.intp]:
    """Draws of a reading that is held beside the run's own plan."""
    return np.arange(0, posterior.n_draws, max(posterior.n_draws // _DRAWS, 1))


def _plans(run: Run, readings: dict[str, mmm.Posterior | None], update: Update) -> Iterator[RivalPlan]:
    plan, section = run.plan, run.config.plan
    for number, (name, posterior) in enumerate(readings.items()):
        if posterior is None or plan is None or section is None:
            continue
        update(number / len(readings), name)
        question = asked(run.config, run.inputs, posterior, thinned(posterior)).holding((*plan.held, *plan.tried))
        ours = question.plan.evaluate(question.curves, plan.allocation.spend)
        short = max(question.promise - ours.expected_customers, 0.0)
        here, sign = plan.aim.expected(ours), 1.0 if plan.aim.lower_is_better else -1.0
        put_so = put(section, question.plan, plan.doubted)
        try:
            own = put_so.solve(question.curves, gap=question.gap)
        except InfeasiblePlan as error:
            none = pd.Series(np.nan, plan.allocation.spend.index)
            yield RivalPlan(name, none, here, np.nan, np.nan, short, str(error))
            continue
        here = put_so.against(own, question.curves, plan.allocation.spend).value
        yield RivalPlan(name, own.spend, here, own.value, sign * (here - own.value), short)
