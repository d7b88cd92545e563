"""Value of information: never negative, never above perfect, larger for what matters and is unknown."""

import numpy as np
import pytest

from attribution.errors import BadInput, UnknownChannel
from mmm.curves import MichaelisMenten, ResponseCurves
from optimizer import BlendedCAC, Budget, Channel, Customers, Plan, Profit
from optimizer.uncertainty.value_of_tests import (
    LiftTest,
    most_telling,
    perfect_information,
    sizes_of_test,
    value_of_tests,
)

RNG = np.random.default_rng(0)
CURVES = ResponseCurves(
    {
        "known": MichaelisMenten(np.full(200, 1000.0), 1e5),
        "unknown": MichaelisMenten(1000 * np.exp(RNG.normal(-0.18, 0.6, 200)), 1e5),
        "vague": MichaelisMenten(1000 * np.exp(RNG.normal(-0.02, 0.2, 200)), 1e5),
    }
)
PLAN = Plan(maximize=Customers(), subject_to=Budget(at_most=2e5), now=dict.fromkeys(CURVES, 7e4))
TEST = LiftTest(change=-1, share=0.3, standard_error=15)


def test_the_most_uncertain_channel_is_worth_testing_first():
    frame = value_of_tests(PLAN, CURVES, TEST)
    assert frame["channel"].tolist() == ["unknown", "vague", "known"]
    assert frame["value"].iloc[0] > 1
    assert frame["value"].iloc[-1] == 0
    assert frame["of_perfect"].between(0, 1.05).all()


def test_better_tests_are_worth_more():
    values = [
        value_of_tests(PLAN, CURVES, {"unknown": LiftTest(-1, 0.3, error)})["value"].iloc[0] for error in (1, 30, 3000)
    ]
    assert values[0] > values[1] > values[2] >= 0
    assert values[2] < 0.02 * values[0]


def test_no_test_beats_perfect_information():
    most = perfect_information(PLAN, CURVES, draws=200)
    assert value_of_tests(PLAN, CURVES, LiftTest(-1, 1.0, 0.5))["value"].max() <= most * 1.05


def test_with_two_states_the_value_is_known():
    # a channel is worth 2 or 0 customers per unit, another 0.8 for sure; money for one of them
    from mmm.curves import Power

    lines = ResponseCurves({"bet": Power(np.array([2.0, 0.0]), 1.0), "safe": Power(0.8, 1.0)})
    plan = Plan(maximize=Customers(), subject_to=Budget(at_most=100), now={"bet": 50.0, "safe": 50.0})
    # today: bet, 100 expected; knowing: half of the time 200, half 80
    assert perfect_information(plan, lines) == pytest.approx(40, rel=1e-6)
    sharp = value_of_tests(plan, lines, {"bet": LiftTest(-1, 1.0, 1e-2)}, outcomes=2)
    assert sharp["value"].iloc[0] == pytest.approx(40, rel=1e-6)


def test_knowing_one_effect_exactly_teaches_nothing_of_the_others():
    # as other channels enter in the mean alone, their uncertainty must not add to the worth of knowing one
    rng = np.random.default_rng(3)
    others = {f"other {i}": MichaelisMenten(1000 * np.exp(rng.normal(-0.18, 0.6, 2000)), 1e5) for i in range(6)}
    known = {name: MichaelisMenten(float(curve.saturation.mean()), 1e5) for name, curve in others.items()}
    one = {"one": MichaelisMenten(1000 * np.exp(rng.normal(-0.18, 0.6, 2000)), 1e5)}
    perfect = []
    for rest in (others, known):
        curves = ResponseCurves(one | rest)
        plan = Plan(maximize=Customers(), subject_to=Budget(at_most=3e5), now=dict.fromkeys(curves, 4e4))
        row = value_of_tests(plan, curves, {"one": LiftTest(-1, 0.3, 60.0)}).iloc[0]
        perfect.append(row["value"] / row["of_perfect"])
    assert perfect[0] == pytest.approx(perfect[1], rel=0.25)


def known_effects(draws, seed=0):
    """Three independent channels of one shape, so that a test of one says nothing of the others."""
    rng = np.random.default_rng(seed)
    spreads = {"known": 0.0, "unknown": 0.6, "vague": 0.2}
    scale = {c: 1000 * np.exp(rng.normal(-s * s / 2, s, draws)) for c, s in spreads.items()}
    return ResponseCurves({c: MichaelisMenten(values, 1e5) for c, values in scale.items()}), spreads


