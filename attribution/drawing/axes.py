"""Axes that count amounts or percentages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from attribution.drawing.labels import plain
from attribution.numbers import amounts, compact, percents

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["amount_axis", "percent_axis"]


def amount_axis(ax: Axes, axis: str, label: str) -> None:
    """Amounts on an axis in one unit (k, M, bn where large), and what they count."""
    from matplotlib.ticker import Formatter

    class Amounts(Formatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return amounts([x])[0]

        def format_ticks(self, values: list[float]) -> list[str]:
            chosen = ax.xaxis if axis == "x" else ax.yaxis
            return amounts(values) if chosen.get_scale() == "linear" else [compact(value) for value in values]

    _set(ax, axis, Amounts(), label)


def percent_axis(ax: Axes, axis: str, label: str) -> None:
    """Fractions as percentages on an axis."""
    from matplotlib.ticker import Formatter

    class Percents(Formatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return percents([x])[0]

        def format_ticks(self, values: list[float]) -> list[str]:
            return percents(values)

    _set(ax, axis, Percents(), label)


def _set(ax: Axes, axis: str, formatter: Any, label: str) -> None:
    from matplotlib.ticker import MaxNLocator, NullFormatter

    class Roomy(MaxNLocator):
        """At most six round ticks, fewer where the axis is short."""

        def __call__(self) -> Any:
            self.set_params(nbins=int(np.clip(0.55 * self.axis.get_tick_space(), 2, 6)))  # type: ignore[union-attr]
            return super().__call__()

    chosen = ax.xaxis if axis == "x" else ax.yaxis
    if chosen.get_scale() == "linear":
        chosen.set_major_locator(Roomy(steps=[1, 2, 2.5, 5, 10]))
    else:
        chosen.set_minor_formatter(NullFormatter())
    chosen.set_major_formatter(formatter)
    chosen.set_label_text(plain(label))
