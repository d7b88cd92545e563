"""Draws as a table that can sum itself up."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

__all__ = ["DrawsFrame", "summarise"]


def summarise(draws: pd.DataFrame) -> pd.DataFrame:
    """Mean, median and the 5 % and 95 % points of each column, one row each."""
    quantiles = draws.quantile([0.05, 0.5, 0.95])
    return pd.DataFrame(
        {"mean": draws.mean(), "median": quantiles.loc[0.5], "5%": quantiles.loc[0.05], "95%": quantiles.loc[0.95]}
    )


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
