"""How far true factors differ between quarters: ``python tests/benchmarks/factor_drift.py --worlds 6 --first 200``.

What each channel caused over what a path model credits it with, in the last quarter of simulated companies against the
three quarters before, where no test's error and no fit is in the way. Prints the standard deviation of the logarithm of
the two factors' ratio by channel and by model.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import mmm
from attribution import FirstTouch, Journeys, LastTouch, Linear, Markov

MODELS = (FirstTouch(), LastTouch(), Linear(), Markov())
YEAR, QUARTER = 52, 13


def drifts(seed: int) -> pd.DataFrame:
    """A row per model and channel: the logarithm of the last quarter's factor over that of the quarters before."""
    data, truth = mmm.simulate.world(seed, journey_weeks=YEAR)
    begins = [pd.Timestamp(data.weekly["week"].iloc[-weeks]).tz_localize("UTC") for weeks in (YEAR, QUARTER)]
    log = data.journeys
    end = log.conversions["time"].max() + pd.Timedelta(seconds=1)
    caused = (truth.causes.iloc[-YEAR:-QUARTER].sum(), truth.causes.iloc[-QUARTER:].sum())
    rows = []
    for model in MODELS:
        factors = []
        for true, first, last in zip(caused, begins, (begins[1], end), strict=True):
            touches = log.touchpoints[log.touchpoints["time"].between(first - pd.Timedelta(days=30), last)]
            won = log.conversions[(log.conversions["time"] >= first) & (log.conversions["time"] < last)]
            credit = model(Journeys.from_touchpoints(touches, won, "30D")).conversions
            factors.append((true.reindex(credit.index) / credit).reindex(data.channels))
        moved = np.log(factors[1] / factors[0])
        rows += [(seed, model.name, channel, value) for channel, value in moved.items()]
    return pd.DataFrame(rows, columns=["seed", "model", "channel", "moved"])


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=6)
    parser.add_argument("--first", type=int, default=200)
    given = parser.parse_args()
    table = pd.concat([drifts(given.first + number) for number in range(given.worlds)])
    for by in ("channel", "model"):
        print(table.groupby(by)["moved"].agg(["mean", "std"]).round(3).to_string(), end="\n\n")


if __name__ == "__main__":
    main()