def nested_value(channel, spreads, standard_error, rounds=1000):
    """The worth of a test by nested simulation: true effects, results, posterior means, best plans in closed form."""
    rng = np.random.default_rng(5)
    spread, place = spreads[channel], list(spreads).index(channel)
    measured = 0.3 * 7e4 / (1e5 + 7e4)
    scale = 1000 * np.exp(rng.normal(-(spread**2) / 2, spread, 20_000))

    def best(worth):  # equal slopes: spend + half is in proportion to the root of the worth, none below zero
        on = np.ones(len(worth), dtype=bool)
        while True:
            spend = np.where(on, np.sqrt(worth) / np.sqrt(worth[on]).sum() * (2e5 + 1e5 * on.sum()) - 1e5, 0.0)
            if (spend >= 0).all():
                return spend
            on &= spend > 0

    def won(worth, spend):
        return float((worth * spend / (1e5 + spend)).sum())

    gains, today = [], best(np.full(3, 1000.0))
    for true in scale[:rounds]:
        shown = measured * true + standard_error * rng.normal()
        likely = np.exp(-0.5 * ((measured * scale - shown) / standard_error) ** 2)
        worth = np.full(3, 1000.0)
        worth[place] = likely @ scale / likely.sum() if likely.sum() > 1e-9 else true
        gains.append(won(worth, best(worth)) - won(worth, today))
    return np.mean(gains), np.std(gains) / np.sqrt(rounds)


@pytest.mark.parametrize(
    ("channel", "standard_error"), [("unknown", 0.05), ("unknown", 5.0), ("unknown", 40.0), ("vague", 5.0)]
)
def test_values_are_those_of_a_nested_simulation_however_precise_the_test(channel, standard_error):
    curves, spreads = known_effects(2000)
    test = {channel: LiftTest(-1, 0.3, standard_error)}
    value = value_of_tests(PLAN, curves, test)["value"].iloc[0]
    true, error = nested_value(channel, spreads, standard_error)
    assert value == pytest.approx(true, abs=3 * error + 0.12 * true)


def test_a_more_precise_test_is_never_worth_less():
    curves, _ = known_effects(300)
    errors = np.geomspace(1e-3, 300, 7)
    for channel in ("unknown", "vague"):
        values = [value_of_tests(PLAN, curves, {channel: LiftTest(-1, 0.3, e)})["value"].iloc[0] for e in errors]
        assert (np.diff(values) <= 0.02 * values[0]).all()


def test_the_effect_is_what_the_test_measures():
    effect = LiftTest(0.5, 0.2, 1).effect(CURVES, "known", 1e5)
    assert effect == pytest.approx(np.full(200, 0.2 * (600 - 500)))


def test_larger_tests_teach_more_and_cost_in_proportion():
    sizes = sizes_of_test(PLAN, CURVES, "unknown", LiftTest(-0.5, 0.25, 20), shares=(0.05, 0.2, 0.8))
    assert sizes["value"].is_monotonic_increasing
    assert (sizes["standard_error"] / np.sqrt(sizes["share"])).to_numpy() == pytest.approx(np.full(3, 40.0))
    assert (sizes["cost"] / sizes["share"]).to_numpy() == pytest.approx(np.full(3, sizes["cost"][0] / 0.05))
    forgone = CURVES["unknown"].mean(7e4) - CURVES["unknown"].mean(3.5e4)
    assert sizes["cost"].iloc[-1] == pytest.approx(0.8 * forgone)
    assert sizes["net"].to_numpy() == pytest.approx((sizes["value"] - sizes["cost"]).to_numpy())
    one = value_of_tests(PLAN, CURVES, {"unknown": LiftTest(-0.5, 0.2, 20 * np.sqrt(0.8))})["value"].iloc[0]
    assert sizes["value"].iloc[1] == pytest.approx(one)


def test_at_most_one_size_is_best_and_only_where_it_pays():
    sizes = sizes_of_test(PLAN, CURVES, "unknown", LiftTest(-0.2, 0.25, 2))
    assert sizes["best"].sum() == 1
    assert sizes.loc[sizes["best"], "net"].iloc[0] == sizes["net"].max() > 0
    vain = sizes_of_test(PLAN, CURVES, "known", LiftTest(-1, 0.25, 20))
    assert not vain["best"].any()


