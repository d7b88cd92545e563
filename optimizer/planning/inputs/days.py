"""Tables by period as tables by day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmm import Panel

__all__ = ["customers_by_day", "daily_of"]


def daily_of(values: pd.DataFrame, days: int) -> pd.DataFrame:
    """A table by period as one by day, each period's amount divided evenly between its days."""
    dates = pd.DatetimeIndex(values.index)
    index = dates.repeat(days) + pd.to_timedelta(np.tile(np.arange(days), len(dates)), unit="D")
    return pd.DataFrame(np.repeat(values.to_numpy(dtype=float) / days, days, axis=0), index, values.columns)


def customers_by_day(panel: Panel) -> pd.Series:
    """The KPI of all geos by day."""
    return daily_of(pd.DataFrame({"kpi": panel.kpi.sum(axis=0)}, panel.dates), panel.days)["kpi"]
