"""Proposals: a random assignment, with what placebo tests of it and of others like it say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, UnknownChannel
from attribution.numbers import counted
from attribution.reading.strict import given_day
from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.experiments.geo_assignment import Assign, stratified
from mmm.experiments.geo_design import GeoCell, GeoDesign
from mmm.experiments.geo_power import Placebos, placebo_tests
from mmm.experiments.starts import no_start

__all__ = ["GO_DARK", "HEAVY_UP", "HOLD_OUT", "GeoChange", "Proposal", "propose_geo_test"]

_CANDIDATES = 60
_BLOCKS = 4  # fewer say nothing of a standard error
_GEOS = 4
_RECENT = 13  # weeks


@dataclass(frozen=True)
class GeoChange:
    """A kind of test: by which share spend changes, and in which share of the geos."""

    name: str
    change: float
    share: float

    def __post_init__(self) -> None:
        if not (self.change >= -1 and self.change != 0 and 0 < self.share < 1):
            text = f"has a change of {self.change:g} in {self.share:g} of the geos."
            raise BadInput(Problem("GeoChange", text, remedy="change from -1 and not 0, share between 0 and 1."))


HOLD_OUT = GeoChange("hold-out", -1.0, 0.2)
"""The channel is off in a fifth of the geos."""

GO_DARK = GeoChange("go dark", -1.0, 0.5)
"""The channel is off in half of the geos: most precise, and dearest."""

HEAVY_UP = GeoChange("heavy-up", 0.5, 0.2)
"""The channel spends half as much again in a fifth of the geos."""


@dataclass(frozen=True, eq=False)
class Proposal:
    """A design, and what its placebo tests say.

    Parameters
    ----------
    design
        The design.
    placebos
        Placebo tests of all candidates by cell.
    candidate
        Which of them the design is.
    periods
        Length of the test in periods of the panel.
    """

    design: GeoDesign
    placebos: tuple[Placebos, ...]
    candidate: int
    periods: int

    def usual(self, cell: int = 0) -> float:
        """Customers that the geos of a cell usually have over the length of the test."""
        return float(self.placebos[cell].gaps.sizes[self.candidate]) * self.periods

    def standard_error(self, cell: int = 0) -> float:
        """Of what the test measures, in customers over the test."""
        return float(self.placebos[cell].spread.error[self.candidate]) * self.usual(cell)

    def detectable(self, cell: int = 0) -> float:
        """Customers that four of five tests would show at 5 %."""
        return self.placebos[cell].detectable(self.candidate) * self.usual(cell)

    def power(self, customers: float, cell: int = 0) -> float:
        """Share of tests that would show so many customers at 5 %."""
        return self.placebos[cell].power(customers / self.usual(cell), self.candidate)

    @property
    def size(self) -> float:
        """Share of placebo tests on this history that show an effect at 5 %."""
        return float(np.mean([placebos.size for placebos in self.placebos]))


def propose_geo_test(
    panel: Panel,
    changes: dict[str, GeoChange],
    weeks: int,
    *,
    seed: int = 0,
    start: str | None = None,
    assign: Assign = stratified,
) -> Proposal:
    """Draw assignments, test each on the history, and take one of them at random.

    Chance alone takes it: one of small error would owe that to luck in the history, and its test would show effects
    where there are none more often than its size says. The others say how much groups like it vary. The same arguments
    and seed give the same assignment.

    Parameters
    ----------
    panel
        By geo; all of it is history.
    changes
        Channel -> what is done to it; several channels are cells of their own that share the controls.
    weeks
        Length of the test.
    seed
        Of the assignment.
    start
        First day of the test, as 2026-01-05; the day after the panel where left out.
    assign
        :func:`mmm.experiments.geo_assignment.stratified` or ``matched_pairs``.

    Raises
    ------
    BadInput
        Where channels are unknown, geos or weeks too few, or the cells leave fewer than two controls.
    """
    length = weeks * panel.per_week
    first = given_day(start, "start") if start is not None else panel.after(1)[0]
    _check(panel, changes, length, first)
    spends = np.array([_spending(panel, name) for name in changes])
    shares = tuple(change.share for change in changes.values())
    drawn = np.array(
        [_drawn(panel.kpi, spends, shares, assign, np.random.default_rng([seed, n])) for n in range(_CANDIDATES)]
    )
    drawn = np.unique(drawn[_usable(drawn, len(changes))], axis=0)
    if not len(drawn):
        remedy = "test fewer channels at once, or in a smaller share of the geos."
        raise BadInput(Problem("panel", f"{len(panel.geos)} geos leave too few controls.", remedy=remedy))
    cells = range(len(changes))
    placebos = tuple(placebo_tests(panel.kpi, (drawn == cell).astype(float), drawn < 0, length) for cell in cells)
    candidate = int(np.random.default_rng([seed, _CANDIDATES]).integers(len(drawn)))
    names = np.array(panel.geos)
    parts = tuple(
        GeoCell(channel, change.change, tuple(map(str, names[drawn[candidate] == cell])))
        for cell, (channel, change) in enumerate(changes.items())
    )
    last = first + pd.Timedelta(days=7 * weeks - 1)
    title = " and ".join(f"{change.name} of {channel}" for channel, change in changes.items())
    controls = tuple(map(str, names[drawn[candidate] < 0]))
    design = GeoDesign(
        f"{title}, {counted(weeks, 'week')}", parts, controls, f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}", seed
    )
    return Proposal(design, placebos, candidate, length)


def _check(panel: Panel, changes: dict[str, GeoChange], length: int, first: pd.Timestamp) -> None:
    problems: list[Problem | str] = []
    for channel in changes:
        if channel not in panel.channels:
            raise UnknownChannel(channel, panel.channels, "the panel")
    if len(panel.geos) < _GEOS:
        remedy = f"give a table of at least {_GEOS} geos, or test nationally on and off."
        problems.append(Problem("panel", f"has {counted(len(panel.geos), 'geo')}.", remedy=remedy))
    if panel.periods < _BLOCKS * length:
        text = f"has {panel.periods} periods, fewer than {_BLOCKS} times the {length} of the test."
        problems.append(Problem("panel", text, remedy="test for fewer weeks, or give a longer history."))
    if resting := [channel for channel in changes if not _spending(panel, channel).any()]:
        text = f"shows no spend on {', '.join(resting)} in its last {_RECENT} weeks, so there is nothing to change."
        problems.append(Problem("panel", text, remedy="test a channel that is spent on now."))
    problems += no_start("panel", first, panel.after(1)[0], panel.days)
    if problems:
        raise BadInput(problems)


def _spending(panel: Panel, channel: str) -> np.ndarray:
    """In which geos a channel spent lately, shape (G,)."""
    return np.asarray(panel.spend[:, -_RECENT * panel.per_week :, panel.channels.index(channel)].any(axis=1))


def _drawn(
    kpi: Array, spends: np.ndarray, shares: tuple[float, ...], assign: Assign, rng: np.random.Generator
) -> np.ndarray:
    """An assignment in which a cell only has geos where its channel spends."""
    found = np.full(len(kpi), -1)
    able = np.flatnonzero(spends.all(axis=0))
    if len(able):
        found[able] = assign(kpi[able], tuple(share * len(kpi) / len(able) for share in shares), rng)
    return found


def _usable(drawn: np.ndarray, cells: int) -> np.ndarray:
    """Which assignments have every cell and two controls."""
    whole = np.all([(drawn == cell).any(axis=1) for cell in range(cells)], axis=0)
    return np.asarray(whole & ((drawn < 0).sum(axis=1) >= 2))
