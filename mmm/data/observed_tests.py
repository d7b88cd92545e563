"""Observed: lift tests on the axes of a panel, and what makes that impossible."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.errors import BadInput, Problem, nearest, quoted
from attribution.numbers import plain
from mmm.arrays import Array
from mmm.data.lift_tests import LiftTest
from mmm.data.outside_tests import changed_rows, geos_of, rows_of, stand_in
from mmm.data.panel import Panel

__all__ = ["Observed", "observe"]

_SAME = 1e-9  # share of the largest eigenvalue below which errors are taken for one


@dataclass(frozen=True, eq=False)
class Observed:
    """Lift tests on the axes of a panel.

    Parameters
    ----------
    places
        Channel, first row and row past the last, shape (M, 3).
    measured
        Customers gained and their standard error, shape (M, 2).
    correlation
        Of the tests' errors, shape (M, M): the identity but for tests that share controls.
    series
        Test and geo of each changed series of spend, in the order of the tests, shape (S, 2); S = M where the panel is
        national.
    otherwise
        What would have driven the channel in that geo without the test, shape (S, T), in the panel's own units.
    """

    places: np.ndarray
    measured: Array
    correlation: Array
    series: np.ndarray
    otherwise: Array

    @property
    def weighed(self) -> Array:
        """Customers gained and, in further columns, the precision of the tests' errors, shape (M, 1 + M).

        Where tests are one and the same error, the precision is the pseudo-inverse: they count as one test.
        """
        gained, error = self.measured.T
        precision = np.linalg.pinv(self.correlation, rcond=_SAME, hermitian=True) / np.outer(error, error)
        return np.column_stack([gained, precision])

    @property
    def log_constant(self) -> float:
        """Logarithm of the normal density's constant; any would do for tests that are one error."""
        spread = np.linalg.eigvalsh(self.correlation)
        own = spread[spread > _SAME * spread.max(initial=0.0)]
        logs = np.log(self.measured[:, 1]).sum() + 0.5 * (np.log(own).sum() + len(own) * np.log(2 * np.pi))
        return -float(logs)


def observe(tests: Sequence[LiftTest], panel: Panel) -> Observed:
    """Place lift tests on a panel.

    What a test added is taken from each period and geo in proportion to what was spent there; what a hold-out took away
    is put back evenly over its periods, and over geos as they share the channel's spend. Where a test names parts of
    its window as changed, those are its periods.

    Raises
    ------
    BadInput
        Lists every test whose channel or geo is unknown, whose window lies outside the panel, whose spend change
        exceeds the spend there was, or whose standard error is not positive.
    """
    problems = list(_repeats(tests))
    entered = []
    places = np.zeros((len(tests), 3), dtype=np.int64)
    measured = np.zeros((len(tests), 2))
    series: list[tuple[int, int]] = []
    otherwise = [np.zeros((0, panel.periods))]
    for m, given in enumerate(tests):
        test = stand_in(given, panel)
        own = _problems(test, panel, f"test {m + 1}")
        problems += own
        if own:
            continue
        begin, end = rows_of(test, panel)
        geos = geos_of(test, panel)
        places[m] = panel.channels.index(test.channel), begin, end
        measured[m] = test.customers_gained, test.standard_error
        entered.append(replace(given, standard_error=test.standard_error, shared_error=test.shared_error))
        series += [(m, geo) for geo in geos]
        otherwise.append(_without(test, panel, geos, changed_rows(test, panel)))
    if problems:
        raise BadInput(problems)
    correlation = np.eye(len(tests))
    for b, other in enumerate(entered):
        for a, one in enumerate(entered[:b]):
            correlation[a, b] = correlation[b, a] = one.correlation(other)
    placed = np.array(series, dtype=np.int64).reshape(-1, 2)
    return Observed(places, measured, correlation, placed, np.vstack(otherwise))


def _without(test: LiftTest, panel: Panel, geos: list[int], window: npt.NDArray[np.intp]) -> Array:
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


