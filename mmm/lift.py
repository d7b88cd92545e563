"""Lift tests: experiments as observations of what a channel brought over its own window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, nearest
from attribution.tables import LIFT_TESTS
from mmm.panel import Panel
from mmm.priors import Array

__all__ = ["LiftTest", "lift_tests_from_frame"]


@dataclass(frozen=True)
class LiftTest:
    """One experiment.

    Parameters
    ----------
    channel
        Channel whose spend was changed.
    start, end
        First and last day over which spend was changed and customers were counted, as 2025-03-31.
    spend_change
        Spend over the window beyond what would have been spent without the test; negative for a hold-out. The
        panel's spend is what was really spent, so it contains this change.
    customers_gained
        Customers over the window beyond those without the test, in the panel's KPI; negative for a hold-out.
    standard_error
        Of the customers gained.
    """

    channel: str
    start: str
    end: str
    spend_change: float
    customers_gained: float
    standard_error: float


class Observed(NamedTuple):
    """Lift tests on the axes of a panel.

    Attributes
    ----------
    places
        Channel, first row and row past the last, shape (M, 3).
    measured
        Customers gained and their standard error, shape (M, 2).
    otherwise
        What would have driven the channel without the test, shape (M, T), in the panel's own units.
    """

    places: np.ndarray
    measured: Array
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
    return tuple(LiftTest(*row) for row in zip(typed["channel"].astype(str), *days, *numbers, strict=True))


def observe(tests: Sequence[LiftTest], panel: Panel) -> Observed:
    """Place lift tests on a panel.

    Raises
    ------
    BadInput
        Lists every test whose channel is unknown, whose window is not whole periods of the panel, whose spend change
        exceeds the spend there was, or whose standard error is not positive.
    """
    problems: list[Problem] = []
    places = np.zeros((len(tests), 3), dtype=np.int64)
    measured = np.zeros((len(tests), 2))
    otherwise = np.zeros((len(tests), panel.periods))
    for m, test in enumerate(tests):
        found = _problems(test, panel, f"test {m + 1}")
        problems += found
        if found:
            continue
        channel = panel.channels.index(test.channel)
        begin, end = _rows(test, panel)
        spend, media = panel.spend[0, :, channel], panel.media[0, :, channel].copy()
        during = spend[begin:end]
        without = np.maximum(during - test.spend_change / (end - begin), 0.0)
        if test.spend_change > 0:
            without = during * (1.0 - test.spend_change / during.sum())
        rate = media.sum() / spend.sum()
        paid = np.divide(media[begin:end], during, out=np.full(end - begin, rate), where=during > 0)
        media[begin:end] = without * paid
        places[m] = channel, begin, end
        measured[m] = test.customers_gained, test.standard_error
        otherwise[m] = media
    if problems:
        raise BadInput(problems)
    return Observed(places, measured, otherwise)


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
        spent = panel.spend[0, begin:end, panel.channels.index(test.channel)].sum()
        if test.spend_change > spent * (1 + 1e-9):
            text = f"{test.spend_change:g} exceeds the {spent:g} that the panel holds for the window."
            found.append(problem(text, "spend_change", "the panel's spend must contain what the test spent."))
    return found
