"""The certified plan with a channel at half or at nothing, beside the plan of record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import optimizer
from attribution.errors import BadInput, BrokenPromise, InfeasiblePlan
from attribution.estimates import Estimate
from attribution.numbers import amount, percent
from mmm import Posterior, ResponseCurves
from optimizer.answer.allocation import Allocation
from optimizer.cycle.alarms import Level
from optimizer.plan import Plan
from optimizer.planning.file.config import Config
from optimizer.planning.file.document import Document
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.file.markets import Markets
from optimizer.planning.inputs.inputs import inputs_of_fit
from optimizer.planning.inputs.markets import spend_by_cell
from optimizer.planning.inputs.present_spend import observed_maximum
from optimizer.planning.language.wording import in_words_of_the_file
from optimizer.planning.stages.optimize import asked
from optimizer.planning.stages.question import doubted_channels, solved
from optimizer.question.constraints import Constraint
from optimizer.question.groups import AverageCAC, MarginalCAC
from optimizer.scenarios import CostInflation

__all__ = ["Cut", "Desk", "Replan", "desk_of"]

_HALF = 0.5
_OF_RESULTS = (optimizer.Customers, optimizer.MaxCAC, AverageCAC, MarginalCAC)


@dataclass(frozen=True)
class Cut:
    """A channel to be cut, how far, by how much it is dearer as an alarm says (None: it does not), and why it."""

    channel: str
    level: Level
    dearer: float | None
    because: str


@dataclass(frozen=True, eq=False)
class Replan:
    """A plan with a channel cut, and what that costs.

    Parameters
    ----------
    channel, level
        The channel, and halve or stop.
    spend
        Currency over the horizon by channel (or cell of several markets); None where there is no such plan.
    lost
        Customers of the plan of record above this plan's, if the curves are as fitted: the cost of a false alarm.
    lost_if_true
        The same if the channel's media really cost ``dearer`` more for the same effect, below 0 where the cut gains;
        None where no alarm says by how much.
    cac, cac_of_record
        Blended CAC of the two, if the curves are as fitted.
    dearer
        As a share.
    gap
        Distance from the best plan under these limits, as proved.
    text
        What the plan does, or why there is none.
    """

    channel: str
    level: Level
    spend: pd.Series | None
    lost: Estimate | None
    lost_if_true: Estimate | None
    cac: Estimate | None
    cac_of_record: Estimate | None
    dearer: float | None
    gap: float
    text: str


@dataclass(frozen=True, eq=False)
class Desk:
    """What re-plans are made of.

    Parameters
    ----------
    section
        The plan file's question, by cell.
    markets
        Cells.
    plan, curves
        The question on the fit.
    record
        Spend of the plan of record by cell.
    seen
        The most ever spent over the horizon by cell.
    held
        Cells that the plan of record held for riding on demand.
    doubted
        Channels whose credit is doubted where the plan is made against hidden demand.
    """

    section: PlanSection
    markets: Markets
    plan: Plan
    curves: ResponseCurves
    record: pd.Series
    seen: pd.Series
    held: tuple[str, ...]
    doubted: tuple[str, ...]

    @property
    def dearest(self) -> str:
        """The channel whose last customer costs most in the plan of record."""
        costs: dict[str, float] = {}
        for cell in self.record.index[self.record > 0]:
            slope = float(np.mean(self.curves[cell].value_and_slope(float(self.record[cell]))[1]))
            costs[str(self.markets.cells.get(cell, (cell, ""))[0])] = 1 / max(slope, 1e-300)
        return max(costs, key=lambda channel: costs[channel])

    def replan(self, wanted: Cut, backups: Iterable[str], beyond: float) -> Replan:
        """The best plan with a channel at half or at nothing; it spends no more than the plan of record.

        Parameters
        ----------
        wanted
            What is cut.
        backups
            Channels that alone may take a stopped one's money; all others where empty.
        beyond
            What those may exceed their tried spend by, as a share.
        """
        cells, stopped = self._cells(wanted.channel), wanted.level is Level.STOP
        others = [name for name in backups if name != wanted.channel] if stopped else []
        plan = self._cut(cells, 0.0 if stopped else _HALF, [c for name in others for c in self._cells(name)], beyond)
        note = ""
        try:
            try:
                allocation = solved(self.section, plan, self.curves, self.doubted)
            except InfeasiblePlan as error:
                note = f"The promises of the plan file cannot be kept so ({in_words_of_the_file(str(error))}) "
                note += "This is the plan with most customers instead."
                allocation = self._without_promises(plan).solve(self.curves, self.section.gap)
        except (BadInput, InfeasiblePlan, BrokenPromise) as error:
            text = f"{wanted.because} There is no such plan: {in_words_of_the_file(str(error))}".strip()
            return Replan(wanted.channel, wanted.level, None, None, None, None, None, wanted.dearer, np.nan, text)
        return self._judged(wanted, allocation, others, note)

    def _cells(self, channel: str) -> list[str]:
        return [cell for cell in self.markets.of_channel(channel) if cell in self.curves] or [channel]

    def _cut(self, cut: list[str], share: float, backups: list[str], beyond: float) -> Plan:
        """The question with cells cut, the money on backups where there are any, and no more of it than before."""
        limits: list[Constraint] = [part for part in self.plan.subject_to if not _of_one(part, cut)]
        for cell in self.record.index:
            planned, most = float(self.record[cell]), max(float(self.seen[cell]), float(self.record[cell]))
            own = optimizer.Channel(str(cell))
            if cell in cut:
                limits.append(own.fixed(share * planned))
            elif cell in backups:
                limits += [own.at_least(planned), own.at_most(max(most, float(self.seen[cell]) * (1 + beyond)))]
            elif backups or cell in self.held:
                limits.append(own.at_most(planned))
            elif not self.section.explore:
                limits.append(own.at_most(most))
        limits.append(optimizer.Budget(at_most=float(self.record.sum())))
        return self.plan.replaced(subject_to=limits)

    def _without_promises(self, plan: Plan) -> Plan:
        limits = [part for part in plan.subject_to if not isinstance(part, _OF_RESULTS)]
        business = plan.objective.business
        most = optimizer.Customers(organic=business.organic, fixed_cost=business.fixed_cost)
        return Plan(maximize=most, subject_to=limits, now=plan.now)

    def _judged(self, cut: Cut, allocation: Allocation, backups: list[str], note: str) -> Replan:
        spend, channel, dearer = allocation.spend, cut.channel, cut.dearer
        before, after = (self.plan.evaluate(self.curves, each) for each in (self.record, spend))
        word = "at nothing" if cut.level is Level.STOP else "at half of the plan"
        moved = (spend - self.record).drop(self._cells(channel))
        listed = ", ".join(f"{cell} {amount(by)} more" for cell, by in moved.items() if by > 1e-6 * self.record.sum())
        text = f"{cut.because} {channel} {word}; {listed or 'no other channel gets more'}, "
        text += f"{amount(float(spend.sum()))} in all." + (f" Backups: {', '.join(backups)}." if backups else "")
        return Replan(
            channel,
            cut.level,
            spend,
            Estimate.of(before.customers - after.customers),
            None if dearer is None else self._lost_if(channel, dearer, spend),
            Estimate.blended(before.fixed_cost + float(spend.sum()), after.customers),
            Estimate.blended(before.fixed_cost + float(self.record.sum()), before.customers),
            dearer,
            float(allocation.gap),
            f"{text.strip()} {note}".strip(),
        )

    def _lost_if(self, channel: str, dearer: float, spend: pd.Series) -> Estimate:
        """Customers that a spend loses against the plan of record if the channel's media cost so much more."""
        changed = CostInflation(dict.fromkeys(self._cells(channel), dearer)).applied(self.plan, self.curves)[1]
        before, after = (self.plan.evaluate(changed, each).customers for each in (self.record, spend))
        return Estimate.of(before - after)

    def warm(self, backups: Iterable[str], between: tuple[float, float]) -> str:
        """Whether backups have the part of all spend that they should have; empty where they do, or there are none."""
        names = list(backups)
        if not names:
            return ""
        part = float(sum(self.record[cell] for name in names for cell in self._cells(name)) / self.record.sum())
        if between[0] <= part <= between[1]:
            return ""
        least, most = (percent(end) for end in between)
        return (
            f"Backups ({', '.join(names)}) have {percent(part)} of the plan's spend, and should have {least} to {most}."
        )


