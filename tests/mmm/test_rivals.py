"""Other readings of the same weeks: which stand, which are better, which channels hang on them, and the pool."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput
from mmm.checks.leave_one_out import leave_one_out
from mmm.checks.pool import Pooled
from mmm.checks.rival_models import readings
from mmm.checks.rival_scores import Verdict, compared
from mmm.checks.rivals import OWN

CHANNELS = ("tv", "radio", "search")


def late_company(delay: float | None, weeks: int = 156, seed: int = 4) -> mmm.Panel:
    """Bursts of three channels; the effect of the first two peaks ``delay`` weeks after the spend, or is geometric."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2022-01-03", periods=weeks, freq="7D")
    weather = rng.normal(0, 1, weeks)
    kpi = 0.5 + 0.06 * weather + 0.05 * np.sin(2 * np.pi * np.arange(weeks) / 52.18)
    table: dict[str, object] = {"week": dates, "weather": weather}
    for place, channel in enumerate(CHANNELS):
        spend = 10_000 * rng.gamma(0.6, 1.0, weeks) * (place + 1)
        lags = np.arange(13.0)
        kernel = 0.7 ** ((lags - delay) ** 2) if delay and place < 2 else 0.5**lags
        stock = np.convolve(np.r_[np.full(12, spend.mean()), spend], kernel / kernel.sum())[12 : 12 + weeks]
        response = stock / (stock + 1.5 * spend.mean())
        kpi = kpi + 0.15 * response / response.mean()
        table[channel] = spend
    frame = pd.DataFrame({**table, "customers": np.round(2000 * (kpi + rng.normal(0, 0.02, weeks)))})
    return mmm.Panel.from_frame(frame, date="week", kpi="customers", spend=list(CHANNELS), controls=["weather"])


def begun_company(weeks: int = 130, seed: int = 11) -> mmm.Panel:
    """Three channels that began with the table, in flights; their effect comes weeks later and lasts for months."""
    rng = np.random.default_rng(seed)
    time, lags = np.arange(weeks), np.arange(1.0, 27.0)
    kpi, table = np.full(weeks, 0.7), {"week": pd.date_range("2022-01-03", periods=weeks, freq="7D")}
    for place, channel in enumerate(CHANNELS):
        flights = np.clip(np.sin(2 * np.pi * (time / (6 + 3 * place) + rng.random())), 0, None)
        spend = (0.1 + 1.6 * flights) * rng.lognormal(0, 0.25, weeks)
        scale = 6.0 + place
        weights = lags**1.2 * np.exp(-((lags / scale) ** 2.2))
        stock = np.convolve(spend, weights / weights.sum())[:weeks]  # nothing from before
        kpi = kpi + 0.2 * stock / (stock + spend.mean())
        table[channel] = 1e4 * spend
    frame = pd.DataFrame({**table, "customers": np.round(2000 * (kpi + rng.normal(0, 0.03, weeks)))})
    return mmm.Panel.from_frame(frame, date="week", kpi="customers", spend=list(CHANNELS))


@pytest.fixture(scope="module")
def begun():
    return mmm.fit(begun_company(), draws=400, tune=400, chains=2, seed=1, time_budget=0.0)


@pytest.fixture(scope="module")
def late():
    return mmm.rivals(mmm.fit(late_company(4.0), draws=400, tune=400, chains=2, seed=1))


@pytest.fixture(scope="module")
def prompt():
    return mmm.rivals(mmm.fit(late_company(None), draws=400, tune=400, chains=2, seed=1))


def test_delayed_carryover_is_named_where_it_is_true(late):
    assert late.scores.loc["weibull_pdf", "verdict"] == "fits better"
    (finding,) = [finding for finding in late.findings if finding.name == "rival_fits_better"]
    assert "set adstock=mmm.WeibullPDFAdstock()" in finding.text
    assert not finding.passed
    assert finding.value > finding.limit > 0
    assert finding.value == late.scores["difference"].max()
    assert late.pooled().weights["weibull_pdf"] > 0.7


def test_it_is_not_where_carryover_is_prompt(prompt):
    assert "fits better" not in set(prompt.scores["verdict"])
    weights = prompt.pooled().weights
    assert weights[OWN] == pytest.approx(0.5 if prompt.standing else 1.0)
    np.testing.assert_allclose(weights.drop(OWN), 0.5 / max(len(prompt.standing), 1))


@pytest.mark.long
def test_with_the_better_reading_as_the_model_geometric_carryover_is_refuted(late):
    (weibull,) = [rival for rival in late.fitted if rival.reading.name == "weibull_pdf"]
    turned = mmm.rivals(
        mmm.fit(weibull.posterior.panel, weibull.posterior.model, draws=500, tune=500, chains=2, seed=1)
    )
    assert turned.scores.loc["geometric", "verdict"] == "refuted"


