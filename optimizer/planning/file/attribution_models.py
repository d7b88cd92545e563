"""The attribution models that a plan file offers: what it calls each, what tables show, and how it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from attribution import FirstTouch, LastNonDirect, LastTouch, Linear, Markov, PositionBased, Shapley, TimeDecay

__all__ = ["MODELS", "attribution_models"]


class Options(Protocol):
    """What the plan file's ``attribution`` says of models."""

    models: list[str]
    markov_order: int
    half_life: str
    direct: str


def _markov(options: Options) -> tuple[str, Any]:
    order = options.markov_order
    return "Markov" if order == 1 else f"Markov, order {order}", Markov(order=order)


MODELS: Mapping[str, Callable[[Options], tuple[str, Any]]] = {
    "first": lambda _: ("First touch", FirstTouch()),
    "last": lambda _: ("Last touch", LastTouch()),
    "last_non_direct": lambda options: ("Last non-direct", LastNonDirect(direct=options.direct)),
    "linear": lambda _: ("Linear", Linear()),
    "position": lambda _: ("Position-based", PositionBased()),
    "time_decay": lambda options: ("Time-decay", TimeDecay(half_life=options.half_life)),
    "markov": _markov,
    "shapley": lambda _: ("Shapley", Shapley()),
}
"""Plan-file name -> title and model, given the section's options."""


def attribution_models(options: Options) -> dict[str, Any]:
    """The attribution models asked for, by the names tables show."""
    return dict(MODELS[name](options) for name in dict.fromkeys(options.models))
