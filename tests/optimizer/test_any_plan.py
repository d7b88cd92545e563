"""Plans of random limits: each is refused with a reason, or answered with a plan that keeps them and a true bound."""

import numpy as np
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from plan_worlds import SHAPES, hill_world

from attribution.errors import IllPosedPlan, InfeasiblePlan
from optimizer import BlendedCAC, Budget, Change, Channel, Customers, Group, MaxCAC, Plan, Profit, Spend


def limits(rng, names):
    chosen = []
    if rng.random() < 0.8:
        word = str(rng.choice(["at_most", "exactly", "at_least"]))
        chosen.append(Budget(**{word: 1e6 * rng.uniform(0.1, 1.5)}))
    for name in names:
        kind = rng.random()
        if kind < 0.2:
            chosen.append(Channel(name).at_most(1e6 * rng.random()))
        elif kind < 0.3:
            chosen.append(Channel(name).at_least(1e5 * rng.random()))
        elif kind < 0.45:
            chosen.append(Channel(name).zero_or_at_least(2e5 * rng.random(), at_most=4e5))
    others = [
        (0.5, lambda: Group("g", names[:2]).at_most(4e5 * rng.random())),
        (0.3, lambda: Group("h", names[1:]).share(at_least=rng.uniform(0, 0.8))),
        (0.2, lambda: Group("k", names[-2:]).cac_at_most(rng.uniform(20, 300))),
        (0.2, lambda: MaxCAC(rng.uniform(20, 300))),
        (0.3, lambda: Customers(at_least=rng.uniform(100, 15_000))),
        (0.2, lambda: Channel(names[0]).zero_or_at_least(1.5e6)),
        (0.2, lambda: Change(total=1e6 * rng.uniform(0.1, 1))),
    ]
    return chosen + [make() for chance, make in others if rng.random() < chance]


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 100_000))
def test_answers_keep_every_limit_and_bounds_hold(seed):
    rng = np.random.default_rng(seed)
    curves = hill_world(seed, int(rng.integers(3, 8)), SHAPES[seed % 3], int(rng.choice([0, 3])))
    names = list(curves)
    now = dict.fromkeys(names, 1e6 / len(names))
    business = {"organic": float(rng.choice([0, 500, 5000])), "fixed_cost": float(rng.choice([0, 1e5, 5e5]))}
    chosen = limits(rng, names)
    plan = [
        Plan(maximize=Customers(**business), subject_to=chosen, now=now),
        Plan(minimize=BlendedCAC(**business), subject_to=chosen, now=now),
        Plan(minimize=Spend(**business), subject_to=chosen, now=now),
        Plan(maximize=Profit(rng.uniform(20, 300), **business), subject_to=chosen, now=now),
    ][seed % 4]
    try:
        found = plan.solve(curves)
    except (InfeasiblePlan, IllPosedPlan) as error:
        refusal = str(error)
        event(refusal.split(":")[0][:40])
        found = None
    if found is None:
        assert "Remedy" in refusal or "cannot hold" in refusal or "cannot get" in refusal
        return
    assert found.gap <= 1e-3
    assert plan.certify(curves, found.spend, gap=1e-2).is_allowed
    closer = plan.solve(curves, gap=1e-5)
    sign = 1 if plan.objective.wants == "maximize" else -1
    rounding = 1e-8 * abs(closer.value) + 1e-9
    assert sign * closer.value <= sign * found.bound + rounding
    assert sign * found.value <= sign * closer.bound + rounding
