"""Every figure of a run, drawn once for the report and for the folder of plots."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from attribution import plots
from optimizer.planning.outputs.in_language import speech_of, translate_axes
from optimizer.planning.outputs.sections.contents import SECTIONS
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.second_process import SecondProcess

__all__ = ["Drawn", "figures"]


@dataclass(frozen=True)
class Drawn:
    """A finished figure.

    Parameters
    ----------
    slug
        File name without ending.
    caption
        One sentence: what it shows and how to read it.
    svg
        The picture, fit to stand in HTML or as a file.
    """

    slug: str
    caption: str
    svg: str


def figures(run: Run, second: SecondProcess) -> Callable[[], dict[str, Drawn]]:
    """Begin to draw the figures of all sections; what is returned has them by the name that templates call them."""
    begun: list[tuple[str, str, str, Callable[[], str]]] = []
    slugs: set[str] = set()
    say = speech_of(run.config, run)
    for figure in (figure for section in SECTIONS for figure in section.figures(run)):
        slug = re.sub(r"[^a-z0-9]+", "-", figure.name.lower()).strip("-") or "figure"
        while slug in slugs:
            slug += "-2"
        slugs.add(slug)
        if say is not None:
            translate_axes(figure.axes, say)
        label = figure.caption if say is None else say(figure.caption)
        svg = second.submit(plots.svg, figure.axes.get_figure(root=True), label)
        begun.append((figure.name, slug, figure.caption, svg))
    return lambda: {name: Drawn(slug, caption, svg()) for name, slug, caption, svg in begun}
