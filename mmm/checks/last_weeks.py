"""without_last: whether what channels bring hangs on the last weeks, by the same model fitted without them.

A channel whose effect is the same all along has about the same CAC without a quarter of a year. Where it has not, the
effect changed, or a few weeks decide about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, require
from attribution.estimates import INTERVAL, Estimate, ends_of
from attribution.findings import Finding
from attribution.numbers import cost, decimal
from attribution.shown import shown
from mmm.data.panel import Panel
from mmm.model.model import Model
from mmm.model.ranges import require_number, whole
from mmm.posterior.posterior import Posterior
from mmm.sampling.fit import fit
from mmm.sampling.watching import watched

__all__ = ["LastWeeks", "known_at_end", "without_last"]

_CHAINS, _DRAWS, _TUNE = 2, 250, 250
_R_HAT = 1.1
_YEAR = 364  # days that must be left
_NOISIER = 1.25  # six standard errors of a ratio of 104 to 78 weeks


@shown
@dataclass(frozen=True, eq=False)
class LastWeeks:
    """A fit, and the same model fitted without the last weeks.

    Parameters
    ----------
    posterior
        Of all weeks.
    shorter
        Weeks left out -> the fit without them, of two short chains.
    """

    posterior: Posterior
    shorter: Mapping[int, Posterior]

    @property
    def end(self) -> str:
        """Last day of the first week that some fit leaves out, less one: figures are of the days up to it."""
        panel = self.shorter[max(self.shorter)].panel
        return str((panel.after(1)[0] - pd.Timedelta(days=1)).date())

    def to_frame(self) -> pd.DataFrame:
        """CAC of the weeks that all fits have seen: median, 5 % and 95 % points by channel and weeks left out.

        Rows without weeks left out are of the fit of all weeks.
        """
        fits = {0: self.posterior, **self.shorter}
        parts = [one.cac(end=self.end)[["median", *INTERVAL]] for one in fits.values()]
        frame = pd.concat(parts, keys=list(fits), names=["without_weeks", "channel"]).swaplevel()
        frame.columns = pd.Index(["cac", *ends_of("cac")])
        return frame.reindex(pd.MultiIndex.from_product([self.posterior.channels, fits], names=frame.index.names))

    def cells(self) -> dict[tuple[str, int], tuple[float, ...]]:
        """The frame's figures by channel and weeks left out."""
        table = self.to_frame()
        return dict(zip(table.index, map(tuple, table.to_numpy(dtype=float)), strict=True))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Whether the last weeks are like those before, and fits whose chains do not agree.

        They are not where single periods are off by a quarter more once those weeks are counted; the fit of all weeks
        then mixes two worlds, and may move a channel for what another did, so that none is named. Where they are, a
        channel is named whose median with or without them lies outside its other interval. A change that looks like one
        of the level, such as a channel that stops altogether, is what the finding ``level_shift`` is about.
        """
        settled = {weeks: one for weeks, one in self.shorter.items() if _settled(one)}
        findings = []
        if settled:
            noisier = {weeks: ratio for weeks, one in settled.items() if (ratio := self._noise(one)) > _NOISIER}
            findings.append(_unlike(noisier) if noisier else _moved(self._moves(settled)))
        if unsettled := [str(weeks) for weeks in self.shorter if weeks not in settled]:
            text = f"Without the last {' and '.join(unsettled)} weeks short chains do not agree, so nothing is said."
            findings.append(Finding("last_weeks_fitted", False, float(len(unsettled)), 0.0, text))
        return tuple(findings)

    def _noise(self, shorter: Posterior) -> float:
        """Noise of single periods with all weeks, in units of that without the last ones."""
        own, other = (float(np.median(one.cells[0].sigma)) * one.cells[0].unit for one in (self.posterior, shorter))
        return own / other

    def _moves(self, settled: Iterable[int]) -> dict[str, list[str]]:
        """Channel -> both figures, where one of both medians lies outside the other's interval."""
        moves: dict[str, list[str]] = {}
        cells = self.cells()
        for weeks, channel in product(settled, self.posterior.channels):
            own, other = (Estimate(*cells[(channel, at)]) for at in (0, weeks))
            if np.isfinite(other.point) and not (_holds(own, other) and _holds(other, own)):
                text = f"{channel} {own.written(cost)}, without the last {weeks} {other.written(cost)}"
                moves.setdefault(channel, []).append(text)
        return moves


