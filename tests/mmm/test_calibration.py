"""Ranks of true values among posterior draws are uniform; ranks that are not are told."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput
from mmm.checks.calibration import Calibration, simulated_ranks

pytestmark = pytest.mark.long

MODEL = mmm.Model(
    adstock={"tv": mmm.GeometricAdstock(), "search": mmm.NoAdstock()},
    saturation=mmm.MichaelisMentenSaturation(),
    season=mmm.Season(order=1),
)


@pytest.fixture(scope="module")
def ranked(panel):
    return simulated_ranks(panel.select(0, 60).with_channels(["tv", "search"]), MODEL, fits=64, seed=1)


def test_ranks_are_uniform(ranked):
    finding = ranked.finding(false_alarm=0.001)
    assert finding.passed, finding.text
    assert {"share 1", "share 2", "retention 1", "half_saturation 2", "sigma", "baseline 1", "misfit"} <= set(
        ranked.ranks
    )
    assert np.mean(ranked.converged) > 0.9


def test_geos_and_counts_are_ranked_too(company, monkeypatch):
    monkeypatch.setattr("mmm.checks.calibration._SECONDS", 0.0)  # one run each; eight fits only catch gross errors
    frame, _ = company(weeks=40, seed=3)
    both = pd.concat([frame.assign(geo="north"), frame.assign(geo="south", tv=frame["tv"].to_numpy()[::-1])])
    geos = mmm.Panel.from_frame(both, "week", "customers", ["tv"], geo="geo")
    ranked = simulated_ranks(geos, replace(MODEL, adstock=mmm.NoAdstock()), fits=8, seed=2)
    assert {"geo_share 2", "geo_sigma 1", "common", "share 1", "baseline 3", "misfit"} <= set(ranked.ranks)
    assert ranked.finding(false_alarm=0.001).passed
    counts = replace(MODEL, likelihood=mmm.NegativeBinomialLikelihood())
    national = mmm.Panel.from_frame(frame, "week", "customers", ["tv", "search"])
    assert simulated_ranks(national, counts, fits=8, seed=2).finding(false_alarm=0.001).passed


def uniform(fits: int, quantities: int, draws: int, seed: int) -> Calibration:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.integers(0, draws + 1, (fits, quantities)))
    return Calibration(table, draws, (True,) * fits)


def test_false_alarms_are_as_rare_as_stated():
    alarms = sum(not uniform(64, 12, 63, seed).finding(false_alarm=0.05).passed for seed in range(400))
    assert alarms <= 36  # 20 expected; more than 36 has a chance below 0.001


@pytest.mark.parametrize("power", [0.35, 2.0], ids=["shifted down", "shifted up"])
def test_shifted_draws_are_told(power):
    fair = uniform(64, 12, 63, 3)
    shifted = fair.ranks.copy()
    shifted[4] = (64 * (fair.ranks[4] / 64) ** power).astype(int)
    finding = replace(fair, ranks=shifted).finding()
    assert not finding.passed
    assert "ranks of 4" in finding.text


@pytest.mark.parametrize("width", [0.6, 1.8], ids=["too narrow", "too wide"])
def test_draws_of_wrong_width_are_told(width):
    rng = np.random.default_rng(0)
    truth, draws = rng.standard_normal(64), width * rng.standard_normal((64, 63))
    ranks = pd.DataFrame({"share 1": (draws < truth[:, None]).sum(axis=1)})
    assert not Calibration(ranks, 63, (True,) * 64).finding().passed


def test_what_cannot_be_ranked_is_refused(panel):
    with pytest.raises(BadInput, match="one less than a multiple of 8"):
        simulated_ranks(panel, MODEL, draws=60)
