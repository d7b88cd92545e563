"""Controls with figures that stand for none: fill values, figures carried on, slips of a digit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from attribution.findings import Finding
from attribution.numbers import counted, significant
from mmm.arrays import Array
from mmm.data.panel import Panel

__all__ = ["odd_controls"]

_FEWEST = 26  # periods
_FAR = 5.0  # times the range of all others
_REPEATS, _SEVERAL = 3, 0.25  # periods of one figure, and their part of the table
_OWN, _OFTEN = 0.9, 6  # of the other figures that stand once; and periods from which some may stand twice
_RARE, _ABOVE = 0.1, 0.05  # of the periods that are 0, and of the middle figure that all others exceed
_TAIL = 2
_SHOWN = 5


def odd_controls(panel: Panel) -> Finding:
    """Whether a control holds figures that look filled in.

    One figure again and again where all others differ; one far from all others; 0 from some period on, and never
    before. Columns of 0 and 1, of steps and of rare events have figures that repeat, and are left alone.
    """
    found = list(_found(panel))
    text = "No control holds figures that look filled in."
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        text = (
            f"Figures of controls that look filled in or mistyped: {'; '.join(found[:_SHOWN])}{more}. A fit takes them "
            "for what was there, and what they hide is credited to media: give the figures of those periods, or leave "
            "the control out; keep them if they are true."
        )
    return Finding("odd_controls", not found, float(len(found)), 0.0, text)


def _found(panel: Panel) -> Iterator[str]:
    several = len(panel.geos) > 1
    for place, name in enumerate(panel.control_names):
        for geo, series in zip(panel.geos, panel.controls[:, :, place], strict=True):
            what = _odd(np.asarray(series, dtype=float))
            if what is not None:
                rows, why = what
                where = f", {geo}" if several else ""
                yield (
                    f"{name}{where}: {significant(float(series[rows[0]]))} {why} "
                    f"({counted(len(rows), 'period')}, the first {panel.dates[rows[0]]:%Y-%m-%d})"
                )
                break


def _odd(series: Array) -> tuple[npt.NDArray[np.intp], str] | None:
    """The periods of a figure that looks filled in, and why."""
    values, counts = np.unique(series, return_counts=True)
    if len(series) < _FEWEST or len(values) < _REPEATS:
        return None
    for value in (values[0], values[-1]):
        others = values[values != value]
        rows = np.flatnonzero(series == value)
        apart = float(np.abs(others - value).min())
        if len(rows) <= _RARE * len(series) and apart > _FAR * float(np.ptp(others)) > 0:
            return rows, "is far from all others"
    rows = np.flatnonzero(series == 0)
    if _TAIL <= len(rows) <= _SEVERAL * len(series) and rows[0] == len(series) - len(rows) and len(values) > _FEWEST:
        return rows, "to the end of the table, and never before"
    value, often = values[counts.argmax()], int(counts.max())
    others = series[series != value]
    once = len(np.unique(others)) >= (_OWN if often >= _OFTEN else 1.0) * len(others)
    if not _REPEATS <= often <= _SEVERAL * len(series) or not once:
        return None
    outermost = bool(value <= others.min() or value >= others.max())
    lone_zero = value == 0 and others.min() > _ABOVE * np.median(others) and often <= _RARE * len(series)
    if outermost and not lone_zero:
        return None  # where a quantity ends by nature
    return np.flatnonzero(series == value), "again and again, where no other figure repeats"
