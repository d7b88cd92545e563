"""Organic: the customers of the coming periods that no further spend brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.estimates import interval_of
from attribution.numbers import counted, significant
from attribution.reading.any_frame import as_frame
from attribution.reading.contracts import Column, Table
from attribution.shown import shown
from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.model.baseline import wandering
from mmm.model.model import Model
from mmm.posterior.media import Cell, shared_noise

__all__ = ["Coming", "Organic", "Scenario", "expected_organic", "forecast", "scenario"]

Coming: TypeAlias = pd.DataFrame | Mapping[str, pd.DataFrame] | None
"""Controls of coming periods: one table for every geo alike, a table by geo, or None for their past mean."""


@shown
@dataclass(frozen=True, eq=False)
class Organic:
    """Draws of the organic customers of the coming periods.

    Parameters
    ----------
    dates
        First day of each period.
    by_week
        Expected organic customers, shape (draws, periods): trend, season, holidays, controls, treatments, organic
        channels with their carryover, and how far a wandering level may go.
    noise
        What single periods vary beyond that, shape (draws, periods).
    carried_in_by_week
        Customers that spend up to the panel's end still brings, shape (draws, periods). A steady-state curve already
        counts the full carryover of its own spend, so add these only where carryover is counted period by period.
    by_geo
        What :attr:`predicted` is of each geo, shape (draws, geos), in the panel's order.
    assumption
        How the coming controls and organic channels were set, for reports.
    """

    dates: pd.DatetimeIndex
    by_week: Array
    noise: Array
    carried_in_by_week: Array
    by_geo: Array
    assumption: str

    @property
    def customers(self) -> Array:
        """Expected organic customers over the horizon, shape (draws,)."""
        return np.asarray(self.by_week.sum(axis=1))

    @property
    def predicted(self) -> Array:
        """Organic customers over the horizon with the noise of single periods, shape (draws,)."""
        return np.asarray((self.by_week + self.noise).sum(axis=1))

    @property
    def carried_in(self) -> Array:
        """Customers over the horizon from spend before it, shape (draws,)."""
        return np.asarray(self.carried_in_by_week.sum(axis=1))

    def to_frame(self) -> pd.DataFrame:
        """Mean, 5 % and 95 % points by period, of organic customers with noise and of carried-in ones."""
        return pd.DataFrame(
            {
                "mean": self.by_week.mean(axis=0),
                **interval_of(self.by_week + self.noise),
                "carried_in": self.carried_in_by_week.mean(axis=0),
            },
            index=self.dates,
        )


@dataclass(frozen=True, eq=False)
class Scenario:
    """What the coming periods hold besides spend, for one geo.

    Parameters
    ----------
    controls
        Shape (periods, K), treatments included.
    organic
        Drivers of the organic channels, shape (periods, O).
    frequency
        Contacts per person reached by them, NaN where not measured so or not known, shape (periods, O).
    assumption
        How they were come by.
    """

    controls: Array
    organic: Array
    frequency: Array
    assumption: str


def scenario(panel: Panel, dates: pd.DatetimeIndex, coming: pd.DataFrame | None, geo: int = 0) -> Scenario:
    """Controls and organic channels of coming periods.

    Parameters
    ----------
    panel
        Names controls, treatments and organic channels.
    dates
        The periods wanted.
    coming
        One row per period in order, or a date index or column containing them; a column for each control, treatment
        and organic channel, and ``<channel>_frequency`` where one measured by reach and frequency changes it. None
        holds each at its mean over the panel's last year, which the assumption says.
    geo
        Whose past level counts where None.

    Raises
    ------
    BadInput
        Lists missing columns, empty cells and missing periods.
    """
    names = (*panel.control_names, *panel.organic_channels)
    unknown = np.full((len(dates), len(panel.organic_channels)), np.nan)
    if not names:
        return Scenario(np.zeros((len(dates), 0)), np.zeros((len(dates), 0)), unknown, "The model has no controls.")
    count = len(panel.control_names)
    if coming is None:
        year = round(364 / panel.days)
        organic = panel.media[geo, -year:, len(panel.channels) :]
        level = np.concatenate([panel.controls[geo, -year:], organic], axis=1).mean(axis=0)
        listed = ", ".join(f"{name} {significant(value)}" for name, value in zip(names, level, strict=True))
        table = np.tile(level, (len(dates), 1))
        what = "Controls and organic channels" if panel.organic_channels else "Controls"
        text = f"{what} stay at their mean over the last year: {listed}."
        return Scenario(table[:, :count], table[:, count:], unknown, text)
    title = str(coming.attrs.get("name", "coming controls"))
    often = {f"{name}_frequency": place for place, name in enumerate(panel.organic_channels)}
    often = {name: place for name, place in often.items() if name in coming.columns}
    columns = [Column(name, truths=True) for name in panel.control_names]
    columns += [Column(name, minimum=0.0) for name in (*panel.organic_channels, *often)]
    typed = _dated(Table(title, tuple(columns)).check(coming), dates, title)
    if len(typed) != len(dates):
        raise BadInput(
            Problem(
                title,
                f"has {counted(len(typed), 'row')} for {counted(len(dates), 'period')}.",
                remedy="give one per period.",
            )
        )
    for name, place in often.items():
        unknown[:, place] = typed[name].to_numpy(dtype=float)
    table = typed[list(names)].to_numpy(dtype=float)
    return Scenario(table[:, :count], table[:, count:], unknown, "Controls as given for the coming periods.")


def forecast(
    panel: Panel,
    model: Model,
    cells: tuple[Cell, ...],
    weeks: int,
    coming: Coming,
    rng: np.random.Generator,
) -> Organic:
    """Organic customers of the coming periods; see :meth:`mmm.Posterior.organic`."""
    dates, draws = panel.after(weeks), len(cells[0].sigma)
    by_geo = np.zeros((draws, len(cells)))
    expected, noise, carried = (np.zeros((draws, weeks)) for _ in range(3))
    assumption, paid = "", len(panel.channels)
    for geo, cell in enumerate(cells):
        mean, assumption = expected_organic(panel, model, geo, cell, dates, coming)
        mean = mean + wandering(panel, model.trends, dates, draws, rng)
        drawn = model.likelihood.predict(rng, mean, cell.sigma, cell.unit)
        expected += mean.T * cell.unit
        noise += (drawn - mean).T * cell.unit
        by_geo[:, geo] = drawn.sum(axis=0) * cell.unit
        for channel in cell.channels[:paid]:
            carried += channel.carried_in(weeks).T * cell.unit
    shared, units = shared_noise(cells, weeks, rng).T, np.array([cell.unit for cell in cells])
    by_geo += np.outer(shared.sum(axis=1), units / units.sum())
    return Organic(dates, expected, noise + shared, carried, by_geo, assumption)


def expected_organic(
    panel: Panel, model: Model, geo: int, cell: Cell, dates: pd.DatetimeIndex, coming: Coming
) -> tuple[Array, str]:
    """Baseline and organic channels of a geo in coming periods, in units of its mean KPI, (T, S), and what is assumed.

    Raises
    ------
    BadInput
        Where the control values are incomplete.
    """
    given = scenario(panel, dates, _of_geo(coming, panel, geo), geo)
    mean = model.design(panel, geo, dates, given.controls).matrix @ cell.coefficients.T
    paid = len(panel.channels)
    for place, channel in enumerate(cell.channels[paid:]):
        often = given.frequency[:, place]
        driver = given.organic[:, place] / panel.media_units[geo, paid + place]
        mean = mean + channel.coming(driver, None if np.isnan(often).any() else often)
    return np.asarray(mean), given.assumption


def _of_geo(coming: Coming, panel: Panel, geo: int) -> pd.DataFrame | None:
    """The table of one geo.

    Raises
    ------
    BadInput
        Where tables are given by geo and one is missing.
    """
    if coming is None:
        return None
    if not isinstance(coming, Mapping):
        return as_frame(coming, "coming controls")
    lacking = [name for name in panel.geos if name not in coming]
    if lacking:
        text = f"lack {', '.join(lacking[:5])}{' and more' if len(lacking) > 5 else ''}."
        raise BadInput(Problem("coming controls", text, remedy="give every geo a table, or one table for all."))
    return as_frame(coming[panel.geos[geo]], "coming controls")


def _dated(frame: pd.DataFrame, dates: pd.DatetimeIndex, title: str) -> pd.DataFrame:
    """Rows at ``dates`` where the frame says its dates; else the frame as it is."""
    if not isinstance(frame.index, pd.DatetimeIndex):
        named = [column for column in frame.columns if pd.api.types.is_datetime64_any_dtype(frame[column])]
        if len(named) != 1:
            return frame
        frame = frame.set_index(named[0])
    lacking = dates.difference(pd.DatetimeIndex(frame.index))
    if len(lacking):
        text = f"{len(lacking)} of the coming periods are missing, first {lacking[0].date().isoformat()}."
        raise BadInput(Problem(title, text, remedy=f"give a row for each from {dates[0].date().isoformat()} on."))
    return frame.loc[dates]
