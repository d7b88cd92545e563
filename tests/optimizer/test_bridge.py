"""Forecasts by week and bridges from planned to actual: laws in every draw, on previews of simulated companies."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

import mmm
from mmm.checks.pool import Pooled
from mmm.curves import Hill
from mmm.posterior.outlook import coming_media, prices
from mmm.simulate.weekly_world import world
from optimizer.cycle.bridge import CONTROLS, LEVEL, MIX, PRICE, RESPONSE, UNEXPLAINED, Bridge, bridge, shapley
from optimizer.cycle.forecast import ALL, ORGANIC, Borrowed, Course, Forecast, forecast, media_by_channel, readings_of
from optimizer.cycle.refit import extended

WEEKS = 13


def table_of(seed: int = 1) -> tuple[pd.DataFrame, list[str], list[str]]:
    data, _ = world(seed, weeks=117, channels=3)
    return data.weekly, list(data.channels), list(data.controls)


@pytest.fixture(scope="module")
def table() -> tuple[pd.DataFrame, list[str], list[str]]:
    return table_of()


@pytest.fixture(scope="module")
def panel(table: tuple[pd.DataFrame, list[str], list[str]]) -> mmm.Panel:
    """Channels driven by spend, the first by impressions whose price changes from week to week."""
    weekly, channels, controls = table
    rng = np.random.default_rng(0)
    weekly = weekly.assign(impressions=weekly[channels[0]] * rng.uniform(80, 120, len(weekly)))
    media = {name: mmm.Exposure(name, "impressions") if name == channels[0] else name for name in channels}
    return mmm.Panel.from_frame(weekly, "week", "new_customers", media, controls=controls)


@pytest.fixture(scope="module")
def past(panel: mmm.Panel) -> mmm.Posterior:
    return mmm.preview(panel.select(0, panel.periods - WEEKS), draws=200)


@pytest.fixture(scope="module")
def came(panel: mmm.Panel) -> Course:
    last = panel.select(panel.periods - WEEKS, panel.periods)
    controls = pd.DataFrame(last.controls[0], index=last.dates, columns=list(last.control_names))
    return Course(last.spend, last.media, None, controls)


def planned_course(past: mmm.Posterior, seed: int = 3) -> Course:
    """Some plan: even weeks around what was spent, controls at their mean."""
    panel, rng = past.panel, np.random.default_rng(seed)
    spend = np.tile(panel.recent_spend().to_numpy() * rng.uniform(0.5, 1.5, len(panel.channels)), (WEEKS, 1))[None]
    names = list(panel.control_names)
    controls = pd.DataFrame([panel.controls[0].mean(axis=0)] * WEEKS, index=panel.after(WEEKS), columns=names)
    return Course(spend, spend / prices(panel)[:, None], None, controls)


def drawn(past: mmm.Posterior, course: Course) -> np.ndarray:
    organic = past.organic(WEEKS, course.controls)
    return forecast((past,), organic, course).customers.sum(axis=1)


def bridged(past: mmm.Posterior, planned: Course, came: Course, actual: float = 1e4, **more: object) -> Bridge:
    return bridge((past,), (planned, drawn(past, planned)), (came, actual), **more)


# forecast


def test_without_spend_a_forecast_is_organic_and_what_was_carried_in(past: mmm.Posterior) -> None:
    course = planned_course(past)
    nothing = replace(course, spend=0 * course.spend, media=0 * course.media)
    organic = past.organic(WEEKS, course.controls)
    made = forecast((past,), organic, nothing)
    assert made.brought.sum(axis=0) == pytest.approx(organic.carried_in_by_week)
    assert made.customers == pytest.approx(organic.by_week + organic.noise + organic.carried_in_by_week)


def test_a_forecast_at_what_was_spent_is_that_of_the_backtest(
    past: mmm.Posterior, came: Course, panel: mmm.Panel
) -> None:
    made = drawn(past, came)
    other = mmm.predict(past, panel.select(panel.periods - WEEKS, panel.periods)).sum(axis=0)
    assert made.mean() == pytest.approx(other.mean(), abs=4 * other.std() * np.sqrt(2 / len(other)))
    assert made.std() == pytest.approx(other.std(), rel=0.25)


def test_weeks_of_one_spend_settle_on_the_curve(past: mmm.Posterior) -> None:
    level, weeks = past.panel.level().to_numpy(), 60
    media = np.tile(level / prices(past.panel)[0], (weeks, 1))[None]
    last = coming_media(past, media)[:, :, -1]
    for place, name in enumerate(past.channels):
        assert last[place] == pytest.approx(past.curves(weeks=1)[name](level[place]), rel=1e-6)


def test_draws_of_a_pool_stay_paired(past: mmm.Posterior) -> None:
    other = mmm.preview(past.panel, mmm.Model(trend=mmm.NoTrend()), draws=120, seed=4)
    pool = Pooled({"one": past, "two": other}, np.array([0.7, 0.3]))
    readings, course = readings_of(pool), planned_course(past)
    assert sum(reading.n_draws for reading in readings) == pool.n_draws
    made = forecast(readings, pool.organic(WEEKS, course.controls), course)
    picks = pool.picks
    alone = coming_media(other, course.media)[:, picks["two"]]
    assert made.brought[:, len(picks["one"]) :] == pytest.approx(alone)
    again = pool.curves(weeks=1)
    joined = np.concatenate([np.atleast_1d(reading.curves(weeks=1)[past.channels[0]](100.0)) for reading in readings])
    assert joined == pytest.approx(again[past.channels[0]](100.0))


def test_the_table_adds_up(past: mmm.Posterior) -> None:
    course = planned_course(past)
    made = forecast((past,), past.organic(WEEKS, course.controls), course)
    frame = made.to_frame()
    by_week = frame[frame["week"] != ALL]
    assert by_week["week"].nunique() == WEEKS
    weekly = by_week.pivot_table("customers", "week", "channel")
    assert weekly.drop(columns=ALL).sum(axis=1).to_numpy() == pytest.approx(weekly[ALL].to_numpy())
    total = frame[frame["week"] == ALL].set_index("channel")
    assert weekly.sum().to_numpy() == pytest.approx(total["customers"][weekly.columns].to_numpy())
    assert total["spend"][ALL] == pytest.approx(course.total_spend)
    assert np.isnan(total["spend"][ORGANIC])


def test_days_are_summed_to_weeks() -> None:
    rng, days = np.random.default_rng(4), pd.date_range("2026-01-05", periods=21)
    draws = rng.normal(10, 1, (3, 50, 21))
    made = Forecast(days, 1, ("tv",), np.ones((21, 1)), draws[0], draws[1][None], np.zeros((50, 21)))
    frame = made.to_frame()
    by_week = frame[(frame["week"] != ALL) & (frame["channel"] == ALL)]
    assert list(by_week["week"]) == ["2026-01-05", "2026-01-12", "2026-01-19"]
    assert by_week["spend"].tolist() == [7, 7, 7]
    sums = (draws[0] + draws[1]).reshape(50, 3, 7).sum(axis=2)
    assert by_week["customers_low"].to_numpy() == pytest.approx(np.quantile(sums, 0.05, axis=0))


def test_noise_of_counts_grows_with_all_customers(table: tuple[pd.DataFrame, list[str], list[str]]) -> None:
    weekly, channels, controls = table
    panel = mmm.Panel.from_frame(weekly, "week", "new_customers", channels, controls=controls)
    counts = mmm.preview(panel, mmm.Model(likelihood=mmm.NegativeBinomialLikelihood()), draws=200)
    course = planned_course(counts)
    made = forecast((counts,), counts.organic(WEEKS, course.controls), course)
    mean = counts.organic(WEEKS, course.controls).by_week + made.brought.sum(axis=0)
    noise = made.customers - mean
    expected = np.sqrt((mean + counts.flat("sigma")[:, None] ** 2 * mean**2).mean())
    assert noise.std() == pytest.approx(expected, rel=0.06)


def test_a_new_channel_settles_on_its_curve_and_carries_over() -> None:
    curve = Hill(np.array([50.0, 80.0]), np.array([100.0, 60.0]), np.array([1.0, 1.0]))
    one = Borrowed("new", curve, np.array([[0.5, 0.8], [0.3, 0.2], [0.2, 0.0]]))
    brought = one.brought(np.array([40.0] * 5 + [0.0]))
    assert brought[:, 4] == pytest.approx(curve(40.0))
    assert brought[0, 5] == pytest.approx(curve(20.0)[0])
    assert (brought[:, 0] < brought[:, 4]).all()


# bridge


@pytest.mark.parametrize("seed", range(4))
def test_a_bridge_closes_in_every_draw_and_in_its_means(past: mmm.Posterior, came: Course, seed: int) -> None:
    rng = np.random.default_rng(seed)
    actual = replace(came, spend=came.spend * rng.uniform(0, 2, came.spend.shape), media=came.media * rng.uniform(0, 3))
    made = bridged(past, planned_course(past, seed), actual, float(rng.uniform(1, 1e5)))
    assert list(made.causes) == [LEVEL, MIX, PRICE, CONTROLS, UNEXPLAINED]
    assert made.residual < 1e-9
    steps = made.to_frame()["customers"]
    assert steps.iloc[:-1].sum() == pytest.approx(steps.iloc[-1], rel=1e-9, abs=1e-9)


def test_what_is_known_of_the_weeks_leads_to_the_forecast_at_what_was_spent(past: mmm.Posterior, came: Course) -> None:
    planned = planned_course(past)
    made = bridged(past, planned, came)
    known = made.planned + sum(made.causes[name] for name in (LEVEL, MIX, PRICE, CONTROLS))
    there = drawn(past, came) - drawn(past, planned)  # one seed: the same noise in both
    assert known - made.planned == pytest.approx(there, abs=1e-6)


def test_a_cause_that_alone_changed_takes_all(past: mmm.Posterior) -> None:
    planned = planned_course(past)
    price, rng = prices(past.panel)[:, None], np.random.default_rng(5)
    shares = rng.dirichlet(np.ones(planned.spend.size)).reshape(planned.spend.shape) * planned.total_spend
    dearer = np.array([0.5, 1.0, 1.0])
    cases = {
        LEVEL: replace(planned, spend=1.4 * planned.spend, media=1.4 * planned.media),
        MIX: replace(planned, spend=shares, media=shares / price),
        PRICE: replace(planned, media=planned.media * dearer),
        CONTROLS: replace(planned, controls=planned.controls + 1.0),
    }
    for cause, actual in cases.items():
        made = bridged(past, planned, actual)
        for name in set(made.causes) - {cause, UNEXPLAINED}:
            assert made.causes[name] == pytest.approx(0, abs=1e-6), (cause, name)
        assert np.abs(made.causes[cause]).max() > 1, cause


def test_turned_around_every_cause_changes_its_sign(past: mmm.Posterior, came: Course) -> None:
    planned = planned_course(past)
    usual = replace(came, media=came.spend / prices(past.panel)[:, None])
    there, back = bridged(past, planned, usual), bridged(past, usual, planned)
    for name in (LEVEL, MIX, CONTROLS):
        assert there.causes[name] == pytest.approx(-back.causes[name], abs=1e-6)


def test_without_money_there_is_no_mix(past: mmm.Posterior, came: Course) -> None:
    nothing = replace(came, spend=0 * came.spend, media=0 * came.media)
    planned = planned_course(past)
    for before, after in ((planned, nothing), (nothing, planned), (nothing, nothing)):
        made = bridged(past, before, after)
        assert made.causes[MIX] == pytest.approx(0, abs=1e-9)
        assert made.residual < 1e-9


def test_media_that_came_without_spend_are_a_matter_of_price(past: mmm.Posterior) -> None:
    planned = planned_course(past)
    free = planned.media.copy()
    spend = planned.spend.copy()
    spend[0, :, 0] = 0.0
    made = bridged(
        past,
        replace(planned, spend=spend, media=spend / prices(past.panel)[:, None]),
        replace(planned, spend=spend, media=free),
    )
    assert made.causes[PRICE].mean() > 1
    assert made.causes[LEVEL] == pytest.approx(0, abs=1e-9)


def test_shapley_is_the_mean_over_all_orders() -> None:
    rng = np.random.default_rng(2)
    worth = rng.normal(size=(2, 2, 2, 2, 7))
    parts = shapley(lambda *on: worth[tuple(map(int, on))], 4)
    means = np.zeros((4, 7))
    orders = list(permutations(range(4)))
    for order in orders:
        on = [0, 0, 0, 0]
        for cause in order:
            before = worth[tuple(on)]
            on[cause] = 1
            means[cause] += (worth[tuple(on)] - before) / len(orders)
    assert np.array(parts) == pytest.approx(means)
    assert sum(parts) == pytest.approx(worth[1, 1, 1, 1] - worth[0, 0, 0, 0])


def test_response_is_what_another_fit_says_the_same_spend_brought(
    past: mmm.Posterior, came: Course, panel: mmm.Panel
) -> None:
    kpi = panel.kpi[:, -WEEKS:]
    whole = extended(past.panel, came, kpi)
    assert whole.dates.equals(panel.dates)
    for name in ("kpi", "spend", "media", "controls"):
        assert np.array_equal(getattr(whole, name), getattr(panel, name)), name
    again = mmm.preview(whole, past.model, draws=past.n_draws, seed=9)
    planned = planned_course(past)
    made = bridged(past, planned, came, float(kpi.sum()), refitted=(again,))
    assert made.residual < 1e-9
    brought = again.contributions(str(came.controls.index[0].date()))[list(past.channels)].to_numpy().sum(axis=1)
    known = media_by_channel((again,), came, known=past.panel.periods).sum(axis=(0, 2))
    assert known == pytest.approx(brought)  # the same weeks, asked in two ways
    same = bridged(past, planned, came, float(kpi.sum()), refitted=(past,))
    assert same.causes[RESPONSE] == pytest.approx(0, abs=1e-9)


def test_of_several_geos_too() -> None:
    rng, weeks = np.random.default_rng(1), 80
    dates = pd.date_range("2024-01-01", periods=weeks, freq="7D")
    rows = [
        pd.DataFrame(
            {
                "week": dates,
                "geo": geo,
                "tv": (tv := rng.gamma(2, size * 100, weeks)),
                "search": rng.gamma(3, size * 30, weeks),
            }
        ).assign(kpi=size * 50 + 20 * size * tv / (tv + 200 * size) + rng.normal(0, 3, weeks))
        for geo, size in (("north", 2.0), ("south", 1.0))
    ]
    whole = mmm.Panel.from_frame(pd.concat(rows), "week", "kpi", ["tv", "search"], geo="geo")
    fit = mmm.fit(whole.select(0, weeks - WEEKS), draws=60, tune=100, chains=2, time_budget=0.0)
    last = whole.select(weeks - WEEKS, weeks)
    actual = Course(last.spend, last.media)
    even = np.repeat(last.spend.mean(axis=1, keepdims=True), WEEKS, axis=1)[::-1]
    made = forecast((fit,), fit.organic(WEEKS), Course(even, even))
    assert made.spend.sum() == pytest.approx(even.sum())
    steps = bridge((fit,), (Course(even, even), made.customers.sum(axis=1)), (actual, float(last.kpi.sum())))
    assert list(steps.causes) == [LEVEL, MIX, UNEXPLAINED]
    assert steps.residual < 1e-9
    assert steps.causes[LEVEL] == pytest.approx(0, abs=1e-9)  # the same money, elsewhere and in other weeks
