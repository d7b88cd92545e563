"""Values with draws enter the objective: certified at their means, and each draw of the figure has its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution import BadInput
from mmm.curves import Hill, ResponseCurves
from optimizer import Budget, Channel, Customers, LowerValue, Pessimistic, Plan, Profit, compare, worth

RNG = np.random.default_rng(4)
CURVES = ResponseCurves(
    {name: Hill(RNG.normal(900, 60, 300), RNG.normal(60_000, 4_000, 300)) for name in ("tv", "search", "social")}
)
VALUES = {"tv": RNG.normal(150, 20, 400), "search": RNG.normal(260, 10, 400), "social": RNG.normal(420, 90, 400)}
NOW = pd.Series({"tv": 60_000.0, "search": 50_000.0, "social": 40_000.0})
LIMITS = [Budget(at_most=200_000.0), Channel("tv").at_most(120_000)]


def npv(**more: object) -> Profit:
    return Profit(VALUES, called="net present value", value_per_organic=200.0, organic=50.0, **more)  # type: ignore[arg-type]


def test_the_best_plan_is_that_of_the_mean_values() -> None:
    """Values that know nothing of customers: the mean of the product is the product of the means."""
    drawn = Plan(maximize=npv(), subject_to=LIMITS, now=NOW).solve(CURVES)
    means = {name: float(value.mean()) for name, value in VALUES.items()}
    known = Profit(means, value_per_organic=200.0, organic=50.0)
    plain = Plan(maximize=known, subject_to=LIMITS, now=NOW).solve(CURVES)
    assert drawn.value == pytest.approx(plain.value, rel=1e-9)
    assert drawn.bound == pytest.approx(plain.bound, rel=1e-6)


def test_no_spend_does_better_over_all_pairs_of_draws() -> None:
    plan = Plan(maximize=npv(), subject_to=LIMITS, now=NOW)
    best = plan.solve(CURVES)
    rng = np.random.default_rng(0)
    for _ in range(200):
        share = rng.dirichlet(np.ones(3)) * rng.uniform(0, 200_000)
        spend = dict(zip(CURVES, np.minimum(share, [120_000, 2e5, 2e5]), strict=True))
        pairs = sum(np.outer(VALUES[c], CURVES[c](spend[c])).mean() for c in CURVES) + 200 * 50 - sum(spend.values())
        assert pairs <= best.bound * (1 + 1e-9)


def test_each_draw_has_its_own_value_and_the_interval_is_wider() -> None:
    plan = Plan(maximize=npv(), subject_to=LIMITS, now=NOW)
    spend = NOW.to_dict()
    figures = plan.figures(CURVES, spend)
    by_hand = sum(VALUES[c][:300] * CURVES[c](spend[c]) for c in CURVES) + 200 * 50 - NOW.sum()
    assert np.allclose(figures, by_hand)
    known = Profit({c: float(v.mean()) for c, v in VALUES.items()}, value_per_organic=200.0, organic=50.0)
    assert np.std(figures) > np.std(Plan(maximize=known, now=NOW).figures(CURVES, spend))


def test_the_worth_of_a_plan_states_the_figure_that_is_certified() -> None:
    plan = Plan(maximize=npv(), subject_to=LIMITS, now=NOW)
    best = plan.solve(CURVES)
    verdict = worth(plan, CURVES, best.spend)
    assert verdict.aim.name == "net present value"
    assert verdict.aim.after.point == pytest.approx(best.value)
    assert verdict.aim.after.low < best.value < verdict.aim.after.high


def test_organic_draws_are_paired_with_draws_of_their_value() -> None:
    organic, each = RNG.normal(100, 5, 300), RNG.normal(200, 30, 400)
    objective = Profit(VALUES, organic=organic, value_per_organic=each)
    figures = Plan(maximize=objective, now=NOW).figures(CURVES, dict.fromkeys(CURVES, 0.0))
    assert np.allclose(figures, organic * each[:300])
    best = Plan(maximize=objective, subject_to=LIMITS, now=NOW).solve(CURVES)
    spend = best.spend
    expected = sum(VALUES[c].mean() * CURVES[c](spend[c]).mean() for c in CURVES) + organic.mean() * each.mean()
    assert best.value == pytest.approx(expected - spend.sum())


def test_a_lower_value_moves_money_as_the_same_plan_by_hand() -> None:
    plan = Plan(maximize=npv(), subject_to=LIMITS, now=NOW)
    frame = compare(plan, CURVES, [LowerValue(0.4)]).frame
    lower = npv().worth_less(0.4)
    by_hand = Plan(maximize=lower, subject_to=LIMITS, now=NOW).solve(CURVES)
    assert frame["spend"].iloc[-1] == pytest.approx(by_hand.total_spend, rel=1e-3)
    assert by_hand.total_spend < plan.solve(CURVES).total_spend


def test_promises_of_customers_hold_beside_values() -> None:
    promise = Customers(at_least=1_200.0)
    best = Plan(maximize=npv(), subject_to=[*LIMITS, promise], now=NOW).solve(CURVES)
    assert best.customers >= 1_200 * (1 - 1e-9)


@pytest.mark.parametrize("value", [np.array([1.0, np.nan]), np.array([-5.0, 1.0]), np.ones((2, 2)), -1.0])
def test_values_that_are_none_are_refused(value: object) -> None:
    with pytest.raises(BadInput, match="finite and not negative"):
        Profit({"tv": value})


def test_the_worst_cases_are_not_asked_of_draws_of_values() -> None:
    with pytest.raises(BadInput, match="takes no draws of what customers are worth"):
        Pessimistic(Plan(maximize=npv(), subject_to=LIMITS, now=NOW), 0.2).solve(CURVES)
