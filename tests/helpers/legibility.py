"""Whether a plot can be read: texts cut off, or lying over each other."""

from __future__ import annotations

import warnings
from itertools import combinations
from typing import TYPE_CHECKING, Any

from attribution.drawing.canvas import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["faults"]


def faults(ax: Axes) -> list[str]:
    """Texts of a plot that a reader could not read: cut off by the figure's edge, or lying over each other.

    Rotated texts are not held against each other.
    """
    figure = ax.get_figure(root=True)
    if figure is None:
        return ["the axes belong to no figure"]
    with style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.draw_without_rendering()
    boxes = [(text, text.get_window_extent()) for each in figure.axes for text in _texts(each)]
    edge = figure.bbox.padded(1.5)
    found = [
        f"cut off: {text.get_text()!r}"
        for text, box in boxes
        if not all(
            inside(at)
            for inside, ends in ((edge.containsx, (box.x0, box.x1)), (edge.containsy, (box.y0, box.y1)))
            for at in ends
        )
    ]
    level = [(text, box.padded(-1)) for text, box in boxes if text.get_rotation() % 90 == 0]
    found += [
        f"over each other: {one.get_text()!r} and {other.get_text()!r}"
        for (one, first), (other, second) in combinations(level, 2)
        if first.overlaps(second)
    ]
    return found


def _texts(ax: Axes) -> list[Any]:
    """Texts that are drawn: titles, axis labels, legends, annotations, tick labels in view."""
    found = [ax.title, ax._left_title, ax._right_title, ax.xaxis.label, ax.yaxis.label, *ax.texts]  # type: ignore[attr-defined]
    legend = ax.get_legend()
    found += legend.get_texts() if legend else []
    for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        low, high = sorted(limits)
        for tick in axis.get_major_ticks():
            if low <= tick.get_loc() <= high:
                found += [tick.label1, tick.label2]
    return [text for text in found if text.get_visible() and text.get_text().strip()]
