"""Prices are differences: what raising, and what lowering, each kind of limit by a little does to the plan's figure."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.curves import Hill, Mixture, ResponseCurves, Tabulated
from optimizer import BlendedCAC, Budget, Change, Channel, Customers, Group, MaxCAC, Plan, Profit, Spend
from optimizer.answer.explanation import price_sentence
from optimizer.answer.prices import Price
from optimizer.question.limits import Limit, Side, Unit

FOUR = ResponseCurves(
    {"a": Hill(900, 60_000, 1), "b": Hill(500, 20_000, 1), "c": Hill(700, 90_000, 1), "d": Hill(400, 30_000, 1)}
)
STEEP = ResponseCurves({**FOUR, "s": Hill(1500, 60_000, 4)})
TABLES = ResponseCurves(
    {
        "a": Tabulated([0, 20_000, 50_000, 90_000], [0, 400, 700, 800]),
        "b": Tabulated([0, 30_000, 60_000], [0, 450, 600]),
        "c": Hill(300, 40_000, 1),
    }
)
TWICE = ResponseCurves({"m": Mixture([Hill(300, 3000, 1), Hill(2000, 120_000, 8)], [1.0, 1.0]), "b": Hill(500, 2e4, 1)})
NOW = {"a": 60_000.0, "b": 60_000.0, "c": 10_000.0, "d": 10_000.0}
MOST, LEAST, WORTH = Customers(organic=50), Spend(organic=50), Profit(200, organic=50)
CHEAP = BlendedCAC(fixed_cost=20_000, organic=50)
AB = Group("ab", ["a", "b"])
MONEY = Budget(at_most=100_000)

# curves, objective, the limit at a figure, that figure, all other limits
KINDS = {
    "budget at most": (FOUR, MOST, lambda x: Budget(at_most=x), 1e5, []),
    "budget exactly, too much": (FOUR, CHEAP, lambda x: Budget(exactly=x), 2e5, []),
    "budget exactly, too little": (FOUR, MOST, lambda x: Budget(exactly=x), 5e4, []),
    "budget at least": (FOUR, WORTH, lambda x: Budget(at_least=x), 3e5, []),
    "channel at most": (FOUR, MOST, lambda x: Channel("a").at_most(x), 1e4, [MONEY]),
    "channel at least": (FOUR, MOST, lambda x: Channel("a").at_least(x), 8e4, [MONEY]),
    "channel fixed": (FOUR, MOST, lambda x: Channel("a").fixed(x), 8e4, [MONEY]),
    "group at most": (FOUR, MOST, lambda x: AB.at_most(x), 4e4, [MONEY]),
    "group at least": (FOUR, MOST, lambda x: AB.at_least(x), 9e4, [MONEY]),
    "share at most": (FOUR, MOST, lambda x: AB.share(at_most=x), 0.4, [MONEY]),
    "share at least": (FOUR, MOST, lambda x: AB.share(at_least=x), 0.9, [MONEY]),
    "customers": (FOUR, LEAST, lambda x: Customers(at_least=x), 900.0, []),
    "customers, cheaper": (FOUR, CHEAP, lambda x: Customers(at_least=x), 1500.0, []),
    "blended CAC": (FOUR, MOST, lambda x: MaxCAC(x), 90.0, []),
    "CAC of a group": (FOUR, MOST, lambda x: AB.cac_at_most(x), 80.0, [Budget(at_most=2e5)]),
    "marginal CAC": (FOUR, MOST, lambda x: Channel("a").marginal_cac_at_most(x), 100.0, [MONEY]),
    "marginal CAC, where it is dear again": (
        TWICE, MOST, lambda x: Channel("m").marginal_cac_at_most(x), 60.0, [Budget(at_most=2e4)]
    ),
    "change of each": (FOUR, MOST, lambda x: Change(total=x), 4e4, [Budget(at_most=1.4e5)]),
    "change, none free": (FOUR, MOST, lambda x: Change(total=x), 0.0, [Budget(at_most=1.4e5)]),
    "change, two fall": (FOUR, CHEAP, lambda x: Change(total=x), 2e4, []),
    "price of entry": (STEEP, MOST, lambda x: Channel("s").zero_or_at_least(x), 1.2e5, [Budget(at_most=1.6e5)]),
    "table, at a corner": (TABLES, MOST, lambda x: Budget(at_most=x), 5e4, [Channel("c").zero()]),
    "table, within a piece": (TABLES, MOST, lambda x: Budget(at_most=x), 7.7e4, [Channel("c").at_most(2e4)]),
    "table, capped at a corner": (TABLES, MOST, lambda x: Channel("a").at_most(x), 5e4, [Budget(at_most=1e5)]),
    "none free": (FOUR, MOST, lambda x: Budget(at_most=x), 1e5, [Channel(c).at_most(2.5e4) for c in FOUR]),
    "one of two rows, none free": (
        FOUR, MOST, lambda x: AB.at_most(x), 5e4, [Budget(at_most=1e5), *(Channel(c).at_most(2.5e4) for c in FOUR)]
    ),
    "promise and budget": (FOUR, CHEAP, lambda x: Budget(exactly=x), 1.5e5, [AB.at_most(6e4), Customers(at_least=900)]),
}  # fmt: skip


def solved(kind, figure):
    curves, objective, limit, _, others = KINDS[kind]
    now = NOW if isinstance(limit(1.0), Change) else None
    plan = Plan(**{objective.wants: objective}, subject_to=[*others, limit(figure)], now=now)
    return plan, plan.solve(curves, gap=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_prices_are_differences_on_both_sides(kind):
    curves, *_, limit, figure, _ = KINDS[kind]
    plan, found = solved(kind, figure)
    stated = limit(figure)
    setting = plan.setting(curves)
    limits = {line.limit for line in stated.rows(setting)} | {gap.above.limit for gap in stated.gaps(setting)}
    price = next(price for price in found.prices if price.limit in limits)
    step = 1e-4 * max(figure, 1e4 if figure == 0 else 0)
    above = (solved(kind, figure + step)[1].value - found.value) / step
    size = max(abs(price.per_unit), abs(price.below) if np.isfinite(price.below) else 0, 1e-9 * found.value / step)
    assert price.per_unit == pytest.approx(above, abs=2e-3 * size), "raised"
    if figure > 0:
        below = (found.value - solved(kind, figure - step)[1].value) / step
        assert price.below == pytest.approx(below, abs=2e-3 * size), "lowered"


def test_two_thousand_channels_with_none_free_have_prices():
    many = ResponseCurves({f"c{i}": Hill(10 + i % 7, 100.0, 1) for i in range(2100)})
    limits = [Budget(at_most=2100 * 50.0), *(Channel(channel).at_most(50) for channel in many)]
    found = Plan(maximize=Customers(), subject_to=limits).solve(many)
    slopes = np.array([float(curve.marginal(50.0)) for curve in many.values()])
    budget = next(price for price in found.prices if price.limit.subject.name == "budget")
    assert budget.per_unit == 0  # nowhere to put it
    assert budget.below == pytest.approx(slopes.min())
    prices = {price.limit.subject.name: price for price in found.prices}
    # a unit of room takes the money from the channel that brings least
    assert [prices[c].per_unit for c in many] == pytest.approx((slopes - slopes.min()).tolist(), abs=1e-9)
    assert [prices[c].below for c in many] == pytest.approx(slopes.tolist())


def test_a_price_that_breaks_is_explained_on_both_sides():
    _, found = solved("none free", 1e5)
    line = next(line for line in found.explain() if line.startswith("budget"))
    assert "raising it by 1,000 changes nothing, lowering it as much takes off" in line
    _, stuck = solved("change, none free", 0.0)
    assert any("lowering it as much leaves no plan" in line for line in stuck.explain())


@pytest.mark.parametrize("goal", [MOST, LEAST, CHEAP])
def test_a_channel_held_at_nothing_on_a_curve_that_starts_upright_has_an_endless_price(goal):
    curves = ResponseCurves({"a": Hill(900, 60_000, 1), "b": Hill(500, 20_000, 0.8)})
    limits = [Budget(at_most=9e4), Channel("b").zero(), Customers(at_least=500)]
    found = Plan(**{goal.wants: goal}, subject_to=limits).solve(curves)
    held = next(price for price in found.prices if price.limit.figure == 0)
    assert held.per_unit == (np.inf if goal.wants == "maximize" else -np.inf)
    assert any("first unit above it is worth more" in line for line in found.explain())


@pytest.mark.parametrize(
    ("effect", "said"), [(1e-5, "adds 0.00001 of it"), (1e-7, "changing it a little changes nothing")]
)
def test_less_than_a_millionth_of_the_figure_is_told_as_nothing(effect: float, said: str) -> None:
    limit = Limit(Channel("a").subject, Side.AT_LEAST, 100_000.0, Unit.CURRENCY)
    sentence = price_sentence(Price(limit, effect / 1000, -effect / 1000), "a at least 100,000", "of it", 1.0)
    assert said in sentence


ENTRY = Channel("d").zero_or_at_least(5e5)  # more than any budget here
COMMON = [Channel("c").fixed(2e4), ENTRY]


@pytest.mark.parametrize(
    ("limit", "others"),
    [
        (lambda x: Budget(exactly=x), [*COMMON, Change(total=6e4)]),
        (lambda x: Budget(exactly=x), [*COMMON, AB.share(at_most=0.85), Change(total=6e4)]),
        (lambda x: Budget(at_most=x), [*COMMON, Channel("a").relative(0.6, 1.1)]),
        (lambda x: Budget(at_most=x), [ENTRY, Channel("b").zero_or_at_least(1e3), Channel("c").zero_or_at_least(1e3)]),
    ],
)
def test_a_price_of_entry_that_no_limit_reaches_holds_its_channel_in_all_prices(limit, others):
    def best(figure):
        plan = Plan(maximize=MOST, subject_to=[*others, limit(figure)], now={**NOW, "d": 0.0})
        return plan.solve(FOUR, gap=1e-11)

    found = best(1.1e5)
    price = next(price for price in found.prices if price.limit.subject.name == "budget")
    above, below = ((best(1.1e5 + step).value - found.value) / step for step in (20.0, -20.0))
    assert price.per_unit == pytest.approx(above, rel=1e-2, abs=1e-9)
    assert price.below == pytest.approx(below, rel=1e-2, abs=1e-9)


@pytest.mark.parametrize(
    "twice",
    [AB.at_most(4e4), AB.share(at_most=0.7), Group("ab", ["b", "a"]).cac_at_most(85.0), Customers(at_least=500)],
)
def test_a_limit_that_is_stated_twice_is_one_limit(twice):
    limits = [MONEY, Change(total=9e4)]
    once, both = (
        Plan(maximize=MOST, subject_to=[*limits, *stated], now=NOW).solve(FOUR, gap=1e-9)
        for stated in ([twice], [twice, replace(twice)])
    )
    assert both.value == pytest.approx(once.value, rel=1e-8)
    assert len(both.prices) == len(once.prices)
    assert both.shadow_prices.to_numpy() == pytest.approx(once.shadow_prices.to_numpy(), rel=1e-4, abs=1e-9)


def test_a_gap_far_above_the_spend_takes_no_price_away():
    rise = Tabulated([0, 20_000, 50_000, 90_000, 2e5], [0, 400, 700, 710, 1200])
    limits = [Channel("a").marginal_cac_at_most(200.0), Change(total=5_000)]
    plan = Plan(maximize=Customers(), subject_to=limits, now={"a": 10_000.0})
    found = plan.solve({"a": rise}, gap=1e-9)
    (price,) = found.prices
    assert price.per_unit == price.below == pytest.approx(400 / 20_000)
