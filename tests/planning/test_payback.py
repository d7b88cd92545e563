"""`payback` of the plan file: what it caps, against sums by hand and a grid; where it is refused; what outputs say of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.economics import Terms, customer_values, read_cohorts
from attribution.errors import BadInput
from optimizer.planning.check import check_plan
from optimizer.planning.file.assemble import build_plan
from optimizer.planning.file.config import read_config
from optimizer.planning.file.keys.plan import PLAN_ITSELF, PlanSection, Scenario
from optimizer.planning.file.markets import Markets
from optimizer.planning.file.payback import Earned, as_asked, caps_of
from optimizer.planning.file.scenarios import what_if
from optimizer.planning.inputs.inputs import Inputs
from optimizer.planning.stages.backs import backs, in_time
from optimizer.planning.stages.next_tests import worth_of
from optimizer.question.groups import AverageCAC
from optimizer.uncertainty.value_of_tests import LiftTest

CHANNELS = ["tv", "search", "social"]
STAY = {"tv": 0.7, "search": 0.9, "social": 0.8}
RNG = np.random.default_rng(1)
CURVES = mmm.ResponseCurves(
    {
        name: mmm.curves.Hill(top * np.exp(RNG.normal(0, 0.2, 200)), half, 1)
        for name, top, half in (("tv", 1500, 60_000), ("search", 1400, 20_000), ("social", 800, 30_000))
    }
)
NOW = pd.Series({"tv": 60_000.0, "search": 20_000.0, "social": 20_000.0})
ORGANIC = RNG.normal(2000, 50, 200)


def table(per_head: float = 20.0) -> pd.DataFrame:
    rows = [
        (f"2025-{month:02d}-01", name, age, round(4000 * stay**age))
        for name, stay in STAY.items()
        for month in range(1, 9)
        for age in range(10 - month)
    ]
    return pd.DataFrame(rows, columns=["month", "channel", "age", "active"]).assign(
        margin=lambda frame: per_head * frame["active"]
    )


@pytest.fixture(scope="module")
def values() -> Any:
    return customer_values(read_cohorts(table()), Terms(horizon=24, discount_rate=0.3), draws=300)


def config_of(plan: dict[str, Any], *scenarios: dict[str, Any]) -> Any:
    """As much of a plan file as payback looks at."""
    whole = PlanSection.model_validate({"minimize": "blended_cac", "fixed_cost": 100_000, "gap": 1e-5, **plan})
    weekly = SimpleNamespace(channels=CHANNELS)

    def copied(config: Any, update: dict[str, Any]) -> Any:
        made = SimpleNamespace(**{**vars(config), **update})
        made.model_copy = lambda update: copied(made, update)
        return made

    asked = [Scenario.model_validate(one) for one in scenarios]
    own = SimpleNamespace(
        plan=whole, scenarios=asked, data=SimpleNamespace(weekly=weekly), currency="EUR", outcome="customers"
    )
    return copied(own, {})


def one_market() -> Markets:
    return Markets(("all",), tuple(CHANNELS), {name: (name, "all") for name in CHANNELS})


def test_the_margin_so_far_is_what_cohorts_show_and_is_not_discounted(values: Any) -> None:
    earned = Earned.of(values, config_of({}))
    assert earned is not None
    for name, stay in STAY.items():
        by_hand = 20 * (1 - stay**6) / (1 - stay)  # ages 0 to 5 were all seen
        assert earned.within(name, 6) == pytest.approx(by_hand, rel=0.02)
    assert earned.within("tv", 24) > values.value("tv").mean()


@pytest.mark.parametrize("months", [3, 6])
def test_no_spend_of_a_grid_pays_back_in_time_and_does_better(values: Any, months: int) -> None:
    config = config_of({"maximize": "customers", "minimize": None, "budget": {"at_most": "+0%"}, "payback": months})
    earned = Earned.of(values, config)
    assert earned is not None
    section = as_asked(config, earned, one_market()).plan
    plan = build_plan(section, NOW, ORGANIC, 0.0)
    best = plan.solve(CURVES, 1e-4)
    grid = np.linspace(0, 100_000, 41)
    keeps, won = [], []
    for name in CHANNELS:
        cap, mean = earned.within(name, months), np.array([float(np.mean(CURVES[name](spend))) for spend in grid])
        assert best.spend[name] <= cap * float(np.mean(CURVES[name](best.spend[name]))) * (1 + 1e-6)
        keeps.append(grid <= cap * mean)
        won.append(mean)
    spent, brought = (np.add.outer(np.add.outer(one[0], one[1]), one[2]) for one in ([grid] * 3, won))
    kept = np.einsum("i,j,k->ijk", *keeps) & (spent <= NOW.sum())
    most = brought[kept].max() + ORGANIC.mean()
    assert 0.97 * best.customers <= most <= best.bound * (1 + 1e-9)


def test_a_lower_cap_of_the_file_stays_and_a_fixed_channel_has_none(values: Any) -> None:
    limits = {"tv": {"max_cac": 5}, "search": {"fixed": 10_000}, "social": {"max_cac": 1e6, "at_most": "+50%"}}
    config = config_of({"channels": limits, "every_channel": {"max_cac": 30, "at_least": 10}, "payback": 6})
    earned = Earned.of(values, config)
    assert earned is not None
    channels = as_asked(config, earned, one_market()).plan.channels
    assert (channels["tv"].max_cac, channels["search"].max_cac) == (5, None)
    assert channels["social"].max_cac == pytest.approx(earned.within("social", 6))
    assert channels["tv"].at_least is None  # that of every channel goes on
    everywhere = config_of({"every_channel": {"max_cac": 30}, "payback": 24})
    assert as_asked(everywhere, earned, one_market()).plan.channels["search"].max_cac == 30


def test_a_what_if_asks_what_a_plan_with_its_payback_does(values: Any) -> None:
    config = config_of(
        {"payback": 6},
        {"name": "longer", "payback": 12},
        {"name": "none", "instead": {"payback": None}},
        {"name": "own limits", "instead": {"channels": {"tv": {"at_most": "+10%"}}}},
    )
    earned = Earned.of(values, config)
    assert earned is not None
    own = as_asked(config, earned, one_market())
    longer, none, limited = (scenario.section(own.plan) for scenario in own.scenarios)
    assert longer.channels == as_asked(config_of({"payback": 12}), earned, one_market()).plan.channels
    assert none.channels == {}
    assert limited.channels["tv"].max_cac == pytest.approx(earned.within("tv", 6))
    assert str(limited.channels["tv"].at_most) == "+10%"


def test_a_programme_of_a_what_if_is_held_to_its_payback_and_limits(values: Any) -> None:
    """As one of the plan's own would be: by the scenario's months, by the plan's, and by what holds for every channel."""
    keys = {"customers": 20_000, "capacity": 9_000, "tiers": [{"reward": 30, "share": 0.3, "each": 1}]}
    steep = {**keys, "tiers": [*keys["tiers"], {"reward": 400, "share": 0.5, "each": 1}]}
    most = {"maximize": "customers", "minimize": None, "budget": {"at_most": "+3000%"}, "payback": 6}
    asked: list[dict[str, Any]] = [
        {"name": "as the plan", "referral": steep},
        {"name": "longer", "referral": steep, "payback": 12},
        {"name": "free", "referral": steep, "instead": {"payback": None}},
        {"name": "capped", "referral": steep, "instead": {"payback": None, "every_channel": {"max_cac": 45}}},
    ]
    config = config_of(most, *asked)
    earned = Earned.of(values, config)
    assert earned is not None
    assert "referral" not in earned.so_far
    own = as_asked(config, earned, one_market())
    costs = []
    for scenario in own.scenarios:
        section = scenario.section(own.plan)
        plan, curves = what_if(scenario, section).applied(build_plan(section, NOW, ORGANIC, 1.0), CURVES)
        best = plan.solve(curves, 1e-4)
        costs.append(best.spend["referral"] / float(np.mean(curves["referral"](best.spend["referral"]))))
    six, twelve = (earned.within("referral", months) for months in (6, 12))
    assert costs[:2] == pytest.approx([six, twelve], rel=1e-3)
    assert costs[2] > 1.5 * twelve
    assert costs[3] == pytest.approx(45, rel=1e-3)


