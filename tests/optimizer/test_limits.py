"""Limits are values: prices and broken promises refer to them, and their sentences are only for reading."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_worlds import hill_world

from attribution.errors import BadInput
from mmm.curves import Hill, ResponseCurves
from optimizer import BlendedCAC, Budget, Change, Channel, Constraint, Customers, Group, MaxCAC, Plan, Profit
from optimizer.question.limits import Limit, Side, Subject, Unit, labels
from optimizer.question.program import Row

THREE = ResponseCurves({"search": Hill(500, 20_000, 1), "tv": Hill(900, 60_000, 1), "radio": Hill(120, 30_000, 1)})
ALIKE = (Channel("search").at_most(50_000), Group("search", ["tv", "radio"]).at_most(50_000))


@pytest.mark.parametrize(
    ("ask", "digits"),
    [
        (lambda: Channel("tv").between(12_345_678, 12_345_677), ["12,345,678", "12,345,677"]),
        (lambda: Group("ab", ["a", "b"]).between(1_234_567, 1_234_566), ["1,234,567", "1,234,566"]),
        (lambda: Channel("tv").zero_or_at_least(250.5, at_most=250), ["250.5", "250"]),
    ],
)
def test_amounts_keep_the_digits_that_tell_them_apart(ask, digits):
    with pytest.raises(BadInput) as refused:
        ask()
    assert all(text in str(refused.value) for text in digits)


def customers(search, others):
    limits = [Channel("search").at_most(search), Group("search", ["tv", "radio"]).at_most(others)]
    return Plan(maximize=Customers(), subject_to=limits).solve(THREE, gap=1e-10).customers


def test_limits_whose_sentences_agree_have_prices_of_their_own():
    found = Plan(maximize=Customers(), subject_to=ALIKE).solve(THREE, gap=1e-10)
    channel, group = (part.rows(Plan(maximize=Customers()).setting(THREE))[0].limit for part in ALIKE)
    assert str(channel) == str(group) == "search at most 50,000"
    assert set(found.shadow_prices.index) == {"channel search at most 50,000", "group search at most 50,000"}
    by_channel = (customers(50_010, 50_000) - customers(49_990, 50_000)) / 20
    by_group = (customers(50_000, 50_010) - customers(50_000, 49_990)) / 20
    assert found.price_of(channel) == pytest.approx(by_channel, rel=1e-4)
    assert found.price_of(group) == pytest.approx(by_group, rel=1e-4)
    assert by_channel != pytest.approx(by_group, rel=0.1)
    assert len([line for line in found.explain() if line.startswith(("channel search", "group search"))]) == 2


def test_broken_limits_whose_sentences_agree_are_two():
    proof = Plan(maximize=Customers(), subject_to=ALIKE).certify(THREE, {"search": 60_000, "tv": 70_000})
    assert proof.broken == pytest.approx(
        {"channel search at most 50,000": 10_000, "group search at most 50,000": 20_000}
    )
    assert [miss.limit.figure for miss in proof.misses] == [50_000, 50_000]


def test_labels_say_more_only_where_they_must():
    tv = Limit(Subject("tv", "channel", ("tv",)), Side.AT_MOST, 1000.0, Unit.CURRENCY)
    twin = replace(tv, subject=Subject("tv", "group", ("tv", "radio")))
    other = replace(twin, subject=Subject("tv", "group", ("tv", "press")))
    share = Limit(Subject("tv share"), Side.AT_LEAST, 0.3, Unit.SHARE)
    assert labels([tv, share]) == ["tv at most 1,000", "tv share at least 30.0%"]
    assert labels([tv, twin, share])[2] == "tv share at least 30.0%"
    assert labels([twin, other]) == ["group tv (tv, radio) at most 1000.0", "group tv (tv, press) at most 1000.0"]
    assert labels([share, replace(share, figure=0.3001)]) == ["tv share at least 0.3", "tv share at least 0.3001"]
    assert labels(["mine", "mine", "mine"]) == ["mine", "mine (2)", "mine (3)"]


subjects = st.builds(Subject, st.sampled_from(["a", "b"]), st.sampled_from(["", "group"]), st.just(()))
stated = st.builds(Limit, subjects, st.sampled_from(Side), st.floats(0, 1e6), st.sampled_from(Unit))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.one_of(stated, st.sampled_from(["mine", "a at most 1"])), max_size=8))
def test_labels_are_always_different(limits):
    assert len(set(labels(limits))) == len(limits)


@dataclass(frozen=True)
class TwiceAsMuch(Constraint):
    """tv gets at most twice what radio gets: a constraint of one's own, with a text in place of a figure."""

    says: Limit | str = "tv at most twice radio"

    def rows(self, setting):
        per_spend = np.zeros(len(setting.channels))
        per_spend[setting.places["tv"]], per_spend[setting.places["radio"]] = 1.0, -2.0
        return [Row(self.says, per_spend, np.zeros(len(per_spend)), 0.0)]


