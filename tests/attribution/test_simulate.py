"""Journeys with known causes: counts add up, times are possible, nothing gives the cause away but the touches."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.errors import BadInput, UnknownChannel
from attribution.simulate.journey_log import ORGANIC, Habit, habits_of, journeys, journeys_of, sample_effects


@pytest.fixture(scope="module")
def sample():
    return journeys(seed=11)


def paths(data):
    """Touches of converters before their conversion, in order."""
    joined = data.touchpoints.merge(data.conversions[["user", "time"]], on="user", suffixes=("", "_converted"))
    return joined.sort_values("time", kind="stable")


def test_every_customer_has_one_cause_and_one_conversion(sample):
    data, truth = sample
    assert len(data.conversions) == truth.causes.to_numpy().sum() == len(truth.people)
    assert data.conversions["user"].is_unique
    assert set(data.conversions["user"]) == set(truth.people["user"])
    counted = truth.people.pivot_table(index="week", columns="cause", values="user", aggfunc="count", fill_value=0)
    expected = truth.causes.loc[:, truth.causes.sum() > 0]
    assert counted[expected.columns].to_numpy().tolist() == expected.to_numpy().tolist()


def test_conversions_fall_in_the_week_of_their_cause(sample):
    data, truth = sample
    week = truth.people.set_index("user")["week"].reindex(data.conversions["user"])
    moment = data.conversions["time"].dt.tz_localize(None).to_numpy()
    days = (moment - week.to_numpy()) / np.timedelta64(1, "D")
    assert days.min() >= 0
    assert days.max() < 7


def test_touches_precede_the_conversion_by_less_than_thirty_days(sample):
    found = paths(sample[0])
    lead = found["time_converted"] - found["time"]
    assert lead.min() > pd.Timedelta(0)
    assert lead.max() < pd.Timedelta(days=30)


def test_tables_are_sorted_and_free_of_exact_duplicates(sample):
    data, _ = sample
    assert data.touchpoints["time"].is_monotonic_increasing
    assert data.conversions["time"].is_monotonic_increasing
    assert not data.touchpoints.duplicated(["user", "time", "channel"]).any()
    assert str(data.touchpoints["time"].dt.tz) == "UTC"
    assert (data.conversions["value"] > 0).all()


def test_the_convincing_touch_is_in_the_path_of_those_it_convinced(sample):
    data, truth = sample
    caused = truth.people[truth.people["cause"] == "paid_social"]
    touched = data.touchpoints[data.touchpoints["channel"] == "paid_social"]["user"]
    assert caused["user"].isin(touched).all()


def test_some_customers_have_no_touch_and_many_people_never_buy(sample):
    data, _ = sample
    buyers = set(data.conversions["user"])
    touched = set(data.touchpoints["user"])
    assert 0.02 < len(buyers - touched) / len(buyers) < 0.3
    assert len(touched - buyers) > len(buyers) / 2


def test_last_touch_credits_those_who_ride_on_intent(sample):
    data, truth = sample
    by_user = paths(data).groupby("user")["channel"]
    last, first = by_user.last().value_counts(normalize=True), by_user.first().value_counts(normalize=True)
    assert last["brand_search"] + last["affiliate"] > 0.35
    assert truth.incremental[["brand_search", "affiliate"]].sum() == 0
    assert truth.misallocation(last) > 0.5 > truth.misallocation(first)


def test_retargeting_needs_an_earlier_visit(sample):
    found = sample[0].touchpoints
    first = found.groupby("user")["time"].min()
    chased = found[found["channel"] == "retargeting"]
    alone = ~chased["user"].isin(found[found["channel"] != "retargeting"]["user"])
    assert (chased["time"].to_numpy() > first.reindex(chased["user"]).to_numpy()).mean() > 0.5
    assert alone.mean() < 0.25


def test_causes_average_to_the_expected_effects():
    effects = sample_effects(weeks=4) * 10
    _, truth = journeys(effects, seed=2, browsers=0.0)
    expected = effects.sum()
    assert (np.abs(truth.causes.sum() - expected) <= 5 * np.sqrt(expected)).all()


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=1, max_size=5),
    st.integers(0, 2**31),
)
def test_given_counts_are_kept_exactly(rows, seed):
    index = pd.date_range("2026-01-05", periods=len(rows), freq="7D", name="week")
    causes = pd.DataFrame(rows, index=index, columns=[ORGANIC, "tv", "own channel"])
    data, truth = journeys_of(causes, seed=seed)
    assert len(data.conversions) == causes.to_numpy().sum()
    weeks = data.conversions["time"].dt.tz_localize(None).dt.to_period("W-SUN").dt.start_time
    counted = weeks.value_counts().reindex(index, fill_value=0)
    assert counted.tolist() == causes.sum(axis=1).tolist()
    assert truth.causes.equals(causes)


def test_the_seed_decides_everything():
    first, second, other = (journeys(sample_effects(2), seed=seed)[0] for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(first.touchpoints, second.touchpoints)
    pd.testing.assert_frame_equal(first.conversions, second.conversions)
    assert not first.conversions.equals(other.conversions)


def test_activity_moves_the_touches_of_a_channel():
    causes = pd.DataFrame(
        {ORGANIC: [400, 400], "display": [0, 0]}, index=pd.date_range("2026-01-05", periods=2, freq="63D")
    )
    activity = pd.DataFrame({"display": [0.0, 2.0]}, index=causes.index)
    data, _ = journeys_of(causes, activity=activity, seed=1)
    early = data.touchpoints["time"] < pd.Timestamp("2026-02-05", tz="UTC")
    assert not early.any()
    assert len(data.touchpoints) > 200


def test_names_do_not_give_the_cause_away(sample):
    people = sample[1].people
    number = people["user"].str[1:].astype(int)
    by_cause = number.groupby(people["cause"])
    error = number.std() / np.sqrt(by_cause.size())
    assert (np.abs(by_cause.mean() - number.mean()) < 4 * error).all()


@pytest.mark.parametrize(
    ("effects", "words"),
    [
        (sample_effects(2).drop(columns=ORGANIC), "organic"),
        (sample_effects(2) * -1, "0 or more"),
        (sample_effects(2) * np.nan, "finite"),
        (sample_effects(2).reset_index(drop=True), "week"),
        (pd.concat([sample_effects(1), sample_effects(1)]), "once"),
    ],
)
def test_impossible_effects_are_refused(effects, words):
    with pytest.raises(BadInput, match=words):
        journeys(effects)


def test_fractions_of_customers_and_foreign_habits_are_refused():
    with pytest.raises(BadInput, match="whole numbers"):
        journeys_of(sample_effects(2) + 0.5)
    with pytest.raises(BadInput, match="habits"):
        journeys_of(sample_effects(2), habits=[Habit("tv")])


def test_misallocation_is_zero_for_the_truth_and_one_for_the_opposite(sample):
    truth = sample[1]
    assert truth.misallocation(truth.incremental * 3) == pytest.approx(0)
    assert truth.misallocation({"brand_search": 1.0, "direct": 9.0}) == pytest.approx(1)
    with pytest.raises(UnknownChannel, match="display"):
        truth.misallocation({"displays": 1.0})


def test_unknown_channels_get_an_ordinary_habit():
    known, other = habits_of(["brand_search", "something"])
    assert known.pull > 0
    assert other == Habit("something")
