"""On/off tests: the draw's inference is exact, designs size themselves by the past, and a readout enters the model."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput, UnknownChannel
from mmm.data.observed_tests import observe
from mmm.experiments.on_off import design_on_off
from mmm.experiments.on_off_design import OnOffDesign
from mmm.experiments.on_off_power import History
from mmm.experiments.on_off_readout import read_on_off
from mmm.experiments.randomised import Contrast, retention_of, whitened
from mmm.experiments.schedules import admissible, drawn, exposure, periods_of

WEEKS = 100
WEIGHTS = tuple(float(w) for w in 0.5 ** np.arange(8) / sum(0.5 ** np.arange(8)))


def noise(rng: np.random.Generator, periods: int, retention: float) -> np.ndarray:
    steps = rng.normal(size=periods + 50)
    series = np.zeros_like(steps)
    for row in range(1, len(steps)):
        series[row] = retention * series[row - 1] + steps[row] * np.sqrt(1 - retention**2)
    return series[50:]


def design(seed: int = 1, blocks: int = 12, block: int = 2, **changed: object) -> OnOffDesign:
    made = OnOffDesign("tv", "2025-01-06", 7, block, drawn(blocks, seed), 2, -1.0, seed, WEIGHTS, 0.0)
    return replace(made, **changed)


def frame_of(rng: np.random.Generator, test: OnOffDesign, effect: float, retention: float = 0.5) -> pd.DataFrame:
    """A company with season, trend and AR(1) errors whose television was switched off as the test says."""
    dates = pd.date_range("2023-07-03", periods=WEEKS + 10, freq="7D")
    begin = (pd.Timestamp(test.start) - dates[0]).days // 7
    off = np.zeros(len(dates))
    off[begin : begin + test.periods] = np.repeat(test.schedule, test.block)
    felt = exposure(off[None], np.array(WEIGHTS), 0, 0)[0]
    season = 120 * np.sin(2 * np.pi * np.arange(len(dates)) / 52.18)
    kpi = 1000 + season + np.arange(len(dates)) + 40 * noise(rng, len(dates), retention) + effect * felt
    tv = 1e4 * (1 - off) * rng.uniform(0.9, 1.1, len(dates))
    return pd.DataFrame({"week": dates, "kpi": kpi, "tv": tv, "search": rng.uniform(4e3, 6e3, len(dates))})


def panel_of(frame: pd.DataFrame) -> mmm.Panel:
    return mmm.Panel.from_frame(frame, "week", "kpi", ["tv", "search"])


@pytest.mark.parametrize("blocks", [8, 10, 14, 26])
def test_schedules_are_balanced_and_reproducible(blocks: int) -> None:
    every = admissible(blocks, 3)
    assert (every.sum(axis=1) == blocks // 2).all()
    assert len(np.unique(every, axis=0)) == len(every) or blocks > 16
    assert len(every) >= 40
    assert drawn(blocks, 3) == drawn(blocks, 3)
    assert (every == drawn(blocks, 3)).all(axis=1).any()
    assert len({drawn(blocks, seed) for seed in range(20)}) > 5


def test_exposure_is_a_convolution() -> None:
    rng = np.random.default_rng(0)
    changed, weights = rng.integers(0, 2, (3, 20)).astype(float), rng.dirichlet(np.ones(6))
    felt = exposure(changed, weights, 4, 5)
    for row, own in zip(felt, changed, strict=True):
        assert row == pytest.approx(np.convolve(np.r_[np.zeros(4), own, np.zeros(5)], weights)[: len(row)])


@pytest.mark.parametrize("seed", range(4))
def test_the_interval_holds_the_effects_that_the_draw_does_not_reject(seed: int) -> None:
    """Against trying effects one by one, with every schedule's own regression."""
    rng = np.random.default_rng(seed)
    every = periods_of(admissible(8, seed), 2)
    seen = exposure(every, np.array(WEIGHTS), 6, 2)
    nuisance = np.column_stack([np.ones(seen.shape[1]), np.arange(seen.shape[1])])
    contrast = Contrast.of(seen, nuisance, 0.4)
    own = int(rng.integers(len(seen)))
    series = 10 * noise(rng, seen.shape[1], 0.6) - 25 * seen[own]
    found = contrast.measured(own, series, 0.9)

    def p_value(effect: float) -> float:
        left = whitened(series - effect * seen[own], 0.4)
        scores = []
        for one in seen:
            columns = np.column_stack([whitened(nuisance, 0.4), whitened(one[:, None], 0.4)])
            coefficient = np.linalg.lstsq(columns, left)[0][-1]
            spread = np.linalg.inv(columns.T @ columns)[-1, -1]
            scores.append(abs(coefficient) / np.sqrt(spread))
        return float(np.mean(np.array(scores) >= scores[own] * (1 - 1e-9)))

    assert found.p_value == pytest.approx(p_value(0.0))
    assert found.low < found.effect < found.high
    for end, inward in ((found.low, 1), (found.high, -1)):
        step = 1e-6 * max(abs(end), 1.0) * inward
        assert p_value(end + step) > 0.1 >= p_value(end - step)


