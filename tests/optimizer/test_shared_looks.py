"""What programs share, and questions that are answered without a reason: both the same as each alone."""

from __future__ import annotations

import numpy as np
import pytest

from attribution.errors import InfeasiblePlan
from mmm.curves import Hill, Logistic, Mixture, Power, ResponseCurves
from mmm.curves.joined import joined
from optimizer import BlendedCAC, Budget, Channel, Customers, Plan, Spend
from optimizer.solvers.flat_curves import FlatCurves, Looks

DRAWS = 60


def world(seed: int) -> tuple[ResponseCurves, np.random.Generator]:
    rng = np.random.default_rng(seed)

    def drawn(middle: float, spread: float = 0.4) -> np.ndarray:
        return middle * np.exp(rng.normal(0, spread, DRAWS))

    steep, flat = Hill(drawn(900), drawn(100), drawn(1.6, 0.2)), Logistic(drawn(700), drawn(200))
    plain = Hill(800.0, drawn(150), 1.0)  # numbers beside draws
    return ResponseCurves({"a": steep, "b": Mixture([flat, Hill(drawn(400), drawn(80))]), "c": plain, "d": Power(drawn(3), drawn(0.6, 0.1))}), rng  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_looks_that_are_shared_give_the_lines_of_each_program_alone(seed: int) -> None:
    curves, rng = world(seed)
    looks, points = Looks(curves), np.tile([10.0, 60.0, 120.0, 300.0], len(curves))
    owner = np.repeat(np.arange(len(curves)), 4)
    for turn in range(4):
        weights = rng.random(DRAWS) * (rng.random(DRAWS) < 0.7)
        weights /= weights.sum()
        asked = curves.with_curve("b", curves["b"].scaled(effect=0.5 + turn)) if turn % 2 else curves
        alone, shared = FlatCurves(asked, weights), FlatCurves(asked, weights, looks)
        for where in (points, points * (1 + turn / 10)):
            for one, other in zip(alone.lines(owner, where), shared.lines(owner, where), strict=True):
                assert np.array_equal(one, other)


@pytest.mark.parametrize("seed", range(3))
def test_a_first_look_is_that_of_the_curves_whatever_was_looked_at_before(seed: int) -> None:
    curves, rng = world(seed)
    for turn in range(6):
        curves = curves.with_curve("b", curves["b"].scaled(effect=0.5 + turn)) if turn % 3 else curves
        counts = rng.integers(1, 5, len(curves))
        owner = np.repeat(np.arange(len(curves)), counts)
        points = np.concatenate([np.sort(rng.choice([10.0, 60.0, 120.0, 300.0], n, replace=False)) for n in counts])
        within = np.diff(owner) == 0
        plain = FlatCurves(curves).lines(owner, points)
        for _ in range(2):
            look = FlatCurves(curves).first_look(owner, points)
            assert np.array_equal(look.value, plain.value)
            assert np.array_equal(look.left[within], plain.left[within])
            assert np.array_equal(look.right[within], plain.right[within])


@pytest.mark.parametrize("customers", [200, 1500, 2500, 9000])
def test_a_plan_can_be_kept_where_it_is_not_refused(customers: float) -> None:
    curves, _ = world(5)
    limits = [Budget(at_most=600), Channel("a").at_most(200), Customers(at_least=customers)]
    for aim in (Spend(), BlendedCAC(organic=50.0)):
        plan = Plan(minimize=aim, subject_to=limits)
        try:
            plan.solve(curves)
            refused = False
        except InfeasiblePlan:
            refused = True
        assert plan.can_be_kept(curves) is not refused


def test_a_pool_of_families_is_averaged_as_its_parts_are() -> None:
    parts = [Hill([50.0, 60.0, 9.0], [100.0, 90.0, 70.0], [2.0, 1.0, 0.7]), Logistic([5.0, 6.0], [10.0, 20.0])]
    weights, spend = np.array([0.1, 0.2, 0.3, 0.15, 0.25]), np.array([40.0, 120.0])
    turned = joined(parts[::-1]).take([2, 3, 4, 0, 1])
    value, slope = FlatCurves(ResponseCurves({"a": joined(parts), "b": turned}), weights).mean_and_slope(
        np.arange(2), spend
    )
    for place, amount in enumerate(spend):
        by_draw = [np.concatenate(both) for both in zip(*(part.value_and_slope(amount) for part in parts), strict=True)]
        assert [value[place], slope[place]] == pytest.approx([weights @ draws for draws in by_draw])
