"""Riders on demand are held: who says so, what gives way, what lifts the hold, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution import Journeys, intent_riders
from attribution.errors import InfeasiblePlan
from attribution.findings import Finding
from optimizer import Budget, Channel, Customers, Plan
from optimizer.planning.file.config import read_config
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.outputs.doubts import failed
from optimizer.planning.outputs.sections.channels import reason
from optimizer.planning.run import run_plan
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.riders import Riders, held_channels, hold_finding, on_weeks_alone, remedy, riders_of

QUARTER = Path(__file__).resolve().parents[2] / "examples" / "quarter"
NOW = pd.Series({"tv": 100_000.0, "brand": 20_000.0, "search": 50_000.0})
CURVES = mmm.ResponseCurves(
    {name: mmm.curves.Hill(spend / 40, 1.5 * spend, 1.0) for name, spend in {**NOW, "brand": 60_000.0}.items()}
)


def section(**keys: object) -> PlanSection:
    return PlanSection.model_validate({"maximize": "customers", **keys})


def solved(*constraints: object) -> object:
    plan = Plan(maximize=Customers(), subject_to=[Budget(exactly=float(NOW.sum())), *constraints], now=NOW)
    return plan.solve(CURVES, gap=1e-6)


def follows(*channels: str) -> Finding:
    return Finding("follows_demand", not channels, 1.2, 1.0, "", channels)


# nothing but weeks


def test_what_is_raised_without_a_log_or_a_test_is_named_the_largest_raise_first() -> None:
    tests = [mmm.LiftTest("search", "2026-01-05", "2026-02-01", -1.0, -100.0, 20.0)]
    blind = [mmm.LiftTest("search", "2026-01-05", "2026-02-01", -1.0, -10.0, 20.0)]
    allocation = SimpleNamespace(spend=pd.Series({"tv": 99_000.0, "brand": 45_000.0, "search": 90_000.0}))

    def raised(seen: list[mmm.LiftTest], others: tuple[str, ...] = ()) -> Finding:
        return on_weeks_alone(allocation, NOW, seen, others)

    assert raised([]).channels == ("search", "brand")
    assert "Test search before" in raised([]).text
    assert raised(tests).channels == ("brand",)
    assert raised(blind).channels == ("search", "brand")
    assert raised([], ("search", "tv")).channels == ("brand",)  # a log that does not see it says nothing of it
    assert raised([], ("search", "brand")).passed
    allocation.spend = NOW * 1.004
    assert raised([]).passed


# who rides


def test_log_model_and_file_are_heard_and_a_test_outweighs_them() -> None:
    log = [
        Finding("intent_rider: brand", False, 2.0, 1.0, "brand may ride on existing intent: it stands late. Its credit", ("brand",)),
        Finding("intent_rider: tv", True, 0.0, 1.0, "tv has no mark of riding on intent."),
        Finding("intent_rider: coupons", False, 2.0, 1.0, "coupons may ride on existing intent: x. Its credit", ("coupons",)),
    ]  # fmt: skip
    stated = Finding("rides_on", False, 1.0, 0.0, "", ("brand",))
    other = Finding("collinear", False, 0.95, 0.9, "", ("tv", "search"))
    test = mmm.LiftTest("search", "2026-01-05", "2026-02-01", -1.0, -100.0, 20.0)
    found = riders_of([*log, stated, other, follows("search")], list(NOW.index), [test])
    assert set(found.untested) == {"brand"}
    assert "in the path log it stands late; the plan file says that it rides on others" in found.untested["brand"]
    assert found.tested == ("search",)


# what is held, and what gives way


def test_a_hold_is_today_s_spend_a_floor_above_it_wins_and_a_most_above_it_gives_way() -> None:
    def most(**keys: object) -> dict[str, float]:
        held = held_channels({"brand": "x"}, section(**keys), NOW)
        return {one.note: one.at_most for one in held}

    assert most() == {"": 20_000}
    assert most(every_channel={"at_most": "+50%"}) == {"the plan file's at_most of 30,000 gives way": 20_000}
    assert most(channels={"brand": {"at_most": "-10%"}}) == {"": 20_000}
    assert most(channels={"brand": {"at_least": 25_000}}) == {"the plan file's floor of 25,000 wins": 25_000}
    assert most(channels={"brand": {"zero_or_at_least": 25_000}}) == {"the plan file's floor of 25,000 wins": 25_000}
    assert most(channels={"brand": {"fixed": "+50%"}}) == {}
    assert most(raise_riders=True) == {}


@pytest.mark.parametrize("seed", range(8))
def test_held_channels_are_never_raised_and_may_be_lowered(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"c{place}" for place in range(5)]
    now = pd.Series(rng.uniform(1e4, 1e5, 5).round(), index=names)
    curves = mmm.ResponseCurves({c: mmm.curves.Hill(rng.uniform(100, 3000), rng.uniform(1e4, 2e5)) for c in names})
    chosen = [c for c in names if rng.random() < 0.5] or names[:1]
    held = held_channels(dict.fromkeys(chosen, "x"), section(every_channel={"at_most": "+80%"}), now)
    limits = [Budget(at_most=float(now.sum())), *(Channel(c).relative(0.2, 1.8) for c in names)]
    free = Plan(maximize=Customers(), subject_to=limits, now=now).solve(curves)
    kept = Plan(maximize=Customers(), subject_to=[*limits, *(one.constraint for one in held)], now=now).solve(curves)
    assert (kept.spend[chosen] <= now[chosen] * (1 + 1e-9)).all()
    assert kept.value <= free.value * (1 + 1e-3)


def test_the_finding_names_channels_reasons_price_and_the_test_that_ends_it() -> None:
    held = held_channels({"brand": "in the path log it stands late"}, section(), NOW)
    found = solved(*(one.constraint for one in held))
    told = hold_finding(Riders({"brand": held[0].because}), held, found, NOW)
    assert not told.passed
    assert told.channels == ("brand",)
    for words in (
        "brand (in the path log it stands late)",
        "brand at most 20,000: raising it by 100 adds",
        "lift test",
    ):
        assert words in told.text
    price = found.price_of(held[0].limit)
    step = solved(Channel("brand").at_most(20_100.0)).value - found.value
    assert price * 100 == pytest.approx(step, rel=0.02)
    assert "plan.raise_riders" in remedy(held)
    assert remedy(()) == ""


def test_a_held_rider_is_warned_of_once_and_one_that_is_not_held_by_its_log() -> None:
    held = held_channels({"brand": "x"}, section(), NOW)
    findings = [
        Finding("riders_held", False, 1.0, 0.0, "Held: brand", ("brand",)),
        *(Finding(f"intent_rider: {name}", False, 2.0, 1.0, name, (name,)) for name in ("brand", "tv")),
        Finding("r_hat", True, 1.0, 1.01, "fine"),
    ]
    run: Any = SimpleNamespace(plan=SimpleNamespace(held=held), findings=findings)
    assert [finding.name for finding in failed(run)] == ["riders_held", "intent_rider: tv"]
    run = SimpleNamespace(plan=None, findings=findings)
    assert [finding.name for finding in failed(run)] == ["riders_held", "intent_rider: brand", "intent_rider: tv"]


def test_riders_raised_by_the_file_s_word_are_said_and_nobody_is_no_complaint() -> None:
    free = solved()
    assert free.spend["brand"] > NOW["brand"]
    raised = hold_finding(Riders({"brand": "x"}), (), free, NOW)
    assert not raised.passed
    assert raised.channels == ("brand",)
    assert "Raised, as the plan file says" in raised.text
    nobody = hold_finding(Riders({}, ("brand",)), (), free, NOW)
    assert nobody.passed
    assert "lift test has measured brand" in nobody.text


# the run


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """Plans the shipped quarter with some lines of its file changed; the fit is shared where the model is."""
    folder = tmp_path_factory.mktemp("quarter")
    text = (QUARTER / "plan.yaml").read_text(encoding="utf-8")
    for path in (*QUARTER.glob("*.csv"), *QUARTER.glob("*.parquet")):
        (folder / path.name).symlink_to(path)

    def planned(*pairs: tuple[str, str], goal: str = "optimize", out: str = "out") -> Run:
        changed = text.replace(
            "season: {order: 2}",
            "season: {order: 2}\n  draws: 300\n  tune: 300\n  accept_unconverged: true\n  sensitivity: false\n  rivals: false\n  time_budget: 0.001",
        )
        for old, new in pairs:
            assert old in changed
            changed = changed.replace(old, new, 1)
        (folder / "plan.yaml").write_text(changed, encoding="utf-8")
        return run_plan(folder / "plan.yaml", out=folder / out, goal=goal)[0]

    return planned


@cache
def marked() -> frozenset[str]:
    log = Journeys.from_touchpoints(
        str(QUARTER / "touchpoints.parquet"), conversions=str(QUARTER / "conversions.parquet"), lookback="30D"
    )
    return frozenset(channel for one in intent_riders(log) if not one.passed for channel in one.channels)


def rises(run: Run) -> set[str]:
    assert run.plan is not None
    return {row.channel for row in run.plan.rows if row.planned > row.now * (1 + 1e-6)}


@pytest.mark.long
def test_the_shipped_quarter_holds_what_its_log_marks_in_plan_and_what_ifs(quarter: Callable[..., Run]) -> None:
    run = quarter(goal="what-if")
    assert run.plan is not None
    assert marked() >= {"brand_search", "affiliate"}
    assert {one.channel for one in run.plan.held} == marked()
    assert not rises(run) & marked()
    for scenario in run.scenarios:
        if scenario.outcome is not None:
            assert (scenario.outcome.spend[list(marked())] <= run.plan.now.spend[list(marked())] * (1 + 1e-6)).all()
    told = next(one for one in run.findings if one.name == "riders_held")
    assert set(told.channels) == marked()
    row = next(row for row in run.plan.rows if row.channel == "brand_search")
    assert row.limit == "held"
    assert "not raised, for it may ride on demand" in reason(row, run.plan.rows, 100.0, "EUR", "customers")


@pytest.mark.long
def test_the_plan_file_s_word_or_a_lift_test_lets_them_rise(quarter: Callable[..., Run]) -> None:
    free = quarter(("  weeks: 13", "  weeks: 13\n  raise_riders: true"))
    assert rises(free) & marked()
    found = free.plan
    assert found is not None
    assert not found.held
    told = next(one for one in free.findings if one.name == "riders_held")
    assert set(told.channels) == rises(free) & marked()


@pytest.mark.long
def test_a_lift_test_frees_its_channel_alone(quarter: Callable[..., Run], tmp_path: Path) -> None:
    table = tmp_path / "lift_tests.csv"
    rows = [
        "channel,start,end,spend_change,customers_gained,standard_error",
        "brand_search,2026-03-02,2026-03-29,-1,-200,40",
    ]
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    run = quarter(("lift_tests: {path: lift_tests.csv}", f"lift_tests: {{path: {table}}}"), out="tested")
    assert run.plan is not None
    assert {one.channel for one in run.plan.held} == marked() - {"brand_search"}
    told = next(one for one in run.findings if one.name == "riders_held")
    assert "A lift test has measured brand_search" in told.text


@pytest.mark.long
def test_what_the_file_says_of_riders_holds_without_a_log(quarter: Callable[..., Run]) -> None:
    text = (QUARTER / "plan.yaml").read_text(encoding="utf-8")
    log = text[text.index("  touchpoints:") : text.index("  cohorts:")]
    stated = (
        "  holidays: DE",
        "  rides_on: {online_video: [tv, organic]}\n  demand: control_functions\n  holidays: DE",
    )
    run = quarter((log, ""), stated, out="stated")
    assert run.plan is not None
    assert run.posterior is not None
    assert {one.channel for one in run.plan.held} == {"online_video"}
    assert "online_video" not in rises(run)
    assert next(one for one in run.findings if one.name == "rides_on").channels == ("online_video",)
    assert run.posterior.model.demand is not None


def test_a_promise_that_no_hold_keeps_from_being_kept_speaks_of_none(quarter: Callable[..., Run]) -> None:
    with pytest.raises(InfeasiblePlan, match="customers are attainable without it") as caught:
        quarter(("customers: {at_least: +0%}", "customers: {at_least: +60%}"))
    assert "raise_riders" not in str(caught.value)


# the file


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("rides_on: {brand_serch: [tv]}", "model.rides_on.brand_serch: unknown channel 'brand_serch'. Did you mean 'brand_search'?"),
        ("rides_on: {brand_search: [tvv]}", "model.rides_on.brand_search.0: unknown channel 'tvv'. Did you mean 'tv'?"),
        ("rides_on: {brand_search: [organc]}", "Did you mean 'organic'?"),
        ("rides_on: {brand_search: []}", "model.rides_on.brand_search"),
        ("rides_on: {brand_search: [brand_search]}", "rides on itself"),
        ("demand: control_function", "Did you mean 'control_functions'?"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_file_and_line(tmp_path: Path, line: str, words: str) -> None:
    text = (QUARTER / "plan.yaml").read_text(encoding="utf-8").replace("  holidays: DE", f"  {line}")
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"plan.yaml:\d+: ") as caught:
        read_config(tmp_path / "plan.yaml")
    assert words in str(caught.value)


def test_organic_and_channels_without_spend_may_be_ridden_on(tmp_path: Path) -> None:
    text = (QUARTER / "plan.yaml").read_text(encoding="utf-8")
    text = text.replace("  upcoming:", "    organic: [newsletter]\n  upcoming:", 1)
    text = text.replace("  holidays: DE", "  rides_on: {brand_search: [tv, newsletter, organic]}")
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    config, _ = read_config(tmp_path / "plan.yaml")
    assert config.model.rides_on == {"brand_search": ["tv", "newsletter", "organic"]}