def test_of_several_markets_a_channel_pays_back_as_a_whole(values: Any) -> None:
    cells = {f"{name} @ {market}": (name, market) for name in CHANNELS for market in ("n", "s")}
    config = config_of({"payback": 6})
    earned = Earned.of(values, config)
    assert earned is not None
    section = as_asked(config, earned, Markets(("n", "s"), tuple(CHANNELS), cells)).plan
    parts = build_plan(section, pd.Series(1000.0, list(cells)), 0.0, 1.0).subject_to
    capped = {part.members: part.at_most for part in parts if isinstance(part, AverageCAC)}
    assert capped == {(f"{name} @ n", f"{name} @ s"): pytest.approx(earned.within(name, 6)) for name in CHANNELS}


def test_who_has_earned_nothing_by_then_is_named(values: Any) -> None:
    earned = Earned(1, {"tv": (-5.0, -3.0), "search": (0.0, 4.0), "social": (1.0, 4.0)})
    with pytest.raises(BadInput, match="1 month, and customers of tv, search have earned nothing by then"):
        caps_of(config_of({"payback": 1}).plan, earned)
    with pytest.raises(BadInput, match="customers of tv have"):
        caps_of(config_of({"payback": 2}).plan, earned)


def run_of(values: Any, spend: pd.Series, config: Any, **answers: Any) -> Any:
    plan = build_plan(config.plan, NOW, ORGANIC, 1.0)
    planned = plan.evaluate(CURVES, spend)
    results = tuple(SimpleNamespace(name=one.name, outcome=planned) for one in config.scenarios)
    inputs = Inputs(None, None, None, None, (), (), (), customer_values=values)
    return SimpleNamespace(config=config, plan=SimpleNamespace(planned=planned), scenarios=results, inputs=inputs)


