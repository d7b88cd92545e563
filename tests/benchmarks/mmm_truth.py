"""The mix model against simulated worlds whose truth is known.

Run: python tests/benchmarks/mmm_truth.py [worlds per cell]
Cells: 5 and 10 channels; true curves Hill, S-shaped, logistic; R² 0.7 and 0.9. For each: error of contributions (mean
over channels of the relative error, and total of the errors over total of the truth), coverage of 90 % intervals, error
of marginal CAC at present spend (of the logarithm, median), and whether the forecast of organic customers for the coming
quarter held the truth.
"""

from __future__ import annotations

import sys
import time
from itertools import product

import numpy as np
import pandas as pd

import mmm
from mmm.roster import hill, logistic, s_shaped
from mmm.simulate import WorldData, WorldTruth, world

CELLS = list(product((5, 10), (hill, s_shaped, logistic), (0.9, 0.7)))


def fitted(data: WorldData) -> mmm.Posterior:
    """The model with its defaults, as an analyst would first run it."""
    panel = mmm.Panel.from_frame(
        data.weekly, date="week", kpi="new_customers", spend=list(data.channels), controls=list(data.controls)
    )
    return mmm.fit(panel, mmm.Model(), seed=0)


def judged(posterior: mmm.Posterior, data: WorldData, truth: WorldTruth) -> dict[str, float]:
    """How far one fit is from one truth."""
    found, true = posterior.contributions().summary(), truth.contributions
    inside = (found["5%"] <= true) & (true <= found["95%"])
    off = (found["median"] - true).abs()
    weekly = truth.spend_now() / 13
    marginal = posterior.marginal_cac(weekly)
    known = truth.marginal_cac(weekly, weeks=1)
    low, high = np.quantile(posterior.organic(13, data.upcoming).customers, [0.05, 0.95])
    return {
        "mean error": float((off / true).mean()),
        "total error": float(off.sum() / true.sum()),
        "coverage": float(inside.mean()),
        "marginal CAC": float(np.exp((np.log(marginal["median"]) - np.log(known)).abs().median()) - 1),
        "marginal coverage": float(((marginal["5%"] <= known) & (known <= marginal["95%"])).mean()),
        "organic held": float(low <= truth.upcoming_organic.sum() <= high),
        "converged": float(posterior.converged),
    }


def main(worlds: int) -> None:
    """Print one row per cell and the pooled one."""
    rows = []
    for (channels, family, r2), seed in product(CELLS, range(worlds)):
        data, truth = world(1000 + seed, channels=channels, family=family, r2=r2)
        start = time.perf_counter()
        row = judged(fitted(data), data, truth)
        cell = {"channels": channels, "truth": family.__name__, "R²": r2, "seconds": time.perf_counter() - start}
        rows.append(cell | row)
    table = pd.DataFrame(rows)
    cells = table.groupby(["channels", "truth", "R²"], sort=False).mean()
    weights = table["channels"]
    pooled = float((table["coverage"] * weights).sum() / weights.sum())
    print(cells.round(2).to_string())
    print(
        f"\n{len(table)} worlds: 90 % intervals hold {pooled:.0%} of the true contributions; the organic forecast held"
    )
    print(f"{table['organic held'].mean():.0%}; every fit converged: {'yes' if table['converged'].all() else 'no'}.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
