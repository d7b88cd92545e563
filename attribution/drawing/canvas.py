"""The look that all plots share: settings, axes, titles and legends, SVG for reports.

Nothing here is loaded before a plot is asked for; Matplotlib is imported inside functions.
"""

from __future__ import annotations

import logging
import math
import re
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from attribution.drawing.labels import broken, plain, row_labels
from attribution.drawing.palette import INK, LINE, SOFT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["HAN_FONTS", "canvas", "dress", "headline", "name_rows", "own_axes", "style", "svg"]

_SANS = ["Helvetica Neue", "Helvetica", "Arial", "Liberation Sans", "DejaVu Sans", "sans-serif"]
HAN_FONTS = ("Noto Sans CJK", "Noto Sans SC", "Source Han", "WenQuanYi", "PingFang", "Microsoft YaHei", "SimHei")
"""How fonts begin that hold Chinese, the better ones first."""
_ABOVE = 0.034  # inches between axes and legend, however tall the axes are
_RC: dict[str, Any] = {
    "font.sans-serif": _SANS,
    "font.size": 9.5,
    "text.color": INK,
    "text.parse_math": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.labelsize": 9,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": LINE,
    "axes.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.formatter.use_mathtext": False,
    "axes.unicode_minus": True,
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
    "figure.facecolor": "white",
    "figure.dpi": 110,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",
    "svg.hashsalt": "blended-cac",
    "path.simplify": True,
}


@contextmanager
def style() -> Iterator[None]:
    """The house look for everything drawn inside; Matplotlib's own settings come back afterwards.

    Also turns mathematics off, so that a channel called ``$x$`` is written as such.
    """
    import matplotlib as mpl

    with mpl.rc_context(cast("Any", {**_RC, "font.family": ["sans-serif", *_han_font()]})):
        yield


@lru_cache(maxsize=1)
def _han_font() -> tuple[str, ...]:
    """A font for signs that the others lack, if Matplotlib lists one; of those of a family it takes the first alone."""
    from matplotlib.font_manager import fontManager

    names = sorted({font.name for font in fontManager.ttflist})
    found = tuple(name for start in HAN_FONTS for name in names if name.startswith(start))[:1]
    if found:  # one weight is all that some of them have
        logging.getLogger("matplotlib.font_manager").addFilter(lambda said: "weight" not in said.getMessage())
    return found


def canvas(width: float = 8.0, height: float = 4.0) -> Axes:
    """Axes on a figure of their own that no window or notebook keeps alive; for reports and files.

    Parameters
    ----------
    width, height
        Inches.
    """
    from matplotlib.figure import Figure

    with style():
        return Figure(figsize=(width, height), layout="constrained").add_subplot()


def own_axes(ax: Axes | None, width: float = 8.0, height: float = 4.0) -> Axes:
    """The axes given, or new ones that pyplot manages, as notebooks expect."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    _, made = plt.subplots(figsize=(width, height), layout="constrained")
    return made


def svg(figure: Figure | Axes, label: str = "") -> str:
    """The figure as an SVG element to stand inside HTML: text as text, no date, ids that do not clash.

    Parameters
    ----------
    figure
        A figure or axes.
    label
        What a screen reader says.
    """
    import io
    from html import escape

    from matplotlib.axes import Axes

    drawn = figure.get_figure(root=True) if isinstance(figure, Axes) else figure
    if drawn is None:
        raise ValueError("the axes belong to no figure")
    text = io.StringIO()
    with style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # the reader's machine has the letters
        engine = drawn.get_layout_engine()
        if engine is not None:
            engine.execute(drawn)  # once here; savefig would draw everything a second time for any engine, "none" too
            drawn.set_layout_engine(None)
        drawn.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
        drawn.set_layout_engine(engine)
    element = text.getvalue()[text.getvalue().index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    prefix = f"f{zlib.crc32(element.encode()):08x}-"
    element = re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\g<1>{prefix}", element)
    role = f'<svg role="img" aria-label="{escape(plain(label), quote=True)}" ' if label else "<svg "
    return element.replace("<svg ", role, 1)


def dress(ax: Axes, grid: str = "y") -> None:
    """The house look on axes that may have been made elsewhere: quiet spines, ticks and grid, texts taken literally.

    Parameters
    ----------
    ax
        The axes.
    grid
        ``"x"``, ``"y"``, ``"both"`` or ``""``.
    """
    for text in (ax.title, ax._left_title, ax._right_title, ax.xaxis.label, ax.yaxis.label):  # type: ignore[attr-defined]
        text.set_parse_math(False)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("bottom", "left"))
        spine.set_color(LINE)
    ax.set_axisbelow(True)
    ax.tick_params(length=0, colors=SOFT, labelsize=9)
    ax.tick_params(axis="x", pad=6)
    ax.grid(False)
    for axis in ("x", "y"):
        if grid in (axis, "both"):
            ax.grid(True, axis=axis, color=LINE, linewidth=0.8)


def name_rows(ax: Axes, places: Any, names: Iterable[object]) -> None:
    """Names at places (numbers, one each) along the vertical axis, as plain text."""
    ax.set_yticks(places, row_labels(names))
    ax.tick_params(axis="y", labelcolor=INK, labelsize=9.5)
    for label in ax.get_yticklabels():
        label.set_parse_math(False)


def headline(ax: Axes, title: str, handles: Sequence[Any] = (), labels: Sequence[object] = ()) -> None:
    """Title over a legend over the axes, all flush left, the legend in as many rows as it needs."""
    shown = [broken(plain(label), 30).replace("\n", " ") for label in labels]
    lines, figure = 0, ax.get_figure(root=True)
    if shown and figure is not None:
        from matplotlib.transforms import ScaledTranslation

        columns = _columns(ax, shown)
        lines = math.ceil(len(shown) / columns)
        legend = ax.legend(
            list(handles),
            shown,
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            bbox_transform=ax.transAxes + ScaledTranslation(0.0, _ABOVE, figure.dpi_scale_trans),
            ncols=columns,
            borderaxespad=0,
            borderpad=0.1,
            handlelength=1.3,
            handletextpad=0.5,
            columnspacing=1.3,
            labelcolor=SOFT,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)
    letters = int((figure.get_figwidth() if figure else 8.0) * 0.8 * 12)
    ax.set_title(broken(plain(title), max(letters, 20)), loc="left", y=1.0, pad=8 + 15 * lines)


def _columns(ax: Axes, labels: Sequence[str]) -> int:
    """Legend columns whose widest rows fit over the axes."""
    figure = ax.get_figure(root=True)
    inches = (figure.get_figwidth() if figure else 8.0) * min(ax.get_position().width, 0.78)
    for columns in range(len(labels), 1, -1):
        widest = [max(len(label) for label in labels[place::columns]) for place in range(columns)]
        if sum(0.066 * width + 0.45 for width in widest) <= inches:
            return columns
    return 1