def test_the_money_is_back_when_margin_of_all_has_paid_for_all(values: Any) -> None:
    config = config_of({"payback": 6}, {"name": "thin", "value_per_customer": "-50%"})
    run = run_of(values, NOW, config)
    known = backs(run, values)
    won = run.plan.planned.paid
    flow = sum(np.resize(won[name].to_numpy(), 300)[:, None] * values.flow(name) for name in CHANNELS)
    for name, share in ((PLAN_ITSELF, 1.0), ("thin", 0.5)):
        months = [np.interp(NOW.sum(), np.r_[0, np.cumsum(share * own)], np.arange(25)) for own in flow]
        assert known[name].months.point == pytest.approx(np.median(months), rel=0.01)
    (finding,) = in_time(run, values)
    likely = {
        name: np.mean(np.resize(won[name], 300) * values.flow(name)[:, :6].sum(axis=1) >= NOW[name])
        for name in CHANNELS
    }
    assert finding.value == pytest.approx(min(likely.values()))
    assert in_time(run_of(values, NOW, config_of({})), values) == ()


def test_a_thinner_margin_moves_payback_where_the_plan_does_not_look_at_it(values: Any) -> None:
    scenario = Scenario.model_validate({"name": "thin", "value_per_customer": "-20%"})
    section = config_of({}).plan
    assert what_if(scenario, section, worth={}).parts == ()
    with pytest.raises(BadInput, match="nothing in the plan depends"):
        what_if(scenario, section)
    amount = Scenario.model_validate({"name": "thin", "value_per_customer": 80})
    by_table = config_of({"maximize": "npv", "minimize": None}).plan
    with pytest.raises(BadInput, match="change them by a percentage"):
        what_if(amount, by_table, worth={})


def test_tests_have_a_worth_beside_caps_on_the_cac(values: Any) -> None:
    plan = build_plan(config_of({"channels": {"tv": {"max_cac": 90}}}).plan, NOW, ORGANIC, 1.0)
    today = plan.evaluate(CURVES, NOW)
    result: Any = SimpleNamespace(
        plan=plan,
        curves=CURVES,
        planned=today,
        now=today,
        held=(),
        tried=(),
        organic=SimpleNamespace(predicted=ORGANIC),
    )
    assert worth_of(result, {"tv": LiftTest(-1.0, 0.3, 30.0)})["value"].iloc[0] >= 0


@pytest.mark.parametrize(
    ("plan", "rest", "said"),
    [
        ("  payback: 12\n", "", "payback needs data.cohorts or data.orders"),
        ("  payback: 40\n", "cohorts", "40 months exceed economics.horizon, 36"),
        ("  payback: 0\n", "cohorts", "greater than or equal to 1"),
        ("  payback: 4\n", "quarters", "ages of data.cohorts are of 3 months, and 4 ends within one"),
        ("", "cohorts\nscenarios:\n  - {name: a, payback: 99}\n", "99 months exceed"),
        ("", "cohorts\nscenarios:\n  - {name: a, payback: 3, instead: {payback: 4}}\n", "keep one of them"),
        ("  payback: 6\n", "money", "payback is of customers, and one unit of the KPI is EUR of revenue"),
    ],
)
def test_a_payback_that_cannot_be_asked_is_refused_on_its_line(starter: Path, plan: str, rest: str, said: str) -> None:
    text = starter.read_text(encoding="utf-8")
    kind, _, scenarios = rest.partition("\n")
    if kind:
        period = ", period: quarter" if kind == "quarters" else ""
        text = text.replace("  upcoming: up", f"  cohorts: {{path: cohorts.csv{period}}}\n  upcoming: up")
    if scenarios:
        text = text[: text.index("\nscenarios:")] + "\n" + scenarios
    text = text.replace("outcome: customers", "outcome: EUR of revenue") if kind == "money" else text
    starter.write_text(text.replace("\nplan:\n", f"\nplan:\n{plan}"), encoding="utf-8")
    with pytest.raises(BadInput) as raised:
        read_config(starter)
    (line,) = str(raised.value).splitlines()
    number = int(line.split("plan.yaml:")[1].split(":")[0])
    assert said in line
    assert "payback" in starter.read_text(encoding="utf-8").splitlines()[number - 1]


def test_what_a_check_says_of_a_payback_too_short(starter: Path) -> None:
    frame = table().replace({"channel": {"search": "generic_search", "social": "paid_social"}})
    frame = frame.assign(active=frame["active"] // 40)
    frame["margin"] = np.where(frame["age"] == 0, -60.0, 40.0) * frame["active"]
    frame.to_csv(starter.parent / "cohorts.csv", index=False)
    text = starter.read_text(encoding="utf-8").replace(
        "  upcoming: up", "  cohorts: {path: cohorts.csv, negative_margins: true}\n  upcoming: up"
    )
    starter.write_text(text.replace("\nplan:\n", "\nplan:\n  payback: 1\n"), encoding="utf-8")
    with pytest.raises(BadInput, match="have earned nothing by then"):
        check_plan(starter)
