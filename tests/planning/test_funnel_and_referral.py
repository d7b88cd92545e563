"""data.funnel, plan.referral and stages of scenarios, from the plan file to the certified plan and the outputs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from attribution.errors import BadInput
from mmm.simulate.funnel import STAGES, funnel_table
from optimizer.planning.check import check_plan
from optimizer.planning.stages.result import Run

FEW = (
    "model:\n  rivals: false\n  sensitivity: false\n  chains: 2\n  draws: 300\n  tune: 300\n  time_budget: 0.001\n"
    "  accept_unconverged: true\n"
)
REFERRAL = (
    "referral: {customers: 20_000, capacity: 3_000, already: 0.01,\n"
    "    tiers: [{reward: 20, share: 0.05, each: 1}, {reward: 60, share: 0.08, each: 1}]}"
)
WHAT_IF = (
    "  - {name: Sign-ups fall, stages: {sign_ups: -15%}}\n  - {name: Orders fall, stages: {first_orders: -15%}, customers: {at_least: -25%}}\n"
    "  - {name: Another programme, referral: {name: friends, customers: 900, capacity: 200, tiers: "
    "[{reward: 15, share: 0.1, each: 1}]}}\n"
)


def table() -> pd.DataFrame:
    """Two channels and organic customers over 30 weeks."""
    rng = np.random.default_rng(4)
    weeks = pd.date_range("2026-01-05", periods=30, freq="7D")
    causes = pd.DataFrame({name: rng.poisson(60, 30) for name in ("tv", "paid_social", "organic")}, index=weeks)
    return funnel_table(causes, rng)


def asked(
    plan: Path, funnel: str = "", referral: str = REFERRAL, what_if: str = WHAT_IF, frame: pd.DataFrame | None = None
) -> Path:
    """The starter with a funnel and a referral programme."""
    (table() if frame is None else frame).to_csv(plan.parent / "funnel.csv", index=False)
    text = plan.read_text(encoding="utf-8").replace("\nmodel:\n", f"\n{FEW}")
    funnel = funnel or f"{{path: funnel.csv, stages: [{', '.join(STAGES)}], customers: first_orders}}"
    text = text.replace("  upcoming: upcoming.csv ", f"  funnel: {funnel}\n  upcoming: upcoming.csv ")
    text = text.replace("\nscenarios:\n", f"\nscenarios:\n{what_if}")
    plan.write_text(text.replace("\nplan:\n", f"\nplan:\n  {referral}\n"), encoding="utf-8")
    return plan


def told(plan: Path) -> str:
    with pytest.raises(BadInput) as raised:
        check_plan(plan)
    return str(raised.value)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory, run_quietly: Any) -> tuple[Run, Path]:
    from optimizer.planning.starter import write_starter

    plan = asked(write_starter(tmp_path_factory.mktemp("funnel") / "starter")[0])
    run, written = run_quietly(plan, plan.parent / "out", goal="what-if")
    return run, next(path.parent for path in written if path.name == "funnel.csv")


def test_the_programme_is_a_channel_of_the_certified_plan(planned: tuple[Run, Path]) -> None:
    run, out = planned
    assert run.plan is not None
    assert run.referral is not None
    assert run.plan.allocation.gap <= 1e-3
    spend = float(run.plan.allocation.spend["referral"])
    assert 0 < spend <= 60 * 3000
    assert run.referral.cac.point == pytest.approx(spend / float(run.plan.planned.paid["referral"].mean()))
    assert run.referral.cac.point > 20  # who would have come without a reward is paid for too
    offered = {tier.reward: share for tier, share in run.referral.offer}
    points = run.referral.points.set_index("reward")
    assert sum(points.loc[reward, "outlay"] * share for reward, share in offered.items()) <= spend * (1 + 1e-9)
    kept = pd.read_csv(out / "referral.csv")
    assert kept["planned_share"].tolist() == pytest.approx([offered.get(reward, 0.0) for reward in kept["reward"]])
    assert {one.name for one in run.findings} >= {"referral_cac", "funnel_drop"}


def test_a_point_is_worth_what_the_plan_s_customers_make_it(planned: tuple[Run, Path]) -> None:
    run, out = planned
    assert run.plan is not None
    rates = pd.read_csv(out / "funnel.csv").set_index(["channel", "before"])
    row, own = rates.loc[("tv", "sign_ups")], run.plan.now.paid["tv"]
    assert row["point_customers"] == pytest.approx(float(own.mean()) * 0.01 / row["rate"], rel=1e-6)
    assert row["point_customers_low"] < row["point_customers"] < row["point_customers_high"]
    assert (rates["point_cac_change"].dropna() < 0).all()
    assert rates["point_customers"].xs("first_orders", level="before").isna().all()  # repeat orders win nobody
    assert "generic_search" not in rates.index.get_level_values("channel")


def test_a_stage_that_fails_costs_those_who_pass_it(planned: tuple[Run, Path]) -> None:
    run, _ = planned
    assert run.plan is not None
    one, other, third = run.scenarios[:3]
    base = run.plan
    for scenario, passing, organic in ((one, ("tv", "paid_social"), 1.0), (other, ("tv", "paid_social"), 0.85)):
        assert scenario.outcome is not None
        spend = scenario.outcome.spend
        for channel in base.curves:
            share = 0.85 if channel in passing else 1.0
            assert np.allclose(scenario.outcome.paid[channel], share * base.curves[channel](float(spend[channel])))
        assert np.allclose(scenario.outcome.organic, organic * base.planned.organic)
        assert scenario.gap <= 1e-3
    assert third.outcome is not None
    assert float(third.outcome.spend["friends"]) > 0


@pytest.mark.parametrize("share", [0.05, 0.7])
def test_a_programme_that_brings_most_customers_is_told(planned: tuple[Run, Path], share: float) -> None:
    run, _ = planned
    assert run.plan is not None
    assert run.referral is not None
    everybody = float(np.mean(run.plan.planned.organic) + run.plan.planned.paid.to_numpy().sum(axis=1).mean())
    assert run.referral.share == pytest.approx(run.referral.customers.point / everybody, rel=1e-6)
    volume = replace(run.referral, share=share).findings[1]
    assert (volume.name, volume.passed) == ("referral_volume", share < 0.5)
    assert ("Hardly a programme brings that many" in volume.text) == (share > 0.5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"referral": REFERRAL.replace("each: 1}]", "each: 13}]")}, "without end"),
        ({"referral": REFERRAL.replace("reward: 60", "reward: 20")}, "do not ascend"),
        ({"referral": REFERRAL.replace("customers: 20_000", "name: tv, customers: 20_000")}, "is a channel already"),
        ({"referral": REFERRAL.replace("capacity: 3_000", "capacity: -3")}, "greater than 0"),
        ({"referral": REFERRAL.replace("capacity", "capazity")}, "capacity"),
        ({"what_if": "  - {name: A, stages: {sign_up: -15%}}\n"}, "Did you mean 'sign_ups'"),
        ({"what_if": "  - {name: A, stages: {repeat_orders: -15%}}\n"}, "no stage on the way to a customer"),
        ({"funnel": "{path: funnel.csv, stages: [clicks]}"}, "stages"),
        ({"funnel": "{path: funnel.csv, stages: [clicks, clicks]}"}, "stands twice"),
        ({"funnel": "{path: funnel.csv, stages: [clicks, sign_ups], customers: orders}"}, "none of the stages"),
        ({"frame": table().replace({"channel": {"tv": "tvv"}})}, "unknown channel 'tvv'. Remedy: did you mean 'tv'?"),
        ({"frame": table().rename(columns={"clicks": "sign_ups", "sign_ups": "clicks"})}, "out of order"),
        ({"frame": table().drop(index=3)}, "are missing: 2026-01-26"),
    ],
)
def test_what_does_not_fit_is_refused(starter: Path, change: dict[str, Any], said: str) -> None:
    assert said in told(asked(starter, **{"what_if": "", **change}))


def test_unknown_stages_are_told_on_their_lines(starter: Path) -> None:
    plan = asked(starter, what_if="  - name: A\n    stages:\n      sign_up: -15%\n      orderz: -5%\n")
    lines, message = plan.read_text(encoding="utf-8").splitlines(), told(plan)
    for key in ("sign_up", "orderz"):
        (line,) = [number for number, text in enumerate(lines, start=1) if text.startswith(f"      {key}:")]
        assert f"{plan}:{line}: scenarios.0.stages.{key}: {key!r} is no stage" in message


def test_stages_of_scenarios_need_a_funnel(starter: Path) -> None:
    text = starter.read_text(encoding="utf-8")
    starter.write_text(text.replace("\nscenarios:\n", f"\nscenarios:\n{WHAT_IF}"), encoding="utf-8")
    assert "are those of data.funnel" in told(starter)


KINDS = ("sign_up", "trial", "order")


def of_conversions(plan: Path, funnel: str) -> Path:
    """The starter whose conversions are stages, 20 persons a day of whom half go on each time, a week later."""
    days = pd.date_range("2026-01-05", periods=200, tz="UTC")
    rows = [
        (f"p{day}-{n}", days[day] + pd.Timedelta(days=7 * place), name)
        for day in range(200)
        for n in range(20)
        for place, name in enumerate(KINDS)
        if n % (2**place) == 0 and day + 7 * place < 200
    ]
    stages = pd.DataFrame(rows, columns=["user", "time", "kind"])
    stages.to_csv(plan.parent / "stages.csv", index=False)
    touches = stages[stages["kind"] == "sign_up"].assign(time=stages["time"] - pd.Timedelta(hours=1), channel="tv")
    touches[["user", "time", "channel"]].to_csv(plan.parent / "touches.csv", index=False)
    text = plan.read_text(encoding="utf-8")
    start, end = text.index("  touchpoints:"), text.index("\nattribution:\n")
    log = "  touchpoints: {path: touches.csv, conversions: {path: stages.csv, kind: kind, kinds: [order], ends: [order]}}\n"
    text = text[:start] + log + f"  funnel: {funnel}\n" + text[end:]
    plan.write_text(
        text.replace("\nscenarios:\n", "\nscenarios:\n  - {name: A, stages: {trial: -15%}}\n"), encoding="utf-8"
    )
    return plan


def test_kinds_of_conversions_are_stages_that_everybody_passes(starter: Path) -> None:
    from optimizer.planning.file.config import read_config
    from optimizer.planning.inputs.inputs import read_inputs
    from optimizer.planning.inputs.read_funnel import passing_of

    plan = of_conversions(starter, "{of_conversions: week, stages: [sign_up, trial, order]}")
    config, document = read_config(plan)
    inputs = read_inputs(config, document)
    assert inputs.funnel is not None
    closed = inputs.funnel.frame.dropna()
    assert (closed["sign_up"] == 140).all()
    assert (closed["trial"] == 70).all()
    assert (closed["order"] == 35).all()
    assert any("counts each person once, by the week of the first sign_up" in text for text in inputs.assumptions)
    assert any("too early to say" in text for text in inputs.assumptions)
    way = passing_of(inputs.funnel, {"tv": "tv", "paid_social": "paid_social"})
    assert way["trial"].channels == ("tv", "paid_social")
    assert way["trial"].organic


def test_a_kind_of_conversion_that_fails_costs_everybody_in_a_whole_run(starter: Path, run_quietly: Any) -> None:
    plan = of_conversions(starter, "{of_conversions: week, stages: [sign_up, trial, order]}")
    text = plan.read_text(encoding="utf-8").replace("\nmodel:\n", f"\n{FEW}")
    text = text.replace("stages: {trial: -15%}}", "stages: {trial: -15%}, customers: {at_least: -25%}}")
    plan.write_text(text, encoding="utf-8")
    run, written = run_quietly(plan, plan.parent / "out", goal="what-if")
    base, scenario = run.plan, run.scenarios[0]
    assert base is not None
    assert scenario.outcome is not None
    assert scenario.gap <= 1e-3
    for channel in base.curves:
        spend = float(scenario.outcome.spend[channel])
        assert np.allclose(scenario.outcome.paid[channel], 0.85 * base.curves[channel](spend))
    assert np.allclose(scenario.outcome.organic, 0.85 * base.planned.organic)
    rates = pd.read_csv(next(path for path in written if path.name == "funnel.csv"))
    assert rates["rate"].tolist() == pytest.approx([0.5, 0.5])
    assert (rates["open"] > 0).all()
    gained = base.now.customers.mean() * 0.01 / 0.5
    assert rates["point_customers"].tolist() == pytest.approx([gained, gained], rel=1e-6)


@pytest.mark.parametrize(
    ("funnel", "said"),
    [
        ("{of_conversions: day, stages: [sign_up, order]}", "is not one of week, month"),
        ("{of_conversions: week, path: f.csv, stages: [sign_up, trial]}", "and not both"),
        ("{of_conversions: week, channel: channel, stages: [sign_up, trial]}", "channel is of a table of counts"),
        ("{of_conversions: week, stages: [sign_up, trial, orders]}", "no row is of stage 'orders'"),
        ("{of_conversions: month, stages: [trial, sign_up]}", "no stage on the way"),
        ("{stages: [sign_up, trial]}", "give path (a table of counts), or of_conversions"),
    ],
)
def test_kinds_that_make_no_funnel_are_refused(starter: Path, funnel: str, said: str) -> None:
    message = told(of_conversions(starter, funnel))
    assert said in message
    assert "orders" not in funnel or "stages.csv" in message


def test_a_funnel_of_conversions_needs_them(starter: Path) -> None:
    text = starter.read_text(encoding="utf-8")
    funnel = "  funnel: {of_conversions: week, stages: [sign_up, trial]}\n"
    starter.write_text(text.replace("  upcoming: up", f"{funnel}  upcoming: up"), encoding="utf-8")
    assert "needs touchpoints.conversions with path and kind" in told(starter)


@pytest.mark.parametrize("worth", ["value: 90, ", ""])
def test_a_programme_of_a_what_if_needs_a_value_where_the_plan_has_one_by_channel(starter: Path, worth: str) -> None:
    programme = (
        "  - {name: Friends, referral: {" + worth + "customers: 900, capacity: 200, tiers: [{reward: 15, share: 0.1, "
        "each: 1}]}}\n"
    )
    plan = asked(starter, referral="value_per_organic: 60", what_if=programme)
    text = plan.read_text(encoding="utf-8").replace("  minimize: blended_cac ", "  maximize: profit #")
    values = "  value_per_customer: {tv: 80, paid_social: 90, generic_search: 100}\n"
    plan.write_text(text.replace("\nplan:\n", f"\nplan:\n{values}"), encoding="utf-8")
    finding = next(each for each in check_plan(plan).findings if each.name == "what_ifs_can_be_asked")
    said = "Friends: scenarios.referral, column 'value': does not say what a customer who comes by referral is worth"
    assert finding.passed if worth else said in finding.text
