"""Priors of retention and lengths of the lag window, on companies whose carryover lasts and on those of our simulator.

    python tests/benchmarks/mmm_carryover.py

prints, by prior and window, the mean error of a channel's contribution and the share of 90 % intervals that hold it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

import mmm
from mmm.simulate import world

ADSTOCKS = {
    f"Beta(1, {b:g}), {lags} weeks": mmm.GeometricAdstock(lags, mmm.Beta(1.0, b))
    for lags in (13, 26)
    for b in (3.0, 2.0)
}
CHANNELS = {"tv": (0.15, 0.85), "video": (0.08, 0.85), "search": (0.15, 0.2), "social": (0.07, 0.4)}
CONTROLS = ["price_index", "competitor_activity", "sale"]

World = tuple[mmm.Panel, pd.Series]


def lasting(seed: int, weeks: int = 156, before: int = 60) -> World:
    """A company of four channels, share of customers and retention as above; the lasting ones are on half of the time."""
    rng = np.random.default_rng(seed)
    table: dict[str, object] = {"week": pd.date_range("2023-01-02", periods=weeks, freq="7D")}
    kpi, truth = 0.55 + 0.1 * np.sin(2 * np.pi * np.arange(weeks) / 52.18), {}
    for channel, (share, retention) in CHANNELS.items():
        spend = rng.gamma(1.2, 1.0, weeks + before) * 1e4
        spend *= rng.random(weeks + before) < (0.5 if retention > 0.8 else 1.0)
        weights = retention ** np.arange(before)
        stock = np.convolve(spend, weights / weights.sum())[before : before + weeks] / spend.mean()
        response = stock / (stock + 1.2)
        brought = share * response / response.mean()
        kpi = kpi + brought
        table[channel], truth[channel] = spend[before:], float(brought.sum() * 1000)
    frame = pd.DataFrame({**table, "customers": 1000 * (kpi + 0.04 * rng.standard_normal(weeks))})
    return mmm.Panel.from_frame(frame, "week", "customers", list(CHANNELS)), pd.Series(truth)


def usual(seed: int) -> World:
    """A company of the simulator."""
    data, truth = world(seed, channels=5)
    frame = data.weekly.reset_index()
    return mmm.Panel.from_frame(frame, "week", "new_customers", list(truth.spend), CONTROLS), truth.contributions


def main() -> None:
    """Print the table."""
    companies = {"0.85 a week": [lasting(seed) for seed in range(6)], "simulator": [usual(s) for s in range(200, 208)]}
    for kind, worlds in companies.items():
        for name, adstock in ADSTOCKS.items():
            error, covered = [], []
            for panel, truth in worlds:
                fit = mmm.fit(panel, mmm.Model(adstock), draws=300, tune=400, chains=2, seed=1, time_budget=1)
                found = fit.contributions().summary().loc[truth.index]
                error += list(np.abs(found["median"] / truth - 1))
                covered += list((found["5%"] <= truth) & (truth <= found["95%"]))
            print(f"{kind:12} {name:22} error {np.mean(error):.0%}, covered {np.mean(covered):.0%}", flush=True)


if __name__ == "__main__":
    main()
