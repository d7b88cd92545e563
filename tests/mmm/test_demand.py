"""Spend that follows demand: it is named, control functions take out what they can, riders are stated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput, UnknownChannel
from attribution.findings import Finding
from mmm.model.demand import normal_scores
from mmm.sampling.prepared import prepare
from mmm.simulate.followers import followers

WORLDS = range(12)


def company(seed: int, **settings: float) -> mmm.Panel:
    data, _ = mmm.simulate.world(seed, **settings)
    return mmm.Panel.from_frame(data.weekly, "week", "new_customers", list(data.channels), controls=list(data.controls))


def check(panel: mmm.Panel, model: mmm.Model | None = None, name: str = "follows_demand") -> Finding:
    return next(one for one in prepare(panel, model).findings if one.name == name)


@pytest.mark.parametrize("settings", [{}, {"echo": 1.0}, {"follow": 1}])
def test_channels_that_follow_an_unseen_demand_are_named_and_no_others(settings: dict[str, float]) -> None:
    count = int(settings.get("follow", 3))
    named = [set(check(followers(seed, **settings)[0]).channels) for seed in WORLDS]
    assert all(found <= {"tv", "social", "search"} for found in named)
    assert sum(map(len, named)) >= 0.85 * count * len(WORLDS)


@pytest.mark.long
@pytest.mark.parametrize("settings", [{}, {"channels": 3}, {"channels": 12}, {"media_share": 0.2}])
def test_media_that_work_are_not_taken_for_followers(settings: dict[str, float]) -> None:
    assert sum(len(check(company(seed, **settings)).channels) for seed in WORLDS) <= 1
    assert not any(check(followers(seed, follow=0)[0]).channels for seed in WORLDS)


def test_the_finding_says_which_way_the_error_goes_and_what_to_do() -> None:
    found = check(followers(3)[0])
    assert not found.passed
    assert found.value is not None
    assert found.limit is not None
    assert found.value > found.limit
    for words in ("its CAC looks too low", "lift test", "rides_on", "control functions", "tv", "search"):
        assert words in found.text


def test_what_a_control_explains_is_no_following() -> None:
    panel, _ = followers(3)
    hidden = panel.kpi[0] / panel.kpi[0].mean()  # stands for the demand itself, once somebody measures it
    frame = pd.DataFrame({"week": panel.dates, "kpi": panel.kpi[0], "index": hidden})
    frame[list(panel.channels)] = panel.spend[0]
    known = mmm.Panel.from_frame(frame, "week", "kpi", list(panel.channels), controls=["index"])
    assert check(known).passed


def test_followers_in_every_geo_are_named_whatever_the_geos_sizes() -> None:
    panel, _ = followers(5)
    parts = []
    for geo, size in (("north", 1.0), ("south", 30.0)):
        part = pd.DataFrame({"geo": geo, "week": panel.dates, "kpi": panel.kpi[0] * size})
        parts.append(part.assign(**{name: panel.spend[0, :, i] * size for i, name in enumerate(panel.channels)}))
    several = mmm.Panel.from_frame(pd.concat(parts), "week", "kpi", list(panel.channels), geo="geo")
    assert set(check(several).channels) == set(check(panel).channels) == {"tv", "social", "search"}


def test_units_of_money_and_customers_play_no_part() -> None:
    panel, _ = followers(4)
    frame = pd.DataFrame({"week": panel.dates, "kpi": panel.kpi[0] * 1e3})
    frame[list(panel.channels)] = panel.spend[0] * 1e-4
    other = mmm.Panel.from_frame(frame, "week", "kpi", list(panel.channels))
    assert check(other).value == pytest.approx(check(panel).value, rel=1e-9)


def test_a_wandering_level_hides_no_follower() -> None:
    model = mmm.Model(trend=(mmm.LinearTrend(), mmm.RandomWalk()))
    assert set(check(followers(3)[0], model).channels) == {"tv", "social", "search"}


# control functions


@pytest.mark.parametrize("seed", range(5))
def test_columns_are_news_of_spend_beside_the_measured_terms(seed: int) -> None:
    panel = company(seed)
    terms = mmm.Model(demand=mmm.ControlFunctions(channels=panel.channels)).design(panel)
    ours = terms.matrix[:, [group == "demand" for group in terms.groups]]
    known = normal_scores(terms.measured)
    assert ours.shape == (panel.periods, len(panel.channels))
    assert np.abs(ours.T @ known).max() < 1e-8 * panel.periods
    assert np.abs(ours.mean(axis=0)).max() < 1e-9
    np.testing.assert_allclose(ours.std(axis=0), 1.0)


def test_normal_scores_know_ranks_alone_and_equal_values_have_equal_scores() -> None:
    rng = np.random.default_rng(2)
    spend = np.where(rng.random((200, 3)) < 0.6, 0.0, rng.gamma(2.0, 1.0, (200, 3)))
    scores = normal_scores(spend)
    np.testing.assert_allclose(normal_scores(np.exp(spend) * 7), scores)
    for column, score in zip(spend.T, scores.T, strict=True):
        assert len(np.unique(score[column == 0])) == 1
        assert (np.diff(score[np.argsort(column, kind="stable")]) >= 0).all()


def test_channels_that_never_vary_or_only_follow_the_season_have_no_column_to_speak_of() -> None:
    rng = np.random.default_rng(0)
    measured = rng.normal(size=(150, 2))
    spend = np.column_stack([np.full(150, 5.0), np.exp(measured[:, 0]), rng.gamma(1.0, 1.0, 150)])
    columns = mmm.ControlFunctions().columns(spend, measured)
    assert not columns[:, :2].any()
    assert columns[:, 2].std() == pytest.approx(1.0)


@pytest.mark.parametrize("sd", [0.0, -1.0, np.inf, np.nan])
def test_a_spread_that_is_no_number_above_zero_is_refused(sd: float) -> None:
    with pytest.raises(BadInput, match="above 0"):
        mmm.ControlFunctions(sd)


@pytest.mark.long
def test_they_shrink_what_followers_are_credited_with_and_leave_clean_worlds_alone() -> None:
    def credited(follow: int, model: mmm.Model) -> tuple[float, float]:
        """Credited over true customers of the followers together, and their share inside 90 % intervals."""
        found, true, inside = 0.0, 0.0, []
        for seed in range(2):
            panel, truth = followers(seed, follow=follow, swing=0.2, noise=0.5)
            draws = mmm.fit(panel, model, draws=400, tune=400, chains=2, seed=seed).contributions().iloc[:, :3]
            found, true = found + float(draws.mean().sum()), true + float(truth[:3].sum())
            inside += list(truth[:3].between(draws.quantile(0.05), draws.quantile(0.95)))
        return found / true, float(np.mean(inside))

    plain, asked = mmm.Model(), mmm.Model(demand=mmm.ControlFunctions(channels=("tv", "social", "search")))
    without, with_ = credited(3, plain), credited(3, asked)
    assert with_[0] - 1 < 0.85 * (without[0] - 1)
    assert with_[1] > without[1]
    whoever_follows = mmm.Model(demand=mmm.ControlFunctions())
    assert credited(0, whoever_follows) == credited(0, plain)  # nobody does, so there is no column


def test_channels_that_follow_have_a_column_and_others_only_where_asked() -> None:
    def asked(panel: mmm.Panel, channels: tuple[str, ...] | None) -> tuple[str, ...]:
        model = prepare(panel, mmm.Model(demand=mmm.ControlFunctions(channels=channels))).model
        assert model.demand is not None
        assert model.demand.channels is not None
        columns = model.design(panel).groups.count("demand")
        assert columns == len(model.demand.channels)
        return model.demand.channels

    assert asked(followers(3)[0], None) == ("tv", "social", "search")
    assert asked(followers(3, follow=0)[0], None) == ()
    assert asked(followers(3)[0], ("radio",)) == ("radio",)
    with pytest.raises(UnknownChannel, match="Did you mean 'radio'"):
        asked(followers(3)[0], ("radoi",))


def test_in_a_forecast_they_stand_at_zero_and_a_saved_fit_keeps_them(tmp_path: Path) -> None:
    panel, _ = followers(1, weeks=110)
    model = mmm.Model(demand=mmm.ControlFunctions(0.07, ("tv", "radio")), rides_on={"tv": ("organic",)})
    coming = model.design(panel, dates=panel.after(8))
    assert not coming.matrix[:, [group == "demand" for group in coming.groups]].any()
    posterior = mmm.preview(panel, model)
    posterior.save(tmp_path / "fit.nc")
    again = mmm.Posterior.load(tmp_path / "fit.nc")
    assert again.model.demand == model.demand
    assert dict(again.model.rides_on) == {"tv": ("organic",)}
    assert "demand" in again.baseline_by_week()
    pd.testing.assert_frame_equal(again.organic(8).to_frame(), posterior.organic(8).to_frame())
    whole = again.decomposition().sum(axis=1)
    assert whole.mean() == pytest.approx(panel.kpi.mean(), rel=0.02)


# riders that the model states


def test_stated_riders_are_a_finding_that_names_them_and_whom_they_ride_on() -> None:
    panel, _ = followers(1)
    found = check(panel, mmm.Model(rides_on={"search": ("tv", "organic")}), "rides_on")
    assert found.channels == ("search",)
    assert "search on tv and organic" in found.text
    assert "its CAC looks too low, theirs too high" in found.text
    assert not [one for one in prepare(panel).findings if one.name == "rides_on"]


@pytest.mark.parametrize(
    ("rides_on", "kind", "words"),
    [
        ({"serch": ("tv",)}, UnknownChannel, "Did you mean 'search'"),
        ({"search": ("tvv",)}, UnknownChannel, "Did you mean 'tv'"),
        ({"search": ("search",)}, BadInput, "rides on itself"),
        ({"search": ()}, BadInput, "rides on nothing"),
    ],
)
def test_riders_that_do_not_exist_or_ride_on_themselves_are_refused(
    rides_on: dict[str, tuple[str, ...]], kind: type[BadInput], words: str
) -> None:
    with pytest.raises(kind, match=words):
        prepare(followers(1)[0], mmm.Model(rides_on=rides_on))


def test_a_rider_without_any_spend_is_left_out_with_its_channel() -> None:
    panel, _ = followers(1)
    frame = pd.DataFrame({"week": panel.dates, "kpi": panel.kpi[0], "brand": 0.0})
    frame[list(panel.channels)] = panel.spend[0]
    silent = mmm.Panel.from_frame(frame, "week", "kpi", [*panel.channels, "brand"])
    assert not prepare(silent, mmm.Model(rides_on={"brand": ("tv",)})).model.rides_on
