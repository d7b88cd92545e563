"""Lift tests: experiments as observations of what a channel brought over its own window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, nearest
from attribution.findings import Finding
from attribution.reading.tables import LIFT_TESTS
from mmm.arrays import Array
from mmm.data.panel import Panel

__all__ = ["LiftTest", "check_windows", "lift_tests_from_frame"]


@dataclass(frozen=True)
class LiftTest:
    """One experiment.

    Parameters
    ----------
    channel
        Channel whose spend was changed.
    start, end
        First and last day over which spend was changed and customers were counted, as 2025-03-31. A window that
        begins or ends inside a period of the panel counts as the whole of that period, and is a finding.
    spend_change
        Spend over the window beyond what would have been spent without the test; negative for a hold-out. The
        panel's spend is what was really spent, so it contains this change.
    customers_gained
        Customers over the window beyond those without the test, in the panel's KPI; negative for a hold-out.
    standard_error
        Of the customers gained.
    geo
        Geo in which spend was changed, or several joined by ``;``, measured together; empty for all of the panel.
    """

    channel: str
    start: str
    end: str
    spend_change: float
    customers_gained: float
    standard_error: float
    geo: str = ""


@dataclass(frozen=True, eq=False)
class Observed:
    """Lift tests on the axes of a panel.

    Parameters
    ----------
    places
        Channel, first row and row past the last, shape (M, 3).
    measured
        Customers gained and their standard error, shape (M, 2).
    series
        Test and geo of each changed series of spend, in the order of the tests, shape (S, 2); S = M where the panel is
        national.
    otherwise
        What would have driven the channel in that geo without the test, shape (S, T), in the panel's own units.
    """

    places: np.ndarray
    measured: Array
    series: np.ndarray
    otherwise: Array


def lift_tests_from_frame(frame: pd.DataFrame, date_format: str | None = None) -> tuple[LiftTest, ...]:
    """Read a table of lift tests with the columns that :class:`LiftTest` names.

    Raises
    ------
    BadInput
        Lists every missing column, unreadable date and impossible number.
    """
    name = str(frame.attrs.get("name", LIFT_TESTS.name))
    typed = replace(LIFT_TESTS, name=name, date_format=date_format).check(frame)
    days = [typed[column].dt.strftime("%Y-%m-%d") for column in ("start", "end")]
    numbers = [typed[column].astype(float) for column in ("spend_change", "customers_gained", "standard_error")]
    geos = typed["geo"].fillna("").astype(str) if "geo" in typed else [""] * len(typed)
    return tuple(LiftTest(*row) for row in zip(typed["channel"].astype(str), *days, *numbers, geos, strict=True))


def observe(tests: Sequence[LiftTest], panel: Panel) -> Observed:
    """Place lift tests on a panel.

    What a test added is taken from each period and geo in proportion to what was spent there; what a hold-out took away
    is put back evenly over its periods, and over geos as they share the channel's spend.

    Raises
    ------
    BadInput
        Lists every test whose channel or geo is unknown, whose window lies outside the panel, whose spend change
        exceeds the spend there was, or whose standard error is not positive.
    """
    problems: list[Problem] = []
    places = np.zeros((len(tests), 3), dtype=np.int64)
    measured = np.zeros((len(tests), 2))
    series: list[tuple[int, int]] = []
    otherwise = [np.zeros((0, panel.periods))]
    for m, test in enumerate(tests):
        found = _problems(test, panel, f"test {m + 1}")
        problems += found
        if found:
            continue
        begin, end = _rows(test, panel)
        geos = _geos(test, panel)
        places[m] = panel.channels.index(test.channel), begin, end
        measured[m] = test.customers_gained, test.standard_error
        series += [(m, geo) for geo in geos]
        otherwise.append(_without(test, panel, geos, slice(begin, end)))
    if problems:
        raise BadInput(problems)
    return Observed(places, measured, np.array(series, dtype=np.int64).reshape(-1, 2), np.vstack(otherwise))


def check_windows(tests: Sequence[LiftTest], panel: Panel) -> tuple[Finding, ...]:
    """Whether lift tests of a panel begin and end with its periods; nothing where there are none."""
    if not tests:
        return ()
    edges = panel.dates.append(panel.after(1))
    cut = []
    for m, test in enumerate(tests):
        begin, end = _rows(test, panel)
        first, last = edges[begin], edges[end] - pd.Timedelta(days=1)
        if (first, last) != (pd.Timestamp(test.start), pd.Timestamp(test.end)):
            cut.append(f"{m + 1} counts as if over {first.date()} to {last.date()}")
    text = "Every lift test begins and ends with a period of the panel."
    if cut:
        text = f"Lift test {', '.join(cut)}: what came in those periods but outside its own days is taken for its gain."
    return (Finding("lift_windows", not cut, float(len(cut)), 0.0, text),)


def _without(test: LiftTest, panel: Panel, geos: list[int], window: slice) -> Array:
    """Driver of the tested channel in the tested geos had there been no test, shape (len(geos), T)."""
    channel = panel.channels.index(test.channel)
    spend, media = panel.spend[geos, :, channel], panel.media[geos, :, channel]
    during, totals = spend[:, window], spend.sum(axis=1, keepdims=True)
    if test.spend_change > 0:
        without = during * (1.0 - test.spend_change / during.sum())
    else:
        without = during - test.spend_change / during.shape[1] * totals / totals.sum()
    usual = np.divide(media.sum(axis=1, keepdims=True), totals, out=np.zeros_like(totals), where=totals > 0)
    media[:, window] = without * np.divide(media[:, window], during, out=usual + 0 * during, where=during > 0)
    return media


def _geos(test: LiftTest, panel: Panel) -> list[int]:
    """Places of the test's geos; empty where one is unknown."""
    if not test.geo:
        return list(range(len(panel.geos)))
    names = [test.geo] if test.geo in panel.geos else list(dict.fromkeys(map(str.strip, test.geo.split(";"))))
    return [panel.geos.index(name) for name in names] if set(names) <= set(panel.geos) else []


