"""How far noise alone moves channels of a world in which nothing is wrong.

Run: python tests/benchmarks/mmm_noise.py [--seed 2] [--noises 12]

The world ``clean`` of mmm_silent. Our default fit stands beside a reader who knows all but sizes: least squares of the
KPI on every channel's true response by week, the true baseline and a constant, which leaves one factor a channel to
learn. Then the same weeks get no noise, and so many other draws of noise of the same size, and both are asked again.
Everything is said as a multiple of the truth, with 90 % intervals; confidently wrong is off by more than a quarter and
outside.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from mmm_silent import generators
from mmm_verdicts import OFF, POINTS
from scipy.stats import t as student

import mmm


def known(kpi: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Points of each channel's multiple, 3 x channels; columns are the channels', the baseline, a constant."""
    sizes, (left,), _, _ = np.linalg.lstsq(columns, kpi, rcond=None)
    free = len(kpi) - columns.shape[1]
    errors = np.sqrt(left / free * np.diag(np.linalg.inv(columns.T @ columns)))
    return (sizes + np.outer(student.ppf(POINTS, free), errors))[:, :-2]


def asked(table: pd.DataFrame, channels: list[str], controls: list[str], true: pd.Series) -> np.ndarray:
    """Points of each channel's multiple by our default fit, 3 x channels."""
    panel = mmm.Panel.from_frame(table, "week", "new_customers", channels, controls=controls)
    brought = mmm.fit(panel, seed=1).contributions()[channels]
    return np.quantile(brought.to_numpy() / true.to_numpy(), POINTS, axis=0)


def main() -> None:
    """Print the world as it is, and what other noise makes of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--noises", type=int, default=12)
    given = parser.parse_args()
    made = generators().build("clean", seed=given.seed)
    spend, channels, controls = made.spend.to_numpy(dtype=float), list(made.spend), list(made.controls)
    weeks = pd.concat([made.spend, made.controls], axis=1).reset_index(drop=True).assign(week=made.weeks)
    baseline = made.response_fn(np.zeros_like(spend))
    alone = [made.response_fn(spend * (np.arange(len(channels)) == place)) - baseline for place in range(len(channels))]
    columns = np.column_stack([*alone, baseline, np.ones(len(baseline))])
    true = made.true_contribution[channels].astype(float)
    mean, size = made.response_fn(spend), float(np.std(made.y - made.response_fn(spend)))
    rng = np.random.default_rng([given.seed, 1])  # the world drew its own noise from its seed
    others = [mean + rng.normal(0, size, len(mean)) for _ in range(given.noises)]
    wrong = {"ours": [], "all but sizes known": []}
    kinds = {"as it is": made.y.to_numpy(), "without noise": mean}
    for kind, kpi in (kinds | {f"other noise {draw}": kpi for draw, kpi in enumerate(others, 1)}).items():
        points = {
            "ours": asked(weeks.assign(new_customers=kpi), channels, controls, true),
            "all but sizes known": known(kpi, columns),
        }
        for reader, (low, mid, high) in points.items():
            out = (low > 1) | (high < 1)
            wrong[reader].append(np.column_stack([out, out & (np.abs(mid - 1) > OFF)]))
            text = ", ".join(
                f"{name} {m:.2f} ({a:.2f} to {b:.2f})" for name, a, m, b in zip(channels, low, mid, high, strict=True)
            )
            print(f"{kind}, {reader}: {text}", flush=True)
    for reader, counts in wrong.items() if others else ():
        held, sure = 1 - np.mean(counts[len(kinds) :], axis=(0, 1))[0], np.sum(counts[len(kinds) :], axis=(0, 1))[1]
        print(f"{reader}, other noise: {held:.0%} held, {sure} of {len(others) * len(channels)} confidently wrong")


if __name__ == "__main__":
    main()