def desk_of(config: Config, document: Document, posterior: Posterior, folder: Path) -> Desk | str:
    """What re-plans are made of, or a sentence that says why there are none.

    Parameters
    ----------
    config, document
        The plan file.
    posterior
        The last fit.
    folder
        The last run's, with its ``plan.csv``.
    """
    table = folder / "plan.csv"
    if config.plan is None or not table.is_file():
        return "No plan was made in the last run, so none can be made again: run cac plan with a plan section."
    inputs = inputs_of_fit(config, document, posterior.panel)
    markets = inputs.markets
    if markets is None:
        return "The weekly table has no markets."
    own = inputs.as_asked(config)
    section = own.plan or config.plan
    rows = pd.read_csv(table)
    cells = rows["channel"].astype(str)
    cells = cells.str.removeprefix("'") if config.quote_formulas else cells
    if "market" in rows:
        cells = cells + " @ " + rows["market"].astype(str)
    record = pd.Series(rows["spend_planned"].to_numpy(float), list(cells))
    question = asked(own, inputs, posterior)
    if set(record.index) != set(question.curves.channels):
        return "The plan file names other channels than the last run's plan.csv: run cac plan again."
    record = record[list(question.curves.channels)]
    seen = observed_maximum(spend_by_cell(posterior.panel, markets), section.weeks * posterior.panel.per_week)
    held = tuple(cell for cell, limit in zip(cells, rows["binding_limit"], strict=True) if limit == "held")
    doubted = doubted_channels(section, question.curves.channels, posterior.model.lift_tests)
    seen = seen.reindex(record.index, fill_value=0.0)
    return Desk(section, markets, question.plan, question.curves, record, seen, held, doubted)


def _of_one(part: Constraint, cells: Iterable[str]) -> bool:
    """Whether a limit is stated of one of the cells itself; those of groups stay."""
    subject = getattr(part, "subject", None)
    return any(subject == optimizer.Channel(cell).subject for cell in cells)
