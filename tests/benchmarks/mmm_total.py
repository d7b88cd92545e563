"""Beliefs about how much media bring: worlds where they bring 5 to 80 %, and channels cut into parts.

Run: python tests/benchmarks/mmm_total.py [--worlds 6] [--shares 0.05,0.1,0.3,0.5,0.8] [--cuts 4]

Six channels, R² 0.9, true Hill curves. For independent beliefs on channels (``SpendInformed``) and for a total and its
split (``TotalAndSplit``, the default): the total over the true one, its mean with standard error and the middle of all
worlds, how often its 90 % interval holds the truth, error of contributions weighted by their size and as a logarithm,
coverage, and channels confidently wrong (outside the interval and off by more than 25 %). Then tv or generic search is
cut into five equal parts: width of the 90 % interval of the parts' sum over that of the whole, both of the logarithm,
and the same of the total of all media.

Exit code 1 where the default's total is covered in fewer than five worlds of six at the least share or at the largest,
or its bias leaves plus or minus 15 % over all worlds.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np
import pandas as pd

import mmm
from mmm.model.effects import Effects
from mmm.simulate.weekly_world import WorldData, world

SHARES = "0.05,0.1,0.3,0.5,0.8"
BELIEFS: dict[str, Effects] = {"independent": mmm.SpendInformed(), "total and split": mmm.TotalAndSplit()}
DEFAULT = "total and split"


def contributions(data: WorldData, weekly: pd.DataFrame, channels: list[str], effects: Effects) -> pd.DataFrame:
    """Draws of what each channel brought."""
    panel = mmm.Panel.from_frame(weekly, date="week", kpi="new_customers", spend=channels, controls=list(data.controls))
    return mmm.fit(panel, mmm.Model(effects=effects), seed=1).contributions()[channels]


def judged(draws: pd.DataFrame, true: pd.Series) -> dict[str, float]:
    """One fit against the truth."""
    low, mid, high = draws.quantile([0.05, 0.5, 0.95]).to_numpy()
    known = true[list(draws.columns)].to_numpy(dtype=float)
    total, held = draws.sum(axis=1), (low <= known) & (known <= high)
    ends = np.quantile(total, [0.05, 0.95])
    return {
        "total over true": float(np.median(total) / known.sum()),
        "total held": float(ends[0] <= known.sum() <= ends[1]),
        "weighted error": float(np.abs(mid - known).sum() / known.sum()),
        "log error": float(np.abs(np.log(mid / known)).mean()),
        "covered": float(held.mean()),
        "confidently wrong": float((~held & (np.abs(mid / known - 1) > 0.25)).sum()),
    }


def levels(worlds: int, shares: list[float]) -> pd.DataFrame:
    """Means by belief and by how much media bring."""
    rows: list[dict[str, Any]] = []
    for share in shares:
        for seed in range(worlds):
            data, truth = world(500 + seed, channels=6, media_share=share)
            for name, effects in BELIEFS.items():
                draws = contributions(data, data.weekly, list(data.channels), effects)
                rows.append({"belief": name, "media": share, **judged(draws, truth.contributions)})
    groups = pd.DataFrame(rows).groupby(["belief", "media"], sort=False)
    table, total = groups.mean(), groups["total over true"]
    table.insert(1, "± error", total.sem())
    table.insert(2, "middle", total.median())
    return table


def width(draws: pd.Series) -> float:
    """Of the 90 % interval of the logarithm."""
    low, high = np.quantile(np.log(draws), [0.05, 0.95])
    return float(high - low)


def cuts(worlds: int) -> pd.DataFrame:
    """How much narrower a channel gets by being cut into five."""
    rows: list[dict[str, Any]] = []
    for seed in range(worlds):
        data, _ = world(700 + seed, channels=6)
        for name, effects in BELIEFS.items():
            whole = contributions(data, data.weekly, list(data.channels), effects)
            for channel in ("tv", "generic_search"):
                parts = [f"{channel}_{part}" for part in range(5)]
                cut = data.weekly.drop(columns=channel).assign(**dict.fromkeys(parts, data.weekly[channel] / 5))
                rest = [other for other in data.channels if other != channel]
                pieces = contributions(data, cut, [*rest, *parts], effects)
                ratio = {
                    "parts over whole": width(pieces[parts].sum(axis=1)) / width(whole[channel]),
                    "total over total": width(pieces.sum(axis=1)) / width(whole.sum(axis=1)),
                }
                rows.append({"belief": name, **ratio})
    return pd.DataFrame(rows).groupby("belief", sort=False).mean()


def main() -> int:
    """Print both tables and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=6, help="of each level")
    parser.add_argument("--shares", default=SHARES, help="of customers that media bring, joined by commas")
    parser.add_argument("--cuts", type=int, default=4, help="worlds in which channels are cut")
    given = parser.parse_args()
    shares = sorted(map(float, given.shares.split(",")))
    table = levels(given.worlds, shares)
    print(f"{given.worlds} worlds a row, means:\n{table.round(2).to_string()}\n")
    print(f"Over all:\n{table.groupby('belief', sort=False).mean().round(3).to_string()}\n")
    if given.cuts:
        print(f"Width of 90 % intervals after a cut into five:\n{cuts(given.cuts).round(2).to_string()}\n")
    ours = table.loc[DEFAULT]
    ends = ours.loc[[shares[0], shares[-1]], "total held"].min()
    bias = ours["total over true"].mean() - 1
    holds = ends >= 5 / 6 - 1e-9 and abs(bias) <= 0.15
    print(f"{'holds' if holds else 'FAILS'}: total held {ends:.2f} at the ends, bias {bias:+.2f} over all")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
