"""From today to the plan: steps close exactly, whatever the aim, and shares are shares of the same draws."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.curves import Hill, ResponseCurves
from optimizer import BlendedCAC, Customers, Plan, Profit, Spend
from optimizer.planning.stages.aim import aim_of
from optimizer.planning.stages.from_today import FEES, FromToday, from_today
from optimizer.planning.stages.result import Run
from optimizer.question.fees import Fee

NAMES = ("tv", "search", "today")
VALUES = {name: 90.0 + 30 * at for at, name in enumerate(NAMES)}
MOST = {"maximize": Customers(organic=400.0)}
LEAST = {"minimize": BlendedCAC(fixed_cost=5e4, organic=400.0)}
PROFITS = [
    Profit(120.0, organic=400.0, fixed_cost=5e4),
    Profit(VALUES, organic=400.0, value_per_organic=80.0, called="net present value"),
    Profit({**VALUES, "tv": np.random.default_rng(3).gamma(9.0, 10.0, 150)}, organic=400.0, value_per_organic=80.0),
]
ADDITIVE = [MOST, *({"maximize": profit} for profit in PROFITS)]
spends = st.lists(st.floats(0, 2e5), min_size=3, max_size=3)


def curves() -> ResponseCurves:
    rng = np.random.default_rng(7)
    return ResponseCurves(
        {n: Hill(rng.gamma(20, 40, 150), rng.gamma(20, 3e3, 150), 1.0 + at / 5) for at, n in enumerate(NAMES)}
    )


def way(
    asked: dict[str, Any], now: list[float], planned: list[float], fees: tuple[Fee, ...] = ()
) -> tuple[FromToday, Any]:
    plan, own = Plan(**asked, fees=fees), curves()
    today, then = (plan.evaluate(own, dict(zip(NAMES, side, strict=True))) for side in (now, planned))
    rows = tuple(SimpleNamespace(channel=name) for name in NAMES)
    result = SimpleNamespace(plan=plan, now=today, planned=then, rows=rows, aim=aim_of(plan, own))
    return from_today(result), result  # type: ignore[arg-type]


@pytest.mark.parametrize("asked", [*ADDITIVE, LEAST, {"minimize": Spend(organic=400.0)}])
@settings(max_examples=15)
@given(now=spends, planned=spends)
def test_steps_close_on_the_plan(asked: dict[str, Any], now: list[float], planned: list[float]) -> None:
    own, result = way(asked, now, planned)
    assert own.start + sum(step.change.point for step in own.steps) == pytest.approx(own.end, rel=1e-9, abs=1e-6)
    if "maximize" in asked:
        assert own.in_aim
        assert (own.start, own.end) == (result.aim.expected(result.now), result.aim.expected(result.planned))
    else:
        assert not own.in_aim
        assert own.end == result.planned.expected_customers
    for step, before, after in zip(own.steps, now, planned, strict=True):
        if before == after:
            assert step.change.point == step.change.low == step.change.high == 0


@settings(max_examples=15)
@given(spends, spends)
def test_fees_are_a_step_of_their_own(now: list[float], planned: list[float]) -> None:
    fee = Fee("agency", NAMES, [(0, 1e3), (2e5, 9e3)])
    own, result = way({"maximize": PROFITS[0]}, now, planned, (fee,))
    due = result.planned.fixed_cost - result.now.fixed_cost
    steps = {step.name: step.change.point for step in own.steps}
    assert steps.get(FEES, 0.0) == pytest.approx(-due, abs=1e-6)
    assert own.start + sum(steps.values()) == pytest.approx(own.end, rel=1e-9, abs=1e-6)


@settings(max_examples=15)
@given(spends)
def test_shares_are_of_one_whole(planned: list[float]) -> None:
    own, result = way(MOST, [1e4] * 3, planned)
    if sum(planned) == 0:
        assert all(np.isnan(one.spend) for one in own.shares)
        return
    assert sum(one.spend for one in own.shares) == pytest.approx(1.0)
    if result.planned.paid.to_numpy().sum() > 0:
        assert sum(one.effect.point for one in own.shares) == pytest.approx(1.0)
        drawn = result.planned.paid.div(result.planned.paid.sum(axis=1), axis=0)
        for one in own.shares:
            assert one.effect.low == pytest.approx(np.nanquantile(drawn[one.channel], 0.05), nan_ok=True)


def test_the_report_draws_and_lists_what_closes(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.plan is not None
    own = from_today(run.plan)
    assert not own.in_aim
    change = pd.read_csv(out / "tables" / "moves.csv").set_index("channel")["customers_change"]
    for step in own.steps:
        assert change[step.name] == pytest.approx(step.change.point, rel=1e-6, abs=1e-6)
    assert own.end - own.start == pytest.approx(change.sum(), abs=1e-4)
    page = (out / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="today_to_plan">' in page
    assert {"waterfall.svg", "shares.svg"} <= {path.name for path in (out / "plots").iterdir()}
