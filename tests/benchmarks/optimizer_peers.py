"""Other allocators on the same curves, budget and bounds: the peers' own packages, and SciPy's SLSQP.

SLSQP is called as PyMC-Marketing's BudgetOptimizer calls it: spend in currency from an even split, the budget as an
equality, analytic gradients, ftol 1e-9, at most 1,000 steps. The packages are asked in environments of their own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from optimizer_packages import allocations
from plan_worlds import Instance, instance
from scipy.optimize import minimize


def slsqp(world: Instance, response: float = 1.0, *, is_scaled: bool = False) -> np.ndarray:
    """SLSQP's allocation, customers multiplied by ``response``, spend in currency or as shares of the budget."""
    channels, budget = list(world.curves.values()), world.budget
    money = budget if is_scaled else 1.0
    size = 1 / sum(float(curve(budget)) for curve in channels) if is_scaled else response

    def loss(amounts: np.ndarray) -> tuple[float, np.ndarray]:
        pairs = [curve.value_and_slope(money * max(x, 0.0)) for curve, x in zip(channels, amounts, strict=True)]
        slopes = np.nan_to_num([float(pair[1]) for pair in pairs], posinf=1e6)
        return -size * sum(float(pair[0]) for pair in pairs), -size * money * slopes

    found = minimize(
        loss,
        np.minimum(budget / len(channels), world.upper) / money,
        jac=True,
        method="SLSQP",
        bounds=[(0, most / money) for most in world.upper],
        constraints={"type": "eq", "fun": lambda x: x.sum() - budget / money, "jac": np.ones_like},
        options={"ftol": 1e-9, "maxiter": 1000},
    )
    spend = np.clip(money * found.x, 0, world.upper)
    return spend * min(1.0, budget / max(spend.sum(), 1e-300))


def spendable(seed: int) -> Instance:
    """The instance of a seed without groups and entry prices, its budget no more than the bounds can take."""
    world = instance(seed)
    budget = min(world.budget, 0.95 * float(world.upper.sum()))
    return replace(world, groups=(), entry=np.zeros(len(world.curves)), budget=budget)


def compare(count: int, pythons: dict[str, str]) -> None:
    """Print how many allocations are within 0.1 % of the certified optimum, the worst loss, and times."""
    worlds = [spendable(seed) for seed in range(count)]
    best, ours = [], []
    for world in worlds:
        plan = world.plan()
        start = time.process_time()
        best.append(plan.solve(world.curves, gap=1e-4))
        ours.append(time.process_time() - start)
    print(f"\n{count} plans of one budget and bounds, paid customers against the proven bound")
    print(f"{'':44}within 0.1 %   worst loss   no answer   median time")
    _row("hulls, branch and bound", worlds, best, [plan.spend.to_numpy() for plan in best], ours)
    ways: dict[str, Callable[[Instance], np.ndarray]] = {
        "SciPy SLSQP as PyMC-Marketing calls it": slsqp,
        "the same, customers in units of 10,000": lambda world: slsqp(world, 1e-4),
        "SciPy SLSQP, spend and customers scaled": lambda world: slsqp(world, is_scaled=True),
    }
    for name, allocate in ways.items():
        spends, seconds = [], []
        for world in worlds:
            start = time.process_time()
            spends.append(allocate(world))
            seconds.append(time.process_time() - start)
        _row(name, worlds, best, spends, seconds)
    for name, answer in allocations(worlds, pythons).items():
        if "failed" in answer:
            print(f"{name:44}not asked: {answer['failed']}")
            continue
        version = " ".join(answer["versions"].values())
        _row(f"{name}, {version}", worlds, best, answer["spends"], answer["seconds"])


def _row(name: str, worlds: list[Instance], best: list, spends: list, seconds: list[float]) -> None:
    """One line of the table; allocations that round the budget up are scaled back to it."""
    lost = []
    for world, plan, spend in zip(worlds, best, spends, strict=True):
        if spend is None:
            continue
        amounts = np.clip(spend, 0, world.upper)
        amounts *= min(1.0, world.budget / max(amounts.sum(), 1e-300))
        won = sum(float(curve(x)) for curve, x in zip(world.curves.values(), amounts, strict=True))
        lost.append(1 - won / (plan.bound - world.organic))
    losses, silent = np.array(lost), len(worlds) - len(lost)
    within = (losses <= 1e-3).sum() / len(worlds)
    print(
        f"{name:44}{within:12.0%}   {losses.max():10.2%}   {silent:9}   {1e3 * np.median(seconds):8.1f} ms", flush=True
    )
