"""Limits of the plan file: each key gives the plan that the Python objects give, and every misfit is named by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput
from optimizer import (
    BlendedCAC,
    Budget,
    Change,
    Channel,
    Constraint,
    Customers,
    Fee,
    Group,
    Plan,
    Profit,
    WeightedSpend,
)
from optimizer.planning.file.assemble import build_plan
from optimizer.planning.file.config import read_config
from optimizer.planning.file.document import Document
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.file.misfits import misfits_of_today

NOW = pd.Series({"tv": 100_000.0, "search": 40_000.0, "social": 30_000.0})
ORGANIC = np.array([2000.0, 2200.0])
H = mmm.curves.Hill
CURVES = mmm.ResponseCurves({"tv": H(900, 60_000, 1), "search": H(500, 20_000, 1), "social": H(400, 40_000, 2)})
EVERY = {"every_channel": {"at_most": "+100%"}}
TOPS = [Channel(name).at_most(2 * NOW[name]) for name in NOW.index]

CASES: list[tuple[dict[str, Any], list[Constraint]]] = [
    ({"channels": {"tv": {"max_cac": 120}}}, [Channel("tv").cac_at_most(120)]),
    ({"groups": {"new": {"channels": ["search", "social"], "max_cac": 80}}},
     [Group("new", ["search", "social"]).cac_at_most(80)]),
    ({"channels": {"tv": {"max_marginal_cac": 200}}}, [Channel("tv").marginal_cac_at_most(200)]),
    ({"groups": {"new": {"channels": ["search", "social"], "max_marginal_cac": 150}}},
     [Channel("search").marginal_cac_at_most(150), Channel("social").marginal_cac_at_most(150)]),
    ({"value_per_customer": 400, "channels": {"tv": {"target_roas": 2}}}, [Channel("tv").marginal_cac_at_most(200)]),
    ({"value_per_customer": 300, "groups": {"new": {"channels": ["search", "social"], "target_roas": 2.5}}},
     [Channel("search").marginal_cac_at_most(120), Channel("social").marginal_cac_at_most(120)]),
    ({"channels": {"tv": {"share": {"at_most": 0.4}}}}, [Channel("tv").share(at_most=0.4)]),
    ({"groups": {"new": {"channels": ["search", "social"], "share": {"at_least": 0.6, "at_most": 0.7}}}},
     [Group("new", ["search", "social"]).share(0.6, 0.7)]),
    ({"change": {"each": "±20%"}}, [Change(at_most=0.2)]),
    ({"change": {"total": 25_000}}, [Change(total=25_000)]),
    ({"change": {"each": "±30%", "total": 25_000}}, [Change(0.3, 25_000)]),
    ({"custom": {"co2": {"weights": {"tv": 0.2, "search": 0.01}, "at_most": 15_000}}},
     [WeightedSpend("co2", {"tv": 0.2, "search": 0.01}, at_most=15_000)]),
    ({"custom": {"co2": {"weights": {"tv": 0.2, "search": 0.01}, "at_most": "-40%"}}},
     [WeightedSpend("co2", {"tv": 0.2, "search": 0.01}, at_most=0.6 * 20_400)]),
    ({"custom": {"tv over social": {"weights": {"tv": -1, "social": 2}, "at_least": 60_000}}},
     [WeightedSpend("tv over social", {"tv": -1, "social": 2}, at_least=60_000)]),
]  # fmt: skip


def built(keys: dict[str, Any]) -> Plan:
    section = PlanSection.model_validate(keys)
    customers = float(np.mean(ORGANIC + CURVES.customers(NOW)))
    return build_plan(section, NOW, ORGANIC, customers)


def assert_same_plan(of_the_file: Plan, by_hand: Plan) -> None:
    theirs, ours = of_the_file.solve(CURVES, gap=1e-6), by_hand.solve(CURVES, gap=1e-6)
    assert theirs.value == pytest.approx(ours.value, rel=1e-5)
    assert not by_hand.missed(CURVES, theirs.spend)
    assert not of_the_file.missed(CURVES, ours.spend)


@pytest.mark.parametrize(("keys", "limits"), CASES, ids=[str(keys) for keys, _ in CASES])
def test_a_key_is_the_constraint_of_python_and_binds(keys: dict[str, Any], limits: list[Constraint]) -> None:
    file = {"maximize": "customers", "budget": {"at_most": "+0%"}, **EVERY, **keys}
    free = Plan(
        maximize=Customers(organic=ORGANIC), subject_to=[Budget(at_most=NOW.sum()), *TOPS], now=NOW
    )  # fmt: skip
    bound = free.replaced(subject_to=[*free.subject_to, *limits])
    assert_same_plan(built(file), bound)
    assert bound.missed(CURVES, free.solve(CURVES).spend), "the limit has to bind for the test to say anything"


def test_incremental_money_leaves_today_s_spend_where_it_is() -> None:
    floors = [Channel(name).at_least(NOW[name]) for name in NOW.index]
    for more, total in ((50_000, 220_000), ("+10%", 187_000)):
        by_hand = Plan(maximize=Customers(organic=ORGANIC), subject_to=[Budget(exactly=total), *floors], now=NOW)
        plan = built({"maximize": "customers", "incremental": more})
        assert_same_plan(plan, by_hand)
        spend = plan.solve(CURVES).spend
        assert spend.sum() == pytest.approx(total)
        assert (spend >= NOW * (1 - 1e-9)).all()


def test_values_by_channel_are_those_of_profit() -> None:
    worth = {"tv": 300.0, "search": 100.0, "social": 250.0}
    by_hand = Plan(maximize=Profit(worth, ORGANIC, value_per_organic=200.0), subject_to=TOPS, now=NOW)
    file = {"maximize": "profit", "value_per_customer": worth, "value_per_organic": 200, **EVERY}
    assert_same_plan(built(file), by_hand)


def test_own_limits_replace_those_of_every_channel_side_by_side() -> None:
    file = {
        "minimize": "blended_cac", "fixed_cost": 300_000,
        "every_channel": {"at_most": "+50%", "max_marginal_cac": 500, "share": {"at_most": 0.5}},
        "channels": {"tv": {"max_cac": 100, "share": {"at_most": 0.7}}, "search": {"fixed": "+0%"}},
    }  # fmt: skip
    limits = [
        Channel("tv").at_most(150_000), Channel("tv").cac_at_most(100), Channel("tv").marginal_cac_at_most(500),
        Channel("tv").share(at_most=0.7), Channel("search").fixed(40_000), Channel("social").at_most(45_000),
        Channel("social").marginal_cac_at_most(500), Channel("social").share(at_most=0.5),
    ]  # fmt: skip
    plan = built(file)
    assert set(plan.subject_to) == set(limits)
    assert_same_plan(plan, Plan(minimize=BlendedCAC(300_000, ORGANIC), subject_to=limits, now=NOW))


def test_fees_of_channels_and_groups_are_those_of_python() -> None:
    file = {
        "minimize": "blended_cac", "fixed_cost": 250_000,
        "every_channel": {"at_most": "+100%", "fee": 2_000},
        "channels": {"tv": {"fees": [{"above": 0, "fee": 3_000}, {"above": 50_000, "fee": 20_000}]}},
        "groups": {"agency": {"channels": ["search", "social"], "fees": [{"above": 60_000, "fee": 9_000}]}},
    }  # fmt: skip
    fees = [
        Fee("tv", "tv", [(0, 3_000), (50_000, 20_000)]), Fee("search", "search", [(0, 2_000)]),
        Fee("social", "social", [(0, 2_000)]), Fee("agency", ["search", "social"], [(60_000, 9_000)]),
    ]  # fmt: skip
    plan = built(file)
    assert plan.fees == tuple(fees)
    assert_same_plan(plan, Plan(minimize=BlendedCAC(250_000, ORGANIC), subject_to=TOPS, now=NOW, fees=fees))
    free = Plan(minimize=BlendedCAC(250_000, ORGANIC), subject_to=TOPS, now=NOW).solve(CURVES)
    assert plan.solve(CURVES).blended_cac < plan.evaluate(CURVES, free.spend).expected_cac


@pytest.mark.parametrize("seed", range(6))
def test_weighted_sums_hold_on_random_plans(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = dict(zip(NOW.index, rng.normal(0, 1, 3), strict=True))
    there = rng.uniform(0.2, 1.2, 3) * NOW
    figure = float(sum(weight * there[name] for name, weight in weights.items()))
    side = str(rng.choice(["at_least", "at_most"]))
    file = {"maximize": "customers", "budget": {"at_most": float(there.sum() * 1.1)}, **EVERY,
            "custom": {"own": {"weights": weights, side: figure}}}  # fmt: skip
    spend = built(file).solve(CURVES, gap=1e-4).spend
    total = sum(weight * spend[name] for name, weight in weights.items())
    slack = 1e-9 * max(abs(figure), sum(abs(weights[name]) * spend[name] for name in NOW.index))
    assert total <= figure + slack if side == "at_most" else total >= figure - slack
    grid = rng.dirichlet(np.ones(4), 20_000)[:, :3] * float(there.sum() * 1.1)
    grid = grid[(grid <= 2 * NOW.to_numpy()).all(axis=1)]
    sums = grid @ np.array([weights[name] for name in NOW.index])
    allowed = grid[sums <= figure if side == "at_most" else sums >= figure]
    won = sum(curve.mean(allowed[:, place]) for place, curve in enumerate(CURVES.values()))
    assert float(np.max(won)) <= float(CURVES.customers(spend).mean()) * (1 + 1e-4)


BASE = """\
name: Q4
data:
  weekly:
    path: weekly.csv
    spend: [tv, search]
