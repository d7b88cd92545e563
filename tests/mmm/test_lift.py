"""Lift tests: they pull the posterior to what was measured, through adstock over their own window."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput
from mmm.data.lift_checks import check_tests
from mmm.data.observed_tests import observe

WEEKS = 130
CHANNELS = ("tv", "social", "video", "search")
SHARE = np.array([0.25, 0.04, 0.12, 0.10])
HALF = np.array([1.5, 0.8, 1.0, 2.0])
RETENTION = np.array([0.6, 0.2, 0.4, 0.1])


def response(spend: np.ndarray, place: int, unit: float) -> np.ndarray:
    """True response to one channel's spend, its scale aside."""
    lags = RETENTION[place] ** np.arange(13)
    padded = np.concatenate([np.full(12, spend[:13].mean()), spend]) / unit
    stock = np.convolve(padded, lags / lags.sum())[12 : 12 + WEEKS]
    return stock / (stock + HALF[place])


def entangled(seed: int, factor: float = 0.0) -> tuple[mmm.Panel, np.ndarray, tuple[mmm.LiftTest, ...]]:
    """Channels that move together, and one test of each of the first three as it would truly have come out."""
    rng = np.random.default_rng(seed)
    common = rng.gamma(2.0, 0.5, WEEKS)
    spend = (common[:, None] * rng.lognormal(0, 0.25, (WEEKS, 4))) * np.array([40, 30, 20, 10]) * 1000
    dates = pd.date_range("2023-01-02", periods=WEEKS, freq="7D")
    kpi, truth, tests = np.full(WEEKS, 0.5), [], []
    for place, channel in enumerate(CHANNELS):
        begin = 30 + 25 * place
        kept = spend[:, place].copy()
        spend[begin : begin + 6, place] *= factor  # the test: six weeks at another level
        unit = spend[:, place].mean()
        with_test, without = response(spend[:, place], place, unit), response(kept, place, unit)
        scale = SHARE[place] / with_test.mean()
        brought = scale * with_test * 1000
        kpi = kpi + brought / 1000
        truth.append(brought.sum())
        gained = float((scale * (with_test - without)[begin : begin + 6]).sum() * 1000)
        error = 0.1 * abs(gained)
        change = float(spend[begin : begin + 6, place].sum() - kept[begin : begin + 6].sum())
        first, last = dates[begin].date(), (dates[begin + 6] - pd.Timedelta("1D")).date()
        tests.append(mmm.LiftTest(channel, str(first), str(last), change, gained + rng.normal(0, error), error))
    kpi = kpi + rng.normal(0, 0.04, WEEKS)
    frame = pd.DataFrame({"week": dates, "customers": kpi * 1000, **dict(zip(CHANNELS, spend.T, strict=True))})
    return mmm.Panel.from_frame(frame, "week", "customers", list(CHANNELS)), np.array(truth), tuple(tests[:3])


@pytest.mark.long
def test_three_tests_lessen_the_error_of_their_channels_cac():
    model = mmm.Model(saturation=mmm.MichaelisMentenSaturation())
    errors = {"without": [], "with": []}
    for seed in (1, 2, 3):
        panel, truth, tests = entangled(seed)
        cac = (panel.total_spend / truth)[:3]
        for name, fitted in (("without", model), ("with", replace(model, lift_tests=tests))):
            found = mmm.fit(panel, fitted, draws=400, tune=400, seed=1, time_budget=0).cac()["median"][:3]
            errors[name].append((found / cac - 1).abs().mean())
    assert np.mean(errors["with"]) < min(0.12, 0.85 * np.mean(errors["without"]))


def test_exact_measurement_is_reproduced():
    panel, _, tests = entangled(4, factor=2.0)
    sharp = replace(tests[1], standard_error=abs(tests[1].customers_gained) * 0.01)
    model = mmm.Model(saturation=mmm.MichaelisMentenSaturation(), lift_tests=(sharp,))
    fitted = mmm.fit(panel, model, draws=300, tune=400, chains=2, seed=1, time_budget=0)
    place = panel.channels.index("social")
    seen = observe((sharp,), panel)
    draws, (_, begin, end) = fitted.media[place], seen.places[0]
    without = draws.contribution(seen.otherwise[0] / panel.media[0, :, place].mean())
    gained = (draws.contribution() - without)[begin:end].sum(axis=0) * fitted.kpi_unit
    assert gained.mean() == pytest.approx(sharp.customers_gained, rel=0.02)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"channel": "soical"}, r"row|test 1: unknown channel 'soical'.*did you mean 'social'"),
        ({"standard_error": 0.0}, r"column 'standard_error', test 1: is not positive"),
        ({"start": "2020-01-06"}, r"window lies outside the panel"),
        ({"end": "2022-01-01"}, r"before its start"),
        ({"spend_change": 0.0}, r"is zero"),
        ({"spend_change": 1_234_567_890.0}, r"1,234,567,890 exceeds the [0-9,.]+ that the panel holds"),
    ],
)
def test_impossible_tests_are_refused(change, message):
    panel, _, tests = entangled(1)
    wrong = replace(tests[1], **change)
    with pytest.raises(BadInput, match=message):
        mmm.fit(panel, mmm.Model(lift_tests=(wrong,)))


def test_window_inside_a_week_counts_whole_weeks_and_is_reported():
    panel, _, tests = entangled(1)
    whole = tests[1]
    day = pd.Timedelta(days=1)
    inside = replace(whole, start=str((pd.Timestamp(whole.start) + day).date()))
    np.testing.assert_array_equal(observe((inside,), panel).otherwise, observe((whole,), panel).otherwise)
    assert check_tests((), panel) == ()
    assert check_tests((whole,), panel)[0].passed
    found = check_tests((whole, inside), panel)[0]
    assert not found.passed
    assert f"2 counts as if over {whole.start} to {whole.end}" in found.text


def test_table_of_tests_is_read_and_checked():
    frame = pd.DataFrame(
        {
            "channel": ["tv", "social"],
            "start": ["2024-01-01", "2024-03-04"],
            "end": ["2024-01-28", "2024-03-31"],
            "spend_change": [1000, -500],
            "customers_gained": [50, -20],
            "standard_error": [10, 8],
        }
    )
    first, second = mmm.lift_tests_from_frame(frame)
    assert first == mmm.LiftTest("tv", "2024-01-01", "2024-01-28", 1000.0, 50.0, 10.0)
    assert second.spend_change == -500.0
    assert [test.geo for test in mmm.lift_tests_from_frame(frame.assign(geo=["north", None]))] == ["north", ""]
    with pytest.raises(BadInput, match="lift_tests, column 'end': is missing"):
        mmm.lift_tests_from_frame(frame.drop(columns="end"))
    with pytest.raises(BadInput, match=r"lift_tests, column 'standard_error', row 2: is negative"):
        mmm.lift_tests_from_frame(frame.assign(standard_error=[-1, 8]))
