"""The models behind a forecast, fitted again to a panel that goes on with the weeks that came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

import mmm
from attribution.errors import NotConverged
from attribution.numbers import decimal
from mmm import Panel, Posterior
from mmm.arrays import Array
from mmm.posterior.outlook import drawn_of
from optimizer.cycle.forecast import Course

__all__ = ["extended", "refit"]

_CHAINS, _LEAST, _R_HAT = 4, 250, 1.1


def extended(panel: Panel, course: Course, kpi: Array) -> Panel:
    """The panel with the periods of a course after its own.

    Parameters
    ----------
    panel
        Of a fit.
    course
        How the periods after it went.
    kpi
        Their KPI, shape (G, T).
    """
    dates = panel.after(course.periods)
    controls, organic, contacts = (np.array(part) for part in zip(*_levers(panel, course, dates), strict=True))
    media = np.concatenate([course.media, organic], axis=2)
    frequency = None
    if panel.frequency is not None:
        paid = np.full(course.media.shape, np.nan) if course.frequency is None else course.frequency
        known = np.concatenate([paid, contacts], axis=2)
        usual = np.where(panel.by_reach, panel.usual_frequency[:, None], np.nan)
        frequency = np.concatenate([panel.frequency, np.where(np.isnan(known), usual, known)], axis=1)
    return replace(
        panel,
        dates=pd.DatetimeIndex([*panel.dates, *dates]),
        kpi=np.concatenate([panel.kpi, kpi], axis=1),
        spend=np.concatenate([panel.spend, course.spend], axis=1),
        media=np.concatenate([panel.media, media], axis=1),
        controls=np.concatenate([panel.controls, controls], axis=1),
        frequency=frequency,
    )


def refit(
    readings: Sequence[Posterior],
    course: Course,
    kpi: Array,
    seconds: float = 300.0,
    progress: Callable[[float, str], None] | None = None,
) -> tuple[Posterior, ...]:
    """Fit every reading's model to the periods that came as well; each has as many draws as before.

    Parameters
    ----------
    readings
        Behind a forecast.
    course, kpi
        What came, as :func:`extended` takes it.
    seconds
        After which a fit is not gone on with.
    progress
        Told the share that is done, and of what.

    Raises
    ------
    NotConverged
        Where the chains of one disagree, so that a change of response could be theirs.
    """
    fitted = []
    for place, reading in enumerate(readings):
        if progress is not None:
            progress(place / len(readings), f"reading {place + 1} of {len(readings)}")
        panel = extended(reading.panel, course, kpi)
        draws = max(-(-reading.n_draws // _CHAINS), _LEAST)
        one = mmm.fit(panel, reading.model, draws, chains=_CHAINS, seed=reading.seed, time_budget=seconds)
        apart = next((finding.value or np.inf for finding in one.verdict if finding.name == "r_hat"), 0.0)
        if apart >= _R_HAT:
            text = f"a fit with the weeks that came did not settle (R-hat {decimal(apart, 2)})"
            raise NotConverged(f"{text}: review without --refit; response then stands with what is unexplained.")
        rows = ((np.arange(reading.n_draws) + 0.5) * (one.n_draws / reading.n_draws)).astype(np.intp)
        fitted.append(drawn_of(one, rows))
    return tuple(fitted)


def _levers(panel: Panel, course: Course, dates: pd.DatetimeIndex) -> list[tuple[Array, Array, Array]]:
    """Controls, drivers of organic channels and their contacts by geo, each of shape (T, .)."""
    rows = []
    for geo in panel.geos:
        table = course.controls if isinstance(course.controls, pd.DataFrame | None) else course.controls[geo]
        table = pd.DataFrame(index=dates) if table is None else table.loc[dates]
        contacts = table.reindex(columns=[f"{name}_frequency" for name in panel.organic_channels])
        names = (list(panel.control_names), list(panel.organic_channels))
        controls, organic = (table[own].to_numpy(dtype=float) for own in names)
        rows.append((controls, organic, contacts.to_numpy(dtype=float)))
    return rows
