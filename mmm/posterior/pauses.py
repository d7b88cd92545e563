"""Channels that pause once, or begin or end midway: what a fit makes of the one change that it has seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from attribution.findings import Finding
from attribution.numbers import decimal
from mmm.posterior.residuals import Residuals
from mmm.posterior.sign_checks import t_beside

__all__ = ["begin_or_end_once", "pauses_unseen"]

_LIMIT = 1.5  # few panels have such a pause, and a question is cheap beside a channel given up
_SHORTEST, _LONGEST = 2, 0.5  # weeks of a pause, and its part of the table
_WEEKS = 8  # of nothing before a channel begins, or after it ends
_STEP = 0.9  # of the movement of what a channel brought that is one step up or down


def pauses_unseen(residuals: Residuals) -> Finding:
    """Whether the KPI stands where it was while a channel that always spends spends nothing for some weeks.

    Those weeks get a level of their own beside all that the fit explains. What the channel brought before and after
    should be missing in them already, so that nothing is left for the level.
    """
    panel = residuals.panel
    values: dict[str, tuple[float, slice]] = {}
    for name, active in _activity(residuals):
        runs = [run for run in _runs(~active) if len(run)]
        if len(runs) != 1 or runs[0][0] == 0 or runs[0][-1] == len(active) - 1:
            continue
        weeks = len(runs[0]) / panel.per_week
        if _SHORTEST <= weeks <= _LONGEST * len(active) / panel.per_week:
            away = (~active).astype(float)
            value = t_beside(away, residuals.observed, residuals.columns)
            values[name] = value, slice(int(runs[0][0]), int(runs[0][-1]))
    unseen = {name: found for name, found in values.items() if found[0] > _LIMIT}
    most = max((value for value, _ in values.values()), default=0.0)
    text = "Where a channel pauses once, the KPI misses what it brings."
    if unseen:
        told = "; ".join(
            f"{name} from {panel.dates[run.start]:%Y-%m-%d} to {panel.dates[run.stop]:%Y-%m-%d} (t {decimal(value, 1)})"
            for name, (value, run) in unseen.items()
        )
        text = (
            f"No spend, and the KPI hardly misses it: {told}. Where money was spent and not booked, a fit learns that "
            "the channel brings little: enter what was spent. Where it did pause, something else made up for it: give "
            "that a control."
        )
    return Finding("pauses_unseen", not unseen, most, _LIMIT, text, tuple(unseen))


def begin_or_end_once(residuals: Residuals) -> Finding:
    """Whether a channel that begins or ends midway is credited with one step of the KPI and little else."""
    panel = residuals.panel
    found: list[tuple[str, str, int]] = []
    worst = 0.0
    for place, (name, active) in enumerate(_activity(residuals)):
        rows = np.flatnonzero(active)
        edge = _WEEKS * panel.per_week
        begins = len(rows) > 0 and rows[0] >= edge and rows[-1] == len(active) - 1
        ends = len(rows) > 0 and rows[0] == 0 and len(active) - 1 - rows[-1] >= edge
        if not (begins or ends) or len(rows) < max(edge, 0.9 * (rows[-1] - rows[0] + 1)):
            continue
        brought = residuals.columns[:, place - len(panel.media_names)]
        within = np.arange(len(active)) >= rows[0] if begins else np.arange(len(active)) <= rows[-1]
        away = brought - np.where(within, brought[within].mean(), brought[~within].mean())
        moved = float(((brought - brought.mean()) ** 2).sum())
        share = 1.0 - float((away**2).sum()) / moved if moved > 0 else 0.0
        worst = max(worst, share)
        if share > _STEP:
            found.append((name, "begins" if begins else "ends", int(rows[0] if begins else rows[-1])))
    text = "No channel's effect is that of one step of the KPI."
    if found:
        told = ", ".join(f"{name} ({what} {panel.dates[row]:%Y-%m-%d})" for name, what, row in found)
        text = (
            f"Credited with one step of the KPI, where their spend begins or ends: {told}. Whatever else changed about "
            "then is taken for their effect, and interval and draws do not know of it. Name it as a control if "
            "anything did; else pause the channel in one market or for some weeks, or run a lift test."
        )
    return Finding("begin_or_end_once", not found, worst, _STEP, text, tuple(name for name, *_ in found))


def _activity(residuals: Residuals) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """Whether each medium is there, by period, all geos together."""
    driven = residuals.panel.media.sum(axis=0) > 0
    yield from zip(residuals.panel.media_names, driven.T, strict=True)


def _runs(there: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.intp]]:
    rows = np.flatnonzero(there)
    return np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
