"""Segments by recency, frequency and value: of equal age, with weights that keep the number of customers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution.economics import customer_segments
from attribution.errors import BadInput


def orders(people: int = 900, days: int = 500, seed: int = 0) -> pd.DataFrame:
    """Half of the people order once for 20 EUR, half five times for 40, whenever they came."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        start = pd.Timestamp("2024-01-01") + pd.Timedelta(days=int(rng.integers(days)))
        times, value = (5, 40.0) if person % 2 else (1, 20.0)
        rows += [(start + pd.Timedelta(days=at * 10), f"p{person}", value) for at in range(times)]
    return pd.DataFrame(rows, columns=["date", "person", "value"])


def test_the_weight_is_the_value_of_a_customer_against_the_average() -> None:
    segments = customer_segments(orders(), 60, 2)
    good = segments.people.index.str[1:].astype(int) % 2 == 1
    over = segments.people["segment"] != ""
    assert segments.people.loc[over & good, "weight"].mean() == pytest.approx(200 / 110, rel=0.1)
    assert segments.people.loc[over & ~good, "weight"].mean() == pytest.approx(20 / 110, rel=0.6)
    assert segments.people.loc[over, "weight"].mean() == pytest.approx(1.0)
    assert (segments.people.loc[~over, "weight"] == 1).all()
    assert 0 < segments.open_share < 0.3


def test_who_came_early_is_no_better_for_it() -> None:
    """Counted to the end of the file, frequency would rise with age."""
    rng = np.random.default_rng(1)
    starts = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 600, 800), unit="D")
    rows = [(start + pd.Timedelta(days=30 * k), str(at), 10.0) for at, start in enumerate(starts) for k in range(24)]
    frame = pd.DataFrame(rows, columns=["date", "person", "value"])
    frame = frame[frame["date"] < "2025-10-01"]
    segments = customer_segments(frame, 90, 3).people
    over = segments[segments["segment"] != ""]
    assert over["weight"].max() == pytest.approx(over["weight"].min())


@pytest.mark.parametrize(
    "change", [lambda f: f.sample(frac=1, random_state=2), lambda f: f.assign(value=f["value"] * 7)]
)
def test_neither_order_nor_currency_moves_a_weight(change) -> None:
    own, other = (customer_segments(frame, 60, 3).people["weight"] for frame in (orders(), change(orders())))
    pd.testing.assert_series_equal(own.sort_index(), other.sort_index())


def test_a_small_segment_is_drawn_towards_the_average() -> None:
    few = pd.DataFrame({"date": pd.Timestamp("2024-01-01"), "person": ["rich"], "value": [1e6]})
    segments = customer_segments(pd.concat([orders(), few]), 60, 3)
    assert segments.people.loc["rich", "weight"] < 1e6 / (110 + 1e6 / 901)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"window": 0}, "window is 0"),
        ({"quantiles": 1}, "quantiles 1"),
        ({"window": 9000}, "nobody whose first order"),
        ({"orders": orders().assign(person="")}, "names no person"),
        ({"orders": orders().assign(value=np.nan)}, "no value"),
        ({"orders": orders().assign(value=0.0)}, "worth nothing"),
        ({"orders": orders().iloc[:0]}, "names no person"),
    ],
)
def test_what_makes_no_segments_is_named(change, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        customer_segments(**{"orders": orders(), "window": 60, "quantiles": 3, **change})


def test_the_outcome_counts_customers_by_their_segment() -> None:
    from attribution.reading.exports.orders import Orders
    from mmm.data.customers import ByValue, new_customers_by_day

    frame = orders().assign(order="", market="").sort_values("date").reset_index(drop=True)
    span = (frame["date"].min(), frame["date"].max())
    given = [Orders("orders", "orders.csv", frame, len(frame), span)]
    plain, weighed = new_customers_by_day(given), new_customers_by_day(given, by_value=ByValue(60, 2))
    assert list(plain.daily.index) == list(weighed.daily.index)
    assert weighed.daily["kpi"].sum() == pytest.approx(plain.daily["kpi"].sum(), rel=1e-3)
    assert (weighed.daily["returning"] == plain.daily["returning"]).all()
    assert any("count by the mean value of their segment" in note for note in weighed.notes)
