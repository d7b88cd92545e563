"""Intervals of the bucketed bootstrap against resampling users one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution import BadInput, Journeys, LastTouch, Linear, Markov, ShapleyRate, bootstrap, compare
from attribution.analysis.skewed_intervals import skewed_intervals


@pytest.fixture(scope="module")
def paths() -> pd.DataFrame:
    """5,000 journeys, one row each."""
    rng = np.random.default_rng(0)
    lengths = rng.geometric(0.4, 5_000)
    names = np.array(["search", "social", "tv", "mail"])
    path = [" > ".join(names[rng.choice(4, size=n, p=[0.4, 0.3, 0.2, 0.1])]) for n in lengths]
    won = rng.random(5_000) < 0.2
    return pd.DataFrame({"path": path, "conversions": won * 1.0, "nulls": ~won * 1.0, "value": won * 20.0})


def journeys_of(frame: pd.DataFrame) -> Journeys:
    return Journeys.from_paths(frame, nulls="nulls", value="value")


@pytest.mark.long
@pytest.mark.parametrize("model", [LastTouch(), Linear(), Markov(1)], ids=lambda model: model.name)
def test_standard_errors_are_those_of_resampled_users(paths, model):
    rng = np.random.default_rng(1)
    drawn = (paths.iloc[rng.integers(len(paths), size=len(paths))] for _ in range(70))
    single = [model(journeys_of(users.groupby("path", as_index=False).sum())).conversions for users in drawn]
    ours = bootstrap(journeys_of(paths), model, replicates=400).summary()["standard_error"]
    ratio = ours / pd.DataFrame(single).std()
    assert ratio.between(0.7, 1.4).all(), ratio


def test_grouping_equal_paths_changes_nothing_but_chance(paths):
    grouped = paths.groupby("path", as_index=False).sum()
    long, short = (bootstrap(journeys_of(frame), Linear(), replicates=400).summary() for frame in (paths, grouped))
    pd.testing.assert_series_equal(long["estimate"], short["estimate"])
    assert (short["standard_error"] / long["standard_error"]).between(0.8, 1.25).all()


def test_intervals_hold_the_estimate_and_repeat_with_the_seed(paths):
    first, again = (bootstrap(journeys_of(paths), Markov(2), replicates=60, seed=3) for _ in range(2))
    table = first.summary("removal_effect")
    pd.testing.assert_frame_equal(table, again.summary("removal_effect"))
    assert table["estimate"].between(table["5%"] - 3 * table["standard_error"], table["95%"]).all()
    other = bootstrap(journeys_of(paths), Markov(2), replicates=60, seed=4).summary("removal_effect")
    assert not np.allclose(other["5%"], table["5%"])


def test_shares_and_cac_come_with_intervals(paths):
    found = bootstrap(journeys_of(paths), Linear(), replicates=50)
    assert found.draws["conversions"].shape == (50, 4)
    share = found.summary("share")
    assert share["estimate"].sum() == pytest.approx(1)
    cac = found.cac({"tv": 1_000.0})
    assert cac.loc["tv", "5%"] < cac.loc["tv", "estimate"] < cac.loc["tv", "95%"]
    with pytest.raises(BadInput, match="removal_effect"):
        found.summary("removal_effect")


def test_an_interval_that_reaches_no_credit_reaches_an_infinite_cost():
    frame = pd.DataFrame({"path": ["a", "b"], "conversions": [1, 40], "nulls": [50, 50]})
    cost = bootstrap(Journeys.from_paths(frame, nulls="nulls"), LastTouch(), replicates=400).cac({"a": 10.0})
    assert cost.loc["a", "estimate"] == 10
    assert np.isfinite(cost.loc["a", "5%"])
    assert np.isinf(cost.loc["a", "95%"])  # about a third of the draws miss the only conversion


def test_few_conversions_still_spread():
    frame = pd.DataFrame({"path": ["a", "b"], "conversions": [3, 1], "nulls": [50, 50]})
    table = bootstrap(Journeys.from_paths(frame, nulls="nulls"), LastTouch(), replicates=2_000).summary()
    assert table.loc["a", "standard_error"] == pytest.approx(np.sqrt(3), rel=0.1)


def test_compare_sets_models_side_by_side(paths):
    journeys = journeys_of(paths)
    plain = compare([LastTouch()(journeys), Linear()(journeys)])
    assert list(plain.columns) == ["LastTouch", "Linear"]
    ringed = compare([LastTouch()(journeys), bootstrap(journeys, Linear(), replicates=20)], of="share")
    assert ("Linear", "95%") in ringed.columns
    with pytest.raises(BadInput, match="twice"):
        compare([Linear()(journeys), Linear()(journeys)])
    with pytest.raises(BadInput, match="at least one"):
        compare([])


def test_one_replicate_is_refused(paths):
    with pytest.raises(BadInput, match="at least 2"):
        bootstrap(journeys_of(paths), Linear(), replicates=1)


def companies(rng: np.random.Generator, number: int, spread: float, orders: int) -> tuple[pd.DataFrame, pd.Series]:
    """Replicates of the value of each of some companies, and the value."""
    values = [rng.lognormal(0.0, spread, max(2, rng.poisson(orders))) for _ in range(number)]
    draws = {name: rng.poisson(1.0, (200, len(value))) @ value for name, value in enumerate(values)}
    return pd.DataFrame(draws), pd.Series([value.sum() for value in values])


def test_intervals_of_a_skewed_value_hold_as_often_as_they_say():
    rng = np.random.default_rng(5)
    draws, estimates = companies(rng, 500, 1.5, 60)
    truth = 60 * np.exp(1.5**2 / 2)
    found = skewed_intervals(draws, estimates)
    assert np.mean(draws.quantile(0.05).le(truth) & draws.quantile(0.95).ge(truth)) < 0.84
    assert 0.85 <= np.mean(found["5%"].le(truth) & found["95%"].ge(truth)) <= 0.93


def test_intervals_of_an_even_value_are_those_of_student(paths):
    table = bootstrap(journeys_of(paths), LastTouch(), replicates=400).summary("value")
    counts = bootstrap(journeys_of(paths), LastTouch(), replicates=400).summary("conversions") * 20.0
    width = (table["95%"] - table["5%"]) / (counts["95%"] - counts["5%"])
    assert width.between(0.9, 1.15).all()
    nothing = skewed_intervals(pd.DataFrame({"a": np.zeros(50)}), pd.Series({"a": 0.0}))
    assert nothing.loc["a"].tolist() == [0.0, 0.0]


def test_intervals_of_very_uneven_orders_hold_too():
    rng = np.random.default_rng(5)
    found, truth = skewed_intervals(*companies(rng, 400, 2.0, 120)), 120 * np.exp(2.0)
    assert 0.87 <= np.mean(found["5%"].le(truth) & found["95%"].ge(truth)) <= 0.93


def test_intervals_of_negative_value_hold_it():
    rng = np.random.default_rng(3)
    paths = np.array(["a", "b", "a > b"])[rng.integers(3, size=4_000)]
    won = rng.random(4_000) < pd.Series(paths).map({"a": 0.3, "b": 0.04, "a > b": 0.15}).to_numpy()
    table = pd.DataFrame({"path": paths, "conversions": 1 * won, "nulls": 1 * ~won, "value": 50.0 * won})
    found = bootstrap(Journeys.from_paths(table, value="value", nulls="nulls"), ShapleyRate(), replicates=50)
    value, counts = found.summary("value"), found.summary("conversions")
    assert value.loc["b", "95%"] < 0  # it lowers the rate of what it joins
    assert value.loc["b", ["5%", "95%"]].tolist() == pytest.approx([*(50 * counts.loc["b", ["5%", "95%"]])])