def _rows(test: LiftTest, panel: Panel) -> tuple[int, int]:
    start, end = pd.Timestamp(test.start), pd.Timestamp(test.end) + pd.Timedelta(days=1)
    return (start - panel.dates[0]).days // panel.days, -(-(end - panel.dates[0]).days // panel.days)


def _problems(test: LiftTest, panel: Panel, row: str) -> list[Problem]:
    def problem(text: str, column: str, remedy: str) -> Problem:
        return Problem("lift_tests", text, column, row, remedy)

    found = []
    if test.channel not in panel.channels:
        close = nearest(test.channel, panel.channels)
        remedy = f"did you mean {close!r}?" if close else f"channels: {', '.join(panel.channels)}."
        found.append(problem(f"unknown channel {test.channel!r}.", "channel", remedy))
    geos = _geos(test, panel)
    if not geos and len(panel.geos) == 1:
        remedy = "fit a panel by geo, or give the change and gain of the whole market and leave geo empty."
        found.append(problem(f"{test.geo!r} is not in the panel, which has no geos.", "geo", remedy))
    elif not geos:
        remedy = f"geos: {', '.join(panel.geos[:8])}{' ...' if len(panel.geos) > 8 else ''}; join several with ';'."
        found.append(problem(f"{test.geo!r} is not among the panel's geos.", "geo", remedy))
    if not test.standard_error > 0:
        found.append(problem("is not positive.", "standard_error", "every measurement has an error; give it."))
    begin, end = _rows(test, panel)
    first, last = panel.dates[0].date(), (panel.after(1)[0] - pd.Timedelta(days=1)).date()
    if begin >= end:
        found.append(problem(f"ends on {test.end}, before its start {test.start}.", "end", "swap or correct them."))
    elif begin < 0 or end > panel.periods:
        found.append(problem(f"window lies outside the panel ({first} to {last}).", "start", "use tests inside it."))
    if not found and test.spend_change == 0:
        found.append(problem("is zero.", "spend_change", "a test changes spend; give the change."))
    if not found:
        where, spend = f" in {test.geo}" if test.geo else "", panel.spend[geos, :, panel.channels.index(test.channel)]
        spent = spend[:, begin:end].sum()
        if not spend.any():
            found.append(problem(f"{test.channel!r} never spends anything{where}.", "channel", "leave the test out."))
        elif test.spend_change > spent * (1 + 1e-9):
            text = f"{test.spend_change:g} exceeds the {spent:g} that the panel holds for the window{where}."
            found.append(problem(text, "spend_change", "the panel's spend must contain what the test spent."))
    return found
