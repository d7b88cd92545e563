"""Questions without an answer are refused with a sentence that says what to ask instead."""

import numpy as np
import pytest
from plan_worlds import hill_world, instance, oracle

import optimizer
from attribution.errors import BadInput, IllPosedPlan, InfeasiblePlan, UnknownChannel
from mmm.curves import Hill, MichaelisMenten, ResponseCurves
from optimizer import (
    BlendedCAC,
    Budget,
    Change,
    Channel,
    Customers,
    Flight,
    Group,
    Guardrails,
    LiftTest,
    MaxCAC,
    Pacing,
    Plan,
    Profit,
    Spend,
)

CURVES = ResponseCurves({"tv": MichaelisMenten(900, 60_000), "search": MichaelisMenten(500, 20_000)})


def test_free_customers_make_least_cac_ill_posed():
    with pytest.raises(IllPosedPlan, match=r"Customers\(at_least"):
        Plan(minimize=BlendedCAC(organic=4000)).solve(CURVES)


def test_the_ratio_of_fixed_cost_to_organic_decides():
    # the first customer of search costs 20,000 / 500 = 40
    def plan(fixed_cost):
        return Plan(minimize=BlendedCAC(fixed_cost=fixed_cost, organic=1000))

    with pytest.raises(IllPosedPlan, match=r"less than 40\.0"):
        plan(39_900).solve(CURVES)
    assert plan(40_500).solve(CURVES).total_spend > 0


@pytest.mark.parametrize("promise", [Customers(at_least=4200), Budget(exactly=10_000), Budget(at_least=10_000),
                                     Channel("tv").at_least(5_000)])  # fmt: skip
def test_a_promise_makes_it_well_posed(promise):
    found = Plan(minimize=BlendedCAC(organic=4000), subject_to=promise).solve(CURVES)
    assert found.gap <= 1e-3
    assert found.total_spend > 0


def test_without_scale_concave_curves_are_ill_posed_and_s_shapes_are_not():
    with pytest.raises(IllPosedPlan, match="first unit"):
        Plan(minimize=BlendedCAC()).solve(CURVES)
    steep = ResponseCurves({"tv": Hill(900, 60_000, 3)})
    found = Plan(minimize=BlendedCAC()).solve(steep)
    grid = np.linspace(1e3, 3e5, 20_000)
    assert found.blended_cac == pytest.approx((grid / steep["tv"](grid)).min(), rel=1e-3)


def test_customers_without_any_limit_are_ill_posed():
    with pytest.raises(IllPosedPlan, match="Budget"):
        Plan(maximize=Customers()).solve(CURVES)


def test_a_promise_beyond_reach_is_named_with_the_certified_best():
    world = instance(2)
    best = oracle(world).reached[-1] + world.organic
    plan = world.plan()
    asked = Plan(minimize=Spend(organic=world.organic), subject_to=[*plan.subject_to, Customers(at_least=2 * best)])
    with pytest.raises(InfeasiblePlan, match="customers at least") as caught:
        asked.solve(world.curves)
    stated = float(str(caught.value).split("since at most ")[1].split(" customers")[0].replace(",", ""))
    assert best * 0.999 <= stated <= best * 1.01
    assert caught.value.exit_code == 3


def test_a_cac_ceiling_beyond_reach_is_named_with_the_certified_best():
    curves = hill_world(3, 5, "mixed")
    limits = [Budget(at_most=1e6), Customers(at_least=2000)]
    least = Plan(minimize=BlendedCAC(fixed_cost=1e5), subject_to=limits).solve(curves)
    with pytest.raises(InfeasiblePlan, match="cannot go below") as caught:
        Plan(minimize=BlendedCAC(fixed_cost=1e5), subject_to=[*limits, MaxCAC(least.bound * 0.9)]).solve(curves)
    stated = float(str(caught.value).split("cannot go below ")[1].split(" ")[0].rstrip(".;").replace(",", ""))
    assert stated == pytest.approx(least.bound, rel=2e-3)


def test_contradicting_amounts_are_named():
    with pytest.raises(InfeasiblePlan, match="budget at most 1,000"):
        Plan(maximize=Customers(), subject_to=[Budget(at_most=1000), Channel("tv").at_least(2000)]).solve(CURVES)
    with pytest.raises(InfeasiblePlan, match="tv cannot get"):
        Plan(maximize=Customers(), subject_to=[Channel("tv").at_least(2000), Group("tv", ["tv"]).at_most(1000)]).solve(
            CURVES
        )


def test_an_entry_price_above_the_budget_leaves_the_channel_out():
    plan = Plan(maximize=Customers(), subject_to=[Budget(at_most=1000), Channel("tv").zero_or_at_least(2000)])
    assert plan.solve(CURVES).spend.to_dict() == pytest.approx({"tv": 0, "search": 1000})


@pytest.mark.parametrize("constraint", [Channel("serch").at_most(1), Group("g", ["tv", "serch"]).at_most(1),
                                        Group("g", ["serch"]).share(at_most=0.5),
                                        Channel("serch").zero_or_at_least(5)])  # fmt: skip
