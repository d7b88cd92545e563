"""Credit kept apart: by period, cohort, geo or any column of the touchpoints."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from attribution.analysis.bootstrap import resampled, summary_of
from attribution.analysis.periods import Calendar
from attribution.errors import BadInput, UnknownName
from attribution.models.model import Model
from attribution.paths.ibis_touches import IbisTouches, cases
from attribution.paths.journeys import Journeys
from attribution.paths.paths import Paths, narrow
from attribution.paths.reshaping import and_then

__all__ = ["by_segment", "dated", "segment_value", "with_cohorts", "with_periods"]


def with_periods(journeys: Journeys, length: str = "M") -> Journeys:
    """The journeys with a segment ``period``: the date of the conversion, or of the last touch where there is none.

    Parameters
    ----------
    journeys
        Paths with times.
    length
        ``"D"``, ``"W"`` (ends on Sunday), ``"M"``, ``"Q"`` or ``"Y"``, in the time zone of ``PathRules.days_in``.
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
    if not journeys.timed:
        raise BadInput(f"a {name} needs times: build the journeys from touchpoints.")
    again = and_then(journeys, lambda fewer: _dated(fewer, name, moment, length))
    calendar = Calendar.over(journeys.period, length, journeys.days_in)
    return replace(dated(journeys, name, moment, calendar), rebuilt=again)


def dated(journeys: Journeys, name: str, moment: str, calendar: Calendar) -> Journeys:
    """The journeys with a segment: the period of a calendar in which they ``"began"`` or ``"ended"``."""
    categories = journeys.categories | {name: list(calendar.names)}
    if journeys.remote is not None:
        touches = IbisTouches(journeys.remote)
        remote = touches.with_columns(**{name: cases(getattr(touches, moment), calendar.edges, calendar.names)})
        return replace(journeys, remote=remote, categories=categories)
    if journeys.won is None or journeys.lost is None:
        raise BadInput("these journeys hold no paths.")

    def told(paths: Paths) -> Paths:
        period = calendar.of_moment(getattr(paths, moment)).astype(narrow(len(calendar.names)))
        return paths.relabelled(paths.labels | {name: period})

    return replace(journeys, won=told(journeys.won), lost=told(journeys.lost), categories=categories)


def segment_value(journeys: Journeys, segment: str, key: object) -> str:
    """Name of a segment's value: engines key by the name itself, arrays by its position."""
    return key if isinstance(key, str) else journeys.categories[segment][int(str(key))]


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
    if segment not in journeys.categories:
        raise UnknownName(segment, journeys.categories, where="the segments of these journeys")
    tally = model.tally(journeys, by=(segment, "bucket"))
    channels = pd.Index(journeys.channels, name="channel")
    parts = {}
    for key, part in tally.split():
        solution = model.solve(part.items, part.total(), len(channels))
        draws = model.solve(part.items, resampled(part, replicates, seed), len(channels))
        estimate = pd.Series(solution.conversions[0], index=channels)
        table = summary_of(pd.DataFrame(draws.conversions, columns=channels), estimate)
        parts[segment_value(journeys, segment, key)] = table.assign(value=solution.value[0])
    return pd.concat(parts, names=[segment])
