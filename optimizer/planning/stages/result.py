"""What a finished run holds; tables, summary and report only read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from attribution.findings import Finding
from attribution.shown import shown
from optimizer.planning.file.config import Config
from optimizer.planning.file.document import Document
from optimizer.planning.inputs.inputs import Inputs

if TYPE_CHECKING:
    from attribution.models.credit import Credit
    from mmm import LastWeeks, Organic, Posterior, ResponseCurves, Rivals
    from optimizer.answer.allocation import Allocation, Certificate
    from optimizer.answer.evaluation import Evaluation
    from optimizer.answer.misses import Miss
    from optimizer.answer.worth import Worth
    from optimizer.cycle.refresh import Moved
    from optimizer.cycle.switching import Switch
    from optimizer.plan import Plan
    from optimizer.planning.stages.aim import Aim
    from optimizer.planning.stages.experience import Corrected
    from optimizer.planning.stages.forecast import ForecastResult
    from optimizer.planning.stages.funnel_result import FunnelResult
    from optimizer.planning.stages.heard import Heard
    from optimizer.planning.stages.new_channels import FirstTest
    from optimizer.planning.stages.referral_result import ReferralResult
    from optimizer.planning.stages.riders import Held, Riders
    from optimizer.planning.stages.schedule import ScheduleResult
    from optimizer.planning.stages.trusted import Trust
    from optimizer.planning.stages.worth_of_customers import Economics
    from optimizer.question.program import Constraint
    from optimizer.scenarios.stress import Stressed
    from optimizer.uncertainty.first_step import FirstStep
    from optimizer.uncertainty.tipping import TippingPoint

__all__ = [
    "UNDIVIDED",
    "AttributionResult",
    "BeliefResult",
    "BeliefRow",
    "Changes",
    "ChannelRow",
    "GivenResult",
    "Goal",
    "PlanResult",
    "PlanWorth",
    "Reversal",
    "RivalPlan",
    "Run",
    "ScenarioResult",
    "TestsResult",
    "blended_cac",
    "paid_cac",
]

Goal = Literal["attribution", "fit", "optimize", "what-if", "report"]
"""How far a run goes."""
UNDIVIDED = "all that changed"
"""The one part of a change that is not divided."""


def blended_cac(outcome: Evaluation) -> Estimate:
    """Blended CAC of a spend: the expected totals' ratio, and the interval over draws."""
    return Estimate.blended(outcome.fixed_cost + float(outcome.spend.sum()), outcome.customers)


def paid_cac(outcome: Evaluation) -> Estimate:
    """Paid spend over paid customers."""
    return Estimate.cost(float(outcome.spend.sum()), outcome.paid.to_numpy().sum(axis=1))


@shown
@dataclass(frozen=True)
class ChannelRow:
    """One channel's line of the plan."""

    channel: str
    now: float
    planned: float
    customers_now: Estimate
    customers: Estimate
    cac_now: Estimate
    cac: Estimate
    marginal_cac: Estimate
    limit: str

    @property
    def direction(self) -> str:
        """``"up"``, ``"down"``, or empty where the plan leaves the spend as it is."""
        return "up" if self.planned > self.now * 1.0005 else "down" if self.planned < self.now * 0.9995 else ""


@shown
@dataclass(frozen=True)
class PlanResult:
    """The plan, today's spend carried on, and how they compare on the plan's aim."""

    aim: Aim
    plan: Plan
    curves: ResponseCurves
    allocation: Allocation
    now: Evaluation
    planned: Evaluation
    riders: Riders
    held: tuple[Held, ...]
    tried: tuple[Held, ...]
    doubted: tuple[str, ...]
    rows: tuple[ChannelRow, ...]
    organic: Organic
    observed_maximum: pd.Series
    ground: pd.Series
    frontier: pd.DataFrame
    explanations: tuple[str, ...]
    findings: tuple[Finding, ...]
    booked: tuple[Constraint, ...] = ()  # what is spent or committed already


