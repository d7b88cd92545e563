"""What channels cost: tables by channel of average and marginal CAC, for one posterior or several joined."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.estimates import INTERVAL, ends_of
from attribution.numbers import plain
from mmm.curves import ResponseCurves
from mmm.data.panel import Panel
from mmm.posterior.frames import summarise

__all__ = ["average_cac", "channel_table", "marginal_cac"]


def average_cac(spend: pd.Series, contributions: pd.DataFrame) -> pd.DataFrame:
    """Spend per customer that each channel brought: mean, median, 5 % and 95 % points.

    Parameters
    ----------
    spend
        By channel over the window of the contributions.
    contributions
        Customers, one row per draw.
    """
    with np.errstate(divide="ignore"):
        return summarise(spend / contributions[list(spend.index)])


def marginal_cac(curves: ResponseCurves, panel: Panel, spend: pd.Series | None) -> pd.DataFrame:
    """See :meth:`mmm.Posterior.marginal_cac`; ``curves`` are those of one period."""
    level = panel.level() if spend is None else spend
    with np.errstate(divide="ignore"):
        table = pd.DataFrame({name: 1.0 / curve.marginal(float(level[name])) for name, curve in curves.items()})
    return summarise(table).assign(level=[float(level[name]) for name in curves])


def channel_table(panel: Panel, customers: pd.DataFrame, cac: pd.DataFrame, marginal: pd.DataFrame) -> pd.DataFrame:
    """One row per channel: spend, medians with 5 % and 95 % points, share of the KPI, and a note.

    Parameters
    ----------
    panel
        What was spent.
    customers, cac, marginal
        Each summed up by channel; ``marginal`` as :func:`marginal_cac` gives it.
    """
    frame = pd.DataFrame({"spend": panel.total_spend})
    for name, table in (("customers", customers), ("cac", cac), ("marginal_cac", marginal)):
        frame[name] = table["median"]
        frame[ends_of(name)] = table[[*INTERVAL]]
    frame["share"] = frame["customers"] / float(panel.kpi.sum())
    resting = "no spend in the last 13 weeks: marginal CAC at {} per period, its last active level"
    rests = zip(panel.recent_spend() <= 0, marginal["level"], strict=True)
    frame["note"] = [resting.format(plain(level)) if rest else "" for rest, level in rests]
    return frame
