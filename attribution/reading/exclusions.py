"""Rows that cleaning refuses or leaves out, counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.errors import BadInput, Problem
from attribution.numbers import amount, counted
from attribution.reading.dialects import naming

if TYPE_CHECKING:
    import ibis

    from attribution.reading.columns import Cleaning

__all__ = ["bots", "repeated", "require_few_channels", "without_remote_bots", "without_repeats"]

_MANY_CHANNELS, _SOME_CHANNELS = 200, 20


def repeated(repeats: int, name: str) -> Problem:
    """Exact repeats as a problem."""
    remedy = (
        "a log delivered twice: Cleaning(drop=('duplicates',)) leaves them out; where times are coarse and repeats are "
        "real: Cleaning(keep_duplicates=True)."
    )
    return Problem(
        name, f"holds {counted(repeats, 'exact repeat')} (rows alike in every column that is read).", remedy=remedy
    )


def bots(paths: int, longest: int, cleaning: Cleaning) -> Problem:
    """Paths past the limit as a problem."""
    text = (
        f"holds {paths} paths of more than {amount(cleaning.longest_path)} touches, the longest of {amount(longest)}."
    )
    remedy = "a bot, most likely: Cleaning(drop=('bots',)) leaves them out; longest_path moves the limit."
    return Problem("touchpoints", text, remedy=remedy)


def require_few_channels(channels: int, rows: int, most: int | None, table: str, column: str = "channel") -> None:
    """Refuse names so many that they can hardly be channels, before anything heavy is made of them.

    Raises
    ------
    BadInput
        More than ``most``; by default more than 200, or more than 20 and a tenth of the rows.
    """
    limit = max(_SOME_CHANNELS, min(_MANY_CHANNELS, rows // 10)) if most is None else most
    if channels > limit:
        text = f"holds {amount(channels)} different channels in {amount(rows)} rows: is this the right column?"
        remedy = (
            "name the column of channels, or group its values by channel rules; where all of them are channels: "
            f"Cleaning(most_channels={channels})."
        )
        raise BadInput(Problem(table, text, column, remedy=remedy))


def without_repeats(events: ibis.Table, cleaning: Cleaning, exclusions: dict[str, int], name: str) -> ibis.Table:
    """The events without exact repeats, or an error that counts them."""
    if cleaning.keep_duplicates:
        return events
    times = events.group_by(events.columns).aggregate(times=events.count())
    with naming(name):
        repeats = int(times.aggregate(repeats=(times.times - 1).sum()).execute()["repeats"].iloc[0] or 0)
    if not repeats:
        return events
    if "duplicates" not in cleaning.drop:
        raise BadInput(repeated(repeats, name))
    exclusions[f"{name}: duplicates"] = repeats
    return events.distinct()


def without_remote_bots(touches: ibis.Table, cleaning: Cleaning, exclusions: dict[str, int]) -> ibis.Table:
    """The touches of an engine without paths past the limit, or an error that names it."""
    last = touches.filter((touches.step == touches.length - 1) & (touches.length > cleaning.longest_path))
    beyond = last.aggregate(paths=last.count(), longest=last.length.max()).execute().iloc[0]
    if not beyond["paths"]:
        return touches
    if "bots" not in cleaning.drop:
        raise BadInput(bots(int(beyond["paths"]), int(beyond["longest"]), cleaning))
    exclusions["touchpoints: bots"] = int(beyond["paths"])
    return touches.filter(touches.length <= cleaning.longest_path)
