"""Checks of a panel before anything is fitted to it, as Findings."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from attribution.findings import Finding
from attribution.numbers import counted, decimal
from mmm.arrays import Array
from mmm.data.booked_spend import booked_at_once, copied_forward, single_gaps
from mmm.data.exchanged_channels import exchanged_channels
from mmm.data.money_of_channels import counted_twice, units_apart
from mmm.data.odd_columns import cut_short, filled_down, held_down, opens_midway, rates_and_indices
from mmm.data.odd_controls import odd_controls
from mmm.data.one_markets_spend import booked_in_one_market
from mmm.data.outcome_controls import outcome_controls
from mmm.data.outlying_cells import outlying_cells
from mmm.data.panel import Panel
from mmm.data.renamed_channels import renamed_channels
from mmm.data.running_totals import running_totals
from mmm.data.unit_changes import unit_changes
from mmm.data.unit_prices import unit_prices

__all__ = ["check_panel"]

_COLLINEAR = 0.9
_BEFORE = 5.0
_ROWS_PER_PARAMETER = 3.0
_TWO_YEARS = 104.0


def check_panel(panel: Panel, parameters: int | None = None) -> tuple[Finding, ...]:
    """What a panel can and cannot say, before anything is fitted.

    Parameters
    ----------
    panel
        The panel.
    parameters
        Parameters that a model would learn from it, where one is at hand.
    """
    findings = _of_the_table(panel)
    if parameters is not None:
        rows = panel.kpi.size / parameters
        text = f"{panel.kpi.size} rows for {parameters} parameters: {decimal(rows, 2)} each."
        if rows < _ROWS_PER_PARAMETER:
            text += " The priors decide much; give more weeks, join channels or drop controls."
        enough = Finding("rows_per_parameter", rows >= _ROWS_PER_PARAMETER, rows, _ROWS_PER_PARAMETER, text)
        findings = (*findings, enough)
    return findings


@lru_cache(maxsize=2)  # a run fits ten models to one table
def _of_the_table(panel: Panel) -> tuple[Finding, ...]:
    findings = [_spend_present(panel), _spend_varies(panel), _collinear(panel), _follows_others(panel)]
    findings += [counted_twice(panel), units_apart(panel), outlying_cells(panel), unit_changes(panel)]
    findings += [running_totals(panel), rates_and_indices(panel), filled_down(panel), opens_midway(panel)]
    findings += [cut_short(panel), renamed_channels(panel), outcome_controls(panel), _before(panel), _years_seen(panel)]
    findings += [booked_at_once(panel), copied_forward(panel), single_gaps(panel), odd_controls(panel)]
    findings += [unit_prices(panel), exchanged_channels(panel), held_down(panel), booked_in_one_market(panel)]
    return tuple(findings)


def _before(panel: Panel) -> Finding:
    """Whether what drove each channel before the table is of the size of what the table holds."""
    most = panel.media.max(axis=1)
    times = np.divide(panel.before, most, out=np.zeros_like(most), where=most > 0).max(axis=0)
    far = tuple(name for name, each in zip(panel.media_names, times, strict=True) if each > _BEFORE)
    worst = float(times.max(initial=0.0))
    text = "What is assumed before the table is of the size of what it holds."
    if far:
        text = (
            f"More is assumed before the table than it ever holds, {decimal(worst, 1)} times at most: {', '.join(far)}."
            " What came in the first periods is then laid on money that was never spent: give it per period, in the "
            "table's unit."
        )
    return Finding("before_the_table", not far, worst, _BEFORE, text, far)


def _spend_present(panel: Panel) -> Finding:
    silent = [c for c, total in zip(panel.media_names, panel.media.sum(axis=(0, 1)), strict=True) if not total > 0]
    if silent:
        text = f"No spend in any period: {', '.join(silent)}. Nothing can be learnt about them; they are left out."
    else:
        text = "Every channel has spend."
    return Finding("spend_present", not silent, float(len(silent)), 0.0, text)


def _spend_varies(panel: Panel) -> Finding:
    flat = [
        channel
        for place, channel in enumerate(panel.media_names)
        if panel.media[:, :, place].any() and np.ptp(panel.media[:, :, place]) <= 1e-9 * panel.media[:, :, place].max()
    ]
    if flat:
        text = f"The same spend in every period: {', '.join(flat)}. Their effect cannot be separated from the baseline."
    else:
        text = "Spend varies in every channel."
    return Finding("spend_varies", not flat, float(len(flat)), 0.0, text, tuple(flat))


def _collinear(panel: Panel) -> Finding:
    names, media = _moving(panel)
    if len(names) < 2:
        return Finding("collinear", True, 0.0, _COLLINEAR, "Fewer than two channels vary.")
    correlation = np.abs(np.corrcoef(media.T)) - np.eye(len(names))
    first, second = np.unravel_index(int(correlation.argmax()), correlation.shape)
    worst = float(correlation[first, second])
    text = f"The spends that move most alike are {names[first]} and {names[second]}: correlation {decimal(worst, 2)}."
    if worst > _COLLINEAR:
        text += " What each of them brings cannot be seen; vary one against the other, or run a lift test."
    pair = (names[first], names[second]) if worst > _COLLINEAR else ()
    return Finding("collinear", worst <= _COLLINEAR, worst, _COLLINEAR, text, pair)


def _follows_others(panel: Panel) -> Finding:
    """Whether all other channels and controls together say what a channel spends, though no single one does."""
    names, media = _moving(panel)
    controls = _centred(panel.controls) if panel.controls.size else np.zeros((len(media), 0))
    spare = len(media) - len(panel.geos) - media.shape[1] + 1 - controls.shape[1]
    if not names or media.shape[1] + controls.shape[1] < 2 or spare < 1:
        return Finding("follows_others", True, 0.0, _COLLINEAR, "No channel has others to be explained by.")
    explained = []
    for place in range(len(names)):
        others = np.column_stack([np.delete(media, place, axis=1), controls])
        left = media[:, place] - others @ np.linalg.lstsq(others, media[:, place], rcond=1e-8)[0]
        mean_square = (media[:, place] ** 2).sum() / (len(media) - len(panel.geos))
        explained.append(1.0 - (left**2).sum() / spare / mean_square)
    worst = float(max(explained))
    name = names[int(np.argmax(explained))]
    text = f"The spend that follows the other channels and the controls most is that of {name}: R² {decimal(worst, 2)}."
    if worst > _COLLINEAR:
        text += " What it does alone hardly shows; vary it by itself, or run a lift test."
    doubted = (name,) if worst > _COLLINEAR else ()
    return Finding("follows_others", worst <= _COLLINEAR, worst, _COLLINEAR, text, doubted)


def _moving(panel: Panel) -> tuple[list[str], Array]:
    """Names and centred series of the media that vary, shape (G x T, n)."""
    media = _centred(panel.media)
    moving = np.flatnonzero(media.any(axis=0))
    return [panel.media_names[place] for place in moving], media[:, moving]


def _centred(series: Array) -> Array:
    """Departures from each geo's mean in its own standard deviations, so that large geos do not make all alike."""
    mean, spread = series.mean(axis=1, keepdims=True), series.std(axis=1, keepdims=True)
    varies = spread > 1e-9 * np.abs(mean)
    away = np.where(varies, series - mean, 0.0) / np.where(varies, spread, 1.0)
    return np.asarray(away.reshape(-1, series.shape[2]))


def _years_seen(panel: Panel) -> Finding:
    """Whether every week of the year is in the table twice."""
    weeks = panel.periods / panel.per_week
    text = f"The table covers {counted(round(weeks), 'week')}."
    if weeks < _TWO_YEARS:
        text += (
            " Below two years most weeks of the year are there once: what the season did and what spend did in them "
            "is hard to separate. Add older weeks where there are any."
        )
    return Finding("years_seen", weeks >= _TWO_YEARS, weeks, _TWO_YEARS, text)
