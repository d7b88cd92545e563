"""Weekly worlds: one mechanism behind outcome, spend and journeys, and truth that agrees with it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.errors import BadInput
from mmm.simulate.channels import Medium, Planned, Rider, hill, logistic, roster, s_shaped
from mmm.simulate.example import main, summary, write_example
from mmm.simulate.weekly_world import ORGANIC, world

FAMILIES = [hill, s_shaped, logistic]


@pytest.fixture(scope="module")
def sample():
    return world(7, journey_weeks=6)


def test_the_weeks_are_complete_mondays_up_to_the_plan(sample):
    data, _ = sample
    weeks = data.weekly["week"]
    assert len(weeks) == 156
    assert (weeks.dt.day_of_week == 0).all()
    assert (weeks.diff().dropna() == pd.Timedelta(days=7)).all()
    assert weeks.iloc[-1] + pd.Timedelta(days=7) == data.upcoming["week"].iloc[0] == pd.Timestamp("2026-09-28")
    assert len(data.upcoming) == 13
    assert list(data.upcoming.columns[1:]) == list(data.controls)


def test_new_customers_are_the_sum_of_their_causes(sample):
    data, truth = sample
    assert data.weekly["new_customers"].tolist() == truth.causes.sum(axis=1).tolist()


def test_journeys_are_the_people_behind_the_weekly_numbers(sample):
    data, truth = sample
    weeks = data.journeys.conversions["time"].dt.tz_localize(None).dt.to_period("W-SUN").dt.start_time
    counted = weeks.value_counts().sort_index()
    observed = data.weekly.set_index("week")["new_customers"].tail(6)
    assert counted.tolist() == observed.tolist()
    pd.testing.assert_frame_equal(truth.journeys.causes, truth.causes.tail(6))


def test_drawing_people_does_not_change_the_weeks(sample):
    alone, _ = world(7)
    pd.testing.assert_frame_equal(alone.weekly, sample[0].weekly)


def test_effects_follow_from_spend_by_adstock_and_curve(sample):
    """Recursion written out by hand; the run-in before the first week has died away by week 60."""
    _, truth = sample
    for medium in truth.media:
        carried = 0.0
        for week, spend in enumerate(truth.spend[medium.name]):
            carried = medium.decay * carried + (1 - medium.decay) * spend
            if week > 60:
                expected = float(medium.curve(hill)(carried))
                assert truth.effects[medium.name].iloc[week] == pytest.approx(expected, rel=1e-9)


def test_the_world_is_the_company_it_claims_to_be(sample):
    data, truth = sample
    weekly = truth.spend.sum(axis=1)
    real = truth.cac.drop("affiliate")
    assert 150_000 < weekly.mean() < 250_000
    assert 30 < real.min() < real.max() < 300
    assert truth.contributions["affiliate"] < 0.01 * truth.effects.to_numpy().sum()
    assert 0.3 < truth.effects[ORGANIC].sum() / truth.effects.to_numpy().sum() < 0.6
    assert (data.weekly["tv"] == 0).sum() > 20


@pytest.mark.parametrize("r2", [0.7, 0.9])
def test_noise_leaves_the_share_explained_that_was_asked_for(r2):
    found = []
    for seed in range(12):
        _, truth = world(seed, r2=r2)
        y, mean = truth.causes.sum(axis=1), truth.effects.sum(axis=1)
        found.append(1 - ((y - mean) ** 2).sum() / ((y - y.mean()) ** 2).sum())
    assert np.mean(found) == pytest.approx(r2, abs=0.04)


def test_riders_follow_demand_and_planned_media_do_not_know_it():
    correlations = []
    for seed in range(8):
        _, truth = world(seed, weeks=300)
        demand = truth.effects[[ORGANIC, "tv", "paid_social", "generic_search", "online_video", "display"]].sum(axis=1)
        correlations.append(np.corrcoef(demand, truth.spend["brand_search"])[0, 1])
    assert np.mean(correlations) > 0.25


@pytest.mark.parametrize("family", FAMILIES)
@given(st.floats(10, 1e7), st.floats(0.1, 1e5), st.floats(0.1, 0.9))
@settings(max_examples=25, deadline=None)
def test_families_pass_through_the_point_with_the_elasticity(family, spend, customers, elasticity):
    curve = family(spend, customers, elasticity)
    assert float(curve(spend)) == pytest.approx(customers, rel=1e-6)
    step = spend * 1e-5
    rise = (float(curve(spend + step)) - float(curve(spend - step))) / (2 * step)
    assert rise * spend / customers == pytest.approx(elasticity, rel=1e-3)


def test_a_better_plan_exists_and_blended_cac_adds_up(sample):
    _, truth = sample
    now = truth.spend_now()
    marginal = truth.marginal_cac(now)
    assert marginal["tv"] > 2 * marginal["generic_search"]
    moved = now.copy()
    shift = 0.3 * now["tv"]
    moved["tv"] -= shift
    moved["generic_search"] += shift / 2
    moved["online_video"] += shift / 2
    assert truth.blended_cac(moved, 50_000) < truth.blended_cac(now, 50_000)
    nothing = now * 0
    assert truth.customers(nothing) == pytest.approx(truth.upcoming_organic.sum())
    assert truth.blended_cac(nothing, 50_000) == pytest.approx(50_000 / truth.upcoming_organic.sum())


def test_weeks_at_steady_spend_bring_what_the_horizon_curve_says(sample):
    """Thirteen weeks after a long run-in at steady spend, week by week, against one point of the horizon curve."""
    _, truth = sample
    for medium in truth.media:
        carried, customers = 0.0, 0.0
        for week in range(113):
            carried = medium.decay * carried + (1 - medium.decay) * 50_000
            customers += float(medium.curve(hill)(carried)) if week >= 100 else 0.0
        assert float(truth.curves(13)[medium.name](13 * 50_000)) == pytest.approx(customers)


def test_carried_in_is_more_for_longer_memory_and_below_the_steady_effect(sample):
    _, truth = sample
    latest = truth.effects.tail(13).sum()
    assert (truth.carried_in < latest.drop(ORGANIC)).all()
    per_effect = truth.carried_in / latest.drop(ORGANIC)
    assert per_effect["tv"] > per_effect["generic_search"] > per_effect["brand_search"]


def test_worlds_of_other_seeds_differ():
    tables = [world(seed, channels=10, family=s_shaped)[0].weekly for seed in range(20)]
    assert len({tuple(table["new_customers"]) for table in tables}) == 20
    assert all(len(table.columns) == 2 + 10 + 3 for table in tables)


def test_same_seed_same_world():
    first, second = world(3, weeks=60)[0], world(3, weeks=60)[0]
    pd.testing.assert_frame_equal(first.weekly, second.weekly)


@pytest.mark.parametrize("channels", [1, 5, 8, 12, 20])
def test_channels_have_names_of_their_own(channels):
    media = roster(channels, np.random.default_rng(0))
    assert len({medium.name for medium in media}) == channels
    assert all(medium.spend > 0 and 0 <= medium.decay < 1 for medium in media)


def test_patterns_are_never_negative():
    rng = np.random.default_rng(1)
    season = np.linspace(-3, 3, 80)
    assert (Planned(growth=-0.9, season=0.9).shape(season, None, rng) >= 0).all()
    assert (Rider().shape(season, np.linspace(0.5, 2, 80), rng) >= 0).all()
    with pytest.raises(BadInput, match="demand"):
        Rider().shape(season, None, rng)


@pytest.mark.parametrize("wrong", [{"weeks": 1}, {"r2": 1.0}, {"journey_weeks": 200}, {"channels": 0}])
def test_impossible_worlds_are_refused(wrong):
    with pytest.raises(BadInput):
        world(0, **wrong)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_example(tmp_path_factory.mktemp("example"), seed=7)


@pytest.mark.long
def test_example_files_are_the_same_bytes_each_time_and_small(written, tmp_path, capsys):
    assert main([str(tmp_path / "again"), "--seed", "7"]) == 0
    assert "weekly.csv" in capsys.readouterr().out
    assert sum(path.stat().st_size for path in written) < 5_000_000
    assert {path.name for path in written} == {path.name for path in (tmp_path / "again").iterdir()}
    for path in written:
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_the_shipped_example_is_the_one_the_command_makes(written):
    """Up to the last digits, which another processor rounds otherwise."""

    def json_table(path):
        return pd.json_normalize(json.loads(path.read_text(encoding="utf-8")))

    shipped = Path(__file__).parents[2] / "examples" / "quarter"
    read = {".parquet": pd.read_parquet, ".csv": pd.read_csv, ".json": json_table}
    for path in written:
        made, kept = (read[path.suffix](folder / path.name) for folder in (path.parent, shipped))
        pd.testing.assert_frame_equal(made, kept, check_exact=False, rtol=1e-9)


def test_truth_summary_is_marked_and_agrees(sample):
    _, truth = sample
    told = json.loads(json.dumps(summary(truth, 7)))
    assert "Only for measuring" in told["purpose"]
    assert told["channels"]["tv"]["contribution"] == pytest.approx(truth.contributions["tv"], abs=0.1)
    assert sum(told["organic_customers_next_13_weeks"]) == pytest.approx(truth.upcoming_organic.sum(), abs=1)
    assert isinstance(truth.media[0], Medium)
