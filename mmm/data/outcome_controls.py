"""Controls that are the outcome in another guise: they explain the KPI so well that nothing is left for media."""

from __future__ import annotations

import numpy as np

from attribution.findings import Finding
from attribution.numbers import percent
from mmm.arrays import Array
from mmm.data.panel import Panel

__all__ = ["outcome_controls"]

_EXPLAINED = 0.9
_MOSTLY, _BY_MEDIA = 0.6, 0.15  # explained of the KPI, and itself explained by media, by what they bring: visits, leads
_MADE = 0.97  # of a control, by the KPI's own values: other periods', differences, running means and sums
_NEAR = 4  # periods before and after
_MOST = 0.5
_YEAR = 365.25


def outcome_controls(panel: Panel) -> Finding:
    """Whether a control explains most of what trend and season leave of the KPI, or is itself made of the KPI.

    One that explains six tenths is suspected too where media move it, as they do visits and not the weather. Marks of
    events, such as a promotion that spend goes along with, are none: outcomes differ from period to period.
    """
    marks = {name for name in panel.control_names if _marks_events(panel, name)}
    explained = {name: 0.0 if name in marks else share for name, share in _explained(panel).items()}
    made = [name for name, share in _made_of_kpi(panel).items() if share > _MADE and name not in marks]
    name, worst = max(explained.items(), key=lambda item: item[1], default=("", 0.0))
    suspects = [
        control for control, share in explained.items() if share > _EXPLAINED or _brought(panel, control, share)
    ]
    if suspects:
        text = (
            f"{', '.join(suspects)}: {percent(worst)} of what trend and season leave of {panel.kpi_name} is explained "
            "by this control alone. It is probably an outcome, or a part or a consequence of the KPI: what media bring "
            "is then credited to it, and every channel's figures come out too low. Take it out of the controls, unless "
            "media cannot move it, as they do not move the weather or what rivals charge."
        )
    elif made:
        text = (
            f"{', '.join(made)}: made of {panel.kpi_name} itself, as its values of other weeks, their differences, "
            "sums or ratio to spend are. What media bring is then credited to it. Take it out of the controls."
        )
    elif explained:
        text = f"The control that explains most of {panel.kpi_name} by itself is {name}: {percent(worst)}."
    else:
        text = "The panel has no controls."
    return Finding("outcome_controls", not (suspects or made), worst, _EXPLAINED, text)


def _marks_events(panel: Panel, control: str) -> bool:
    """Whether a control holds two values, or one value in most periods."""
    values = panel.controls[:, :, panel.control_names.index(control)]
    _, times = np.unique(values, return_counts=True)
    return len(times) <= 2 or times.max() > _MOST * values.size


def _brought(panel: Panel, control: str, share: float) -> bool:
    """Whether a control that says much of the KPI follows media beyond trend, season and the other controls."""
    if share <= _MOSTLY:
        return False
    terms, place = _calendar_terms(panel), panel.control_names.index(control)
    others = np.delete(panel.controls, place, axis=2)
    lasting = np.stack([_lasting(panel.media[:, :, at], panel.days) for at in range(panel.media.shape[2])], axis=2)
    both = np.concatenate([others, np.sqrt(lasting)], axis=2)
    if len(terms) < 3 * (terms.shape[1] + both.shape[2]):
        return False
    own = panel.controls[:, :, place]
    return _left(terms, own, others) - _left(terms, own, both) > _BY_MEDIA


def _lasting(spend: Array, days: int) -> Array:
    """Spend of which half is carried over from week to week."""
    kept, lasting = 0.5 ** (days / 7), np.zeros_like(spend)
    for period in range(spend.shape[1]):
        lasting[:, period] = spend[:, period] + (kept * lasting[:, period - 1] if period else 0.0)
    return lasting


def _left(terms: Array, series: Array, known: Array) -> float:
    """Of the variance of series (G, T) beyond the terms, what columns (G, T, K) leave, for each row to spare."""
    left, total = 0.0, 0.0
    for values, columns in zip(series, known, strict=True):
        both = np.column_stack([terms, columns])
        left += float((_beyond(both, values[None]) ** 2).sum()) / (len(terms) - both.shape[1])
        total += float((_beyond(terms, values[None]) ** 2).sum()) / (len(terms) - terms.shape[1])
    return left / total if total > 0 else 1.0


