"""Cells of a panel far outside their neighbours: a slip of the decimal point, a sum among its parts, another unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from attribution.arrays import Ints
from attribution.findings import Finding
from attribution.numbers import significant
from mmm.arrays import Array
from mmm.data.panel import Panel

__all__ = ["columns_with_cells", "outlying_cells"]

_SIDE = 13  # neighbours on either side, periods without spend skipped
_FEWEST = 8
_DEVIATIONS = 6.0
_TIMES = 10.0
_SOME, _MANY_TIMES = 3, 100.0
_RARE, _DOZENS = 0.05, 24.0
_SHOWN = 5


@dataclass(frozen=True)
class _Cell:
    column: str
    place: str
    value: float
    level: float
    channels: tuple[str, ...]

    @property
    def times(self) -> float:
        return max(self.value / self.level, self.level / (self.value or 1.0))

    def __str__(self) -> str:
        return f"{self.column}, {self.place}: {significant(self.value)} (about {significant(self.level)} around it)"


def outlying_cells(panel: Panel) -> Finding:
    """Whether a cell of spend, volume, KPI or of a control stands far outside the cells around it.

    A cell is named where it exceeds ten times what nine in ten of its neighbours keep below, or is a hundredth of what
    nine in ten exceed, and lies six robust standard deviations of the logarithm from their median; or where it exceeds
    a hundred times the largest of them, of which three are enough. Zeros are no cells, but for those of a weekly KPI
    that is hardly ever 0 and counts dozens in the weeks around it.
    """
    cells = sorted([*_outlying(panel), *_missing(panel)], key=lambda cell: -cell.times)
    worst = cells[0].times if cells else 1.0
    text = "No cell of spend, KPI or a control stands far outside its neighbours."
    if cells:
        more = f" and {len(cells) - _SHOWN} more" if len(cells) > _SHOWN else ""
        text = (
            f"Far outside their neighbours: {'; '.join(map(str, cells[:_SHOWN]))}{more}. A cell too high makes its "
            "channel look weak or saturated, one too low hides what it brought. Correct it at the source, or leave it "
            "if it is true."
        )
    channels = tuple(dict.fromkeys(name for cell in cells for name in cell.channels))
    return Finding("outlying_cells", not cells, worst, _TIMES, text, channels)


def columns_with_cells(panel: Panel) -> list[tuple[str, Array, tuple[str, ...]]]:
    """Names, cells, shape (G, T), and channels of the columns whose cells are held against their neighbours.

    A control is one where it is above 0 throughout: of others a cell near 0 says nothing of its size.
    """
    columns: list[tuple[str, Array, tuple[str, ...]]] = [(panel.kpi_name, panel.kpi, ())]
    for place, name in enumerate(panel.media_names):
        driver = panel.media[:, :, place]
        spend = panel.spend[:, :, place] if place < len(panel.channels) else driver
        columns.append((f"spend of {name}" if spend is not driver else name, spend, (name,)))
        if place < len(panel.channels) and not np.array_equal(spend, driver):
            columns.append((f"volume of {name}", driver, (name,)))
    controls = {name: panel.controls[:, :, place] for place, name in enumerate(panel.control_names)}
    return columns + [(name, cells, ()) for name, cells in controls.items() if (cells > 0).all()]


def _outlying(panel: Panel) -> Iterator[_Cell]:
    for column, table, channels in columns_with_cells(panel):
        for geo, series in zip(panel.geos, table, strict=True):
            for row, level in _far(series):
                where = panel.dates[row].date().isoformat() + (f", {geo}" if len(panel.geos) > 1 else "")
                yield _Cell(column, where, float(series[row]), level, channels)


def _missing(panel: Panel) -> Iterator[_Cell]:
    """Weeks whose KPI is 0 among weeks of dozens each, as where a row was put in for one that lacked."""
    for geo, series in zip(panel.geos, panel.kpi, strict=True):
        active = np.flatnonzero(series > 0)
        if panel.days < 7 or len(active) < _FEWEST:
            continue
        void = np.setdiff1d(np.arange(active[0], active[-1]), active)
        if len(void) > _RARE * len(active):
            continue
        for row in void:
            around = series[active[np.abs(active - row) <= _SIDE]]
            if len(around) >= _FEWEST and around.min() >= _DOZENS:
                where = panel.dates[row].date().isoformat() + (f", {geo}" if len(panel.geos) > 1 else "")
                yield _Cell(panel.kpi_name, where, 0.0, float(np.median(around)), ())


def _far(series: Array) -> Iterator[tuple[int, float]]:
    """Rows of cells far outside their neighbours, with the neighbours' median."""
    active = np.flatnonzero(series > 0)
    values = np.log(series[active])
    if len(values) == 0 or np.ptp(values) <= np.log(_TIMES):
        return
    for place in _far_from_all(values):
        row = active[place]
        around = np.concatenate([values[max(place - _SIDE, 0) : place], values[place + 1 : place + 1 + _SIDE]])
        if len(around) < _SOME:
            continue
        if values[place] > around.max() + np.log(_MANY_TIMES):
            yield int(row), float(np.exp(np.median(around)))
            continue
        if len(around) < _FEWEST:
            continue
        middle = float(np.median(around))
        spread = max(1.4826 * float(np.median(np.abs(around - middle))), 0.1)
        low, high = np.quantile(around, [0.1, 0.9])
        if abs(values[place] - middle) > _DEVIATIONS * spread and (
            values[place] > high + np.log(_TIMES) or values[place] < low - 2 * np.log(_TIMES)
        ):
            yield int(row), float(np.exp(middle))


def _far_from_all(values: Array) -> Ints:
    """Places of few cells, all that can be far: well above the least around them, or far below the largest."""
    around = np.pad(values, _SIDE, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(around, 2 * _SIDE + 1).copy()
    around[:, _SIDE] = np.nan
    high = values > np.fmin.reduce(around, axis=1) + np.log(_TIMES)
    return np.flatnonzero(high | (values < np.fmax.reduce(around, axis=1) - 2 * np.log(_TIMES)))
