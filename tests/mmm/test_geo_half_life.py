"""Half-lives of several geos are those of all of them, not of the first."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mmm
from mmm.model.adstock import half_of

SPEND = {"north": 10.0, "south": 30.0}


def panel(order: tuple[str, ...]) -> mmm.Panel:
    rng = np.random.default_rng(3)
    frames = []
    for geo in order:
        spend = SPEND[geo] * rng.gamma(2.0, 1.0, 60)
        weeks = pd.date_range("2024-01-01", periods=60, freq="7D")
        frames.append(
            pd.DataFrame(
                {"week": weeks, "geo": geo, "kpi": 90 + spend + rng.normal(0, 9, 60), "tv": spend, "mail": spend / 7}
            )
        )
    spend: dict[str, str | mmm.Exposure] = {"tv": "tv", "mail": mmm.Exposure(None, "mail")}
    return mmm.Panel.from_frame(pd.concat(frames), "week", "kpi", spend, geo="geo")


@pytest.fixture(scope="module")
def apart() -> mmm.Posterior:
    """Carryover differs between geos: hardly any in the first, long in the other, the same in every draw."""
    pooling = mmm.Pooling({"share": mmm.HalfNormal(0.3), "retention": mmm.HalfNormal(0.3)})
    fitted = mmm.fit(
        panel(("north", "south")), mmm.Model(pooling=pooling), draws=100, tune=100, seed=1, time_budget=0.0
    )
    retention = np.empty_like(fitted.draws["geo_retention"])
    retention[..., 0, :], retention[..., 1, :] = 0.05, 0.8
    return replace(fitted, draws={**fitted.draws, "geo_retention": retention})


@pytest.mark.parametrize("channel", ["tv", "mail"])
def test_all_geos_count_by_what_they_had(apart: mmm.Posterior, channel: str) -> None:
    money = apart.panel.media[:, :, apart.panel.media_names.index(channel)].sum(axis=1)
    lags = np.arange(26.0)[:, None]
    weights = np.array([0.05, 0.8]) ** lags
    weights = (weights / weights.sum(axis=0)) @ (money / money.sum())
    half = apart.half_life().loc[channel, "median"]
    assert half == pytest.approx(half_of(weights[:, None])[0], rel=1e-9)
    assert 0.6 < half < 4.0  # the first geo alone: 0.53


def test_it_is_read_off_the_same_carryover(apart: mmm.Posterior) -> None:
    weights = apart.carryover()["tv"]
    assert apart.half_life().loc["tv", "median"] == pytest.approx(np.median(half_of(weights)), rel=1e-9)


def test_one_geo_stays_as_it_is() -> None:
    national = panel(("south",))
    fitted = mmm.fit(national, mmm.Model(), draws=100, tune=100, seed=1, time_budget=0.0)
    retention = fitted.flat("retention")[:, 0]
    assert fitted.half_life().loc["tv", "median"] == pytest.approx(
        np.median(mmm.GeometricAdstock().half_life(retention)), rel=1e-9
    )
