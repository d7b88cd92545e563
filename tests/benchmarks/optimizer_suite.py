"""Sixty seeded plans against a dynamic-programming oracle, and the optimizer's times.

Run: python tests/benchmarks/optimizer_suite.py
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "optimizer"))
from plan_worlds import hill_world, instance, oracle

import optimizer

SUITE = 60


def timed(action: Callable[[], object], repeats: int = 3) -> tuple[object, float]:
    """The result and the least of a few times, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = action()
        times.append(time.perf_counter() - start)
    return result, min(times)


def suite() -> None:
    """Gap, bound and time of every instance, held against the oracle."""
    rows: list[tuple[bool, float, float, float, bool]] = []
    for seed in range(SUITE):
        world = instance(seed)
        plan = world.plan()
        found, seconds = timed(lambda plan=plan, world=world: plan.solve(world.curves))
        assert isinstance(found, optimizer.Allocation)
        truth = oracle(world)
        reached, most = truth.reached[-1] + world.organic, truth.at_most[-1] + world.organic
        sound = found.bound >= reached * (1 - 1e-12) and found.value <= most * (1 + 1e-12)
        rows.append((bool(world.groups), found.gap, seconds, found.value / reached - 1, sound))
        if not sound or found.gap > 1e-3:
            print("FAILED", world.name, found.gap, found.value, found.bound, reached, most)
    grouped = np.array([row[0] for row in rows])
    gaps, seconds, ahead = (np.array([row[k] for row in rows]) for k in (1, 2, 3))
    print(f"{SUITE} instances: gap <= 0.1 % on {np.mean(gaps <= 1e-3):.0%}, worst {gaps.max():.1e}")
    print(f"bounds the oracle violates: {sum(not row[4] for row in rows)}")
    print(f"value against the oracle's best on its grid: {ahead.min():+.1e} to {ahead.max():+.1e}")
    for label, chosen in (("one budget row", ~grouped), ("with groups", grouped)):
        print(f"{label}: median {1e3 * np.median(seconds[chosen]):.1f} ms, worst {1e3 * seconds[chosen].max():.1f} ms")


def speed() -> None:
    """Times of large plans."""
    for channels, draws, shape in ((10, 4000, "mixed"), (20, 1000, "mixed"), (100, 0, "mixed"), (10_000, 0, "mixed")):
        curves = hill_world(1, channels, shape, draws)
        plan = optimizer.Plan(maximize=optimizer.Customers(), subject_to=[optimizer.Budget(at_most=1e6)])
        found, seconds = timed(lambda plan=plan, curves=curves: plan.solve(curves), repeats=1 if channels > 1000 else 3)
        assert isinstance(found, optimizer.Allocation)
        print(f"{channels} channels x {max(draws, 1)} draws: {seconds:.3f} s, gap {found.gap:.1e}")


if __name__ == "__main__":
    suite()
    speed()
