"""What a geo test is worth: the plan's question once the test is over, and what the test would say to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput
from mmm import Panel, Posterior, ResponseCurves
from mmm.experiments.geo_proposal import HOLD_OUT, Proposal
from mmm.experiments.geo_spend import SpendChange
from optimizer.plan import Plan
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.plan import NextTests, PlanSection
from optimizer.planning.inputs.inputs import Inputs
from optimizer.planning.inputs.present_spend import observed_maximum
from optimizer.planning.stages.next_tests import MOST
from optimizer.planning.stages.optimize import asked
from optimizer.question.constraints import Budget, Channel, MaxCAC
from optimizer.question.groups import AverageCAC
from optimizer.question.objectives import Customers
from optimizer.question.program import Constraint
from optimizer.uncertainty.value_of_tests import LiftTest, most_telling, value_of_tests

__all__ = ["Question", "question_of", "row_of", "spending_geos", "worth_most"]

_DRAWS = 500
_MOST = 5  # channels that are designed for where none is named


@dataclass(frozen=True, eq=False)
class Question:
    """What the coming plan asks once a test is over: most customers for its money, on national curves."""

    plan: Plan
    curves: ResponseCurves
    now: pd.Series


def question_of(config: Config, section: PlanSection, inputs: Inputs, posterior: Posterior) -> Question:
    """The plan's own question without promises of customers; of several markets that of money and tried spend alone."""
    panel = posterior.panel
    periods = section.weeks * panel.per_week
    rows = np.linspace(0, posterior.n_draws - 1, min(_DRAWS, posterior.n_draws)).astype(np.intp)
    several = len(panel.geos) > 1
    if not several and not section.new_channels:
        own = asked(config, inputs, posterior, rows)
        limits: tuple[Constraint, ...] = own.plan.without(Budget, Customers, MaxCAC, AverageCAC).subject_to
        now, curves = own.now, own.curves
    else:
        curves, limits = posterior.curves(periods).take(rows), ()
        now = panel.recent_spend() * periods
    most = observed_maximum(panel.national_spend, periods).reindex(list(curves.channels), fill_value=0.0)
    tried = [] if section.explore else [Channel(name).at_most(max(most[name], now[name])) for name in now.index]
    plan = Plan(maximize=Customers(), subject_to=[*limits, *tried, Budget(exactly=float(now.sum()))], now=now)
    return Question(plan, curves, now)


def spending_geos(panel: Panel, channel: str) -> tuple[bool, ...]:
    """In which geos a channel spent lately."""
    recent = panel.spend[:, -13 * panel.per_week :, panel.channels.index(channel)]
    return tuple(bool(geo.any()) for geo in recent)


def worth_most(question: Question, keys: NextTests, section: PlanSection, panel: Panel) -> list[str]:
    """Channels whose tests would be worth most, were all measured as well as tests of a fifth of the market are."""
    usable = [name for name in panel.channels if question.now.get(name, 0.0) > 0 and any(spending_geos(panel, name))]
    if not usable:
        raise BadInput("cac test design: no channel has spent anything lately, so there is nothing to test.")
    share = min(keys.weeks / section.weeks, 1.0) * HOLD_OUT.share
    tests = {}
    for name in usable:
        effect = LiftTest(keys.change, share).effect(question.curves, name, float(question.now[name]))
        tests[name] = LiftTest(keys.change, share, max(float(effect.std()) / 2, 1e-9))
    telling = most_telling(question.curves, tests, question.now, MOST)
    worth = value_of_tests(question.plan, question.curves, {name: tests[name] for name in telling})
    return [str(name) for name in worth["channel"].head(_MOST)]


def row_of(proposal: Proposal, place: int, share: float, spend: SpendChange, question: Question) -> dict[str, Any]:
    """A line of the table: a cell of a proposal whose geos have a share of the channel's horizon.

    A test longer than the horizon counts as one of its length that is so much more precise.
    """
    cell, error = proposal.design.cells[place], proposal.standard_error(place)
    longer = max(share, 1.0)
    test = LiftTest(cell.change, share / longer, error / longer)
    effect = test.effect(question.curves, cell.channel, float(question.now[cell.channel])) * longer
    worth = value_of_tests(question.plan, question.curves, {cell.channel: test}).iloc[0]
    expected = float(np.sign(cell.change) * effect.mean())
    return {
        "design": proposal.design.name,
        "channel": cell.channel,
        "change": cell.change,
        "geos": len(cell.geos),
        "controls": len(proposal.design.controls),
        "share_of_customers": proposal.usual(place)
        / float(proposal.placebos[place].gaps.scale.sum())
        / proposal.periods,
        "start": proposal.design.start,
        "end": proposal.design.end,
        "customers": expected,
        "spend": spend.change,
        "standard_error": error,
        "detectable": proposal.detectable(place),
        "power": proposal.power(expected, place),
        "size": proposal.placebos[place].size,
        "worth": float(worth["value"]),
        "of_perfect": float(worth["of_perfect"]),
        "known_before": float(worth["effect_sd"]) * longer,
    }
