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
        assert f"{column} rises in every new week" in told(seed, column, np.cumsum, new)
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
    assert "rises" not in told(seed, "new_customers", lambda now: now.mean() * 1.05 ** np.arange(len(now)))
    assert "filled" not in told(seed, "new_customers", lambda now: now[:3], 8)


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
