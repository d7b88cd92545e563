"""Steps, lengths and times of journeys against a count by hand."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from attribution import Journeys
from attribution.analysis.flow import CONVERSION, NULL, START, days_to_conversion, path_lengths, step_shares
from attribution.errors import BadInput
from attribution.simulate.journey_log import journeys, sample_effects


@pytest.fixture(scope="module")
def both():
    data, _ = journeys(sample_effects(2), seed=4)
    return data, Journeys.from_touchpoints(data.touchpoints, conversions=data.conversions, lookback="400D")


def by_hand(data):
    """Each person's touches in order (ties by channel name), with the time of the conversion: one path a person."""
    touches = data.touchpoints.merge(
        data.conversions[["user", "time"]], on="user", how="left", suffixes=("", "_converted")
    )
    return touches.sort_values(["user", "time", "channel"]).groupby("user")


def test_steps_are_those_of_the_paths(both):
    data, paths = both
    counted: dict[tuple[str, str], int] = {}
    for _, person in by_hand(data):
        stops = [START, *person["channel"], NULL if person["time_converted"].isna().all() else CONVERSION]
        for step in pairwise(stops):
            counted[step] = counted.get(step, 0) + 1
    expected = pd.Series(counted).unstack(fill_value=0)  # noqa: PD010
    expected = expected.div(expected.sum(axis=1), axis=0)
    shares = step_shares(paths)
    aligned = expected.reindex(index=shares.index, columns=shares.columns, fill_value=0.0).fillna(0.0)
    assert np.allclose(shares, aligned)
    assert np.allclose(shares.sum(axis=1), 1)


def test_lengths_are_those_of_the_paths(both):
    data, paths = both
    people = by_hand(data)
    expected = pd.crosstab(people.size(), people["time_converted"].first().isna())
    found = path_lengths(paths)
    assert found["conversions"].tolist() == expected[False].tolist()
    assert found["nulls"].tolist() == expected[True].tolist()


def test_times_are_those_of_the_paths(both):
    data, paths = both
    first = by_hand(data)[["time", "time_converted"]].first().dropna()
    hours = ((first["time_converted"] - first["time"]) / pd.Timedelta(hours=1)).astype(int)
    expected = hours.value_counts().sort_index()
    found = days_to_conversion(paths)
    assert np.allclose(found.index * 24, expected.index)
    assert found.tolist() == expected.tolist()


def test_aggregated_paths_weigh_steps_and_have_no_times():
    table = pd.DataFrame({"path": ["a > b", "a"], "conversions": [2.5, 0], "nulls": [0, 7.5]})
    paths = Journeys.from_paths(table, nulls="nulls")
    shares = step_shares(paths)
    assert shares.loc["a"].to_dict() == {"a": 0, "b": 0.25, CONVERSION: 0, NULL: 0.75}
    assert path_lengths(paths).loc[2, "conversions"] == 2.5
    with pytest.raises(BadInput, match="no times"):
        days_to_conversion(paths)
