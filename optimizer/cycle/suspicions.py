"""What the sequential test suspects of each figure, and what its alarms say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attribution.numbers import decimal, percent
from optimizer.cycle.alarms import BLENDED, Alarm, Level
from optimizer.cycle.sequential import Series, Test
from optimizer.cycle.watched import Price, Reported, Watched

__all__ = ["ALL_ALIKE", "named", "series_of", "suspects"]

ALL_ALIKE = "everything alike"
"""The suspicion that a tenth of all customers is gone, whatever brought them."""

_HALF, _TENTH = 0.5, 0.1
_DEARER = 1.3
_SHOWN = 3


def named(figure: Reported | Price) -> str:
    """What the test calls a figure of a channel."""
    return f"price of {figure.channel}" if isinstance(figure, Price) else f"{figure.channel}, {figure.source}"


def series_of(watched: Watched) -> dict[str, Series]:
    """Every figure that is tested: customers, conversions of a channel, prices of media."""
    lost = {
        channel: -_HALF * brought * watched.begun(channel)
        for channel, brought in zip(watched.spend.columns, watched.brought, strict=True)
    }
    lost[ALL_ALIKE] = -_TENTH * watched.quiet.mean * watched.begun()
    series = {BLENDED: Series(watched.customers, watched.quiet, lost)}
    for one in watched.reported:
        fewer = np.log1p(-(1 - 1 / _DEARER) * watched.begun(one.channel))
        series[named(one)] = Series(one.written, one.quiet, {one.channel: fewer})
    for price in watched.prices:
        dearer = np.log(_DEARER) * watched.begun()
        series[named(price)] = Series(price.observed, price.quiet, {price.channel: dearer})
    return series


def suspects(watched: Watched, test: Test, level: Level, of_prices: Level) -> Iterator[Alarm]:
    """An alarm for each figure that has left what a quiet world does.

    Parameters
    ----------
    watched, test
        The weeks and what the test says of them.
    level, of_prices
        How far an alarm on conversions goes, and one on prices.
    """
    yield _of_all(watched, test, level)
    for one in watched.reported:
        yield _of_one(watched, test, one, level, f"Spend per {one.source} conversion of {one.channel}")
    for price in watched.prices:
        yield _of_one(watched, test, price, of_prices, f"The price of a unit of media of {price.channel}")


def _of_all(watched: Watched, test: Test, level: Level) -> Alarm:
    reached, said = _reached(watched, test, BLENDED, level)
    score, limit = float(test.scores[BLENDED][-1]), test.limit
    if reached is Level.QUIET:
        text = f"All {watched.outcome} together stay within what a quiet world does ({_against(score, limit)})."
        return Alarm("sequential", BLENDED, reached, score, limit, text)
    ranked = sorted(test.suspicion[BLENDED].items(), key=lambda pair: -pair[1])[:_SHOWN]
    listed = ", ".join(f"{_half(name)} {percent(part)}" for name, part in ranked)
    text = (
        f"Fewer {watched.outcome} than what was spent should bring{said} ({_against(score, limit)}). One figure for "
        f"all cannot tell which channel it is; the likelihood divides so: {listed}."
    )
    return Alarm("sequential", BLENDED, reached, score, limit, text)


def _of_one(watched: Watched, test: Test, figure: Reported | Price, level: Level, what: str) -> Alarm:
    name = named(figure)
    reached, said = _reached(watched, test, name, level)
    score, limit = float(test.scores[name][-1]), test.limit
    rule = "price" if isinstance(figure, Price) else "sequential"
    if reached is Level.QUIET:
        return Alarm(rule, figure.channel, reached, score, limit, f"{what} stays as it was ({_against(score, limit)}).")
    text = f"{what} has left what a quiet world does{said} ({_against(score, limit)})."
    return Alarm(rule, figure.channel, reached, score, limit, text)


def _reached(watched: Watched, test: Test, name: str, level: Level) -> tuple[Level, str]:
    """The level, and since when; an alarm of earlier weeks that has gone is only watched."""
    weeks = np.flatnonzero(test.alarms(name))
    if not len(weeks):
        return Level.QUIET, ""
    first = watched.weeks[weeks[0]].date().isoformat()
    if weeks[-1] == len(watched.weeks) - 1:
        return level, f", first in the week of {first}"
    return min(level, Level.WATCH), f" in the week of {first}, and no longer in the last one"


def _against(score: float, limit: float) -> str:
    return f"score {decimal(score, 2)}, limit {decimal(limit, 2)}"


def _half(name: str) -> str:
    return "everything a tenth lower" if name == ALL_ALIKE else f"{name} at half its response"
