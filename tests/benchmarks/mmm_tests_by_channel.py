"""One lift test at a time, of every channel: what a true one gains, what one twice and ten times too high costs.

Run: python tests/benchmarks/mmm_tests_by_channel.py [--worlds 4] [--channels 6]

Simulated companies as in mmm_tests.py, fitted by previews. For each channel and factor: change of the error of
contributions weighted by spend against no test, mean and worst of the worlds, and how often the test is named.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import mmm
from mmm.simulate.lift_tests import lift_tests
from mmm.simulate.weekly_world import WorldTruth, world

FIRST_SEED = 3000


def fitted(panel: mmm.Panel, truth: WorldTruth, tests: tuple[mmm.LiftTest, ...]) -> tuple[float, bool]:
    """Error weighted by spend, and whether a conflict is named."""
    posterior = mmm.preview(panel, mmm.Model(lift_tests=tests), draws=400)
    channels = list(panel.channels)
    middle = np.median(posterior.contributions()[channels].to_numpy(), axis=0)
    error = np.abs(middle / truth.contributions[channels].to_numpy() - 1)
    named = any(finding.name == "test_conflicts" and not finding.passed for finding in posterior.verdict)
    return float(np.average(error, weights=panel.total_spend)), named


def main() -> None:
    """Fit every world with every test and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=4)
    parser.add_argument("--channels", type=int, default=6)
    given = parser.parse_args()
    rows = []
    for seed in range(FIRST_SEED, FIRST_SEED + given.worlds):
        data, truth = world(seed, channels=given.channels)
        panel = mmm.Panel.from_frame(
            data.weekly, "week", "new_customers", list(data.channels), controls=list(data.controls)
        )
        none, _ = fitted(panel, truth, ())
        for row in lift_tests(truth, list(truth.spend)).to_dict("records"):
            for factor in (1, 2, 10):
                test = mmm.LiftTest(**{**row, "customers_gained": factor * row["customers_gained"]})
                error, named = fitted(panel, truth, (test,))
                rows.append({"channel": row["channel"], "times": factor, "harm": error - none, "named": named})
    groups = pd.DataFrame(rows).groupby(["channel", "times"])
    table = groups.agg(mean=("harm", "mean"), worst=("harm", "max"), named=("named", "mean"))
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
