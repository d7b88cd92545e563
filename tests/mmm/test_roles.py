"""Reach and frequency, organic channels and treatments: a company whose truth is known, and what panels refuse."""

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput, UnknownChannel
from mmm import plots
from mmm.posterior.frequency import best_frequency, per_contact
from mmm.posterior.media import Drivers, media_draws

HALF, SLOPE = 2.5, 2.2  # contacts; so that the best frequency is HALF (SLOPE - 1) ** (1 / SLOPE)
BEST = HALF * (SLOPE - 1) ** (1 / SLOPE)
SPEND = {
    "tv": "tv",
    "video": mmm.ReachFrequency("video_spend", "reach", "frequency"),
    "newsletter": mmm.Exposure(None, "sends"),
}
PRICE = mmm.Treatment("price", 50.0)
MODEL = mmm.Model(saturation=mmm.MichaelisMentenSaturation())


def carried(series, retention):
    weights = retention ** np.arange(13)
    padded = np.concatenate([np.full(12, series[:13].mean()), series])
    return np.convolve(padded, weights / weights.sum())[12 : 12 + len(series)]


def wide_company(weeks=140, seed=0):
    """Weekly table, and the customers that each lever truly brought."""
    rng = np.random.default_rng(seed)
    time = np.arange(weeks)
    tv, reach = rng.gamma(1.5, 1, weeks) * 1e4, rng.gamma(3, 1, weeks) * 1e5
    frequency, price = 1 + rng.gamma(3, 0.8, weeks), rng.normal(50, 2, weeks)
    sends = np.where(rng.random(weeks) < 0.4, rng.uniform(1, 3, weeks), 0.0) * 1e4
    stock = carried(tv, 0.5) / tv.mean()
    video = carried(reach * frequency**SLOPE / (frequency**SLOPE + HALF**SLOPE), 0.4)
    letters = carried(sends, 0.2)
    brought = {
        "tv": 150 * (stock / (stock + 1)) / (stock / (stock + 1)).mean(),
        "video": 120 * video / video.mean(),
        "newsletter": 40 * (letters / (letters + 1e4)) / (letters / (letters + 1e4)).mean(),
        "price": -8 * (price - 50),
    }
    kpi = 600 + 60 * np.sin(2 * np.pi * time / 52.18) + sum(brought.values()) + rng.normal(0, 18, weeks)
    table = {"tv": tv, "video_spend": reach * frequency * 0.01, "reach": reach, "frequency": frequency}
    dates = pd.date_range("2023-01-02", periods=weeks, freq="7D")
    frame = pd.DataFrame({"week": dates, "customers": np.round(kpi), **table, "sends": sends, "price": price})
    return frame, {name: float(values.sum()) for name, values in brought.items()}


@pytest.fixture(scope="module")
def company():
    return wide_company()


@pytest.fixture(scope="module")
def panel(company):
    return mmm.Panel.from_frame(company[0], "week", "customers", SPEND, [PRICE])


@pytest.fixture(scope="module")
def posterior(panel):
    return mmm.fit(panel, MODEL, draws=500, tune=500, seed=3)


def test_paid_channels_come_first_and_organic_ones_have_no_spend(panel):
    assert panel.channels == ("tv", "video")
    assert panel.media_names == ("tv", "video", "newsletter")
    assert panel.spend.shape[2] == 2
    assert panel.by_reach == (False, True, False)
    assert panel.control_names == ("price",)


def test_recovers_what_each_lever_brought(posterior, company):
    assert posterior.converged
    found = posterior.contributions().summary()
    assert list(found.index) == ["tv", "video", "newsletter", "price"]
    for name, truth in company[1].items():
        spread = found.loc[name, "95%"] - found.loc[name, "5%"]
        assert found.loc[name, "5%"] - 0.3 * spread < truth < found.loc[name, "95%"] + 0.3 * spread
        assert found.loc[name, "median"] == pytest.approx(truth, rel=0.3)


def test_recovers_the_best_frequency(posterior):
    found = posterior.optimal_frequency().loc["video"]
    assert found["5%"] * 0.92 < BEST < found["95%"] * 1.08
    assert found["gain 5%"] > 0
    assert found["highest"] == pytest.approx(posterior.panel.frequency[0, :, 1].max())


def test_best_frequency_is_the_hill_curves_tangent(posterior):
    drawn = posterior.media[1]
    half, slope = drawn.saturation_parameters
    closed = np.maximum(half * np.maximum(slope - 1, 1e-9) ** (1 / slope), 1.0)
    np.testing.assert_allclose(best_frequency(drawn, 50.0), closed, rtol=1e-5)
    grid = np.linspace(1, 12, 400)
    np.testing.assert_allclose(grid[per_contact(drawn, grid).argmax(axis=0)], closed, atol=0.03)


