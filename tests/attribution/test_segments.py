"""Credit kept apart, channels left out or put first, single conversions, persons and channel rules."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution import (
    BadInput,
    ByTouchDate,
    ChannelRule,
    ChannelRules,
    Custom,
    FirstTouch,
    IdentityMap,
    Journeys,
    LastNonDirect,
    LastTouch,
    Linear,
    Markov,
    PathRules,
    PositionBased,
    Shapley,
    ShapleyRate,
    TimeDecay,
    UnknownChannel,
    UnknownName,
    by_day,
    by_segment,
    cac_by_period,
    credit_per_conversion,
    only,
    prioritise,
    with_cohorts,
    with_periods,
    without,
)


@pytest.fixture(scope="module")
def log(make_log):
    return make_log(11, touches=1_500, conversions=200)


@pytest.fixture(scope="module")
def journeys(log) -> Journeys:
    return Journeys.from_touchpoints(log[0], conversions=log[1], rules=PathRules(segments=("geo",)))


@pytest.mark.parametrize("model", [Linear(), Markov(1)], ids=lambda model: model.name)
def test_a_segment_is_solved_as_if_it_stood_alone(journeys, model):
    table = by_segment(journeys, model, "geo", replicates=20)
    for geo in ("DE", "FR"):
        alone = model(only(journeys, geo=geo))
        np.testing.assert_allclose(table.loc[geo, "estimate"], alone.conversions, rtol=1e-12)
        np.testing.assert_allclose(table.loc[geo, "value"], alone.value, rtol=1e-12)
    assert table["estimate"].sum() == pytest.approx(journeys.totals["conversions"])


def test_a_path_belongs_to_the_segment_of_its_first_touch(log, oracle):
    journeys = Journeys.from_touchpoints(log[0], conversions=log[1], rules=PathRules(segments=("geo",)))
    rows = oracle(*log, 30).query("step == 0 and conversions > 0")
    geo = log[0].assign(channel=log[0]["channel"].astype(str)).set_index(["user", "time", "channel"])["geo"]
    first = [geo[(row.user, row.time, row.channel)] for row in rows.itertuples()]
    expected = rows.groupby(np.array(first))["conversions"].sum()
    found = by_segment(journeys, Linear(), "geo", replicates=2)["estimate"].groupby("geo").sum()
    np.testing.assert_allclose(found, expected)


def test_periods_and_cohorts_date_by_end_and_by_start(log, oracle):
    journeys = Journeys.from_touchpoints(log[0], conversions=log[1])
    rows = oracle(*log, 30).query("conversions > 0")
    end = rows.groupby("path").apply(lambda path: path["time"].iloc[0] + pd.Timedelta(path["age"].iloc[0], "D"))
    count = rows.groupby("path")["conversions"].first()
    by_end = count.groupby(end.dt.round("s").dt.to_period("M").astype(str)).sum()
    by_start = count.groupby(rows.groupby("path")["time"].first().dt.to_period("M").astype(str)).sum()
    for dated, name, expected in ((with_periods, "period", by_end), (with_cohorts, "cohort", by_start)):
        found = by_segment(dated(journeys, "M"), Linear(), name, replicates=2)["estimate"].groupby(name).sum()
        pd.testing.assert_series_equal(found[found > 0], expected.astype(float), check_names=False)


def test_a_segment_that_is_not_there_offers_the_nearest(journeys):
    with pytest.raises(UnknownName, match="'geo'"):
        by_segment(journeys, Linear(), "geos")
    with pytest.raises(UnknownName, match="DE"):
        only(journeys, geo="D")
    with pytest.raises(BadInput, match="no period"):
        with_periods(journeys, "fortnight")


def test_leaving_a_channel_out_is_filtering_the_log(log):
    touched, bought = log
    full = Journeys.from_touchpoints(touched, conversions=bought)
    left = without(full, "direct", "tv")
    # filtering cannot join what the idle gap parts: compare where no gap can part anything
    wide = PathRules(idle_gap="1000D")
    filtered = Journeys.from_touchpoints(
        touched[~touched["channel"].isin(["direct", "tv"])], conversions=bought, lookback="1000D", rules=wide
    )
    left = without(Journeys.from_touchpoints(touched, bought, lookback="1000D", rules=wide), "direct", "tv")
    for model in (Linear(), Markov(2), TimeDecay()):
        pd.testing.assert_series_equal(model(left).conversions, model(filtered).conversions)
    assert left.totals["untouched"] == filtered.totals["untouched"]
    with pytest.raises(UnknownChannel, match="'direct'"):
        without(full, "dirct")


def test_last_touch_of_prioritised_paths_is_last_non_direct(journeys):
    ours = LastTouch()(prioritise(journeys, {"direct": 2})).conversions
    pd.testing.assert_series_equal(ours, LastNonDirect("direct")(journeys).conversions)


@pytest.mark.parametrize("model", [LastTouch(), Linear(), TimeDecay(), Shapley()], ids=lambda model: model.name)
def test_single_conversions_add_up_to_the_credit(journeys, log, model):
    table = credit_per_conversion(journeys, model)
    credit = model(journeys)
    for name in ("conversions", "value"):
        sums = table.groupby("channel")[name].sum().reindex(credit.channels, fill_value=0.0)
        np.testing.assert_allclose(sums, getattr(credit, name), rtol=1e-9)
    bought = log[1].groupby(["user", "time"])["value"].sum()
    single = table.assign(time=table["time"].dt.tz_localize(None)).groupby(["user", "time"])["value"].sum()
    np.testing.assert_allclose(single, bought.loc[single.index], rtol=1e-9)


@pytest.mark.parametrize(
    "model",
    [FirstTouch(), LastNonDirect(), Linear(), PositionBased(), TimeDecay("3D"), Custom(lambda touch: touch.step + 1.0)],
    ids=lambda model: model.name,
)
def test_each_conversion_is_handed_out_once(journeys, log, model):
    bought = log[1]
    table = credit_per_conversion(journeys, model)
    table["time"] = table["time"].dt.tz_localize(None)
    sums = table.groupby(["user", "time"])[["conversions", "value"]].sum()
    given = bought.groupby(["user", "time"])["value"].agg(["size", "sum"]).loc[sums.index]
    np.testing.assert_allclose(sums, given, rtol=1e-12)
    assert len(sums) > 100
    assert not table.duplicated(["user", "time", "channel"]).any()


@pytest.mark.parametrize("order", [1, 2])
def test_a_chain_splits_each_conversion_by_removal_effects(journeys, log, order):
    model = Markov(order)
    credit = model(journeys)
    table = credit_per_conversion(journeys, model)
    for name, effect in (("conversions", credit.removal_effect), ("value", credit.removal_effect_value)):
        assert table[name].sum() == pytest.approx(getattr(credit, name).sum())
        whole = table.groupby(["user", "time"])[name].transform("sum")
        effects = table["channel"].map(effect)
        share = effects / effects.groupby([table["user"], table["time"]]).transform("sum")
        np.testing.assert_allclose(table[name], whole * share, rtol=1e-9)
    paths = credit_per_conversion(journeys, Shapley())  # which also shares among the different channels of a path
    pd.testing.assert_frame_equal(table[["user", "time", "channel"]], paths[["user", "time", "channel"]])


def test_models_of_totals_credit_no_single_conversion(journeys):
    with pytest.raises(BadInput, match="totals"):
        credit_per_conversion(journeys, ShapleyRate())
    aggregated = Journeys.from_paths(pd.DataFrame({"path": ["a"], "conversions": [1]}))
    with pytest.raises(BadInput, match="from touchpoints"):
        credit_per_conversion(aggregated, Linear())


def test_cac_by_period_divides_the_spend_of_the_period(journeys):
    months = ["2024-01", "2024-02", "2024-03"]
    spend = pd.DataFrame({"date": [f"{month}-15" for month in months], "channel": "tv", "spend": [100.0, 200.0, 300.0]})
    with pytest.raises(BadInput, match="by_day"):
        cac_by_period(journeys, Linear(), spend)
    spend = by_day(spend, "M")
    table = cac_by_period(journeys, Linear(), spend, replicates=50)
    credit = by_segment(with_periods(journeys, "M"), Linear(), "period", replicates=2)["estimate"]
    for month, cost in zip(months, (100, 200, 300), strict=True):
        assert table.loc[(month, "tv"), "cac"] == pytest.approx(cost / credit[(month, "tv")])
    assert set(table.index.get_level_values("channel")) == {"tv"}
    assert (table["5%"] <= table["cac"]).all()
    moved = cac_by_period(journeys, Linear(), spend, dating=ByTouchDate(lag=31), replicates=2)
    assert moved.loc[("2024-03", "tv"), "spend"] == pytest.approx(
        200.0 + 100.0 * 2 / 31
    )  # of March 3 to 31, and of March 1 and 2


def test_credit_by_touch_date_lies_where_the_touches_lie(log, oracle):
    journeys = Journeys.from_touchpoints(*log)
    rows = oracle(*log, 30)
    rows["credit"] = rows["conversions"] / rows["length"]
    expected = rows.groupby([rows["time"].dt.to_period("M").astype(str), "channel"])["credit"].sum()
    spend = by_day(
        pd.DataFrame({"date": ["2024-01-01", "2024-02-01", "2024-03-01"], "channel": "tv", "spend": 1.0}), "M"
    )
    table = cac_by_period(journeys, Linear(), spend, dating=ByTouchDate(), replicates=2)
    for key, row in table.iterrows():
        assert row["conversions"] == pytest.approx(expected[key])
    with pytest.raises(BadInput, match="ByConversionDate"):
        cac_by_period(journeys, Markov(), spend, dating=ByTouchDate())


def test_spend_on_an_unknown_channel_is_refused(journeys):
    with pytest.raises(UnknownChannel, match="'tv'"):
        cac_by_period(journeys, Linear(), pd.DataFrame({"date": ["2024-01-01"], "channel": ["tvv"], "spend": [1.0]}))


def test_persons_take_the_place_of_users(log):
    touched, bought = log
    pairs = pd.DataFrame({"user": [str(i) for i in range(300)], "person": [f"p{i % 40}" for i in range(300)]})
    person = pairs.set_index("user")["person"]
    renamed = [frame.assign(user=frame["user"].map(person)) for frame in log]
    renamed[0] = renamed[0].drop_duplicates(["user", "time", "channel"])
    kept = touched.loc[renamed[0].index]
    stitched = Journeys.from_touchpoints(kept, bought, rules=PathRules(identity=IdentityMap(pairs)))
    pd.testing.assert_series_equal(
        Markov()(stitched).conversions, Markov()(Journeys.from_touchpoints(*renamed)).conversions
    )
    with pytest.raises(BadInput, match="several persons"):
        torn = pd.DataFrame({"user": ["1", "1"], "person": ["a", "b"]})
        Journeys.from_touchpoints(touched, bought, rules=PathRules(identity=IdentityMap(torn)))


def test_channel_rules_name_channels_in_order():
    log = pd.DataFrame(
        {
            "user": ["u", "u", "v", "v"],
            "time": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]),
            "source": ["Google", "google", "news", None],
            "medium": ["cpc", "organic", "email", None],
            "campaign": ["Brand DE", "", "x", None],
        }
    )
    ends = pd.DataFrame({"user": ["u", "v"], "time": pd.to_datetime(["2024-01-05", "2024-01-05"])})
    rules = [
        ChannelRule("brand_search", {"source": "google", "campaign": "*brand*"}),
        ChannelRule("search", {"source": "google|bing"}),
        ChannelRule("mail", {"medium": "email|newsletter"}),
    ]
    grouped = PathRules(channels=ChannelRules(rules, otherwise="direct"))
    journeys = Journeys.from_touchpoints(log, conversions=ends, rules=grouped)
    assert journeys.channels == ("brand_search", "direct", "mail", "search")
    assert Linear()(journeys).conversions.to_dict() == dict.fromkeys(journeys.channels, 0.5)
    with pytest.raises(BadInput, match="meet no channel rule"):
        Journeys.from_touchpoints(log, conversions=ends, rules=PathRules(channels=ChannelRules(rules)))
