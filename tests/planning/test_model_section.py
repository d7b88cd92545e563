"""The plan file's model section: families, beliefs and experiments reach the mix model as an analyst would write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mmm
from attribution.errors import BadInput
from mmm.checks.rival_models import readings
from mmm.model.saturation import S_SHAPED
from mmm.posterior.bends import bends
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.stages.model import mix_model, neutral
from optimizer.planning.stages.result import Run

QuietRun = Callable[..., tuple[Run, tuple[Path, ...]]]


FEW = "  rivals: false\n  sensitivity: false\n  draws: 300\n  tune: 400\n  chains: 2\n  time_budget: 0.001\n  accept_unconverged: true\n"


def with_model(plan: Path, text: str) -> Path:
    old = "model:\n  saturation: hill            # or logistic, michaelis_menten, exponential, power; by channel under channels\n"
    content = plan.read_text(encoding="utf-8")
    assert old in content
    plan.write_text(content.replace(old, f"model:\n{text}"), encoding="utf-8")
    return plan


def with_tests(plan: Path, *rows: str) -> Path:
    header = "channel,start,end,spend_change,customers_gained,standard_error"
    (plan.parent / "lift_tests.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    content = plan.read_text(encoding="utf-8")
    plan.write_text(
        content.replace("  touchpoints:", "  lift_tests: {path: lift_tests.csv}\n  touchpoints:", 1), encoding="utf-8"
    )
    return plan


def model_of(plan: Path, journeys: bool = False) -> tuple[mmm.Model, Any]:
    config, document = read_config(plan)
    inputs = read_inputs(config, document, journeys_too=journeys)
    return mix_model(config, inputs), inputs.panel


def test_an_s_shape_is_a_hill_that_bends_and_its_rival_is_a_plain_one(starter: Path) -> None:
    model, panel = model_of(with_model(starter, "  channels: {tv: {saturation: s_shaped}}\n"))
    own = {name: family for name, (_, family) in zip(panel.channels, model.families(panel), strict=True)}
    bend = own["tv"].slope.sample(np.random.default_rng(0), 2000)
    assert own["tv"] == S_SHAPED
    assert np.mean(bend > 1) > 0.99
    assert own["paid_social"] == mmm.HillSaturation()
    everywhere = replace(model, saturation=S_SHAPED)
    rivals = {one.name: one.model for one in readings(panel, everywhere)}
    assert set(dict(rivals["hill"].saturation).values()) == {mmm.HillSaturation()}
    assert "s_shaped" not in rivals
    assert "s_shaped" in {one.name for one in readings(panel, model)}


def test_weeks_that_do_not_tell_a_bend_are_named(starter: Path) -> None:
    model, panel = model_of(with_model(starter, "  channels: {tv: {saturation: s_shaped}}\n"))
    rng = np.random.default_rng(2)
    for spread, seen in ((0.3, False), (0.1, True)):
        slopes = np.exp(rng.normal(np.log(2.5), spread, (2000, len(panel.media_names))))
        (finding,) = bends(panel, model, lambda name, slopes=slopes: slopes)  # type: ignore[misc]
        assert (finding.passed, finding.name) == (seen, "s_shape_seen")
        assert finding.channels == (() if seen else ("tv",))
        assert seen or re.search(r"tv 2\.[45] \(1\.[45] to 4\.[012]\), where a slope of 2\.[45] \(1\.", finding.text)
    assert list(bends(panel, mmm.Model(), lambda name: slopes)) == []


def test_families_are_the_file_s_and_a_channel_may_have_its_own(starter: Path) -> None:
    text = (
        "  adstock: weibull_pdf\n  saturation: power\n  likelihood: student_t\n"
        "  channels: {tv: {adstock: none, saturation: logistic}, paid_social: {adstock: delayed}}\n"
    )
    model, panel = model_of(with_model(starter, text))
    families = dict(zip(panel.channels, model.families(panel), strict=True))
    kinds = {channel: adstock for channel, (adstock, _) in families.items()}
    assert isinstance(kinds["tv"], mmm.NoAdstock)
    assert isinstance(kinds["paid_social"], mmm.DelayedAdstock)
    assert isinstance(kinds["generic_search"], mmm.WeibullPDFAdstock)
    assert kinds["generic_search"].lags == 26
    curves = {channel: saturation for channel, (_, saturation) in families.items()}
    assert isinstance(curves["tv"], mmm.LogisticSaturation)
    assert isinstance(curves["paid_social"], mmm.PowerSaturation)
    assert isinstance(model.likelihood, mmm.StudentTLikelihood)


def test_a_believed_range_holds_with_probability_ninety_percent(starter: Path) -> None:
    text = "  belief:\n    media_share: 0.5\n    cac: {tv: [80, 320]}\n    share: {paid_social: [0.02, 0.08]}\n"
    model, panel = model_of(with_model(starter, text))
    priors = dict(zip(panel.channels, model.effects.resolve(panel), strict=True))
    rng = np.random.default_rng(1)
    share = priors["paid_social"].sample(rng, 400_000)
    assert np.quantile(share, [0.05, 0.5, 0.95]) == pytest.approx([0.02, 0.04, 0.08], rel=0.01)
    spend, customers = float(panel.national_spend["tv"].sum()), float(panel.kpi.sum())
    cac = spend / (priors["tv"].sample(rng, 400_000) * customers)
    assert np.quantile(cac, [0.05, 0.5, 0.95]) == pytest.approx([80, 160, 320], rel=0.01)
    spent = panel.national_spend.sum()
    centre, sigma = priors["generic_search"].numbers
    parts = (spent / spent.sum()).to_numpy()
    spreads = np.sqrt(np.log1p(np.expm1(0.6**2) * np.maximum(0.25 / parts, 1)))
    assert sigma == pytest.approx(spreads[panel.channels.index("generic_search")])
    split = 0.5 * np.log1p((parts**2 * np.expm1(spreads**2)).sum())  # what the split adds to the total's median
    assert centre + sigma**2 / 2 - split == pytest.approx(np.log(0.5 * spent["generic_search"] / spent.sum()), abs=1e-9)


def test_attribution_pulls_the_belief_by_its_weight(starter: Path) -> None:
    plain, panel = model_of(starter)
    pulled, _ = model_of(with_model(starter, "  belief: {attribution: {model: last, weight: 0.5}}\n"), journeys=True)
    before, after = (
        np.array([prior.numbers[0] for prior in model.effects.resolve(panel)]) for model in (plain, pulled)
    )
    assert np.abs(after - before).max() > 0.05
    assert isinstance(pulled.effects, mmm.FromAttribution)


def test_neutral_differs_in_the_belief_alone(starter: Path) -> None:
    config, document = read_config(with_model(starter, "  belief: {media_share: 0.4}\n"))
    model = mix_model(config, read_inputs(config, document, journeys_too=False))
    other = neutral(config, model)
    assert other.effects == mmm.Neutral(0.4)
    assert replace(other, effects=model.effects) == model


def test_a_lift_test_moves_the_fit_and_calls_for_a_new_one(
    starter: Path, tmp_path: Path, run_quietly: QuietRun
) -> None:
    out = tmp_path / "out"
    text = starter.read_text(encoding="utf-8")
    starter.write_text(text.replace("\nplan:\n", f"\n{FEW}plan:\n", 1), encoding="utf-8")
    before, _ = run_quietly(starter, out, "fit")
    assert before.posterior is not None
    panel = before.posterior.panel
    start = panel.dates[-10]
    spent = float(panel.national_spend["generic_search"].iloc[-10:-2].sum())
    row = f"generic_search,{start:%Y-%m-%d},{panel.dates[-3] + np.timedelta64(6, 'D'):%Y-%m-%d},{spent},40,30"
    trusted = with_model(with_tests(starter, row), "  tests: {trust: full}\n")
    after, _ = run_quietly(trusted, out, "fit")
    assert after.posterior is not None
    assert [file.role for file in after.inputs.files].count("lift tests") == 1
    brought = [run.posterior.contributions()["generic_search"] for run in (before, after) if run.posterior]
    assert brought[1].mean() < 0.6 * brought[0].mean()
    assert brought[1].std() < brought[0].std()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("tvv,2025-06-02,2025-06-29,-10,-1,1", "unknown channel 'tvv'. Remedy: did you mean 'tv'?"),
        ("tv,1999-06-07,1999-07-04,-10,-1,1", "lies outside the weekly table"),
        ("tv,02/06/2025,29/06/2025,-10,-1,1", "date_format"),
        ("tv,2025-06-02,2025-06-29,-10,-1,0", "is not positive"),
        ("tv,2025-06-02,2025-06-29,-10,,1", "customers_gained"),
    ],
)
def test_a_faulty_lift_test_is_named_before_anything_runs(starter: Path, row: str, expected: str) -> None:
    config, document = read_config(with_tests(starter, row))
    with pytest.raises(BadInput, match="lift_tests") as caught:
        read_inputs(config, document, journeys_too=False)
    assert expected in str(caught.value)


def test_a_test_entered_twice_is_named_by_its_rows(starter: Path) -> None:
    row = "tv,2025-06-02,2025-06-29,-10,-1,1"
    config, document = read_config(with_tests(starter, row, "tv,2025-03-03,2025-03-30,-10,-1,1", row))
    with pytest.raises(BadInput, match=r"lift_tests.csv, row 4: is row 2 entered again.*Remedy: keep one"):
        read_inputs(config, document, journeys_too=False)


def test_the_file_says_how_far_tests_are_believed(starter: Path) -> None:
    assert model_of(starter)[0].lift_trust == mmm.LiftTrust()
    model, _ = model_of(with_model(starter, "  tests: {trust: full, half_life: 52}\n"))
    assert model.lift_trust == mmm.LiftTrust(limit=None, half_life=52)


def test_the_neutral_belief_is_held_against_the_plan(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    assert run.belief is not None
    assert run.plan is not None
    frame = run.belief.to_frame().set_index("channel")
    spend = run.plan.plan.now
    assert spend is not None
    assert list(frame.index) == list(spend)
    assert (frame["cac_fitted_low"] < frame["cac_fitted"]).all()
    assert (frame["learnt"] < 1).all()
    names = {finding.name for finding in run.findings}
    assert {"prior_sensitivity", "plan_under_neutral_belief"} <= names
    assert run.belief.aim_planned is not None
    assert run.belief.aim_now is not None
    assert 0 <= run.belief.probability_better <= 1
    # what was believed: around the channel's part of a level whose sigma is 1, and wider the less was spent on it
    width = np.log(frame["cac_believed_high"] / frame["cac_believed_low"]) / (2 * 1.645)
    assert run.posterior is not None
    priors = run.posterior.model.effects.resolve(run.posterior.panel)
    assert width.to_numpy() == pytest.approx([np.hypot(prior.sigma, prior.level) for prior in priors], rel=0.05)
