"""From a scenario of the plan file to the what-if that an analyst would build by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import optimizer
from attribution.errors import BadInput, Problem
from optimizer.planning.file.amounts import Amount
from optimizer.planning.file.keys.plan import PlanSection, Scenario

__all__ = ["what_if"]


def what_if(scenario: Scenario, section: PlanSection) -> optimizer.Together:
    """The scenario's changes together, under its name.

    Parameters
    ----------
    scenario
        Of the plan file.
    section
        The plan that it changes; relative figures refer to it.

    Raises
    ------
    BadInput
        Where a figure is changed that the plan does not have, or by a share that leaves nothing.
    """
    return optimizer.Together(*_changes(scenario, section), called=scenario.name)


def _changes(scenario: Scenario, section: PlanSection) -> Iterator[optimizer.Scenario]:
    if scenario.customers is not None:  # first, for a relative promise is against today's customers at today's costs
        promise = scenario.customers.at_least
        yield optimizer.PromiseChange(promise.value) if promise.relative else optimizer.Promise(promise.value)
    if scenario.budget is not None:
        budget = scenario.budget
        yield optimizer.BudgetChange(budget.value) if budget.relative else optimizer.BudgetOf(budget.value)
    if scenario.fixed_cost is not None:
        yield optimizer.FixedCost(scenario.fixed_cost.of(section.fixed_cost))
    if scenario.value_per_customer is not None:
        yield optimizer.LowerValue(-_change(scenario.value_per_customer, section.value_per_customer))
    for channel in scenario.off:
        yield optimizer.ChannelOff(channel)
    if scenario.cost:
        yield optimizer.CostInflation(scenario.cost)
    if scenario.conversion is not None:
        yield optimizer.ConversionChange(scenario.conversion)
    if scenario.demand is not None:
        yield optimizer.DemandChange(scenario.demand)


def _change(value: Amount, present: float | Mapping[str, float] | None) -> float:
    """The change of a customer's value as a share."""
    if value.relative:
        return value.value
    if present is None:
        text = f"is {value}, and the plan states no value_per_customer that it would replace."
        raise BadInput(Problem("value_per_customer", text, remedy="add plan.value_per_customer."))
    if isinstance(present, Mapping):
        text = f"is {value}, and the plan states a value for each channel."
        raise BadInput(Problem("value_per_customer", text, remedy="change them by a percentage, such as -20%."))
    return value.value / present - 1