def test_unknown_channels_offer_the_nearest(constraint):
    with pytest.raises(UnknownChannel, match="Did you mean 'search'"):
        Plan(maximize=Customers(), subject_to=[Budget(at_most=10), constraint]).solve(CURVES)


BAD = {
    "no objective": lambda: Plan(),
    "two objectives": lambda: Plan(minimize=Spend(), maximize=Customers()),
    "wrong direction": lambda: Plan(maximize=Spend()),
    "no constraint": lambda: Plan(maximize=Customers(), subject_to=[Channel("tv")]),
    "objective of another kind": lambda: Plan(maximize=Budget(at_most=1)),
    "empty budget": lambda: Budget(),
    "budget twice": lambda: Budget(at_most=1, exactly=1),
    "negative budget": lambda: Budget(at_most=-1),
    "nan budget": lambda: Budget(at_most=np.nan),
    "crossed bounds": lambda: Channel("tv").between(2, 1),
    "negative bound": lambda: Channel("tv").at_least(-1),
    "share above one": lambda: Group("g", ["tv"]).share(at_most=1.5),
    "share of nothing": lambda: Group("g", ["tv"]).share(),
    "empty group": lambda: Group("g", []),
    "no change": lambda: Change(),
    "zero ceiling": lambda: MaxCAC(0),
    "negative fixed cost": lambda: BlendedCAC(fixed_cost=-1),
    "organic of two axes": lambda: BlendedCAC(organic=np.ones((2, 2))),
    "organic not finite": lambda: Customers(organic=np.nan),
    "negative value": lambda: Profit(-3),
    "organic without value": lambda: Profit({"tv": 3}, organic=5),
    "now lacks a channel": lambda: Plan(maximize=Customers(), subject_to=Budget(at_most=1), now={"tv": 1}).solve(
        CURVES
    ),
    "now unknown": lambda: Plan(
        maximize=Customers(), subject_to=Budget(at_most=1), now={"tv": 1, "search": 1, "radio": 2}
    ).solve(CURVES),
    "change without now": lambda: Plan(maximize=Customers(), subject_to=Change(at_most=0.1)).solve(CURVES),
    "relative without now": lambda: Plan(
        maximize=Customers(), subject_to=[Budget(at_most=1), Channel("tv").relative(0.8, 1.2)]
    ).solve(CURVES),
    "pacing without weeks": lambda: Plan(maximize=Customers(), subject_to=Pacing(0.1)).solve(CURVES),
    "values lack a channel": lambda: Plan(maximize=Profit({"tv": 3})).solve(CURVES),
    "promise without number": lambda: Plan(minimize=Spend(), subject_to=Customers()).solve(CURVES),
    "organic stated twice": lambda: Plan(minimize=Spend(organic=3), subject_to=Customers(at_least=10, organic=4)).solve(
        CURVES
    ),
    "not curves": lambda: Plan(maximize=Customers(), subject_to=Budget(at_most=1)).solve({"tv": 3}),
    "organic of other draws": lambda: Plan(
        maximize=Customers(organic=np.ones(3)), subject_to=Budget(at_most=1)
    ).evaluate(ResponseCurves({"tv": Hill([1.0, 2.0], 1.0)}), {"tv": 1}),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_a_sentence(case):
    with pytest.raises(BadInput) as caught:
        BAD[case]()
    assert len(str(caught.value)) > 20


def test_public_names_are_there_and_unknown_ones_are_not():
    for name in optimizer.__all__:
        assert getattr(optimizer, name).__name__.split(".")[-1] == name
    assert set(dir(optimizer)) == set(optimizer.__all__)
    with pytest.raises(AttributeError, match="Plann"):
        _ = optimizer.Plann


def test_a_group_ceiling_that_cannot_hold_names_the_lowest_cac():
    import re

    curves = ResponseCurves({"a": MichaelisMenten(1000.0, 1e5), "b": MichaelisMenten(600.0, 4e4), "c": Hill(900, 5e4)})
    limits = [Budget(at_most=3e5), Group("ab", ["a", "b"]).at_least(1.2e5)]
    plan = Plan(maximize=Customers(), subject_to=[*limits, Group("ab", ["a", "b"]).cac_at_most(100)])
    with pytest.raises(InfeasiblePlan, match="ab CAC at most 100") as caught:
        plan.solve(curves)
    split = np.linspace(0, 1.2e5, 4001)
    lowest = (1.2e5 / (curves["a"](split) + curves["b"](1.2e5 - split))).min()
    said = float(re.search(r"no CAC below ([\d,.]+) there", str(caught.value)).group(1).replace(",", ""))
    assert said == pytest.approx(lowest, rel=5e-4)
    allowed = plan.replaced(subject_to=[*limits, Group("ab", ["a", "b"]).cac_at_most(said * 1.002)])
    assert allowed.solve(curves).gap <= 1e-3


@pytest.mark.parametrize("amount", [-1.0, np.nan, np.inf])
def test_amounts_that_are_none_are_named_by_channel(amount):
    curves = hill_world(0, 2)
    spend = {"channel 0": amount, "channel 1": 1.0}
    plan = Plan(maximize=Customers(), subject_to=Budget(at_most=1e5))
    for ask in (lambda: plan.replaced(now=spend), lambda: plan.certify(curves, spend)):
        with pytest.raises(BadInput, match="channel 0"):
            ask()


@pytest.mark.parametrize("gap", [-1.0, np.nan])
def test_a_gap_below_none_is_refused(gap):
    with pytest.raises(BadInput, match="gap"):
        Plan(maximize=Customers(), subject_to=Budget(at_most=1e5)).solve(hill_world(0, 2), gap=gap)


@pytest.mark.parametrize("seed", range(6))
def test_a_share_that_cannot_hold_is_refused_with_the_share_that_is_attainable(seed):
    rng = np.random.default_rng(seed)
    curves, names = hill_world(seed, 4, "concave"), [f"channel {i}" for i in range(4)]
    least, most = rng.uniform(1e4, 5e4, 4), rng.uniform(6e4, 2e5, 4)
    members = np.array([1.0, seed % 2, 0.0, 0.0])
    limits = [Channel(name).between(*ends) for name, *ends in zip(names, least, most, strict=True)]
    group = Group("pair", [name for name, one in zip(names, members, strict=True) if one])
    # the ratio is monotone in each channel's spend, so that it is attained at ends: members least, the others most
    lowest = members @ least / (members @ least + (1 - members) @ most)
    highest = members @ most / (members @ most + (1 - members) @ least)
    budget = Budget(at_most=most.sum())
    for share, said, figure in (
        (group.share(at_most=0.9 * lowest), "at least", lowest),
        (group.share(at_least=min(highest * 1.05, 0.999)), "at most", highest),
    ):
        with pytest.raises(InfeasiblePlan, match=f"the other limits allow {said} {figure:.1%} there"):
            Plan(maximize=Customers(), subject_to=[budget, *limits, share]).solve(curves)


NO_NUMBERS = ["5_000", "", [1.0], {"a": 1.0}, np.array([]), object()]


@pytest.mark.parametrize("odd", NO_NUMBERS, ids=lambda odd: type(odd).__name__)
@pytest.mark.parametrize(
    "stated",
    [
        lambda x: MaxCAC(x),
        lambda x: Budget(exactly=x),
        lambda x: Customers(at_least=x),
        lambda x: Channel("tv").at_most(x),
        lambda x: Channel("tv").cac_at_most(x),
        lambda x: BlendedCAC(fixed_cost=x),
        lambda x: Profit("much" if isinstance(x, dict | list) else x),
        lambda x: Plan(maximize=Customers(), subject_to=Budget(at_most=9e4)).solve(CURVES, gap=x),
        lambda x: Plan(maximize=Customers(), subject_to=Budget(at_most=9e4)).solve(CURVES, time_limit=x),
    ],
)
def test_what_is_no_number_is_refused_in_words(stated, odd):
    with pytest.raises(BadInput, match=r"no number|must be finite|give a number") as caught:
        stated(odd)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_no_search_begins_that_cannot_end(bad):
    plan = Plan(maximize=Customers(), subject_to=Budget(at_most=9e4))
    for asked, of in ((plan, CURVES), (Flight(CURVES, 4), plan)):
        with pytest.raises(BadInput, match="gap"):
            asked.solve(of, gap=bad)
        if bad != np.inf:
            with pytest.raises(BadInput, match="time_limit"):
                asked.solve(of, time_limit=bad)
    for rails in ({"window": bad}, {"fixed_cost": bad}, {"lifetime_value": bad}, {"window": 2.5}):
        with pytest.raises(BadInput, match="Guardrails"):
            Guardrails(**rails)
    with pytest.raises(BadInput, match="change"):
        LiftTest(change=bad - 1.0)


@pytest.mark.parametrize("odd", [5, None, 2.5])
def test_lists_of_limits_and_fees_are_asked_for(odd):
    with pytest.raises(BadInput, match="subject_to: is of type"):
        Plan(maximize=Customers(), subject_to=odd)
    with pytest.raises(BadInput, match="fees: is of type"):
        Plan(maximize=Customers(), fees=odd)
    with pytest.raises(BadInput, match=r"give Fee\(name, channels, steps\)"):
        Plan(maximize=Customers(), fees=["agency"])


def test_what_rounding_leaves_of_nothing_is_told_as_nothing():
    """Three channels of at most a fifth each spend nothing at all."""
    curves = ResponseCurves({name: Hill(900, 60_000 + 7 * place) for place, name in enumerate("abc")})
    limits = [Budget(exactly=1_995_551.0), *(Channel(name).share(at_most=0.2) for name in curves)]
    with pytest.raises(InfeasiblePlan, match="allow at most 0 there"):
        Plan(maximize=Customers(), subject_to=limits).solve(curves)
