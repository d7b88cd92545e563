"""By how much weeks differ from what is expected of them, which a test has to be seen through."""

from __future__ import annotations

import numpy as np

from mmm import Organic

__all__ = ["noise_of"]


def noise_of(organic: Organic, tested: int, weeks: int) -> float:
    """Customers by which so many weeks differ from what is expected of them, one standard deviation.

    Parameters
    ----------
    organic
        Over the horizon.
    tested, weeks
        Weeks of a test, and of the horizon.
    """
    periods = organic.noise.shape[1] * tested // weeks  # of weeks or days
    return float(np.std(organic.noise[:, :periods].sum(axis=1)))
