"""From ``payback`` of the plan file to a cap on the CAC of channels: what customers earn within so many months."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from attribution.economics import CustomerValues
from attribution.errors import BadInput, Problem
from attribution.numbers import counted
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.limits import Limits
from optimizer.planning.file.keys.plan import PlanSection, Question, Scenario
from optimizer.planning.file.limits import limits_of
from optimizer.planning.file.markets import Markets, by_cell
from optimizer.planning.file.scenarios import programmes_of

__all__ = ["Earned", "as_asked", "caps_of"]


@dataclass(frozen=True)
class Earned:
    """Expected margin of a customer so far, not discounted.

    Parameters
    ----------
    months
        Months of an age.
    so_far
        Channel -> currency after each age, the first included.
    programmes
        The same of the referral programmes that what-ifs alone ask for.
    """

    months: int
    so_far: Mapping[str, tuple[float, ...]]
    programmes: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, values: CustomerValues | None, config: Config) -> Earned | None:
        """Of the channels of a plan file; None without cohorts or orders."""
        if values is None:
            return None
        names = [] if config.data.weekly is None else list(config.data.weekly.channels)
        names += [] if config.plan is None else list(config.plan.without_history)

        def sums(of: Iterable[str]) -> dict[str, tuple[float, ...]]:
            return {name: tuple(map(float, values.flow(name).mean(axis=0).cumsum())) for name in of}

        return cls(values.cohorts.months, sums(names), sums(programmes_of(config.scenarios)))

    def within(self, channel: str, months: int) -> float:
        """Margin of a customer of a channel within so many months of the acquisition."""
        return {**self.programmes, **self.so_far}[channel][months // self.months - 1]


def as_asked(config: Config, earned: Earned | None, markets: Markets) -> Config:
    """The plan file as it is solved: payback as caps on the CAC, and cells in place of channels.

    Raises
    ------
    BadInput
        Where customers of a channel have earned nothing within the months of a payback.
    """
    return by_cell(_paid_back(config, earned), markets)


def caps_of(section: PlanSection, earned: Earned, at: str = "plan", programmes: Iterable[str] = ()) -> dict[str, float]:
    """Channel -> most that a customer may cost to be paid back in time; a channel whose spend is fixed has none.

    Parameters
    ----------
    section, earned
        The question, and what customers earn.
    at
        Where it stands in the plan file.
    programmes
        Referral programmes that come to its channels.

    Raises
    ------
    BadInput
        Where customers of a channel have earned nothing by then.
    """
    if section.payback is None:
        return {}
    own = {channel: limits_of(section, channel) for channel in (*earned.so_far, *programmes)}
    free = [channel for channel, limits in own.items() if limits is None or limits.fixed is None]
    caps = {channel: earned.within(channel, section.payback) for channel in free}
    if never := [channel for channel, cap in caps.items() if not cap > 0]:
        text = (
            f"asks for the money back in {counted(section.payback, 'month')}, and customers of {', '.join(never)} have "
            "earned nothing by then."
        )
        remedy = f"state a longer one, or leave {never[0]} out of the plan with fixed: 0."
        raise BadInput(Problem(at, text, "payback", remedy=remedy))
    return caps


def _paid_back(config: Config, earned: Earned | None) -> Config:
    plan = config.plan
    if plan is None or earned is None:
        return config
    capped = plan.model_copy(update=_capped(plan, earned))
    scenarios = [_scenario(scenario, plan, earned) for scenario in config.scenarios]
    return config.model_copy(update={"plan": capped, "scenarios": scenarios})


def _scenario(scenario: Scenario, plan: PlanSection, earned: Earned) -> Scenario:
    whole, programmes = scenario.section(plan), programmes_of([scenario])
    if (scenario.stated is None and not programmes) or (plan.payback is None and whole.payback is None):
        return scenario
    capped = _capped(whole, earned, f"scenarios: {scenario.name}", programmes)
    changed: dict[str, Any] = capped or {"channels": whole.channels}
    stated = (scenario.stated or Question()).model_copy(update=changed)
    return scenario.model_copy(update={"instead": stated, "payback": None})


def _capped(
    section: PlanSection, earned: Earned, at: str = "plan", programmes: Iterable[str] = ()
) -> dict[str, dict[str, Limits]]:
    caps = caps_of(section, earned, at, programmes)
    return {"channels": {**section.channels, **dict(_with_caps(section, caps))}} if caps else {}


def _with_caps(section: Question, caps: Mapping[str, float]) -> Iterator[tuple[str, Limits]]:
    """Each channel's own limits with the lower of its caps; sides that they leave open stay open."""
    for channel, cap in caps.items():
        own, every = section.channels.get(channel), section.every_channel
        stated = [None if limits is None else limits.max_cac for limits in (own, every)]
        most = next((most for most in stated if most is not None), cap)
        kept = Limits.model_construct() if own is None else own
        yield channel, kept.model_copy(update={"max_cac": min(most, cap)})
