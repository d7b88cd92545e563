"""What a section of the report is: a view of the run, and the figures and tables that belong to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from attribution import plots
from attribution.drawing.dot_rows import row_height
from optimizer.planning.stages.result import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Figure", "Section", "Table", "by_rows"]


@dataclass(frozen=True)
class Figure:
    """A figure of a section.

    Parameters
    ----------
    name
        What the section's template calls it.
    caption
        One sentence: what it shows and how to read it.
    axes
        The finished plot.
    """

    name: str
    caption: str
    axes: Axes


@dataclass(frozen=True)
class Table:
    """A table of a section.

    Parameters
    ----------
    file
        Its CSV in the output folder.
    frame
        Its rows.
    """

    file: str
    frame: pd.DataFrame


def _none(run: Run) -> tuple[()]:
    return ()


@dataclass(frozen=True)
class Section:
    """A section of the report; its template is ``<anchor>.html`` beside its module.

    Parameters
    ----------
    anchor
        Its address within the page.
    title
        Its entry in the navigation; empty for none.
    view
        What the template shows of a run; None where the run has nothing for the section.
    figures, tables
        What the section draws, and what it gives to CSV files.
    """

    anchor: str
    title: str
    view: Callable[[Run], Mapping[str, Any] | None]
    figures: Callable[[Run], Iterable[Figure]] = _none
    tables: Callable[[Run], Iterable[Table]] = _none


def by_rows(draw: Callable[..., Axes], rows: int, marks: int = 1) -> Callable[..., Axes]:
    """A plot with one row per channel, on a canvas high enough for them."""

    def drawn(*arguments: Any, **options: Any) -> Axes:
        return draw(*arguments, ax=plots.canvas(9.8, row_height(rows, marks) + 0.2), **options)

    return drawn