def test_size_and_coverage_hold_whatever_the_noise() -> None:
    """On errors that the working model does not have: a break, a season, heavy tails."""
    rng = np.random.default_rng(5)
    every = admissible(12, 1)
    seen = exposure(periods_of(every, 2), np.array(WEIGHTS), 13, 2)
    periods = seen.shape[1]
    contrast = Contrast.of(seen, np.column_stack([np.ones(periods), np.arange(periods)]), 0.3)
    rejected, held = [], []
    for _ in range(800):
        own = int(rng.integers(len(every)))
        series = noise(rng, periods, 0.7) + rng.standard_t(2, periods) * 0.5 + 3 * (np.arange(periods) > 20)
        rejected.append(contrast.measured(own, series).p_value <= 0.05)
        found = contrast.measured(own, series + 2.0 * seen[own])
        held.append(found.low <= 2.0 <= found.high)
    assert 0.03 <= np.mean(rejected) <= 0.065  # three standard errors of 800 runs around 0.048
    assert 0.93 <= np.mean(held) <= 0.975


@pytest.mark.parametrize("jump", ["with the test", "inside the test"])
def test_a_level_that_jumps_is_not_taken_for_an_effect(jump: str) -> None:
    """On average over the schedules that might have been drawn."""
    seen = exposure(periods_of(admissible(12, 1), 2), np.array(WEIGHTS), 40, 2)
    periods = seen.shape[1]
    step = (np.arange(periods) >= (40 if jump == "with the test" else 50)).astype(float)
    line = np.column_stack([np.ones(periods), np.arange(periods)])
    between = Contrast.between(seen, line, 0.4)
    taken = np.mean([between.measured(own, step).effect for own in range(len(seen))])
    naive = np.mean([Contrast.of(seen, line, 0.4).measured(own, step).effect for own in range(0, len(seen), 9)])
    assert abs(taken) < 0.1
    assert abs(taken) < abs(naive)


def test_the_autocorrelation_of_residuals_is_about_right() -> None:
    rng = np.random.default_rng(2)
    for retention in (0.0, 0.4, 0.8):
        seen = np.mean([retention_of(noise(rng, 150, retention)) for _ in range(60)])
        assert seen == pytest.approx(retention, abs=0.05)


def history(retention: float = 0.5, spread: float = 40.0) -> History:
    residuals = spread * noise(np.random.default_rng(3), 150, retention)
    return History(residuals, 7, pd.Timestamp("2026-01-05"))


def carryover(half_life: float = 1.0) -> np.ndarray:
    retention = np.clip(0.5 ** (1 / half_life) + np.random.default_rng(4).normal(0, 0.05, 100), 0.02, 0.95)
    weights = retention[None] ** np.arange(26)[:, None]
    return weights / weights.sum(axis=0)


def designed(effect: float, **changed: object) -> object:
    options = {"change": -1.0, "weeks": 26, "seed": 2, **changed}
    draws = np.random.default_rng(6).normal(effect, abs(effect) / 5, 200)
    return design_on_off(history(), "tv", carryover(), draws, 1e4, **options)


def test_larger_effects_need_shorter_tests() -> None:
    large, middle, small = (designed(effect) for effect in (-150.0, -60.0, -8.0))
    assert large.power >= 0.8
    assert large.design.weeks <= middle.design.weeks
    assert large.weeks_needed == large.design.weeks
    assert small.power < 0.4
    assert not small.finding.passed
    assert small.weeks_needed is None or small.weeks_needed > 26
    assert "within two years" in small.finding.text or "it would take about" in small.finding.text
    for one in (large, middle, small):
        assert 0.02 <= one.size <= 0.09  # 400 runs on one past
        assert one.effect < 0
        assert one.detectable < 0
        assert one.spend_change == -1e4 * one.design.block * sum(one.design.schedule)