plan:
  maximize: profit
  value_per_customer: 200
  budget: {at_most: +0%}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ("  value_per_customer: 200\n", "  value_per_customer: {tv: 200}\n", 8, "plan.value_per_customer: lacks search"),
        ("  value_per_customer: 200\n", "  value_per_customer: {tv: 200, search: 100}\n", 8, "needs plan.value_per_organic"),
        ("  value_per_customer: 200\n", "  value_per_customer: {tv: 200, serch: 100}\n", 8, "unknown channel 'serch'. Did you mean 'search'?"),
        ("  value_per_customer: 200\n", "  value_per_customer: 200\n  value_per_organic: 3\n", 9, "goes with value_per_customer by channel"),
        ("  maximize: profit\n  value_per_customer: 200\n", "  maximize: customers\n  channels:\n    tv: {target_roas: 2}\n", 9, "plan.channels.tv.target_roas: is value over cost and needs plan.value_per_customer"),
        ("  budget: {at_most: +0%}\n", "  channels: {tv: {target_roas: 2, max_marginal_cac: 3}}\n", 9, "keep one"),
        ("  budget: {at_most: +0%}\n", "  channels: {tv: {max_cac: 0}}\n", 9, "plan.channels.tv.max_cac: has to be greater than 0"),
        ("  budget: {at_most: +0%}\n", "  channels: {tv: {share: {at_most: 30}}}\n", 9, "plan.channels.tv.share.at_most"),
        ("  budget: {at_most: +0%}\n", "  channels: {tv: {share: {at_least: 0.5, at_most: 0.4}}}\n", 9, "at_least exceeds at_most"),
        ("  budget: {at_most: +0%}\n", "  channels: {tv: {share: 0.4}}\n", 9, "plan.channels.tv.share"),
        ("  budget: {at_most: +0%}\n", "  change: {each: -20%}\n", 9, "plan.change.each: '-20%' is no change either way; write for example ±20%"),
        ("  budget: {at_most: +0%}\n", "  change: {}\n", 9, "plan.change: say each"),
        ("  budget: {at_most: +0%}\n", "  budget: {at_most: +0%}\n  incremental: 5\n", 9, "plan.budget: is today's spend and plan.incremental together"),
        ("  budget: {at_most: +0%}\n", "  incremental: -5%\n", 9, "plan.incremental: is the money that is added"),
        ("  maximize: profit\n  value_per_customer: 200\n  budget: {at_most: +0%}\n", "  minimize: spend\n  incremental: 10\n", 8, "fixes what is spent"),
        ("  budget: {at_most: +0%}\n", "  custom: {co2: {weights: {tvs: 1}, at_most: 3}}\n", 9, "plan.custom.co2.weights.tvs: unknown channel 'tvs'. Did you mean 'tv'?"),
        ("  budget: {at_most: +0%}\n", "  custom: {co2: {weights: {tv: 0}, at_most: 3}}\n", 9, "at least one weight other than 0"),
        ("  budget: {at_most: +0%}\n", "  custom: {co2: {weights: {tv: 1}}}\n", 9, "say at_least, at_most or both"),
        ("  budget: {at_most: +0%}\n", "  risk: {worst: 0.1}\n  groups:\n    a: {channels: [tv, search], max_cac: 90}\n", 11, "plan.groups.a.max_cac: cannot be kept in the worst cases"),
        ("  value_per_customer: 200\n", "  value_per_customer: {tv: 2, search: 1}\n  value_per_organic: 1\n  risk: {worst: 0.1}\n  max_cac: 9\n", 11, "plan.max_cac: cannot be kept beside plan.risk with values by channel"),
        ("  budget: {at_most: +0%}\n", "  risk: {worst: 10}\n", 9, "plan.risk.worst"),
        ("  budget: {at_most: +0%}\n", "  robust: true\n  channels: {tv: {fee: 5}}\n", 10, "plan.channels.tv.fee: cannot be asked together with plan.robust"),
        ("  budget: {at_most: +0%}\n", "  robust: true\n  risk: {worst: 0.1}\n", 9, "plan.robust: cannot be asked together with plan.risk"),
        ("  maximize: profit\n", "  minimize: spend\n  every_channel: {fee: 5}\n", 8, "plan.every_channel.fee: is no part of the media spend"),
        ("  budget: {at_most: +0%}\n", "  channels: {tv: {fee: 5, fees: [{above: 1, fee: 2}]}}\n", 9, "keep one of them"),
        ("  budget: {at_most: +0%}\n", "  channels: {tv: {fees: [{above: 1, fee: 2}, {above: 3, fee: 1}]}}\n", 9, "fees have to rise"),
        ("  budget: {at_most: +0%}\n", "  channels: {tv: {fees: []}}\n", 9, "plan.channels.tv.fees"),
    ],
)  # fmt: skip
def test_each_misfit_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, expected: str) -> None:
    assert old in BASE
    path = tmp_path / "plan.yaml"
    path.write_text(BASE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read_config(path)
    said = [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]
    assert any(expected in each and each.startswith(f"plan.yaml:{line}:") for each in said), said


def test_what_today_s_spend_makes_meaningless_is_named_before_anything_runs(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("plan:\n  change:\n    each: ±20%\n  incremental: 10\n  every_channel: {at_most: -10%}\n")
    document, now = Document.read(path), pd.Series({"tv": 100.0, "radio": 0.0})
    section = PlanSection.model_validate({"maximize": "customers", "change": {"each": "±20%"}})
    (said,) = misfits_of_today(section, now, document)
    assert "plan.yaml:3: plan.change.each: is a share of present spend, of which radio has none" in said
    limited = section.model_validate(
        {"maximize": "customers", "change": {"each": "±20%"}, "channels": {"radio": {"at_most": 5}}}
    )
    assert misfits_of_today(limited, now, document) == []
    section = PlanSection.model_validate(
        {"maximize": "customers", "incremental": 10, "every_channel": {"at_most": "-10%"}}
    )
    (said,) = misfits_of_today(section, now, document)
    assert "plan.yaml:5: plan.every_channel: is below today's 100" in said


@pytest.mark.parametrize("side", ["at_most", "at_least", "exactly"])
def test_a_percentage_of_no_spend_is_no_budget(tmp_path: Path, side: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(f"plan:\n  budget:\n    {side}: +10%\n")
    document, nothing = Document.read(path), pd.Series({"tv": 0.0, "radio": 0.0})
    section = PlanSection.model_validate({"maximize": "customers", "budget": {side: "+10%"}})
    (said,) = misfits_of_today(section, nothing, document)
    assert f"plan.yaml:3: plan.budget.{side}: is +10% of present spend, of which there is none" in said
    assert misfits_of_today(section, nothing + 1.0, document) == []
    stated = section.model_validate({"maximize": "customers", "budget": {side: 500}})
    assert misfits_of_today(stated, nothing, document) == []
