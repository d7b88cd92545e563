"""What moves from one weekly refresh to the next, on simulated companies that do not change.

Run: python tests/benchmarks/cycle_refresh.py [--seeds 2] [--refreshes 4] [--weeks 1] [--channels 5] [--draws 1000]

Each company is fitted up to some weeks before its last, and again after every further ``--weeks``; nothing else
changes, and its true curves stay. At each refresh the plan for 13 weeks is most customers for the same money, channels
within half of it, at a spend that stays put, so that plans move only by what is believed. Printed are medians, means
and the range over refreshes: how far channels' shares of credited customers move, the overlap of their 90 % intervals of CAC
and of densities, churn of the plan, the Monte Carlo error of a share of the plan, and the share of changes of CAC that
lie within Monte Carlo error. Last, the same under another seed and no new week: what is within the stated error then
has to be about 90 % of all changes. Exit code 1 where parts miss a change by more than 1e-9 of the figure.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd

import mmm
from mmm.simulate.weekly_world import world
from optimizer import Belief, Budget, Channel, Customers, Plan, churn, what_moved
from optimizer.cycle.monte_carlo import rows_without

CHAINS, HORIZON = 4, 13
QUIET = {"chains": CHAINS, "tune": 1000}


def belief(posterior: mmm.Posterior, because: str, now: pd.Series) -> Belief:
    """A fit, and the plan made of it."""
    curves = posterior.curves(HORIZON)

    def planned(curves: mmm.ResponseCurves) -> pd.Series:
        limits = [Budget(exactly=float(now.sum())), *(Channel(name).relative(0.5, 1.5) for name in curves)]
        return Plan(maximize=Customers(), subject_to=limits, now=now).solve(curves).spend

    without = pd.DataFrame([planned(curves.take(rows)) for rows in rows_without(posterior.n_draws, CHAINS)])
    organic = posterior.organic(HORIZON).predicted
    return Belief(because, curves, organic, planned(curves), without.reset_index(drop=True))


def compared(old: mmm.Posterior, new: mmm.Posterior, because: str) -> tuple[dict[str, float], float]:
    """Figures of one refresh, and by how much parts miss a change."""
    now = old.panel.recent_spend() * HORIZON
    first, last = belief(old, "", now), belief(new, because, now)
    frame = what_moved([first, last], now).to_frame()
    parts = frame.filter(like="part: ").sum(axis=1)
    misses = float((np.abs(parts - frame["change"]) / np.maximum(frame["new"].abs(), 1e-300)).max())
    cac, plan = frame[frame["figure"] == "cac"], frame[frame["figure"] == "planned_share"]
    credited = [one.contributions().mean() for one in (old, new)]
    moved = np.abs(credited[1] / credited[1].sum() - credited[0] / credited[0].sum())
    return {
        "share of credit moves, largest channel": float(moved.max()),
        "share of credit moves, mean channel": float(moved.mean()),
        "CAC moves, mean channel": float((cac["change"] / cac["old"]).abs().mean()),
        "overlap of intervals, least": float(cac["overlap"].min()),
        "overlap of densities, least": float(cac["density_overlap"].min()),
        "churn of the plan": churn(first.plan, last.plan),  # type: ignore[arg-type]
        "Monte Carlo error of a planned share": float(plan["monte_carlo"].max()),
        "changes within Monte Carlo error": float(cac["within_monte_carlo"].mean()),
    }, misses


def refreshes(seed: int, arguments: argparse.Namespace) -> Iterator[tuple[str, dict[str, float], float]]:
    """Each refresh of one company, then another seed on the last table."""
    data, _ = world(seed, channels=arguments.channels)
    names = [name for name in data.weekly.columns if name in set(world(seed, channels=arguments.channels)[1].curves())]
    controls = [c for c in data.upcoming.columns if c not in ("week", *names) and c in data.weekly.columns]
    panel = mmm.Panel.from_frame(data.weekly, "week", "new_customers", names, controls=controls)
    first = panel.periods - arguments.refreshes * arguments.weeks
    fitted = None
    for end in range(first, panel.periods + 1, arguments.weeks):
        own = mmm.fit(panel.select(0, end), draws=arguments.draws, seed=seed, **QUIET)  # type: ignore[arg-type]
        if fitted is not None:
            yield ("new weeks", *compared(fitted, own, "new weeks"))
        fitted = own
    if fitted is not None:
        other = mmm.fit(panel, draws=arguments.draws, seed=seed + 1000, **QUIET)  # type: ignore[arg-type]
        yield ("another seed", *compared(fitted, other, "seed"))


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("seeds", 2), ("refreshes", 4), ("weeks", 1), ("channels", 5), ("draws", 1000)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    arguments = parser.parse_args()
    start, rows, worst = time.perf_counter(), [], 0.0
    for seed in range(arguments.seeds):
        for kind, figures, misses in refreshes(seed, arguments):
            rows.append({"kind": kind, **figures})
            worst = max(worst, misses)
    for kind, part in pd.DataFrame(rows).groupby("kind", sort=False):
        table = part.drop(columns="kind")
        print(f"\n{kind}: {len(table)} refreshes")
        print(table.agg(["median", "mean", "min", "max"]).T.round(4).to_string())
    print(f"\nparts miss a change by {worst:.1g} of the figure at most; {time.perf_counter() - start:.0f} s")
    return int(worst > 1e-9)


if __name__ == "__main__":
    sys.exit(main())