def test_the_same_seed_draws_the_same_test_and_json_keeps_it() -> None:
    one, same, other = designed(-60.0), designed(-60.0), designed(-60.0, seed=9)
    assert one.design == same.design
    assert one.design.schedule != other.design.schedule or one.design.block != other.design.block
    assert OnOffDesign.from_json(json.dumps(one.design.to_json())) == one.design
    calendar = one.design.calendar()
    assert (calendar["spend"] == "changed").sum() * 2 == len(calendar)
    assert pd.Timestamp(calendar["end"].iloc[-1]) <= pd.Timestamp(one.design.end)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"change": 0.0}, "changes spend"),
        ({"change": -2.0}, "changes spend"),
        ({"weeks": 6}, "may last 6 weeks"),
        ({"start": "2025-01-06"}, "nobody can test in the past"),
        ({"start": "2026-01-07"}, "start it on 2026-01-05 or 2026-01-12"),
    ],
)
def test_a_test_that_cannot_be_is_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        designed(-60.0, **changed)


def test_a_channel_that_rests_and_a_short_past_are_refused_together() -> None:
    short = History(np.ones(12), 7, pd.Timestamp("2026-01-05"))
    with pytest.raises(BadInput, match=r"spends nothing(.|\n)*periods of past"):
        design_on_off(short, "tv", carryover(), -np.ones(5), 0.0)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kind": "on_off"}', '{"kind": "geo"}', "null"])
def test_a_file_that_is_no_design_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no design of an on/off test"):
        OnOffDesign.from_json(text)


def test_a_design_that_was_changed_is_refused_by_its_field() -> None:
    sound = design(seed=3).to_json()
    assert OnOffDesign.from_json(json.dumps(sound)).seed == 3
    wrong: dict[str, list[object]] = {
        "schedule": [[0, 1], [1] * 12, [0.5, 1] * 6, "010101010101", [True, False] * 6, None],
        "weights": [[], [0, 0], [-1, 2], ["a"], [1e300], [0.1] * 1000],
        "block": [1.5, 10**9, 0, "2"],
        "after": [1.5, 10**9, -1],
        "seed": [None, -1, "7"],
        "change": [0, -5, "-1", float("nan")],
        "carryover_error": [None, -1, "x", float("inf")],
        "start": ["yesterday", 5, None],
        "channel": [5, None],
        "days": [30, 7.0],
    }
    taken = []
    for field, values in wrong.items():
        for value in values:
            with contextlib.suppress(BadInput):
                OnOffDesign.from_json(json.dumps({**sound, field: value}))
                taken.append((field, value))
    assert not taken


def test_a_readout_is_near_the_truth_and_enters_the_model() -> None:
    test = design()
    panel = panel_of(frame_of(np.random.default_rng(0), test, effect=-120.0))
    found = read_on_off(test, panel, mmm.Model())
    truth = -120.0 * found.by_period["exposure"].sum()
    assert found.low < truth < found.high
    assert found.customers_gained == pytest.approx(truth, rel=0.25)
    assert found.p_value <= 0.05
    assert all(finding.passed for finding in found.findings), found.findings
    assert found.spend_change == pytest.approx(-1e4 * test.block * 6, rel=0.1)

    row = mmm.lift_tests_from_frame(pd.DataFrame([vars(found.test)]))[0]
    assert row == replace(found.test, customers_gained=row.customers_gained, standard_error=row.standard_error)
    otherwise = observe([row], panel).otherwise[0]
    changed = found.by_period["changed"].to_numpy()
    spend = panel.spend[0, :, 0]
    rows = np.flatnonzero(changed)
    assert otherwise[rows] == pytest.approx(np.full(len(rows), -found.spend_change / len(rows)) + spend[rows])
    assert np.delete(otherwise, rows) == pytest.approx(np.delete(spend, rows))


def test_a_null_result_is_no_proof_of_nothing() -> None:
    test = design(seed=4)
    found = read_on_off(test, panel_of(frame_of(np.random.default_rng(1), test, effect=0.0)), mmm.Model())
    assert found.low < 0 < found.high
    assert "no proof of no effect" in found.sentence


def test_money_that_moves_with_the_schedule_is_named() -> None:
    test = design()
    frame = frame_of(np.random.default_rng(0), test, effect=-100.0)
    off = frame["tv"] == 0
    frame.loc[off, "search"] += 5e3
    others = {one.name: one for one in read_on_off(test, panel_of(frame), mmm.Model()).findings}
    assert others["on_off_others"].channels == ("search",)


def test_money_with_a_memory_that_moves_with_a_short_schedule_is_named() -> None:
    test = design(seed=7, blocks=10)
    rng = np.random.default_rng(1)
    frame = frame_of(rng, test, effect=-100.0)
    off = frame["tv"] == 0
    frame["search"] = 4e4 * np.exp(0.3 * noise(rng, len(frame), 0.8))
    named = []
    for doubled in (frame, frame.assign(search=frame["search"].where(~off, 2 * frame["search"]))):
        findings = {one.name: one for one in read_on_off(test, panel_of(doubled), mmm.Model()).findings}
        named.append(findings["on_off_others"].channels)
    assert named == [(), ("search",)]


