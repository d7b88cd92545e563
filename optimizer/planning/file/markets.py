"""Several markets: from the plan file's channels and markets to the cells, a channel in a market, that a plan is of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import pandas as pd

from attribution.errors import nearest
from optimizer.planning.file.config import Config
from optimizer.planning.file.document import Document, Place
from optimizer.planning.file.keys.limits import GroupLimits, Limits, MarketLimits
from optimizer.planning.file.keys.plan import PlanSection, Question, Scenario
from optimizer.planning.file.limits import limits_of

__all__ = ["Markets", "by_cell", "misfits_of_markets"]

_NO_MARKET = "has no market to run in; leave it out, or plan a market alone, without data.weekly.geo."
_SHOWN = 8
Value = TypeVar("Value")


@dataclass(frozen=True)
class Markets:
    """The markets of a weekly table.

    Parameters
    ----------
    names
        The markets; one, whatever its name, where the table has no regions.
    channels
        The paid channels of the plan file.
    cells
        Name of a cell -> channel and market. Of one market every channel is a cell of its own name; of several, a
        channel in each market that it ever spent in, as :func:`optimizer.by_geo` names it.
    """

    names: tuple[str, ...]
    channels: tuple[str, ...]
    cells: Mapping[str, tuple[str, str]]

    @property
    def several(self) -> bool:
        """Whether there is more than one."""
        return len(self.names) > 1

    def of_channel(self, channel: str) -> list[str]:
        """Cells of a channel."""
        return [cell for cell, (own, _) in self.cells.items() if own == channel]

    def of_market(self, market: str) -> list[str]:
        """Cells of a market."""
        return [cell for cell, (_, own) in self.cells.items() if own == market]

    def totals(self, of_cells: pd.Series) -> pd.Series:
        """Sums of cells by channel."""
        return of_cells.groupby([self.cells[str(cell)][0] for cell in of_cells.index], sort=False).sum()

    def spread(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """What is said of channels, said of each of their cells."""
        return {cell: value for channel, value in values.items() for cell in self.of_channel(channel)}


def by_cell(config: Config, markets: Markets) -> Config:
    """The plan file with cells in place of channels in its plan and scenarios.

    Limits of a channel hold for its cells together, and are the cell's own where there is one alone.
    """
    if config.plan is None:
        return config
    scenarios = [_scenario(scenario, config.plan, markets) for scenario in config.scenarios]
    return config.model_copy(update={"plan": _section(config.plan, markets), "scenarios": scenarios})


def _section(section: PlanSection, markets: Markets, off: Collection[str] = ()) -> PlanSection:
    """``off`` are channels whose own limits are put aside."""
    shared = {_all_of(name): GroupLimits.model_construct(**_stated(limits), channels=markets.of_market(name))
              for name, limits in section.markets.items()}  # fmt: skip
    if not markets.several:
        return section.model_copy(update={"groups": {**section.groups, **shared}, "markets": {}}) if shared else section
    own: dict[str, Limits] = {}
    for channel in markets.channels:
        limits, cells = None if channel in off else limits_of(section, channel), markets.of_channel(channel)
        if limits is not None and len(cells) == 1:
            own[cells[0]] = limits
        elif limits is not None and cells:
            shared[_everywhere(channel)] = _together(limits, cells)
    for name, group in section.groups.items():
        if cells := list(markets.spread(dict.fromkeys(group.channels))):
            shared[name] = group.model_copy(update={"channels": cells})
    changed: dict[str, Any] = {
        "channels": own,
        "every_channel": None,
        "markets": {},
        "groups": {name: limits for name, limits in shared.items() if limits.channels},
        "custom": {
            name: each.model_copy(update={"weights": markets.spread(each.weights)})
            for name, each in section.custom.items()
        },
    }
    if isinstance(section.value_per_customer, dict):
        changed["value_per_customer"] = markets.spread(section.value_per_customer)
    if section.hidden_demand is not None:
        doubted = list(markets.spread(dict.fromkeys(section.hidden_demand.channels)))
        changed["hidden_demand"] = section.hidden_demand.model_copy(update={"channels": doubted})
    return section.model_copy(update=changed)


def _scenario(scenario: Scenario, section: PlanSection, markets: Markets) -> Scenario:
    """The what-if with cells; one that changes or puts aside limits states the whole question."""
    if not markets.several and not scenario.section(section).markets:
        return scenario
    changed = {"off": list(markets.spread(dict.fromkeys(scenario.off))), "cost": markets.spread(scenario.cost)}
    if scenario.instead is None and not scenario.off:
        return scenario.model_copy(update=changed)
    whole = _section(scenario.section(section), markets, scenario.off)
    keys = {key: getattr(whole, key) for key in Question.model_fields}
    return scenario.model_copy(update={**changed, "instead": Question.model_construct(set(keys), **keys)})


def _stated(limits: Limits | MarketLimits) -> dict[str, Any]:
    return {name: getattr(limits, name) for name in GroupLimits.model_fields if hasattr(limits, name)}


def _together(limits: Limits, cells: list[str]) -> GroupLimits:
    ends = {} if limits.fixed is None else {"at_least": limits.fixed, "at_most": limits.fixed}
    return GroupLimits.model_construct(**{**_stated(limits), **ends, "channels": cells})


def _everywhere(channel: str) -> str:
    return f"{channel} in all markets"


def _all_of(market: str) -> str:
    return f"all channels in {market}"


def misfits_of_markets(config: Config, markets: Markets, document: Document) -> list[str]:
    """What a plan over the markets of the weekly table cannot keep, by file and line."""
    if config.plan is None:
        return []
    asked: list[tuple[Place, PlanSection, Question]] = [(("plan",), config.plan, config.plan)]
    asked += [
        (("scenarios", number, "instead"), scenario.section(config.plan), scenario.instead)
        for number, scenario in enumerate(config.scenarios)
        if scenario.instead is not None
    ]
    said: list[tuple[Place, str]] = []
    for at, whole, stated in asked:
        said += [((*at, *place), text) for place, text in _of_names(stated, markets)]
        if markets.several:
            said += [((*at, *place), text) for place, text in _of_limits(whole, stated, markets)]
    if markets.several:
        said += [(("plan", key), text) for key, text in _of_several(config.plan)]
        programmes = (number for number, scenario in enumerate(config.scenarios) if scenario.referral is not None)
        said += [(("scenarios", number, "referral"), _NO_MARKET) for number in programmes]
    return [document.error(place, text) for place, text in dict.fromkeys(said)]


Said = Iterator[tuple[tuple[str, ...], str]]


def _of_names(question: Question, markets: Markets) -> Said:
    for name in question.markets:
        if name not in markets.names:
            close = nearest(name, markets.names)
            more = " ..." if len(markets.names) > _SHOWN else ""
            hint = f"Did you mean {close!r}?" if close else f"Markets: {', '.join(markets.names[:_SHOWN])}{more}."
            yield ("markets", name), f"unknown market {name!r}. {hint}"
        elif not markets.of_market(name):
            yield ("markets", name), "nothing was ever spent there in the weekly table: no plan spends there."
    made = {_everywhere(channel) for channel in markets.channels} | {_all_of(market) for market in markets.names}
    for name in question.groups:
        if name in made:
            yield ("groups", name), "is what outputs call limits of all markets or channels; choose another name."


def _of_limits(section: PlanSection, stated: Question, markets: Markets) -> Said:
    """Limits of a channel that its cells cannot keep together."""
    if section.risk is not None and section.payback is not None:
        text = "is a cap on the CAC of channels, which in several markets cannot be kept in the worst cases together "
        yield ("payback",), text + "with plan.risk; remove one of them, or cap the blended CAC (plan.max_cac)."
    for channel in markets.channels:
        limits = limits_of(section, channel)
        if limits is None or len(markets.of_channel(channel)) < 2:
            continue
        for key in ("zero_or_at_least", "max_cac"):
            own = channel in section.channels and getattr(section.channels[channel], key) is not None
            place = ("channels", channel, key) if own else ("every_channel", key)
            if getattr(limits, key) is None:
                continue
            if key == "zero_or_at_least":
                text = "is a price of entry in one market; with several, state at_least or at_most, or fee for what "
                yield place, text + "is due once anything is spent."
            elif section.risk is not None:
                text = "of a channel in several markets cannot be kept in the worst cases together with plan.risk; cap "
                yield place, text + "the blended CAC (plan.max_cac), limit spend, or remove risk."


def _of_several(section: PlanSection) -> Iterator[tuple[str, str]]:
    """Keys of the plan that are of one market."""
    if section.now is not None:
        text = "is spend by channel, and present spend is needed by market; leave it out, then it is that of the last "
        yield "now", text + "weeks of the table."
    if section.new_channels:
        text = "have no market to begin in; leave them out, or plan a market alone, without data.weekly.geo."
        yield "new_channels", text
    if section.referral is not None:
        yield "referral", _NO_MARKET
    if section.schedule is not None:
        text = "divides the plan of one market between weeks; leave it out, or plan a market alone, without "
        yield "schedule", text + "data.weekly.geo."
    if section.tests is not None and section.tests.standard_error is None:
        text = "needs standard_error with several markets: that of a test in one of them, in customers."
        yield "tests", text
