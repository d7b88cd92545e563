"""Random plans of every kind with an oracle of their own: promises as plain arithmetic, and a grid with a polish.

Nothing here asks the optimizer what a promise means: each constraint is drawn together with the arithmetic that says
how far spend exceeds it, and the oracle looks for allowed spend on a grid, then around the best of it.

Run: python tests/optimizer/plan_fuzz.py [plans] [first seed]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from attribution.errors import IllPosedPlan, InfeasiblePlan
from mmm.curves import (
    Exponential,
    Hill,
    Logistic,
    MichaelisMenten,
    Mixture,
    Power,
    ResponseCurve,
    ResponseCurves,
    Tabulated,
)
from optimizer import (
    BlendedCAC,
    Budget,
    Change,
    Channel,
    Constraint,
    Customers,
    Group,
    MaxCAC,
    Objective,
    Plan,
    Profit,
    Spend,
)
from optimizer.question.goal import Goal
from optimizer.question.program import Row

Excess = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""By how much spend and customers, both points x channels, exceed a limit, as a share of its figure."""

KEPT = 1.5e-9  # what rounding of the oracle's own sums adds to a billionth
POINTS = 6000


@dataclass(frozen=True, eq=False)
class Case:
    """A plan on curves, and what its promises and its objective are in plain arithmetic."""

    seed: int
    plan: Plan
    curves: ResponseCurves
    excesses: tuple[Excess, ...]
    score: Callable[[np.ndarray, np.ndarray], np.ndarray]
    amounts: tuple[np.ndarray, ...]  # of each channel, that limits name
    total: float | None  # an exact budget
    reach: np.ndarray

    def won(self, spend: np.ndarray) -> np.ndarray:
        """Expected customers, points x channels."""
        return np.stack([curve.mean(spend[:, i]) for i, curve in enumerate(self.curves.values())], axis=1)

    def broken(self, spend: np.ndarray) -> np.ndarray:
        """The largest share by which any promise is exceeded at each point."""
        won = self.won(spend)
        return np.max([np.zeros(len(spend)), *(excess(spend, won) for excess in self.excesses)], axis=0)


@dataclass(frozen=True)
class TwiceAsMuch(Constraint):
    """A row of one's own: the first channel gets at most some times what the last one gets, and a little."""

    times: float
    more: float

    def rows(self, setting):
        per_spend = np.zeros(len(setting.channels))
        per_spend[0] += 1.0
        per_spend[-1] -= self.times
        return [Row("first at most times last", per_spend, np.zeros(len(per_spend)), self.more)]


@dataclass(frozen=True)
class Delight(Objective):
    """An objective of one's own."""

    per_customer: float = 1.0
    per_spend: float = 1.0
    organic: float = 0.0
    wants = "maximize"

    def goal(self, setting):
        return Goal.linear(setting, self.per_customer, self.per_spend, constant=self.per_customer * setting.organic)


def curve(rng: np.random.Generator, money: float, people: float, draws: int) -> ResponseCurve:
    """A curve of any family around one unit of money and a thousand customers."""

    def about(middle: float, spread: float) -> np.ndarray | float:
        centre = middle * np.exp(rng.normal(0, spread))
        return centre * np.exp(rng.normal(0, 0.2, draws)) if draws else centre

    top, half = about(1000 * people, 0.7), about(money, 0.7)
    kind = rng.integers(9)
    if kind == 0:
        return Exponential(top, half)
    if kind == 1:
        return Logistic(top, half)
    if kind == 2:
        return MichaelisMenten(top, half)
    if kind == 3:
        return Power(np.asarray(top) / money**0.5, 0.5)
    if kind in (4, 5):
        return Hill(top, half, rng.uniform(0.5, 1.0) if kind == 4 else rng.uniform(1.2, 6))
    if kind in (6, 7):
        rows = int(rng.integers(2, 7))
        gains = rng.exponential(1, rows) * (rng.random(rows) < 0.8)
        spend = np.concatenate(([0.0], np.cumsum(rng.uniform(0.1, 1, rows)))) * money
        customers = np.concatenate(([0.0], np.cumsum(gains))) * 300 * people
        return Tabulated(spend, customers[:, None] * np.exp(rng.normal(0, 0.2, draws)) if draws else customers)
    parts = [
        Hill(top, half, rng.uniform(1, 8)),
        Hill(about(500 * people, 0.5), about(3 * money, 0.5), rng.uniform(1, 8)),
    ]
    return Mixture(parts, [1.0, rng.choice([0.0, 1.0, 2.0])])