def test_contributions_decomposition_and_fit_agree(posterior):
    weekly = posterior.contributions_by_week()
    np.testing.assert_allclose(weekly.sum(), posterior.contributions().mean()[weekly.columns], rtol=1e-9)
    np.testing.assert_allclose(posterior.decomposition().sum(axis=1), posterior.fitted()["mean"], rtol=1e-9)
    assert "treatments" not in posterior.baseline_by_week()


def test_a_treatment_contributes_nothing_at_its_baseline(company, posterior):
    price = posterior.panel.controls[0, :, 0]
    effect = posterior.contributions_by_week()["price"] / (price - 50.0)
    np.testing.assert_allclose(effect, effect.iloc[0])
    low = mmm.Panel.from_frame(company[0], "week", "customers", SPEND, [mmm.Treatment("price")])
    assert low.treatments[0].level == company[0]["price"].min()
    middle = mmm.Panel.from_frame(company[0], "week", "customers", SPEND, [mmm.Treatment("price", "mean")])
    assert middle.select(0, 60).treatments[0].level == pytest.approx(company[0]["price"].mean())


def test_organic_channels_and_treatments_have_no_cost_and_no_curve(posterior):
    for table in (posterior.cac(), posterior.marginal_cac(), posterior.summary()):
        assert list(table.index) == ["tv", "video"]
    assert set(posterior.curves()) == {"tv", "video"}
    assert "newsletter" in posterior.prior_shift().index
    assert "newsletter" in posterior.half_life().index


def test_spend_on_reach_brings_in_proportion_and_at_its_average_cost(posterior):
    curve = posterior.curves(weeks=1)["video"]
    np.testing.assert_allclose(curve(4000.0), 2 * curve(2000.0))
    np.testing.assert_allclose(
        posterior.marginal_cac().loc["video", ["median", "5%"]],
        posterior.cac().loc["video", ["median", "5%"]],
        rtol=0.02,
    )


def test_curve_at_another_frequency_costs_the_same_contacts(posterior):
    drawn = posterior.media[1]
    ratio = posterior.curves(1, {"video": BEST})["video"](1e4) / posterior.curves(1)["video"](1e4)
    np.testing.assert_allclose(ratio, per_contact(drawn, np.array([BEST]))[0])
    with pytest.raises(BadInput, match="not measured by reach"):
        posterior.curves(1, {"tv": 2.0})
    with pytest.raises(BadInput, match="at least one contact"):
        posterior.curves(1, {"video": 0.5})


def test_forecast_follows_the_scenario_of_organic_levers(posterior):
    def coming(**values):
        return pd.DataFrame({"price": [50.0] * 8, "newsletter": [0.0] * 8} | values)

    calm = posterior.organic(8, coming())
    sent = posterior.organic(8, coming(newsletter=[2e4] * 8))
    dear = posterior.organic(8, coming(price=[54.0] * 8))
    assert sent.customers.mean() > calm.customers.mean() + 100
    per_unit = posterior.contributions_by_week()["price"].iloc[0] / (posterior.panel.controls[0, 0, 0] - 50.0)
    assert dear.customers.mean() - calm.customers.mean() == pytest.approx(8 * 4 * per_unit, rel=1e-6)
    assert "newsletter" in posterior.organic(8).assumption
    with pytest.raises(BadInput, match="newsletter"):
        posterior.organic(8, coming().drop(columns="newsletter"))


def test_coming_periods_carry_the_past_in(panel, posterior):
    """The tail of a long series is what a short one and its continuation give."""
    past = panel.select(0, 120)
    cells = media_draws(
        MODEL.families(past), {n: posterior.flat(n) for n in posterior.draws if n != "baseline"}, Drivers.of(past)
    )
    for place, channel in enumerate(cells[0]):
        rest = panel.media[0, 120:, place] / past.media_units[0, place]
        often = panel.frequency[0, 120:, place] if panel.by_reach[place] else None
        whole = channel.contribution(
            np.concatenate([channel.media, rest]), None if often is None else panel.frequency[0, :, place]
        )
        np.testing.assert_allclose(channel.coming(rest, often), whole[120:], rtol=1e-12)


def test_saved_and_loaded_is_the_same(posterior, tmp_path):
    posterior.save(tmp_path / "p.nc")
    loaded = mmm.Posterior.load(tmp_path / "p.nc")
    assert loaded.panel.treatments == posterior.panel.treatments
    assert loaded.organic_channels == ("newsletter",)
    pd.testing.assert_frame_equal(loaded.contributions().summary(), posterior.contributions().summary())
    pd.testing.assert_frame_equal(loaded.optimal_frequency(), posterior.optimal_frequency())