@pytest.mark.parametrize("found", ["late", "prompt"])
def test_controls_that_matter_are_kept_and_refuted_readings_count_for_nothing(found, request):
    found = request.getfixturevalue(found)
    scores = found.scores
    assert scores.loc["no_controls", "verdict"] == "refuted"
    refuted = set(scores.index[scores["verdict"] == "refuted"])
    assert not refuted & set(found.standing)
    assert not refuted & set(found.pooled().posteriors)
    assert (scores.loc[list(refuted), "weight"] == 0).all()
    says = [rival.reading.says for rival in found.fitted if rival.reading.name in refuted]
    unresolved = [finding.text for finding in found.findings if finding.name == "unresolved"]
    assert not any(f"under {words}," in text for text in unresolved for words in says)


def test_a_channel_is_unresolved_exactly_where_a_reading_moves_it_outside_and_the_pool_leaves_it_rough(late, prompt):
    for found in (late, prompt):
        table = found.to_frame().reset_index().pivot_table("customers", "channel", "reading")
        ends = found.to_frame().xs(OWN, level="reading")
        moved = {
            channel
            for channel in CHANNELS
            for name in found.standing
            if not ends.loc[channel, "customers 5%"] <= table.loc[channel, name] <= ends.loc[channel, "customers 95%"]
        }
        customers = found.pooled().contributions()[list(CHANNELS)]
        apart = customers.quantile(0.95) / customers.quantile(0.05)
        told = {name: set() for name in ("unresolved", "rival_fits_better", "rough_figures")}
        for finding in found.findings:
            told.setdefault(finding.name, set()).update(finding.channels)
        rough = set(apart.index[apart > 4])
        assert told["unresolved"] == moved & rough - told["rival_fits_better"]
        own = next(finding for finding in found.posterior.diagnostics if finding.name == "rough_figures")
        assert told["rough_figures"] == rough - told["unresolved"] - set(own.channels)
        passing = [finding.text for finding in found.findings if finding.name == "rivals"]
        assert all(channel in text for text in passing for channel in moved)
        band = found.band
        counting = table.loc[list(CHANNELS), [OWN, *found.standing]]
        np.testing.assert_allclose(band["lowest"], counting.min(axis=1))
        np.testing.assert_allclose(band["highest"], counting.max(axis=1))


def test_cac_is_spend_over_customers(late):
    frame, spend = late.to_frame(), late.posterior.panel.total_spend
    for channel in CHANNELS:
        part = frame.loc[channel]
        np.testing.assert_allclose(part["cac"] * part["customers"], spend[channel])
        np.testing.assert_allclose(part["cac 5%"] * part["customers 95%"], spend[channel])


@pytest.mark.long
def test_the_same_seed_gives_the_same_answer(prompt):
    again = mmm.rivals(prompt.posterior)
    pd.testing.assert_frame_equal(again.to_frame(), prompt.to_frame())
    pd.testing.assert_frame_equal(again.scores, prompt.scores)
    assert again.findings == prompt.findings


def test_a_pool_has_the_moments_of_the_mixture(late):
    first, second = (rival.posterior for rival in late.fitted[:2])
    for parts in ([0.5, 0.5], [0.2, 0.8], [1.0, 0.0]):
        pool = Pooled({"first": first, "second": second}, np.array(parts))
        customers, own = pool.contributions(), [one.contributions() for one in (first, second)]
        assert len(customers) == pool.n_draws
        for power in (1, 2):
            expected = sum(part * (one**power).mean() for part, one in zip(parts, own, strict=True))
            error = sum(part * (one**power).std() for part, one in zip(parts, own, strict=True)) / np.sqrt(50)
            assert ((customers**power).mean() - expected).abs().lt(4 * error).all()


def test_draws_of_a_pool_stay_paired(late):
    pool = late.pooled()
    curves, organic, customers = pool.curves(13), pool.organic(13), pool.contributions()
    start = 0
    for name, rows in pool.picks.items():
        part, own = slice(start, start + len(rows)), pool.posteriors[name]
        np.testing.assert_allclose(curves["tv"](1e5)[part], own.curves(13).take(rows)["tv"](1e5))
        np.testing.assert_allclose(organic.predicted[part], own.organic(13).predicted[rows])
        np.testing.assert_allclose(customers["tv"].iloc[part], own.contributions()["tv"].iloc[rows])
        start += len(rows)
    assert start == pool.n_draws == late.posterior.n_draws


