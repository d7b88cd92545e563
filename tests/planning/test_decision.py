"""Why each channel gets what it gets, in words that its figures bear out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from attribution.estimates import Estimate
from mmm.curves import Hill, ResponseCurves
from optimizer import Budget, Channel, Customers, Plan
from optimizer.planning.outputs.sections.channels import reason
from optimizer.planning.outputs.sections.decision import _moves
from optimizer.planning.stages.optimize import _binding
from optimizer.planning.stages.result import ChannelRow


def row(channel: str, now: float, planned: float, marginal: float, limit: str = "") -> ChannelRow:
    one = Estimate(100.0, 90.0, 110.0)
    return ChannelRow(channel, now, planned, one, one, one, one, Estimate(marginal, 200.0, 500.0), limit)


ROWS = (
    row("tv", 1000, 700, 366.8),
    row("search", 1000, 1300, 366.9),
    row("radio", 1000, 1000, 366.8),
    row("social", 1000, 1500, 310.0, "at its most"),
    row("display", 1000, 500, 600.0, "at its least"),
    row("cinema", 1000, 800, 500.0, "at its entry price"),
    row("print", 1000, 0, 900.0),
)


@pytest.mark.parametrize(
    ("channel", "sentence"),
    [
        ("tv", "−30\u00a0%: cut until the next customer costs 366.8 EUR, as in every channel that no limit holds."),
        ("search", "+30\u00a0%: raised until the next customer costs 366.9 EUR, as in every"),
        ("radio", "Unchanged: kept, since the next customer costs 366.8 EUR, as in every"),
        ("social", "held at its most by its limit; there the next customer costs 310.0 EUR, so without it the channel would get more"),
        ("display", "held at its least by its limit; there the next customer costs 600.0 EUR, so without it the channel would get less"),
        ("cinema", "held at its entry price by its limit; there the next customer costs 500.0 EUR, so without it"),
        ("print", "Gets nothing in the plan."),
    ],
)  # fmt: skip
def test_a_channel_is_moved_until_its_next_customer_costs_as_much_as_elsewhere(channel: str, sentence: str) -> None:
    (chosen,) = (one for one in ROWS if one.channel == channel)
    assert sentence in reason(chosen, ROWS, ("the blended CAC of", 108.4), "EUR", "customers")


def test_a_channel_at_its_entry_price_stands_at_a_limit() -> None:
    """Three channels that pay least at the ends that limits leave them."""
    curves = ResponseCurves({"tv": Hill(900, 6e4), "search": Hill(500, 2e4), "radio": Hill(400, 2e4)})
    limits = [Channel("tv").zero_or_at_least(5e4), Channel("search").at_most(1e4), Channel("radio").at_least(1e3)]
    limits += [Budget(at_most=7e4)]
    plan = Plan(maximize=Customers(), subject_to=limits)
    program, spend = plan.program(curves), {"tv": 5e4, "search": 1e4, "radio": 1e3}
    standing = [_binding(program, place, amount, 1.0) for place, amount in enumerate(spend.values())]
    assert standing == ["at its entry price", "at its most", "at its least"]
    assert _binding(program, 0, 5.5e4, 1.0) == _binding(program, 1, 5e3, 1.0) == ""
    assert _binding(program, 0, 0.0, 1.0) == "nothing"


@pytest.mark.parametrize(("planned", "verb"), [(700, "cut until"), (1300, "raised until"), (1000, "kept, since")])
def test_the_one_channel_off_its_limits_makes_up_what_is_asked(planned: float, verb: str) -> None:
    rows = (row("tv", 1000, planned, 448.9), row("social", 1000, 1500, 300.0, "at its most"))
    sentence = reason(rows[0], rows, ("the blended CAC of", 88.01), "EUR", "customers")
    assert f"{verb} the next customer costs 448.9 EUR; every other channel is at a limit" in sentence


def test_where_marginal_costs_differ_nothing_is_said_of_the_others() -> None:
    rows = (ROWS[0], row("search", 1000, 1300, 90.0))
    assert reason(rows[0], rows, ("the blended CAC of", 108.4), "EUR", "customers").endswith(
        "366.8 EUR, above the blended CAC of 108.4."
    )
    assert reason(rows[1], rows, ("the blended CAC of", 108.4), "EUR", "revenue").endswith(
        "one more unit of revenue costs 90.00 EUR, below the blended CAC of 108.4."
    )


@pytest.mark.parametrize(
    ("marginal", "said"), [(108.0, "which equals"), (109.2, "which equals"), (112.0, "above"), (99.0, "below")]
)
def test_a_cost_that_equals_its_yardstick_is_neither_above_nor_below_it(marginal: float, said: str) -> None:
    one = row("tv", 1000, 700, marginal)
    text = reason(one, [one], ("what a customer is worth,", 108.4), "EUR", "customers")
    assert f"{said} what a customer is worth, 108.4" in text


MANY = [1000.0] * 200


@pytest.mark.parametrize(
    ("now", "moves", "headline"),
    [
        (MANY, [*[-40.0] * 100, *[40.0] * 100], "Move 4,000 EUR from c0, c1, c2 and 97 others to c100, c101, c102 and 97 others"),
        (MANY, [*[-25.0] * 160, *[100.0] * 39, 100.0], "Move 4,000 EUR from c0, c1, c2 and 157 others to c160, c161, c162 and 37 others"),
        (MANY, [*[-9.0] * 100, *[9.0] * 100], "Keep the spend as it is"),
        ([100.0, 100.0], [-20.0, 20.0], "Move 20 EUR from c0 to c1"),
        ([100.0, 100.0], [0.0, 0.0], "Keep the spend as it is"),
    ],
)  # fmt: skip
def test_many_small_moves_are_no_spend_kept_as_it_is(now: list[float], moves: list[float], headline: str) -> None:
    rows = [
        row(f"c{place}", spent, spent + move, 100.0) for place, (spent, move) in enumerate(zip(now, moves, strict=True))
    ]
    plan: Any = SimpleNamespace(
        rows=rows,
        now=SimpleNamespace(spend=pd.Series(now)),
        planned=SimpleNamespace(spend=pd.Series([one.planned for one in rows])),
    )
    assert _moves(plan, "EUR") == headline
