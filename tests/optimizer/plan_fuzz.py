"""Random plans of every kind with an oracle of their own: promises as plain arithmetic, and a grid with a polish.

Nothing here asks the optimizer what a promise means: each constraint is drawn together with the arithmetic that says
how far spend exceeds it, and the oracle looks for allowed spend on a grid, then around the best of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

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


@dataclass(frozen=True)
class Drawn:
    """A constraint, its arithmetic, the amounts it names by channel, and an exact budget where it is one."""

    constraint: Constraint
    excesses: list[Excess]
    amounts: list[tuple[int, float]] = field(default_factory=list)
    total: float | None = None


@dataclass(frozen=True, eq=False)
class World:
    """What limits are drawn for; ``there`` is spend that figures are taken from, so that many plans have an answer."""

    rng: np.random.Generator
    curves: ResponseCurves
    now: np.ndarray
    there: np.ndarray
    fixed: float
    organic: float

    @property
    def names(self) -> list[str]:
        return list(self.curves)

    @property
    def won(self) -> np.ndarray:
        return np.array([float(c.mean(x)) for c, x in zip(self.curves.values(), self.there, strict=True)])


def at_most(members: list[int], most: float) -> Excess:
    return lambda s, w: (s[:, members].sum(1) - most) / max(most, 1e-300)


def at_least(members: list[int], least: float) -> Excess:
    return lambda s, w: (least - s[:, members].sum(1)) / max(least, 1e-300)


def entry(i: int, least: float) -> Excess:
    return lambda s, w: np.where(s[:, i] > 0, (least - s[:, i]) / max(least, 1e-300), 0.0)


def budget(world: World) -> Drawn:
    everyone, figure = list(range(len(world.now))), float(world.there.sum() * world.rng.uniform(0.5, 1.5))
    wide = figure * world.rng.uniform(1, 1.3)
    floor, cap = at_least(everyone, figure), at_most(everyone, figure)
    return [
        Drawn(Budget(exactly=figure), [floor, cap], total=figure),
        Drawn(Budget(at_least=figure), [floor]),
        Drawn(Budget(at_most=figure), [cap]),
        Drawn(Budget(at_least=figure, at_most=wide), [floor, at_most(everyone, wide)]),
    ][world.rng.integers(4)]


def of_channel(world: World, i: int) -> Drawn | None:
    """A limit of one channel; none for half of them."""
    rng, channel = world.rng, Channel(world.names[i])
    amount, kind = float(world.there[i] * rng.uniform(0.5, 1.5)), int(rng.integers(14))
    most, low, high = amount * rng.uniform(1, 3), 0.8 * float(world.now[i]), 1.4 * float(world.now[i])
    simple = [
        Drawn(channel.at_most(amount), [at_most([i], amount)], [(i, amount)]),
        Drawn(channel.at_least(amount), [at_least([i], amount)], [(i, amount)]),
        Drawn(channel.fixed(amount), [at_most([i], amount), at_least([i], amount)], [(i, amount)]),
        Drawn(channel.zero(), [lambda s, w: np.where(s[:, i] > 0, 1.0, 0.0)], [(i, 0.0)]),
        Drawn(channel.zero_or_at_least(amount, most), [entry(i, amount), at_most([i], most)], [(i, amount), (i, most)]),
        Drawn(channel.zero_or_at_least(3 * amount), [entry(i, 3 * amount)], [(i, 3 * amount)]),
        Drawn(channel.relative(0.8, 1.4), [at_least([i], low), at_most([i], high)], [(i, low), (i, high)]),
    ]
    if kind < len(simple):
        return simple[kind]
    return marginal(world, i, amount) if kind < 10 else None


def marginal(world: World, i: int, amount: float) -> Drawn | None:
    curve = world.curves[world.names[i]]
    slope = float(curve.mean_marginal(amount))
    if not 0 < slope < np.inf:
        return None
    cap = 1 / slope * world.rng.uniform(0.7, 1.5)

    def dear(s: np.ndarray, w: np.ndarray) -> np.ndarray:
        # a table's slope breaks at its rows: whichever side is within a billionth of the spend
        slopes = np.max([curve.mean_marginal(s[:, i] * near) for near in (1 - 1e-9, 1, 1 + 1e-9)], axis=0)
        with np.errstate(divide="ignore"):
            return np.where(s[:, i] > 0, 1 / (slopes * cap) - 1, 0.0)

    return Drawn(Channel(world.names[i]).marginal_cac_at_most(cap), [dear], [(i, amount)])


def of_group(world: World) -> Drawn | None:
    """A limit on some channels together; none for half of them."""
    rng, n = world.rng, len(world.now)
    members = sorted(rng.choice(n, size=rng.integers(1, n + 1), replace=False).tolist())
    group, together = Group("g", [world.names[i] for i in members]), float(world.there[members].sum())
    kind, won = int(rng.integers(12)), float(world.won[members].sum())
    share = float(np.clip(together / world.there.sum() * rng.uniform(0.7, 1.3), 0, 1))
    cap = together / max(won, 1e-300) * rng.uniform(0.8, 1.5)

    def off(side: float) -> Excess:
        return lambda s, w: side * (s[:, members].sum(1) - share * s.sum(1)) / np.maximum(share * s.sum(1), 1e-300)

    def costly(s: np.ndarray, w: np.ndarray) -> np.ndarray:
        outlay, brought = s[:, members].sum(1), cap * w[:, members].sum(1)
        return (outlay - brought) / np.maximum(brought, 1e-300 + 1e-3 * outlay)

    if kind == 4:
        return Drawn(group.cac_at_most(cap), [costly]) if won > 0 else None
    drawn = [
        Drawn(group.at_most(0.8 * together), [at_most(members, 0.8 * together)]),
        Drawn(group.at_least(0.8 * together), [at_least(members, 0.8 * together)]),
        Drawn(group.share(at_most=share), [off(1.0)]),
        Drawn(group.share(at_least=share), [off(-1.0)]),
    ]
    return drawn[kind] if kind < 4 else None


def promises(world: World) -> Iterator[Drawn]:
    rng, fixed, organic, spent = world.rng, world.fixed, world.organic, float(world.there.sum())
    customers = organic + float(world.won.sum())
    if customers <= 0:
        return
    ceiling, promise = (fixed + spent) / customers * rng.uniform(0.9, 1.5), customers * rng.uniform(0.6, 1.1)
    if rng.random() < 0.2:

        def dear(s: np.ndarray, w: np.ndarray) -> np.ndarray:
            outlay = fixed + s.sum(1)  # nothing for nobody is not dear
            return np.where(outlay > 0, cost(outlay, organic + w.sum(1)) / ceiling - 1, 0.0)

        yield Drawn(MaxCAC(ceiling), [dear])
    if rng.random() < 0.35:
        yield Drawn(Customers(at_least=promise), [lambda s, w: 1 - (organic + w.sum(1)) / promise])


def changes(world: World) -> Iterator[Drawn]:
    rng, now, everyone = world.rng, world.now, list(range(len(world.now)))
    share, moved = rng.uniform(0.1, 0.8), float(now.sum()) * rng.uniform(0.05, 0.8)
    if rng.random() < 0.15:
        kept = [at_least([i], now[i] * (1 - share)) for i in everyone]
        kept += [at_most([i], now[i] * (1 + share)) for i in everyone]
        yield Drawn(Change(at_most=share), kept, [(i, now[i] * (1 + k * share)) for i in everyone for k in (-1, 0, 1)])
    if rng.random() < 0.2:
        far: Excess = lambda s, w: (np.abs(s - now).sum(1) - moved) / moved  # noqa: E731
        yield Drawn(Change(total=moved), [far], [(i, now[i]) for i in everyone])


def own_row(world: World) -> Drawn:
    times, more = world.rng.uniform(0.3, 2), float(world.rng.choice([0.0, 0.1])) * float(world.there.sum())

    def beyond(s: np.ndarray, w: np.ndarray) -> np.ndarray:
        right = times * s[:, -1] + more
        return (s[:, 0] - right) / np.maximum(np.maximum(s[:, 0], right), 1e-300)

    return Drawn(TwiceAsMuch(times, more), [beyond])


def limits(world: World) -> Iterator[Drawn]:
    """Any limits, with their arithmetic."""
    n = len(world.now)
    if world.rng.random() < 0.7:
        yield budget(world)
    drawn = [*(of_channel(world, i) for i in range(n)), of_group(world)]
    yield from (one for one in drawn if one is not None)
    yield from promises(world)
    yield from changes(world)
    if n > 1 and world.rng.random() < 0.1:
        yield own_row(world)


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
    drawn = list(limits(World(rng, curves, now, now * rng.uniform(0.3, 1.8, n), fixed, organic)))
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
    if isinstance(objective, Delight) and any(isinstance(one.constraint, MaxCAC) for one in drawn):
        objective, score = Customers(**stated), lambda s, w: organic + w.sum(1)  # whose fixed cost the ceiling needs
    limited = [one.constraint for one in drawn]
    plan = Plan(**{objective.wants: objective}, subject_to=limited, now=dict(zip(names, now, strict=True)))
    named = [[0.0] for _ in names]
    for i, amount in (named_one for one in drawn for named_one in one.amounts):
        named[i].append(float(amount))
    totals = [one.total for one in drawn if one.total is not None]
    excesses = tuple(excess for one in drawn for excess in one.excesses)
    amounts = tuple(np.unique(list_) for list_ in named)
    return Case(seed, plan, curves, excesses, score, amounts, totals[0] if totals else None, 4 * now + 2 * money)


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
