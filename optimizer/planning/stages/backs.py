"""When the money that a plan and each what-if spend is back, and how likely in the time that the plan file asks for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from attribution.arrays import Array
from attribution.economics import CustomerValues, Payback, payback
from attribution.findings import Finding
from attribution.numbers import cost, counted, percent
from optimizer.answer.evaluation import Evaluation
from optimizer.planning.file.keys.plan import PLAN_ITSELF
from optimizer.planning.file.payback import Earned
from optimizer.planning.file.scenarios import change_of_value
from optimizer.planning.stages.result import PlanResult, Run
from optimizer.question.outcomes import is_money

__all__ = ["backs", "in_time", "paired"]

_LIKELY = 0.4  # what holds in expectation is in time about as often as not


def paired(customers: Array, draws: int) -> Array:
    """So many draws of customers; values know nothing of them, so that any pairing does."""
    return np.maximum(np.resize(customers, draws), 0.0)


def backs(run: Run, values: CustomerValues) -> Mapping[str, Payback]:
    """As :class:`optimizer.planning.stages.worth_of_customers.Economics` holds them."""
    section = run.config.plan
    if run.plan is None or section is None or is_money(run.config.outcome):
        return {}
    asked = {PLAN_ITSELF: run.plan.planned}
    asked |= {one.name: one.outcome for one in run.scenarios if one.outcome is not None}
    worth_less = {
        one.name: 1 + change_of_value(one.value_per_customer, one.section(section))
        for one in run.config.scenarios
        if one.value_per_customer is not None and one.name in asked
    }
    months, spent = values.cohorts.months, {name: float(one.spend.sum()) for name, one in asked.items()}
    return {
        name: payback(spent[name], worth_less.get(name, 1.0) * _flow(run, values, outcome), months)
        for name, outcome in asked.items()
        if spent[name] > 0
    }


def _flow(run: Run, values: CustomerValues, outcome: Evaluation) -> Array:
    """Margin at each age of all customers whom the spend wins, shape (draws, ages)."""
    flows = []
    for cell in outcome.paid:
        flow = values.flow(run.inputs.channel_of(str(cell)))
        flows.append(paired(outcome.paid[cell].to_numpy(), len(flow))[:, None] * flow)
    return np.asarray(np.sum(flows, axis=0))


def in_time(run: Run, values: CustomerValues) -> tuple[Finding, ...]:
    """How likely the cost of each channel is back within the months of `payback`; none where the file asks for none."""
    section, earned = run.config.plan, Earned.of(values, run.config)
    if run.plan is None or section is None or section.payback is None or earned is None:
        return ()
    months, likely = section.payback, _likely(run, run.plan, values, section.payback)
    sums = ", ".join(f"{channel} {cost(earned.within(channel, months))}" for channel in earned.so_far)
    text = f"A customer earns within {counted(months, 'month')}, in expectation, {run.config.currency}: {sums}."
    if not likely:
        return (Finding("payback_in_time", True, None, _LIKELY, f"{text} The plan spends nothing on any channel."),)
    least = min(likely, key=lambda channel: likely[channel])
    late = tuple(channel for channel, chance in likely.items() if chance < _LIKELY)
    text += f" By the plan the cost is back by then with a probability of {percent(likely[least])} at least ({least})."
    if late:
        text += f" Later is likelier for {', '.join(late)}: ask for a shorter payback, or spend less there."
    return (Finding("payback_in_time", not late, likely[least], _LIKELY, text, late),)


def _likely(run: Run, plan: PlanResult, values: CustomerValues, months: int) -> dict[str, float]:
    """Channel that the plan spends on -> probability that its cost is back by then."""
    outcome, ages = plan.planned, months // values.cohorts.months
    spend = outcome.spend.groupby([run.inputs.channel_of(str(cell)) for cell in outcome.spend.index], sort=False).sum()
    likely = {}
    for channel in spend.index[spend > 0]:
        cells = [cell for cell in outcome.paid if run.inputs.channel_of(str(cell)) == channel]
        by_then = values.flow(str(channel))[:, :ages].sum(axis=1)
        won = paired(outcome.paid[cells].to_numpy().sum(axis=1), len(by_then))
        likely[str(channel)] = float(np.mean(won * by_then >= spend[channel]))
    return likely
