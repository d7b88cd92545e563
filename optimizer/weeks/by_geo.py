"""Regions as further channels of one plan."""

from __future__ import annotations

from collections.abc import Mapping

from mmm.curves import ResponseCurve, ResponseCurves

__all__ = ["by_geo"]


def by_geo(curves: Mapping[str, Mapping[str, ResponseCurve]]) -> ResponseCurves:
    """Curves of geo x channel as one set of channels named ``channel @ geo``, for plans and flights over regions.

    Parameters
    ----------
    curves
        Geo -> channel -> curve.
    """
    flat = {f"{channel} @ {geo}": curve for geo, inner in curves.items() for channel, curve in inner.items()}
    return ResponseCurves(flat)