@shown
@dataclass(frozen=True, eq=False)
class PlanWorth:
    """The plan against today, how far its moves can be trusted, and a first step.

    Parameters
    ----------
    worth
        Against today, and against plans of the same spend that need no model.
    tipping
        Of every channel that the plan moves.
    step
        The plan within what was tried; None where the plan stays inside, or there is none.
    step_problem
        Why a plan that leaves what was tried has no first step; empty otherwise.
    findings
        Whether the plan is sure to beat today, promises are likely kept, moves likely right, and curves assumed.
    new
        Of every new channel, and its first test.
    corrected
        The improvement on today as plans like this one turned out; None where that was not measured of such plans, or
        nothing improves.
    """

    worth: Worth
    tipping: tuple[TippingPoint, ...]
    step: FirstStep | None
    step_problem: str
    findings: tuple[Finding, ...]
    new: tuple[FirstTest, ...] = ()
    corrected: Corrected | None = None


@shown
@dataclass(frozen=True)
class ScenarioResult:
    """One what-if: its plan and what that is worth against today in the same world, or why there is none."""

    name: str
    outcome: Evaluation | None
    worth: Worth | None = None
    gap: float = np.nan
    problem: str = ""


@shown
@dataclass(frozen=True, eq=False)
class GivenResult:
    """Somebody's plan, held against the run's own.

    Parameters
    ----------
    name
        What the plan file calls it.
    outcome
        Draws of what it brings.
    worth
        What it is worth against today.
    certificate
        How far it is from the best that the run's plan could be, and all that it does not keep.
    misses
        Those of the misses that the plan file states; the others are limits that the run adds (riders, tried spend).
    says
        How its table was read, where that is not plain.
    """

    name: str
    outcome: Evaluation
    worth: Worth
    certificate: Certificate
    misses: tuple[Miss, ...]
    says: str = ""

    @property
    def beyond(self) -> tuple[Miss, ...]:
        """What it does not keep of the limits that the run adds to those of the plan file."""
        stated = {miss.limit for miss in self.misses}
        return tuple(miss for miss in self.certificate.misses if miss.limit not in stated)


@shown
@dataclass(frozen=True)
class AttributionResult:
    """Credit of every model, with intervals and CAC.

    Parameters
    ----------
    credits
        Model name to credit.
    conversions
        Model name to the bootstrap's summary of credited conversions.
    spend
        Spend over the period that the journeys cover, by channel; None where the run has no spend for it.
    period
        First and last of the weeks whose spend that is; None where it does not come from the weekly table.
    cac
        Model name to the bootstrap's summary of CAC, in currency; empty without spend. Where spend comes from the
        weekly table, ``conversions`` are those of the same weeks.
    removal_effect
        Markov model's name to the bootstrap's summary of it, a share of conversions.
    by_segment
        Credit by model, segment and channel; None where the plan file names no segments.
    by_period
        CAC by model, period and channel; None where the plan file asks for none.
    notes
        What was matched or left out, in sentences.
    findings
        Likely intent riders and other checks.
    top_paths, assists, overlap
        As :func:`attribution.top_paths`, :func:`attribution.assists` and :func:`attribution.channel_overlap` give them;
        no overlap past 62 channels.
    """

    credits: Mapping[str, Credit]
    conversions: Mapping[str, pd.DataFrame]
    spend: pd.Series | None
    period: tuple[pd.Timestamp, pd.Timestamp] | None
    cac: Mapping[str, pd.DataFrame]
    removal_effect: Mapping[str, pd.DataFrame]
    by_segment: pd.DataFrame | None
    by_period: pd.DataFrame | None
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    top_paths: pd.DataFrame
    assists: pd.DataFrame
    overlap: pd.DataFrame | None


@shown
@dataclass(frozen=True)
class BeliefRow:
    """One channel's CAC over the weekly table, as belief and data have it.

    Parameters
    ----------
    channel
        Its name.
    believed, fitted, neutral
        CAC before the data, with them, and with them under a neutral belief; None where that was not asked for.
    learnt
        One less the ratio of the spreads after and before, of the logarithm: near 0 the figure is mostly belief.
    text
        The same in words.
    """

    channel: str
    believed: Estimate
    fitted: Estimate
    neutral: Estimate | None
    learnt: float
    text: str


