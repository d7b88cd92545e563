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

__all__ = ["curves_by_cell", "findings_by_cell", "lift_tests_by_cell", "markets_of", "spend_by_cell"]


def markets_of(panel: Panel) -> Markets:
    """The markets of a panel, and their cells.

    Raises
    ------
    BadInput
        Where names of channels and markets make one name of two cells.
    """
    if len(panel.geos) == 1:
        return Markets(panel.geos, panel.channels, {channel: (channel, panel.geos[0]) for channel in panel.channels})
    cells = _by_geo(panel)
    names = [f"{channel} @ {geo}" for geo, channel in cells]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        text = f"two cells of the plan would be called {repeated!r}."
        raise BadInput(Problem("weekly", text, remedy="rename the channel or the market that holds an @."))
    return Markets(panel.geos, panel.channels, {f"{c} @ {geo}": (c, geo) for geo, c in cells})


def _by_geo(panel: Panel) -> list[tuple[str, str]]:
    """Market and channel of every cell that ever spent and delivered."""
    spent = (panel.spend.sum(axis=1) > 0) & (panel.media.sum(axis=1)[:, : len(panel.channels)] > 0)
    return [(panel.geos[geo], panel.channels[place]) for geo, place in zip(*spent.nonzero(), strict=True)]


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
