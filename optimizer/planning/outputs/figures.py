"""Every figure of a run, drawn once for the report and for the folder of plots."""

from __future__ import annotations

import re
from dataclasses import dataclass

from attribution import plots
from optimizer.planning.outputs.in_language import speech_of, translate_axes
from optimizer.planning.outputs.sections.contents import SECTIONS
from optimizer.planning.stages.result import Run

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


def figures(run: Run) -> dict[str, Drawn]:
    """The figures of all sections by the name that the sections' templates call them."""
    drawn: dict[str, Drawn] = {}
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
        drawn[figure.name] = Drawn(slug, figure.caption, plots.svg(figure.axes, label))
    return drawn
