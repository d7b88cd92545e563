"""Lift tests that share controls: their errors go together in kernel, reference and table."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

import mmm
from attribution.errors import BadInput
from mmm.data.observed_tests import Observed, observe
from mmm.experiments.geo_follow import follow
from mmm.experiments.geo_gaps import history_of
from mmm.experiments.geo_shared import parts_shared, shared_correlation
from mmm.sampling.layout import layout
from mmm.sampling.national_problem import standardise
from mmm.sampling.prepared import prepare
from mmm.simulate.geo_world import geo_world

CELLS = (
    mmm.LiftTest("tv", "2024-03-04", "2024-04-07", -10_000, -60, 25),
    mmm.LiftTest("search", "2024-03-04", "2024-04-07", -9_000, -80, 40),
    mmm.LiftTest("social", "2024-05-06", "2024-06-02", 15_000, 40, 20),
)


def sharing(parts, tests=CELLS, name="spring"):
    pairs = zip(tests, parts, strict=True)
    return tuple(replace(test, shared_controls=name, shared_error=part * test.standard_error) for test, part in pairs)


def density(panel, tests):
    model = mmm.Model(lift_tests=tests)
    return standardise(panel, model, layout(model, panel), model.design(panel)).fused()


def points(one, count=3):
    return one.centre + np.random.default_rng(0).normal(0, 0.4, (count, one.size))


def apart(panel, tests, theta):
    """What tests add to the log density, by the fit without them."""
    return density(panel, tests)(theta)[0] - density(panel, ())(theta)[0]


@given(st.lists(st.floats(0, 0.99), min_size=2, max_size=5), st.integers(0, 999))
@settings(max_examples=60, deadline=None)
def test_weighed_tests_are_the_normal_density_of_scipy(parts, seed):
    rng = np.random.default_rng(seed)
    count = len(parts)
    correlation = np.outer(parts, parts)
    np.fill_diagonal(correlation, 1.0)
    gained, error = rng.normal(0, 100, count), rng.uniform(1, 50, count)
    empty = np.zeros((0, 2))
    seen = Observed(np.zeros((count, 3)), np.column_stack([gained, error]), correlation, empty, empty)
    away = rng.normal(0, 50, count)
    found = seen.log_constant - 0.5 * away @ seen.weighed[:, 1:] @ away
    covariance = correlation * np.outer(error, error)
    assert found == pytest.approx(multivariate_normal.logpdf(away, cov=covariance), rel=1e-9)
    np.testing.assert_array_equal(seen.weighed[:, 0], gained)


def test_without_a_shared_error_tests_are_independent(panel):
    one, other = density(panel, CELLS), density(panel, sharing([0, 0, 0]))
    for theta in points(one):
        value, slope = one(theta)
        found, gradient = other(theta)
        assert found == value
        np.testing.assert_array_equal(gradient, slope)


def test_other_days_and_other_names_share_nothing(panel):
    tests = sharing([0.9, 0.9, 0.9])
    np.testing.assert_allclose(observe(tests, panel).correlation, [[1, 0.81, 0], [0.81, 1, 0], [0, 0, 1]])
    renamed = (replace(tests[0], shared_controls="autumn"), *tests[1:])
    np.testing.assert_array_equal(observe(renamed, panel).correlation, np.eye(3))


def test_one_error_told_twice_counts_once(panel):
    first = replace(CELLS[0], shared_controls="spring", shared_error=CELLS[0].standard_error)
    again = replace(first, start="2024-03-05")  # the same weeks of the panel
    own = (replace(first, shared_error=0.0), replace(again, shared_error=0.0))
    thetas = points(density(panel, ()))

    def moved(tests):  # what tests say of one point against another
        return np.diff([apart(panel, tests, theta) for theta in thetas])

    np.testing.assert_allclose(moved((first, again)), moved((first,)), rtol=1e-8)
    np.testing.assert_allclose(moved(own), 2 * moved((first,)), rtol=1e-8)


def test_order_and_sign_of_tests_do_not_matter(panel):
    tests = sharing([0.7, 0.4, 0.2])
    theta = points(density(panel, ()))[0]
    assert apart(panel, tests[::-1], theta) == pytest.approx(apart(panel, tests, theta), rel=1e-9)


@pytest.mark.parametrize("parts", [(0.8, 0.6, 0.0), (1.0, 1.0, 0.0)])
def test_the_gradient_is_that_of_differences(panel, parts):
    fused = density(panel, sharing(parts))
    for theta in points(fused, 2):
        step = 1e-5 * np.eye(fused.size)
        slopes = [(fused(theta + h)[0] - fused(theta - h)[0]) / 2e-5 for h in step]
        np.testing.assert_allclose(fused(theta)[1], slopes, rtol=1e-5, atol=1e-3)


def test_the_reference_has_the_same_density(panel):
    from mmm.sampling.pymc_graph import build, coordinates

    model = mmm.Model(lift_tests=sharing((0.8, 0.6, 0.0)), lift_trust=mmm.LiftTrust(limit=None))
    fused = prepare(panel, model).problem.fused()
    graph = build(panel, model).compile_logp(mode="FAST_COMPILE")
    for theta in points(fused, 2):
        assert graph(coordinates(fused.problem, theta)) == pytest.approx(fused(theta)[0], rel=1e-8)


def test_tests_outside_keep_what_they_share(panel):
    here = sharing([0.6, 0.6, 0.0])
    abroad = tuple(replace(test, outside=0.5) for test in here)
    found = observe(abroad, panel).correlation[0, 1]
    assert 0 < found < observe(here, panel).correlation[0, 1]  # doubt about another market is each test's own


def test_a_table_reads_what_a_test_writes():
    frame = pd.DataFrame([vars(test) for test in sharing([0.5, 0.25, 0.0])])
    assert mmm.lift_tests_from_frame(frame) == sharing([0.5, 0.25, 0.0])
    assert mmm.lift_tests_from_frame(frame.drop(columns=["shared_controls", "shared_error"])) == CELLS


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"shared_error": 5.0}, "shared_controls"),
        ({"shared_controls": "spring", "shared_error": 26.0}, "at most all of it"),
        ({"shared_controls": "spring", "shared_error": -1.0}, "at most all of it"),
        ({"shared_controls": "spring", "shared_error": float("nan")}, "at most all of it"),
    ],
)
def test_impossible_parts_are_refused(panel, change, says):
    with pytest.raises(BadInput, match=says):
        observe((replace(CELLS[0], **change),), panel)


@given(st.lists(st.floats(0.05, 0.95), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_one_shared_error_gives_its_correlations_back(parts):
    wanted = np.outer(parts, parts)
    np.fill_diagonal(wanted, 1.0)
    found = np.outer(parts_shared(wanted), parts_shared(wanted))
    np.fill_diagonal(found, 1.0)
    np.testing.assert_allclose(found, wanted, atol=0.02)


@pytest.mark.parametrize("beside", [-0.4, 0.0, 0.3])
def test_two_cells_share_what_they_correlate(beside):
    first, second = parts_shared(np.array([[1.0, beside], [beside, 1.0]]))
    assert first * second == pytest.approx(max(beside, 0.0))


def test_cells_err_together_as_much_as_is_said():
    tests, controls, said, off = [[0, 1], [2, 3]], np.arange(8) >= 4, [], []
    members = np.array([[float(geo in cell) for geo in range(8)] for cell in tests])
    for seed in range(400):
        rng = np.random.default_rng(seed)
        kpi = rng.lognormal(6, 0.3, (8, 1)) * (1 + 0.05 * rng.normal(size=(8, 44)))
        own = follow(kpi[:, :40], members, controls, 4)
        said.append(shared_correlation(own, history_of(kpi[:, :40], 4), controls)[0, 1])
        off.append(own.tested.effect(kpi[:, 40:]))
    true = np.corrcoef(np.array(off).T)[0, 1]
    assert np.mean(said) == pytest.approx(true, abs=0.1)


def test_by_geo_a_shared_error_is_the_joint_normal_density():
    """The kernel of geos against scipy, by what each test alone says of two points."""
    data, _ = geo_world(3, geos=4, weeks=60, channels=2)
    panel = mmm.Panel.from_frame(data.weekly, "week", "new_customers", list(data.channels), geo="geo")
    start, end = f"{panel.dates[20]:%Y-%m-%d}", f"{panel.dates[24] - pd.Timedelta(days=1):%Y-%m-%d}"
    tests = [
        mmm.LiftTest(channel, start, end, -500.0, -80.0, 30.0, panel.geos[place])
        for place, channel in enumerate(data.channels)
    ]

    def problem(given):
        return prepare(panel, mmm.Model(lift_tests=tuple(given), lift_trust=mmm.LiftTrust(limit=None))).problem.fused()

    plain, base = problem(tests), problem([])
    alone = [problem([test]) for test in tests]
    theta = base.centre + np.random.default_rng(1).normal(0, 0.2, base.size)

    def away(one, test):  # from what a single test adds, up to its sign
        added = one(theta)[0] - base(theta)[0]
        size = test.standard_error / panel.kpi.mean(axis=1).sum()
        return np.sqrt(max(-2 * (added + np.log(size) + 0.5 * np.log(2 * np.pi)), 0.0))

    z = np.array([away(one, test) for one, test in zip(alone, tests, strict=True)])
    joint = problem(sharing((0.8, 0.5), tests))(theta)[0] - plain(theta)[0]
    wanted = [
        multivariate_normal.logpdf(one, cov=[[1, 0.4], [0.4, 1]]) - multivariate_normal.logpdf(one, cov=np.eye(2))
        for one in (z, z * [1, -1])
    ]
    assert min(abs(joint - one) for one in wanted) < 1e-6
