"""Fits without the last weeks: a steady channel keeps its CAC, one that stops working is named, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput
from mmm.checks.last_weeks import known_at_end
from mmm.curves import Hill


def company(better: int = 0) -> mmm.Panel:
    """Two years of two channels on the same curve; the first one brings three times as much in the last weeks."""
    rng = np.random.default_rng(3)
    spend = rng.gamma(4.0, 250.0, size=(104, 2))
    brought = Hill(400.0, 1_000.0)(spend)
    if better:
        brought[-better:, 0] *= 3.0
    kpi = 500.0 + brought.sum(axis=1) + rng.normal(0.0, 12.0, 104)
    weeks = pd.date_range("2024-01-01", periods=len(kpi), freq="W-MON")
    frame = pd.DataFrame({"week": weeks, "kpi": kpi, "tv": spend[:, 0], "social": spend[:, 1]})
    return mmm.Panel.from_frame(frame, "week", "kpi", ["tv", "social"])


def fitted(panel: mmm.Panel) -> mmm.Posterior:
    return mmm.fit(panel, draws=250, tune=250, chains=2, seed=1, time_budget=0.0)


@pytest.fixture(scope="module")
def steady() -> mmm.LastWeeks:
    return mmm.without_last(fitted(company()))


def test_a_steady_channel_keeps_its_cac_and_its_interval_widens(steady: mmm.LastWeeks) -> None:
    (finding,) = steady.findings
    assert finding.passed
    assert finding.channels == ()
    table = steady.to_frame().pivot_table(index="channel", columns="without_weeks", values="cac")
    assert list(table.columns) == [0, 13, 26]
    assert np.allclose(table[13] / table[0], 1.0, atol=0.2)
    assert np.allclose(table[26] / table[0], 1.0, atol=0.2)


def test_figures_are_of_the_weeks_that_all_fits_have_seen(steady: mmm.LastWeeks) -> None:
    own, shortest = steady.posterior, steady.shorter[26]
    assert steady.end == str((shortest.panel.dates[-1] + pd.Timedelta(days=6)).date())
    frame = steady.to_frame()
    for channel in own.channels:
        assert frame.loc[(channel, 26), "cac"] == pytest.approx(shortest.cac().loc[channel, "median"])
        assert frame.loc[(channel, 0), "cac"] == pytest.approx(own.cac(end=steady.end).loc[channel, "median"])
        assert frame.loc[(channel, 0), "cac"] != pytest.approx(own.cac().loc[channel, "median"], rel=1e-6)


@pytest.mark.parametrize("weeks", [13, 26])
def test_an_effect_that_has_changed_is_told_and_no_channel_is_blamed(weeks: int) -> None:
    fits = mmm.without_last(fitted(company(weeks)), [weeks])
    (finding,) = fits.findings
    assert not finding.passed
    assert finding.channels == ()
    assert f"The last {weeks} weeks" in finding.text
    spread = np.log(fits.to_frame()["cac 95%"] / fits.to_frame()["cac 5%"])
    assert spread[("tv", 0)] > 1.2 * spread[("tv", weeks)]  # more weeks, less known


def test_a_channel_that_moves_while_noise_stays_is_named_alone(steady: mmm.LastWeeks) -> None:
    table = steady.to_frame()
    moved = {key: tuple(np.multiply(row, 4.0 if key == ("tv", 13) else 1.0)) for key, row in steady.cells().items()}
    assert table.loc[("tv", 13), "cac"] * 4 > table.loc[("tv", 0), "cac 95%"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mmm.LastWeeks, "cells", lambda _: moved)
        (finding,) = steady.findings
    assert not finding.passed
    assert finding.channels == ("tv",)


def test_short_chains_that_disagree_say_nothing(steady: mmm.LastWeeks) -> None:
    lost = steady.shorter[13]
    chains = {name: values.copy() for name, values in lost.draws.items()}
    first = next(iter(chains))
    chains[first][0] += 100.0 * (1.0 + np.abs(chains[first][0]))
    broken = replace(lost, draws=chains, verdict=tuple(replace(one, value=3.0) for one in lost.verdict))
    named = replace(steady, shorter={13: broken, 26: steady.shorter[26]}).findings
    assert [one.name for one in named] == ["same_without_last_weeks", "last_weeks_fitted"]
    assert [one.passed for one in named] == [True, False]
    alone = replace(steady, shorter={13: broken}).findings
    assert [one.name for one in alone] == ["last_weeks_fitted"]


def test_what_was_not_over_is_not_known_and_kept_fits_are_asked_for(steady: mmm.LastWeeks) -> None:
    asked: list[int] = []

    def through(weeks: int, make: object) -> mmm.Posterior:
        asked.append(weeks)
        return steady.shorter[weeks]

    mmm.without_last(steady.posterior, [26, 13, 26], through=through)
    assert asked == [13, 26]
    panel = steady.posterior.panel
    tests = tuple(
        mmm.LiftTest("tv", start, end, -1_000, -50, 10)
        for start, end in (("2024-03-04", "2024-03-31"), ("2025-10-06", "2025-11-02"))
    )
    model = replace(steady.posterior.model, lift_tests=tests)
    assert known_at_end(model, panel.select(0, 78)).lift_tests == tests[:1]


@pytest.mark.parametrize("weeks", [[], [0], [-4], [53], [13, 104], [500]])
def test_what_leaves_no_year_is_refused(steady: mmm.LastWeeks, weeks: list[int]) -> None:
    with pytest.raises(BadInput, match="weeks"):
        mmm.without_last(steady.posterior, weeks)
