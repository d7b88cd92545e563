"""Guardrails: the limits of practice on CAC and LTV:CAC, and all rules put to the weeks that a plan is being spent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from attribution.errors import BadInput, Problem
from attribution.shown import shown
from optimizer.cycle import rules
from optimizer.cycle.alarms import Alarm, Level
from optimizer.cycle.sequential import Test, sequential
from optimizer.cycle.suspicions import series_of, suspects
from optimizer.cycle.watched import Watched

__all__ = ["Ceiling", "Guardrails", "Levels", "Verdicts"]


@dataclass(frozen=True)
class Ceiling:
    """Two limits on one figure: where to look, and where to stop.

    Parameters
    ----------
    warn
        Value from which an alarm warns.
    stop
        Value from which spending is to be halted.
    """

    warn: float
    stop: float

    def __post_init__(self) -> None:
        if not 0 < self.warn <= self.stop < np.inf:
            raise BadInput(Problem("Ceiling", f"needs 0 < warn <= stop, got {self.warn} and {self.stop}."))


@dataclass(frozen=True)
class Levels:
    """How far each rule goes where it speaks; a limit that is not surely crossed is only watched."""

    expected: Level = Level.WATCH
    sequential: Level = Level.HALVE
    warn: Level = Level.WATCH
    stop: Level = Level.STOP
    tighten: Level = Level.WATCH
    optimise: Level = Level.HALVE
    unprofitable: Level = Level.STOP
    benchmark: Level = Level.WATCH
    price: Level = Level.WATCH
    funnel: Level = Level.WATCH


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What all rules say.

    Parameters
    ----------
    alarms
        One for each rule and channel that it speaks of, quiet ones included.
    test
        The sequential test behind them.
    """

    alarms: tuple[Alarm, ...]
    test: Test


@shown
@dataclass(frozen=True)
class Guardrails:
    """Limits of practice, and the rate at which quiet quarters may give an alarm.

    Parameters
    ----------
    twelve_months
        Rise of the CAC over the twelve months before, freed of season and spend: 0.15 for + 15 %.
    lifetime_value
        Currency per customer; with it LTV:CAC is checked.
    ratios
        LTV:CAC below which to tighten, to optimise, and to stop.
    benchmarks
        ``"blended"`` or channel -> CAC, in currency.
    beyond_benchmark
        What a CAC may exceed its benchmark by.
    false_alarms
        Part of quiet quarters in which the sequential test gives an alarm on any figure.
    confidence
        Probability with which a limit has to be crossed before more is done than to watch.
    window
        Weeks over which figures are taken.
    fixed_cost
        Currency per week.
    levels
        How far each rule goes.
    """

    twelve_months: Ceiling = Ceiling(0.15, 0.25)
    lifetime_value: float | None = None
    ratios: tuple[float, float, float] = (3.0, 2.0, 1.0)
    benchmarks: Mapping[str, float] = field(default_factory=dict)
    beyond_benchmark: float = 0.2
    false_alarms: float = 0.05
    confidence: float = 0.95
    window: int = 4
    fixed_cost: float = 0.0
    levels: Levels = Levels()

    def __post_init__(self) -> None:
        first, second, third = self.ratios
        sound = 1 <= self.window < np.inf and self.window == round(self.window) and 0 <= self.fixed_cost < np.inf
        if not (sound and 0.5 <= self.confidence < 1 and 0 < self.false_alarms < 1):
            text = "needs whole weeks as window, confidence from 0.5 to below 1, false_alarms between 0 and 1, "
            text += "and a fixed_cost from 0 upwards."
            raise BadInput(Problem("Guardrails", text))
        if not first >= second >= third > 0 or (
            self.lifetime_value is not None and not 0 < self.lifetime_value < np.inf
        ):
            raise BadInput(Problem("Guardrails", "needs lifetime_value > 0 and ratios that fall and stay above 0."))

    def check(self, watched: Watched) -> Verdicts:
        """All rules on weeks that a fit has not seen."""
        test = sequential(series_of(watched), self.false_alarms)
        return Verdicts(tuple(self._alarms(watched, test)), test)

    def _alarms(self, watched: Watched, test: Test) -> Iterator[Alarm]:
        window, levels = rules.Window(watched, self.window, self.fixed_cost, self.confidence), self.levels
        yield from suspects(watched, test, levels.sequential, levels.price)
        yield from rules.expected(window, levels.expected)
        rise = self.twelve_months
        yield from rules.against_last_year(window, rise.warn, rise.stop, (levels.warn, levels.stop))
        if self.lifetime_value is not None:
            steps = (levels.tighten, levels.optimise, levels.unprofitable)
            yield from rules.ratios(window, self.lifetime_value, self.ratios, steps)
        yield from rules.benchmark(window, dict(self.benchmarks), self.beyond_benchmark, levels.benchmark)
        yield from rules.stages(window, levels.funnel)
