"""A funnel of kinds of conversions: the same people through all stages, and who is still to come is no loss."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution import BadInput
from attribution.economics import funnel_drops, funnel_of_events, funnel_rates
from attribution.economics.product_limit import came_by

STAGES = ["sign_up", "trial", "order"]
DAYS = 300


def events(
    seed: int = 0, growth: float = 0.0, rates: tuple[float, float] = (0.5, 0.4), lag: float = 12.0
) -> pd.DataFrame:
    """People of 300 days who go on with known rates after some days; nothing is seen after the last."""
    rng = np.random.default_rng(seed)
    day = rng.choice(DAYS, 12_000, p=(share := np.exp(growth * np.arange(DAYS))) / share.sum()) + rng.random(12_000)
    rows, going = [(day, np.arange(len(day)))], np.ones(len(day), dtype=bool)
    for rate in rates:
        going &= rng.random(len(day)) < rate
        day = day + rng.exponential(lag, len(day))
        rows.append((day[going], np.flatnonzero(going)))
    frame = pd.concat(
        [pd.DataFrame({"user": who, "day": when, "kind": name}) for name, (when, who) in zip(STAGES, rows, strict=True)]
    )
    frame = frame[frame["day"] < DAYS]
    return frame.assign(time=pd.Timestamp("2025-01-06", tz="UTC") + pd.to_timedelta(frame["day"] * 86_400, "s"))


@pytest.mark.parametrize(("period", "growth"), [("week", 0.0), ("week", 0.01), ("week", -0.01), ("month", 0.01)])
def test_rates_are_those_of_the_world_however_fast_it_grows(growth: float, period: str) -> None:
    frame = events(growth=growth)
    funnel, left_out = funnel_of_events(frame, STAGES, period)  # type: ignore[arg-type]
    rates = funnel_rates(funnel).set_index("before")["rate"]
    assert left_out == 0
    assert rates["sign_up"] == pytest.approx(0.5, rel=0.06)
    assert rates["trial"] == pytest.approx(0.4, rel=0.1)
    ends = frame.groupby("kind").size()
    if growth > 0:  # counted by when each stage was reached, people who are still to come would be losses
        assert ends["order"] / ends["trial"] < rates["trial"] * 0.95


def test_open_ends_are_no_drop() -> None:
    funnel, _ = funnel_of_events(events(), STAGES)
    assert funnel.same_people
    assert not funnel_drops(funnel)["dropped"].any()
    told = funnel.frame.set_index("period")[STAGES]
    assert told["order"].isna().sum() > told["trial"].isna().sum() > 0
    closed = told.dropna()
    assert (closed["trial"] <= closed["sign_up"]).all()
    assert (closed["order"] <= closed["trial"]).all()
    rates = funnel_rates(funnel).set_index("before")
    assert rates.loc["trial", "open"] == told.loc[told["order"].isna(), "trial"].sum()


def test_the_first_time_counts_and_skipped_stages_were_passed() -> None:
    frame = events()
    again = pd.concat([frame, frame.assign(time=frame["time"] + pd.Timedelta(days=1))])
    again = again[again["time"] <= frame["time"].max()]
    expected, _ = funnel_of_events(frame, STAGES)
    pd.testing.assert_frame_equal(funnel_of_events(again, STAGES)[0].frame, expected.frame)
    ordered = set(frame.loc[frame["kind"] == "order", "user"])
    skipping = frame[~((frame["kind"] == "trial") & frame["user"].isin(ordered) & (frame["user"] % 2 == 0))]
    told, _ = funnel_of_events(skipping, STAGES)
    both = told.frame.dropna()["sign_up"].index
    assert told.frame.loc[both, "order"].tolist() == expected.frame.loc[both, "order"].tolist()
    assert (told.frame.loc[both, "trial"] == expected.frame.loc[both, "trial"]).all()


def test_who_entered_before_the_table_is_left_out_and_counted() -> None:
    frame = events()
    before = frame[frame["kind"] == "sign_up"].sort_values("time").head(500)["user"]
    cut = frame[~((frame["kind"] == "sign_up") & frame["user"].isin(before))]
    gone = cut["user"].isin(before)
    funnel, left_out = funnel_of_events(cut, STAGES)
    assert left_out == cut.loc[gone, "user"].nunique() > 50
    pd.testing.assert_frame_equal(funnel.frame, funnel_of_events(cut[~gone], STAGES)[0].frame)


def test_two_ids_of_one_person_are_one() -> None:
    frame = events().assign(user=lambda f: f["user"].astype(str))
    split = frame.assign(user=frame["user"] + "/" + frame["kind"])
    people = dict(zip(split["user"], frame["user"], strict=True))
    ours, plain = (
        funnel_of_events(each, STAGES, people=known)[0].frame for each, known in ((split, people), (frame, None))
    )
    pd.testing.assert_frame_equal(ours, plain)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.replace({"kind": {"trial": "try"}}), "no row is of stage 'trial'"),
        (lambda f: f.assign(time="soon"), "is no time"),
        (lambda f: f.drop(columns="user"), "column 'user'"),
        (lambda f: f[f["day"] < 9], "is old enough"),
        (lambda f: f.replace({"kind": {"trial": "sign_up", "sign_up": "trial"}}), "out of order"),
    ],
)
def test_what_makes_no_funnel_is_refused(change: object, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        funnel_of_events(change(events()), STAGES)  # type: ignore[operator]


def test_the_product_limit_is_that_of_persons() -> None:
    rng = np.random.default_rng(3)
    lag, age = rng.integers(1, 30, 300).astype(float), rng.uniform(0, 40, 300)
    days = np.where(lag <= age, lag, np.nan)
    lags, share = came_by(days, age)
    stay = 1.0
    for each, told in zip(lags, share, strict=True):
        seen = np.where(np.isfinite(days), days, age)
        stay *= 1 - (days == each).sum() / (seen >= each).sum()
        assert told == pytest.approx(1 - stay)
