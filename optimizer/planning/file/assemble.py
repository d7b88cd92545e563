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
    Cleaning,
    IdentityMap,
    Journeys,
    OncePerDay,
    PathRules,
    Query,
    Sessions,
)
from mmm.model.model import ORGANIC
from optimizer.planning.file.amounts import Amount
from optimizer.planning.file.keys.analyses import Attribution
from optimizer.planning.file.keys.data import Touchpoints
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.file.limits import fees_of, limits_on_spend

__all__ = ["build_plan", "cleaning_of", "path_rules", "reshaped"]


def path_rules(section: Attribution, log: Touchpoints, folder: Path) -> PathRules:
    """What makes a path of the log's touches; ``folder`` is where relative paths start."""
    person = grouping = None
    if log.identity is not None:
        own = log.identity.path
        person = IdentityMap(
            own if isinstance(own, Query) else str(folder / own), log.identity.user, log.identity.person
        )
    if log.grouping:
        rules = [ChannelRule(rule.channel, rule.where) for rule in log.grouping]
        grouping = ChannelRules(rules, otherwise=log.otherwise)
    return PathRules(
        idle_gap=section.idle_gap,
        lookback_of=section.lookback_of or None,
        weight_of=section.weight_of or None,
        rank_of=section.rank_of or None,
        last_resort=tuple(section.last_resort),
        collapse=_collapse(section.repeats),
        sequence=log.sequence,
        ends=None if log.conversions.ends is None else tuple(log.conversions.ends),
        days_in=section.days_in,
        kinds=tuple(log.conversions.kinds) if log.conversions.kinds else None,
        first_only=log.conversions.first_only,
        segments=tuple(log.segments),
        identity=person,
        channels=grouping,
    )


def cleaning_of(log: Touchpoints) -> Cleaning:
    """What is left out of the log, and which of its names are one."""
    return Cleaning(tuple(log.leave_out), log.longest_path, log.keep_duplicates, log.most_channels, log.fold_names)


def _collapse(repeats: str | None) -> Sessions | OncePerDay | None:
    if repeats is None:
        return None
    return OncePerDay() if repeats == "day" else Sessions(repeats)


def reshaped(journeys: Journeys, section: Attribution) -> Journeys:
    """The journeys without excluded channels, and with only the most important touches of each path."""
    if section.exclude:
        journeys = attribution.without(journeys, *section.exclude)
    ranks = dict(section.priority)
    if not journeys.timed:  # of a log, paths are made with channels of last resort behind all others
        ranks |= dict.fromkeys(section.last_resort, 1 + max(ranks.values(), default=1))
    return attribution.prioritise(journeys, ranks) if ranks else journeys


def build_plan(
    section: PlanSection,
    now: pd.Series,
    organic: npt.ArrayLike,
    customers_now: float,
    worth: Mapping[str, npt.ArrayLike] | None = None,
) -> optimizer.Plan:
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
    worth
        Draws of what a customer of each channel is worth, and under ``organic`` of who comes unpaid; for the net
        present value.
    """
    constraints = [*_budget(section, now), *_promises(section, customers_now), *limits_on_spend(section, now)]
    fees = fees_of(section, [str(channel) for channel in now.index])
    return optimizer.Plan(**_objective(section, organic, worth), subject_to=constraints, now=now, fees=fees)


def _objective(
    section: PlanSection, organic: npt.ArrayLike, values: Mapping[str, npt.ArrayLike] | None
) -> dict[str, Any]:
    business: dict[str, Any] = {"fixed_cost": section.fixed_cost, "organic": organic}
    if section.minimize == "blended_cac":
        return {"minimize": optimizer.BlendedCAC(**business)}
    if section.minimize == "spend":
        return {"minimize": optimizer.Spend(**business)}
    if section.maximize == "customers":
        return {"maximize": optimizer.Customers(**business)}
    if section.maximize == "npv":
        if values is None:
            raise ValueError("a net present value needs what customers are worth")
        own = {channel: each for channel, each in values.items() if channel != ORGANIC}
        npv = optimizer.Profit(own, value_per_organic=values[ORGANIC], called="net present value", **business)
        return {"maximize": npv}
    worth: Any = section.value_per_customer or 0.0
    return {"maximize": optimizer.Profit(worth, value_per_organic=section.value_per_organic, **business)}


def _budget(section: PlanSection, now: pd.Series) -> list[Any]:
    present = float(now.sum())
    if section.incremental is not None:
        more = section.incremental
        return [optimizer.Budget(exactly=more.of(present) if more.relative else present + more.value)]
    if section.budget is None:
        return []
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
