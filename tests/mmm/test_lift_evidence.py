"""Lift tests against weekly data and each other: what is predicted, how far a test counts, what is said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mmm
from attribution.errors import BadInput
from mmm.data.observed_tests import observe
from mmm.model.lift_trust import LiftTrust
from mmm.posterior.lift_evidence import Evidence, gains
from mmm.sampling.prepared import prepare
from mmm.simulate.lift_tests import lift_test
from mmm.simulate.weekly_world import world

NAMED = {"test_conflicts", "tests_disagree"}


def experiment(channel, week, gain, error, change=100.0, weeks=4):
    start = pd.Timestamp("2024-01-01") + pd.Timedelta(weeks=week)
    end = start + pd.Timedelta(days=7 * weeks - 1)
    return mmm.LiftTest(channel, f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}", change, gain, error)


def evidence(tests, predicted, covariance, correlation=None):
    """Tests beside a stated prediction; independent where nothing is said."""
    measured, error = (np.array([getattr(t, name) for t in tests]) for name in ("customers_gained", "standard_error"))
    spread = np.sqrt(np.diag(covariance))
    interval = np.stack([predicted - 1.645 * spread, predicted + 1.645 * spread])
    alike = np.eye(len(tests)) if correlation is None else np.array(correlation, float)
    known = np.array(predicted, float), np.array(covariance, float)
    return Evidence(tuple(tests), measured, error, *known, interval, alike)


# how far a test counts

one_test = st.tuples(st.floats(-400, 400), st.floats(1, 50), st.floats(20, 200), st.floats(5, 60))


@given(one_test, st.floats(1.0, 4.0))
def test_a_lone_test_beyond_the_limit_is_put_one_standard_deviation_away(numbers, limit):
    gain, error, predicted, spread = numbers
    known = evidence([experiment("tv", 0, gain, error)], [predicted], [[spread**2]])
    (taken,) = known.weighed(limit, doubt=0.0)
    (z,) = known.z
    assert z == pytest.approx((gain - predicted) / np.hypot(error, spread))
    if abs(z) <= limit:
        assert taken == error
    else:
        assert np.hypot(taken, spread) == pytest.approx(abs(gain - predicted))
        assert taken >= error
        drawn_to = (gain - predicted) * spread**2 / (spread**2 + taken**2)
        assert abs(drawn_to) <= spread / limit * (1 + 1e-9)  # the further off, the less it moves the fit


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.permutations(range(5)), st.floats(0.01, 100))
def test_weights_depend_neither_on_order_nor_on_the_unit_of_customers(seed, order, unit):
    rng = np.random.default_rng(seed)
    tests = [experiment("ab"[m % 2], 10 * m, rng.normal(100, 150), rng.uniform(5, 20)) for m in range(5)]
    root = rng.normal(0, 20, (5, 5))
    known = evidence(tests, rng.uniform(50, 150, 5), root @ root.T + np.eye(5))
    taken = known.weighed(2.5, 0.25)
    moved = [
        replace(t, customers_gained=unit * t.customers_gained, standard_error=unit * t.standard_error) for t in tests
    ]
    places = np.ix_(list(order), list(order))
    other = evidence([moved[m] for m in order], unit * known.predicted[list(order)], unit**2 * known.covariance[places])
    np.testing.assert_allclose(other.weighed(2.5, 0.25), unit * taken[list(order)], rtol=1e-6)


CORRELATED = 400.0 * np.array([[1.0, 0.99], [0.99, 1.0]])


def test_two_tests_that_agree_are_believed_against_the_data():
    apart = [experiment("tv", 0, 300, 10), experiment("tv", 20, 310, 10)]
    known = evidence(apart, [100, 100], CORRELATED)
    assert (np.abs(known.z) > 5).all()
    assert (known.weighed(2.5, 0.25) == 10).all()


@pytest.mark.parametrize("second", [experiment("tv", 2, 310, 10), experiment("search", 20, 310, 10)])
def test_a_test_of_the_same_days_or_of_another_channel_is_no_second_witness(second):
    covariance = CORRELATED if second.channel == "tv" else np.diag([400.0, 400.0])
    known = evidence([experiment("tv", 0, 300, 10), second], [100, 100], covariance)
    assert (known.weighed(2.5, 0.25) > 100).all()


def test_of_two_that_conflict_the_one_further_from_the_data_gives_way():
    known = evidence([experiment("tv", 0, 330, 10), experiment("tv", 20, 110, 10)], [100, 100], CORRELATED)
    taken = known.weighed(2.5, 0.25)
    assert taken[0] > 100
    assert taken[1] == 10
    (pair,) = known.pairs()
    assert pair.z > 6


def test_data_that_may_be_wrong_give_way_to_a_test():
    known = evidence([experiment("tv", 0, 45, 4)], [100], [[100.0]])
    assert abs(known.z[0]) > 2.5
    assert known.weighed(2.5, 0.25)[0] == 4  # doubted by a quarter, the data cannot say that 45 is wrong
    assert known.weighed(2.5, 0.0)[0] > 4


def test_tests_of_other_sizes_are_compared_along_the_curve():
    # all of the spend brought 100, the second half of it only 30: one curve says both
    tests = [experiment("tv", 0, 100, 5, change=1000.0), experiment("tv", 20, 30, 2, change=500.0)]
    known = evidence(tests, [200, 60], np.outer([40, 12], [40, 12]) + np.diag([1.0, 1.0]))
    (pair,) = known.pairs()
    assert abs(pair.z) < 1
    (per_currency,) = evidence(tests, [200, 100], np.outer([40, 20], [40, 20]) + np.diag([1.0, 1.0])).pairs()
    assert abs(per_currency.z) > 4


# errors that tests share


def together(correlation, count=2):
    return np.full((count, count), correlation) + (1 - correlation) * np.eye(count)


@given(st.floats(-400, 400), st.floats(1, 50), st.floats(10, 200), st.floats(0, 60))
def test_one_error_told_twice_never_conflicts_and_is_weighed_as_told_once(gain, error, predicted, spread):
    tests = [experiment("tv", week, gain, error) for week in (0, 20)]
    alone = evidence(tests[:1], [predicted], [[spread**2]])
    known = evidence(tests, [predicted] * 2, np.full((2, 2), spread**2), together(1.0))
    assert [pair.z for pair in known.pairs()] == [0.0]
    np.testing.assert_allclose(known.weighed(2.5, 0.25), alone.weighed(2.5, 0.25)[0], rtol=1e-9)
    # and as a witness of a third it is one
    third = experiment("tv", 40, 310, 10)
    second = evidence([tests[0], third], [predicted] * 2, np.full((2, 2), spread**2))
    errors = np.eye(3)
    errors[0, 1] = errors[1, 0] = 1.0
    both = evidence([*tests, third], [predicted] * 3, np.full((3, 3), spread**2), errors)
    distance, other = (one._distance(len(one.tests) - 1, one.error, one._doubted(0.25)) for one in (both, second))
    np.testing.assert_allclose(distance, other, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.8, 0.99])
def test_the_difference_of_two_tests_varies_as_their_shared_error_has_it(correlation):
    scale = np.array([20.0, 35.0])

    def seen(off):
        tests = [experiment("tv", 0, 100 + off[0], 20), experiment("tv", 20, 200 + off[1], 35, change=200.0)]
        (pair,) = evidence(tests, [50, 100], np.zeros((2, 2)), together(correlation)).pairs()
        return pair.z

    none = seen([0, 0])
    slope = np.array([seen([1, 0]) - none, seen([0, 1]) - none])
    assert seen([-31.0, 47.0]) == pytest.approx(
        none + slope @ [-31.0, 47.0]
    )  # a line, so its variance is plain algebra
    variance = slope @ (together(correlation) * np.outer(scale, scale)) @ slope
    assert variance == pytest.approx(1)  # independent they would be said to be up to ten times nearer


def test_a_witness_counts_the_less_the_more_of_its_error_is_shared():
    tests = [experiment("tv", 0, 300, 10), experiment("tv", 20, 310, 10)]
    taken = [
        evidence(tests, [100, 100], CORRELATED, together(correlation)).weighed(2.5, 0.25)
        for correlation in (0.0, 0.5, 0.9, 0.97, 0.999, 1.0)
    ]
    assert (taken[0] == 10).all()
    assert (taken[-1] > 100).all()
    first = [one.max() for one in taken]
    assert first == sorted(first)


# what is predicted


def company(seed=3000, channels=6):
    data, truth = world(seed, channels=channels)
    panel = mmm.Panel.from_frame(
        data.weekly, "week", "new_customers", list(data.channels), controls=list(data.controls)
    )
    return panel, truth


def true_tests(truth, channel, **change):
    row = lift_test(truth, channel, start=110, weeks=8, change=1.0, error=0.1)
    return (mmm.LiftTest(**{**row, **change}),)


@pytest.fixture(scope="module")
def known():
    panel, truth = company()
    return panel, truth, str(truth.spend.sum().idxmax())


@pytest.mark.parametrize("change", [1.0, -0.5])
def test_predicted_gain_is_that_of_the_window_with_and_without(known, change):
    panel, truth, channel = known
    test = mmm.LiftTest(**lift_test(truth, channel, start=110, weeks=8, change=change, error=0.1))
    fitted = mmm.preview(panel, mmm.Model(), draws=3)
    cells = [cell.channels for cell in fitted.cells]
    drawn = gains(observe((test,), panel), panel, cells)[0]
    place = panel.channels.index(channel)
    spend = panel.spend[0, :, place]
    without = spend.copy()
    if change > 0:
        without[110:118] = 0.0
    else:
        without[110:118] += -test.spend_change / 8
    for s in range(3):
        retention, half, slope = (fitted.flat(name)[s, place] for name in ("retention", "half_saturation", "slope"))
        share = fitted.flat("share")[s, place]

        def brought(series, retention=retention, half=half, slope=slope):
            out = np.zeros(len(series))
            weights = retention ** np.arange(26) / (retention ** np.arange(26)).sum()
            for t in range(len(series)):
                stock = 0.0
                for lag in range(26):
                    earlier = series[t - lag] if t >= lag else panel.before[0, place]
                    stock += weights[lag] * earlier / spend.mean()
                out[t] = stock**slope / (stock**slope + half**slope)
            return out

        scale = share * panel.kpi[0].mean() / brought(spend).mean()
        expected = scale * (brought(spend) - brought(without))[110:118].sum()
        assert drawn[s] == pytest.approx(expected, rel=1e-6)


# what a fit makes of it


def findings(panel, tests, **more):
    prepared = prepare(panel, mmm.Model(lift_tests=tests, **more))
    return prepared, {finding.name: finding for finding in prepared.findings}


def test_a_true_test_passes_and_counts_in_full(known):
    panel, truth, channel = known
    prepared, said = findings(panel, true_tests(truth, channel))
    assert said["test_conflicts"].passed
    (row,) = prepared.information["lift_tests"]
    assert row["error_taken"] == row["standard_error"]


@pytest.mark.parametrize("factor", [10.0, -5.0])
def test_a_wild_test_is_named_and_leaves_the_fit_nearly_where_it_was(known, factor):
    panel, truth, channel = known
    (true,) = true_tests(truth, channel)
    wild = replace(true, customers_gained=factor * true.customers_gained)
    _, said = findings(panel, (wild,))
    assert not said["test_conflicts"].passed
    assert said["test_conflicts"].channels == (channel,)
    assert said["lift_signs"].passed == (factor > 0)
    brought = {
        name: mmm.preview(panel, model).contributions()[channel]
        for name, model in (
            ("none", mmm.Model()),
            ("weighed", mmm.Model(lift_tests=(wild,))),
            ("full", mmm.Model(lift_tests=(wild,), lift_trust=LiftTrust(limit=None))),
        )
    }
    moved = abs(brought["weighed"].mean() - brought["none"].mean())
    assert moved < 0.5 * brought["none"].std()
    assert abs(brought["full"].mean() - brought["none"].mean()) > 3 * moved


def test_tests_trusted_fully_are_spoken_of_all_the_same(known):
    panel, truth, channel = known
    (true,) = true_tests(truth, channel)
    wild = replace(true, customers_gained=10 * true.customers_gained)
    prepared, said = findings(panel, (wild,), lift_trust=LiftTrust(limit=None))
    assert not said["test_conflicts"].passed
    assert "counts in full, as the model asks" in said["test_conflicts"].text
    assert prepared.information["lift_tests"][0]["error_taken"] == wild.standard_error


def test_two_tests_of_one_channel_far_apart_are_named(known):
    panel, truth, channel = known
    (true,) = true_tests(truth, channel)
    other = mmm.LiftTest(**lift_test(truth, channel, start=40, weeks=8, change=1.0, error=0.1))
    _, agreeing = findings(panel, (true, other))
    assert agreeing["tests_disagree"].passed
    _, apart = findings(panel, (true, replace(other, customers_gained=3 * other.customers_gained)))
    assert apart["tests_disagree"].channels == (channel,)
    assert not apart["tests_disagree"].passed


def test_the_density_is_that_of_tests_stated_with_the_errors_taken(known):
    panel, truth, channel = known
    (true,) = true_tests(truth, channel)
    wild = replace(true, customers_gained=8 * true.customers_gained)
    prepared, _ = findings(panel, (wild,))
    taken = prepared.information["lift_tests"][0]["error_taken"]
    stated, _ = findings(panel, (replace(wild, standard_error=taken),), lift_trust=LiftTrust(limit=None))
    theta = prepared.problem.centre + np.random.default_rng(3).normal(0, 0.3, len(prepared.problem.priors))
    ours, other = prepared.problem.fused()(theta), stated.problem.fused()(theta)
    assert ours[0] == pytest.approx(other[0], rel=1e-10)
    np.testing.assert_allclose(ours[1], other[1], rtol=1e-8, atol=1e-8)


def follows_demand(seed):
    """Spend that follows an unseen demand, and a true test of it; the weekly data say several times too much."""
    rng = np.random.default_rng(seed)
    demand = np.zeros(156)
    for week in range(1, 156):
        demand[week] = 0.7 * demand[week - 1] + rng.normal(0, 0.7)
    spend = rng.lognormal(0, 0.4, (156, 3)) * np.exp(0.35 * np.outer(demand, [0, 0, 1]))
    response = spend / (spend + 1.0)
    scale = np.array([0.12, 0.08, 0.04]) / response.mean(axis=0)
    kpi = 0.7 + 0.1 * demand + response @ scale + rng.normal(0, 0.03, 156)
    gain = 1000 * scale[2] * response[100:108, 2].sum()
    dates = pd.date_range("2022-01-03", periods=156, freq="7D")
    frame = pd.DataFrame({"week": dates, "customers": 1000 * kpi.clip(0.05), **dict(zip("abc", spend.T, strict=True))})
    days = (f"{dates[100]:%Y-%m-%d}", f"{dates[108] - pd.Timedelta(days=1):%Y-%m-%d}")
    test = mmm.LiftTest("c", *days, float(spend[100:108, 2].sum()), gain, 0.1 * gain)
    return mmm.Panel.from_frame(frame, "week", "customers", list("abc")), (test,)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_true_test_of_spend_that_follows_demand_counts_in_full(seed):
    panel, tests = follows_demand(seed)
    (row,) = prepare(panel, mmm.Model(lift_tests=tests)).information["lift_tests"]
    assert row["predicted"] > 2 * row["customers_gained"]
    assert row["error_taken"] == row["standard_error"]


def test_a_test_weighs_half_after_each_half_life(known):
    panel, truth, channel = known
    (true,) = true_tests(truth, channel)
    age = (panel.after(1)[0] - pd.Timestamp(true.end)).days / 7
    for lives in (1, 2):
        prepared, _ = findings(panel, (true,), lift_trust=LiftTrust(half_life=age / lives))
        taken = prepared.information["lift_tests"][0]["error_taken"]
        assert taken**2 == pytest.approx(2**lives * true.standard_error**2)


def test_what_tests_count_is_kept_with_a_fit(known, tmp_path):
    panel, truth, channel = known
    trust = LiftTrust(limit=3.0, doubt=0.1, half_life=40.0)
    fitted = mmm.preview(panel, mmm.Model(lift_tests=true_tests(truth, channel), lift_trust=trust), draws=50)
    fitted.save(tmp_path / "fit.nc")
    again = mmm.Posterior.load(tmp_path / "fit.nc")
    assert again.model.lift_trust == trust
    assert again.information["lift_tests"] == fitted.information["lift_tests"]
    assert {finding.name for finding in again.verdict} >= NAMED


@pytest.mark.parametrize("wrong", [{"limit": 0.0}, {"doubt": -1.0}, {"half_life": float("nan")}])
def test_impossible_trust_is_refused(wrong):
    with pytest.raises(BadInput, match="lift trust"):
        LiftTrust(**wrong)
