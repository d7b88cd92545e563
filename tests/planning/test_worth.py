"""The run's worth against today: tables recomputed from raw draws, words that follow the plan's own aim."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from rich.console import Console
from scipy.stats import norm

from attribution import LastTouch
from attribution.economics import payback
from attribution.errors import BadInput
from attribution.estimates import Estimate
from mmm.curves import Power, ResponseCurves
from optimizer import BlendedCAC, Budget, Customers, MaxCAC, Plan, Profit, Spend, TippingPoint, worth
from optimizer.planning.file.assemble import build_plan
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.file.markets import Markets
from optimizer.planning.outputs.against_today import chance, change_in_words, experience, signed, verdict
from optimizer.planning.outputs.book.whole import workbook
from optimizer.planning.outputs.deck.five import five_slides
from optimizer.planning.outputs.long_tables import long_tables
from optimizer.planning.outputs.sections.customer_worth import worth_line
from optimizer.planning.outputs.sections.decision import DECISION
from optimizer.planning.outputs.sections.worth import WORTH
from optimizer.planning.outputs.terminal import show
from optimizer.planning.stages.aim import aim_of
from optimizer.planning.stages.beside_defaults import beside_defaults
from optimizer.planning.stages.experience import Corrected, Experience, experience_of
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.worth import _turning, corrected
from optimizer.planning.stages.worth_of_customers import ChannelWorth
from optimizer.planning.starter import write_starter

QuietRun = Callable[..., tuple[Run, tuple[Path, ...]]]
QUICK = ("model:\n", "model:\n  rivals: false\n  sensitivity: false\n  draws: 500\n")


def text_of(page: Path) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8"))))


def told(run: Run) -> str:
    console = Console(file=io.StringIO(), width=200, highlight=False)
    show(run, (), console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def plan_with(folder: Path, *pairs: tuple[str, str]) -> Path:
    plan = write_starter(folder)[0]
    text = plan.read_text(encoding="utf-8")
    for old, new in (QUICK, *pairs):
        assert old in text, old
        text = text.replace(old, new, 1)
    plan.write_text(text, encoding="utf-8")
    return plan


def test_the_table_is_what_the_raw_draws_say(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.plan is not None
    assert run.plan.organic is not None
    rows = pd.read_csv(out / "worth.csv").set_index(["scenario", "against", "figure"])
    organic = run.plan.organic.predicted
    plan = pd.read_csv(out / "plan.csv").set_index("channel")
    fixed = 150_000.0
    customers, total = {}, {}
    for side in ("now", "planned"):
        spend = plan[f"spend_{side}"]
        customers[side] = organic + sum(curve(spend[channel]) for channel, curve in run.plan.curves.items())
        total[side] = fixed + spend.sum()
    change = customers["planned"] - customers["now"]
    row = rows.loc[("Plan", "today", "customers")]
    assert row["change"] == pytest.approx(change.mean(), rel=1e-4, abs=1e-3)
    ends = np.quantile(change, [0.05, 0.95])
    assert row[["change_low", "change_high"]].to_numpy() == pytest.approx(ends, rel=1e-6)
    cac = total["planned"] / customers["planned"] - total["now"] / customers["now"]
    row = rows.loc[("Plan", "today", "blended CAC")]
    ends = np.quantile(cac, [0.05, 0.95])
    assert row[["change_low", "change_high"]].to_numpy() == pytest.approx(ends, rel=1e-6)
    assert row["probability_better"] == pytest.approx(np.mean(cac < 0))
    promises = pd.read_csv(out / "promises.csv").set_index("scenario").loc[["Plan"]]
    assert promises["probability_plan"].iloc[0] == pytest.approx(
        np.mean(customers["planned"] >= customers["now"].mean()), abs=2e-3
    )


def test_every_what_if_that_has_a_plan_has_its_worth(finished: tuple[Run, Path]) -> None:
    run, out = finished
    rows = pd.read_csv(out / "worth.csv")
    answered = [one.name for one in run.scenarios if one.outcome is not None]
    assert list(rows["scenario"].unique()) == ["Plan", *answered]
    assert {"today", "last touch"} <= set(rows["against"])


def test_last_touch_is_what_the_log_credits(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    assert run.worth is not None
    assert run.plan is not None
    assert run.inputs.journeys is not None
    (naive,) = [one for one in run.worth.worth.naive if one.name == "last touch"]
    credit = LastTouch()(run.inputs.journeys).conversions
    known = [channel for channel in naive.spend.index if channel in credit.index]
    shares = naive.spend[known] / naive.spend[known].sum()
    assert shares.to_numpy() == pytest.approx((credit[known] / credit[known].sum()).to_numpy())
    assert naive.spend.sum() == pytest.approx(run.plan.planned.spend.sum())


def test_tipping_points_are_of_the_channels_that_move(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.plan is not None
    moved = [row.channel for row in run.plan.rows if row.direction]
    table = pd.read_csv(out / "tipping_points.csv")
    assert set(moved) == set(table["channel"])
    raised = table["planned"] > table["now"]
    assert (table.loc[raised, "factor"].dropna() <= 1).all()
    assert (table.loc[~raised, "factor"].dropna() >= 1).all()


@pytest.mark.long
def test_a_plan_that_spends_nothing_is_written_whole(tmp_path: Path, run_quietly: QuietRun) -> None:
    """No customer is worth what one costs: blended CAC is zero, and nothing is divided by it."""
    plan = plan_with(
        tmp_path / "starter",
        ("minimize: blended_cac", "maximize: profit\n  value_per_customer: 1"),
        ("fixed_cost: 150_000", "fixed_cost: 0"),
        ("  customers: {at_least: +0%}  #", "  #"),
        ("    at_least: -50%", "    at_least: -100%"),
        ("  groups:\n    digital: {channels: [generic_search, paid_social], at_least: 100_000}\n", ""),
    )
    run, _ = run_quietly(plan, tmp_path / "out")
    assert run.plan is not None
    assert run.worth is not None
    assert run.plan.allocation.spend.sum() == 0
    (cac,) = (one for one in run.worth.worth.figures if one.name == "blended CAC")
    assert cac.after == Estimate.exact(0.0)
    assert cac.change.point == pytest.approx(-cac.before.point)
    assert cac.change.low <= cac.change.point <= cac.change.high
    assert (tmp_path / "out" / "latest" / "report.html").exists()


def test_a_profit_plan_is_judged_by_profit_throughout(tmp_path: Path, run_quietly: QuietRun) -> None:
    plan = plan_with(
        tmp_path / "starter",
        ("minimize: blended_cac", "maximize: profit\n  value_per_customer: 400"),
        ("  customers: {at_least: +0%}  #", "  #"),
    )
    run, _ = run_quietly(plan, tmp_path / "out")
    page = text_of(tmp_path / "out" / "latest" / "report.html")
    decision = page[page.index("Spend") : page.index("Before you act")] if "Before you act" in page else page[:4000]
    assert re.search(r"profit (rises|falls|stays)", decision)
    assert "beats today's spend on profit" in page
    assert "Profit against budget" in page
    assert "Blended CAC against budget" not in page
    assert "Profit of the plan and of each what-if" in page
    assert "Blended CAC falls" not in page
    terminal = told(run)
    assert re.search(r"Profit now .* EUR, planned", terminal)
    assert "profit against the plan" in terminal
    assert "blended CAC against the plan" not in terminal
    scenarios = (
        pd.read_csv(tmp_path / "out" / "latest" / "scenarios.csv").drop_duplicates("scenario").set_index("scenario")
    )
    profit = 400 * scenarios["customers"] - scenarios["total_spend"] - 150_000
    assert scenarios["aim"].to_numpy() == pytest.approx(profit.to_numpy(), rel=1e-6)
    # the plan is the most profit within limits that a smaller budget only tightens
    assert (scenarios["aim"].dropna() <= scenarios.loc["Plan", "aim"] * (1 + 2e-3)).all()
    assert (
        json.loads((tmp_path / "out" / "latest" / "manifest.json").read_text(encoding="utf-8"))["plan"]["aim"]
        == "profit"
    )


def test_a_cap_that_today_breaks_is_told_and_no_bare_chance(tmp_path: Path, run_quietly: QuietRun) -> None:
    free, _ = run_quietly(plan_with(tmp_path / "free"), tmp_path / "free_out", "optimize")
    assert free.plan is not None
    cap = 0.97 * free.plan.now.expected_cac
    plan = plan_with(
        tmp_path / "starter",
        ("minimize: blended_cac", f"maximize: customers\n  max_cac: {cap:.2f}"),
        ("  customers: {at_least: +0%}  #", "  #"),
    )
    run, _ = run_quietly(plan, tmp_path / "out", "optimize")
    assert run.worth is not None
    terminal = re.sub(r"\s+", " ", told(run))
    assert "Today's spend is no alternative, for it breaks what is asked: blended CAC at most" in terminal
    assert "it beats today's spend on" not in terminal
    view = DECISION.view(run)
    assert view is not None
    labels = [card.label for card in view["decision"].cards]
    assert "Today's spend" in labels
    assert "Beats today's spend" not in labels
    assert view["decision"].tone != "bad"
    kept = next(one for one in run.worth.findings if one.name == "promise_kept")
    assert "blended CAC at most" in kept.text
    assert 0.4 <= kept.value <= 0.6


CURVES = ResponseCurves({"tv": Power(np.array([9.0, 11.0]), 0.5), "search": Power(np.array([12.0, 12.0]), 0.5)})
NOW = {"tv": 400.0, "search": 400.0}


@pytest.mark.parametrize(
    ("plan", "spend", "sentences"),
    [
        (Plan(minimize=BlendedCAC(organic=100.0), now=NOW), {"tv": 300.0, "search": 300.0},
         ["on blended CAC with probability more than 99", "A flat −25\u00a0% of every channel beats today with more than 99"]),
        (Plan(minimize=BlendedCAC(organic=100.0), now=NOW), {"tv": 100.0, "search": 700.0}, ["it beats today's spend"]),
        (Plan(maximize=Customers(), now=NOW), NOW, ["does not differ from today's spend in any draw"]),
        (Plan(maximize=Customers(), subject_to=[Budget(at_most=600)], now=NOW), {"tv": 250.0, "search": 350.0},
         ["breaks what is asked: budget at most 600", "the price of keeping that and no measure of the plan"]),
        (Plan(maximize=Customers(), subject_to=[Budget(at_least=1000)], now=NOW), {"tv": 400.0, "search": 600.0},
         ["breaks what is asked: budget at least 1,000", "which is no measure of the plan"]),
        (Plan(maximize=Customers(), subject_to=[MaxCAC(0.1)], now=NOW), NOW, ["no alternative", "blended CAC at most 0.1"]),
        (Plan(minimize=Spend(), now=NOW), {"tv": 300.0, "search": 300.0},
         ["on customers, for what it spends is known, with probability less than 1"]),
        (Plan(maximize=Profit(10.0), now=NOW), {"tv": 300.0, "search": 700.0}, ["on profit", "+25"]),
    ],
)  # fmt: skip
def test_the_verdict_says_what_else_gets_the_same(plan: Plan, spend: dict[str, float], sentences: list[str]) -> None:
    found = worth(plan, CURVES, spend)
    text = verdict(found, found.aim.name, sum(spend.values()) / 800 - 1)
    for sentence in sentences:
        assert sentence in text, text
    assert ("flat" in text) == (sum(spend.values()) != 800)


@pytest.mark.parametrize(
    ("plan", "measured"),
    [
        (Plan(maximize=Customers(), now=NOW), True),
        (Plan(minimize=BlendedCAC(organic=100.0), now=NOW), True),
        (Plan(maximize=Profit(10.0), now=NOW), False),
        (Plan(minimize=Spend(), now=NOW), False),
    ],
)
def test_what_experience_makes_of_a_promise(plan: Plan, measured: bool) -> None:
    for spend in ({"tv": 300.0, "search": 500.0}, {"tv": 700.0, "search": 100.0}, {"tv": 300.0, "search": 300.0}, NOW):
        found = worth(plan, CURVES, spend)
        change = found.aim.change
        made = as_made(plan, spend)
        better = corrected(by_defaults(plan), made, found.aim)
        text = experience(found, "customers", "EUR", (), better)
        assert ("simulated companies" in text) == measured
        assert ("was not measured" in text) != measured
        improves = change.point < 0 if found.aim.lower_is_better else change.point > 0
        assert (better is not None) == (measured and improves)
        assert ("Corrected by that experience" in text) == (better is not None)
        if better is not None:
            expected = change_in_words(replace(found.aim, change=better.change), "customers", "EUR")
            assert f"expect {expected}, better than today with" in text
            assert change_in_words(found.aim, "customers", "EUR") in text
            sign = -1 if found.aim.lower_is_better else 1
            assert sign * better.change.point < sign * change.point
            assert better.probability_better <= found.aim.probability_better
            beside = by_defaults(plan, explore=True)
            assert corrected(beside, made, found.aim) is None


def by_defaults(plan: Plan, **keys: Any) -> Any:
    section = PlanSection.model_validate({"maximize": "customers", **keys})
    asked = SimpleNamespace(plan=plan, riders=SimpleNamespace(untested={}))
    inputs = SimpleNamespace(markets=Markets(("all",), (), {}))
    return SimpleNamespace(config=SimpleNamespace(plan=section), plan=asked, rivals=(), inputs=inputs)


def as_made(plan: Plan, spend: dict[str, float]) -> Any:
    today, planned = plan.evaluate(CURVES, NOW), plan.evaluate(CURVES, spend)
    return SimpleNamespace(aim=aim_of(plan, CURVES), now=today, planned=planned)


@pytest.mark.parametrize("lower_is_better", [False, True])
def test_promises_too_good_by_a_known_ratio_come_out_right(lower_is_better: bool) -> None:
    rng = np.random.default_rng(7)
    known = Experience(1.3, 1.0, 1.0, 1.0, 1.0, wider=1.4)
    sign, held, off = -1.0 if lower_is_better else 1.0, [], []
    shape = rng.standard_normal(4000)
    for _ in range(1500):
        truth, spread = rng.normal(sign * 2.0, 3.0), rng.lognormal(0.0, 1.0)
        promised = 1.3 * truth + 1.4 * spread * rng.standard_normal()
        found = known.corrected(promised, promised + spread * shape, lower_is_better)
        held.append(found.change.low <= truth <= found.change.high)
        off.append((found.change.point - truth) / spread)
        assert found.probability_better == pytest.approx(norm.cdf(sign * promised / 1.4 / spread), abs=0.03)
    assert np.mean(held) == pytest.approx(0.9, abs=0.025)
    assert np.mean(off) == pytest.approx(0.0, abs=0.1)


def test_a_corrected_improvement_stands_wherever_the_plain_one_does(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    assert run.plan is not None
    assert run.worth is not None
    found = Corrected(Estimate(-1.25, -3.5, 0.75), 0.71)
    run = replace(run, worth=replace(run.worth, corrected=found))
    assert run.worth is not None
    view = WORTH.view(run)
    assert view is not None
    assert (view["worth"]["corrected"]["change"], view["worth"]["corrected"]["better"]) == (found.change, chance(0.71))
    (slide,) = (one for one in five_slides(run, run.plan, run.worth).slides if "against today's spend" in one.title)
    assert slide.grid is not None
    assert slide.grid.rows[-1][-2:] == ("−1.25 (−3.50 to +0.750)", chance(0.71))
    sheet = load_workbook(io.BytesIO(workbook(run, run.plan, run.worth.worth)))["Decision"]
    (row,) = (row for row in sheet.iter_rows(values_only=True) if row[0] == "The aim, corrected by experience")
    assert row[3:7] == (-1.25, -3.5, 0.75, chance(0.71))
    runs = long_tables(run, run.plan, run.worth, "one")["runs"].iloc[0]
    assert [runs[f"aim_change_corrected{end}"] for end in ("", "_low", "_high")] == [-1.25, -3.5, 0.75]
    assert runs["probability_better_corrected"] == 0.71
    plain = next(one for one in DECISION.view(run)["decision"].cards if one.label == "Beats today's spend")  # type: ignore[index]
    assert (plain.figure, chance(run.worth.worth.open_figure.probability_better) in plain.detail) == (
        chance(0.71),
        True,
    )


def test_a_promise_without_doubt_keeps_none_and_units_do_not_matter() -> None:
    known = experience_of("customers")
    assert known is not None
    sure = known.corrected(5.0, np.full(100, 5.0), False)
    assert sure.change.point == sure.change.low == sure.change.high == 5.0 / known.ratio
    assert sure.probability_better == 1.0
    draws = np.random.default_rng(1).gamma(2.0, 3.0, 500) - 2.0
    one = known.corrected(float(draws.mean()), draws, False)
    other = known.corrected(-1e6 * float(draws.mean()), -1e6 * draws, True)
    assert other.probability_better == one.probability_better
    assert -1e-6 * other.change.point == pytest.approx(one.change.point)
    assert (-1e-6 * other.change.high, -1e-6 * other.change.low) == pytest.approx((one.change.low, one.change.high))


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, ()),
        ({"explore": True}, ("explores",)),
        ({"risk": {"worst": 0.2}, "raise_riders": True}, ("raises riders", "worst cases")),
        ({"robust": True}, ("hidden demand",)),
        ({"every_channel": {"fee": 5}}, ("fees",)),
        ({"new_channels": {"podcast": {"like": "tv", "at_most": 5}}}, ("without history",)),
        ({"rivals": None}, ("one reading",)),
        ({"markets": ("DE", "FR")}, ("between markets",)),
        ({"markets": ("DE",)}, ()),
    ],
    ids=str,
)
def test_experience_is_told_only_of_what_was_measured(keys: dict[str, Any], told: tuple[str, ...]) -> None:
    rivals, markets = keys.get("rivals", ()), Markets(keys.get("markets", ("all",)), (), {})
    keys = {key: value for key, value in keys.items() if key not in {"rivals", "markets"}}
    section = PlanSection.model_validate({"maximize": "customers", **keys})
    asked = build_plan(section, pd.Series(NOW), 0.0, 1.0)
    planned = SimpleNamespace(plan=asked, riders=SimpleNamespace(untested={"search": "the log"}))
    inputs = SimpleNamespace(markets=markets)
    run: Any = SimpleNamespace(config=SimpleNamespace(plan=section), plan=planned, rivals=rivals, inputs=inputs)
    beside = beside_defaults(run)
    assert len(beside) == len(told)
    assert all(part in text for part, text in zip(told, beside, strict=True))
    found = worth(Plan(maximize=Customers(), now=NOW), CURVES, {"tv": 300.0, "search": 500.0})
    text = experience(found, "customers", "EUR", beside)
    assert ("simulated companies" in text) == (not told)
    assert all(part in text for part in told)


def test_no_chance_stands_alone_where_a_flat_cut_has_it_too() -> None:
    plan = Plan(minimize=BlendedCAC(organic=100.0), now=NOW)
    for share in (0.98, 0.9, 0.5, 1.1):
        spend = {channel: share * amount for channel, amount in NOW.items()}
        found = worth(plan, CURVES, spend)
        assert "flat" in verdict(found, "blended CAC", share - 1)
        assert np.isnan(found.naive[0].rival.probability_better)  # the plan is the flat change: nothing beats itself


def point(channel: str, moved: float, probability: float) -> TippingPoint:
    return TippingPoint(channel, 100.0, 100.0 + moved, 0.8, probability)


def test_large_moves_that_likely_turn_around_are_named() -> None:
    points = (
        point("tv", 50.0, 0.4),
        point("radio", -5.0, 0.49),
        point("search", -60.0, 0.1),
        point("social", 40.0, np.nan),
    )
    found = _turning(points, 1000.0)
    assert not found.passed
    assert found.channels == ("tv",)
    assert found.value == pytest.approx(0.4)
    assert _turning(points[1:], 1000.0).passed
    assert _turning((), 1000.0).passed


@pytest.mark.parametrize(
    ("value", "text"), [(3.0, "+3.0"), (-3.0, "−3.0"), (0.0, "0"), (0.04, "0"), (np.nan, "–"), (1500.0, "+1,500")]
)
def test_changes_carry_their_sign(value: float, text: str) -> None:
    from attribution.numbers import count

    assert signed(count)(value) == text


def test_tests_of_words_need_todays_spend() -> None:
    with pytest.raises(BadInput):
        worth(Plan(maximize=Customers()), CURVES, NOW)


@pytest.mark.parametrize("most", [5.0, 1e6])
@pytest.mark.parametrize("least", [5.0, 1e6])
def test_months_are_said_once_and_of_what_comes_back(most: float, least: float) -> None:
    flow = np.array([[10.0, 0.0, 0.0]] * 3 + [[0.0, 0.0, 0.0]])

    def channel(name: str, cac: float, ratio: float) -> ChannelWorth:
        one, back = Estimate.exact(ratio), payback(cac, flow)
        return ChannelWorth(name, one, 0.0, one, one, 0.0, back, back)

    made: Any = SimpleNamespace(
        economics=SimpleNamespace(channels=(channel("tv", most, 3), channel("search", least, 1)))
    )
    for said, cac in zip(worth_line(made).split("; "), (most, least), strict=True):
        assert said.count("months") == 1
        assert said.rstrip(".").endswith("0.5 (0.5 to never) months" if cac < 10 else "never within 3 months")
