"""Coverage of customer values on simulated cohorts, in the model's own world, in thin ones and where the model is wrong.

    python tests/benchmarks/retention_coverage.py --worlds 40

A company of eight channels, twelve monthly cohorts each. The truth is the discounted margin of 36 months, of which at
most twelve were seen. ``own``: shifted beta-geometric channels. ``thin``: the same with 10 to 60 customers a cohort.
``cohorts``: each cohort's churn swings by 25 %. ``segments``: two kinds of customers, loyal and not. ``weibull``: churn
falls with age for each customer (discrete Weibull, shape 0.6). ``wearing``: churn rises with age (shape 1.3). Nothing
was tuned to the last three: ``three``: three kinds of customers. ``lognormal``: hazards of customers are
lognormal. ``both``: two kinds, and the churn of each rises with age (shape 1.15). ``apart``: the same with a shape of
1.05 to 1.35 by channel. ``worn``: three kinds, all with rising churn (shape 1.15).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.economics import Terms, customer_values, read_cohorts, value_findings
from attribution.economics.shifted_beta_geometric import survival

_COHORTS, _CHANNELS, _HORIZON = 12, 8, 36
Survival = Callable[[Array], Array]


def _beta(rng: np.random.Generator, swing: float = 0.0) -> Callable[[], Survival]:
    """Channels of the model's own world; with ``swing`` each cohort has a churn of its own."""
    churn, polar = 1 / (1 + np.exp(rng.normal(2.2, 0.5))), rng.uniform(0.08, 0.4)

    def cohort() -> Survival:
        own = min(churn * np.exp(swing * rng.normal()), 0.9)
        size = 1 / polar - 1
        return lambda ages: survival(own * size, (1 - own) * size, ages)

    return cohort


def _segments(rng: np.random.Generator) -> Callable[[], Survival]:
    share, loyal, loose = rng.uniform(0.3, 0.6), rng.uniform(0.005, 0.02), rng.uniform(0.15, 0.35)
    return lambda: lambda ages: share * (1 - loyal) ** ages + (1 - share) * (1 - loose) ** ages


def _weibull(rng: np.random.Generator, shape: float) -> Callable[[], Survival]:
    stay = 1 - 1 / (1 + np.exp(rng.normal(2.2 if shape < 1 else 3.2, 0.4)))
    return lambda: lambda ages: stay ** (ages**shape)


def _three(rng: np.random.Generator) -> Callable[[], Survival]:
    share = rng.dirichlet([4, 4, 4])
    churn = np.array([rng.uniform(0.002, 0.015), rng.uniform(0.04, 0.09), rng.uniform(0.2, 0.45)])
    return lambda: lambda ages: ((1 - churn) ** ages[:, None]) @ share


def _lognormal(rng: np.random.Generator) -> Callable[[], Survival]:
    hazard = np.exp(rng.normal(-2.6, 0.4) + rng.uniform(0.5, 1.1) * rng.normal(size=2_000))
    return lambda: lambda ages: np.exp(-hazard * ages[:, None]).mean(axis=1)


def _aging(young: Callable[[], Survival], shape: float) -> Callable[[], Survival]:
    return lambda: lambda ages: young()(ages**shape)


WORLDS: dict[str, Callable[[np.random.Generator], tuple[Callable[[], Survival], tuple[int, int]]]] = {
    "own": lambda rng: (_beta(rng), (100, 1500)),
    "thin": lambda rng: (_beta(rng), (10, 60)),
    "cohorts": lambda rng: (_beta(rng, 0.25), (100, 1500)),
    "segments": lambda rng: (_segments(rng), (100, 1500)),
    "weibull": lambda rng: (_weibull(rng, 0.6), (100, 1500)),
    "wearing": lambda rng: (_weibull(rng, 1.3), (100, 1500)),
    "three": lambda rng: (_three(rng), (100, 1500)),
    "lognormal": lambda rng: (_lognormal(rng), (100, 1500)),
    "both": lambda rng: (_aging(_segments(rng), 1.15), (100, 1500)),
    "apart": lambda rng: (_aging(_segments(rng), rng.uniform(1.05, 1.35)), (100, 1500)),
    "worn": lambda rng: (_aging(_three(rng), 1.15), (100, 1500)),
}


def company(kind: str, seed: int) -> tuple[pd.DataFrame, dict[str, Array]]:
    """A cohort table, and the true survival of each channel over the horizon (the mean of its cohorts')."""
    rng = np.random.default_rng([seed, sum(map(ord, kind))])
    rows, truth = [], {}
    ages = np.arange(_HORIZON, dtype=float)
    for number in range(_CHANNELS):
        cohort, (low, high) = WORLDS[kind](rng)
        curves = [np.asarray(cohort()(ages)) for _ in range(400 if kind == "cohorts" else _COHORTS)]
        truth[f"channel {number}"] = np.mean(curves, axis=0)
        for month in range(_COHORTS):
            curve, active = curves[month], rng.integers(low, high)
            for age in range(_COHORTS - month):
                if age:
                    active = rng.binomial(active, curve[age] / curve[age - 1])
                rows.append((pd.Timestamp(2025, month + 1, 1), f"channel {number}", age, active))
    return pd.DataFrame(rows, columns=["month", "channel", "age", "active"]), truth


def measured(kind: str, seed: int) -> pd.DataFrame:
    """By channel: whether the interval holds the truth, how wide it is, how far the mean and a plain cut are off."""
    table, truth = company(kind, seed)
    terms = Terms(_HORIZON, 0.1, margin=1.0)
    values = customer_values(read_cohorts(table), terms, seed=seed)
    forecast = next(one for one in value_findings(values) if one.name == "retention_forecast")
    rows = []
    for channel, curve in truth.items():
        true = float(curve @ terms.discount(_HORIZON, 1))
        drawn = values.value(channel)
        low, high = np.quantile(drawn, [0.05, 0.95])
        seen = values.cohorts.survival(channel)
        cut = float(seen @ terms.discount(len(seen), 1))
        inside = low <= true <= high
        rows.append(
            (inside, (high - low) / true, drawn.mean() / true - 1, cut / true - 1, channel in forecast.channels)
        )
    told = pd.DataFrame(rows, columns=["inside", "width", "off", "observed alone", "flagged"])
    return told.assign(wearing=values.retention.wearing)


def main() -> None:
    """A row per kind of world."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=40)
    given = parser.parse_args()
    print("world      inside 90 %   width   mean error   bias   observed alone   channels flagged   wearing")
    for kind in WORLDS:
        table = pd.concat([measured(kind, seed) for seed in range(given.worlds)])
        print(
            f"{kind:10} {table['inside'].mean():11.0%} {table['width'].mean():7.1%} {table['off'].abs().mean():12.1%} "
            f"{table['off'].mean():+6.1%} {table['observed alone'].mean():+16.1%} {table['flagged'].mean():18.0%} "
            f"{table['wearing'].mean():9.0%}"
        )


if __name__ == "__main__":
    main()