def limits(
    rng: np.random.Generator, names: list[str], curves: ResponseCurves, now: np.ndarray, business: tuple[float, float]
) -> Iterator[tuple[Constraint, list[Excess], list[tuple[int, float]], float | None]]:
    """Constraints with their arithmetic, the amounts they name by channel, and an exact budget where one is."""
    n, fixed, organic = len(names), *business
    there = now * rng.uniform(0.3, 1.8, n)  # spend that the figures are taken from, so that many plans have an answer
    won = np.array([float(c.mean(x)) for c, x in zip(curves.values(), there, strict=True)])
    spent = float(there.sum())

    def at_most(members: list[int], most: float) -> Excess:
        return lambda s, w: (s[:, members].sum(1) - most) / max(most, 1e-300)

    def at_least(members: list[int], least: float) -> Excess:
        return lambda s, w: (least - s[:, members].sum(1)) / max(least, 1e-300)

    def entry(i: int, least: float) -> Excess:
        return lambda s, w: np.where(s[:, i] > 0, (least - s[:, i]) / max(least, 1e-300), 0.0)

    everyone = list(range(n))
    if rng.random() < 0.7:
        figure = spent * rng.uniform(0.5, 1.5)
        kind = rng.integers(4)
        if kind == 0:
            yield Budget(exactly=figure), [at_most(everyone, figure), at_least(everyone, figure)], [], figure
        elif kind == 1:
            yield Budget(at_least=figure), [at_least(everyone, figure)], [], None
        elif kind == 2:
            yield Budget(at_most=figure), [at_most(everyone, figure)], [], None
        else:
            wide = figure * rng.uniform(1, 1.3)
            yield Budget(at_least=figure, at_most=wide), [at_least(everyone, figure), at_most(everyone, wide)], [], None
    for i, name in enumerate(names):
        amount, kind = float(there[i] * rng.uniform(0.5, 1.5)), rng.integers(14)
        if kind == 0:
            yield Channel(name).at_most(amount), [at_most([i], amount)], [(i, amount)], None
        elif kind == 1:
            yield Channel(name).at_least(amount), [at_least([i], amount)], [(i, amount)], None
        elif kind == 2:
            yield Channel(name).fixed(amount), [at_most([i], amount), at_least([i], amount)], [(i, amount)], None
        elif kind == 3:
            yield Channel(name).zero(), [lambda s, w, i=i: np.where(s[:, i] > 0, 1.0, 0.0)], [(i, 0.0)], None
        elif kind in (4, 5):
            most = amount * rng.uniform(1, 3)
            found = [entry(i, amount), at_most([i], most)]
            yield Channel(name).zero_or_at_least(amount, most), found, [(i, amount), (i, most)], None
        elif kind == 6:
            yield Channel(name).zero_or_at_least(3 * amount), [entry(i, 3 * amount)], [(i, 3 * amount)], None
        elif kind == 7:
            low, high = 0.8 * now[i], 1.4 * now[i]
            found = [at_least([i], low), at_most([i], high)]
            yield Channel(name).relative(0.8, 1.4), found, [(i, low), (i, high)], None
        elif kind in (8, 9):
            slope = float(curves[name].mean_marginal(amount))
            if 0 < slope < np.inf:
                # a table's slope holds up to and including the row at which it breaks
                cap, of = 1 / slope * rng.uniform(0.7, 1.5), curves[name]

                def dear(s: np.ndarray, w: np.ndarray, i=i, cap=cap, of=of) -> np.ndarray:
                    slopes = np.max([of.mean_marginal(s[:, i] * near) for near in (1 - 1e-9, 1, 1 + 1e-9)], axis=0)
                    with np.errstate(divide="ignore"):
                        return np.where(s[:, i] > 0, 1 / (slopes * cap) - 1, 0.0)

                yield Channel(name).marginal_cac_at_most(cap), [dear], [(i, amount)], None
    members = sorted(rng.choice(n, size=rng.integers(1, n + 1), replace=False).tolist())
    group, together = Group("g", [names[i] for i in members]), float(there[members].sum())
    kind = rng.integers(14)
    if kind == 0:
        yield group.at_most(0.8 * together), [at_most(members, 0.8 * together)], [], None
    elif kind == 1:
        yield group.at_least(0.8 * together), [at_least(members, 0.8 * together)], [], None
    elif kind in (2, 3):
        share = float(np.clip(together / spent * rng.uniform(0.7, 1.3), 0, 1))
        side = 1.0 if kind == 2 else -1.0
        made = group.share(at_most=share) if kind == 2 else group.share(at_least=share)

        def off(s: np.ndarray, w: np.ndarray) -> np.ndarray:
            return side * (s[:, members].sum(1) - share * s.sum(1)) / np.maximum(share * s.sum(1), 1e-300)

        yield made, [off], [], None
    elif kind in (4, 5) and won[members].sum() > 0:
        cap = together / won[members].sum() * rng.uniform(0.8, 1.5)

        def costly(s: np.ndarray, w: np.ndarray) -> np.ndarray:
            outlay, brought = s[:, members].sum(1), cap * w[:, members].sum(1)
            return (outlay - brought) / np.maximum(brought, 1e-300 + 1e-3 * outlay)

        yield group.cac_at_most(cap), [costly], [], None
    customers = organic + won.sum()
    if rng.random() < 0.2 and customers > 0:
        ceiling = (fixed + spent) / customers * rng.uniform(0.9, 1.5)
        yield (
            MaxCAC(ceiling),
            [lambda s, w: (fixed + s.sum(1)) / np.maximum(ceiling * (organic + w.sum(1)), 1e-200 * spent) - 1],
            [],
            None,
        )
    if rng.random() < 0.35 and customers > 0:
        promise = customers * rng.uniform(0.6, 1.1)
        yield Customers(at_least=promise), [lambda s, w: 1 - (organic + w.sum(1)) / promise], [], None
    if rng.random() < 0.15:
        by = rng.uniform(0.1, 0.8)
        found = [at_least([i], now[i] * (1 - by)) for i in everyone] + [
            at_most([i], now[i] * (1 + by)) for i in everyone
        ]
        yield Change(at_most=by), found, [(i, now[i] * (1 + k * by)) for i in everyone for k in (-1, 0, 1)], None
    if rng.random() < 0.2:
        moved = float(now.sum()) * rng.uniform(0.05, 0.8)
        yield (
            Change(total=moved),
            [lambda s, w: (np.abs(s - now).sum(1) - moved) / moved],
            [(i, now[i]) for i in everyone],
            None,
        )
    if rng.random() < 0.1:
        times, more = rng.uniform(0.3, 2), float(rng.choice([0.0, 0.1 * spent]))

        def beyond(s: np.ndarray, w: np.ndarray) -> np.ndarray:
            right = times * s[:, -1] + more
            return (s[:, 0] - right) / np.maximum(np.maximum(s[:, 0], right), 1e-300)

        if n > 1:
            yield TwiceAsMuch(times, more), [beyond], [], None


