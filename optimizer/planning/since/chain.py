"""From an earlier run's belief to this one's: every step fitted, asked the same, and planned on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.errors import BadInput, InfeasiblePlan, bounded
from attribution.findings import Finding
from mmm import Panel, Posterior
from mmm.arrays import Array
from optimizer.cycle.belief import Belief
from optimizer.cycle.monte_carlo import rows_without
from optimizer.cycle.refresh import Moved, what_moved
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.inputs.inputs import Inputs
from optimizer.planning.inputs.markets import curves_by_cell, markets_of
from optimizer.planning.inputs.present_spend import present_spend_of
from optimizer.planning.since.differences import OTHER, QUESTION, Differences
from optimizer.planning.since.past import Past
from optimizer.planning.since.refits import NOT_RECORDED, Refit, refits
from optimizer.planning.stages.optimize import asked_within
from optimizer.planning.stages.progress import Update
from optimizer.planning.stages.question import solved
from optimizer.planning.stages.result import UNDIVIDED, Run

__all__ = ["Chain", "first_line", "last_plan"]

Rows = npt.NDArray[np.intp]
_PLANS = 4  # plans for the Monte Carlo error of one, each without a chain


@dataclass(frozen=True, eq=False)
class Chain:
    """From the earlier run's belief to this one's.

    Parameters
    ----------
    past, run
        The two runs.
    stated
        The plan file of the latter as it is written.
    marks
        Findings of its path log on riders.
    differs
        What differs between the two.
    problems
        Where sentences go on steps that could not be planned on.
    """

    past: Past
    run: Run
    stated: Config
    marks: tuple[Finding, ...]
    differs: Differences
    problems: list[str]

    def undivided(self, update: Update) -> tuple[Moved, tuple[Finding, ...]]:
        """Both ends alone, and the plans as they were carried out."""
        old, new = self._ends()
        before, now = self._sections()
        beliefs = [self._belief("", old, before), self._belief(UNDIVIDED, new, now)]
        return what_moved(beliefs, self._spend(), self._plans()), ()

    def divided(self, update: Update) -> tuple[Moved, tuple[Finding, ...]]:
        """Every step fitted, and planned on; the old question until the last step, which is the question itself."""
        old, new = self._ends()
        config = self.past.config
        if config is None:
            return self.undivided(update)
        steps = refits(self.differs, config, old, (self.stated, self.run.inputs, new), update)
        if QUESTION in self.differs.said and steps[0].because == NOT_RECORDED and _same_draws(old, new):
            steps = ()
        before, now = self._sections()
        beliefs = [self._planned(self._belief("", old, before), old, before)]
        for step in steps:
            belief = self._belief(step.because, step.posterior, before)
            beliefs.append(self._planned(belief, step.posterior, before))
        if QUESTION in self.differs.said:
            beliefs.append(self._planned(self._belief(QUESTION, new, now), new, now))
        for place, section, posterior in ((0, before, old), (-1, now, new)):
            beliefs[place] = self._with_plans_without(beliefs[place], posterior, section)
        plans = self._plans()
        if plans is not None and len(beliefs) == 2 and OTHER not in self.differs.said:
            # one thing alone has changed, so it did whatever there is, also by the readings that are not fitted again
            beliefs = [replace(belief, plan=plan) for belief, plan in zip(beliefs, plans, strict=True)]
        return what_moved(beliefs, self._spend(), plans), _converged(steps)

    def _sections(self) -> tuple[PlanSection | None, PlanSection | None]:
        """The old question and the new one; the new one for both where the old one cannot be read."""
        config = self.past.config
        return (self.stated.plan if config is None else config.plan), self.stated.plan

    def _ends(self) -> tuple[Posterior, Posterior]:
        old, new = self.past.posterior, self.run.posterior
        if old is None or new is None:
            raise ValueError("one of the two runs has no fit")
        if old.panel.days != new.panel.days:
            raise BadInput("one weekly table holds weeks, the other days.")
        return old, new

    def _weeks(self) -> int:
        return 13 if self.stated.plan is None else self.stated.plan.weeks

    def _spend(self) -> pd.Series:
        """Present spend of this run, at which all beliefs are asked."""
        _, new = self._ends()
        inputs = self.run.inputs
        if inputs.now is not None:
            return inputs.now
        return new.panel.recent_spend() * (self._weeks() * new.panel.per_week)

    def _plans(self) -> tuple[pd.Series, pd.Series] | None:
        if self.run.plan is None or self.past.plan is None:
            return None
        return last_plan(self.past, self.run), self.run.plan.allocation.spend

    def _belief(self, because: str, posterior: Posterior, section: PlanSection | None) -> Belief:
        periods = self._weeks() * posterior.panel.per_week
        curves = curves_by_cell(posterior, markets_of(posterior.panel), periods)
        fixed = 0.0 if section is None else section.fixed_cost
        return Belief(because, curves, self._organic(posterior, periods), fixed_cost=fixed)

    def _organic(self, posterior: Posterior, periods: int) -> Array:
        """Organic customers of the weeks after this run's table, also of a fit whose own table ends before it."""
        _, new = self._ends()
        lag = max((new.panel.dates[-1] - posterior.panel.dates[-1]).days // new.panel.days, 0)
        coming = coming_of(self.run.inputs, posterior.panel, lag + periods)
        organic = posterior.organic(lag + periods, controls=coming)
        return np.asarray((organic.by_week + organic.noise)[:, lag:].sum(axis=1))

    def _planned(self, belief: Belief, posterior: Posterior, section: PlanSection | None) -> Belief:
        if section is None or self.run.plan is None:
            return belief
        try:
            return replace(belief, plan=self._plan_on(posterior, section))
        except (InfeasiblePlan, BadInput) as error:
            what = belief.because or "the last run's fit"
            self.problems.append(f"No plan after {what}, so the next part has both: {first_line(error)}")
            return belief

    def _with_plans_without(self, belief: Belief, posterior: Posterior, section: PlanSection | None) -> Belief:
        if belief.plan is None or section is None:
            return belief
        try:
            plans = [self._plan_on(posterior, section, rows) for rows in rows_without(posterior.n_draws, _PLANS)]
        except (InfeasiblePlan, BadInput):  # without a chain the promises may be out of reach
            return belief
        return replace(belief, plans_without=pd.DataFrame(plans).reset_index(drop=True))

    def _plan_on(
        self, posterior: Posterior, section: PlanSection, rows: npt.NDArray[np.intp] | None = None
    ) -> pd.Series:
        """The plan that a fit alone makes of a question, its spend in proportion to this run's horizon."""
        markets = markets_of(posterior.panel)
        inputs = replace(self.run.inputs, markets=markets)
        own = inputs.as_asked(self.stated.model_copy(update={"plan": section, "scenarios": []}))
        section = own.plan or section
        inputs = replace(
            inputs,
            panel=posterior.panel,
            now=present_spend_of(posterior.panel, markets, section),
            lift_tests=posterior.model.lift_tests,
            upcoming=coming_of(self.run.inputs, posterior.panel, section.weeks * posterior.panel.per_week),
        )
        within = asked_within(own, inputs, posterior, (*self.marks, *posterior.diagnostics), rows)
        spend = solved(section, within.asked.plan, within.asked.curves, within.doubted).spend
        return spend * (self._weeks() / section.weeks)


def coming_of(inputs: Inputs, panel: Panel, periods: int) -> dict[str, pd.DataFrame] | None:
    """Controls and organic channels of the weeks after an older table, by market: seen ones, then the coming ones.

    None where this run does not know all that the older table holds, or not so far, so that each stays at its mean of
    the last year.
    """
    latest, names = inputs.panel, (*panel.control_names, *panel.organic_channels)
    if latest is None or inputs.upcoming is None or not names or panel.dates[-1] > latest.dates[-1]:
        return None
    tables = {}
    for place, geo in enumerate(latest.geos):
        upcoming = inputs.upcoming if isinstance(inputs.upcoming, pd.DataFrame) else inputs.upcoming[geo]
        unpaid = latest.media[place][:, len(latest.channels) :]
        seen = np.concatenate([latest.controls[place], unpaid], axis=1)
        frame = pd.DataFrame(seen, latest.dates, [*latest.control_names, *latest.organic_channels])
        tables[geo] = pd.concat([frame, upcoming[[name for name in frame if name in upcoming]]])
    dates = panel.after(periods)
    known = all(
        set(names) <= set(table.columns) and not table.reindex(dates)[list(names)].isna().to_numpy().any()
        for table in tables.values()
    )
    return tables if known and set(panel.geos) <= set(tables) else None


def _same_draws(one: Posterior, other: Posterior) -> bool:
    same = one.draws.keys() == other.draws.keys()
    return same and all(np.array_equal(values, other.draws[name]) for name, values in one.draws.items())


def last_plan(past: Past, run: Run) -> pd.Series:
    """The last plan's spend over this run's horizon."""
    if past.plan is None:
        raise ValueError("the earlier run has no plan")
    before, now = past.config and past.config.plan, run.config.plan
    scale = now.weeks / before.weeks if before and now else 1.0
    return past.plan["planned"] * scale


def first_line(error: Exception) -> str:
    """The first line of a message, bounded."""
    return bounded((str(error).splitlines() or [type(error).__name__])[0])


def _converged(steps: Sequence[Refit]) -> tuple[Finding, ...]:
    """Whether the fits between were fit for use."""
    between = steps[:-1]
    if not between:
        return ()
    failed = [step.because for step in between if not step.posterior.converged]
    text = "Every fit between the last run and this one converged."
    if failed:
        text = f"Fits between the last run and this one did not converge after: {', '.join(failed)}; read the parts of "
        text += "those steps and of the next with care."
    return (Finding("refits_converged", not failed, float(len(failed)), 0.0, text),)
