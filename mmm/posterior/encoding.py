"""Models as JSON and back: every part is a frozen dataclass, written as its name and fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from attribution.errors import BadInput, Problem
from mmm.data import column_roles, holidays, lift_tests
from mmm.model import adstock, baseline, demand, effects, lift_trust, model, priors, saturation

__all__ = ["decode", "encode"]

_MODULES = (
    adstock,
    baseline,
    column_roles,
    demand,
    effects,
    holidays,
    lift_tests,
    lift_trust,
    model,
    priors,
    saturation,
)


def encode(value: Any) -> Any:
    """A dataclass tree of this package as JSON types."""
    if is_dataclass(value) and not isinstance(value, type):
        return {"kind": type(value).__name__, **{f.name: encode(getattr(value, f.name)) for f in fields(value)}}
    if isinstance(value, Mapping):
        return {"kind": "mapping", "items": [[encode(key), encode(item)] for key, item in value.items()]}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    return value


def decode(value: Any) -> Any:
    """The object that :func:`encode` wrote; names of fields that no longer exist are an error.

    Raises
    ------
    BadInput
        Where a kind or field is unknown to this version.
    """
    if isinstance(value, list):
        return tuple(decode(item) for item in value)
    if not isinstance(value, dict):
        return value
    if value.get("kind") == "mapping":
        return {decode(key): decode(item) for key, item in value["items"]}
    kind = next((getattr(m, value["kind"]) for m in _MODULES if value["kind"] in m.__all__), None)
    known = {f.name for f in fields(kind)} if kind is not None and is_dataclass(kind) else set()
    given = {key: item for key, item in value.items() if key != "kind"}
    if kind is None or set(given) - known:
        raise BadInput(
            Problem(
                "saved model",
                f"{value['kind']} is not known here.",
                remedy="fit again, or use the version that wrote it.",
            )
        )
    return kind(**{key: decode(item) for key, item in given.items()})
