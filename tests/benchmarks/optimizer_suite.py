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
from mmm.curves import Exponential, ResponseCurve, ResponseCurves

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


def peers() -> None:
    """SciPy's SLSQP from an even split, as most allocators call it, on the same curves and limits."""
    from scipy.optimize import minimize

    short = []
    for seed in range(SUITE):
        world = instance(seed)
        if world.groups or world.entry.any():
            continue
        channels = list(world.curves.values())
        best = world.plan().solve(world.curves)

        def loss(spend: np.ndarray, channels: list[ResponseCurve] = channels) -> float:
            return -sum(float(curve(max(x, 0.0))) for curve, x in zip(channels, spend, strict=True))

        start = np.minimum(world.budget / len(channels), world.upper)
        found = minimize(
            loss,
            start,
            method="SLSQP",
            bounds=[(0, most) for most in world.upper],
            constraints={"type": "ineq", "fun": lambda spend, world=world: world.budget - spend.sum()},
        )
        short.append(1 + loss(np.clip(found.x, 0, world.upper)) / (best.bound - world.organic))
    missed = np.array(short)
    print(
        f"SLSQP on {len(missed)} plain instances: within 0.1 % on {np.mean(missed <= 1e-3):.0%}, "
        f"worst loss of paid customers {missed.max():.0%}"
    )


def speed() -> None:
    """Times of large plans."""
    plan = optimizer.Plan(maximize=optimizer.Customers(), subject_to=[optimizer.Budget(at_most=1e6)])
    for channels, draws in ((10, 4000), (20, 1000), (100, 0), (10_000, 0)):
        curves = hill_world(1, channels, "mixed", draws)
        found, seconds = timed(lambda curves=curves: plan.solve(curves), repeats=1 if channels > 1000 else 3)
        assert isinstance(found, optimizer.Allocation)
        print(f"{channels} channels x {max(draws, 1)} draws: {seconds:.3f} s, gap {found.gap:.1e}")
    curves = hill_world(1, 20, "concave", 1000)
    found, seconds = timed(lambda: optimizer.Pessimistic(plan).solve(curves))
    assert isinstance(found, optimizer.Allocation)
    print(f"20 channels x 1000 draws, worst 10 %: {seconds:.3f} s, gap {found.gap:.1e}")
    small = hill_world(1, 10, "mixed", 1000)
    changed = plan.with_budget(optimizer.Budget(at_most=1.1e6))
    _, seconds = timed(lambda: changed.solve(small))
    print(f"10 channels x 1000 draws, changed budget: {seconds:.3f} s")
    small = hill_world(1, 10, "mixed")
    _, seconds = timed(lambda: changed.solve(small))
    print(f"10 channels, changed budget: {seconds:.3f} s")


def weeks() -> None:
    """A year of 50 channels with carryover and pacing."""
    rng = np.random.default_rng(0)
    curves = ResponseCurves(
        {f"channel {i}": Exponential(rng.uniform(5, 50), 20_000 * rng.uniform(0.01, 0.1)) for i in range(50)}
    )
    lags = {channel: (1 - r) * r ** np.arange(8) for channel, r in zip(curves, rng.uniform(0.2, 0.7, 50), strict=True)}
    flight = optimizer.Flight(curves, 52, lags)
    plan = optimizer.Plan(
        maximize=optimizer.Customers(), subject_to=[optimizer.Budget(at_most=1e6), optimizer.Pacing(0.3)]
    )
    found, seconds = timed(lambda: flight.solve(plan), repeats=2)
    assert isinstance(found, optimizer.FlightPlan)
    print(f"52 weeks x 50 channels, carryover and pacing: {seconds:.2f} s, gap {found.gap:.1e}")


if __name__ == "__main__":
    suite()
    peers()
    speed()
    weeks()
