"""The colours of all plots, for paper and screen and any common colour vision."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

__all__ = [
    "ACCENT",
    "BAND",
    "BARS",
    "GOOD",
    "INK",
    "LINE",
    "MARKERS",
    "NOW",
    "PLANNED",
    "SERIES",
    "SHADES",
    "SOFT",
    "WARN",
    "WASH",
    "channel_colours",
]

INK, SOFT, LINE, WASH = "#1c2530", "#5a6675", "#dde2e8", "#f5f7f9"
ACCENT, GOOD, WARN = "#1f5fa8", "#1d7a4c", "#c26a1b"
BAND, BARS = "#cfe0f1", "#b9cde4"
SHADES = ("#ffffff", "#cfe0f1", ACCENT, "#0d2c55")
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
)  # P. Tol's muted set, a brown, and three of Okabe and Ito: distinct under any common colour vision


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
