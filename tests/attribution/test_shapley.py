"""Shapley values against the definition: averages over all orders of arrival."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution import BadInput, Journeys, OrderedShapley, Shapley, ShapleyRate

rows = st.lists(
    st.tuples(st.lists(st.sampled_from("abcd"), min_size=1, max_size=5), st.integers(0, 9), st.integers(0, 9)),
    min_size=1,
    max_size=12,
).filter(lambda paths: any(path[1] for path in paths))


def journeys_of(paths) -> Journeys:
    frame = pd.DataFrame([(">".join(p), c, n) for p, c, n in paths], columns=["path", "conversions", "nulls"])
    return Journeys.from_paths(frame, nulls="nulls")


def averaged_over_orders(channels, worth) -> list[float]:
    value = dict.fromkeys(channels, 0.0)
    orders = list(permutations(channels))
    for order in orders:
        for i, channel in enumerate(order):
            value[channel] += (worth(set(order[: i + 1])) - worth(set(order[:i]))) / len(orders)
    return list(value.values())


@settings(max_examples=30, deadline=None)
@given(rows)
def test_values_are_averages_over_orders(paths):
    journeys = journeys_of(paths)

    def sums(coalition):
        within = [path for path in paths if set(path[0]) <= coalition]
        return sum(path[1] for path in within), sum(path[1] + path[2] for path in within)

    total = sums(set("abcd"))[1]
    conversions = averaged_over_orders(journeys.channels, lambda s: sums(s)[0])
    rates = averaged_over_orders(journeys.channels, lambda s: sums(s)[0] / sums(s)[1] if sums(s)[1] else 0.0)
    np.testing.assert_allclose(Shapley()(journeys).conversions, conversions, atol=1e-9)
    np.testing.assert_allclose(ShapleyRate()(journeys).conversions, np.array(rates) * total, atol=1e-9)
    np.testing.assert_allclose(OrderedShapley()(journeys).conversions, conversions, atol=1e-9)


def test_places_are_counted_by_arrival():
    table = OrderedShapley()(journeys_of([(list("abab"), 6, 0), (list("ba"), 2, 1)])).details["by_place"]
    assert table.to_dict() == {1: {"a": 3.0, "b": 1.0}, 2: {"a": 1.0, "b": 3.0}}


def test_drawn_values_lie_within_their_error(make_log):
    touched, bought = make_log(8)
    journeys = Journeys.from_touchpoints(touched, conversions=bought)
    exact, drawn = ShapleyRate()(journeys), ShapleyRate(exact_up_to=1, samples=400)(journeys)
    error = drawn.details["sampling"]["standard_error"]
    assert (abs(drawn.conversions - exact.conversions) <= 4 * error + 1e-9).all()
    assert drawn.conversions.sum() == pytest.approx(journeys.totals["conversions"])
    assert (exact.details["sampling"]["standard_error"] == 0).all()


def test_more_channels_than_bits_are_refused():
    frame = pd.DataFrame({"path": [f"c{i}" for i in range(70)], "conversions": 1})
    with pytest.raises(BadInput, match="62 channels"):
        ShapleyRate()(Journeys.from_paths(frame))
    np.testing.assert_allclose(Shapley()(Journeys.from_paths(frame)).conversions, 1.0)
