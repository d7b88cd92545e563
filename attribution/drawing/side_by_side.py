"""Several small pictures as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attribution.drawing.canvas import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["side_by_side"]


def side_by_side(width: float, height: float, parts: Sequence[float]) -> list[Axes]:
    """Axes beside each other on one figure that no window or notebook keeps alive.

    Parameters
    ----------
    width, height
        Inches, of all together.
    parts
        Widths of the axes against each other, one each.
    """
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(width, height), layout="constrained")
        row = figure.subplots(1, len(parts), squeeze=False, gridspec_kw={"width_ratios": list(parts)})
        return list(row[0])
