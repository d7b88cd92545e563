"""How often 90 % intervals of credit hold the credit that endless data would give, by model and size of channel.

Run: python tests/benchmarks/attribution_intervals.py [--worlds 2] [--samples 20] [--users 4000] [--sigma 1.5]

A world has eight channels in random order, met by 40 % down to 0.4 % of all people in the worlds of even number, and by
90 % down to 2 % in those of odd number, where few people meet a small channel without the large ones. The truth is the credit of a
population of 100 times the sample, per user. Each sample is drawn anew, its intervals are those of
``attribution.bootstrap``. Coverage is shown by how many conversions a channel touched in the sample, for values by
how many equal orders would vary as much, and for Shapley of the rate by the coalitions that no path has met.
"""

from __future__ import annotations

import argparse
from itertools import pairwise

import numpy as np
import pandas as pd

from attribution import (
    FirstTouch,
    Journeys,
    LastTouch,
    Linear,
    Markov,
    Shapley,
    ShapleyRate,
    bootstrap,
)
from attribution.analysis.interval_checks import _orders, unmet_coalitions
from attribution.analysis.skewed_intervals import skewed_intervals

REACH = (
    np.array([0.4, 0.25, 0.15, 0.08, 0.04, 0.02, 0.01, 0.004]),
    np.array([0.9, 0.8, 0.7, 0.5, 0.3, 0.1, 0.05, 0.02]),
)
NAMES = [f"c{number}" for number in range(8)]
MODELS = [FirstTouch(), LastTouch(), Linear(), Shapley(), Markov(1), ShapleyRate()]
BINS = [0, 5, 10, 30, 100, np.inf]


World = tuple[np.ndarray, np.ndarray]  # reach and lift by channel


def people(rng: np.random.Generator, users: int, world: World, sigma: float) -> pd.DataFrame:
    """One row per person who met anything: path, whether it converted, and value."""
    reach, lift = world
    met = rng.random((users, len(reach))) < reach
    met = met[met.any(axis=1)]
    order = np.argsort(rng.random(met.shape), axis=1)
    won = rng.random(len(met)) < 1 / (1 + np.exp(3.0 - met @ lift))
    paths = [" > ".join(NAMES[c] for c in row if seen[c]) for row, seen in zip(order, met, strict=True)]
    value = np.where(won, rng.lognormal(4.0, sigma, len(met)), 0.0)
    return pd.DataFrame(
        {"path": paths, "conversions": won.astype(float), "nulls": (~won).astype(float), "value": value}
    )


def journeys_of(table: pd.DataFrame) -> Journeys:
    """One journey each, so that values stay those of single orders."""
    return Journeys.from_paths(table, value="value", nulls="nulls")


def truth(world: World, users: int, seed: int, sigma: float) -> dict[str, pd.DataFrame]:
    """Credit per user of a large population, with every order worth the mean."""
    rng = np.random.default_rng(seed)
    table = people(rng, users, world, sigma)
    table["value"] = table["conversions"] * np.exp(4.0 + sigma**2 / 2)
    whole = journeys_of(table.groupby("path", as_index=False).sum())
    found = {model.name: model(whole) for model in MODELS}
    return {name: pd.DataFrame({"conversions": c.conversions, "value": c.value}) / users for name, c in found.items()}


def values() -> pd.DataFrame:
    """Whether intervals of a sum of log-normal values hold its mean, by the number of equal orders that vary as much."""
    rng, rows = np.random.default_rng(0), []
    for sigma in (0.5, 1.0, 1.5, 2.0):
        for orders in (30, 100, 300, 1_000, 3_000):
            for _ in range(150):
                value = rng.lognormal(0.0, sigma, max(1, rng.poisson(orders)))
                draws = pd.DataFrame(rng.poisson(1.0, (200, len(value))) @ value)
                low, high = skewed_intervals(draws, pd.Series([value.sum()])).loc[0]
                mean = orders * np.exp(sigma**2 / 2)
                rows.append((sigma, value.sum() ** 2 / (value**2).sum(), low <= mean <= high))
    return pd.DataFrame(rows, columns=["sigma", "equal", "holds"])


def main() -> None:
    """Print tables of coverage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=2)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--users", type=int, nargs="+", default=[4_000])
    parser.add_argument("--sigma", type=float, nargs="+", default=[1.5])
    asked = parser.parse_args()
    rows = []
    for number in range(asked.worlds):
        world = REACH[number % 2], np.random.default_rng(number).normal(0.4, 0.6, len(NAMES))
        for users in asked.users:
            for sigma in asked.sigma:
                known = truth(world, 100 * users, 1_000 + number, sigma)
                for sample in range(asked.samples):
                    rng = np.random.default_rng([number, users, sample])
                    journeys = journeys_of(people(rng, users, world, sigma))
                    touched, equal = _orders(journeys)
                    members = ShapleyRate().tally(journeys).items["members"].to_numpy(dtype=np.int64)
                    unmet = unmet_coalitions(members, len(journeys.channels))
                    for model in MODELS:
                        found = bootstrap(journeys, model, replicates=200, seed=sample)
                        for of, weight in (("conversions", touched), ("value", equal)):
                            table = found.summary(of)
                            right = known[model.name][of].reindex(table.index) * users
                            holds = (table["5%"] <= right) & (right <= table["95%"])
                            for hold, size in zip(holds, weight, strict=True):
                                rows.append((model.name, of, sigma, users, size, unmet, hold))
    table = pd.DataFrame(rows, columns=["model", "of", "sigma", "users", "size", "unmet", "holds"])
    names = [f"{low:g} to {high:g}" for low, high in pairwise(BINS)]
    table["touched"] = pd.cut(table["size"], BINS, labels=names, right=False)
    shown = {"conversions": ["model"], "value": ["sigma", "model"]}
    worth = table[table["of"] == "value"]
    print("value: share of 90 % intervals that hold, by sigma and model")
    wide = worth.pivot_table(index="sigma", columns="model", values="holds", observed=True, margins=True)
    print((100 * wide).round(0).to_string())
    rules = worth[worth["model"] != "Shapley rate"]
    print()
    print("value, all models but Shapley of the rate: share of 90 % intervals that hold, by sigma and equal orders")
    print(
        (100 * rules.pivot_table(index="sigma", columns="touched", values="holds", observed=True, margins=True)).round(
            0
        )
    )
    for of, index in shown.items():
        part = table[table["of"] == of]
        wide = part.pivot_table(index=index, columns="touched", values="holds", observed=True)
        print(f"\n{of}: share of 90 % intervals that hold, by conversions touched (value: by equal orders)")
        print((100 * wide).round(0).to_string())
    rate = table[(table["model"] == "Shapley rate") & (table["of"] == "conversions")]
    rate = rate.assign(unmet=pd.cut(rate["unmet"], [-1, 0.01, 0.05, 0.1, 0.2, 1.0]))
    sums = values()
    sums["equal orders"] = pd.cut(sums["equal"], [0, 5, 10, 30, 100, 300, np.inf])
    print("\nsums of log-normal values, by sigma and equal orders: share of 90 % intervals that hold")
    by_sigma = sums.pivot_table(index="sigma", columns="equal orders", values="holds", observed=True)
    print((100 * by_sigma).round(0).to_string())
    print("\nShapley rate, conversions, by share of unmet coalitions")
    print(
        (100 * rate.pivot_table(index="unmet", columns="touched", values="holds", observed=True)).round(0).to_string()
    )


if __name__ == "__main__":
    main()