@pytest.mark.parametrize(
    "says", ["tv at most twice radio", Limit(Subject("tv beyond twice radio"), Side.AT_MOST, 0.0, Unit.CURRENCY)]
)
def test_a_constraint_of_ones_own_is_priced_and_explained(says):
    def won(extra):
        @dataclass(frozen=True)
        class Shifted(TwiceAsMuch):
            def rows(self, setting):
                return [replace(row, room=extra) for row in super().rows(setting)]

        limits = [Budget(at_most=90_000), Shifted(says)]
        return Plan(maximize=Customers(), subject_to=limits).solve(THREE, gap=1e-10)

    found = won(0.0)
    assert found.spend["tv"] == pytest.approx(2 * found.spend["radio"])
    slope = (won(20.0).customers - won(-20.0).customers) / 40
    assert found.price_of(says) == pytest.approx(slope, rel=1e-3)
    line = next(line for line in found.explain() if line.startswith(str(says)))
    assert "adds" in line
    assert (
        str(says)
        in Plan(maximize=Customers(), subject_to=[Budget(at_most=9e4), TwiceAsMuch(says)])
        .certify(THREE, {"tv": 9e4})
        .broken
    )


@pytest.mark.parametrize("twin", [Group("one", ["tv"]), Channel("tv")])
def test_of_limits_that_coincide_neither_gains_alone_and_each_loses_alone(twin):
    limits = [Budget(at_most=1e5), Channel("tv").at_most(10_000), twin.at_most(10_000)]
    alone = Plan(maximize=Customers(), subject_to=limits[:2]).solve(THREE, gap=1e-9)
    both = Plan(maximize=Customers(), subject_to=limits).solve(THREE, gap=1e-9)
    single = next(price for price in alone.prices if price.limit.figure == 10_000)
    assert not single.is_one_sided
    own = [price for price in both.prices if price.limit.figure == 10_000]
    if len(own) == 1:  # the very same limit stated twice: raised, both are
        assert own[0].per_unit == pytest.approx(single.per_unit, rel=1e-6)
    else:
        assert [price.per_unit for price in own] == [0, 0]
    assert [price.below for price in own] == pytest.approx([single.below] * len(own), rel=1e-6)


def test_every_kind_of_limit_is_explained_without_reading_its_sentence():
    curves = hill_world(7, 6, "concave")
    names = list(curves)
    limits = [
        Budget(exactly=6e5),
        Group("pair in 2024", names[:2]).share(at_least=0.4, at_most=0.5),
        Channel(names[2]).fixed(30_000),
        Channel(names[3]).relative(0.9, 1.1),
        Change(total=4e5),
        Group("costly 5%", names[4:]).cac_at_most(400.0),
        MaxCAC(5000),
    ]
    found = Plan(maximize=Customers(), subject_to=limits, now=dict.fromkeys(names, 1e5)).solve(curves)
    assert len(found.explain()) >= 1 + len(found.prices)
    assert {price.limit.unit for price in found.prices} >= {Unit.CURRENCY, Unit.SHARE}


def test_the_frontier_reads_the_price_of_its_own_budget():
    # a group called "budget" whose cap reads like the frontier's budget
    curves = hill_world(3, 4, "concave")
    names = list(curves)
    cap = Group("budget", names[:1]).at_most(300_000)
    frame = Plan(minimize=BlendedCAC(1e5, 100), subject_to=cap).frontier(curves, [299_000, 300_000, 301_000], gap=1e-10)
    won, spent = frame["customers"].to_numpy(), frame["budget"].to_numpy()
    assert frame["marginal_cac"][1] == pytest.approx((spent[2] - spent[0]) / (won[2] - won[0]), rel=1e-3)


def test_a_cap_on_marginal_cac_has_its_price():
    def plan(cap):
        limits = [Budget(at_most=2e5), Channel("tv").marginal_cac_at_most(cap)]
        return Plan(maximize=Customers(), subject_to=limits).solve(THREE, gap=1e-10)

    found = plan(150.0)
    slope = (plan(150.5).customers - plan(149.5).customers) / 1.0
    assert slope > 0
    assert found.shadow_prices["tv marginal CAC at most 150"] == pytest.approx(slope, rel=1e-3)


def test_a_certificate_writes_large_figures_out_and_never_rounds_its_distance_to_nothing():
    plan = Plan(maximize=Profit(2e4), subject_to=Budget(at_most=3e5))
    proof = plan.certify(THREE, plan.solve(THREE, gap=1e-8).spend, gap=1e-8)
    assert proof.value > 1e6
    assert "e+" not in str(proof)
    assert "less than 0.1" in str(proof)
    opening = plan.solve(THREE, gap=1e-8).explain()[0]
    assert "less than 0.1" in opening
    assert "e+" not in opening
