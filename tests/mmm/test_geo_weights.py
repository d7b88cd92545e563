"""Weights, gaps and standard errors of geo tests against independent oracles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import nnls

from mmm.experiments.geo_drift import drift_of, wider
from mmm.experiments.geo_follow import PULLS, best_pull, follow
from mmm.experiments.geo_gaps import DIFFERENCES, gaps_of, history_of
from mmm.experiments.geo_spread import spread_of
from mmm.experiments.geo_weights import synthetic_weights


def oracle(scaled: np.ndarray, target: np.ndarray, donors: np.ndarray, pull: float, geos: np.ndarray) -> np.ndarray:
    """The same least squares by SciPy: demeaned rows, and a row of its own for the pull on each weight."""
    rows = (scaled[donors] - scaled[donors].mean(axis=1, keepdims=True)).T
    side = target - target.mean()
    ridge = (pull + 1e-9) * np.trace(np.cov(geos, bias=True)) / len(geos)
    count = int(donors.sum())
    root = np.sqrt(len(side))
    left = np.vstack([rows / root, np.sqrt(ridge) * np.eye(count)])
    found = np.zeros(len(scaled))
    found[donors] = nnls(left, np.concatenate([side / root, np.full(count, np.sqrt(ridge) / count)]))[0]
    return found


@given(st.integers(0, 10_000), st.integers(3, 25), st.integers(6, 60), st.sampled_from([0.001, 0.01, 0.1, 1.0]))
@settings(max_examples=40, deadline=None)
def test_weights_are_those_of_scipy(seed: int, geos: int, periods: int, pull: float) -> None:
    rng = np.random.default_rng(seed)
    series = rng.normal(size=(geos, periods)) + 3 * rng.normal(size=periods)
    donors = np.ones(geos, dtype=bool)
    donors[0] = False
    groups = np.eye(geos)[:1]
    moments = np.stack([np.cov(series[:, :-1], bias=True), np.cov(series, bias=True)])
    found = synthetic_weights(moments, groups, donors[None], pull)
    for weights, seen in zip(found[:, 0], (series[:, :-1], series), strict=True):
        np.testing.assert_allclose(weights, oracle(seen, seen[0], donors, pull, seen), atol=1e-7)
    equal = synthetic_weights(moments, groups, donors[None], DIFFERENCES)[0, 0, 1:]
    np.testing.assert_allclose(equal, 1 / (geos - 1), atol=1e-5)


def panel(seed: int = 0, geos: int = 9, periods: int = 43) -> np.ndarray:
    rng = np.random.default_rng(seed)
    common = 1 + 0.1 * rng.normal(size=periods)
    return rng.lognormal(6, 1, (geos, 1)) * common * (1 + 0.05 * rng.normal(size=(geos, periods)))


def test_blocks_are_left_out_of_their_own_fit() -> None:
    kpi, length, pull = panel(), 6, 0.1
    members = np.zeros((1, 9))
    members[0, [2, 5]] = 1
    donors = members == 0
    gaps = gaps_of(history_of(kpi, length), members, donors, pull)
    scaled = kpi / kpi.mean(axis=1, keepdims=True)
    treated = kpi[[2, 5]].sum(axis=0) / kpi[[2, 5]].sum(axis=0).mean()
    assert gaps.blocks.shape == (1, 7)
    for block in range(7):
        own = np.zeros(43, dtype=bool)
        own[43 - length * (7 - block) : 43 - length * (6 - block)] = True
        weights = oracle(scaled[:, ~own], treated[~own], donors[0], pull, scaled[:, ~own])
        away = treated - weights @ scaled
        gap = away[own].mean() - away[~own].mean()
        assert gaps.blocks[0, block] == pytest.approx(gap / (treated[own].mean() - gap), abs=1e-7)


@given(st.integers(0, 1000), st.lists(st.floats(0.1, 1e4), min_size=9, max_size=9))
@settings(max_examples=20, deadline=None)
def test_units_of_a_geo_do_not_matter_to_a_single_test_geo(seed: int, units: list[float]) -> None:
    kpi = panel(seed)
    members, controls = np.eye(9)[:1], np.arange(9) > 0
    scaled = kpi * np.array(units)[:, None]
    one, other = (follow(each[:, :36], members, controls, 6, 0.1) for each in (kpi, scaled))
    np.testing.assert_allclose(one.tested.effect(kpi[:, 36:]), other.tested.effect(scaled[:, 36:]), rtol=1e-6)
    np.testing.assert_allclose(one.tested.blocks, other.tested.blocks, atol=1e-9)


def test_a_follower_that_copies_has_no_gap() -> None:
    kpi = panel(1)
    kpi[0] = 3 * kpi[4]
    gaps = gaps_of(history_of(kpi, 6), np.eye(9)[:1], np.arange(9)[None] > 0, 0.0)
    np.testing.assert_allclose(gaps.blocks, 0, atol=1e-6)
    assert gaps.weights[0, 4] == pytest.approx(1, abs=1e-6)


def test_placebos_moderate_a_standard_error() -> None:
    rng = np.random.default_rng(0)
    blocks, true = 6, 0.04
    square = (true**2 * rng.chisquare(blocks - 1, (4000, 21)) / (blocks - 1)).astype(float)
    alone, drawn = [], []
    for row in square[:400]:
        alone.append(float(spread_of(row[:1], blocks, np.ones(1), row[:0], row[:0]).error[0]))
        drawn.append(float(spread_of(row[:1], blocks, np.ones(1), row[1:], np.ones(20)).error[0]))
    assert np.std(drawn) < 0.6 * np.std(alone)
    found = spread_of(np.array([true**2]), blocks, np.ones(1), np.full(20, true**2), np.ones(20))
    assert found.error[0] == pytest.approx(true, rel=0.15)
    assert found.freedom[0] > blocks - 1


def test_a_t_test_on_moderated_errors_keeps_its_size() -> None:
    rng = np.random.default_rng(3)
    shown = []
    for _ in range(1500):
        own, others = rng.chisquare(5, 1) / 5, rng.chisquare(5, 20) / 5
        spread = spread_of(own, 6, np.ones(1), others, np.ones(20))
        shown.append(spread.chance(rng.normal(size=1))[0] < 0.05)
    assert stats.binomtest(sum(shown), 1500, 0.05).pvalue > 0.001


def test_a_group_that_plainly_varies_more_stands_alone() -> None:
    found = spread_of(np.array([1.0]), 6, np.ones(1), np.full(20, 0.01), np.ones(20))
    assert found.error[0] == 1.0
    assert found.freedom[0] == 5
    few = spread_of(np.array([0.02]), 6, np.ones(1), np.full(2, 0.01), np.ones(2))
    assert few.error[0] == pytest.approx(np.sqrt(0.02))


def test_the_spread_goes_with_size_where_that_of_placebos_does() -> None:
    sizes = np.geomspace(10, 1000, 20)
    spread = spread_of(np.array([1 / 10, 1 / 1000]), 6, np.array([10.0, 1000.0]), 1 / sizes, sizes)
    assert spread.error[0] / spread.error[1] == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize("placebos", [5, 7])
def test_a_variance_drawn_to_few_placebos_is_right_on_average(placebos: int) -> None:
    rng = np.random.default_rng(5)
    squares = rng.chisquare(3, (4000, placebos + 1)) / 3
    sizes = np.ones(placebos)
    drawn = [float(spread_of(row[:1], 4, sizes[:1], row[1:], sizes).error[0] ** 2) for row in squares]
    assert np.mean(drawn) == pytest.approx(1, abs=0.025)  # by the mean of logarithms as it is 3 and 4 % too large


@given(st.integers(0, 1000), st.integers(2, 30), st.integers(1, 40), st.floats(0.01, 100))
@settings(max_examples=25, deadline=None)
def test_windows_are_wider_by_what_they_are_whatever_groups_vary_by(
    seed: int, windows: int, groups: int, times: float
) -> None:
    rng = np.random.default_rng(seed)
    gaps = rng.normal(size=(groups, windows + 1)) * rng.lognormal(0, 2, (groups, 1))
    some, rest = gaps[:, 0] ** 2, (gaps[:, 1:] ** 2).sum(axis=1)
    found = wider(some, 1, rest, windows, groups)
    assert found.ratio <= windows + 1
    assert (found.times > 1) == (found.ratio > found.limit)
    scaled = wider(some * times, 1, rest * times, windows, groups)
    assert scaled.ratio == pytest.approx(found.ratio)
    assert scaled.times == pytest.approx(found.times)
    if found.times > 1:  # so much narrower they would be as the others
        assert wider(some / found.times**2, 1, rest, windows, groups).ratio == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("windows", "groups"), [(2, 6), (2, 20), (5, 20), (25, 12)])
def test_chance_rarely_makes_windows_wider_though_groups_differ(windows: int, groups: int) -> None:
    rng = np.random.default_rng(windows)
    scale = rng.lognormal(0, 1.5, (groups, 1))
    found = [
        wider(one[:, 0] ** 2, 1, (one[:, 1:] ** 2).sum(axis=1), windows, groups)
        for one in rng.normal(size=(2000, groups, windows + 1)) * scale
    ]
    ratios = np.array([one.ratio for one in found])
    assert ratios.mean() == pytest.approx(1, abs=0.05)
    assert ratios.std() == pytest.approx((found[0].limit - 1) / 2.5, rel=0.1)
    assert np.mean([one.times > 1 for one in found]) < 0.025


def test_one_group_that_drifts_does_not_speak_for_the_others() -> None:
    rng = np.random.default_rng(6)
    gaps = rng.normal(size=(20, 6))
    gaps[3] = 1000 * np.arange(6)
    assert drift_of(gaps, 20).times == 1
    copies = np.zeros((3, 6))
    copies[0] = gaps[0]
    assert np.isfinite(drift_of(copies, 3).ratio)
    assert drift_of(np.zeros((3, 6)), 3).times == 1


def test_a_variance_is_that_of_a_window_after_the_history_whatever_part_of_it_a_block_is() -> None:
    rng = np.random.default_rng(8)
    squares, effects = [], []
    for _ in range(1500):
        kpi = 1000 * (1 + 0.05 * rng.normal(size=(6, 44)))
        gaps = gaps_of(history_of(kpi[:, :34], 10), np.eye(6)[:1], np.arange(6)[None] > 0, 1e6)
        squares.append(gaps.square[0])
        effects.append(gaps.effect(kpi[:, 34:])[0] ** 2)
    assert np.mean(squares) / np.mean(effects) == pytest.approx(1, abs=0.1)


def test_drift_is_told_from_noise() -> None:
    rng = np.random.default_rng(4)
    noise = rng.normal(size=(20, 8))
    assert drift_of(noise, 20).times == 1
    assert drift_of(noise + rng.normal(size=(20, 1)) * np.arange(8), 20).times > 1
    assert drift_of(rng.normal(size=(20, 8)).cumsum(axis=1), 20).times > 1


def test_no_block_chooses_the_pull_by_which_it_is_met() -> None:
    history, members = history_of(panel(3), 6), np.eye(9)[:2]
    donors = np.broadcast_to(members.sum(axis=0) == 0, members.shape)
    tried = [gaps_of(history, members, donors, pull).blocks for pull in PULLS]
    chosen, (gaps,) = best_pull(history, [(members, donors)])
    for block in range(gaps.blocks.shape[1]):
        errors = [np.log((np.delete(one, block, axis=1) ** 2).mean(axis=1)).mean() for one in tried]
        np.testing.assert_allclose(gaps.blocks[:, block], tried[int(np.argmin(errors))][:, block])
    assert chosen == PULLS[int(np.argmin([np.log(one.var(axis=1)).mean() for one in tried]))]


@pytest.mark.parametrize("quiet", [1.0, 1e-4, 0.0])
def test_a_history_that_stands_still_and_then_moves_widens_errors_to_a_number(quiet: float) -> None:
    blocks = quiet * np.random.default_rng(0).normal(size=(6, 8))
    blocks[:, -2:] += 50.0
    drift = drift_of(blocks, 6.0)
    assert 1 < drift.times < np.inf
    assert np.isfinite(wider(blocks[:, -1] ** 2, 1, (blocks[:, :-2] ** 2).sum(axis=1), 6, 6.0).times)
