"""A spend at which each curve is well under way, of all channels at once."""

from __future__ import annotations

import numpy as np

from mmm.arrays import Array
from mmm.curves import ResponseCurves
from optimizer.solvers.flat_curves import FlatCurves

__all__ = ["spend_scales"]


def spend_scales(curves: ResponseCurves) -> Array:
    """Spend at half of each channel's ceiling, shape (channels,); one where a curve has none."""
    ceiling = np.array([float(np.mean(curve.ceiling)) for curve in curves.values()])
    has_one = (ceiling > 0) & (ceiling < np.inf)
    flat = FlatCurves(curves)
    low, high = np.full(len(curves), -150.0), np.full(len(curves), 150.0)
    for _ in range(60):
        middle = (low + high) / 2
        is_low = flat.mean(np.exp(middle)) < ceiling / 2
        low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    return np.where(has_one, np.exp(high), 1.0)
