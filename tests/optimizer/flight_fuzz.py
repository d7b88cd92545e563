"""Random flights with an arithmetic of their own: limits, carryover as a double sum, and rivals such as equal weeks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from attribution.errors import IllPosedPlan, InfeasiblePlan
from mmm.curves import Exponential, Hill, MichaelisMenten, ResponseCurves
from optimizer import (
    BlendedCAC,
    Budget,
    Channel,
    Constraint,
    Customers,
    Flight,
    FlightPlan,
    Group,
    MaxCAC,
    Pacing,
    Plan,
    Profit,
    Spend,
)

KEPT = 1.5e-9


def customers(flight: Flight, spend: np.ndarray, future: Mapping[str, float] | None = None) -> float:
    """Expected customers of spend (weeks x channels) beyond those of the past and of so much a week after it."""
    total = 0.0
    for place, channel in enumerate(flight.curves):
        lags = np.asarray(flight.carryover.get(channel, [1.0]))
        past = np.asarray(flight.history.get(channel, []))
        season = [*(flight.season if flight.season is not None else np.ones(flight.n_weeks)), *np.ones(20)]
        for with_plan, sign in ((spend[:, place], 1), (0 * spend[:, place], -1)):
            line = np.concatenate((past, with_plan, np.full(len(lags) - 1, (future or {}).get(channel, 0.0))))
            for week in range(flight.n_weeks + len(lags) - 1):
                at = len(past) + week
                stock = sum(lags[k] * line[at - k] for k in range(len(lags)) if 0 <= at - k < len(line))
                total += sign * season[week] * float(flight.curves[channel].mean(stock))
    return total


def verdict(seed: int) -> str:
    """What a flight of the seed breaks; a sentence that begins with FAULT where it breaks anything."""
    rng = np.random.default_rng([seed, 11])
    n, weeks, money = int(rng.integers(1, 4)), int(rng.integers(2, 9)), 10.0 ** rng.uniform(-2, 8)
    families = [Exponential, MichaelisMenten, Hill]
    curves = ResponseCurves(
        {
            f"c{i}": families[rng.integers(3)](*(np.array([90.0, money]) * np.exp(rng.normal(0, 0.5, 2))))
            for i in range(n)
        }
    )
    if rng.random() < 0.3:
        curves = curves.with_curve("c0", Hill(90.0, money, float(rng.uniform(1.5, 4))))
    lags = {c: (1 - r) * r ** np.arange(4) for c, r in zip(curves, rng.uniform(0.1, 0.8, n), strict=True)}
    history = {c: rng.uniform(0, money, 3) for c in curves if rng.random() < 0.5}
    season = rng.uniform(0.5, 1.5, weeks) if rng.random() < 0.5 else None
    weekly = money * rng.uniform(0.8, 3) if rng.random() < 0.5 else None
    after = [None, 0.0, money][int(rng.integers(3))]
    flight = Flight(curves, weeks, lags, season, history, weekly, after)
    cap, pace = money * n * weeks * rng.uniform(0.3, 1.2), float(rng.uniform(0.05, 0.8))
    limits: list[Constraint] = [Budget(at_most=cap) if rng.random() < 0.6 else Budget(exactly=cap)]
    checks = [lambda s: s.sum() / cap - 1]
    if limits[0].exactly is not None:
        checks.append(lambda s: 1 - s.sum() / cap)
    if rng.random() < 0.6:
        limits.append(Pacing(pace))
        checks.append(lambda s: np.max(np.abs(np.diff(s, axis=0)) / np.maximum(pace * s.mean(0), 1e-300) - 1))
    if rng.random() < 0.4:
        limits.append(Channel("c0").at_most(cap / 2))
        checks.append(lambda s: s[:, 0].sum() / (cap / 2) - 1)
    if n > 1 and rng.random() < 0.4:
        limits.append(Group("g", ["c1"]).share(at_least=0.3))
        checks.append(lambda s: 1 - s[:, 1].sum() / (0.3 * s.sum()) if s.sum() > 0 else 0.0)
    even = np.full((weeks, n), 0.7 * cap / weeks / n)
    if weekly is not None:
        even = np.minimum(even, weekly)
        checks.append(lambda s: s.max() / weekly - 1)
    going_on = dict(zip(curves, even.mean(axis=0) if after is None else np.full(n, after), strict=True))
    reached, kind = customers(flight, even, going_on), int(rng.integers(5))
    objective = [Customers(organic=10.0), Spend(organic=10.0), BlendedCAC(cap, 10.0), Profit(4 * cap / reached, 10.0)][
        kind % 4
    ]
    if kind in (1, 2):
        limits.append(Customers(at_least=10 + 0.9 * reached))
        checks.append(lambda s: 1 - (10 + customers(flight, s, future)) / (10 + 0.9 * reached))
    if kind == 4:
        ceiling = float(even.sum()) / (10 + reached) * rng.uniform(0.8, 1.5)
        limits.append(MaxCAC(ceiling))
        checks.append(lambda s: s.sum() / (10 + customers(flight, s, future)) / ceiling - 1)
    try:
        found = flight.solve(Plan(**{objective.wants: objective}, subject_to=limits), time_limit=1.0)
    except (InfeasiblePlan, IllPosedPlan) as error:
        return type(error).__name__
    future = dict(found.future)

    def figure(spent: np.ndarray) -> float:
        won, outlay = 10 + customers(flight, spent, future), float(spent.sum())
        return [won, outlay, (cap + outlay) / won, 4 * cap / reached * won - outlay][kind % 4]

    is_exact, sign = limits[0].exactly is not None, -1.0 if kind % 4 in (1, 2) else 1.0
    others = [other * (cap / other.sum() if is_exact else min(1.0, cap / other.sum())) for other in _between(even, rng)]
    allowed = [other for other in others if max(float(check(other)) for check in checks) <= 0]
    size = max(abs(found.value), cap if kind == 3 else 0.0)
    return _wrong(flight, found, checks) or _beaten(found, sign, figure, allowed, size) or "solved"


def _wrong(flight: Flight, found: FlightPlan, checks: list[Callable[[np.ndarray], float]]) -> str:
    """What a schedule breaks, and whether it says what it brings."""
    spend = found.spend.to_numpy()
    broken = max(float(check(spend)) for check in checks)
    if broken > KEPT or spend.min() < 0:
        return f"FAULT breaks a limit by {broken:.2g} of its figure"
    if abs(found.customers - 10 - customers(flight, spend, dict(found.future))) > 1e-9 * found.customers:
        return f"FAULT says {found.customers} customers"
    return ""


def _between(even: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Equal weeks, random ones, and what lies halfway."""
    rest = rng.dirichlet(np.ones(even.size)).reshape(even.shape) * even.sum() * rng.uniform(0.5, 1.4)
    return [share * even + (1 - share) * rest for share in (1.0, 0.5, 0.0)]


def _beaten(
    found: FlightPlan, sign: float, figure: Callable[[np.ndarray], float], others: list[np.ndarray], size: float
) -> str:
    """What is wrong with a schedule's figure and bound beside others that keep all limits."""
    own = figure(found.spend.to_numpy())
    if abs(own - found.value) > 1e-9 * size:
        return f"FAULT says {found.value} for {own}"
    best = max((sign * figure(other) for other in others), default=-np.inf)
    if best - sign * found.bound > 1e-9 * size:
        return f"FAULT bound {found.bound} beaten by {sign * best}"
    if best - sign * own > 1e-3 * size and found.gap <= 1e-3:
        return f"FAULT {found.value} is worse than {sign * best}"
    return ""
