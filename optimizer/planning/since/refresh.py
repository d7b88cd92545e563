"""The stage of changes: this run held against the last one, its change divided, and whether to switch plans."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from attribution.errors import CacError
from attribution.findings import Finding
from optimizer.cycle.refresh import Moved, Movement
from optimizer.cycle.switching import Switch, SwitchingCost, is_moved, switch
from optimizer.planning.file.config import config_of
from optimizer.planning.since.chain import Chain, first_line, last_plan
from optimizer.planning.since.differences import Differences, differences, not_compared
from optimizer.planning.since.past import Past
from optimizer.planning.stages.progress import Update
from optimizer.planning.stages.question import put
from optimizer.planning.stages.result import Changes, PlanResult, Reversal, Run

__all__ = ["Compare", "changes_since"]

Compare = Callable[[Chain, Update], tuple[Moved, tuple[Finding, ...]]]


def changes_since(past: Past, run: Run, marks: tuple[Finding, ...], compare: Compare, update: Update) -> Changes | None:
    """What moved since an earlier run; None where the two have neither a fit nor a plan to compare.

    Parameters
    ----------
    past, run
        The earlier run and this one.
    marks
        Findings of this run's path log on riders.
    compare
        How the two fits are held against each other: ``Chain.divided`` or ``Chain.undivided``.
    update
        Told how far it is.
    """
    stated, problems = config_of(run.document), [*past.problems]
    apart = not_compared(past, stated)
    if apart:
        return Changes(past.name, {}, (), None, None, problems=(*problems, apart))
    differs: Differences | None = None
    moved: Moved | None = None
    findings: tuple[Finding, ...] = ()
    if past.posterior is not None and run.posterior is not None:
        differs = differences(past, past.posterior, (stated, run.posterior), run.inputs.files)
        try:
            moved, findings = compare(Chain(past, run, stated, marks, differs, problems), update)
        except CacError as error:
            problems.append(f"The two fits cannot be held against each other: {first_line(error)}")
    held = _switch(past, run)
    if differs is None and held is None and not problems:
        return None
    return Changes(
        since=past.name,
        said={} if differs is None else differs.said,
        notes=() if differs is None else differs.notes,
        moved=moved,
        switch=held,
        reversals=() if held is None else _reversals(past.plan, run.plan, moved),
        findings=findings,
        problems=tuple(dict.fromkeys(problems)),
    )


def _switch(past: Past, run: Run) -> Switch | None:
    """The new plan against the last one; None where one of the runs made none."""
    section, plan = run.config.plan, run.plan
    if section is None or plan is None or past.plan is None or past.config is None:
        return None
    keys = section.switching_cost
    cost = SwitchingCost() if keys is None else SwitchingCost(keys.moved, keys.channel)
    question = put(section, plan.plan, plan.doubted)
    return switch(question, plan.curves, plan.allocation, last_plan(past, run), cost)


def _reversals(before: pd.DataFrame | None, plan: PlanResult | None, moved: Moved | None) -> tuple[Reversal, ...]:
    """Moves that point the other way now."""
    if before is None or plan is None:
        return ()
    noise = {row.channel: row.is_noise if np.isfinite(row.error) else None for row in _planned_shares(moved)}
    reversals = []
    for row in plan.rows:
        if row.channel not in before.index:
            continue
        now, planned = (float(before[name][row.channel]) for name in ("now", "planned"))
        both = is_moved(now, planned) and is_moved(row.now, row.planned)
        if both and (planned > now) != (row.planned > row.now):
            reversals.append(Reversal(row.channel, planned > now, noise.get(row.channel)))
    return tuple(reversals)


def _planned_shares(moved: Moved | None) -> tuple[Movement, ...]:
    return () if moved is None else moved.of("planned_share")
