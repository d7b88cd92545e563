"""Checks of an on/off test that is over: was it kept, did other money move with it, was its schedule special before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.numbers import decimal, percent
from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.experiments.on_off_design import OnOffDesign
from mmm.experiments.randomised import Contrast, hac_error, retention_of
from mmm.experiments.schedules import admissible, exposure, periods_of

__all__ = ["Read", "checks"]

_FOLLOWED = 0.25  # of the planned change
_MOST_OFF = 1 / 3  # of the blocks
_NOTHING = 1e-6  # of the dearest block
_RARE = 0.05
_ITSELF = 2.5  # no schedule is rarer than itself and its mirror
_BEFORE = 0.01
_CARRIED = 2.5  # standard errors
_ALIKE = 0.1
_SHOWN = 8
_NO_EVIDENCE = "What came in its blocks is no evidence of the channel, and gives no lift test."
_HOLDS_LESS = (
    "The result compares the blocks as they were drawn, and its change of spend is what was really spent: it holds on "
    "average and says less."
)


@dataclass(frozen=True, eq=False)
class Read:
    """A test that was read, with what its checks need.

    Parameters
    ----------
    design, panel
        The design, and the weekly table up to the last period read.
    begin, end
        Rows of the schedule.
    drawn
        Row of the drawn schedule in the contrast.
    contrast, nuisance, exposures, residuals, kpi
        Of the regression; exposures of shape (N, T), whitened residuals and KPI of shape (T,).
    """

    design: OnOffDesign
    panel: Panel
    begin: int
    end: int
    drawn: int
    contrast: Contrast
    nuisance: Array
    exposures: Array
    residuals: Array
    kpi: Array

    @property
    def seen(self) -> Array:
        """Exposure by the drawn schedule, shape (T,)."""
        return np.asarray(self.exposures[self.drawn])

    @cached_property
    def blocks(self) -> Array:
        """The channel's mean spend by block."""
        place = self.panel.channels.index(self.design.channel)
        spend = self.panel.spend[:, self.begin : self.end, place].sum(axis=0)
        return np.asarray(spend.reshape(-1, self.design.block).mean(axis=1))

    @cached_property
    def usual(self) -> float:
        """Mean spend per period of usual blocks."""
        return float(self.blocks[~self._changed].mean())

    @property
    def spend_change(self) -> float:
        """What changed blocks spent beyond usual ones.

        Raises
        ------
        BadInput
            Where they spent the same.
        """
        change = float((self.blocks[self._changed] - self.usual).sum()) * self.design.block
        if abs(change) <= 1e-9 * max(self.usual, 1e-300):
            text = f"of {self.design.channel} is the same in changed and usual blocks, so there was no test."
            raise BadInput(
                Problem("the weekly table", text, "spend", remedy="give the spend as it was, or run the test.")
            )
        return change

    @cached_property
    def moved(self) -> Array:
        """Change of each block's spend over the planned one, 1 where changed as planned, 0 where usual; empty where the
        usual blocks spent nothing.
        """
        nothing = self.usual <= _NOTHING * self.blocks.max()
        return np.zeros(0) if nothing else np.asarray((self.blocks / self.usual - 1) / self.design.change)

    @property
    def off(self) -> npt.NDArray[np.intp]:
        """Blocks on the wrong side of the middle between usual and planned."""
        return np.flatnonzero((self.moved > 0.5) != self._changed) if len(self.moved) else np.zeros(0, dtype=np.intp)

    @property
    def was_run(self) -> bool:
        """Whether the schedule was run at all: most blocks on their own side, and a good part of the change made."""
        kept = len(self.off) <= _MOST_OFF * len(self.blocks)
        return bool(len(self.moved) and kept and self.moved[self._changed].mean() >= _FOLLOWED)

    @property
    def _changed(self) -> npt.NDArray[np.bool_]:
        return np.array(self.design.schedule, dtype=bool)


def checks(read: Read) -> tuple[Finding, ...]:
    """All findings of a readout."""
    found = [_followed(read), _others(read), _before(read), _carryover(read)]
    return tuple(finding for finding in found if finding is not None)


