"""Channels that the plan file names, held against those of the path log."""

from __future__ import annotations

from collections.abc import Iterator

from attribution.errors import nearest
from attribution.reading.look_alikes import as_seen, spelt_out
from optimizer.planning.file.config import Config
from optimizer.planning.file.document import Document, Place

__all__ = ["unlike_the_log"]

_SHOWN = 12


def unlike_the_log(config: Config, document: Document, channels: tuple[str, ...]) -> Iterator[str]:
    """Problems of the names of channels, by file and line.

    Parameters
    ----------
    config, document
        The plan file.
    channels
        Those of the log, or of the paths.
    """
    settings, weekly = config.attribution, config.data.weekly
    named: list[tuple[str, Place]] = [
        *((name, ("attribution", "exclude", place)) for place, name in enumerate(settings.exclude)),
        *((name, ("attribution", "priority", name)) for name in settings.priority),
        *((name, ("attribution", "last_resort", place)) for place, name in enumerate(settings.last_resort)),
        *((settings.direct, ("attribution", "direct")) for _ in range(_passes_direct(config))),
        *((name, ("attribution", "spend", name)) for name in settings.spend or {}),
    ]
    for name, place in named:
        if name not in channels:
            close = nearest(name, channels)
            listed = ", ".join(channels[:_SHOWN]) + (", ..." if len(channels) > _SHOWN else "")
            hint = f"Did you mean {close!r}?" if close else f"It has {listed}."
            yield document.error(place, f"the log has no channel {name!r}. {hint}")
    if set(channels) <= set(settings.exclude):
        yield document.error(("attribution", "exclude"), "leaves no channel of the log.")
    elif _passes_direct(config) and settings.direct in settings.exclude:
        text = f"{settings.direct!r} is left out by attribution.exclude, so that last_non_direct is last; ask that."
        yield document.error(("attribution", "direct"), text)
    meant = {as_seen(channel): channel for channel in channels}
    for name in weekly.channels if weekly is not None else ():
        other = meant.get(as_seen(name))
        if other is not None and name not in channels:
            text = (
                f"the log writes {spelt_out(other)} for {spelt_out(name)}, so that its spend and its touches do not "
                "meet. Name both alike."
            )
            yield document.error(("data", "weekly", "spend", name), text)


def _passes_direct(config: Config) -> bool:
    """Whether any model asked for passes over the channel of direct visits."""
    believed = config.model.belief.attribution
    return "last_non_direct" in (*config.attribution.models, believed.model if believed else "")
