"""Weekly worlds in which some channels' spend follows a demand that no column measures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmm.data.panel import Panel
from mmm.simulate.channels import autoregressive

__all__ = ["followers"]

_CHANNELS = ("tv", "social", "search", "video", "display", "radio")
_LAGS = 13
_LEVEL = 1000.0


def followers(
    seed: int,
    *,
    follow: int = 3,
    swing: float = 0.12,
    echo: float = 2.0,
    noise: float = 0.15,
    weeks: int = 156,
    r2: float = 0.9,
) -> tuple[Panel, pd.Series]:
    """A panel of six channels that together bring about three customers in ten, and what each truly brought.

    Parameters
    ----------
    seed
        The same arguments and seed give the same world.
    follow
        Channels, the first ones, whose spend follows the unseen demand; the others move by themselves.
    swing
        Standard deviation of the unseen demand, as a share of organic customers.
    echo
        Relative change of a follower's spend per relative change of demand.
    noise
        Standard deviation of the logarithm of what is by chance in each channel's spend.
    weeks
        Of the panel.
    r2
        Share of the variance of weekly customers that is no noise.
    """
    rng = np.random.default_rng([seed, 77])
    time = np.arange(weeks)
    season = np.cos(2 * np.pi * time / 52.18 + rng.uniform(0, 6))
    demand = swing * autoregressive(weeks, 0.7, rng)
    kpi = 0.7 * (1 + 0.1 * season + 0.05 * time / weeks + demand)
    table, brought = {"week": pd.date_range("2023-01-02", periods=weeks, freq="7D")}, {}
    for place, channel in enumerate(_CHANNELS):
        moves = echo * demand if place < follow else 0.35 * autoregressive(weeks, 0.5, rng)
        spend = np.exp(moves + 0.2 * season + rng.normal(0, noise, weeks))
        spend /= spend.mean()
        kept = rng.uniform(0, 0.6) ** np.arange(_LAGS)
        before = np.full(_LAGS - 1, spend[:_LAGS].mean())
        stock = np.convolve(np.r_[before, spend], kept / kept.sum())[_LAGS - 1 : _LAGS - 1 + weeks]
        response = stock / (stock + rng.uniform(0.6, 2))
        response *= 0.05 * np.exp(rng.normal(0, 0.4)) / response.mean()
        kpi = kpi + response
        brought[channel] = float(response.sum() * _LEVEL)
        table[channel] = np.round(spend * 1e4 * np.exp(rng.normal(0, 0.3)))
    kpi = kpi + rng.normal(0, np.sqrt(kpi.var() * (1 - r2) / r2), weeks)
    frame = pd.DataFrame({**table, "customers": np.round(_LEVEL * kpi)})
    return Panel.from_frame(frame, "week", "customers", list(_CHANNELS)), pd.Series(brought, name="customers")
