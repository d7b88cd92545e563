"""What a fit shows of itself: residuals, mixing, what was learnt of carryover and saturation, ranks over time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from legibility import faults

import mmm
from attribution.drawing.side_by_side import side_by_side
from mmm import plots
from mmm.checks.mixing import mixing
from mmm.posterior.posterior import Posterior

ODD = ["tv", "A very long channel name that somebody pasted from the ad manager", "<b>", "$x$", "_hidden"]


def quarters(names: list[str], periods: int = 13, seed: int = 0) -> pd.DataFrame:
    labels = [f"{2023 + place // 4} Q{place % 4 + 1}" for place in range(periods)]
    return pd.DataFrame(np.random.default_rng(seed).gamma(2, 100, (periods, len(names))), labels, names)


def test_residuals_are_observed_less_expected_on_the_scale_of_the_noise(posterior: Posterior) -> None:
    left = posterior.residuals()
    assert left["observed"].to_numpy() == pytest.approx(posterior.panel.kpi.sum(axis=0))
    assert left["expected"].to_numpy() == pytest.approx(posterior.fitted()["mean"])
    away = (left["observed"] - left["expected"]).to_numpy()
    assert np.corrcoef(away, left["score"])[0, 1] > 0.999
    assert 0.7 < left["score"].std() < 1.3


def test_what_was_learnt_is_where_the_draws_are(posterior: Posterior) -> None:
    shift = posterior.parameter_shift().set_index(["channel", "parameter"])
    assert set(shift.index.get_level_values(1)) == set(plots.LEARNT)
    half = posterior.half_life()
    for channel in posterior.channels:
        lasting, doubled = (shift.loc[(channel, name)] for name in plots.LEARNT)
        assert lasting["posterior median"] == pytest.approx(half.loc[channel, "median"])
        # twice the spend, by the curve itself at the mean adstock
        curve = posterior.curves(weeks=1)[channel]
        mean = float(posterior.panel.spend[0, :, posterior.channels.index(channel)].mean())
        times = np.ravel(curve(2 * mean) / curve(mean))
        assert doubled["posterior median"] == pytest.approx(float(np.median(times)), rel=1e-6)
        assert doubled["prior 5%"] <= doubled["prior median"] <= doubled["prior 95%"]


def test_a_family_with_nothing_to_learn_has_no_row(posterior: Posterior) -> None:
    straight = mmm.Model(adstock=mmm.NoAdstock(), saturation=mmm.NoSaturation())
    from dataclasses import replace

    assert replace(posterior, model=straight).parameter_shift().empty


def test_mixing_sees_what_the_gate_saw_and_names_the_worst(posterior: Posterior) -> None:
    from dataclasses import replace

    table = mixing(posterior).set_index("parameter")
    assert set(table.index) == {name for name in posterior.draws if not name.startswith("geo_")}
    assert table["r_hat"].max() < 1.05
    apart = {name: values.copy() for name, values in posterior.draws.items()}
    apart["share"][0, :, 1] *= 3.0  # one chain elsewhere
    worst = mixing(replace(posterior, draws=apart)).set_index("parameter").loc["share"]
    assert worst["r_hat"] > 1.2
    assert worst["of"] == posterior.channels[1]
    apart["sigma"][:] = 1.0
    assert "sigma" not in set(mixing(replace(posterior, draws=apart))["parameter"])


@pytest.mark.parametrize("names", [["tv"], ODD, [f"channel number {place} on air" for place in range(60)]])
def test_ranks_and_carryovers_can_be_read(names: list[str]) -> None:
    table = quarters(names)
    rng = np.random.default_rng(1)
    weights = {name: np.exp(-np.arange(26.0)[:, None] * rng.uniform(0.2, 2, 5)) for name in names}
    weights = {name: one / one.sum(axis=0) for name, one in weights.items()}
    ranked, lasting = side_by_side(9.8, 1.3 + 0.27 * min(max(len(names), 6), 12), (5, 4))
    plots.ranks(table, ranked, order=names)
    plots.carryovers(weights, lasting, order=names)
    shown = names[: plots.SHOWN]
    drawn = np.array([line.get_ydata() for line in ranked.get_lines()])
    assert (np.sort(drawn, axis=0) == np.arange(1, len(shown) + 1)[:, None]).all()  # each rank once a quarter
    largest = table[shown].to_numpy().argmax(axis=1)
    assert (drawn.argmin(axis=0) == largest).all()
    curves = [line.get_ydata() for line in lasting.get_lines()[: len(shown)]]
    assert all((np.diff(one) >= 0).all() and one[-1] == pytest.approx(1.0) for one in curves)
    assert faults(ranked) == []


def test_a_channel_that_brought_nothing_has_no_rank() -> None:
    table = quarters(["tv", "search"])
    table.loc[table.index[2:5], "tv"] = 0.0
    ax = plots.ranks(table, plots.canvas())
    assert np.isnan(ax.get_lines()[0].get_ydata()[2:5]).all()
    assert (ax.get_lines()[1].get_ydata()[2:5] == 1).all()


def test_ranks_of_a_posterior_leave_out_quarters_cut_short(posterior: Posterior) -> None:
    ax = plots.ranks(posterior, plots.canvas())
    dates = posterior.panel.dates
    whole = pd.Series(1, dates).groupby(dates.to_period("Q")).sum() >= 12
    assert all(len(line.get_xdata()) == whole.sum() for line in ax.get_lines())


@pytest.mark.parametrize("names", [["tv"], ODD])
@pytest.mark.parametrize("parameter", plots.LEARNT)
def test_what_was_learnt_can_be_read(names: list[str], parameter: str) -> None:
    columns = [f"{side} {point}" for side in ("prior", "posterior") for point in ("median", "5%", "95%")]
    table = pd.DataFrame(
        [(name, parameter, 1.4, 1.1, 2.2, 1.2, 1.05, 1.6) for name in names], columns=["channel", "parameter", *columns]
    )
    ax = plots.parameter_shift(table, parameter, plots.canvas(5.0, 3.2))
    assert faults(ax) == []


@pytest.mark.parametrize("days", [1, 7])
def test_residual_pictures_mark_the_odd_period_and_count_in_its_unit(days: int) -> None:
    rng = np.random.default_rng(2)
    scores = rng.standard_normal(210)
    scores[40] = -5.0
    table = pd.DataFrame({"score": scores}, pd.date_range("2024-01-01", periods=210, freq=f"{days}D"))
    by_period, by_lag = side_by_side(9.8, 3.3, (5, 3))
    plots.residuals(table, by_period)
    plots.autocorrelation(table, by_lag)
    far = by_period.get_lines()[-1]
    assert table.index[40] in list(far.get_xdata())
    assert by_lag.get_xlabel() == ("days apart" if days == 1 else "weeks apart")
    assert faults(by_period) == []


def test_a_wave_in_the_residuals_is_a_wave_in_their_autocorrelation() -> None:
    weeks = np.arange(156)
    table = pd.DataFrame(
        {"score": 1.4 * np.cos(2 * np.pi * weeks / 52)}, pd.date_range("2023-01-02", periods=156, freq="7D")
    )
    ax = plots.autocorrelation(table, plots.canvas())
    (bars,) = [one for one in ax.collections if len(one.get_segments()) > 10]
    heights = {round(one[0][0]): one[1][1] for one in bars.get_segments()}
    assert heights[1] > 0.8
    assert heights[26] < -0.4