def case(seed: int) -> Case:
    """The plan of a seed: 1 to 4 channels of any family, any limits, any objective, any currency and unit of customers."""
    rng = np.random.default_rng([seed, 7])
    n = int(rng.integers(1, 5))
    money, people = 10.0 ** rng.uniform(-2, 9), 10.0 ** rng.uniform(-3, 4)
    draws = int(rng.choice([0, 0, 4]))
    names = [f"c{i}" for i in range(n)]
    curves = ResponseCurves({name: curve(rng, money, people, draws) for name in names})
    now = money * rng.uniform(0.2, 2, n)
    organic, fixed = float(rng.choice([0, 500])) * people, float(rng.choice([0.0, 1.0])) * money
    drawn = list(limits(rng, names, curves, now, (fixed, organic)))
    value = money / people / 1000 * rng.uniform(0.5, 6)
    ahead = {name: value * rng.uniform(0.5, 2) for name in names}
    worth = np.array(list(ahead.values()))
    objective, score = [
        (Customers(organic=organic, fixed_cost=fixed), lambda s, w: organic + w.sum(1)),
        (Spend(organic=organic, fixed_cost=fixed), lambda s, w: -s.sum(1)),
        (BlendedCAC(fixed, organic), lambda s, w: -cost(fixed + s.sum(1), organic + w.sum(1))),
        (Profit(value, organic, fixed), lambda s, w: value * (organic + w.sum(1)) - fixed - s.sum(1)),
        (Profit(ahead, organic, fixed, value), lambda s, w: value * organic + w @ worth - fixed - s.sum(1)),
        (Delight(value, 1.0, organic), lambda s, w: value * (organic + w.sum(1)) - s.sum(1)),
    ][rng.integers(6)]
    stated = {"organic": organic, "fixed_cost": fixed}
    if isinstance(objective, Delight) and any(isinstance(part, MaxCAC) for part, *_ in drawn):
        objective, score = Customers(**stated), lambda s, w: organic + w.sum(1)  # whose fixed cost the ceiling needs
    plan = Plan(
        **{objective.wants: objective}, subject_to=[part for part, *_ in drawn], now=dict(zip(names, now, strict=True))
    )
    named = [[0.0] for _ in names]
    for _, _, amounts, _ in drawn:
        for i, amount in amounts:
            named[i].append(amount)
    totals = [total for *_, total in drawn if total is not None]
    return Case(
        seed, plan, curves, tuple(excess for _, found, _, _ in drawn for excess in found), score,
        tuple(np.unique(list_) for list_ in named), totals[0] if totals else None, 4 * now + 2 * money,
    )  # fmt: skip


