"""Sixty seeded plans against a dynamic-programming oracle, and the optimizer's times.

Run: python tests/benchmarks/optimizer_suite.py [--pymc-marketing PYTHON] [--meridian PYTHON]

Without the pythons of environments that hold the peers, environments are made beside; that takes minutes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "optimizer"))
sys.path.insert(0, str(Path(__file__).parent))
from optimizer_peers import compare
from plan_worlds import hill_world, instance, oracle

import optimizer
from mmm.curves import Exponential, ResponseCurves

SUITE = 60


def timed(action: Callable[[], object], repeats: int = 3) -> tuple[object, float]:
    """The result and the least processor time of a few runs, in seconds: a busy machine disturbs it little."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = action()
        times.append(time.process_time() - start)
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
    changed, _ = optimizer.BudgetOf(1.1e6).applied(plan, small)
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


def pulses() -> None:
    """Weeks of S-shaped curves with carryover: the gap that remains for each question in the default time."""
    for seed, shape, weeks, channels in (
        (0, "mixed", 13, 5),
        (1, "s-shaped", 13, 5),
        (2, "mixed", 13, 5),
        (3, "s-shaped", 52, 20),
        (3, "s-shaped", 52, 50),
    ):
        curves, rng = hill_world(seed, channels, shape, budget=1e6 / 52), np.random.default_rng(seed)
        rates = rng.uniform(0.2, 0.8, channels)
        lags = {channel: (1 - r) * r ** np.arange(8) for channel, r in zip(curves, rates, strict=True)}
        flight, budget = optimizer.Flight(curves, weeks, lags), optimizer.Budget(at_most=1e6 * weeks / 52)
        plan = optimizer.Plan(maximize=optimizer.Customers(organic=100), subject_to=budget)
        most = flight.solve(plan, time_limit=0)
        goal = optimizer.Customers(at_least=most.customers / 2)
        questions = {
            "most customers": plan,
            "half of them for least": optimizer.Plan(minimize=optimizer.Spend(organic=100), subject_to=[budget, goal]),
            "blended CAC": optimizer.Plan(minimize=optimizer.BlendedCAC(5e4, organic=100), subject_to=budget),
            "profit": optimizer.Plan(maximize=optimizer.Profit(150, organic=100), subject_to=budget),
        }
        print(f"{weeks} weeks x {channels} {shape} channels:", end="")
        for name, plan in questions.items():
            start = time.perf_counter()
            found = flight.solve(plan)
            print(f" {name}, gap {found.gap:.2%} ({time.perf_counter() - start:.1f} s);", end="", flush=True)
        print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for peer in ("pymc-marketing", "meridian"):
        parser.add_argument(f"--{peer}", default="")
    asked = parser.parse_args()
    suite()
    compare(SUITE, {"pymc-marketing": asked.pymc_marketing, "meridian": asked.meridian})
    speed()
    weeks()
    pulses()
