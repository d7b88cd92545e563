"""Lift tests of a simulated world against weeks computed by hand."""

import numpy as np
import pytest

from attribution.errors import BadInput, UnknownChannel
from mmm.data.lift_tests import lift_tests_from_frame
from mmm.simulate.lift_tests import lift_test, lift_tests
from mmm.simulate.weekly_world import world


@pytest.fixture(scope="module")
def truth():
    return world(7)[1]


def gain_by_hand(truth, channel, start, weeks, change):
    """Carryover week by week, from the stock before the window on, with and without the tested spend."""
    medium = next(each for each in truth.media if each.name == channel)
    spend = truth.spend[channel].to_numpy(dtype=float)
    stocks = dict.fromkeys(("with", "without"), truth.stock[channel].iloc[start - 1])
    gained = 0.0
    for week in range(start, start + weeks):
        for arm, share in (("with", 1.0), ("without", 1.0 - change)):
            stocks[arm] = medium.decay * stocks[arm] + (1 - medium.decay) * spend[week] * share
        gained += float(truth.response[channel](stocks["with"]) - truth.response[channel](stocks["without"]))
    return gained


@pytest.mark.parametrize(("channel", "change"), [("online_video", 0.4), ("generic_search", 1.0), ("display", -0.6)])
def test_gain_is_what_the_weeks_add_up_to(truth, channel, change):
    row = lift_test(truth, channel, start=90, weeks=5, change=change, error=1e-9)
    assert row["customers_gained"] == pytest.approx(gain_by_hand(truth, channel, 90, 5, change))
    assert row["spend_change"] == pytest.approx(change * truth.spend[channel].iloc[90:95].sum())
    assert np.sign(row["customers_gained"]) == np.sign(change)


def test_measurements_err_as_their_standard_error_says(truth):
    rows = [lift_test(truth, "paid_social", start=80, error=0.2, seed=seed) for seed in range(300)]
    true = gain_by_hand(truth, "paid_social", 80, 4, 0.5)
    assert np.allclose([row["standard_error"] for row in rows], 0.2 * true)
    scores = np.array([(row["customers_gained"] - true) / row["standard_error"] for row in rows])
    assert abs(scores.mean()) < 0.25
    assert 0.85 < scores.std() < 1.15


def test_tables_are_read_by_the_model_and_lie_in_the_last_year(truth):
    table = lift_tests(truth, ["tv", "paid_social", "online_video"])
    tests = lift_tests_from_frame(table)
    assert [test.channel for test in tests] == ["tv", "paid_social", "online_video"]
    assert (table["start"] >= "2025-07-28").all()
    assert (table["end"] <= "2026-09-27").all()
    assert (table["customers_gained"] > 0).all()


def test_impossible_tests_are_refused(truth):
    with pytest.raises(UnknownChannel, match="display"):
        lift_test(truth, "displays", start=10)
    with pytest.raises(UnknownChannel):
        lift_tests(truth, ["nothing like it"])
    for wrong in ({"start": 155}, {"start": -1}, {"start": 5, "change": 0.0}, {"start": 5, "error": 0.0}):
        with pytest.raises(BadInput):
            lift_test(truth, "display", **wrong)
