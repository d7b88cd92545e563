"""A referral programme: generations add up, rewards are paid for everybody, and tiers are offered in the best way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.economics import Referral, Tier
from attribution.errors import BadInput


def simulated(customers: int, k: float, rng: np.random.Generator) -> int:
    """Customers who come generation by generation, a Poisson number of each."""
    coming, total = customers, 0
    while coming:
        coming = int(rng.poisson(k * coming))
        total += coming
    return total


@pytest.mark.parametrize(("share", "each"), [(0.1, 1.0), (0.3, 2.0), (0.5, 1.8)])
def test_those_who_come_bring_others_as_a_simulation_does(share: float, each: float) -> None:
    points = Referral(4000, (Tier(10, share, each),), capacity=1e9).points()
    rng = np.random.default_rng(3)
    runs = [simulated(4000, share * each, rng) for _ in range(60)]
    assert points["referred"][0] == pytest.approx(np.mean(runs), abs=4 * np.std(runs) / np.sqrt(60))


def test_rewards_are_paid_also_for_those_who_would_have_come() -> None:
    points = Referral(1000, (Tier(30, 0.2, 1.0),), capacity=1e6, already=0.1).points()
    assert points["outlay"][0] == pytest.approx(30 * 1000 * 0.2 / 0.8)
    assert points["customers"][0] == pytest.approx(1000 * (0.2 / 0.8 - 0.1 / 0.9))
    assert points["cac"][0] > 30


programmes = st.builds(
    lambda rewards, ks, capacity, already: Referral(
        5000,
        tuple(Tier(reward, k, 1.0) for reward, k in zip(np.cumsum(rewards), np.sort(ks), strict=True)),
        capacity=5000 * already / (1 - already) + capacity,
        already=already * 1.0,
    ),
    st.lists(st.floats(1, 50), min_size=3, max_size=3),
    st.lists(st.floats(0.05, 0.9), min_size=3, max_size=3),
    st.floats(100, 1e5),
    st.floats(0, 0.04),
)


@settings(max_examples=40, deadline=None)
@given(programmes, st.floats(0, 1.2))
def test_the_table_is_the_best_mix_of_tiers(programme: Referral, part: float) -> None:
    """Held against a linear programme of shares of customers by tier."""
    from scipy.optimize import linprog

    points = programme.points()
    outlay = part * float(points["outlay"].iloc[-1])
    spend, customers = programme.table()
    best = linprog(-points["customers"], A_ub=[points["outlay"], np.ones(3)], b_ub=[outlay, 1.0])
    assert np.interp(outlay, spend, customers) == pytest.approx(-best.fun, rel=1e-6, abs=1e-6)
    offer = programme.offer(outlay)
    assert sum(share for _, share in offer) <= 1 + 1e-9
    by_reward = points.set_index("reward")["customers"]
    assert sum(by_reward[tier.reward] * share for tier, share in offer) == pytest.approx(-best.fun, rel=1e-6, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(programmes, st.integers(0, 99))
def test_draws_rise_stay_within_capacity_and_are_those_of_their_seed(programme: Referral, seed: int) -> None:
    spend, customers = programme.table(50, seed)
    assert (np.diff(spend) > 0).all()
    assert spend[0] == 0
    assert (customers[0] == 0).all()
    assert (np.diff(customers, axis=0) >= 0).all()
    assert customers.max() <= programme.capacity * (1 + 1e-9)
    assert np.array_equal(customers, programme.table(50, seed)[1])


def test_money_in_another_unit_is_the_same_programme() -> None:
    tiers = (Tier(10, 0.1, 1.0), Tier(25, 0.2, 1.0))
    own = Referral(1000, tiers, 5000).table(20, 1)
    cents = Referral(1000, tuple(Tier(tier.reward * 100, tier.share, tier.each) for tier in tiers), 5000).table(20, 1)
    assert np.allclose(cents[0], own[0] * 100)
    assert np.allclose(cents[1], own[1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tiers": (Tier(10, 0.5, 2.0),)}, "without end"),
        ({"tiers": (Tier(10, 0.9, 1.5),)}, "below 1"),
        ({"tiers": (Tier(20, 0.1, 1.0), Tier(10, 0.2, 1.0))}, "do not ascend"),
        ({"tiers": (Tier(20, 0.1, 1.0), Tier(20, 0.2, 1.0))}, "do not ascend"),
        ({"tiers": (Tier(10, 0.2, 1.0), Tier(20, 0.1, 1.0))}, "brings fewer"),
        ({"tiers": (Tier(10, -0.2, 1.0),)}, "share is out of range"),
        ({"tiers": (Tier(0, 0.2, 1.0),)}, "reward is out of range"),
        ({"tiers": ()}, "has no tier"),
        ({"capacity": 0.0}, "capacity"),
        ({"customers": float("nan")}, "customers"),
        ({"already": 0.15}, "than none"),
        ({"already": 0.1}, "than none"),
        ({"already": 0.09, "capacity": 50.0}, "fill the capacity"),
    ],
)
def test_what_is_no_programme_is_named(change: dict[str, object], said: str) -> None:
    asked = {"customers": 1000.0, "tiers": (Tier(10, 0.1, 1.0),), "capacity": 900.0} | change
    with pytest.raises(BadInput, match=said):
        Referral(**asked)  # type: ignore[arg-type]


def test_every_problem_at_once() -> None:
    with pytest.raises(BadInput) as raised:
        Referral(-1, (Tier(10, 2.0, 1.0), Tier(5, 0.1, 1.0)), capacity=-3)
    assert len(raised.value.problems) == 4
