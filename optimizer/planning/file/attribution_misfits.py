"""What the plan file asks of attribution that its tables cannot give."""

from __future__ import annotations

from collections.abc import Iterator

from attribution import TimeDecay
from attribution.models.heuristic import Heuristic
from optimizer.planning.file.attribution_models import MODELS
from optimizer.planning.file.document import Document, Place
from optimizer.planning.file.keys.analyses import Attribution, CreditBelief
from optimizer.planning.file.keys.data import Data

__all__ = ["attribution_misfits"]


_OF_LOGS = {
    **dict.fromkeys(
        ("lookback_of", "idle_gap", "repeats", "days_in"),
        "is of times, and aggregated paths have none; leave it out.",
    ),
    **dict.fromkeys(
        ("weight_of", "rank_of"), "is of kinds of interaction, and aggregated paths have none; leave it out."
    ),
}
"""Keys that aggregated paths cannot answer -> why."""


def attribution_misfits(
    settings: Attribution, belief: CreditBelief | None, data: Data, document: Document
) -> Iterator[str]:
    """Problems by file and line."""
    asked: list[tuple[str, Place]] = [(name, ("attribution", "models", at)) for at, name in enumerate(settings.models)]
    believed: list[tuple[str, Place]] = [(belief.model, ("model", "belief", "attribution", "model"))] if belief else []
    if data.paths is not None:
        for name, place in [*asked, *believed]:
            if isinstance(MODELS[name](settings)[1], TimeDecay):
                text = f"{name} needs times, and aggregated paths have none. Give data.touchpoints, or another model."
                yield document.error(place, text)
        for key, why in _OF_LOGS.items():
            if getattr(settings, key):
                yield document.error(("attribution", key), why)
    if settings.periods is None:
        return
    if data.touchpoints is None or data.weekly is None:
        text = "needs data.touchpoints and data.weekly, for the conversions and the spend of each period."
        yield document.error(("attribution", "periods"), text)
    if settings.dating == "touch":
        for name, place in asked:
            if not isinstance(MODELS[name](settings)[1], Heuristic):
                text = f"{name} gives credit to channels and not to touches: leave it out, or write dating: conversion."
                yield document.error(place, text)