@shown
@dataclass(frozen=True)
class BeliefResult:
    """All channels, and what the plan is worth under the neutral belief.

    Parameters
    ----------
    rows
        By channel.
    aim_now, aim_planned
        The plan's aim of today's spend and of the plan under the neutral belief; None without it.
    probability_better
        Under the neutral belief; NaN without it.
    findings
        Whether conclusions hang on the belief.
    """

    rows: tuple[BeliefRow, ...]
    aim_now: Estimate | None = None
    aim_planned: Estimate | None = None
    probability_better: float = np.nan
    findings: tuple[Finding, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row per channel: CAC believed, fitted and under the neutral belief, with 90 % intervals."""
        rows = []
        for row in self.rows:
            line: dict[str, object] = {"channel": row.channel}
            for name in ("believed", "fitted", "neutral"):
                estimate: Estimate | None = getattr(row, name)
                if estimate is not None:
                    line |= estimate.flat(f"cac_{name}")
            rows.append(line | {"learnt": row.learnt, "text": row.text})
        return pd.DataFrame(rows)


@shown
@dataclass(frozen=True, eq=False)
class TestsResult:
    """What a lift test of each channel would be worth before it is run.

    Parameters
    ----------
    table
        As :func:`optimizer.value_of_tests`, indexed by channel, most valuable first; in customers over the horizon.
        With ``change``, the share of the channel's spend that its test adds, -1 where it switches it off.
    weeks, standard_error
        Of every test.
    unweighed
        Channels whose tests are not among those that would tell most, where there are many.
    """

    table: pd.DataFrame
    weeks: int
    standard_error: float
    unweighed: tuple[str, ...] = ()


@shown
@dataclass(frozen=True, eq=False)
class RivalPlan:
    """What one reading of the weekly table would have planned, and what the run's plan is worth under it.

    Parameters
    ----------
    reading
        Its name.
    spend
        Its own plan, currency by channel; NaN where it has none.
    ours, best
        The plan's aim under the reading, of the run's plan and of its own.
    regret
        How much better its own does.
    shortfall
        Customers by which the run's plan misses its promise under the reading.
    problem
        Why it has no plan; empty where it has.
    """

    reading: str
    spend: pd.Series
    ours: float
    best: float
    regret: float
    shortfall: float
    problem: str = ""


@dataclass(frozen=True)
class Reversal:
    """A move that points the other way than the last run's.

    Parameters
    ----------
    channel
        Whose spend.
    was_raised
        Whether the last plan raised it; this one does the opposite.
    is_noise
        Whether its share of the plan changed by no more than Monte Carlo error; None where that is not known.
    """

    channel: str
    was_raised: bool
    is_noise: bool | None


@shown
@dataclass(frozen=True, eq=False)
class Changes:
    """The run against the last one.

    Parameters
    ----------
    since
        What sentences call the last run.
    said
        Part -> what changed, in a sentence.
    notes
        What only one of the two knows.
    moved
        Figures of both fits and their change; None where they cannot be compared.
    switch
        The new plan against keeping the last one; None where one of the two runs has no plan.
    reversals
        Moves that point the other way now.
    findings
        On the fits between.
    problems
        Why something is not compared, in sentences.
    """

    since: str
    said: Mapping[str, str]
    notes: tuple[str, ...]
    moved: Moved | None
    switch: Switch | None
    reversals: tuple[Reversal, ...] = ()
    findings: tuple[Finding, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def divided(self) -> bool:
        """Whether the change is divided among its parts."""
        return self.moved is not None and UNDIVIDED not in self.moved.parts


@shown
@dataclass(frozen=True)
class Run:
    """A finished run."""

    config: Config
    document: Document
    inputs: Inputs
    attribution: AttributionResult | None = None
    posterior: Posterior | None = None
    rivals: Rivals | None = None
    last_weeks: LastWeeks | None = None
    plan: PlanResult | None = None
    worth: PlanWorth | None = None
    rival_plans: tuple[RivalPlan, ...] = ()
    trust: Trust | None = None
    given: tuple[GivenResult, ...] = ()
    scenarios: tuple[ScenarioResult, ...] = ()
    stress: Stressed | None = None
    belief: BeliefResult | None = None
    neutral: Posterior | None = None
    tests: TestsResult | None = None
    schedule: ScheduleResult | None = None
    forecast: ForecastResult | None = None
    changes: Changes | None = None
    heard: Heard | None = None
    economics: Economics | None = None
    referral: ReferralResult | None = None
    funnel: FunnelResult | None = None
    findings: tuple[Finding, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def by_market(self) -> bool:
        """Whether the plan file names the column of markets."""
        return self.config.data.weekly is not None and self.config.data.weekly.geo is not None

    @property
    def converged(self) -> bool:
        """Whether the mix model passed the convergence gate; true where there is none."""
        return self.posterior is None or self.posterior.converged
