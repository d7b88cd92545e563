"""Readout of an on/off test: the weekly table with its weeks in, and what the draw of the schedule says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.signal import lfilter

from attribution.errors import BadInput, Problem, UnknownChannel
from attribution.findings import Finding
from attribution.numbers import amount, count, percent
from attribution.shown import shown
from mmm.arrays import Array
from mmm.data.lift_tests import LiftTest
from mmm.data.panel import Panel
from mmm.experiments.on_off_checks import Read, checks
from mmm.experiments.on_off_design import OnOffDesign
from mmm.experiments.randomised import Contrast, hac_error, retention_of, whitened, with_mean
from mmm.experiments.schedules import admissible, exposure, periods_of
from mmm.model.model import Model

__all__ = ["OnOffReadout", "read_on_off"]

_USUAL_RETENTION = 0.3
_CARRIED = 0.5
_LEAST_BEFORE = 26
_LEVEL = 0.95
_BEYOND = 1.959964


@shown
@dataclass(frozen=True, eq=False)
class OnOffReadout:
    """What an on/off test showed.

    Parameters
    ----------
    design
        As it was drawn.
    customers_gained
        Over the test and the weeks read after it, beyond those without the test; below 0 where spend was cut.
    low, high
        95 % interval by the draw of the schedule, with what carryover other than assumed may add.
    standard_error
        A quarter of that interval's width, near enough: the normal distribution's of the same interval.
    p_value
        Share of schedules that would have shown as much, were there no effect.
    hac_error
        Newey and West's standard error of the same figure, without the draw.
    spend_change
        Currency over the test, as it was spent.
    by_period
        Observed KPI, what is expected without the test and with its effect, and the exposure, by first day.
    findings
        What speaks for and against the result.
    was_run
        Whether spend followed the schedule far enough for the result to be evidence of the channel.
    """

    design: OnOffDesign
    customers_gained: float
    low: float
    high: float
    standard_error: float
    p_value: float
    hac_error: float
    spend_change: float
    by_period: pd.DataFrame
    findings: tuple[Finding, ...]
    was_run: bool = True

    @property
    def test(self) -> LiftTest:
        """The result as the mix model takes it.

        Raises
        ------
        BadInput
            Where the schedule was not run, so that the result is no evidence.
        """
        if not self.was_run:
            text = f"of {self.design.channel} was not run as it was drawn, so that it gives no lift test."
            raise BadInput(Problem("on/off test", text, remedy="run it, or read the weeks by the mix model alone."))
        blocks = self.design.calendar().query("spend == 'changed'")
        spans: list[list[pd.Timestamp]] = []
        for start, end in zip(pd.to_datetime(blocks["start"]), pd.to_datetime(blocks["end"]), strict=True):
            if spans and (start - spans[-1][1]).days == 1:
                spans[-1][1] = end
            else:
                spans.append([start, end])
        return LiftTest(
            self.design.channel,
            self.design.start,
            f"{self.by_period.index[-1] + pd.Timedelta(days=self.design.days - 1):%Y-%m-%d}",
            self.spend_change,
            self.customers_gained,
            self.standard_error,
            changed=";".join(f"{start:%Y-%m-%d}/{end:%Y-%m-%d}" for start, end in spans),
        )

    @property
    def sentence(self) -> str:
        """The result in words."""
        moved = "gained" if self.customers_gained > 0 else "lost"
        text = (
            f"{self.design.channel}: {amount(self.spend_change)} of spend over {self.design.weeks} weeks {moved} "
            f"{count(abs(self.customers_gained))} customers (95 % interval {count(self.low)} to {count(self.high)}; "
            f"{percent(self.p_value, decimals=1)} of the schedules that might have been drawn would show as much "
            "without any effect)."
        )
        if not self.was_run:
            return f"{text} The schedule was not run, so that this is no evidence of the channel."
        if self.p_value > 1 - _LEVEL:
            text += " This is no proof of no effect: the interval says what it may be."
        return text


def read_on_off(design: OnOffDesign, panel: Panel, model: Model) -> OnOffReadout:
    """Read a test that is over.

    The KPI is regressed on the exposure to the change beside what else the model knows to move it, over all weeks up
    to the test's last one; the interval is by the draw of the schedule, see :mod:`mmm.experiments.randomised`. Nothing
    of the mix model's fit is used, so that the test stays a witness of its own.

    Parameters
    ----------
    design
        As it was drawn.
    panel
        The weekly table with the weeks of the test.
    model
        Whose trend, season, holidays and controls count.

    Raises
    ------
    BadInput
        Where the channel is unknown, the table does not hold the test's weeks, its periods are of another length, the
        schedule is not the one that the seed draws, or spend was not changed.
    """
    begin, end, stop = _rows(design, panel)
    every = admissible(len(design.schedule), design.seed)
    own = np.flatnonzero((every == np.array(design.schedule, dtype=np.int8)).all(axis=1))
    if not len(own):
        text = f"has a schedule that the seed {design.seed} cannot draw, so nothing says how likely others were."
        raise BadInput(Problem("design", text, remedy="take the file that the design was written to, as it is."))
    drawn = int(own[0])
    panel = panel.select(0, stop)
    kpi = panel.kpi.sum(axis=0)
    nuisance = _nuisance(panel, model, panel.channels.index(design.channel), begin)
    retention = _retention(kpi, nuisance, begin)
    seen = exposure(periods_of(every, design.block), np.array(design.weights), begin, stop - end)
    nuisance = with_mean(nuisance, seen)
    contrast = Contrast.of(seen, nuisance, retention)
    found = contrast.measured(drawn, kpi, _LEVEL)
    fit, residuals = _fitted(kpi, nuisance, seen[drawn], retention)
    felt = float(seen[drawn, begin:].sum())
    gained = found.effect * felt
    wide = _BEYOND * abs(gained) * design.carryover_error
    low = gained - float(np.hypot(gained - found.low * felt, wide))
    high = gained + float(np.hypot(found.high * felt - gained, wide))
    changed = np.zeros(stop, dtype=bool)
    changed[begin:end] = np.repeat(np.array(design.schedule, dtype=bool), design.block)
    read = Read(design, panel, begin, end, drawn, contrast, nuisance, seen, residuals, kpi)
    error = hac_error(contrast.directions[drawn], float(contrast.sizes[drawn]), residuals, nuisance.shape[1] + 1) * felt
    by_period = pd.DataFrame(
        {
            "observed": kpi,
            "without_test": fit,
            "with_test": fit + found.effect * seen[drawn],
            "exposure": seen[drawn],
            "changed": changed,
        },
        index=panel.dates,
    )
    standard_error = (high - low) / (2 * _BEYOND) if np.isfinite(high - low) else float(np.hypot(error, wide / _BEYOND))
    return OnOffReadout(
        design,
        gained,
        low,
        high,
        standard_error,
        found.p_value,
        error,
        read.spend_change,
        by_period,
        checks(read),
        read.was_run,
    )


def _rows(design: OnOffDesign, panel: Panel) -> tuple[int, int, int]:
    """First row of the test, the row past its last block, and the row past the last that is read."""
    problems: list[Problem | str] = []
    if design.channel not in panel.channels:
        raise UnknownChannel(design.channel, panel.channels, "the weekly table")
    if design.days != panel.days:
        text = f"is of periods of {design.days} days, and the weekly table has periods of {panel.days}."
        raise BadInput(Problem("design", text, remedy="read it with a table like the one that it was made with."))
    away = (pd.Timestamp(design.start) - panel.dates[0]).days
    begin = away // panel.days
    end = begin + design.periods
    if away % panel.days:
        text = f"begins on {design.start}, inside a period of the weekly table."
        problems.append(Problem("design", text, remedy="read it with a table like the one that it was made with."))
    if begin < 8 or end > panel.periods:
        first, last = panel.dates[0], panel.after(1)[0] - pd.Timedelta(days=1)
        text = f"runs from {design.start} to {design.end}, and the weekly table holds {first.date()} to {last.date()}."
        remedy = "read it when the table has the weeks of the test, and at least eight periods before them."
        problems.append(Problem("design", text, remedy=remedy))
    if problems:
        raise BadInput(problems)
    return begin, end, min(end + design.after, panel.periods)


def _nuisance(panel: Panel, model: Model, channel: int, begin: int) -> Array:
    """Columns of what else moves the KPI, none of which the schedule changes, shape (T, K)."""
    weights = panel.kpi.mean(axis=1) / panel.kpi.mean(axis=1).sum()
    matrices = np.array([model.design(panel, geo).matrix for geo in range(len(panel.geos))])
    baseline = np.tensordot(weights, matrices, axes=1)
    media = panel.media.sum(axis=0)
    own = media[:, channel].copy()
    own[begin:] = own[:begin].mean()  # what the test made of it is no nuisance
    drivers = np.column_stack([np.delete(media, channel, axis=1), own])
    spread = drivers.std(axis=0)
    drivers = (drivers - drivers.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    carried = lfilter([1 - _CARRIED], [1.0, -_CARRIED], drivers, axis=0)
    line = np.column_stack([np.ones(panel.periods), np.linspace(-1, 1, panel.periods)])
    sets = ([line, baseline, carried], [line, baseline], [line])
    return next(
        (table for parts in sets if (table := np.column_stack(parts)).shape[1] <= panel.periods // 3),
        np.column_stack([line]),
    )


def _retention(kpi: Array, nuisance: Array, begin: int) -> float:
    """Autocorrelation of what the nuisance leaves before the test, where it is long enough to say."""
    rank = int(np.linalg.matrix_rank(nuisance[:begin]))
    if begin - rank < _LEAST_BEFORE:
        return _USUAL_RETENTION
    left = kpi[:begin] - nuisance[:begin] @ np.linalg.lstsq(nuisance[:begin], kpi[:begin])[0]
    return retention_of(left, rank)


def _fitted(kpi: Array, nuisance: Array, seen: Array, retention: float) -> tuple[Array, Array]:
    """What the nuisance explains, and whitened residuals of the regression with the exposure, shapes (T,)."""
    columns = np.column_stack([nuisance, seen])
    white = whitened(columns, retention)
    coefficients = np.linalg.lstsq(white, whitened(kpi, retention))[0]
    residuals: npt.NDArray[np.float64] = whitened(kpi, retention) - white @ coefficients
    return np.asarray(nuisance @ coefficients[:-1]), residuals
