"""Channels whose interval has ends more than fourfold apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mmm
from mmm.posterior.rough_figures import rough_figures


def draws(**deviations: float) -> pd.DataFrame:
    """Lognormal customers with these standard deviations of the logarithm."""
    rng = np.random.default_rng(1)
    return pd.DataFrame({name: 1000 * np.exp(sd * rng.standard_normal(20_000)) for name, sd in deviations.items()})


def test_a_channel_is_rough_where_the_ends_of_its_interval_are_more_than_fourfold_apart():
    # 2 · 1.645 standard deviations of the logarithm are log 4 at .421
    finding = rough_figures(draws(sharp=0.1, near=0.40, past=0.44, vague=1.0), "This fit")
    assert not finding.passed
    assert finding.channels == ("past", "vague")
    assert finding.value == pytest.approx(np.exp(2 * 1.645), rel=0.05)
    assert "past 999 (48" in finding.text
    assert "lift test" in finding.text
    assert "in all weeks of the table" in finding.text


def test_what_is_named_already_is_not_named_again():
    finding = rough_figures(draws(past=0.44, vague=1.0), "All", ["vague"])
    assert finding.channels == ("past",)
    done = rough_figures(draws(past=0.44, sharp=0.1), "All", ["past"])
    assert done.passed
    assert done.value < done.limit


@pytest.mark.parametrize(("channels", "more"), [(12, ""), (13, "; and 1 more."), (60, "; and 48 more.")])
def test_of_many_rough_channels_the_widest_are_named_and_the_others_counted(channels: int, more: str):
    deviations = {f"c{number}_": 0.5 + 0.02 * number for number in range(channels)}
    finding = rough_figures(draws(**deviations), "It")
    assert len(finding.channels) == channels
    assert len(finding.text) < 1000
    assert [f" c{number}_ " in finding.text for number in range(channels)] == [
        number >= channels - 12 for number in range(channels)
    ]
    assert more in finding.text
    assert " more. Read" in finding.text or not more


def test_an_interval_that_reaches_nothing_is_rough():
    frame = pd.DataFrame({"x": np.r_[np.zeros(10), np.full(90, 50.0)]})
    assert rough_figures(frame, "It").channels == ("x",)


@pytest.mark.parametrize("columns", [{}, {"nothing": 0.0}, {"sharp": 0.05}])
def test_sharp_channels_and_those_that_bring_nothing_are_fine(columns: dict[str, float]):
    frame = draws(**columns)
    if "nothing" in frame:
        frame["nothing"] = 0.0
    finding = rough_figures(frame, "This fit")
    assert finding.passed
    assert not finding.channels


def test_calibrated_draws_name_channels_that_are_off_more_often_than_not():
    # a truth of each channel is one draw of it: of those named more are off by a quarter than not, of the others fewer
    rng, named, fine = np.random.default_rng(2), [], []
    for _ in range(400):
        sd, middle = rng.uniform(0.05, 0.9), rng.uniform(50, 5000)
        frame = pd.DataFrame({"x": middle * np.exp(sd * rng.standard_normal(400))})
        true = middle * np.exp(sd * rng.standard_normal())
        off = abs(frame["x"].median() / true - 1) > 0.25
        (named if rough_figures(frame, "It").channels else fine).append(off)
    assert np.mean(named) > 0.55
    assert np.mean(fine) < 0.4


def test_a_fit_and_its_other_readings_say_it_once_for_each_channel():
    data, _ = mmm.simulate.world(seed=4, weeks=60, channels=4)
    panel = mmm.Panel.from_frame(data.weekly, "week", "new_customers", list(data.channels))
    posterior = mmm.fit(panel, draws=200, tune=200, chains=2, time_budget=0.0)
    alone = next(one for one in posterior.diagnostics if one.name == "rough_figures")
    together = next(one for one in mmm.rivals(posterior).findings if one.name == "rough_figures")
    assert set(alone.channels).isdisjoint(together.channels)
    customers = posterior.contributions()[list(data.channels)]
    apart = customers.quantile(0.95) / customers.quantile(0.05)
    assert set(alone.channels) == set(apart.index[apart > 4])
    assert alone.channels  # sixty weeks of four channels do not settle all