def test_money_counts_in_a_profit_but_not_in_customers():
    plan = Plan(maximize=Profit(1000.0), subject_to=Budget(at_most=2e5), now=dict.fromkeys(CURVES, 7e4))
    more = sizes_of_test(plan, CURVES, "known", LiftTest(0.5, 0.25, 20), shares=[0.25])
    won = 0.25 * (CURVES["known"].mean(1.05e5) - CURVES["known"].mean(7e4))
    assert more["cost"].iloc[0] == pytest.approx(0.25 * 3.5e4 - 1000 * won)


BAD = {
    "a ratio": lambda: sizes_of_test(PLAN.replaced(objective=BlendedCAC(1e4)), CURVES, "known", TEST),
    "no usual spend of the channel": lambda: sizes_of_test(PLAN, CURVES, "known", TEST, spend={"known": 0.0}),
    "no change": lambda: LiftTest(0.0),
    "no error": lambda: LiftTest(-1, 0.5, 0.0),
    "no usual spend": lambda: value_of_tests(Plan(maximize=Customers(), subject_to=Budget(at_most=1)), CURVES, TEST),
    "no draws": lambda: value_of_tests(PLAN, CURVES.take([0]), TEST),
    "a promise": lambda: value_of_tests(PLAN.with_promise(10), CURVES, TEST),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_questions_are_refused(case):
    with pytest.raises(BadInput):
        BAD[case]()


def test_unknown_channels_offer_the_nearest():
    with pytest.raises(UnknownChannel, match="Did you mean 'vague'"):
        value_of_tests(PLAN, CURVES, {"vage": TEST})


def test_a_test_that_opens_a_limit_is_held_against_the_plan_within_it():
    from mmm.curves import Power

    lines = ResponseCurves({"bet": Power(np.array([2.0, 0.0]), 1.0), "safe": Power(0.8, 1.0)})
    plan = Plan(maximize=Customers(), subject_to=Budget(at_most=100), now={"bet": 50.0, "safe": 50.0})
    test = {"bet": LiftTest(-1, 1.0, 1e-2)}
    # kept: all on safe, 80; knowing: half of the time 200, half 80
    shut = value_of_tests(plan, lines, test, outcomes=2, keep={"bet": 0.0, "safe": 100.0})
    assert shut["value"].iloc[0] == pytest.approx(60, rel=1e-6)
    best = value_of_tests(plan, lines, test, outcomes=2, keep={"bet": 100.0, "safe": 0.0})
    assert best["value"].iloc[0] == pytest.approx(value_of_tests(plan, lines, test, outcomes=2)["value"].iloc[0])


def test_a_test_that_is_bound_to_see_nothing_opens_nothing():
    from mmm.curves import Power

    lines = ResponseCurves({"bet": Power(np.array([2.0, 0.0]), 1.0), "safe": Power(0.8, 1.0)})
    plan = Plan(maximize=Customers(), subject_to=Budget(at_most=100), now={"bet": 50.0, "safe": 50.0})
    keep = {"bet": 0.0, "safe": 100.0}

    def worth(error: float, least: float) -> float:
        test = {"bet": LiftTest(-1, 1.0, error)}
        return float(value_of_tests(plan, lines, test, keep=keep, least=least)["value"].iloc[0])

    assert worth(1e4, -np.inf) == pytest.approx(20, rel=0.05)  # the ground opens whatever it says: 100 in place of 80
    assert worth(1e4, 1.645) < 0.1 * 20  # one outcome in twenty
    assert worth(1e-2, 1.645) == pytest.approx(60, rel=1e-3)  # half of the time 200 in place of 80, else 80
    assert worth(30, -np.inf) >= worth(30, 1.645) >= worth(30, 4.0) == 0


def test_among_many_the_tests_that_tell_most_hold_those_worth_most():
    rng = np.random.default_rng(2)
    money = {f"c{place}": float(rng.lognormal(10, 0.6)) for place in range(14)}
    curves = ResponseCurves(
        {
            name: MichaelisMenten(spend / 30 * np.exp(rng.normal(0, rng.uniform(0.1, 0.7), 60)), spend)
            for name, spend in money.items()
        }
    )
    bounds = [Channel(name).between(0.5 * spend, 1.5 * spend) for name, spend in money.items()]
    plan = Plan(maximize=Customers(), subject_to=[Budget(exactly=sum(money.values())), *bounds], now=money)
    tests = dict.fromkeys(money, TEST)
    worth = value_of_tests(plan, curves, tests).set_index("channel")["value"]
    telling = most_telling(curves, tests, money, 7)
    assert set(worth.index[:6]) <= set(telling)
    assert list(telling) == [name for name in money if name in telling]
    assert most_telling(curves, tests, money, 99) == tuple(money)
