"""Draws as a table that can sum itself up."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from attribution.estimates import INTERVAL

__all__ = ["DrawsFrame", "summarise"]


def summarise(draws: pd.DataFrame) -> pd.DataFrame:
    """Mean, median and the 5 % and 95 % points of each column, one row each."""
    ends = {name: draws.quantile(share) for name, share in INTERVAL.items()}
    return pd.DataFrame({"mean": draws.mean(), "median": draws.quantile(0.5), **ends})


class DrawsFrame(pd.DataFrame):
    """A data frame of one row per posterior draw.

    >>> DrawsFrame({"tv": [1.0, 2.0, 3.0]}).summary()["median"].tolist()
    [2.0]
    """

    @property
    def _constructor(self) -> Callable[..., DrawsFrame]:
        return DrawsFrame

    def summary(self) -> pd.DataFrame:
        """Mean, median, 5 % and 95 % points, one row per column."""
        return summarise(pd.DataFrame(self))
