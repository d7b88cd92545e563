"""Credit kept apart: by period, cohort, geo or any column of the touchpoints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import BadInput, UnknownName
from attribution.intervals import resampled, summary_of
from attribution.journeys import Journeys
from attribution.model import Model
from attribution.paths import Paths, narrow

__all__ = ["by_segment", "with_cohorts", "with_periods"]


def with_periods(journeys: Journeys, length: str = "M") -> Journeys:
    """The journeys with a segment ``period``: the date of the conversion, or of the last touch where there is none.

    Parameters
    ----------
    journeys
        Paths in memory, with times.
    length
        Pandas name of a period: ``"D"``, ``"W"`` (ends on Sunday), ``"M"``, ``"Q"`` or ``"Y"``.
    """
    return _dated(journeys, "period", "ended", length)


def with_cohorts(journeys: Journeys, length: str = "M") -> Journeys:
    """The journeys with a segment ``cohort``: the date of the path's first touch.

    Parameters
    ----------
    journeys, length
        As for :func:`with_periods`.
    """
    return _dated(journeys, "cohort", "began", length)


def _dated(journeys: Journeys, name: str, moment: str, length: str) -> Journeys:
    if journeys.won is None or journeys.lost is None or not journeys.timed:
        raise BadInput(f"a {name} needs times in memory: build the journeys from touchpoints.")
    parts = (journeys.won, journeys.lost)
    days = [np.asarray(getattr(part, moment)) // 86_400_000_000 for part in parts]
    low = min(int(day.min()) for day in days if len(day))
    high = max(int(day.max()) for day in days if len(day))
    calendar = pd.to_datetime(np.arange(low, high + 1), unit="D")
    try:
        periods = calendar.to_period(length)
    except ValueError as error:
        raise BadInput(f"{length!r} is no period; write 'D', 'W', 'M', 'Q' or 'Y'.") from error
    code, values = pd.factorize(periods, sort=True)
    of_day = code.astype(narrow(len(values)))
    labelled = [_labelled(part, name, of_day[day - low]) for part, day in zip(parts, days, strict=True)]
    named = [str(value) for value in values]
    categories = journeys.categories | {name: named}
    return replace(journeys, won=labelled[0], lost=labelled[1], categories=categories)


def _labelled(paths: Paths, name: str, label: NDArray[np.generic]) -> Paths:
    return paths.relabelled(paths.labels | {name: label})


def by_segment(journeys: Journeys, model: Model, segment: str, replicates: int = 200, seed: int = 0) -> pd.DataFrame:
    """Credit of a model within each segment, with intervals.

    Parameters
    ----------
    journeys
        The paths; their segments are those of ``PathRules.segments``, :func:`with_periods` and :func:`with_cohorts`.
    model
        Solved within each segment on its own.
    segment
        Name.
    replicates, seed
        As for :func:`attribution.bootstrap`.

    Returns
    -------
    pandas.DataFrame
        One row per segment and channel: estimate, mean, standard_error, 5%, 95% of conversions, and ``value``.

    Raises
    ------
    UnknownName
        For a segment that the journeys do not have.
    """
    if journeys.remote is None and segment not in journeys.categories:
        raise UnknownName(segment, journeys.categories, where="the segments of these journeys")
    tally = model.tally(journeys, by=(segment, "bucket"))
    channels = pd.Index(journeys.channels, name="channel")
    parts = {}
    for key, part in tally.split():
        solution = model.solve(part.items, part.total(), len(channels))
        draws = model.solve(part.items, resampled(part, replicates, seed), len(channels))
        estimate = pd.Series(solution.conversions[0], index=channels)
        table = summary_of(pd.DataFrame(draws.conversions, columns=channels), estimate)
        name = journeys.categories[segment][int(str(key))] if segment in journeys.categories else key
        parts[name] = table.assign(value=solution.value[0])
    return pd.concat(parts, names=[segment])
