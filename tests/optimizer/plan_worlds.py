"""Seeded plan instances and an oracle that shares nothing with the solvers: dynamic programming on a grid of money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import optimizer
from mmm.curves import Exponential, Hill, Logistic, MichaelisMenten, Power, ResponseCurves

SHAPES = ("concave", "mixed", "s-shaped")


@dataclass(frozen=True)
class Instance:
    """A world and its limits: a budget, upper bounds, disjoint groups with caps, prices of entry."""

    name: str
    curves: ResponseCurves
    budget: float
    upper: np.ndarray
    entry: np.ndarray
    groups: tuple[tuple[tuple[str, ...], float], ...]
    organic: float
    fixed_cost: float

    def limits(self) -> list[optimizer.Constraint]:
        constraints: list[optimizer.Constraint] = []
        for channel, most, entry in zip(self.curves, self.upper, self.entry, strict=True):
            if entry > 0:
                constraints.append(optimizer.Channel(channel).zero_or_at_least(entry, at_most=most))
            else:
                constraints.append(optimizer.Channel(channel).at_most(most))
        for number, (members, cap) in enumerate(self.groups):
            constraints.append(optimizer.Group(f"group {number}", members).at_most(cap))
        return constraints

    def plan(self) -> optimizer.Plan:
        return optimizer.Plan(
            maximize=optimizer.Customers(organic=self.organic, fixed_cost=self.fixed_cost),
            subject_to=[optimizer.Budget(at_most=self.budget), *self.limits()],
        )


def hill_world(seed: int, channels: int, shape: str = "mixed", draws: int = 0, budget: float = 1e6) -> ResponseCurves:
    """Hill curves around a budget: slopes 0.6 to 1 (concave), 1.3 to 3 (s-shaped), or both."""
    rng = np.random.default_rng(seed)
    typical = rng.lognormal(0, 0.8, channels)
    typical *= budget / typical.sum()
    concave = {"concave": 1.0, "mixed": 0.5, "s-shaped": 0.0}[shape]
    slope = np.where(rng.random(channels) < concave, rng.uniform(0.6, 1, channels), rng.uniform(1.3, 3, channels))
    half = np.minimum(typical * rng.lognormal(0, 0.4, channels), typical * 6 ** (1 / slope))
    cac = rng.lognormal(np.log(60), 0.4, channels)
    ceiling = typical / cac * (1 + (half / typical) ** slope)
    if not draws:
        return ResponseCurves({f"channel {i}": Hill(ceiling[i], half[i], slope[i]) for i in range(channels)})
    noise = np.exp(rng.normal(0, 0.2, (3, channels, draws)) * np.array([1, 1, 0.4])[:, None, None])
    return ResponseCurves(
        {
            f"channel {i}": Hill(ceiling[i] * noise[0, i], half[i] * noise[1, i], slope[i] * noise[2, i])
            for i in range(channels)
        }
    )


def family_world(seed: int, budget: float = 1e6) -> ResponseCurves:
    """One channel of each concave family."""
    rng = np.random.default_rng(seed)
    ceiling, half = rng.uniform(500, 5000, 5), budget * rng.uniform(0.05, 0.5, 5)
    return ResponseCurves(
        {
            "exponential": Exponential(ceiling[0], half[0]),
            "logistic": Logistic(ceiling[1], half[1]),
            "michaelis_menten": MichaelisMenten(ceiling[2], half[2]),
            "hill": Hill(ceiling[3], half[3], rng.uniform(0.6, 1.0)),
            "power": Power(ceiling[4] / budget**0.5, rng.uniform(0.4, 0.6)),
        }
    )


def instance(seed: int) -> Instance:
    """The instance of a seed: sizes 3 to 20, three shapes, free and tight bounds, some with groups or entry prices."""
    rng = np.random.default_rng([seed, 99])
    channels = int(rng.integers(3, 21))
    shape = SHAPES[seed % 3]
    curves = hill_world(seed, channels, shape)
    budget = 1e6 * rng.uniform(0.2, 1.5)
    tight = bool(seed % 2)
    upper = budget * (rng.uniform(0.5, 3, channels) / channels if tight else np.ones(channels))
    entry = np.zeros(channels)
    groups: tuple[tuple[tuple[str, ...], float], ...] = ()
    kind = seed // 6 % 4
    if kind == 1:
        entry = np.where(rng.random(channels) < 0.5, np.minimum(budget / channels, upper / 2), 0.0)
    if kind in (2, 3):
        names, cut = list(curves), channels // 2
        groups = tuple(
            (tuple(members), budget * rng.uniform(0.2, 0.5)) for members in (names[:cut], names[cut:]) if members
        )
    text = f"{seed}: {channels} {shape}, {'tight' if tight else 'free'}, {('plain', 'entry', 'groups', 'groups')[kind]}"
    return Instance(text, curves, budget, upper, entry, groups, 1000.0, 2e5)


@dataclass(frozen=True)
class OracleFrontier:
    """Customers won for each total on a grid: reached by an allocation on the grid, and an upper limit for any."""

    spend: np.ndarray
    reached: np.ndarray
    at_most: np.ndarray


def oracle(world: Instance, steps: int = 1500) -> OracleFrontier:
    """Most customers for every multiple of budget / steps, by dynamic programming over channels.

    Rounding each channel down to the grid and paying it as if it were one step higher bounds all allocations.
    """
    step = world.budget / steps
    channels = list(world.curves)
    grouped = [list(members) for members, _ in world.groups]
    caps = [cap for _, cap in world.groups]
    loose = [channel for channel in channels if not any(channel in members for members in grouped)]
    sets = [*zip(grouped, caps, strict=True), *(([channel], np.inf) for channel in loose)]
    totals = []
    for optimistic in (False, True):
        best = np.zeros(steps + 1)
        for members, cap in sets:
            inner = np.zeros(steps + 1)
            for channel in members:
                inner = _combined(inner, _worth(world, channels.index(channel), step, steps, optimistic))
            last = min(int(np.floor(cap / step + 1e-9)), steps) if np.isfinite(cap) else steps
            inner[last + 1 :] = inner[last]
            best = _combined(best, inner)
        totals.append(best)
    return OracleFrontier(step * np.arange(steps + 1), totals[0], totals[1])


def _worth(world: Instance, index: int, step: float, steps: int, optimistic: bool) -> np.ndarray:
    curve = world.curves[list(world.curves)[index]]
    spend = step * np.arange(steps + 1)
    upper, entry = world.upper[index], world.entry[index]
    if optimistic:
        paid = np.minimum(spend + step, upper)
        return np.where(paid >= entry, curve(paid), 0.0)
    paid = np.minimum(spend, upper)
    return np.maximum.accumulate(np.where((paid >= entry) | (paid == 0), curve(paid), 0.0))


def _combined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The max-plus convolution: the most from splitting each total between two."""
    best = np.full(len(first), -np.inf)
    for k, worth in enumerate(second):
        np.maximum(best[k:], first[: len(first) - k] + worth, out=best[k:])
    return best
