"""What lift tests have measured: which channels, at which rates of spend; and what hold-outs took from spend."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from mmm import LiftTest, Panel
from mmm.data.outside_tests import geos_of, rows_of

__all__ = ["SIGMAS_OF_AN_EFFECT", "measured", "spend_held_out", "with_tested_rates"]

SIGMAS_OF_AN_EFFECT = 1.6448536269514722
"""Standard errors above nothing at which the 90 % interval of an effect begins."""


def measured(tests: Iterable[LiftTest]) -> frozenset[str]:
    """Channels on which tests have seen an effect: the 90 % interval of what a unit of spend brings lies above nothing.

    Tests of a channel count together, each by its precision. One that could not have seen what the channel brings
    leaves it as it was.
    """
    sums: dict[str, tuple[float, float]] = {}
    for test in tests:
        weight = (test.spend_change / test.error) ** 2
        of, weights = sums.get(test.channel, (0.0, 0.0))
        sums[test.channel] = (of + weight * test.customers_gained / test.spend_change, weights + weight)
    return frozenset(channel for channel, (of, weight) in sums.items() if of > SIGMAS_OF_AN_EFFECT * np.sqrt(weight))


def with_tested_rates(
    seen: pd.Series, tests: Iterable[LiftTest], panel: Panel, spend: pd.DataFrame, periods: int
) -> pd.Series:
    """The most tried over a horizon: ever spent, or what it costs at the rate of a test that has seen an effect.

    Parameters
    ----------
    seen
        The most ever spent over a horizon, by channel or cell.
    tests
        By cell where there are several markets.
    panel, spend
        The weekly table, and its spend by period and channel or cell.
    periods
        Of the horizon.
    """
    tests, most = tuple(tests), seen.copy()
    telling = measured(tests)
    for test in tests:
        if test.channel not in telling or test.channel not in most or test.outside > 0:
            continue
        begin, end = rows_of(test, panel)
        rate = float(spend[test.channel].iloc[begin:end].sum()) / (end - begin)
        most[test.channel] = max(float(most[test.channel]), rate * periods)
    return most


def spend_held_out(tests: Iterable[LiftTest], panel: Panel, last: int) -> pd.DataFrame:
    """Currency that hold-outs took from the last periods of the table, markets x channels.

    A test whose window reaches back further counts by the periods in it; what it took is shared between its geos as
    they share the channel's spend.
    """
    taken = pd.DataFrame(0.0, list(panel.geos), list(panel.channels))
    for test in tests:
        if test.spend_change >= 0 or test.outside > 0:
            continue
        (begin, end), geos = rows_of(test, panel), geos_of(test, panel)
        inside = max(end - max(begin, panel.periods - last), 0) / (end - begin)
        totals = panel.spend[geos, :, panel.channels.index(test.channel)].sum(axis=1)
        names = [panel.geos[geo] for geo in geos]
        taken.loc[names, test.channel] -= inside * test.spend_change * totals / totals.sum()
    return taken
