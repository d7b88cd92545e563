"""The bounds that every proof rests on: lines above expected curves, hulls above those."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from mmm.curves import Exponential, Hill, Logistic, MichaelisMenten, Mixture, Power, ResponseCurves, Tabulated
from optimizer import Budget, Channel, Customers, Plan
from optimizer.solvers.flat_curves import FlatCurves
from optimizer.solvers.hulls import Tables

rigorous = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def curves(seed, draws):
    rng = np.random.default_rng(seed)
    knots = np.concatenate(([0], np.sort(rng.uniform(1, 100, 6))))

    def drawn(low, high):
        return rng.uniform(low, high, draws)

    return ResponseCurves(
        {
            "hill": Hill(drawn(10, 90), drawn(5, 80), drawn(0.5, 4)),
            "logistic": Logistic(drawn(10, 90), drawn(5, 80)),
            "exponential": Exponential(drawn(10, 90), drawn(5, 80)),
            "power": Power(drawn(1, 9), drawn(0.3, 1)),
            "mixture": Mixture([Hill(drawn(10, 90), drawn(5, 80), drawn(1, 5)), MichaelisMenten(drawn(1, 9), 30.0)]),
            "table": Tabulated(knots, np.concatenate(([0], np.sort(rng.uniform(0, 50, 6))))),
        }
    )


@rigorous
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_hulls_lie_above_the_curves_touch_them_and_are_concave(seed, draws):
    world = curves(seed, draws)
    rng = np.random.default_rng(seed)
    tables = Tables(FlatCurves(world), np.zeros(6), np.full(6, 120.0), np.zeros(6))
    for _ in range(4):
        tables.refine(np.arange(6), rng.uniform(0, 120, 6))
    grid, hulls = np.linspace(0, 120, 2001), tables.hulls(np.zeros(6), np.full(6, 120.0))
    for index, curve in enumerate(world.values()):
        hull = hulls.of(index)
        height = np.interp(grid, hull.spend, hull.customers)
        truth = curve.mean(grid)
        assert (height >= truth - 1e-9 * truth.max()).all()
        assert (np.diff(hull.slope) <= 1e-9 * np.abs(hull.slope).max()).all()
        assert hull.customers[-1] == pytest.approx(truth[-1], rel=1e-9)


@settings(rigorous, max_examples=4)
@given(st.integers(0, 10_000))
def test_hulls_tighten_to_the_concave_envelope(seed):
    world = curves(seed, 2)
    tables = Tables(FlatCurves(world), np.zeros(6), np.full(6, 120.0), np.zeros(6))
    for point in np.linspace(0, 120, 241):
        tables.refine(np.arange(6), np.full(6, point))
    grid, hulls = np.linspace(0.6, 119.4, 500), tables.hulls(np.zeros(6), np.full(6, 120.0))
    for index, curve in enumerate(world.values()):
        hull = hulls.of(index)
        points = np.linspace(0, 120, 3001)
        values = curve.mean(points)
        corners = ConvexHull(np.column_stack([points, values])).vertices  # SciPy's, counter-clockwise
        upper = np.unique(
            np.concatenate(
                [
                    corners[values[corners] >= np.interp(points[corners], [0, 120], values[[0, -1]])],
                    [0, len(points) - 1],
                ]
            )
        )
        envelope = np.interp(grid, points[upper], values[upper])
        assert np.interp(grid, hull.spend, hull.customers) == pytest.approx(envelope, rel=2e-3, abs=2e-3 * values.max())


def test_nothing_lies_in_a_hole():
    world = ResponseCurves({"a": Hill(100, 50)})
    tables = Tables(FlatCurves(world), np.zeros(1), np.array([100.0]), np.array([40.0]))
    hull = tables.hulls(np.zeros(1), np.array([100.0])).of(0)
    assert np.interp(20.0, hull.spend, hull.customers) == pytest.approx(float(world["a"](40.0)) / 2)


def test_weights_are_probabilities_of_draws():
    world = curves(1, 3)
    spend = np.full(6, 30.0)
    weights = np.array([0.2, 0.0, 0.8])
    expected = [np.broadcast_to(curve(30.0), (3,)) @ weights for curve in world.values()]
    assert FlatCurves(world, weights).mean(spend) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(6))
def test_mixtures_and_tables_are_planned_with_a_proof(seed):
    world = curves(seed, 3)
    plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=150), Channel("power").at_most(40)])
    found = plan.solve(world)
    assert found.gap <= 1e-3
    rng = np.random.default_rng(seed)
    for _ in range(300):
        spend = 150 * rng.dirichlet(np.full(6, 0.6))
        spend[3] = min(spend[3], 40)
        assert world.customers(dict(zip(world, spend, strict=True))).mean() <= found.bound * (1 + 1e-12)


@pytest.mark.parametrize("draws", [3, 4, 7])
def test_a_table_s_flat_stretches_stay_flat_whatever_its_draws(draws):
    """Sums of equal numbers may differ in the last digit from row to row, and a table may not fall."""
    for seed in range(30):
        rng = np.random.default_rng([seed, draws])
        gains = rng.exponential(1, 12) * (rng.random(12) < 0.3)
        shape = np.concatenate(([0.0], np.cumsum(gains)))
        table = Tabulated(np.arange(13.0), shape[:, None] * np.exp(rng.normal(0, 0.2, draws)))
        flat = FlatCurves(ResponseCurves({"a": table}))
        values = [float(flat.mean(np.array([spend]))[0]) for spend in range(13)]
        assert values == pytest.approx(table.mean(np.arange(13.0)).tolist(), rel=1e-12)
