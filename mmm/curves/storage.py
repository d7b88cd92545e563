"""Curves as plain arrays and back, for files that hold nothing that runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from attribution.errors import BadInput
from mmm.arrays import Array
from mmm.curves.base import ResponseCurve
from mmm.curves.collection import ResponseCurves
from mmm.curves.exponential import Exponential
from mmm.curves.hill import Hill
from mmm.curves.logistic import Logistic
from mmm.curves.michaelis_menten import MichaelisMenten
from mmm.curves.mixture import Mixture
from mmm.curves.power import Power
from mmm.curves.tabulated import Tabulated

__all__ = ["packed", "unpacked"]

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Exponential, Hill, Logistic, MichaelisMenten, Power, Tabulated)
}


def packed(curves: ResponseCurves) -> tuple[dict[str, Any], dict[str, Array]]:
    """Curves as what JSON can hold and the arrays that it names.

    Parameters
    ----------
    curves
        Of all channels.

    Returns
    -------
    Channel -> its curve as JSON can hold it, and arrays by name.
    """
    arrays: dict[str, Array] = {}
    return {channel: _packed(curve, arrays) for channel, curve in curves.items()}, arrays


def unpacked(stated: Mapping[str, Any], arrays: Mapping[str, Array]) -> ResponseCurves:
    """The curves that were packed, the same to the last digit.

    Raises
    ------
    BadInput
        Where a family is not known here, or a curve is none.
    """
    return ResponseCurves({channel: _unpacked(one, arrays) for channel, one in stated.items()})


def _packed(curve: ResponseCurve, arrays: dict[str, Array]) -> dict[str, Any]:
    if isinstance(curve, Mixture):
        return {"weights": list(curve.weights), "parts": [_packed(part, arrays) for part in curve.parts]}
    kind = type(curve).__name__
    if kind not in _KINDS:
        raise BadInput(f"a {kind} curve cannot be written to a file.")
    named = {}
    for field in fields(_KINDS[kind]):
        name = named[field.name] = f"curve_{len(arrays)}"
        arrays[name] = np.asarray(getattr(curve, field.name))
    return {"family": kind, "arrays": named}


def _unpacked(stated: Mapping[str, Any], arrays: Mapping[str, Array]) -> ResponseCurve:
    if "parts" in stated:
        return Mixture([_unpacked(part, arrays) for part in stated["parts"]], stated["weights"])
    if stated["family"] not in _KINDS:
        raise BadInput(f"this version knows no {stated['family']} curve.")
    curve: ResponseCurve = _KINDS[stated["family"]](**{own: arrays[name] for own, name in stated["arrays"].items()})
    return curve
