"""Rules of practice on recent weeks: figures against limits, each with how surely the limit is crossed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from attribution.arrays import Array
from attribution.economics.cac import blended_cac
from attribution.numbers import cost, count, decimal, likelihood, percent
from optimizer.cycle.alarms import BLENDED, Alarm, Level
from optimizer.cycle.sequential import Quiet
from optimizer.cycle.watched import Watched

__all__ = ["Window", "against_last_year", "benchmark", "expected", "ratios", "stages"]


@dataclass(frozen=True, eq=False)
class Window:
    """The last weeks, and how sure a limit has to be crossed.

    Parameters
    ----------
    watched
        All weeks.
    width
        How many of the last count.
    fixed_cost
        Currency per week beside the media.
    confidence
        Probability with which a limit is crossed before more is done than to watch.
    """

    watched: Watched
    width: int
    fixed_cost: float
    confidence: float

    @property
    def weeks(self) -> int:
        """How many weeks there are of it."""
        return min(self.width, len(self.watched.weeks))

    @property
    def outlay(self) -> float:
        """Spend and fixed cost."""
        return float(self.watched.spend.to_numpy()[-self.weeks :].sum()) + self.fixed_cost * self.weeks

    @property
    def customers(self) -> float:
        """Of all together."""
        return float(self.watched.customers[-self.weeks :].sum())

    @property
    def cac(self) -> float:
        """Outlay per customer."""
        return float(blended_cac(self.outlay, self.customers))

    @property
    def expected(self) -> float:
        """Customers where nothing is wrong."""
        return float(self.watched.quiet.mean[-self.weeks :].sum())

    @property
    def spread(self) -> float:
        """Standard deviation of those."""
        return float(np.sqrt(self.watched.quiet.covariance[-self.weeks :, -self.weeks :].sum()))

    def below(self, needed: float) -> float:
        """Probability that the weeks are worse than ones which bring so many customers on average."""
        return _normal((needed - self.customers) / self.spread)

    def change(self, observed: Array, quiet: Quiet) -> tuple[float, float]:
        """Mean of a logarithm above what is expected, and its standard deviation."""
        block = quiet.covariance[-self.weeks :, -self.weeks :]
        weights = 1 / np.diag(block)
        weights /= weights.sum()
        moved = float(weights @ (observed - quiet.mean)[-self.weeks :])
        return moved, float(np.sqrt(weights @ block @ weights))

    def reached(self, level: Level, sure: float) -> Level:
        """The level of a limit that is crossed; only to watch where that is not sure."""
        return level if sure >= self.confidence else min(level, Level.WATCH)

    @property
    def said(self) -> str:
        """The window in words."""
        return f"the last {self.weeks} weeks" if self.weeks > 1 else "the last week"


def expected(window: Window, level: Level) -> Iterator[Alarm]:
    """The model's own predictive interval for what was really spent, 90 %."""
    low, high = (window.expected + side * 1.645 * window.spread for side in (-1, 1))
    quiet = window.customers >= low
    text = (
        f"{window.said[:1].upper()}{window.said[1:]} brought {count(window.customers)} {window.watched.outcome}; "
        f"the model expects {count(window.expected)} ({count(max(low, 0.0))} to {count(high)}) of what was spent"
    )
    text += (
        "."
        if quiet
        else f": a quiet world brings so few with probability {likelihood(1 - window.below(window.expected))}."
    )
    yield Alarm("expected", BLENDED, Level.QUIET if quiet else level, window.customers, low, text)


def against_last_year(window: Window, warn: float, stop: float, levels: tuple[Level, Level]) -> Iterator[Alarm]:
    """Cost per customer against the twelve months before, freed of season, spend and controls by the model."""
    past = window.watched.past
    usual = window.expected * past.customers / past.expected
    plain = window.cac / float(blended_cac(past.spend + window.fixed_cost * past.weeks, past.customers)) - 1
    moved = usual / window.customers - 1 if window.customers > 0 else np.inf
    named = f"Blended CAC of {window.said}"
    plainly = f" Without that adjustment it is {percent(plain, signed=True)}, season and level of spend included."
    yield _compared(
        window, BLENDED, named, moved, lambda by: window.below(usual / (1 + by)), (warn, stop), levels, plainly
    )
    for one in window.watched.reported:
        log, spread = window.change(one.written, one.quiet)
        if spread**2 >= 1e3:
            continue
        yield _compared(
            window,
            one.channel,
            f"Spend per {one.source} conversion of {one.channel} in {window.said}",
            float(np.expm1(-log)),
            partial(_dearer_than, log, spread),
            (warn, stop),
            levels,
        )


