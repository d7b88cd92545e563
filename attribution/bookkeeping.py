"""Counting in and out: totals of paths, and rows that cleaning refuses or leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.errors import BadInput, Problem

if TYPE_CHECKING:
    import ibis

    from attribution.columns import Cleaning
    from attribution.paths import Paths

__all__ = ["bots", "remote_totals", "repeated", "summed", "without_remote_bots", "without_repeats"]


def repeated(found: int, name: str) -> Problem:
    """Exact repeats as a problem."""
    remedy = (
        "a log delivered twice: Cleaning(drop=('duplicates',)) leaves them out; where times are coarse and repeats are "
        "real: Cleaning(keep_duplicates=True)."
    )
    return Problem(name, f"holds {found:,} exact repeats (rows alike in every column).", remedy=remedy)


def bots(found: int, longest: int, cleaning: Cleaning) -> Problem:
    """Paths past the limit as a problem."""
    text = f"holds {found} paths of more than {cleaning.longest_path:,} touches, the longest of {longest:,}."
    remedy = "a bot, most likely: Cleaning(drop=('bots',)) leaves them out; longest_path moves the limit."
    return Problem("touchpoints", text, remedy=remedy)


def without_repeats(events: ibis.Table, cleaning: Cleaning, exclusions: dict[str, int], name: str) -> ibis.Table:
    """The events without exact repeats, or an error that counts them."""
    if cleaning.keep_duplicates:
        return events
    times = events.group_by(events.columns).aggregate(times=events.count())
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
    found = last.aggregate(paths=last.count(), longest=last.length.max()).execute().iloc[0]
    if not found["paths"]:
        return touches
    if "bots" not in cleaning.drop:
        raise BadInput(bots(int(found["paths"]), int(found["longest"]), cleaning))
    exclusions["touchpoints: bots"] = int(found["paths"])
    return touches.filter(touches.length <= cleaning.longest_path)


def summed(won: Paths, lost: Paths) -> dict[str, float]:
    """Totals of paths in memory."""
    both = (won, lost)
    return {
        "touches": float(sum(((part.conversions + part.nulls) * part.lengths).sum() for part in both))
        if won.ended is None
        else float(sum(part.first[-1] for part in both)),
        "paths": float(sum(part.conversions.sum() + part.nulls.sum() for part in both))
        if won.ended is None
        else float(sum(len(part) for part in both)),
        "conversions": float(won.conversions.sum()),
        "nulls": float(sum(part.nulls.sum() for part in both)),
        "value": float(won.value.sum()),
    }


def remote_totals(touches: ibis.Table) -> dict[str, float]:
    """Totals of paths in an engine."""
    first = touches.filter(touches.step == 0)
    sums = first.aggregate(
        touches=first.length.sum(),
        paths=first.count(),
        conversions=first.conversions.sum(),
        nulls=first.nulls.sum(),
        value=first.value.sum(),
    ).execute()
    return {name: float(sums[name].iloc[0] or 0.0) for name in sums.columns}
