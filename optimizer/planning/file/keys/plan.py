"""The plan file's ``plan`` and ``scenarios``: the question to the optimizer, and what if."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from attribution.numbers import percent
from mmm.experiments.on_off_design import MOST_CHANGE
from optimizer.planning.file.amounts import Amount, Cost, Count, Money, Percent, Shift
from optimizer.planning.file.keys.base import Name, Section, Title
from optimizer.planning.file.keys.limits import BudgetLimits, ChangeLimits, GroupLimits, Limits, MarketLimits, Weighted
from optimizer.planning.file.keys.referral import ReferralKeys
from optimizer.planning.file.keys.schedule import Schedule
from optimizer.planning.file.keys.tables import Days, Numbers, Source
from optimizer.question.wording import AS_PLANNED

__all__ = [
    "PLAN_ITSELF",
    "GeoTable",
    "GivenTable",
    "HiddenDemandKeys",
    "NewChannelKeys",
    "NextTests",
    "PlanSection",
    "Promise",
    "Question",
    "Risk",
    "Scenario",
    "StressKeys",
    "SwitchingCostKeys",
]

PLAN_ITSELF = "Plan"
"""What outputs call the plan among its what-ifs."""


class Promise(Section):
    """New customers promised over the horizon, organic ones included; +0% means as many as today's spend brings."""

    at_least: Count
    """New customers over the horizon, organic ones included; `+0%` means as many as today's spend brings."""

    @field_validator("at_least")
    @classmethod
    def _positive(cls, at_least: Amount) -> Amount:
        if not at_least.relative and at_least.value <= 0:
            raise ValueError("promise more than 0 customers")
        return at_least


class GeoTable(Numbers, Days):
    """A table of the outcome by geo, on which geo tests are designed where the weekly table is national."""

    path: Source
    """The table, a row per geo and week or day."""
    date: Name = "week"
    """Column of the first day of each period."""
    geo: Name = "geo"
    """Column of the geo."""
    kpi: Name = "new_customers"
    """Column of new customers."""
    spend: dict[Name, Name] | list[Name] = []
    """Columns of spend, named as the channels of `data.weekly.spend`; or channel: column. Without them spend is taken
    to go to geos as their customers do.
    """

    @property
    def channels(self) -> dict[str, str]:
        """Channel to spend column."""
        return dict(self.spend) if isinstance(self.spend, dict) else {name: name for name in self.spend}


def _of_a_test(change: float) -> float:
    if change > MOST_CHANGE:
        raise ValueError(f"no test spends {1 + change:,.0f} times what is usual; write for example +50%")
    return change


class NextTests(Section):
    """The lift test whose worth is asked for each channel before it is run."""

    weeks: Annotated[int, Field(ge=1, le=26)] = 4
    """How long the test runs."""
    change: Percent = -1.0
    """Of the channel's spend while it runs."""
    heavy_up: Percent | None = 0.5
    """Of its spend, what the test adds instead where the plan stops a channel at the most ever spent: a result that
    sees an effect lets the next plan spend at that rate. `null` tests every channel by `change`.
    """
    standard_error: Annotated[float, Field(gt=0)] | None = None
    """Of its result in customers; the noise of so many weeks where left out."""
    geos: GeoTable | None = None
    """Table by geo for `cac test design`; `data.weekly` where that names a column of markets."""
    assign: Literal["strata", "pairs"] = "strata"
    """How geo tests draw their geos: at random within strata of like size, or one of each of some matched pairs."""

    @field_validator("change")
    @classmethod
    def _some_change(cls, change: float) -> float:
        if change == 0:
            raise ValueError("a test changes spend; write for example -100% or +50%")
        return _of_a_test(change)

    @field_validator("heavy_up")
    @classmethod
    def _more_spend(cls, heavy_up: float | None) -> float | None:
        if heavy_up is not None and not heavy_up > 0:
            raise ValueError("adds spend; write for example +50%, or null")
        return heavy_up if heavy_up is None else _of_a_test(heavy_up)


class HiddenDemandKeys(Section):
    """How much of what channels are credited with may be demand that comes anyway."""

    strength: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Largest share of a channel's effect."""
    channels: list[Name] = []
    """Channels in doubt; all of which no lift test has seen an effect where left out."""
    in_all: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Largest share of the customers credited to them today together."""


class NewChannelKeys(Section):
    """A channel without history, whose curve is assumed to be another channel's."""

    like: Name
    """Channel of `data.weekly.spend` whose curve it borrows, draw by draw."""
    scale: Annotated[float, Field(ge=0.001, le=100)] = 1.0
    """Its market against that channel's: spend and customers of the curve are multiplied by it, so that a first
    customer costs the same and the market is used up at 0.5 times the spend for 0.5.
    """
    spread: Annotated[float, Field(gt=0, le=2)] = 0.5
    """How much more uncertain its effect is than the borrowed curve's: one standard deviation of its logarithm, so that
    0.5 puts 90 % of cases between 0.4 and 2 times the expected effect, which stays the borrowed one.
    """
    at_most: Money
    """Most to be spent on it over the horizon, in place of the ground that was tried."""