def without_last(
    posterior: Posterior,
    weeks: Sequence[int] = (13, 26),
    progress: bool | Callable[[float, str], None] | None = None,
    *,
    through: Callable[[int, Callable[[], Posterior]], Posterior] | None = None,
) -> LastWeeks:
    """Fit a posterior's model again without the last weeks, and without more of them.

    Parameters
    ----------
    posterior
        Of the whole panel.
    weeks
        How many to leave out, one short fit for each number. Lift tests that were not over by then play no part.
    progress
        True for a bar; or a function, called with the share that is done and what is at work.
    through
        Asked for each fit instead of making it at once, with what makes it: a place that keeps fits.

    Raises
    ------
    BadInput
        Where less than a year would be left.
    """
    require(posterior, Posterior, "posterior", "give that of mmm.fit(panel, model).")
    for count in weeks:
        require_number(count, whole(1), "weeks")
    panel, wanted = posterior.panel, sorted({int(one) for one in weeks})
    longest = wanted[-1] * panel.per_week if wanted else 0
    if not wanted or (panel.periods - longest) * panel.days < _YEAR:
        remedy = f"give weeks of 1 or more that leave a year of the {panel.periods // panel.per_week} there are."
        raise BadInput(Problem("weeks", f"{', '.join(map(str, wanted)) or 'none'} to leave out.", remedy=remedy))
    shorter: dict[int, Posterior] = {}
    with watched(progress, "Without the last weeks", lambda share, name: (share, name)) as watch:
        for place, count in enumerate(wanted):
            if watch is not None:
                watch(place / len(wanted), f"{count} weeks")
            past = panel.select(0, panel.periods - count * panel.per_week)
            model = known_at_end(posterior.model, past)
            make = partial(fit, past, model, _DRAWS, _TUNE, _CHAINS, posterior.seed, time_budget=0.0)
            shorter[count] = make() if through is None else through(count, make)
    return LastWeeks(posterior, shorter)


def known_at_end(model: Model, past: Panel) -> Model:
    """The model with the lift tests that were over at the end of ``past``."""
    end = past.after(1)[0]
    return replace(model, lift_tests=tuple(test for test in model.lift_tests if pd.Timestamp(test.end) < end))


def _unlike(noisier: Mapping[int, float]) -> Finding:
    """The last weeks do not follow what the weeks before do, so that no single channel can be blamed."""
    weeks, ratio = max(noisier.items(), key=lambda one: one[1])
    text = (
        f"The last {weeks} weeks are not like those before: single weeks are off by {decimal(ratio, 1)} times as much "
        "once they are counted. An effect has changed, or something happened that no column says: name it as an event "
        "or a control, or test the channels whose CAC differs most without them."
    )
    return Finding("same_without_last_weeks", False, ratio, _NOISIER, text)


def _moved(moves: Mapping[str, Sequence[str]]) -> Finding:
    text = "With and without the last weeks each channel's CAC of the weeks before is the same within its intervals."
    if moves:
        told = "; ".join(one for texts in moves.values() for one in texts)
        text = (
            f"CAC of the weeks before hangs on the last weeks: {told}. The effect has changed, or those weeks decide "
            "about it: a lift test now says which."
        )
    return Finding("same_without_last_weeks", not moves, float(len(moves)), 0.0, text, tuple(moves))


def _holds(interval: Estimate, other: Estimate) -> bool:
    return interval.low <= other.point <= interval.high


def _settled(posterior: Posterior) -> bool:
    return next(finding.value or np.inf for finding in posterior.verdict if finding.name == "r_hat") < _R_HAT
