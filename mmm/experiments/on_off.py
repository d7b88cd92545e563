"""National on/off tests: a channel's spend is changed in some blocks of weeks, drawn by lot, and usual in the others.

Where a market has no geos, time is all there is to compare. The design says how long blocks are (long against
carryover, short against what drifts), which weeks are changed, what the test costs and what it would see, from runs
with no effect on the panel's own past; where it would not see what is believed, it says how long that would take.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.numbers import count, percent
from attribution.reading.strict import given_day
from mmm.arrays import Array
from mmm.experiments.on_off_design import KIND, MOST_CHANGE, OnOffDesign
from mmm.experiments.on_off_power import POWER, History, Outlook, outlook
from mmm.experiments.schedules import FEWEST_BLOCKS, drawn
from mmm.experiments.starts import no_start

__all__ = ["Prospect", "design_on_off"]

_LONGER = (39, 52, 78, 104)
_LONGEST_BLOCK = 8  # weeks
_FELT = 0.9
_MOST_AFTER = 4  # weeks


@dataclass(frozen=True)
class Prospect:
    """What a design is expected to cost and to say.

    Parameters
    ----------
    design
        The design.
    effect, effect_sd
        Customers that the test is believed to gain (below 0 where spend is cut), and how uncertain that is.
    standard_error
        Of what it will measure, customers over the test.
    power
        Probability that it shows the believed effect at 5 %, from runs on the past.
    detectable
        Customers over the test that it would show with a probability of 80 %; infinite where none tried was.
    size
        Share of runs without effect that came out significant at 5 %.
    spend_change
        Currency over the test.
    weeks_needed
        Weeks that a test of 80 % power takes; this design's where it has that, None where two years are not enough.
    """

    design: OnOffDesign
    effect: float
    effect_sd: float
    standard_error: float
    power: float
    detectable: float
    size: float
    spend_change: float
    weeks_needed: int | None

    @property
    def finding(self) -> Finding:
        """Whether the test would see what is believed of the channel."""
        passed = self.power >= POWER
        channel, weeks = self.design.channel, self.design.weeks
        text = (
            f"An on/off test of {channel} over {weeks} weeks shows the {count(abs(self.effect))} customers that it is "
            f"believed to move with probability {percent(self.power)}; with 80 % it would show "
            f"{count(abs(self.detectable))}."
        )
        if not passed:
            needed = self.weeks_needed
            text += (
                " A national test cannot see it within two years: change more, test where there are geos, or believe "
                "the weekly data."
                if needed is None
                else f" For the believed effect it would take about {needed} weeks."
            )
        return Finding("on_off_power", passed, self.power, POWER, text, () if passed else (channel,))

    def row(self) -> dict[str, object]:
        """The prospect as a row of a table."""
        design = self.design
        return {
            "channel": design.channel,
            "kind": KIND,
            "weeks": design.weeks,
            "block_weeks": design.block * design.days / 7,
            "change": design.change,
            "effect": self.effect,
            "effect_sd": self.effect_sd,
            "standard_error": self.standard_error,
            "power": self.power,
            "detectable": self.detectable,
            "size": self.size,
            "spend_change": self.spend_change,
            "weeks_needed": self.weeks_needed,
        }


def design_on_off(
    history: History,
    channel: str,
    carryover: Array,
    effect: Array,
    spend: float,
    change: float = -1.0,
    weeks: int = 26,
    seed: int = 0,
    start: str | None = None,
) -> Prospect:
    """The shortest on/off test of a channel that shows what is believed of it; the most telling one where none does.

    Parameters
    ----------
    history
        What the fitted model left of the past, see :meth:`History.of`.
    channel
        To be tested.
    carryover
        Lag weights by draw, shape (lags, S), as ``Posterior.carryover()`` gives them.
    effect
        Draws of the customers that a changed period gains once the change has lasted, shape (S,); below 0 for a cut.
    spend
        Usual currency per period.
    change
        Of that spend in changed blocks.
    weeks
        Most weeks that the test may last, from 8.
    seed
        Of the draw of the schedule.
    start
        First day; the first after the panel where None.

    Raises
    ------
    BadInput
        Where the channel spends nothing, the change is none, the time is too short for eight blocks, or the past is
        shorter than the test.
    """
    begins = given_day(start, "start") if start else history.next_day
    _check(history, channel, spend, change, weeks, begins)
    first = f"{begins:%Y-%m-%d}"
    after = _after(carryover.mean(axis=1), history.per_week)
    open_design = OnOffDesign(
        channel, first, history.days, 1, (), after, change, seed, _rounded(carryover.mean(axis=1)), 0.0
    )
    believed = float(effect.mean())
    furthest: dict[int, Outlook] = {}
    for design in _candidates(open_design, history, weeks):
        seen = outlook(design, history, carryover, believed, runs=0)
        if seen.likely_power >= POWER and (best := outlook(design, history, carryover, believed)).power >= POWER:
            break
        furthest[design.block] = seen
    else:
        tried = [outlook(one.design, history, carryover, believed) for one in furthest.values()]
        best = max(tried, key=lambda one: (one.power, one.likely_power))
    enough = best.power >= POWER
    needed = best.design.weeks if enough else _needed(open_design, history, carryover, believed)
    design = replace(best.design, carryover_error=best.carryover_error)
    moved, changed = best.felt, design.block * sum(design.schedule)
    return Prospect(
        design,
        effect=believed * moved,
        effect_sd=float(effect.std()) * moved,
        standard_error=best.total_error(believed),
        power=best.power,
        detectable=best.detectable * moved,
        size=best.size,
        spend_change=change * spend * changed,
        weeks_needed=needed,
    )


def _candidates(design: OnOffDesign, history: History, most: int) -> Iterator[OnOffDesign]:
    """Designs of every length of block, shortest tests first, as long as the past can try them."""
    pairs = [
        (block * blocks, block, blocks)
        for block in range(1, _LONGEST_BLOCK + 1)
        for blocks in range(FEWEST_BLOCKS, most // block + 1, 2)
    ]
    for _, block, blocks in sorted(pairs):
        one = replace(design, block=block * history.per_week, schedule=drawn(blocks, design.seed))
        if history.holds(one.periods + one.after):
            yield one


def _needed(design: OnOffDesign, history: History, carryover: Array, effect: float) -> int | None:
    """Weeks of the shortest test among longer ones that is likely to show the effect, by the noise of the past."""
    before = 0
    for most in _LONGER:
        blocks = {size: most // size // 2 * 2 for size in range(1, _LONGEST_BLOCK + 1)}
        for block, number in blocks.items():
            if block * number <= before or number < FEWEST_BLOCKS:
                continue
            one = replace(design, block=block * history.per_week, schedule=drawn(number, design.seed))
            seen = outlook(one, history, carryover, effect, runs=0)
            if seen.likely_power >= POWER and history.holds(one.periods + one.after):
                seen = outlook(one, history, carryover, effect)
            if (seen.power if np.isfinite(seen.power) else seen.likely_power) >= POWER:
                return one.weeks
        before = most
    return None


def _after(weights: Array, per_week: int) -> int:
    """Periods, whole weeks of them, until nine tenths of an effect have come; four weeks at most."""
    lags = int(np.searchsorted(np.cumsum(weights), _FELT * weights.sum()))
    return min(-(-lags // per_week), _MOST_AFTER) * per_week


def _rounded(weights: Array) -> tuple[float, ...]:
    kept = int(np.searchsorted(np.cumsum(weights), 0.995 * weights.sum())) + 1
    return tuple(round(float(weight), 6) for weight in weights[:kept])


def _check(history: History, channel: str, spend: float, change: float, weeks: int, begins: pd.Timestamp) -> None:
    problems: list[Problem | str] = list(no_start("the weekly table", begins, history.next_day, history.days))
    if not spend > 0:
        remedy = "a test of a channel that rests is a test of adding it: give the spend that it would have."
        problems.append(Problem("on/off test", f"{channel} spends nothing at present.", remedy=remedy))
    if not (-1 <= change <= MOST_CHANGE and change != 0):
        remedy = f"take -1 for off, 0.5 for half more, {MOST_CHANGE:g} at most."
        problems.append(Problem("on/off test", f"changes spend by {change:g} times what is usual.", remedy=remedy))
    if weeks < FEWEST_BLOCKS:
        text = f"may last {weeks} weeks, and below {FEWEST_BLOCKS} blocks no result is rarer than one in twenty."
        problems.append(Problem("on/off test", text, remedy=f"allow {FEWEST_BLOCKS} weeks or more."))
    elif not history.holds(FEWEST_BLOCKS * history.per_week):
        text = f"has {len(history.residuals)} periods of past, too few to try a test on."
        problems.append(Problem("on/off test", text, remedy="give the weekly table at least half a year."))
    if problems:
        raise BadInput(problems)
