"""Percentages of nothing and promises that today breaks itself are said, by channel and with the remedy."""

from __future__ import annotations

import pandas as pd
import pytest

import mmm
from optimizer import BlendedCAC, Budget, Channel, Constraint, Customers, Group, MaxCAC, Plan
from optimizer.planning.file.assemble import build_plan
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.stages.loosened import remedies
from optimizer.planning.stages.riders import Held
from optimizer.planning.stages.sense import entry_prices, present_spend, today_keeps_promises

NOW = pd.Series({"tv": 100_000.0, "search": 50_000.0, "new": 0.0, "old": 0.0})
CURVES = mmm.ResponseCurves({name: mmm.curves.Hill(900.0, 80_000.0, 1.0) for name in NOW.index})
HALF = {"at_least": "-50%", "at_most": "+50%"}


def section(**keys: object) -> PlanSection:
    return PlanSection.model_validate({"maximize": "customers", "budget": {"at_most": 150_000}, **keys})


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"every_channel": HALF}, ("new", "old")),
        ({"every_channel": HALF, "channels": {"new": {"at_most": 20_000}}}, ("old",)),
        ({"every_channel": HALF, "channels": {"new": {"fixed": 0}, "old": {"at_most": 5}}}, ()),
        ({"channels": {"new": {"at_most": "+20%"}}}, ("new",)),
        ({"channels": {"old": {"fixed": "+0%"}}}, ("old",)),
        ({"groups": {"both": {"channels": ["new", "old"], "at_most": "+10%"}}}, ("new", "old")),
        ({"groups": {"both": {"channels": ["new", "tv"], "at_most": "+10%"}}}, ()),
        ({"every_channel": {"at_least": "-50%"}}, ()),
        ({}, ()),
    ],
)
def test_channels_that_a_percentage_of_nothing_leaves_out_are_named(keys: dict[str, object], named: tuple[str]) -> None:
    asked = section(**keys)
    finding = present_spend(asked, NOW)
    assert (finding.passed, finding.channels) == (not named, named)
    if named:
        assert f"plan.channels: {{{named[0]}: {{at_most: 20000}}}}" in finding.text
    spend = build_plan(asked, NOW, 0.0, 1000.0).solve(CURVES).spend
    assert all(spend[channel] == 0 for channel in named)  # what the finding says is what the plan does


def test_a_promise_that_today_breaks_is_said_where_today_looks_better() -> None:
    now = {"tv": 150_000.0, "search": 150_000.0, "new": 0.0, "old": 0.0}
    plan = Plan(minimize=BlendedCAC(1e4, 100), subject_to=[MaxCAC(150), Customers(at_least=1000)], now=now)
    misses = plan.missed(CURVES, now)
    finding = today_keeps_promises(misses, 0.19)
    assert not finding.passed
    assert (
        "The plan keeps blended CAC at most 150, which today's spend does not. For that it likely does worse"
        in finding.text
    )
    assert today_keeps_promises(misses, 0.8).passed
    # limits on spend alone say nothing of that
    tight = Plan(maximize=Customers(), subject_to=[Budget(at_most=1e5), Channel("tv").at_most(5)], now=now)
    assert today_keeps_promises(tight.missed(CURVES, now), 0.1).passed
    more = Plan(maximize=Customers(), subject_to=[Customers(at_least=5000)], now=now)
    assert "customers at least 5,000" in today_keeps_promises(more.missed(CURVES, now), 0.3).text


@pytest.mark.parametrize(
    "cap", [{"budget": {"at_most": 150_000}}, {"groups": {"all": {"channels": list(NOW.index), "at_most": 150_000}}}]
)
def test_a_price_of_entry_in_the_file_survives_what_the_file_caps(cap: dict[str, object]) -> None:
    curves = mmm.ResponseCurves({**CURVES, "tv": mmm.curves.Hill(9000.0, 60_000.0, 1.0)})
    asked = section(**cap, channels={"tv": {"zero_or_at_least": 200_000}})
    plan = build_plan(asked, NOW, 0.0, 1000.0)
    found = plan.solve(curves)
    assert found.spend["tv"] == 0
    assert found.total_spend == pytest.approx(150_000)
    assert not plan.missed(curves, found.spend)


@pytest.mark.parametrize(
    ("limits", "tried", "shut", "remedy"),
    [
        ([Budget(at_most=2e5), Channel("tv").zero_or_at_least(1e5)], 3e5, (), ""),
        ([Budget(at_most=8e4), Channel("tv").zero_or_at_least(1e5)], 3e5, ("tv",), "Raise the limits"),
        ([Group("g", ["tv", "new"]).at_most(5e4), Channel("tv").zero_or_at_least(1e5)], 3e5, ("tv",), "its groups"),
        ([Budget(at_most=2e5), Channel("tv").zero_or_at_least(1e5)], 9e4, ("tv",), "plan.explore: true"),
    ],
)
def test_a_price_of_entry_that_nothing_leaves_room_for_is_said(
    limits: list[Constraint], tried: float, shut: tuple[str, ...], remedy: str
) -> None:
    held = Held("tv", tried, "tried")
    plan = Plan(maximize=Customers(), subject_to=[*limits, held.constraint, Channel("search").at_most(1e6)], now=NOW)
    (finding,) = entry_prices(plan.program(CURVES), [held])
    assert (finding.passed, finding.channels) == (not shut, shut)
    assert remedy in finding.text
    plain = Plan(maximize=Customers(), subject_to=[Budget(at_most=2e5)], now=NOW)
    assert not list(entry_prices(plain.program(CURVES), []))


RUN_S = [Held("tv", 1e5, "tried"), Held("search", 5e4, "tried")]


@pytest.mark.parametrize(
    ("promise", "held", "said"),
    [
        (1e6, (), ("plan.explore",)),  # no spend brings so many: the ground is not what is in the way
        (1200.0, (), ("plan.explore",)),
        (1200.0, (Held("tv", 1.0, "rides"),), ("plan.explore", "plan.raise_riders")),
        (840.0, (Held("tv", 1.0, "rides"),), ("plan.raise_riders",)),
    ],
)
def test_limits_of_the_run_are_named_where_they_alone_are_in_the_way(
    promise: float, held: tuple[Held, ...], said: tuple[str, ...]
) -> None:
    own = [one.constraint for one in (*held, *RUN_S)]
    limits = [Customers(at_least=promise), Budget(at_most=1e6), *own, Channel("new").zero(), Channel("old").zero()]
    plan = Plan(minimize=BlendedCAC(1e4, 10.0), subject_to=limits, now=NOW)
    text = remedies(plan, CURVES, held, RUN_S)
    possible = promise < 1e6
    for key in ("plan.explore", "plan.raise_riders"):
        assert (key in text) == (key in said and possible)
