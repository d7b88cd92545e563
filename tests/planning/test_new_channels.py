"""plan.new_channels: a borrowed curve by plain arithmetic, its limit, its first test and the result that turns it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput
from optimizer import BlendedCAC, Budget, Channel, Customers, Plan
from optimizer.planning.file.assemble import build_plan
from optimizer.planning.file.config import read_config
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.inputs.given_tables import read_given
from optimizer.planning.stages.new_channels import (
    first_tests,
    new_channel_findings,
    tried_with_tests,
    with_new_channels,
)
from optimizer.planning.stages.question import doubted_channels, solved
from optimizer.planning.stages.sense import present_spend
from optimizer.planning.stages.tried import tried_channels
from optimizer.uncertainty.first_step import first_step
from optimizer.uncertainty.tipping import tipping_points

RNG = np.random.default_rng(4)
CURVES = mmm.ResponseCurves(
    {
        "radio": mmm.curves.Hill(900 * np.exp(RNG.normal(0, 0.2, 300)), 60_000, 1),
        "search": mmm.curves.Hill(700 * np.exp(RNG.normal(0, 0.1, 300)), 20_000, 1),
    }
)
NOW = pd.Series({"radio": 90_000.0, "search": 40_000.0, "podcast": 0.0})
FILE: dict[str, Any] = {
    "minimize": "blended_cac", "budget": {"at_most": "+0%"}, "customers": {"at_least": "+0%"}, "weeks": 12,
    "every_channel": {"at_least": "-50%", "at_most": "+50%"},
    "new_channels": {"podcast": {"like": "radio", "scale": 0.5, "spread": 0.4, "at_most": 15_000}},
}  # fmt: skip


def planned(**keys: Any) -> tuple[PlanSection, Plan, mmm.ResponseCurves, Any]:
    section = PlanSection.model_validate({**FILE, **keys})
    curves = with_new_channels(section, CURVES, seed=7)
    now = NOW.reindex(list(curves.channels))
    plan = build_plan(section, now, 1000.0, 1000.0 + float(curves.customers(now).mean()))
    allocation = solved(section, plan, curves, ())
    return section, plan, curves, SimpleNamespace(allocation=allocation)


@pytest.mark.parametrize("spend", [0.0, 4_000.0, 30_000.0])
def test_the_curve_is_the_other_one_s_scaled_with_a_spread_of_its_own(spend: float) -> None:
    section = PlanSection.model_validate(FILE)
    curve, like = with_new_channels(section, CURVES, seed=7)["podcast"], CURVES["radio"]
    ratio = curve(spend) / np.maximum(0.5 * like(spend / 0.5), 1e-300)
    assert spend == 0 or ratio.mean() == pytest.approx(1.0)
    assert spend == 0 or np.log(ratio).std() == pytest.approx(0.4, rel=0.15)
    assert np.array_equal(curve(spend), with_new_channels(section, CURVES, seed=7)["podcast"](spend))


def test_the_plan_is_that_of_the_same_curves_with_its_limit_by_hand() -> None:
    _, _, curves, found = planned()
    now = NOW.to_dict()
    limits = [
        Budget(at_most=130_000), Customers(at_least=1000.0 + float(CURVES.customers(NOW[:2]).mean())),
        *(Channel(name).relative(0.5, 1.5) for name in CURVES), Channel("podcast").at_most(15_000),
    ]  # fmt: skip
    by_hand = Plan(minimize=BlendedCAC(organic=1000.0), subject_to=limits, now=now).solve(curves)
    assert found.allocation.value == pytest.approx(by_hand.value, rel=2e-3)
    assert 0 < found.allocation.spend["podcast"] <= 15_000


def test_a_first_test_and_the_result_that_turns_the_move() -> None:
    section, plan, curves, found = planned()
    spend = found.allocation.spend
    (test,) = first_tests(section, curves, found.allocation, tipping_points(plan, curves, spend), {})
    assert test.weekly == pytest.approx(spend["podcast"] / 12)
    assert test.result.point == pytest.approx(float(curves["podcast"].mean(spend["podcast"])) * 4 / 12)
    # were the test to measure a little less or more than told, a plan on the scaled curve leaves the channel or keeps it
    for share, used in ((0.9, False), (1.1, True)):
        scaled = curves.with_curve(
            "podcast", curves["podcast"].scaled(effect=share * test.turns_at / test.result.point)
        )
        assert (plan.solve(scaled, gap=1e-6).spend["podcast"] > 500) == used
    brought = np.asarray(curves["podcast"](spend["podcast"]))
    assert test.probability == pytest.approx(np.mean(brought * 4 / 12 < test.turns_at))
    for noise, lost in ((test.result.point / 5, False), (test.result.point, True)):
        told = replace(test, noise=noise).sentence("EUR", "customers")
        assert ("would hardly show the result" in told) == lost
    (rides,) = first_tests(section, curves, found.allocation, (), {"radio": "the log says so"})
    assert "of which part may be demand that others make (the log says so)" in rides.assumed
    (finding,) = new_channel_findings((test,), "EUR", "customers")
    assert not finding.passed
    assert "its curve is an assumption, that of radio at 0.50 times its market" in finding.text
    assert "4 weeks at" in finding.text
    seen = pd.Series({"radio": 1e5, "search": 1e5, "podcast": 0.0})
    step = first_step(plan, curves, spend, tried_with_tests(section, seen, spend))
    assert step is not None
    assert step.beyond == ("podcast",)
    assert step.allocation.spend["podcast"] <= spend["podcast"] * 4 / 12 * (1 + 1e-9)


def test_a_new_channel_that_does_not_pay_says_what_it_would_take() -> None:
    dear = {"podcast": {"like": "radio", "spread": 0.3, "at_most": 15_000}}
    section, _, curves, found = planned(new_channels=dear, maximize="profit", minimize=None, value_per_customer=60.0,
                                   customers=None, budget=None)  # fmt: skip
    assert found.allocation.spend["podcast"] == 0
    (test,) = first_tests(section, curves, found.allocation, (), {})
    assert "it would get money" in test.sentence("EUR", "customers")
    assert new_channel_findings((test,), "EUR", "customers")[0].passed


def test_it_is_no_tried_ground_no_percentage_of_nothing_and_in_doubt() -> None:
    section = PlanSection.model_validate(FILE)
    seen = pd.Series({"radio": 1e5, "search": 5e4, "podcast": 0.0})
    assert [one.channel for one in tried_channels(section, NOW, seen)] == ["radio", "search"]
    assert present_spend(section, NOW).passed
    assert "podcast" in doubted_channels(section, list(NOW.index), ())


def test_a_given_plan_may_name_it_or_leave_it_out(tmp_path: Path) -> None:
    weeks = pd.date_range("2025-01-06", periods=60, freq="7D")
    frame = pd.DataFrame({"week": weeks, "new_customers": 9.0, "radio": 5.0, "search": 4.0})
    panel = mmm.Panel.from_frame(frame, "week", "new_customers", ["radio", "search"])
    section = PlanSection.model_validate({**FILE, "given": "b.csv"})
    (table,) = section.given_tables.values()
    for extra, spend in (("", 0.0), ("podcast,3\n", 3.0)):
        (tmp_path / "b.csv").write_text(f"channel,spend\nradio,1\nsearch,2\n{extra}", encoding="utf-8")
        assert read_given(table, tmp_path, panel, ["podcast"]).spend["podcast"] == spend


@pytest.mark.parametrize(
    ("new", "more", "said"),
    [
        ("podcast: {like: radoi, at_most: 5}", "", "p.yaml:6: plan.new_channels.podcast.like: unknown channel 'radoi'"),
        ("radio: {like: search, at_most: 5}", "", "new_channels.radio: has history in data.weekly"),
        ("podcast: {like: radio}", "", "plan.new_channels.podcast.at_most: is required"),
        ("podcast: {like: radio, at_most: 5}", "  channels: {podcast: {at_most: 9}}", "p.yaml:7: plan.channels.podcast"),
        ("podcast: {like: radio, at_most: 5}", "  now: {radio: 1, search: 1, podcast: 1}", "unknown channel 'podcast'"),
        ("podcast: {like: radio, scale: 0, at_most: 5}", "", "greater than or equal to 0.001"),
        ("podcast: {like: podcast, at_most: 5}", "", "unknown channel 'podcast'"),
        ("podcast: {like: radio, at_most: 5}", "  schedule: {free_from: 2025-02-03, spent: s.csv}", "have no spend"),
        ("podcast: {like: radio, at_most: 5}", "  value_per_customer: {radio: 1, search: 1}\n  value_per_organic: 1",
         "lacks podcast"),
    ],
)  # fmt: skip
def test_what_makes_no_new_channel_is_named(tmp_path: Path, new: str, more: str, said: str) -> None:
    text = "name: Q\ndata:\n  weekly: {path: w.csv, spend: [radio, search]}\nplan:\n  minimize: blended_cac\n"
    path = tmp_path / "p.yaml"
    path.write_text(f"{text}  new_channels: {{{new}}}\n{more}\n", encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        read_config(path)


def test_its_limits_and_groups_may_name_it(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "name: Q\ndata:\n  weekly: {path: w.csv, spend: [radio, search]}\nplan:\n  minimize: blended_cac\n"
        "  new_channels: {podcast: {like: radio, at_most: 5_000}}\n  channels: {podcast: {max_cac: 90}}\n"
        "  groups: {audio: {channels: [radio, podcast], at_most: 90}}\n  schedule: {weekly: {podcast: {at_most: 9}}}\n",
        encoding="utf-8",
    )
    config, _ = read_config(path)
    assert config.plan is not None
    assert config.plan.new_channels["podcast"].scale == 1
