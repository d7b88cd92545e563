"""A funnel: rates whose intervals hold, drops that are named and no others, and tables that are no funnel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from attribution.economics import ALL, Funnel, funnel_drops, funnel_rates, read_funnel
from attribution.errors import BadInput

STAGES = ["clicks", "sign_ups", "orders"]
MANY = [f"channel {number}" for number in range(120)]


def counts(
    periods: int = 30,
    spread: float = 0.0,
    fell: float = 0.0,
    season: float = 0.0,
    seed: int = 0,
    freq: str = "7D",
    channels: Sequence[str] = ("search", "social"),
) -> pd.DataFrame:
    """A weekly funnel of channels with rates of 10 % and 30 %, which vary between periods by a spread."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2024-01-01", periods=periods, freq=freq)
    parts = []
    for channel in channels:
        rate = 0.1 * np.exp(rng.normal(-(spread**2) / 2, spread, periods))
        rate = rate * np.exp(season * np.sin(2 * np.pi * np.asarray(days.day_of_year) / 365.25))
        if channel == "social" and fell:
            rate[-4:] *= 1 - fell
        clicks = rng.poisson(3000, periods)
        sign_ups = rng.binomial(clicks, rate)
        orders = rng.binomial(sign_ups, 0.3)
        parts.append(pd.DataFrame({"period": days, "channel": channel, "clicks": clicks, "sign_ups": sign_ups}))
        parts[-1]["orders"] = orders
    return pd.concat(parts, ignore_index=True)


def of(frame: pd.DataFrame, **more: object) -> Funnel:
    return read_funnel(frame, STAGES, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_nine_of_ten_intervals_hold_the_rate(spread: float) -> None:
    rates = funnel_rates(Funnel(counts(26, spread, channels=MANY), tuple(STAGES[:2]), 7))
    own = rates[rates["channel"] != ALL]
    assert 0.83 <= np.mean(own["rate_low"].le(0.1) & own["rate_high"].ge(0.1)) <= 0.97
    if spread:  # far wider than those of chance alone, which would hold it in about four of ten
        assert own["dispersion"].median() > 5


def test_chance_alone_gives_wilson_s_interval() -> None:
    from scipy.stats import binomtest

    frame = pd.DataFrame({"period": ["2026-01-05"], "channel": "tv", "clicks": 400, "sign_ups": 37, "orders": 5})
    row = funnel_rates(of(frame)).iloc[0]
    exact = binomtest(37, 400).proportion_ci(0.9, "wilson")
    assert (row["rate_low"], row["rate_high"]) == pytest.approx((exact.low, exact.high))
    assert np.isnan(row["dispersion"])


def test_steps_of_all_are_sums_over_the_channels_on_their_way() -> None:
    frame = counts()
    organic = frame[frame["channel"] == "social"].assign(channel="organic", clicks=0)
    funnel = of(pd.concat([frame, organic], ignore_index=True))
    assert funnel.passed_by("organic") == ("sign_ups", "orders")
    rates = funnel_rates(funnel).set_index(["channel", "before"])
    assert ("organic", "clicks") not in rates.index
    assert rates.loc[(ALL, "clicks"), "passed"] == frame["sign_ups"].sum()
    assert rates.loc[(ALL, "sign_ups"), "entered"] == frame["sign_ups"].sum() + organic["sign_ups"].sum()
    assert np.allclose(rates["entered"] - rates["passed"], rates["lost"])


def test_a_drop_is_named_where_it_is() -> None:
    drops = funnel_drops(of(counts(60, 0.1, fell=0.4)))
    fell = drops[drops["dropped"]]
    assert fell[["channel", "before", "after"]].to_numpy().tolist() == [["social", "clicks", "sign_ups"]]
    assert (fell["rate"] < fell["expected_low"]).all()


def test_a_steady_funnel_seldom_drops() -> None:
    drops = funnel_drops(Funnel(counts(40, 0.1, channels=MANY), tuple(STAGES[:2]), 7))
    assert len(drops) == len(MANY)
    assert 0.01 <= (drops["probability"] < 0.05).mean() <= 0.1
    assert not drops["dropped"].any()


def test_a_season_is_no_drop_once_a_year_is_known() -> None:
    seasons = [counts(104 - 16 * (seed % 2), 0.02, season=0.4, seed=seed) for seed in range(12)]
    called = [funnel_drops(Funnel(frame, tuple(STAGES), 7)) for frame in seasons]
    assert all(drops["seasonal"].all() for drops in called)
    assert sum(drops["dropped"].any() for drops in called) <= 2


def test_the_order_of_rows_changes_nothing() -> None:
    frame = counts(20, 0.1)
    shuffled = frame.sample(frac=1, random_state=1)
    one, other = (funnel_rates(of(each)).set_index(["channel", "before"]).sort_index() for each in (frame, shuffled))
    pd.testing.assert_frame_equal(one, other)


def test_months_are_periods() -> None:
    assert of(counts(30, freq="MS")).days == 28
    assert funnel_drops(of(counts(30, freq="MS")))["periods"].eq(1).all()


@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        (lambda f: f.drop(index=5), {}, "periods of search are missing: 2024-02-05"),
        (lambda f: f[f["period"] != "2024-02-05"], {}, "missing"),
        (lambda f: f.rename(columns={"clicks": "orders", "orders": "clicks"}), {}, "out of order: search has"),
        (lambda f: f.assign(orders=f["orders"].where(f.index > 0, -1)), {}, "row 2"),
        (
            lambda f: f.assign(orders=f["orders"].where(f.index > 0, f["sign_ups"] + 1)),
            {"same_people": True},
            "more orders",
        ),
        (lambda f: pd.concat([f, f.head(1)]), {}, "search"),
        (lambda f: f.iloc[:0], {}, "no rows"),
        (lambda f: f.drop(columns="orders"), {}, "orders"),
    ],
)
def test_what_is_no_funnel_is_named(change, more, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        of(change(counts()), **more)


def test_a_missing_month_is_named_by_its_day() -> None:
    frame = counts(12, freq="MS")
    with pytest.raises(BadInput, match="missing: 2024-05-01"):
        of(frame[frame["period"] != "2024-05-01"])


@pytest.mark.parametrize("stages", [["clicks"], ["clicks", "clicks"], []])
def test_a_funnel_has_two_stages(stages: list[str]) -> None:
    with pytest.raises(BadInput, match="two or more"):
        read_funnel(counts(), stages)


@pytest.mark.parametrize(("stage", "times"), [("orders", 1000.0), ("sign_ups", 400.0), ("orders", 300.0)])
def test_a_cell_that_no_lag_makes_is_refused_with_its_row(stage: str, times: float) -> None:
    frame = counts()
    frame.loc[7, stage] *= times
    with pytest.raises(BadInput, match=rf"column '{stage}', row 9: search has .* {stage} of "):
        of(frame)


def test_a_stage_that_was_silent_for_a_week_is_no_fault() -> None:
    """Orders of a week without sign-ups come of the weeks before."""
    frame = counts()
    frame.loc[7, "sign_ups"] = 3
    assert of(frame).periods == 30


def test_periods_dated_by_the_last_days_of_months_are_told_as_that() -> None:
    frame = counts(7, freq="MS")
    assert of(frame).periods == 7
    with pytest.raises(BadInput, match="dated by the last days of months"):
        of(frame.assign(period=frame["period"] + pd.offsets.MonthEnd(1)))