def _dearer_than(log: float, spread: float, by: float) -> float:
    """Probability that a cost rose by more than a share, of a logarithm of conversions that moved by ``log``."""
    return _normal((-log - math.log1p(by)) / spread)


def _normal(z: float) -> float:
    """Probability that a standard normal falls below; SciPy's takes longer to load than a monitor to run."""
    return math.erfc(-z / math.sqrt(2)) / 2


def _compared(
    window: Window,
    subject: str,
    named: str,
    moved: float,
    sure_beyond: Callable[[float], float],
    limits: tuple[float, float],
    levels: tuple[Level, Level],
    further: str = "",
) -> Alarm:
    warn, stop = limits
    limit, level = (stop, levels[1]) if moved >= stop else (warn, levels[0])
    text = f"{named} is {percent(moved, signed=True)} against the twelve months before, adjusted for season and spend"
    if moved < warn:
        return Alarm(
            "twelve_months",
            subject,
            Level.QUIET,
            moved,
            warn,
            f"{text}; the warning is at {percent(warn, signed=True)}.",
        )
    sure = sure_beyond(limit)
    text += f": beyond {percent(limit, signed=True)} with probability {likelihood(sure)}.{further}"
    return Alarm("twelve_months", subject, window.reached(level, sure), moved, limit, text)


def ratios(
    window: Window, value: float, steps: tuple[float, float, float], levels: tuple[Level, Level, Level]
) -> Iterator[Alarm]:
    """Lifetime value over CAC: below the first step tighten, below the second optimise, below the third stop."""
    cac = window.cac
    ratio = value / cac if cac > 0 else np.inf
    text = f"LTV:CAC of {window.said} is {decimal(ratio, 2)} (a customer costs {cost(cac)}"
    crossed = [place for place, step in enumerate(steps) if ratio < step]
    if not crossed:
        yield Alarm("ltv_cac", BLENDED, Level.QUIET, ratio, steps[0], f"{text}); the first step is {steps[0]:g}.")
        return
    place = crossed[-1]
    sure = window.below(window.outlay * steps[place] / value)
    action = ("tighten: no more spend for more customers", "optimise: less of what is dearest", "stop")[place]
    text += f" and is worth {cost(value)}), below {steps[place]:g} with probability {likelihood(sure)}: {action}."
    yield Alarm("ltv_cac", BLENDED, window.reached(levels[place], sure), ratio, steps[place], text)


def benchmark(window: Window, benchmarks: dict[str, float], beyond: float, level: Level) -> Iterator[Alarm]:
    """CAC against a benchmark and what it may exceed it by."""
    for subject, figure in benchmarks.items():
        if subject == BLENDED:
            yield _benchmarked(window, subject, "Blended CAC", window.cac, figure, beyond, level)
        for one in window.watched.reported:
            if one.channel == subject:
                won = float(one.conversions[-window.weeks :].sum())
                paid = float(window.watched.spend[subject].to_numpy()[-window.weeks :].sum())
                if paid > 0:
                    named = f"Spend per {one.source} conversion of {subject}"
                    yield _benchmarked(window, subject, named, paid / won if won else np.inf, figure, beyond, level)


def _benchmarked(
    window: Window, subject: str, named: str, cac: float, figure: float, beyond: float, level: Level
) -> Alarm:
    limit = figure * (1 + beyond)
    crossed = cac > limit
    text = f"{named} in {window.said} is {cost(cac)}; the benchmark is {cost(figure)}, review from {cost(limit)}."
    return Alarm("benchmark", subject, level if crossed else Level.QUIET, cac, limit, text)


def stages(window: Window, level: Level) -> Iterator[Alarm]:
    """Conversion between stages of the funnel against its own past, 90 % interval."""
    for stage in window.watched.stages:
        log, spread = window.change(stage.observed, stage.quiet)
        quiet = log >= -1.645 * spread
        text = f"{stage.name} in {window.said} converts {percent(float(np.expm1(log)), signed=True)} against its past; "
        text += f"a quiet world stays above {percent(float(np.expm1(-1.645 * spread)), signed=True)}."
        yield Alarm("funnel", BLENDED, Level.QUIET if quiet else level, float(np.expm1(log)), None, text)
