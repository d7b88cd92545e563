"""New weeks that hold no amounts of their own: sums so far, one figure filled down, controls left empty as zeros."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from mmm.simulate import world
from optimizer.planning.since.unlike_before import Weeks, unlike_before


def told(seed: int, column: str, spoil: Callable[[np.ndarray], np.ndarray], new: int = 8) -> str:
    made = world(seed)[0]
    table = made.weekly.assign(price=100.0 + np.arange(len(made.weekly)) % 7)
    cut = len(table) - new
    parted = {name: tuple(np.split(table[name].to_numpy(float), [cut])) for name in table.columns if name != "week"}
    parted[column] = (parted[column][0], spoil(parted[column][1]))
    spend = {name: parted.pop(name) for name in made.channels}
    return " ".join(unlike_before(Weeks(spend, parted, "new_customers", pd.DatetimeIndex(table["week"][cut:]))))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("new", [5, 8])
def test_what_is_no_amount_of_its_week_is_told(seed: int, new: int) -> None:
    channel = max(world(seed)[0].channels, key=lambda name: (world(seed)[0].weekly[name] > 0).mean())
    for column in ("new_customers", channel):
        assert f"{column} never falls in the new weeks" in told(seed, column, np.cumsum, new)
        assert f"{column} is " in told(seed, column, lambda now: np.full_like(now, now.mean()), new)
    assert "price is 0 in " in told(seed, "price", np.zeros_like, new)
    assert "price is 0 in " in told(
        seed, "price", lambda now: np.where(np.arange(len(now)) < len(now) - 1, now, 0), new
    )


@pytest.mark.parametrize("seed", range(8))
def test_sound_weeks_and_growth_are_not(seed: int) -> None:
    for new in (1, 4, 8):
        for column in ("new_customers", world(seed)[0].channels[0], "price"):
            assert not told(seed, column, lambda now: now, new)
    assert "never falls" not in told(seed, "new_customers", lambda now: now.mean() * 1.05 ** np.arange(len(now)))
    assert "filled" not in told(seed, "new_customers", lambda now: now, 3)


@pytest.mark.parametrize("seed", range(3))
def test_what_was_never_seen_is_told(seed: int) -> None:
    for times in (7.0, 1 / 7):
        assert "new_customers is " in told(seed, "new_customers", lambda now, times=times: now * times)
        assert "in every new week and was " in told(seed, "new_customers", lambda now, times=times: now * times, 1)
    assert "price is 130 in new weeks and was 100 to 106" in told(seed, "price", lambda now: now + 130 - now.max())
    made = world(seed)[0]
    table = made.weekly.tail(60)
    spend = {name: (table[name].to_numpy(float)[:52], table[name].to_numpy(float)[52:] / 7) for name in made.channels}
    kpi = {"new_customers": tuple(np.split(table["new_customers"].to_numpy(float), [52]))}
    days = pd.DatetimeIndex(table["week"][52:])
    assert "Every channel spends 0." in " ".join(unlike_before(Weeks(spend, kpi, "new_customers", days)))


def test_rows_under_other_names_or_dates_are_told() -> None:
    rng = np.random.default_rng(0)
    steady, index = rng.gamma(20, 2_000, 117), rng.normal(100, 3, 117)
    flights = np.where(np.arange(117) // 4 % 2, rng.gamma(9, 9_000, 117), 0.0)
    kpi, sale = rng.normal(1000, 50, 117), (np.arange(117) % 9 == 0).astype(float)
    days = pd.date_range("2026-09-28", periods=13, freq="7D")

    def parted(**columns: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {name: (values[:104], values[104:]) for name, values in columns.items()}

    def told(spend: dict[str, tuple[np.ndarray, np.ndarray]], other: dict[str, tuple[np.ndarray, np.ndarray]]) -> str:
        return " ".join(unlike_before(Weeks(spend, other, "kpi", days)))

    def exchanged(
        pairs: dict[str, tuple[np.ndarray, np.ndarray]], one: str, other: str
    ) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return pairs | {one: (pairs[one][0], pairs[other][1]), other: (pairs[other][0], pairs[one][1])}

    spend, other = parted(tv=flights, search=steady), parted(kpi=kpi, index=index, other_index=index / 5, sale=sale)
    assert not told(spend, other)
    for found in (told(exchanged(spend, "tv", "search"), other), told(spend, exchanged(other, "index", "other_index"))):
        assert "are the two columns exchanged?" in found
    halved = {"tv": (spend["tv"][0], 0.5 * spend["tv"][1]), "search": (spend["search"][0], 1.5 * spend["search"][1])}
    assert "exchanged" not in told(halved, other)  # a plan moves so much
    again = {name: (before, before[40:53]) for name, (before, _) in (spend | other).items()}
    assert "old rows under new dates" in told(
        {name: again[name] for name in spend}, {name: again[name] for name in other}
    )
    dearer = {**spend, "search": (spend["search"][0], 12 * spend["search"][1])}
    assert "search is " in told(dearer, other)
    assert "sale was 0 or 1" in told(spend, {**other, "sale": (other["sale"][0], 2 * other["sale"][1] + 1)})


def test_a_channel_that_rests_as_never_before_is_told_and_flights_are_not() -> None:
    rng = np.random.default_rng(1)
    steady, kpi = rng.gamma(20, 2_000, 112), rng.normal(1000, 50, 112)
    flights = np.where(np.arange(112) // 8 % 2, rng.gamma(9, 9_000, 112), 0.0)  # the eight new weeks would rest
    ended = np.where(np.arange(112) < 40, steady, 0.0)
    days = pd.date_range("2026-09-28", periods=8, freq="7D")

    def told(planned: dict[str, float] | None = None, **columns: np.ndarray) -> str:
        spend = {name: tuple(np.split(values, [104])) for name, values in ({"search": steady} | columns).items()}
        weeks = Weeks(spend, {"kpi": tuple(np.split(kpi, [104]))}, "kpi", days, planned or {})  # type: ignore[arg-type]
        return " ".join(unlike_before(weeks))

    stopped = np.where(np.arange(112) < 104, steady, 0.0)
    usual = f"{np.median(steady[:104]):,.0f}"
    assert f"Nothing is spent in the new weeks on display (usually {usual}): stopped" in told(display=stopped)
    assert not told(tv=flights, radio=ended)
    assert not told({"display": 0.0}, display=stopped)
    assert f"display (usually {usual}, 5,000 planned)" in told({"display": 5e3}, display=stopped)
    longer = np.where(np.arange(112) < 100, flights, 0.0)  # twelve weeks of rest, where eight were the most
    assert "weeks on tv" in told(tv=longer)
