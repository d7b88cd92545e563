"""A refusal names the fewest limits that clash: each set clashes by an oracle's account, and would not without any one."""

import re

import numpy as np
import pytest
from plan_worlds import hill_world
from scipy.optimize import linprog

from attribution.errors import InfeasiblePlan
from mmm.curves import Hill, ResponseCurves
from optimizer import BlendedCAC, Budget, Change, Channel, Customers, Group, MaxCAC, Plan, Spend
from optimizer.answer.conflicts import conflicts
from optimizer.answer.refusals import infeasible
from optimizer.question.setting import Setting
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.solvers.some_spend import some_spend


def refusal(plan, curves):
    """Why a plan has no answer; nothing where it has one, or where the limits of one channel clash."""
    try:
        plan.solve(curves)
    except InfeasiblePlan as error:
        return "" if "cannot get" in str(error) else str(error)
    return None


def sets_of(told):
    """The limits of each set that a refusal says contradict each other."""
    sets = told.partition(": ")[2].partition(" Remedy")[0].split("contradict each other")[:-1]
    return [re.findall(r"'([^']+)'", one) for one in sets]


def money_limits(rng, names, now):
    """Limits on money as constraints, and as the rows of a linear program: coefficients and the most of their sum."""
    n, total = len(names), now.sum()
    budget = total * rng.uniform(0.6, 1.1)
    yield Budget(at_most=budget), np.ones(n), budget
    for i, name in enumerate(names):
        unit = np.eye(n)[i]
        most, least = now[i] * rng.uniform(1.0, 1.6), now[i] * rng.uniform(0.3, 0.95)
        yield Channel(name).at_most(most), unit, most
        yield Channel(name).at_least(least), -unit, -least
    for number in range(n):
        members = np.isin(np.arange(n), rng.choice(n, rng.integers(2, n), replace=False)).astype(float)
        group, together = (
            Group(f"g{number}", [name for name, one in zip(names, members, strict=True) if one]),
            members @ now,
        )
        most, least = together * rng.uniform(0.6, 1.2), together * rng.uniform(0.8, 1.3)
        share = min(together / total * rng.uniform(0.7, 1.3), 0.99)
        yield [
            (group.at_most(most), members, most),
            (group.at_least(least), -members, -least),
            (group.share(at_most=share), members - share, 0.0),
            (group.share(at_least=share), share - members, 0.0),
        ][rng.integers(4)]


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_limits_on_money_by_linear_programs(first):
    seen = 0
    for seed in range(first, first + 20):
        rng = np.random.default_rng(seed)
        curves, names = hill_world(seed, 5), [f"channel {i}" for i in range(5)]
        drawn = list(money_limits(rng, names, 1e6 * rng.dirichlet(np.full(5, 3.0))))
        setting = Setting(curves, BlendedCAC(1e5).business)
        rows = {str(one.rows(setting)[0].limit): (per_spend, most) for one, per_spend, most in drawn}

        def allowed(labels, rows=rows):
            left, right = zip(*(rows[label] for label in labels), strict=True)
            found = linprog(
                np.zeros(5), np.array(left) / 1e6, np.array(right) / 1e6, bounds=(0, None), method="highs-ds"
            )
            return found.status == 0

        plan = Plan(minimize=BlendedCAC(1e5), subject_to=[one for one, _, _ in drawn])
        told = refusal(plan, curves)
        assert told is not None or allowed(rows), seed
        for labels in sets_of(told or ""):
            seen += 1
            assert not allowed(labels), (seed, told)
            assert all(allowed([other for other in labels if other != label]) for label in labels), (seed, told)
        for one in re.findall(r"'([^']+)'", (told or "").partition("one of these give way: ")[2]):
            assert allowed([label for label in rows if label != one]), (seed, told)
    assert seen >= 8


NOW = np.array([6e4, 3e4])
FIGURE = {  # limits on two channels, and by what share spend and customers, both channels x points, exceed them
    "budget at most": lambda figure: (Budget(at_most=figure), lambda s, w: s.sum(0) / figure - 1),
    "budget exactly": lambda figure: (Budget(exactly=figure), lambda s, w: np.abs(s.sum(0) / figure - 1)),
    "tv at least": lambda figure: (Channel("tv").at_least(figure), lambda s, w: 1 - s[0] / figure),
    "search at most": lambda figure: (Channel("search").at_most(figure), lambda s, w: s[1] / figure - 1),
    "tv zero or at least": lambda figure: (
        Channel("tv").zero_or_at_least(figure),
        lambda s, w: np.where(s[0] > 0, 1 - s[0] / figure, 0.0),
    ),
    "tv at most": lambda figure: (Channel("tv").at_most(figure), lambda s, w: s[0] / figure - 1),
    "search share at least": lambda figure: (
        Channel("search").share(at_least=figure),
        lambda s, w: figure - s[1] / np.maximum(s.sum(0), 1e-9),
    ),
    "customers at least": lambda figure: (Customers(at_least=figure), lambda s, w: 1 - w.sum(0) / figure),
    "blended CAC at most": lambda figure: (
        MaxCAC(figure),
        lambda s, w: s.sum(0) / np.maximum(figure * w.sum(0), 1e-9) - 1 + 1e-12 * (s.sum(0) == 0),
    ),
    "tv CAC at most": lambda figure: (
        Channel("tv").cac_at_most(figure),
        lambda s, w: s[0] / np.maximum(figure * w[0], 1e-9) - 1,
    ),
    "change in all at most": lambda figure: (
        Change(total=figure),
        lambda s, w: np.abs(s - NOW[:, None]).sum(0) / figure - 1,
    ),
}
MIDDLE = {"tv at least": 5e4, "search at most": 3e4, "tv zero or at least": 9e4, "tv at most": 6e4, "customers at least": 800,
          "search share at least": 0.5, "blended CAC at most": 110, "tv CAC at most": 120, "change in all at most": 4e4}  # fmt: skip


