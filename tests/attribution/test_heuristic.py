"""Heuristics against sums done path by path in plain Python."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution import (
    BadInput,
    Custom,
    FirstTouch,
    Journeys,
    LastNonDirect,
    LastTouch,
    Linear,
    Markov,
    OrderedShapley,
    PositionBased,
    Shapley,
    TimeDecay,
    UnknownChannel,
    bootstrap,
)

paths = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["a", "b", "direct", "ü>"]), min_size=1, max_size=6), st.floats(0, 50), st.floats(0, 9)
    ),
    min_size=1,
    max_size=15,
).filter(lambda rows: sum(row[1] for row in rows) > 0.1)


def first(path):
    return [1.0] + [0.0] * (len(path) - 1)


def last_non_direct(path):
    known = [i for i, channel in enumerate(path) if channel != "direct"] or [len(path) - 1]
    return [float(i == known[-1]) for i in range(len(path))]


def position(path):
    if len(path) == 1:
        return [1.0]
    if len(path) == 2:
        return [0.75, 0.25]
    return [0.6, *[0.2 / (len(path) - 2)] * (len(path) - 2), 0.2]


def equal_parts(path):
    return [float(channel not in path[:i]) / len(set(path)) for i, channel in enumerate(path)]


RULES = {
    FirstTouch(): first,
    LastTouch(): lambda path: first(path)[::-1],
    LastNonDirect(): last_non_direct,
    Linear(): lambda path: [1 / len(path)] * len(path),
    PositionBased(0.6, 0.2): position,
    Custom(lambda touch: touch.step + 1.0): lambda path: (
        np.arange(1, len(path) + 1) / (len(path) * (len(path) + 1) / 2)
    ),
    Shapley(): equal_parts,
}


@settings(max_examples=40, deadline=None)
@given(paths)
def test_credit_is_that_of_plain_python(rows):
    rows = [*rows, (["direct"], 0.0, 0.0)]  # a log without direct touches is refused where a model names them
    frame = pd.DataFrame(
        {
            "path": ["|".join(row[0]) for row in rows],
            "conversions": [row[1] for row in rows],
            "value": [row[1] * row[2] for row in rows],
        }
    )
    journeys = Journeys.from_paths(frame, value="value", sep="|")
    for model, rule in RULES.items():
        credit = model(journeys)
        conversions, value = dict.fromkeys(credit.channels, 0.0), dict.fromkeys(credit.channels, 0.0)
        for path, count, worth in rows:
            for channel, weight in zip(path, rule(path), strict=True):
                conversions[channel] += weight * count
                value[channel] += weight * count * worth
        np.testing.assert_allclose(credit.conversions, list(conversions.values()), atol=1e-9, err_msg=model.name)
        np.testing.assert_allclose(credit.value, list(value.values()), atol=1e-9, err_msg=model.name)
        np.testing.assert_allclose(credit.share.sum(), 1.0, err_msg=model.name)


@pytest.mark.parametrize("half_life", ["1min", "1D", "7D", "1000D"])
def test_time_decay_halves_with_each_half_life(make_log, oracle, half_life):
    touched, bought = make_log(2)
    rows = oracle(touched, bought, 30).query("conversions > 0").copy()
    rows["weight"] = 2.0 ** -(
        (rows["age"] - rows.groupby("path")["age"].transform("min")) / (pd.Timedelta(half_life) / pd.Timedelta("1D"))
    )
    rows["credit"] = rows["weight"] / rows.groupby("path")["weight"].transform("sum") * rows["conversions"]
    credit = TimeDecay(half_life)(Journeys.from_touchpoints(touched, conversions=bought)).conversions
    np.testing.assert_allclose(credit, rows.groupby("channel")["credit"].sum().sort_index(), rtol=1e-9)


def test_time_decay_refuses_paths_without_times():
    with pytest.raises(BadInput, match="needs times"):
        TimeDecay()(Journeys.from_paths(pd.DataFrame({"path": ["a"], "conversions": [1]})))


@pytest.mark.parametrize(("first_share", "last_share"), [(0, 0), (0.8, 0.4), (-0.1, 0.5)])
def test_position_based_refuses_shares_that_make_no_sense(first_share, last_share):
    with pytest.raises(BadInput, match="first \\+ last"):
        PositionBased(first_share, last_share)


@pytest.mark.parametrize("direct", ["Direct", "direct ", "none"])
def test_last_non_direct_refuses_a_channel_that_the_log_lacks(make_log, direct):
    touched, bought = make_log(4)
    journeys = Journeys.from_touchpoints(touched, conversions=bought)
    hint = "there is|Known" if direct == "none" else "Did you mean 'direct'"
    for use in (lambda model: model(journeys), lambda model: bootstrap(journeys, model, 2)):
        with pytest.raises(UnknownChannel, match=hint):
            use(LastNonDirect(direct))


@pytest.mark.parametrize(
    "model", [Linear(), PositionBased(), Markov(2), Shapley(), OrderedShapley()], ids=lambda m: m.name
)
def test_weights_may_be_fractions_and_rows_may_be_split(model):
    whole = pd.DataFrame(
        {"path": ["a > b", "b > c > a", "c"], "conversions": [4.0, 2.0, 1.0], "nulls": [3.0, 5.0, 7.0]}
    )
    third = whole.assign(conversions=whole["conversions"] * 0.3, nulls=whole["nulls"] * 0.3)
    rest = whole.assign(conversions=whole["conversions"] * 0.7, nulls=whole["nulls"] * 0.7)
    credit, part, split = (
        model(Journeys.from_paths(frame, nulls="nulls")).conversions
        for frame in (whole, third, pd.concat([third, rest]))
    )
    np.testing.assert_allclose(part, 0.3 * credit, rtol=1e-12)
    np.testing.assert_allclose(split, credit, rtol=1e-12)
