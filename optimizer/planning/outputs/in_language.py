"""Outputs in the language of the plan file: figures, tables of the terminal; English where it asks for none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from attribution.drawing.canvas import headline, style
from attribution.drawing.labels import broken
from optimizer.planning.file.config import Config
from optimizer.planning.inputs.provenance import versions
from optimizer.planning.language.catalogue import catalogue_of
from optimizer.planning.language.commands import commands_plain
from optimizer.planning.language.figures import is_figure
from optimizer.planning.language.translator import Translator, translator
from optimizer.planning.stages.result import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from rich.console import Console, Group
    from rich.table import Table

__all__ = ["speech_of", "translate_axes", "voice"]

_MARKUP = re.compile(r"(\[/?[a-z ]*\]|\n)")
_ROW = 26  # letters of a row's name before it is broken


def speech_of(config: Config, run: Run | None = None, names: Iterable[str] = ()) -> Translator | None:
    """What says texts in the language of a plan file, whose own names stay, and others given; None for English."""
    if config.language == "en":
        return None
    words = catalogue_of(config.language).plain
    own = {name for name in _strings(config.model_dump(mode="json")) if name not in words and len(name) < 200}
    own = {name for name in own if not is_figure(name)} | set(names)
    if config.data.weekly is not None:
        own |= set(config.data.weekly.channels)
    own |= {name.split(" ")[0] for name in versions()}
    if run is not None:
        own |= _names_of(run)
    return translator(config.language, own)


def _names_of(run: Run) -> set[str]:
    """Names that a run met: channels of the log, files, checks (which the page on messages lists by these names)."""
    names = {name for finding in run.findings for name in (finding.name, finding.title)}
    names |= {file.file for file in run.inputs.files}
    if run.attribution is not None:
        names |= {str(name) for credit in run.attribution.credits.values() for name in credit.channels}
    if run.plan is not None:
        names |= {row.channel for row in run.plan.rows}
    return names


def _strings(value: Any) -> Iterator[str]:
    """All texts of a plan file, keys included, which may be channels."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def translate_axes(axes: Axes, say: Translator) -> None:
    """All texts of a finished plot, axes that count included."""
    figure = axes.get_figure(root=True)
    with style():
        for each in figure.axes if figure is not None else [axes]:
            _translate(each, say)


def _translate(each: Axes, say: Translator) -> None:
    for text in each.texts:
        text.set_text(_lines(text.get_text(), say))
    for axis in (each.xaxis, each.yaxis):
        axis.set_label_text(_lines(axis.get_label_text(), say))
        axis.set_major_formatter(_formatter(axis.get_major_formatter(), say))
    legend = each.get_legend()
    title = each.get_title(loc="left")
    labels = [say(text.get_text()) for text in legend.get_texts()] if legend is not None else []
    if title:
        headline(each, say(title.replace("\n", " ")), legend.legend_handles if legend is not None else (), labels)
    elif legend is not None:
        for text, label in zip(legend.get_texts(), labels, strict=True):
            text.set_text(label)


def _lines(text: str, say: Translator) -> str:
    """A text in the language; in two lines again where it was in two and is translated."""
    whole = text.replace("\n", " ")
    told = say(whole)
    return text if told == whole else broken(told, _ROW) if "\n" in text else told


def _formatter(inner: Any, say: Translator) -> Any:
    from matplotlib.ticker import Formatter

    class Translated(Formatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return _lines(inner(x, pos), say)

        def format_ticks(self, values: list[float]) -> list[str]:
            return [_lines(text, say) for text in inner.format_ticks(values)]

        def set_axis(self, axis: Any) -> None:
            super().set_axis(axis)
            inner.set_axis(axis)

        def get_offset(self) -> str:
            return str(inner.get_offset())

        def set_locs(self, locs: Any) -> None:
            super().set_locs(locs)
            inner.set_locs(locs)

    return Translated()


def voice(console: Console, say: Translator | None) -> Callable[[Any], None]:
    """What prints on a console in a language: lines, tables, and groups of them."""
    from rich.console import Group

    def print_said(what: str | Table | Group) -> None:
        for part in what.renderables if isinstance(what, Group) else [what]:
            told = part if say is None else _spoken(part, say)
            console.print(commands_plain(told) if isinstance(told, str) else told)

    return print_said


def _spoken(part: Any, say: Translator) -> Any:
    from rich.padding import Padding
    from rich.table import Table

    if isinstance(part, str):
        return _marked(part, say)
    if isinstance(part, Padding):
        part.renderable = _spoken(part.renderable, say)
    if isinstance(part, Table):
        part.title, part.caption = (text and _marked(str(text), say) for text in (part.title, part.caption))
        for column in part.columns:
            column.header = _marked(str(column.header), say)
            column._cells = [_marked(str(cell), say) for cell in column._cells]
    return part


def _marked(text: str, say: Translator) -> str:
    """Text with Rich's marks, each piece between them in the language."""
    return "".join(piece if place % 2 else say(piece) for place, piece in enumerate(_MARKUP.split(text)))