def _explained(panel: Panel) -> dict[str, float]:
    """Share of the KPI's variance beyond trend and season that each control explains alone, all geos together."""
    terms = _calendar_terms(panel)
    if len(terms) < 2 * terms.shape[1]:  # too short for anything to be left
        return dict.fromkeys(panel.control_names, 0.0)
    kpi = _beyond(terms, panel.kpi)
    total = float((kpi**2).sum())
    shares: dict[str, float] = {}
    for place, name in enumerate(panel.control_names):
        control = _beyond(terms, panel.controls[:, :, place])
        square = (control**2).sum(axis=1)
        varies = square > 1e-12 * (panel.controls[:, :, place] ** 2).sum(axis=1)
        fitted = np.divide((control * kpi).sum(axis=1) ** 2, square, out=np.zeros(len(square)), where=varies)
        shares[name] = float(fitted.sum()) / total if total > 0 else 0.0
    return shares


def _made_of_kpi(panel: Panel) -> dict[str, float]:
    """Share of each control beyond trend and season that the KPI of nearby periods explains, all geos together.

    The control itself, its steps from one period to the next, and its logarithm by those of KPI and spend.
    """
    terms = _calendar_terms(panel)
    if len(terms) < 3 * (terms.shape[1] + 2 * _NEAR):
        return dict.fromkeys(panel.control_names, 0.0)
    kpi, spend = panel.kpi, panel.spend.sum(axis=2)
    steps = np.diff(panel.controls, axis=1, prepend=panel.controls[:, :1])
    around = np.stack([np.roll(kpi, shift, axis=1) for shift in range(-_NEAR, _NEAR + 1)], axis=2)
    inner = slice(_NEAR, -_NEAR)
    both = np.concatenate([panel.controls, steps], axis=2)[:, inner]
    found = _shares(terms[inner], both, around[:, inner]).reshape(2, -1).max(axis=0)
    if (kpi > 0).all() and (spend > 0).all() and (above := (panel.controls > 0).all(axis=(0, 1))).any():
        ratios = _shares(terms, np.log(panel.controls[:, :, above]), np.log(kpi)[:, :, None], np.log(spend)[:, :, None])
        found[above] = np.maximum(found[above], ratios)
    return dict(zip(panel.control_names, found.tolist(), strict=True))


def _shares(terms: Array, series: Array, known: Array, beside: Array | None = None) -> Array:
    """Of the variance beyond the terms of each series (G, T, S), what others explain; 0 where those beside suffice."""
    left, total, without = np.zeros((3, series.shape[2]))
    for geo, values in enumerate(np.moveaxis(series, 2, 1)):
        own = terms if beside is None else np.column_stack([terms, beside[geo]])
        both = np.column_stack([own, known[geo]])
        squares = [(_beyond(each, values) ** 2).sum(axis=1) for each in (both, terms, own)]
        left, total, without = left + squares[0], total + squares[1], without + squares[2]
    says = (total > 1e-12 * (series**2).sum(axis=(0, 1))) & (without > (1 - _MADE) * total)
    return np.asarray(1 - np.divide(left, total, out=np.ones_like(total), where=says))


def _calendar_terms(panel: Panel) -> Array:
    """Intercept, a straight line, three harmonics of the year, and of the week in a daily panel, shape (T, K)."""
    days = (panel.dates - panel.dates[0]).days.to_numpy(dtype=float)
    columns = [np.ones(len(days)), days]
    for period in (_YEAR, 7.0) if panel.days == 1 else (_YEAR,):
        for order in (1, 2, 3):
            columns += [np.sin(2 * np.pi * order * days / period), np.cos(2 * np.pi * order * days / period)]
    return np.column_stack(columns)


def _beyond(terms: Array, series: Array) -> Array:
    """What the terms leave of series of shape (G, T)."""
    return np.asarray(series - (terms @ np.linalg.lstsq(terms, series.T, rcond=1e-10)[0]).T)