def test_a_test_that_ran_the_other_way_round_is_told_in_figures_that_can_be_read() -> None:
    test = design()
    frame = frame_of(np.random.default_rng(0), test, effect=-100.0)
    begin = int((frame["week"] < test.start).sum())
    frame["tv"] = 1e4
    usual = np.repeat(test.schedule, test.block) == 0
    frame.loc[frame.index[begin : begin + test.periods][usual], "tv"] = 0.0
    found = read_on_off(test, panel_of(frame), mmm.Model())
    followed = {one.name: one for one in found.findings}["on_off_followed"]
    assert not followed.passed
    assert "the other way round" in followed.text
    assert_gives_no_lift_test(found)


def assert_gives_no_lift_test(found: mmm.OnOffReadout) -> None:
    assert not found.was_run
    assert "no evidence" in found.sentence
    with pytest.raises(BadInput, match="gives no lift test"):
        _ = found.test


def test_a_schedule_that_was_not_run_gives_no_lift_test_and_one_run_in_part_does() -> None:
    test = design()
    for part, runs in ((0.0, False), (0.15, False), (0.6, True), (1.0, True)):
        rng = np.random.default_rng(0)
        frame = frame_of(rng, test, effect=-100.0)
        off = frame["tv"] == 0
        frame.loc[off, "tv"] = (1 - part) * 1e4
        frame["tv"] *= np.exp(0.02 * rng.normal(size=len(frame)))  # nobody spends to the cent
        found = read_on_off(test, panel_of(frame), mmm.Model())
        if runs:
            assert found.test.channel == "tv"
        else:
            assert_gives_no_lift_test(found)


def test_blocks_that_were_not_switched_are_named() -> None:
    test = design()
    frame = frame_of(np.random.default_rng(0), test, effect=-100.0)
    frame.loc[frame.index[frame["tv"] == 0][:2], "tv"] = 1e4
    followed = {one.name: one for one in read_on_off(test, panel_of(frame), mmm.Model()).findings}["on_off_followed"]
    assert not followed.passed
    assert "1 of 12 blocks" in followed.text
    assert "says less" in followed.text


def test_a_rhythm_that_was_there_before_is_a_finding() -> None:
    test = design()
    frame = frame_of(np.random.default_rng(0), test, effect=0.0)
    begin = int(np.flatnonzero(frame["week"] == pd.Timestamp(test.start))[0])
    length = test.periods + test.after
    earlier = begin - length
    frame.loc[earlier : earlier + test.periods - 1, "kpi"] -= 200.0 * np.repeat(test.schedule, test.block)
    found = {one.name: one for one in read_on_off(test, panel_of(frame), mmm.Model()).findings}["on_off_before"]
    assert not found.passed


def test_readouts_that_cannot_be_are_refused() -> None:
    test = design()
    frame = frame_of(np.random.default_rng(0), test, effect=-100.0)
    panel, model = panel_of(frame), mmm.Model()
    with pytest.raises(UnknownChannel):
        read_on_off(replace(test, channel="radio"), panel, model)
    with pytest.raises(BadInput, match="weekly table holds"):
        read_on_off(test, panel.select(0, 85), model)
    with pytest.raises(BadInput, match="inside a period"):
        read_on_off(replace(test, start="2025-01-08"), panel, model)
    with pytest.raises(BadInput, match="periods of 1 days"):
        read_on_off(replace(test, days=1), panel, model)
    with pytest.raises(BadInput, match="cannot draw"):
        read_on_off(replace(test, schedule=(1,) * 6 + (0,) * 6), panel, model)
    with pytest.raises(BadInput, match="there was no test"):
        read_on_off(test, panel_of(frame.assign(tv=1e4)), model)


@pytest.mark.parametrize(
    ("changed", "said"),
    [("2025-01-06", None), ("2025-01-06/2025-03-02", "lies outside"), ("some weeks", "changed")],
)
def test_parts_of_a_window_are_read_strictly(changed: str, said: str | None) -> None:
    test = design()
    panel = panel_of(frame_of(np.random.default_rng(0), test, effect=0.0))
    row = mmm.LiftTest("search", "2025-01-06", "2025-02-02", 100.0, 5.0, 1.0, changed=changed)
    if said is None:
        otherwise = observe([row], panel).otherwise[0]
        assert (otherwise != panel.spend[0, :, 1]).sum() == 1
        return
    with pytest.raises(BadInput, match=said):
        observe([row], panel)