def test_limits_on_customers_by_a_grid():
    """Two curves, one of them S-shaped, and any limits; cases within a hundredth of either answer are left out."""
    curves = ResponseCurves({"tv": Hill(900, 60_000, 2.0), "search": Hill(500, 20_000)})
    axis = np.concatenate(([0.0], np.linspace(1e3, 3e5, 300)))
    spend = np.stack([side.ravel() for side in np.meshgrid(axis, axis)])
    won = np.stack([curve(side) for curve, side in zip(curves.values(), spend, strict=True)])
    seen = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        kinds = rng.permutation(list(FIGURE))[: rng.integers(3, 7)]
        drawn = {}
        for kind in kinds:
            constraint, excess = FIGURE[kind](MIDDLE.get(kind, 8e4) * rng.uniform(0.5, 1.6))
            drawn[kind] = constraint, excess(spend, won)

        def nearest(kinds, drawn=drawn):
            return float(np.max([np.zeros(spend.shape[1]), *(drawn[kind][1] for kind in kinds)], axis=0).min())

        limits = [constraint for constraint, _ in drawn.values()]
        plan = Plan(minimize=Spend(), subject_to=limits, now=dict(zip(curves, NOW, strict=True)))
        told = refusal(plan, curves)
        for labels in sets_of(told or ""):
            one = [next(kind for kind in kinds if label.startswith(kind)) for label in labels]
            assert nearest(one) > 1e-5, (seed, told)
            assert all(nearest([other for other in one if other != kind]) < 0.02 for kind in one), (seed, told)
            seen += 1
    assert seen >= 12


def test_ten_channels_with_thirty_limits_are_refused():
    rng = np.random.default_rng(7)
    curves, names = hill_world(7, 10), [f"channel {i}" for i in range(10)]
    drawn = [one for one, _, _ in money_limits(rng, names, 1e6 * rng.dirichlet(np.full(10, 3.0)))][:29]
    plan = Plan(minimize=BlendedCAC(1e5), subject_to=[*drawn, Customers(at_least=1e6)])
    with pytest.raises(InfeasiblePlan, match="not all promises can be kept"):
        plan.solve(curves)


def test_limits_of_one_channel_are_told_without_those_that_do_not_matter():
    tv, search = Channel("tv"), Channel("search")
    limits = [tv.at_most(5_000), tv.at_most(3_000), tv.at_least(1_000), tv.at_least(4_000)]
    limits += [search.zero_or_at_least(9_000), search.at_most(8_000), search.at_least(10)]
    curves = ResponseCurves({"tv": Hill(900, 60_000), "search": Hill(500, 20_000)})
    with pytest.raises(InfeasiblePlan) as caught:
        Plan(minimize=Spend(), subject_to=limits).solve(curves)
    tv_told, search_told = str(caught.value).split(" search cannot get ")
    assert tv_told.endswith(": tv at most 3,000; tv at least 4,000.")
    assert all(text in search_told for text in ("at most 8,000", "at least 10", "zero or at least 9,000"))


def test_what_is_not_known_in_time_is_not_claimed():
    """No set is named by a search that ends without an answer, and none of its members as enough."""
    curves = ResponseCurves({"tv": Hill(900, 60_000, 2.0), "search": Hill(500, 20_000)})
    limits = [Budget(at_most=1e4), Channel("tv").at_least(2e4), Customers(at_least=1)]
    program = Plan(minimize=Spend(), subject_to=limits).program(curves)
    asked = []

    def answers(first):
        def can_be_kept(one):
            asked.append(one)
            if len(asked) > first:
                raise TimeoutError
            return some_spend(one, FlatCurves(curves), 2.0)

        asked.clear()
        return can_be_kept

    assert conflicts(program, answers(0)) == []
    (whole,) = conflicts(program, answers(99))
    assert [str(limit) for limit in whole] == ["tv at least 20,000", "budget at most 10,000"]
    told = str(infeasible(program, lambda one: (None, 0.0, 0.0), answers(len(asked))))
    assert told.endswith("contradict each other. Remedy: relax one of them.")
