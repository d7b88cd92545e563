"""The weekly table by market: its cells, what was spent on each, and what a fit knows of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from mmm import LiftTest, Panel, Posterior, ResponseCurves
from mmm.checks.pool import Pool
from mmm.data.outside_tests import geos_of, stand_in
from optimizer import by_geo
from optimizer.planning.file.markets import Markets

__all__ = ["curves_by_cell", "findings_by_cell", "lift_tests_by_cell", "markets_of", "silent_cells", "spend_by_cell"]

_SHOWN = 8
_DELIVERED = "give what the channel delivered there, or take it out of data.weekly.driven_by."


def markets_of(panel: Panel) -> Markets:
    """The markets of a panel, and their cells.

    Raises
    ------
    BadInput
        Where names of channels and markets make one name of two cells, or a channel that delivered nothing in a market
        spent there.
    """
    if len(panel.geos) == 1:
        return Markets(panel.geos, panel.channels, {channel: (channel, panel.geos[0]) for channel in panel.channels})
    spent, delivered = panel.spend.sum(axis=1) > 0, panel.media.sum(axis=1)[:, : len(panel.channels)] > 0
    pairs = [(panel.channels[place], panel.geos[geo]) for geo, place in zip(*spent.nonzero(), strict=True)]
    names = [f"{channel} @ {market}" for channel, market in pairs]
    problems = [
        Problem(
            "weekly",
            f"{panel.channels[place]} spent in {panel.geos[geo]} and delivered nothing there.",
            remedy=_DELIVERED,
        )
        for geo, place in zip(*(spent & ~delivered).nonzero(), strict=True)
    ]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        text = f"two cells of the plan would be called {name!r}."
        problems.append(Problem("weekly", text, remedy="rename the channel or the market that holds an @."))
    if problems:
        raise BadInput(problems)
    return Markets(panel.geos, panel.channels, dict(zip(names, pairs, strict=True)))


def silent_cells(markets: Markets) -> str:
    """Which channels have no part in which markets, in a sentence; empty where every channel has its part in each."""
    known = set(markets.cells.values())
    silent = [f"{c} in {m}" for m in markets.names for c in markets.channels if (c, m) not in known]
    if not silent or not markets.several:
        return ""
    more = f" and {len(silent) - _SHOWN} more" if len(silent) > _SHOWN else ""
    return (
        f"Without any spend in the weekly table, and so with no part in the plan: {', '.join(silent[:_SHOWN])}{more}."
    )


def spend_by_cell(panel: Panel, markets: Markets) -> pd.DataFrame:
    """Currency by period and cell."""
    if not markets.several:
        return panel.national_spend
    columns = {
        cell: panel.spend[panel.geos.index(market), :, panel.channels.index(channel)]
        for cell, (channel, market) in markets.cells.items()
    }
    return pd.DataFrame(columns, index=panel.dates)


def curves_by_cell(draws: Posterior | Pool, markets: Markets, periods: int) -> ResponseCurves:
    """Curves of the cells over a horizon of periods."""
    if isinstance(draws, Pool) or not markets.several:
        return draws.curves(weeks=periods)
    return by_geo(draws.curves_by_geo(weeks=periods))


def findings_by_cell(findings: Iterable[Finding], markets: Markets) -> tuple[Finding, ...]:
    """What is said of channels, said of each of their cells."""
    if not markets.several:
        return tuple(findings)
    return tuple(replace(one, channels=tuple(markets.spread(dict.fromkeys(one.channels)))) for one in findings)


def lift_tests_by_cell(tests: Iterable[LiftTest], panel: Panel, markets: Markets) -> tuple[LiftTest, ...]:
    """Every test under the name of each cell that it measured."""
    if not markets.several:
        return tuple(tests)
    return tuple(
        replace(test, channel=cell, geo=market)
        for test in tests
        for cell, (channel, market) in markets.cells.items()
        if channel == test.channel and panel.geos.index(market) in geos_of(stand_in(test, panel), panel)
    )
