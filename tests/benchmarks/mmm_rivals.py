"""What other readings of the weeks find on simulated companies: verdicts, unresolved channels, coverage of the pool.

Run: python tests/benchmarks/mmm_rivals.py [--family hill] [--delay 0] [--channels 6] [--seeds 6]

Prints one line a world and the means: the share of contributions inside their 90 % interval and the mean absolute
error, of the model alone, of the pooled draws, and of pools with equal weights and with weights by the chance to
predict best; readings refuted and better; channels that are named.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import pandas as pd

import mmm
from mmm.checks.rival_scores import bootstrapped_weights
from mmm.simulate import channels as families


def company(seed: int, family: str, channels: int, delay: float) -> tuple[mmm.Panel, pd.Series]:
    """A company's panel, and the customers that each channel truly brought."""
    data, truth = mmm.simulate.world(seed=seed, channels=channels, family=getattr(families, family))
    table, brought = data.weekly.copy(), truth.effects[list(data.channels)]
    if delay:
        kernel = 0.7 ** ((np.arange(13) - delay) ** 2)
        late = {}
        for medium in truth.media:
            spend = truth.spend[medium.name].to_numpy()
            before = np.full(12, spend[:13].mean())
            stock = np.convolve(np.concatenate([before, spend]), kernel / kernel.sum())[12 : 12 + len(spend)]
            late[medium.name] = medium.curve(getattr(families, family))(stock)
        moved = pd.DataFrame(late, index=brought.index)
        change = np.round((moved - brought).sum(axis=1).to_numpy())
        table["new_customers"] = np.maximum(table["new_customers"] + change, 0)
        brought = moved
    panel = mmm.Panel.from_frame(
        table, date="week", kpi="new_customers", spend=list(data.channels), controls=list(data.controls)
    )
    return panel, brought.sum()


def line(seed: int, family: str, channels: int, delay: float) -> dict[str, object]:
    """One world: seconds, coverage and error of the model and of the pool, verdicts, channels named."""
    panel, truth = company(seed, family, channels, delay)
    posterior = mmm.fit(panel, seed=seed)
    begun = time.perf_counter()
    found = mmm.rivals(posterior)
    row: dict[str, object] = {"seed": seed, "seconds": time.perf_counter() - begun}
    pool = found.pooled()
    scores = [found.left_out, *(rival.left_out for rival in found.fitted if rival.counts)]
    chances = bootstrapped_weights(np.stack([one.log_density for one in scores], axis=1))
    pools = {
        "pooled": pool,
        "equal": replace(pool, parts=np.ones(len(scores))),
        "by chance": replace(pool, parts=chances),
    }
    for name, answer in {"model": posterior, **pools}.items():
        customers = answer.contributions()[list(truth.index)]
        low, middle, high = (customers.quantile(point) for point in (0.05, 0.5, 0.95))
        row[f"{name} inside"] = float(((low <= truth) & (truth <= high)).mean())
        row[f"{name} error"] = float((middle / truth - 1).abs().mean())
    verdicts = found.scores["verdict"]
    row["refuted"] = ", ".join(verdicts.index[verdicts == "refuted"])
    row["better"] = ", ".join(verdicts.index[verdicts == "fits better"])
    row["named"] = ", ".join(sorted({channel for finding in found.findings for channel in finding.channels}))
    return row


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", default="hill", choices=["hill", "s_shaped", "logistic"])
    parser.add_argument("--delay", type=float, default=0.0, help="weeks after which effects peak; 0 for geometric")
    parser.add_argument("--channels", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=6)
    given = parser.parse_args()
    table = pd.DataFrame([line(seed, given.family, given.channels, given.delay) for seed in range(given.seeds)])
    with pd.option_context("display.width", 200, "display.max_columns", 20, "display.precision", 2):
        print(table.to_string(index=False))
        print(table.select_dtypes(np.number).drop(columns="seed").mean().round(3).to_string())
    flagged = table["named"].str.split(", ").map(lambda names: sum(bool(name) for name in names)).sum()
    print(f"channels named: {flagged} of {given.channels * given.seeds}")