def _followed(read: Read) -> Finding:
    """Whether every block's spend is on its own side of the middle, and changed ones differ by about the plan."""
    if not len(read.moved):
        text = (
            "Blocks that were to be usual spent nothing, and those to be changed did: the schedule was not run, or run "
            f"the other way round. {_NO_EVIDENCE}"
        )
        return Finding("on_off_followed", False, None, 1.0, text, (read.design.channel,))
    off, overall = read.off, float(read.moved[np.array(read.design.schedule, dtype=bool)].mean())
    passed = not len(off) and abs(overall - 1) <= _FOLLOWED
    text = f"Spend followed the schedule, with {percent(overall)} of the planned change."
    if not passed:
        calendar = read.design.calendar()
        named = ", ".join(f"{calendar['start'][row]} to {calendar['end'][row]}" for row in off[:_SHOWN])
        more = " and more" if len(off) > _SHOWN else ""
        text = (
            f"Spend changed by {percent(overall)} of what was planned"
            + (f", and not as scheduled in {len(off)} of {len(read.blocks)} blocks ({named}{more})" if len(off) else "")
            + ". "
            + (_HOLDS_LESS if read.was_run else f"The schedule was not run. {_NO_EVIDENCE}")
        )
    return Finding("on_off_followed", passed, overall, 1.0, text, () if passed else (read.design.channel,))


def _others(read: Read) -> Finding:
    """Whether another channel's spend went up or down with the schedule."""
    panel = read.panel
    others = [place for place, name in enumerate(panel.channels) if name != read.design.channel]
    spend = panel.spend.sum(axis=0)[:, others]
    moving = spend.std(axis=0) > 0
    names = [panel.channels[place] for place, moves in zip(others, moving, strict=True) if moves]
    line = np.column_stack([np.ones(panel.periods), np.linspace(-1, 1, panel.periods)])
    every = periods_of(admissible(len(read.design.schedule), read.design.seed), read.design.block)
    changed = exposure(every, np.ones(1), read.begin, panel.periods - read.end)  # money moves at once
    p_values = [
        Contrast.between(changed, line, retention_of(series[: read.begin])).measured(read.drawn, series).p_value
        for series in spend.T[moving]  # each by its own memory; the regression's nuisance leaves no such spend
    ]
    limit = max(_RARE / max(len(names), 1), _ITSELF / len(every))
    with_it = tuple(name for name, p_value in zip(names, p_values, strict=True) if p_value <= limit)
    least = min(p_values, default=1.0)
    text = "No other channel's spend moved with the schedule."
    if with_it:
        text = (
            f"Spend of {', '.join(with_it)} moved with the schedule, so the result is the effect of both together. "
            "Hold other budgets while a test runs."
        )
    return Finding("on_off_others", not with_it, least, limit, text, with_it)


def _before(read: Read) -> Finding | None:
    """Whether the same schedule, laid over the weeks before the test, shows an effect that cannot be there."""
    design, length = read.design, len(read.seen) - read.begin
    lead = read.begin - length
    if lead < 8:
        return None
    every = periods_of(admissible(len(design.schedule), design.seed), design.block)
    earlier = exposure(every, np.array(design.weights), lead, length - design.periods)
    contrast = Contrast.between(earlier, read.nuisance[: read.begin], read.contrast.retention)
    found = contrast.measured(read.drawn, read.kpi[: read.begin])
    passed = found.p_value > _BEFORE
    text = (
        "The same schedule laid over as many weeks before the test shows "
        + ("nothing out of the ordinary" if passed else "an effect, where there was no test")
        + f": {percent(found.p_value, decimals=1)} of schedules show as much."
    )
    if not passed:
        text += " Something else runs in the test's rhythm; mistrust the result."
    return Finding("on_off_before", passed, found.p_value, _BEFORE, text, () if passed else (design.channel,))


def _carryover(read: Read) -> Finding | None:
    """Whether the change itself says something beside the assumed carryover of it."""
    changed = np.zeros(len(read.seen))
    changed[read.begin : read.end] = np.repeat(np.array(read.design.schedule, dtype=float), read.design.block)
    beside = Contrast.of(changed[None], np.column_stack([read.nuisance, read.seen]), read.contrast.retention)
    alone = Contrast.of(changed[None], read.nuisance, read.contrast.retention)
    if beside.sizes[0] < _ALIKE * alone.sizes[0]:
        return None
    direction, size = beside.directions[0], float(beside.sizes[0])
    left = read.residuals - direction * float(direction @ read.residuals)
    error = hac_error(direction, size, left, read.nuisance.shape[1] + 2)
    value = abs(float(beside.scores(read.kpi)[0])) / size / max(error, 1e-300)
    passed = value < _CARRIED
    text = f"Effects come and go as the assumed carryover says (z {decimal(value, 1)})."
    if not passed:
        text = (
            f"Effects come or go faster or slower than the assumed carryover says (z {decimal(value, 1)}): the total "
            "is off by what the assumption misses. Fit the mix model again with the weeks of the test, and read once "
            "more with a design of its carryover."
        )
    return Finding("on_off_carryover", passed, value, _CARRIED, text, () if passed else (read.design.channel,))