class GivenTable(Numbers):
    """A table of somebody's plan: a row per channel, and what it gets; or a plan as Robyn, Meridian or PyMC-Marketing
    write it, known by its columns.
    """

    path: Source
    """The table, one row per channel; every channel is named as here or by its column of spend, 0 for one not used."""
    channel: Name = "channel"
    """Its column of channels."""
    market: Name = "market"
    """Its column of markets, where the weekly table holds several; then a row per market and channel."""
    spend: Name = "spend"
    """Its column of spend over the horizon, in the plan file's `currency`."""
    weeks: Annotated[float, Field(gt=0, le=1_000)] | None = None
    """Weeks that its spend is for, where these are not the horizon: 1 for spend per week, 52 for that of a year. Spend
    then counts times `plan.weeks` over it.
    """


class Risk(Section):
    """The cases that a plan is made for: the mean of the worst, in place of the mean of all."""

    worst: Annotated[float, Field(gt=0, le=1)]
    """Share of the cases that counts as worst: 0.1 for the worst 10 % of the draws."""
    weight: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Weight of those against the mean of all."""

    @property
    def cases(self) -> str:
        """The cases in words."""
        worst = f"the mean of the worst {percent(self.worst)} of cases"
        return worst if self.weight == 1 else f"{percent(self.weight)} {worst} and the rest the mean of all"


class SwitchingCostKeys(Section):
    """What it costs to leave the last run's plan for a new one."""

    moved: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Per unit of currency that moves between channels: 0.02 for 2 % of it in fees and lost discounts."""
    channel: Money = 0.0
    """For each channel whose spend changes by more than half a thousandth."""


class Question(Section):
    """What is asked of a plan beside its aim: the business, promises and limits; a scenario may ask otherwise."""

    fixed_cost: Money = 0.0
    """Salaries, agencies, tools over the horizon."""
    value_per_customer: Cost | dict[Name, Money] | None = None
    """Lifetime value, or channel: value for `maximize: profit`; needed for profit, shows profit and the odds of an
    LTV:CAC of 3 otherwise.
    """
    value_per_organic: Money | None = None
    """Value of a customer who comes unpaid; goes with values by channel."""
    budget: BudgetLimits | None = None
    """What all channels together may spend; no limit where left out."""
    incremental: Shift | None = None
    """Only the additional money is divided: no channel gets less than today, and the budget is exactly today's spend
    and this; a percentage is of today's spend.
    """
    customers: Promise | None = None
    """The promise of new customers."""
    max_cac: Cost | None = None
    """Cap of the blended CAC."""
    payback: Annotated[int, Field(ge=1, le=240)] | None = None
    """Months within which the customers of every channel that is not `fixed` have to earn back what they cost: the
    channel's CAC is at most the margin, in expectation and not discounted, that `data.cohorts` or `data.orders` give a
    customer by then; see [what a customer is worth](concepts/customer-worth.md).
    """
    every_channel: Limits | None = None
    """Limits of every channel."""
    channels: dict[Name, Limits] = {}
    """Channel: limits of its own, each side replacing that of `every_channel`; `fixed` replaces all of them."""
    groups: dict[Title, GroupLimits] = {}
    """Name: channels that share limits."""
    markets: dict[Name, MarketLimits] = {}
    """Market of `data.weekly.geo`: limits of all channels in it together. With several markets, limits of a channel or
    of every channel hold for a channel's total over all markets (`max_marginal_cac` and `target_roas` in each of them),
    those of a group for its channels in all markets, and `change.each` for each channel in each market.
    """
    change: ChangeLimits | None = None
    """How far the plan may move from present spend."""
    custom: dict[Title, Weighted] = {}
    """Name: limits on any weighted sum of spend, such as emissions, `{co2: {weights: {tv: 0.2}, at_most: -10%}}`."""
    risk: Risk | None = None
    """Plan for the worst cases instead of the average: promises of customers and CAC have to hold in the mean of the
    worst draws, `max_cac` of a channel in that of its own. Not together with `max_cac` of groups; with values by
    channel the worst cases are those of profit, and nothing can be promised of customers beside them.
    """
    raise_riders: bool = False
    """Let the plan raise channels above today's spend that the path log, `model.rides_on` or the check of spend
    against demand name as riders on demand; without it only lift tests in `data.lift_tests` that see an effect of the
    channel do. A floor of the file above today's spend wins.
    """
    explore: bool = False
    """Let the plan spend more on a channel than was ever spent on it over as many weeks; without it that is the most,
    or the rate of a lift test that saw an effect, or present spend, whichever is more. A floor of the file above wins.
    """

    @field_validator("incremental")
    @classmethod
    def _some_money(cls, incremental: Amount | None) -> Amount | None:
        if incremental is not None and incremental.value <= 0:
            raise ValueError("is the money that is added to today's spend; write an amount above 0, or +10%")
        return incremental

    @property
    def one_value(self) -> float | None:
        """Value of a customer where it is one for all; None where it differs by channel or is not stated."""
        return None if isinstance(self.value_per_customer, dict) else self.value_per_customer

    def worth_of(self, channel: str) -> float | None:
        """Value of a customer whom a channel wins; None where the file states none."""
        stated = self.value_per_customer
        return stated.get(channel) if isinstance(stated, dict) else stated


class PlanSection(Question):
    """The question to the optimizer."""

    minimize: Literal["blended_cac", "spend"] | None = None
    """One of `minimize` and `maximize` is required."""
    maximize: Literal["customers", "profit", "npv"] | None = None
    """Report, terminal and tables judge by what stands here or under `minimize`. `npv` is the net present value: what
    the customers won are worth by `data.cohorts` or `data.orders` and `economics`, each channel's at its own value,
    less spend and fixed cost.
    """
    weeks: Annotated[int, Field(ge=1, le=104)] = 13
    """Horizon."""
    now: dict[Name, Money] | None = None
    """Channel: present spend over the horizon; that of the last weeks of the table where left out, with what hold-outs
    in `data.lift_tests` took from them put back.
    """
    new_channels: dict[Title, NewChannelKeys] = {}
    """Name: a channel without history and whose curve it is assumed to have, `{podcast: {like: radio, scale: 0.5,
    spread: 0.5, at_most: 50_000}}`. The report calls its curve an assumption, proposes a first test and says which
    result would turn the move around.
    """
    referral: ReferralKeys | None = None
    """A programme that rewards customers for bringing customers, as one more channel, `{customers: 40_000, capacity:
    6_000, tiers: [{reward: 20, share: 0.05, each: 1.4}]}`; see [funnel and referral](concepts/funnel-and-referral.md).
    """
    given: Path | dict[Title, Path | GivenTable] | None = None
    """Table of somebody's plan, scored beside the run's own: what it brings, which promises it breaks and by how much,
    and how far it is from the best; or name: table for several. `cac certify plan.yaml spend.csv` does it for one
    table.
    """
    tests: NextTests | None = None
    """Ask what a lift test of each channel would be worth; of more than twelve, of those whose tests tell most."""
    schedule: Schedule | None = None
    """Divides the plan between weeks; `{}` for a calendar without limits of its own."""
    hidden_demand: HiddenDemandKeys | None = None
    """Beside the plan, the best one where part of what channels are credited with is demand that comes anyway; it
    changes nothing of the plan unless `robust` says so, see [the plan](concepts/plan.md).
    """
    robust: bool = False
    """The plan itself is the one against hidden demand, as `hidden_demand` states it or by its defaults; the plan for
    the credit as it is stands beside it. Not together with `risk` or fees.
    """
    switching_cost: SwitchingCostKeys | None = None
    """A new plan is advised only where it gains more over keeping the last run's plan than this costs,
    `{moved: 0.02, channel: 500}`; see [Refresh a plan](how-to/refresh.md). The plan itself does not change with it.
    """
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.9
    """Least probability of beating today's spend at which the run advises the move; under it the run says to keep
    today's spend, or to test first. The plan itself does not change with it.
    """
    gap: Annotated[float, Field(gt=0, le=0.1)] = 1e-3
    """Distance from the best plan at which the search stops."""

    @model_validator(mode="after")
    def _one_objective(self) -> PlanSection:
        if (self.minimize is None) == (self.maximize is None):
            raise ValueError("say either minimize: blended_cac | spend, or maximize: customers | profit | npv")
        if self.maximize == "profit" and self.value_per_customer is None:
            raise ValueError("maximize: profit needs value_per_customer")
        if self.maximize == "npv" and (self.value_per_customer is not None or self.value_per_organic is not None):
            raise ValueError(
                "maximize: npv takes values from data.cohorts or data.orders; remove value_per_customer and "
                "value_per_organic"
            )
        if self.tests is not None and self.tests.weeks > self.weeks:
            raise ValueError("tests.weeks exceeds weeks, the horizon over which a test is worth something")
        return self

    @property
    def doubt(self) -> HiddenDemandKeys | None:
        """How far credit is doubted; None where neither the plan nor one beside it does."""
        return HiddenDemandKeys() if self.robust and self.hidden_demand is None else self.hidden_demand

    @property
    def without_history(self) -> tuple[str, ...]:
        """Channels of the plan that the weekly table does not know."""
        return (*self.new_channels, *((self.referral.name,) if self.referral is not None else ()))

    @property
    def given_tables(self) -> dict[str, GivenTable]:
        """Name -> table of each plan that is to be scored; a path alone is named after its file."""
        stated = self.given or {}
        named = stated if isinstance(stated, dict) else {stated.stem: stated}
        return {name: each if isinstance(each, GivenTable) else GivenTable(path=each) for name, each in named.items()}

    def with_keys_of(self, other: Question) -> PlanSection:
        """The section with the keys that another states in place of its own."""
        return self.model_copy(update={key: getattr(other, key) for key in other.model_fields_set})


class Scenario(Section):
    """What-ifs: each changes the plan in one respect or several and is planned and proved as the plan itself is.

    One that cannot be asked or kept says why and does not stop the run.
    """

    name: Title
    """Of its own, other than Plan."""
    budget: Shift | None = None
    """Relative to the plan's, or an amount in place of its most."""
    off: list[Name] = []
    """Channels that get nothing; their own limits are put aside, those of groups stay."""
    cost: dict[Name, Percent] = {}
    """Channel: change of the price of its media."""
    customers: Promise | None = None
    """Another promise."""
    fixed_cost: Shift | None = None
    """Another fixed cost."""
    value_per_customer: Shift | None = None
    """Another value; caps on the CAC move with it: `max_cac` of the plan, and `max_cac`, `max_marginal_cac` and
    `target_roas` of channels, groups and markets. A percentage is of what customers of `data.cohorts` or `data.orders`
    earn too, so that payback takes longer with `-20%`.
    """
    payback: Annotated[int, Field(ge=1, le=240)] | None = None
    """Months within which the money has to be back, in place of `payback` of the plan or where that has none; of a
    programme of the scenario's own `referral` too.
    """
    conversion: Percent | None = None
    """Change of the share of all who come that become customers, paid and unpaid."""
    stages: dict[Name, Percent] = {}
    """Stage of `data.funnel`: change of the share who reach it from the stage before, `{sign_ups: -15%}`, for all
    channels that pass it, and for organic customers where the funnel has them.
    """
    demand: Percent | None = None
    """Change of the market: of the customers who come unpaid, and of how many every channel can win."""
    referral: ReferralKeys | None = None
    """A referral programme that the plan does not have; payback and limits of every channel hold for it too."""
    instead: Question | None = None
    """Keys of `plan` in place of its own, each whole: `{max_cac: 90, groups: {}}`."""

    @field_validator("name")
    @classmethod
    def _another_name_than_the_plan(cls, name: str) -> str:
        if name.strip().casefold() in {PLAN_ITSELF.casefold(), AS_PLANNED}:
            raise ValueError(f"{name!r} is what outputs call the plan itself; choose another name")
        return name

    @model_validator(mode="after")
    def _changes_something(self) -> Scenario:
        if not any(getattr(self, name) for name in type(self).model_fields if name != "name"):
            keys = ", ".join(key for key in type(self).model_fields if key not in {"name", "instead"})
            raise ValueError(f"changes nothing; give {keys}, or instead with keys of the plan")
        return self

    @model_validator(mode="after")
    def _payback_once(self) -> Scenario:
        if self.payback is not None and self.instead is not None and self.instead.payback is not None:
            raise ValueError("payback stands in instead as well; keep one of them")
        return self

    @property
    def stated(self) -> Question | None:
        """Keys of the plan in place of its own; None where it states none."""
        if self.payback is None:
            return self.instead
        return (self.instead or Question()).model_copy(update={"payback": self.payback})

    def section(self, section: PlanSection) -> PlanSection:
        """The plan's section with the keys that the scenario states in place of its own."""
        return section if self.stated is None else section.with_keys_of(self.stated)


class StressKeys(Section):
    """The stress library: what a quarter may bring, each answered by the plan made again, in every report.

    `cac what-if plan.yaml --stress` asks it without this section too.
    """

    budget: Percent = -0.2
    """Of what the plan spends."""
    cost: Percent = 0.3
    """Of the cost of media, of each of the largest channels alone and of all."""
    conversion: Percent = -0.15
    """Of the share who become customers, paid and unpaid."""
    demand: Percent = -0.1
    """Of the market."""
    channels: Annotated[int, Field(ge=0, le=12)] = 12
    """How many channels, the largest by planned spend, fail and cost more one by one."""
    competitor: Name | None = None
    """Control of `data.weekly` that stands for competitors; it is put at the worst level that it had over as many weeks
    as the plan has. Without it the table says that the shock is not known.
    """
