"""What slides say: plain data that a file holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from typing import Any

__all__ = ["Bars", "Big", "Deck", "Grid", "Slide", "Steps", "deck_of", "said", "text_of"]


@dataclass(frozen=True)
class Bars:
    """Horizontal bars, the first row on top.

    Parameters
    ----------
    title
        What is shown, with its unit.
    rows
        Names.
    series
        Name -> a value for each row.
    """

    title: str
    rows: tuple[str, ...]
    series: dict[str, tuple[float, ...]]


@dataclass(frozen=True)
class Steps:
    """A figure, what is added to it step by step, and where that ends.

    Parameters
    ----------
    title
        What the figure is, with its unit.
    rows
        Names: the start, the steps, the end.
    values
        The figure at the start, what each step adds, the figure at the end.
    """

    title: str
    rows: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Grid:
    """A table of texts.

    Parameters
    ----------
    columns
        Titles.
    rows
        Cells, the first of each row its name.
    totals
        How many rows at the end are sums.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: int = 0


@dataclass(frozen=True)
class Big:
    """One figure in large letters."""

    label: str
    figure: str
    detail: str


@dataclass(frozen=True)
class Slide:
    """One slide: what it says, with at most one chart and one table.

    Parameters
    ----------
    title
        The message.
    lines
        Sentences below it.
    big
        Figures in large letters.
    bars, steps, grid
        What is drawn and listed; None for what the slide has not.
    note
        Small print at its foot.
    """

    title: str
    lines: tuple[str, ...] = ()
    big: tuple[Big, ...] = ()
    bars: Bars | None = None
    steps: Steps | None = None
    grid: Grid | None = None
    note: str = ""


@dataclass(frozen=True)
class Deck:
    """All slides.

    Parameters
    ----------
    title, subtitle
        Of the run.
    slides
        In their order.
    """

    title: str
    subtitle: str
    slides: tuple[Slide, ...]


def said(part: Any, say: Callable[[str], str]) -> Any:
    """A deck, or a part of one, with all its texts in another language."""
    if isinstance(part, str):
        return say(part)
    if isinstance(part, tuple):
        return tuple(said(one, say) for one in part)
    if isinstance(part, dict):
        return {say(name): value for name, value in part.items()}
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{field.name: said(getattr(part, field.name), say) for field in fields(part)})
    return part


def text_of(deck: Deck) -> str:
    """A deck as JSON."""
    return json.dumps(asdict(deck), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def deck_of(text: str) -> Deck:
    """The deck that :func:`text_of` wrote.

    Raises
    ------
    ValueError, KeyError, TypeError
        Where it is none.
    """
    stated: dict[str, Any] = json.loads(text)
    return Deck(stated["title"], stated["subtitle"], tuple(_slide(one) for one in stated["slides"]))


def _slide(stated: dict[str, Any]) -> Slide:
    bars, steps, grid = (stated[name] for name in ("bars", "steps", "grid"))
    return Slide(
        title=stated["title"],
        lines=tuple(stated["lines"]),
        big=tuple(Big(**one) for one in stated["big"]),
        bars=bars and Bars(bars["title"], tuple(bars["rows"]), {n: tuple(v) for n, v in bars["series"].items()}),
        steps=steps and Steps(steps["title"], tuple(steps["rows"]), tuple(steps["values"])),
        grid=grid and Grid(tuple(grid["columns"]), tuple(map(tuple, grid["rows"])), grid["totals"]),
        note=stated["note"],
    )