def cost(outlay: np.ndarray, won: np.ndarray) -> np.ndarray:
    """Outlay per customer, infinite where nobody comes."""
    return np.where(won > 0, outlay / np.where(won > 0, won, 1.0), np.inf)


def candidates(asked: Case, rng: np.random.Generator) -> np.ndarray:
    """A grid of spend whose axes hold the amounts that limits name; with an exact budget, completed to it."""
    n = len(asked.curves)
    steps = max(int(POINTS ** (1 / n)), 4)
    axes = []
    for i in range(n):
        even = np.linspace(0, asked.reach[i], max(steps - len(asked.amounts[i]), 3))
        axes.append(np.unique(np.concatenate((asked.amounts[i], even))))
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    loose = asked.reach * rng.random((POINTS // 3, n)) ** 2
    return _completed(asked, np.concatenate((grid, loose)), rng)


def _completed(asked: Case, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if asked.total is None:
        return points
    points = points[points.sum(1) > 0]
    made = [points * (asked.total / points.sum(1, keepdims=True))]
    for i in range(points.shape[1]):  # one channel takes what the others leave
        rest = points.copy()
        rest[:, i] += asked.total - points.sum(1)
        made.append(rest[rest[:, i] >= 0])
    return np.concatenate(made)


def best_allowed(asked: Case) -> tuple[float, np.ndarray] | None:
    """The best allowed spend on the grid and around it; None where there is none."""
    rng = np.random.default_rng([asked.seed, 8])
    points = candidates(asked, rng)
    best: tuple[float, np.ndarray] | None = None
    width = 0.1
    for _ in range(14):
        won = asked.won(points)
        allowed = np.max([np.zeros(len(points)), *(e(points, won) for e in asked.excesses)], axis=0) <= 1e-12
        if allowed.any():
            scores = np.where(allowed, asked.score(points, won), -np.inf)
            top = int(np.argmax(scores))
            if best is None or scores[top] > best[0]:
                best = float(scores[top]), points[top]
        if best is None:
            return None
        near = best[1] * np.exp(rng.normal(0, width, (300, points.shape[1])))
        kept = rng.random(near.shape) < 0.5
        points = _completed(asked, np.where(kept, best[1], near), rng)
        width /= 2.2
    return best


def verdict(asked: Case) -> str:
    """What the optimizer says of a case; a sentence that begins with FAULT where the oracle knows better."""
    try:
        found = asked.plan.solve(asked.curves)
    except IllPosedPlan:
        return "ill posed"
    except InfeasiblePlan as error:
        known = best_allowed(asked)
        return "infeasible" if known is None else f"FAULT false infeasibility: {error}; allowed: {known[1]}"
    spend = found.spend.to_numpy()[None]
    broken = float(asked.broken(spend)[0])
    if broken > KEPT:
        return f"FAULT breaks a promise by {broken:.2g} of its figure"
    if not found.gap <= 1e-3:
        return f"FAULT gap {found.gap:.2g} {found.status.name}"
    sign = 1 if asked.plan.objective.wants == "maximize" else -1
    stated, own = sign * found.value, float(asked.score(spend, asked.won(spend))[0])
    in_money = not isinstance(asked.plan.objective, BlendedCAC | Customers)
    size = abs(own) + float(spend.sum()) * in_money  # a profit is a small difference of large amounts
    if abs(stated - own) > 1e-9 * size:
        return f"FAULT says {stated} where it is {own}"
    known = best_allowed(asked)
    if known is not None and known[0] > sign * found.bound + 1e-9 * size:
        return f"FAULT bound {found.bound} beaten by {sign * known[0]} at {known[1]}"
    return "solved"


def main(plans: int, first: int) -> int:
    """Ask many plans; the number of faults."""
    counts: dict[str, int] = {}
    for seed in range(first, first + plans):
        try:
            said = verdict(case(seed))
        except Exception as error:
            said = f"FAULT {type(error).__name__}: {error}"
        if said.startswith("FAULT"):
            print(seed, said, flush=True)
        kind = said.split(":")[0][:24]
        counts[kind] = counts.get(kind, 0) + 1
    print(counts)
    return sum(count for kind, count in counts.items() if kind.startswith("FAULT"))


if __name__ == "__main__":
    asked_for = [int(word) for word in sys.argv[1:]]
    sys.exit(bool(main(*(asked_for + [3000, 0][len(asked_for) :]))))
