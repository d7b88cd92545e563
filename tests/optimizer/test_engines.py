"""Two engines that share no solver agree; neither is loaded before it is needed."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_worlds import hill_world

import optimizer
from attribution.errors import BadInput, InfeasiblePlan
from mmm.curves import Exponential, Hill, Logistic, MichaelisMenten, Power, ResponseCurves
from optimizer import BlendedCAC, Budget, Channel, Customers, Group, MaxCAC, Plan, Profit, Spend
from optimizer.solvers.cones import Shape, Term, template
from optimizer.solvers.conic import Conic

agree = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def world(seed):
    rng = np.random.default_rng(seed)
    ceiling, half = rng.uniform(500, 5000, 5), 1e6 * rng.uniform(0.05, 0.5, 5)
    return ResponseCurves(
        {
            "exponential": Exponential(ceiling[0], half[0]),
            "michaelis_menten": MichaelisMenten(ceiling[1], half[1]),
            "hill": Hill(ceiling[2], half[2], rng.uniform(0.6, 1.0)),
            "power": Power(ceiling[3] / 1e3, rng.uniform(0.4, 0.6)),
            "draws": Exponential(ceiling[4] * np.exp(rng.normal(0, 0.2, 4)), half[4] * np.exp(rng.normal(0, 0.2, 4))),
        }
    )


LIMITS = [
    Budget(at_most=1e6),
    Channel("hill").between(2e4, 4e5),
    Group("pair", ["exponential", "power"]).at_most(3e5),
    Group("rest", ["michaelis_menten", "draws"]).share(at_least=0.3),
]
BUSINESS = {"organic": 300.0, "fixed_cost": 2e5}
PLANS = {
    "customers": Plan(maximize=Customers(**BUSINESS), subject_to=LIMITS),
    "customers, one row": Plan(maximize=Customers(**BUSINESS), subject_to=LIMITS[:2]),
    "cac": Plan(minimize=BlendedCAC(**BUSINESS), subject_to=LIMITS),
    "cac, one row": Plan(minimize=BlendedCAC(**BUSINESS), subject_to=[*LIMITS[:2], Customers(at_least=2000)]),
    "spend": Plan(minimize=Spend(**BUSINESS), subject_to=[*LIMITS, Customers(at_least=2000)]),
    "ceiling": Plan(maximize=Customers(**BUSINESS), subject_to=[*LIMITS, MaxCAC(170)]),
    "profit": Plan(maximize=Profit(400, **BUSINESS), subject_to=LIMITS),
}


@agree
@given(st.integers(0, 1000), st.sampled_from(sorted(PLANS)))
def test_both_engines_agree(seed, question):
    curves, plan = world(seed), PLANS[question]
    try:
        hulls = plan.solve(curves, gap=1e-8)
    except InfeasiblePlan:
        with pytest.raises(InfeasiblePlan):
            plan.solve(curves, engine=Conic())
        return
    conic = plan.solve(curves, gap=1e-6, engine=Conic())
    assert conic.value == pytest.approx(hulls.value, rel=1e-6)
    assert conic.bound == pytest.approx(hulls.value, rel=1e-4)
    sign = 1 if plan.objective.wants == "maximize" else -1
    assert sign * conic.bound >= sign * hulls.value - 1e-9 * abs(hulls.value)
    assert hulls.engine != conic.engine


@pytest.mark.parametrize("question", sorted(PLANS))
def test_a_changed_plan_is_solved_by_the_program_compiled_before(question):
    curves, plan = world(1), PLANS[question]
    plan.solve(curves, engine=Conic())
    made = template.cache_info().misses
    changed, _ = optimizer.BudgetOf(1.3e6).applied(plan, curves)
    conic, hulls = changed.solve(curves, engine=Conic()), changed.solve(curves, gap=1e-8)
    assert conic.value == pytest.approx(hulls.value, rel=1e-6)
    dearer, costlier = optimizer.CostInflation(0.15).applied(changed, curves)
    again, check = dearer.solve(costlier, engine=Conic()), dearer.solve(costlier, gap=1e-8)
    assert again.value == pytest.approx(check.value, rel=1e-6)
    assert template.cache_info().misses == made


def test_the_program_is_parametrised_with_discipline():
    kinds = ("line", "power", "exponential", "hill", "michaelis_menten")
    terms = tuple(Term(i, kind, 0.5) for i, kind in enumerate(kinds))
    for is_ratio in (False, True):
        assert template(Shape(5, 2, terms, is_ratio)).problem.is_dcp(dpp=True)


def test_what_has_no_cone_is_refused_with_every_reason():
    curves = ResponseCurves({"s": Hill(1, 1, 2), "tanh": Logistic(1, 1), "many": Hill(np.ones(100), 1.0)})
    plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=1), Channel("s").zero_or_at_least(0.5)])
    with pytest.raises(BadInput) as caught:
        plan.solve(curves, engine=Conic())
    assert len(caught.value.problems) == 4


def test_infeasible_programs_are_named_by_both():
    plan = Plan(minimize=Spend(), subject_to=[*LIMITS, Customers(at_least=1e6)])
    for engine in (None, Conic()):
        with pytest.raises(InfeasiblePlan, match="at most"):
            plan.solve(world(0), engine=engine)


def test_planning_loads_no_solver_and_no_drawing():
    code = (
        "import sys, optimizer; from mmm.curves import Hill, ResponseCurves;"
        "curves = ResponseCurves({'a': Hill(100, 1e4), 'b': Hill(50, 1e4, 2)});"
        "optimizer.Plan(maximize=optimizer.Customers(), subject_to=optimizer.Budget(at_most=1e4)).solve(curves);"
        "print([name for name in ('cvxpy', 'matplotlib', 'pymc', 'arviz', 'ibis', 'duckdb') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_concave_worlds_need_no_branching():
    from optimizer.solvers.branch import branch_and_bound
    from optimizer.solvers.flat_curves import FlatCurves

    curves = hill_world(0, 20, "concave")
    plan = Plan(maximize=Customers(), subject_to=Budget(at_most=1e6))
    assert branch_and_bound(plan.program(curves), FlatCurves(curves), 1e-9).nodes == 1


@pytest.mark.parametrize(
    "plan",
    [
        Plan(maximize=Profit(10.0), subject_to=[Budget(at_most=1e5), Channel("tv").marginal_cac_at_most(1e-3)]),
        Plan(minimize=Spend(), subject_to=[Channel("tv").share(at_most=1.0)]),
        Plan(maximize=Customers(organic=5.0), subject_to=[Channel("tv").fixed(3e4), Channel("tv").cac_at_most(1e4)]),
        Plan(maximize=Profit(1e-6), subject_to=[Budget(at_most=1e5)]),
        Plan(maximize=Profit(1e-6), subject_to=[Channel("tv").at_most(1e5), Channel("tv").share(at_least=0.2)]),
    ],
)
@pytest.mark.parametrize("curve", [Hill(900, 60_000, 1), Exponential(900, 60_000)])
def test_where_nothing_is_left_to_decide_or_nothing_pays_the_conic_engine_says_the_same(plan, curve):
    curves = {"tv": curve}
    conic, hulls = plan.solve(curves, engine=Conic()), plan.solve(curves)
    assert conic.spend["tv"] == pytest.approx(hulls.spend["tv"])
    assert conic.value == pytest.approx(hulls.value)
    assert conic.gap <= 1e-3


def test_where_the_only_spend_breaks_a_promise_the_conic_engine_refuses_it_too():
    plan = Plan(maximize=Customers(), subject_to=[Channel("tv").fixed(3e4), Channel("tv").cac_at_most(1.0)])
    for engine in (Conic(), None):
        with pytest.raises(InfeasiblePlan):
            plan.solve({"tv": Hill(900, 60_000, 1)}, engine=engine)
