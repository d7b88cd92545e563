"""The look that all plots share: type, colours, numbers on axes, names as plain text, SVG for reports.

Nothing here is loaded before a plot is asked for; Matplotlib is imported inside functions.
"""

from __future__ import annotations

import math
import re
import textwrap
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "ACCENT",
    "BAD",
    "GOOD",
    "INK",
    "LINE",
    "MARKERS",
    "NOW",
    "PLANNED",
    "SERIES",
    "SOFT",
    "WARN",
    "amount_axis",
    "amounts",
    "canvas",
    "channel_colours",
    "compact",
    "dress",
    "headline",
    "own_axes",
    "percent_axis",
    "plain",
    "row_labels",
    "style",
    "svg",
]

INK, SOFT, LINE, WASH = "#1c2530", "#5a6675", "#dde2e8", "#f5f7f9"
ACCENT, GOOD, WARN, BAD = "#1f5fa8", "#1d7a4c", "#a15c00", "#b3261e"
NOW, PLANNED = "#8b96a3", ACCENT
"""Two states that every plan compares keep their colours in every plot."""

SERIES = ("#1f5fa8", "#e08214", "#1b9e77", "#b2489b", "#6b6f76", "#c0392b", "#56b4e9", "#8c6d1f")
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "h")

_CHANNELS = (
    "#332288",
    "#88ccee",
    "#44aa99",
    "#117733",
    "#6f4e37",
    "#ddcc77",
    "#cc6677",
    "#882255",
    "#aa4499",
    "#e69f00",
    "#0072b2",
    "#d55e00",
)  # P. Tol's muted set, a brown, and three of Okabe and Ito: told apart with any common colour vision
_SANS = ["Helvetica Neue", "Helvetica", "Arial", "Liberation Sans", "DejaVu Sans", "sans-serif"]
_RC: dict[str, Any] = {
    "font.family": "sans-serif",
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

    with mpl.rc_context(cast("Any", _RC)):
        yield


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
        drawn.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    element = text.getvalue()[text.getvalue().index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    prefix = f"f{zlib.crc32(element.encode()):08x}-"
    element = re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\g<1>{prefix}", element)
    role = f'<svg role="img" aria-label="{escape(label, quote=True)}" ' if label else "<svg "
    return element.replace("<svg ", role, 1)


def plain(name: object) -> str:
    """A name as one line of printable text that no legend drops for a leading underscore."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(name))
    return f" {text}" if text.startswith("_") else text


def row_labels(names: Iterable[object], width: int = 26) -> list[str]:
    """Names for rows: long ones broken once, very long ones cut with an ellipsis; still told apart."""
    labels = [_broken(plain(name), width) for name in names]
    counts: dict[str, int] = {}
    for position, label in enumerate(labels):
        counts[label] = counts.get(label, 0) + 1
        if counts[label] > 1:
            labels[position] = f"{label} ({counts[label]})"
    return labels


def _broken(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    spaced = re.sub(r"([_/|:.\-])", "\\1\u200b", text)  # places where a long technical name may break
    lines = textwrap.wrap(spaced.replace("\u200b", " \u200b"), width) or [text]
    lines = [line.replace(" \u200b", "").replace("\u200b", "") for line in lines]
    if len(lines) > 2:
        lines = [lines[0], lines[1][: width - 1].rstrip() + "…"]
    return "\n".join(lines)


def channel_colours(channels: Iterable[object]) -> dict[str, str]:
    """A colour per channel that depends on its name, not on its place; all different up to twelve.

    >>> one, two = channel_colours(["tv", "search"]), channel_colours(["search", "tv"])
    >>> one == two
    True
    """
    chosen: dict[str, str] = {}
    taken: list[int] = []
    names = sorted({str(channel) for channel in channels})
    for name in names:
        slot = zlib.crc32(name.encode()) % len(_CHANNELS)
        rounds = len(taken) // len(_CHANNELS)
        while taken.count(slot) > rounds:
            slot = (slot + 1) % len(_CHANNELS)
        chosen[name] = _lighter(_CHANNELS[slot], 0.4 * taken.count(slot))
        taken.append(slot)
    return chosen


def _lighter(colour: str, share: float) -> str:
    share = min(share, 0.8)
    parts = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * share):02x}" for part in parts)


def dress(ax: Axes, grid: str = "y") -> None:
    """The house look on axes that may have been made elsewhere: quiet spines, ticks and grid.

    Parameters
    ----------
    ax
        The axes.
    grid
        ``"x"``, ``"y"``, ``"both"`` or ``""``.
    """
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("bottom", "left"))
        spine.set_color(LINE)
    ax.set_axisbelow(True)
    ax.tick_params(length=0, colors=SOFT, labelsize=9)
    ax.grid(False)
    for axis in ("x", "y"):
        if grid in (axis, "both"):
            ax.grid(True, axis=axis, color=LINE, linewidth=0.8)


def headline(ax: Axes, title: str, handles: Sequence[Any] = (), labels: Sequence[object] = ()) -> None:
    """Title over a legend over the axes, all flush left, the legend in as many rows as it needs."""
    shown = [_broken(plain(label), 30).replace("\n", " ") for label in labels]
    lines = 0
    if shown:
        columns = _columns(ax, shown)
        lines = math.ceil(len(shown) / columns)
        ax.legend(
            list(handles),
            shown,
            loc="lower left",
            bbox_to_anchor=(0.0, 1.01),
            ncols=columns,
            borderaxespad=0,
            borderpad=0.1,
            handlelength=1.3,
            handletextpad=0.5,
            columnspacing=1.3,
            labelcolor=SOFT,
        )
    figure = ax.get_figure(root=True)
    letters = int((figure.get_figwidth() if figure else 8.0) * 0.8 * 12)
    ax.set_title(_broken(plain(title), max(letters, 20)), loc="left", pad=8 + 15 * lines)


def _columns(ax: Axes, labels: Sequence[str]) -> int:
    """Legend columns whose widest rows fit over the axes."""
    figure = ax.get_figure(root=True)
    inches = (figure.get_figwidth() if figure else 8.0) * min(ax.get_position().width, 0.78)
    for columns in range(len(labels), 1, -1):
        widest = [max(len(label) for label in labels[place::columns]) for place in range(columns)]
        if sum(0.075 * width + 0.5 for width in widest) <= inches:
            return columns
    return 1


def amounts(values: Sequence[float] | np.ndarray[Any, Any]) -> list[str]:
    """Numbers of one axis in one unit, with just the decimals that tell them apart.

    >>> amounts([0, 50_000, 100_000])
    ['0', '50k', '100k']
    >>> amounts([0, 500, 1500])
    ['0', '500', '1,500']
    >>> amounts([0.0, 0.0005])
    ['0', '0.0005']
    """
    finite = np.asarray([value for value in values if math.isfinite(value)], dtype=float)
    largest = float(np.abs(finite).max()) if finite.size else 0.0
    steps = np.diff(np.unique(finite))
    step = float(steps.min()) if steps.size else largest
    divisor, unit = 1.0, ""
    for size, letter, beyond in ((1e9, "bn", 1e9), (1e6, "M", 1e6), (1e3, "k", 1e4)):
        if largest >= beyond and step >= size / 1000:
            divisor, unit = size, letter
            break
    if largest and largest < 1e-4:
        return [f"{value:.3g}".replace("-", "−") if math.isfinite(value) else "" for value in values]
    return [_amount(value / divisor, step / divisor, unit) for value in values]


def _amount(value: float, step: float, unit: str) -> str:
    if not math.isfinite(value):
        return ""
    decimals = 0
    while (
        decimals < 8 and step > 0 and abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6 * step * 10**decimals
    ):
        decimals += 1
    if value == 0:
        return "0"
    return f"{value:,.{decimals}f}{unit}".replace("-", "−")


def compact(value: float) -> str:
    """One number beside a mark, three digits at least and none that tells nothing.

    >>> compact(41_842.3), compact(12_400_000), compact(0.98765), compact(12.3)
    ('41,842', '12.4M', '0.988', '12.3')
    """
    size = abs(value)
    if not math.isfinite(value):
        text = "∞" if value > 0 else "–"
    elif size >= 1e6:
        power, unit = next((power, unit) for power, unit in ((1e9, "bn"), (1e6, "M")) if size >= power)
        text = f"{value / power:,.3g}{unit}" if size < 1e12 else f"{value / power:,.0f}{unit}"
    elif size >= 100 or size == 0:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.3g}"
    return text.replace("-", "−")


def amount_axis(ax: Axes, axis: str, label: str) -> None:
    """Amounts on an axis in one unit (k, M, bn where large), and what they count."""
    from matplotlib.ticker import Formatter

    class Amounts(Formatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return amounts([x])[0]

        def format_ticks(self, values: list[float]) -> list[str]:
            chosen = ax.xaxis if axis == "x" else ax.yaxis
            return amounts(values) if chosen.get_scale() == "linear" else [self(value) for value in values]

    _set(ax, axis, Amounts(), label)


def percent_axis(ax: Axes, axis: str, label: str) -> None:
    """Fractions as percentages on an axis."""
    from matplotlib.ticker import Formatter

    class Percents(Formatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return f"{compact(100 * x)} %"

        def format_ticks(self, values: list[float]) -> list[str]:
            return [f"{text} %" for text in amounts([round(100 * value, 10) for value in values])]

    _set(ax, axis, Percents(), label)


def _set(ax: Axes, axis: str, formatter: Any, label: str) -> None:
    from matplotlib.ticker import MaxNLocator, NullFormatter

    chosen = ax.xaxis if axis == "x" else ax.yaxis
    if chosen.get_scale() == "linear":
        chosen.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    else:
        chosen.set_minor_formatter(NullFormatter())
    chosen.set_major_formatter(formatter)
    chosen.set_label_text(plain(label))
