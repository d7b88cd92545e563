"""From a scenario of the plan file to the what-if that an analyst would build by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy.typing as npt

import optimizer
from attribution.errors import BadInput, Problem
from optimizer.planning.file.amounts import Amount
from optimizer.planning.file.keys.plan import PlanSection, Scenario
from optimizer.planning.file.keys.referral import ReferralKeys
from optimizer.planning.file.limits import limits_on_programme

__all__ = ["Passing", "change_of_value", "programmes_of", "what_if"]

_CEILINGS = {"max_cac", "max_marginal_cac", "target_roas"}


@dataclass(frozen=True)
class Passing:
    """Who passes a stage: channels or cells of the plan, and whether organic customers do."""

    channels: tuple[str, ...] = ()
    organic: bool = False


def programmes_of(scenarios: Iterable[Scenario]) -> tuple[str, ...]:
    """Names of the referral programmes that what-ifs ask for."""
    return tuple(dict.fromkeys(one.referral.name for one in scenarios if one.referral is not None))


def what_if(
    scenario: Scenario,
    section: PlanSection,
    way: Mapping[str, Passing] | None = None,
    worth: Mapping[str, npt.ArrayLike] | None = None,
) -> optimizer.Together:
    """The scenario's changes together, under its name.

    Parameters
    ----------
    scenario
        Of the plan file.
    section
        The plan that it changes; relative figures refer to it.
    way
        Stage of the funnel -> who passes it; None without a funnel.
    worth
        Draws of what a customer of each referral programme is worth; None without cohorts or orders.

    Raises
    ------
    BadInput
        Where a figure is changed that the plan does not have, or by a share that leaves nothing.
    """
    return optimizer.Together(*_changes(scenario, section, way or {}, worth), called=scenario.name)


def _changes(
    scenario: Scenario,
    section: PlanSection,
    way: Mapping[str, Passing],
    worth: Mapping[str, npt.ArrayLike] | None,
) -> Iterator[optimizer.Scenario]:
    if scenario.customers is not None:  # first, for a relative promise is against today's customers at today's costs
        promise = scenario.customers.at_least
        yield optimizer.PromiseChange(promise.value) if promise.relative else optimizer.Promise(promise.value)
    if scenario.referral is not None:
        keys = scenario.referral
        value = _of_programme(keys, section, worth or {})
        limits = tuple(limits_on_programme(section, keys))
        yield optimizer.ReferralProgramme(keys.programme, keys.name, value=value, limits=limits)
    if scenario.budget is not None:
        budget = scenario.budget
        yield optimizer.BudgetChange(budget.value) if budget.relative else optimizer.BudgetOf(budget.value)
    if scenario.fixed_cost is not None:
        yield optimizer.FixedCost(scenario.fixed_cost.of(section.fixed_cost))
    if scenario.value_per_customer is not None:
        yield from _of_value(scenario.value_per_customer, section, worth is not None)
    for channel in scenario.off:
        yield optimizer.ChannelOff(channel)
    if scenario.cost:
        yield optimizer.CostInflation(scenario.cost)
    if scenario.conversion is not None:
        yield optimizer.ConversionChange(scenario.conversion)
    for stage, change in scenario.stages.items():
        passing = way.get(stage, Passing())
        yield optimizer.StageChange(stage, change, passing.channels, passing.organic)
    if scenario.demand is not None:
        yield optimizer.DemandChange(scenario.demand)


def _of_programme(keys: ReferralKeys, section: PlanSection, worth: Mapping[str, npt.ArrayLike]) -> npt.ArrayLike | None:
    """What a customer who comes by a programme is worth, where the plan values customers by channel."""
    if section.maximize == "npv":
        return worth.get(keys.name)
    if section.maximize == "profit" and isinstance(section.value_per_customer, dict) and keys.value is None:
        text = f"does not say what a customer who comes by {keys.name} is worth, as plan.value_per_customer does."
        raise BadInput(Problem("scenarios.referral", text, "value", remedy="state it, such as value: 80."))
    return keys.value


def _asks_for_value(section: PlanSection) -> bool:
    """Whether anything in the plan depends on what a customer is worth."""
    capped = [section.every_channel, *section.channels.values(), *section.groups.values(), *section.markets.values()]
    limits = set().union(*(each.stated() for each in capped if each is not None))
    return section.maximize in ("profit", "npv") or section.max_cac is not None or bool(_CEILINGS & limits)


def _of_value(value: Amount, section: PlanSection, pays_back: bool) -> Iterator[optimizer.Scenario]:
    """Another value of a customer; nothing where it moves payback alone, at which the plan does not look."""
    asked = _asks_for_value(section)
    if not asked and not pays_back:
        text = f"is {value}, and nothing in the plan depends on what a customer is worth."
        remedy = "ask for plan.maximize: profit, or state plan.max_cac or a ceiling of channels."
        raise BadInput(Problem("value_per_customer", text, remedy=remedy))
    change = change_of_value(value, section)
    if asked:
        yield optimizer.LowerValue(-change)


def change_of_value(value: Amount, section: PlanSection) -> float:
    """The change of a customer's value as a share.

    Raises
    ------
    BadInput
        An amount in place of a value that the plan does not state, or states by channel.
    """
    present = section.value_per_customer
    if value.relative:
        return value.value
    if section.maximize == "npv":
        text = f"is {value}, and the plan takes values by channel from data.cohorts or data.orders."
        raise BadInput(Problem("value_per_customer", text, remedy="change them by a percentage, such as -20%."))
    if present is None:
        text = f"is {value}, and the plan states no value_per_customer that it would replace."
        raise BadInput(Problem("value_per_customer", text, remedy="add plan.value_per_customer."))
    if isinstance(present, Mapping):
        text = f"is {value}, and the plan states a value for each channel."
        raise BadInput(Problem("value_per_customer", text, remedy="change them by a percentage, such as -20%."))
    return value.value / present - 1
