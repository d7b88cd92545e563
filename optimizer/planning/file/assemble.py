"""From a checked plan file to the same objects an analyst would build by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd

import attribution
import optimizer
from attribution import (
    ChannelRule,
    ChannelRules,
    IdentityMap,
    Journeys,
    PathRules,
)
from optimizer.planning.file.amounts import Amount
from optimizer.planning.file.keys.analyses import Attribution
from optimizer.planning.file.keys.data import Touchpoints
from optimizer.planning.file.keys.plan import Limits, PlanSection

__all__ = ["build_plan", "path_rules", "reshaped"]


def path_rules(section: Attribution, log: Touchpoints, folder: Path) -> PathRules:
    """What makes a path of the log's touches; ``folder`` is where relative paths start."""
    person = grouping = None
    if log.identity is not None:
        person = IdentityMap(str(folder / log.identity.path), log.identity.user, log.identity.person)
    if log.grouping:
        rules = [ChannelRule(rule.channel, rule.where) for rule in log.grouping]
        grouping = ChannelRules(rules, otherwise=log.otherwise)
    return PathRules(
        idle_gap=section.idle_gap,
        lookback_of=section.lookback_of or None,
        kinds=tuple(log.conversions.kinds) if log.conversions.kinds else None,
        segments=tuple(log.segments),
        identity=person,
        channels=grouping,
    )


def reshaped(journeys: Journeys, section: Attribution) -> Journeys:
    """The journeys without excluded channels, and with only the most important touches of each path."""
    if section.exclude:
        journeys = attribution.without(journeys, *section.exclude)
    return attribution.prioritise(journeys, section.priority) if section.priority else journeys


def build_plan(section: PlanSection, now: pd.Series, organic: npt.ArrayLike, customers_now: float) -> optimizer.Plan:
    """The plan of the plan file.

    Parameters
    ----------
    section
        The file's plan section.
    now
        Present spend over the horizon by channel; relative limits refer to it.
    organic
        Draws of organic customers over the horizon.
    customers_now
        Customers expected if today's spend goes on; a relative promise refers to it.
    """
    constraints = [*_budget(section, now), *_promises(section, customers_now)]
    for channel in now.index:
        limits = _merged(section.every_channel, section.channels.get(channel))
        constraints += _channel(channel, limits, float(now[channel]))
    for name, shared in section.groups.items():
        group, present = optimizer.Group(name, shared.channels), float(now[shared.channels].sum())
        if shared.at_least is not None:
            constraints.append(group.at_least(shared.at_least.of(present)))
        if shared.at_most is not None:
            constraints.append(group.at_most(shared.at_most.of(present)))
    return optimizer.Plan(**_objective(section, organic), subject_to=constraints, now=now)


def _objective(section: PlanSection, organic: npt.ArrayLike) -> dict[str, Any]:
    business: dict[str, Any] = {"fixed_cost": section.fixed_cost, "organic": organic}
    if section.minimize == "blended_cac":
        return {"minimize": optimizer.BlendedCAC(**business)}
    if section.minimize == "spend":
        return {"minimize": optimizer.Spend(**business)}
    if section.maximize == "customers":
        return {"maximize": optimizer.Customers(**business)}
    return {"maximize": optimizer.Profit(value_per_customer=section.value_per_customer or 0.0, **business)}


def _budget(section: PlanSection, now: pd.Series) -> list[Any]:
    if section.budget is None:
        return []
    present = float(now.sum())
    given: Mapping[str, Amount | None] = {
        "at_least": section.budget.at_least,
        "at_most": section.budget.at_most,
        "exactly": section.budget.exactly,
    }
    amounts = {name: amount.of(present) for name, amount in given.items() if amount is not None}
    return [optimizer.Budget(**amounts)] if amounts else []


def _promises(section: PlanSection, customers_now: float) -> list[Any]:
    promises: list[Any] = []
    if section.customers is not None:
        promises.append(optimizer.Customers(at_least=section.customers.at_least.of(customers_now)))
    if section.max_cac is not None:
        promises.append(optimizer.MaxCAC(section.max_cac))
    return promises


def _merged(every: Limits | None, own: Limits | None) -> Limits | None:
    """A channel's own limits, with ``every_channel`` on the sides it leaves open."""
    if every is None or own is None or own.fixed is not None:
        return own if own is not None else every
    lower_is_own = own.at_least is not None or own.zero_or_at_least is not None
    return Limits.model_construct(
        at_least=own.at_least if lower_is_own else every.at_least,
        zero_or_at_least=own.zero_or_at_least if lower_is_own else every.zero_or_at_least,
        at_most=own.at_most if own.at_most is not None else every.at_most,
        fixed=None,
    )


def _channel(name: str, limits: Limits | None, present: float) -> list[Any]:
    if limits is None:
        return []
    channel = optimizer.Channel(name)
    if limits.fixed is not None:
        return [channel.fixed(limits.fixed.of(present))]
    constraints = []
    if limits.at_least is not None:
        constraints.append(channel.at_least(limits.at_least.of(present)))
    if limits.at_most is not None:
        constraints.append(channel.at_most(limits.at_most.of(present)))
    if limits.zero_or_at_least is not None:
        constraints.append(channel.zero_or_at_least(limits.zero_or_at_least))
    return constraints
