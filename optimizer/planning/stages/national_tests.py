"""National on/off tests of a plan's channels: designs with what they cost and are worth, and their readout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.errors import BadInput, UnknownChannel
from attribution.findings import Finding
from attribution.numbers import significant
from mmm import History, Posterior, design_on_off
from mmm.checks.pool import Pool
from mmm.experiments.on_off import Prospect
from optimizer.planning.stages.next_tests import MOST, worth_of
from optimizer.planning.stages.progress import Update
from optimizer.planning.stages.result import PlanResult
from optimizer.uncertainty.value_of_tests import LiftTest, most_telling

__all__ = ["NationalTests", "design_national_tests"]

_FAR = 2.0  # times the most ever spent in a period


@dataclass(frozen=True, eq=False)
class NationalTests:
    """A design for each channel, most valuable first.

    Parameters
    ----------
    prospects
        What each is expected to cost and to say.
    table
        One row per channel: the prospect, ``customers_cost`` (customers that running it forgoes, below 0 where it wins
        some) and ``value`` (customers that knowing its result would let the coming plan win).
    beyond
        Whether tests raise a channel far beyond what was ever spent on it.
    unweighed
        Channels that nobody named and whose tests are not among those that would tell most.
    """

    prospects: tuple[Prospect, ...]
    table: pd.DataFrame
    beyond: Finding
    unweighed: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Which tests would not see what is believed, and whether they leave all that is known."""
        return (*(prospect.finding for prospect in self.prospects), self.beyond)


def design_national_tests(
    posterior: Posterior,
    draws: Posterior | Pool,
    result: PlanResult,
    weeks: int,
    change: float,
    seed: int,
    channels: Sequence[str] = (),
    most_weeks: int = 26,
    start: str | None = None,
    update: Update = lambda part, note: None,
) -> NationalTests:
    """Designs of national on/off tests.

    Parameters
    ----------
    posterior
        The fit, whose past the tests are tried on.
    draws
        What the plan rests on.
    result
        The plan.
    weeks
        Its horizon.
    change
        Of the channel's spend in changed blocks.
    seed
        Of the schedules; each channel's is drawn by itself.
    channels
        To be tested; those that spend at present where empty, of many those whose tests would tell most.
    most_weeks, start
        Most weeks that a test may last, and its first day.
    update
        Told how far it is.

    Raises
    ------
    BadInput
        Where the weekly table holds several markets, or a channel is unknown or rests.
    """
    if len(posterior.panel.geos) > 1:
        text = "the weekly table holds several markets, where tests compare markets and not weeks of them all."
        raise BadInput(f"national on/off tests: {text} Remedy: design a geo test.")
    now = result.now.spend
    for channel in channels:
        if channel not in now.index:
            raise UnknownChannel(channel, now.index, "the plan")
    fitted = [name for name in now.index if name in draws.channels and now[name] > 0]
    history, carryover = History.of(posterior), draws.carryover()
    periods = weeks * posterior.panel.per_week
    prospects = []
    tests = {name: LiftTest(change, 1.0, max(float(result.curves[name](now[name]).std()), 1e-9)) for name in fitted}
    chosen = list(dict.fromkeys(channels)) or list(most_telling(result.curves, tests, now, MOST))
    unweighed = () if channels else tuple(name for name in fitted if name not in chosen)
    for number, channel in enumerate(chosen):
        update(number / len(chosen), channel)
        if channel not in carryover:
            raise BadInput(f"national on/off tests: {channel} has no past. Remedy: spend on it first.")
        curve, spend = result.curves[channel], float(now[channel])
        effect = (curve(spend * (1 + change)) - curve(spend)) / periods
        place = result.curves.channels.index(channel)
        prospects.append(
            design_on_off(
                history, channel, carryover[channel], effect, spend / periods, change, most_weeks, seed + place, start
            )
        )
    tests = {one.design.channel: _test(one, periods) for one in prospects}
    value = worth_of(result, tests)["value"]
    rows = [
        {**one.row(), "customers_cost": -one.effect, "value": float(value[one.design.channel])} for one in prospects
    ]
    order = np.argsort([-float(value[one.design.channel]) for one in prospects], kind="stable")
    table = pd.DataFrame([rows[place] for place in order])
    most = posterior.panel.national_spend.max()
    changed = {channel: float(now[channel]) / periods * (1 + change) for channel in chosen}
    beyond = {channel: spend / float(most[channel]) for channel, spend in changed.items() if channel in most.index}
    return NationalTests(tuple(prospects[place] for place in order), table, _beyond(beyond), unweighed)


def _beyond(times: Mapping[str, float]) -> Finding:
    """Whether changed spend is far above the most that was ever spent in a period; ``times`` is so many times that."""
    far = {channel: each for channel, each in times.items() if each > _FAR}
    text = "Changed spend stays near what was spent before."
    if far:
        named = ", ".join(f"{channel} ({significant(each)} times)" for channel, each in far.items())
        text = (
            f"Changed spend is far above the most that was ever spent in one period, where nothing says what is to be "
            f"expected, nor whether so much can be bought: {named}. Change less, or read what the test is believed to "
            "show as open."
        )
    return Finding("on_off_spend", not far, max(times.values(), default=0.0), _FAR, text, tuple(far))


def _test(prospect: Prospect, periods: int) -> LiftTest:
    """The design as the value of information takes it; one longer than the plan counts as of the plan's length."""
    design = prospect.design
    share = design.block * sum(design.schedule) / periods
    return LiftTest(design.change, min(share, 1.0), prospect.standard_error / max(share, 1.0))