def _problems(test: LiftTest, panel: Panel, row: str) -> list[Problem]:
    """Why a test cannot be read; ``test`` as it stands in for one from outside."""

    def problem(text: str, column: str, remedy: str) -> Problem:
        return Problem("lift_tests", text, column, row, remedy)

    problems = []
    if test.channel not in panel.channels:
        close = nearest(test.channel, panel.channels)
        remedy = f"did you mean {quoted(close)}?" if close else f"channels: {', '.join(panel.channels)}."
        problems.append(problem(f"unknown channel {test.channel!r}.", "channel", remedy))
    geos = geos_of(test, panel)
    if not geos and len(panel.geos) == 1:
        remedy = "fit a panel by geo, or give the change and gain of the whole market and leave geo empty."
        problems.append(problem(f"{test.geo!r} is not in the panel, which has no geos.", "geo", remedy))
    elif not geos:
        remedy = f"geos: {', '.join(panel.geos[:8])}{' ...' if len(panel.geos) > 8 else ''}; join several with ';'."
        problems.append(problem(f"{test.geo!r} is not among the panel's geos.", "geo", remedy))
    if not (test.standard_error > 0 and math.isfinite(test.standard_error)):
        problems.append(problem("is not positive.", "standard_error", "every measurement has an error; give it."))
    problems += _shared_problems(test, problem)
    problems += [
        problem("is no number.", column, "give what was measured, or leave the test out.")
        for column in ("spend_change", "customers_gained")
        if not math.isfinite(getattr(test, column))
    ]
    if not test.outside >= 0:
        problems.append(problem(f"is {test.outside:g}.", "outside", "give 0, or a share such as 0.5."))
    begin, end = rows_of(test, panel)
    first, last = panel.dates[0].date(), (panel.after(1)[0] - pd.Timedelta(days=1)).date()
    if begin >= end:
        problems.append(problem(f"ends on {test.end}, before its start {test.start}.", "end", "swap or correct them."))
    elif begin < 0 or end > panel.periods:
        text = f"window lies outside the panel ({first} to {last})."
        problems.append(problem(text, "start", "use tests inside it, or say with outside how far effects may differ."))
    if not problems and test.spend_change == 0:
        problems.append(problem("is zero.", "spend_change", "a test changes spend; give the change."))
    if not problems:
        try:
            window = changed_rows(test, panel)
        except ValueError as error:
            return [problem(f"{error}.", "changed", "write first and last day of each part: 2026-01-05/2026-01-18.")]
        return _spend_problems(test, panel, geos, window, problem)
    return problems


def _shared_problems(test: LiftTest, problem: Callable[[str, str, str], Problem]) -> list[Problem]:
    named = bool(test.shared_controls.strip())
    if test.shared_error == 0:
        return []
    if not named:
        remedy = "give the tests that were held against the same geos one name in shared_controls, or leave it empty."
        return [problem(f"is {plain(test.shared_error)} without shared_controls.", "shared_error", remedy)]
    if not 0 <= test.shared_error <= test.standard_error * (1 + 1e-9):
        text = f"is {plain(test.shared_error)}, and the standard error of the test {plain(test.standard_error)}."
        remedy = "give the part of the standard error that shared controls brought, at most all of it."
        return [problem(text, "shared_error", remedy)]
    return []


def _spend_problems(
    test: LiftTest,
    panel: Panel,
    geos: list[int],
    window: npt.NDArray[np.intp],
    problem: Callable[[str, str, str], Problem],
) -> list[Problem]:
    where, spend = f" in {test.geo}" if test.geo else "", panel.spend[geos, :, panel.channels.index(test.channel)]
    spent = spend[:, window].sum()
    if not spend.any():
        return [problem(f"{test.channel!r} never spends anything{where}.", "channel", "leave the test out.")]
    if test.spend_change > spent * (1 + 1e-9):
        text = f"{plain(test.spend_change)} exceeds the {plain(spent)} that the panel holds for the window{where}."
        return [problem(text, "spend_change", "the panel's spend must contain what the test spent.")]
    return []


def _repeats(tests: Sequence[LiftTest]) -> Iterator[Problem]:
    """A problem for each test that stands earlier with the same channel, window, change, gain and geos."""
    seen: dict[tuple[object, ...], int] = {}
    for m, test in enumerate(tests):
        days = (pd.Timestamp(test.start), pd.Timestamp(test.end))
        geos = frozenset(map(str.strip, test.geo.split(";")))
        first = seen.setdefault((test.channel, *days, test.spend_change, test.customers_gained, geos), m)
        if first != m:
            text = f"is test {first + 1} entered again: same channel, window, change, gain and geo."
            yield Problem(
                "lift_tests", text, None, f"test {m + 1}", "keep one of them; what is told twice weighs twice."
            )
