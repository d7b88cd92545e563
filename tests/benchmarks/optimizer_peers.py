"""How other allocators search, rebuilt: the same curves, budget and bounds for all.

The packages themselves are not called. SLSQP is called as PyMC-Marketing's BudgetOptimizer calls it: spend in currency
from an even split, the budget as an equality, analytic gradients, ftol 1e-9, at most 1,000 steps. The grid walk is
Meridian's: from zero, again and again the step to the grid point of the best return per unit of currency, until the
first step that overshoots the budget.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from plan_worlds import Instance, instance
from scipy.optimize import minimize

GRID = 10_000  # steps in the budget, Meridian's gtol of 0.0001


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


def grid_walk(world: Instance) -> np.ndarray:
    """The greedy grid walk's allocation: each S-shaped curve's best chord from zero, then single steps."""
    step = world.budget / GRID
    owner, gain, width = [], [], []
    for channel, (curve, most) in enumerate(zip(world.curves.values(), world.upper, strict=True)):
        won = curve(step * np.arange(int(min(most, world.budget) / step) + 1))
        first = 1 + int(np.argmax(won[1:] / np.arange(1, len(won))))
        widths = np.concatenate(([first], np.ones(len(won) - 1 - first)))
        gain.append(np.concatenate(([won[first]], np.diff(won[first:]))) / widths)
        width.append(widths * step)
        owner.append(np.full(len(widths), channel))
    order = np.argsort(-np.concatenate(gain), kind="stable")
    taken = np.concatenate(width)[order]
    count = int(np.searchsorted(np.cumsum(taken), world.budget * (1 + 1e-12), side="right"))
    return np.bincount(np.concatenate(owner)[order][:count], taken[:count], minlength=len(world.curves))


def spendable(seed: int) -> Instance:
    """The instance of a seed without groups and entry prices, its budget no more than the bounds can take."""
    world = instance(seed)
    budget = min(world.budget, 0.95 * float(world.upper.sum()))
    return replace(world, groups=(), entry=np.zeros(len(world.curves)), budget=budget)


def compare(count: int) -> None:
    """Print how many allocations are within 0.1 % of the certified optimum, and the worst loss."""
    ways = {
        "hulls, branch and bound": None,
        "SLSQP as PyMC-Marketing calls it": slsqp,
        "the same, customers in units of 10,000": lambda world: slsqp(world, 1e-4),
        "SLSQP, spend and customers scaled": lambda world: slsqp(world, is_scaled=True),
        "greedy grid walk, as Meridian's": grid_walk,
    }
    short: dict[str, list[float]] = {name: [] for name in ways}
    unspent: list[float] = []
    for seed in range(count):
        world = spendable(seed)
        plan = world.plan()
        best = plan.solve(world.curves, gap=1e-4)
        for name, allocate in ways.items():
            spend = best.spend.to_numpy() if allocate is None else allocate(world)
            won = sum(float(curve(x)) for curve, x in zip(world.curves.values(), spend, strict=True))
            short[name].append(1 - won / (best.bound - world.organic))
            if allocate is grid_walk:
                unspent.append(1 - spend.sum() / world.budget)
    print(f"\n{count} plans of one budget and bounds, paid customers against the proven bound")
    print(f"{'':42}within 0.1 %   worst loss")
    for name, losses in short.items():
        missed = np.array(losses)
        print(f"{name:42}{np.mean(missed <= 1e-3):12.0%}   {missed.max():10.2%}")
    print(f"The grid walk left up to {max(unspent):.0%} of the budget unspent.")
    print("Peers' searches are rebuilt from how the packages call them; the packages themselves were not run.")
