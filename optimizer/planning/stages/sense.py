"""What a plan file asks that its reader may not mean: percentages of nothing, and promises that today breaks itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from attribution.findings import Finding
from attribution.numbers import amount, likelihood
from optimizer.answer.misses import Miss
from optimizer.planning.file.amounts import Amount
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.file.limits import limits_of
from optimizer.planning.stages.riders import Held
from optimizer.question.limits import Limit, Side, Unit, labels
from optimizer.question.program import Program

__all__ = ["entry_prices", "present_spend", "today_keeps_promises"]

_EVEN = 0.5


def present_spend(section: PlanSection, now: pd.Series, by_market: bool = False) -> Finding:
    """Whether percentages of present spend leave any channel without a cent.

    Parameters
    ----------
    section
        The file's plan.
    now
        Present spend by channel, or cell of several markets.
    by_market
        Whether those are cells, limited by what the file says of their channel or market.
    """
    pinned = dict(_pinned(section, now))
    if not pinned:
        text = "No channel is left out by a percentage of spend that it does not have."
        return Finding("present_spend", True, None, None, text)
    named = ", ".join(f"{channel} (at most {limit})" for channel, limit in pinned.items())
    first = next(iter(pinned))
    remedy = f"such as plan.channels: {{{first}: {{at_most: 20000}}}}, or {{fixed: 0}} to leave it out on purpose."
    if by_market:
        remedy = "in plan.channels or plan.markets, in place of the percentage."
    text = (
        f"No present spend, so that a percentage of it is nothing and the plan gives nothing, whatever it might bring: "
        f"{named}. The plan is worse than it could be where such a channel is worth its cost. Give an amount, {remedy}"
    )
    return Finding("present_spend", False, float(len(pinned)), 0.0, text, tuple(pinned))


def _pinned(section: PlanSection, now: pd.Series) -> Iterator[tuple[str, Amount]]:
    for channel, present in now.items():
        own = limits_of(section, str(channel))
        shared = [group for group in section.groups.values() if channel in group.channels]
        stated = [] if own is None else [own.at_most, own.fixed]
        stated += [group.at_most for group in shared if not now[group.channels].any()]
        limit = next((most for most in stated if most is not None and most.relative), None)
        if present == 0 and limit is not None:
            yield str(channel), limit


def entry_prices(program: Program, tried: Iterable[Held]) -> Iterator[Finding]:
    """Whether every price of entry can be paid within the other limits; nothing where no channel has one.

    Parameters
    ----------
    program
        The plan on its curves.
    tried
        What keeps channels within spend that was tried.
    """
    entries = {
        program.setting.channels[gap.channel]: (gap.ends[1], program.upper[gap.channel])
        for gap in program.gaps
        if isinstance(gap.above.limit, Limit) and gap.above.limit.side is Side.ZERO_OR_AT_LEAST
    }
    if not entries:
        return
    shut = {channel: least for channel, (least, most) in entries.items() if least > most * (1 + 1e-12)}
    if not shut:
        yield Finding("entry_prices", True, 0.0, 0.0, "Every price of entry can be paid within the other limits.")
        return
    ground = {one.channel: one.at_most for one in tried}
    beyond = [channel for channel, least in shut.items() if least > ground.get(channel, np.inf)]
    named = ", ".join(f"{channel} ({amount(least)})" for channel, least in shut.items())
    text = f"Other limits leave no room for a price of entry, so that nothing is spent, whatever it brings: {named}."
    if beyond:
        tried_no_more = "is more than was ever spent over as many weeks; plan.explore: true allows it."
        text += f" That of {', '.join(beyond)} {tried_no_more}"
    else:
        text += " Raise the limits of the channel, its groups or the budget, or lower the price of entry."
    yield Finding("entry_prices", False, float(len(shut)), 0.0, text, tuple(shut))


def today_keeps_promises(misses: tuple[Miss, ...], better: float) -> Finding:
    """Whether today's spend keeps what the plan has to keep, where the plan may well do worse than today.

    Parameters
    ----------
    misses
        What today's spend breaks.
    better
        Probability that the plan beats today on its aim.
    """
    kinds = (Unit.CUSTOMERS, Unit.COST_PER_CUSTOMER)
    broken = [miss.limit for miss in misses if isinstance(miss.limit, Limit) and miss.limit.unit in kinds]
    if not broken:
        text = "Today's spend keeps the promises on customers and their cost as well."
        return Finding("today_keeps_promises", True, None, None, text)
    text = f"The plan keeps {' and '.join(labels(broken))}, which today's spend does not."
    if better < _EVEN:
        text += f" For that it likely does worse ({likelihood(1 - better)}); relax the promise to see what it costs."
    return Finding("today_keeps_promises", better >= _EVEN, better, _EVEN, text)
