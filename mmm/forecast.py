"""Organic: the customers of the coming periods that no further spend brings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.contracts import Column, Table
from attribution.errors import BadInput, Problem
from mmm.panel import Panel
from mmm.priors import Array

__all__ = ["Organic", "control_scenario"]


@dataclass(frozen=True, eq=False)
class Organic:
    """Draws of the organic customers of the coming periods.

    Parameters
    ----------
    dates
        First day of each period.
    by_week
        Expected organic customers, shape (draws, periods): trend, season, holidays, controls.
    noise
        What single periods vary beyond that, shape (draws, periods).
    carried_in_by_week
        Customers that spend up to the panel's end still brings, shape (draws, periods). A steady-state curve already
        counts the full carryover of its own spend, so add these only where carryover is counted period by period.
    assumption
        How the coming controls were set, for reports.
    """

    dates: pd.DatetimeIndex
    by_week: Array
    noise: Array
    carried_in_by_week: Array
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
        low, high = np.quantile(self.by_week + self.noise, [0.05, 0.95], axis=0)
        return pd.DataFrame(
            {
                "mean": self.by_week.mean(axis=0),
                "5%": low,
                "95%": high,
                "carried_in": self.carried_in_by_week.mean(axis=0),
            },
            index=self.dates,
        )


def control_scenario(
    panel: Panel, dates: pd.DatetimeIndex, controls: pd.DataFrame | None, geo: int = 0
) -> tuple[Array, str]:
    """Control values for coming periods, shape (periods, K), and how they were come by.

    Parameters
    ----------
    panel
        Names the controls.
    dates
        The periods wanted.
    controls
        One row per period in order, or a date index or column containing them; None holds every control at its mean
        over the panel's last year, which the second result says.
    geo
        Whose past level counts where None.

    Raises
    ------
    BadInput
        Lists missing columns, empty cells and missing periods.
    """
    names = panel.control_names
    if not names:
        return np.zeros((len(dates), 0)), "The model has no controls."
    if controls is None:
        year = round(364 / panel.days)
        level = panel.controls[geo, -year:].mean(axis=0)
        listed = ", ".join(f"{name} {value:,.4g}" for name, value in zip(names, level, strict=True))
        return np.tile(level, (len(dates), 1)), f"Controls stay at their mean over the last year: {listed}."
    title = str(controls.attrs.get("name", "coming controls"))
    typed = Table(title, tuple(Column(name) for name in names)).check(controls)
    typed = _dated(typed, dates, title)
    if len(typed) != len(dates):
        raise BadInput(
            Problem(title, f"has {len(typed)} rows for {len(dates)} periods.", remedy="give one per period.")
        )
    return typed[list(names)].to_numpy(dtype=float), "Controls as given for the coming periods."


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