def test_carryover_of_a_pool_is_that_of_the_models_its_draws_came_from(late):
    pool = late.pooled()
    first = 0
    for name, rows in pool.picks.items():
        own = pool.posteriors[name].carryover()
        for channel, mixed in pool.carryover().items():
            np.testing.assert_allclose(mixed[: len(own[channel]), first : first + len(rows)], own[channel][:, rows])
            np.testing.assert_allclose(mixed.sum(axis=0), 1.0)
        first += len(rows)
    assert first == pool.n_draws


def names(panel: mmm.Panel, model: mmm.Model) -> set[str]:
    return {reading.name for reading in readings(panel, model)}


def test_no_reading_repeats_the_model(panel):
    usual = {"logistic", "s_shaped", "weibull_pdf", "finer_season", "wander", "no_controls"}
    usual |= {"control_functions", "nothing_before"}
    assert names(panel, mmm.Model()) == usual
    assert names(panel, mmm.Model(saturation=mmm.LogisticSaturation())) == usual - {"logistic"} | {"hill"}
    assert "wander" not in names(panel, mmm.Model(trend=(mmm.LinearTrend(), mmm.RandomWalk())))
    assert "finer_season" not in names(panel, mmm.Model(season=()))
    assert "no_controls" not in names(replace(panel, control_names=(), controls=panel.controls[:, :, :0]), mmm.Model())
    assert "control_functions" not in names(panel, mmm.Model(demand=mmm.ControlFunctions()))
    assert "nothing_before" not in names(panel.with_before(dict.fromkeys(panel.channels, 0.0)), mmm.Model())
    mixed = mmm.Model(adstock={"tv": mmm.DelayedAdstock()})
    assert "geometric" in names(panel, mixed)


def test_spend_that_began_with_the_table_is_a_reading_that_the_weeks_prefer(begun):
    (reading,) = [one for one in readings(begun.panel, begun.model) if one.name == "nothing_before"]
    assert not reading.panel.before.any()
    assert "before=0" in reading.change
    other = mmm.fit(reading.panel, reading.model, draws=300, tune=300, chains=2, seed=1, time_budget=0.0)
    assert compared(leave_one_out(begun).log_density, leave_one_out(other).log_density).verdict is Verdict.BETTER
    own, there = begun.contributions().median(), other.contributions().median()
    assert (there[list(CHANNELS)] > own[list(CHANNELS)]).all()


def test_media_that_vanish_are_named_all_of_them(begun, prompt):
    (finding,) = [one for one in begun.diagnostics if one.name == "media_total"]
    assert not finding.passed
    assert finding.channels == CHANNELS
    (finding,) = [one for one in prompt.posterior.diagnostics if one.name == "media_total"]
    assert finding.passed


def test_treatments_are_not_dropped_with_the_controls(company):
    frame, _ = company()
    frame["rain"] = np.random.default_rng(0).normal(size=len(frame))
    panel = mmm.Panel.from_frame(
        frame,
        date="week",
        kpi="customers",
        spend=["tv", "search", "social"],
        controls=["rain", mmm.Treatment("price", "mean")],
    )
    (fewer,) = [reading for reading in readings(panel, mmm.Model()) if reading.name == "no_controls"]
    assert fewer.panel.control_names == ("price",)
    np.testing.assert_array_equal(fewer.panel.controls[0, :, 0], frame["price"])
    assert "take rain out" in fewer.change


@pytest.mark.long
def test_counts_are_scored_as_counts(company):
    frame, _ = company(weeks=104)
    panel = mmm.Panel.from_frame(frame, date="week", kpi="customers", spend=["tv", "search", "social"])
    model = mmm.Model(likelihood=mmm.NegativeBinomialLikelihood(), season=mmm.Season(order=1))
    found = mmm.rivals(mmm.fit(panel, model, draws=300, tune=400, seed=1))
    assert np.isfinite(found.scores["log_score"]).all()
    assert set(found.pooled().posteriors) == {OWN, *found.standing}


def test_a_reading_that_the_panel_is_too_short_for_is_named(company):
    frame, _ = company(weeks=24)
    panel = mmm.Panel.from_frame(frame, date="week", kpi="customers", spend=["tv", "search", "social"])
    found = mmm.rivals(mmm.fit(panel, draws=200, tune=300, seed=1, time_budget=0.0))
    assert "finer_season" in found.not_fitted
    (finding,) = [finding for finding in found.findings if finding.name == "rivals_compared"]
    assert "finer_season" in finding.text


def test_a_panel_by_geo_is_refused_with_a_remedy(company):
    frame, _ = company(weeks=26)
    both = pd.concat([frame.assign(geo="north"), frame.assign(geo="south")])
    panel = mmm.Panel.from_frame(both, date="week", kpi="customers", spend=["tv", "search", "social"], geo="geo")
    posterior = mmm.fit(panel, draws=20, tune=50, chains=2, time_budget=0.0)
    with pytest.raises(BadInput, match="sum the geos"):
        mmm.rivals(posterior)