def test_hold_out_forecast_knows_frequency_and_organic_channels(panel):
    past, coming = panel.select(0, 127), panel.select(127, 140)
    known = mmm.preview(past, MODEL, draws=200)
    drawn = mmm.predict(known, coming)
    assert np.abs(drawn.mean(axis=1) / coming.kpi[0] - 1).mean() < 0.06


def test_plots_show_losses_below_zero_and_the_best_frequency(posterior):
    axes = plots.decomposition(posterior)
    assert axes.get_ylim()[0] < -5
    axes = plots.optimal_frequency(posterior)
    assert "video" in axes.get_title(loc="left")
    with pytest.raises(BadInput, match="'tv' is not measured"):
        plots.optimal_frequency(posterior, channel="tv")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"spend": {"newsletter": mmm.Exposure(None, "sends")}}, "no channel has a spend"),
        ({"spend": SPEND | {"radio": mmm.ReachFrequency("radio", "reach", "often")}}, "'reach': has two roles"),
        ({"controls": [mmm.Treatment("price", "median")]}, "minimum, maximum, mean"),
        ({"controls": ["price", PRICE]}, "two roles"),
        ({"spend": SPEND | {"organic": "radio"}}, "a channel is called 'organic', which tables call what comes unpaid"),
        ({"spend": SPEND | {"all": "radio"}}, "a channel is called 'all'"),
        ({"spend": SPEND | {"observed": mmm.Exposure(None, "sends")}}, "a channel is called 'observed'"),
    ],
)
def test_impossible_roles_are_refused(company, change, said):
    given = {"spend": SPEND, "controls": [PRICE]} | change
    with pytest.raises(BadInput, match=said):
        mmm.Panel.from_frame(company[0].assign(radio=1.0, often=1.0), "week", "customers", **given)


def test_frequency_below_one_is_refused_where_people_were_reached(company):
    wrong = company[0].copy()
    wrong.loc[4, "frequency"] = 0.6
    with pytest.raises(BadInput, match=r"frequency.*row 6.*impressions divided by reach"):
        mmm.Panel.from_frame(wrong, "week", "customers", SPEND)
    wrong.loc[4, "reach"] = 0.0
    assert mmm.Panel.from_frame(wrong, "week", "customers", SPEND).by_reach[1]


def test_families_of_the_wrong_kind_are_refused(panel):
    with pytest.raises(BadInput, match=r"'video'.*give frequency"):
        mmm.fit(panel, mmm.Model(saturation={"video": mmm.HillSaturation()}))
    with pytest.raises(BadInput, match=r"'tv'.*give saturation"):
        mmm.fit(panel, mmm.Model(frequency={"tv": mmm.HillSaturation()}))
    with pytest.raises(UnknownChannel, match="newsletter"):
        mmm.fit(panel, mmm.Model(organic_share={"newsleter": mmm.HalfNormal(0.1)}))


def test_silent_organic_channel_is_left_out_and_said(company):
    panel = mmm.Panel.from_frame(company[0].assign(sends=0.0), "week", "customers", SPEND)
    posterior = mmm.preview(panel, draws=50)
    assert posterior.organic_channels == ()
    finding = next(f for f in posterior.verdict if f.name == "spend_present")
    assert not finding.passed
    assert "newsletter" in finding.text


def test_what_a_model_says_of_a_silent_channel_is_left_out_with_it(company):
    frame = company[0].assign(radio=0.0)
    panel = mmm.Panel.from_frame(frame, "week", "customers", SPEND | {"radio": "radio"})
    belief = mmm.CostPerCustomer({"radio": (50.0, 0.3), "tv": (90.0, 0.5)}, mmm.ShareOfCustomers({"radio": (0.1, 0.2)}))
    model = mmm.Model(adstock={"radio": mmm.NoAdstock()}, saturation={"radio": mmm.NoSaturation()}, effects=belief)
    posterior = mmm.preview(panel, model, draws=50)
    assert posterior.channels == ("tv", "video")
    assert posterior.model.effects.belief == {"tv": (90.0, 0.5)}


def test_regions_reach_people_too(panel):
    """The hierarchical density knows reach, organic channels and a wandering level: its gradient is the density's."""
    from mmm.sampling.prepared import prepare

    frames = [wide_company(weeks=60, seed=seed)[0].assign(region=f"region {seed}") for seed in range(2)]
    both = mmm.Panel.from_frame(pd.concat(frames), "week", "customers", SPEND, [PRICE], geo="region")
    density = prepare(both, mmm.Model(trend=mmm.RandomWalk())).problem.fused()
    theta = density.centre + np.random.default_rng(0).normal(0, 0.4, density.size)
    steps = 1e-5 * np.eye(density.size)
    slopes = [(density(theta + step)[0] - density(theta - step)[0]) / 2e-5 for step in steps]
    np.testing.assert_allclose(density(theta)[1], slopes, rtol=1e-5, atol=1e-4)
