"""The absorbing chain against chains solved again without each channel, by every way of solving it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

import attribution.models.absorbing_chain as absorbing_chain
from attribution.errors import NotConverged
from attribution.models.absorbing_chain import Chain

REPLICATES = 3


def walks(channels, paths, longest, seed):
    """Random paths, each with conversions, nulls and value in every replicate; some weigh nothing in a replicate."""
    rng = np.random.default_rng(seed)
    for _ in range(paths):
        touches = rng.integers(1, channels + 1, rng.integers(1, longest + 1)).tolist()
        won, lost = rng.poisson(1.0, REPLICATES), rng.poisson(2.0, REPLICATES)
        yield touches, {"conversions": won * 1.0, "nulls": lost * 1.0, "value": won * rng.gamma(2.0, 5.0)}


def counted(paths, channels, order):
    """Items and sums of the transitions: a state is the last ``order`` channels as digits, the most recent lowest."""
    sums: dict[tuple[int, int, int], Counter] = {}
    for touches, weights in paths:
        state = 0
        for step, channel in enumerate(touches):
            before, state = state, (state * (channels + 1) + channel) % (channels + 1) ** order
            key = (before, state, int(step == len(touches) - 1))
            for name, weight in weights.items():
                sums.setdefault(key, Counter())[name] = sums.get(key, Counter()).get(name, 0.0) + weight
    items = pd.DataFrame(sorted(sums), columns=["before", "state", "last"])
    names = ("conversions", "nulls", "value")
    return items, {name: np.stack([sums[key][name] for key in sorted(sums)], axis=1) for name in names}


def holds(state, channel, channels):
    while state:
        if state % (channels + 1) == channel:
            return True
        state //= channels + 1
    return False


def worth(items, weight, end, removed=(), channels=0):
    """What a person brings on average, in a chain whose states with a removed channel lead nowhere."""
    states = sorted(set(items["state"]))
    at = {state: position for position, state in enumerate(states)}
    through = np.zeros(len(states))
    for state, amount in zip(items["state"], weight, strict=True):
        through[at[state]] += amount
    step, start, gain = np.zeros((len(states), len(states))), np.zeros(len(states)), np.zeros(len(states))
    for row, amount, ended in zip(items.itertuples(), weight, end, strict=True):
        if row.before == 0:
            start[at[row.state]] += amount
        elif through[at[row.before]]:
            step[at[row.before], at[row.state]] += amount / through[at[row.before]]
        if row.last and through[at[row.state]]:
            gain[at[row.state]] += ended / through[at[row.state]]
    open_ = np.array([not any(holds(state, channel, channels) for channel in removed) for state in states])
    inner = np.linalg.solve(np.eye(open_.sum()) - step[np.ix_(open_, open_)], gain[open_])
    return start[open_] @ inner / max(start.sum(), 1e-300)


def removal(items, sums, channels):
    effects = np.zeros((2, REPLICATES, channels))
    for replicate in range(REPLICATES):
        weight = sums["conversions"][replicate] + sums["nulls"][replicate]
        for which, name in enumerate(("conversions", "value")):
            whole = worth(items, weight, sums[name][replicate])
            for channel in range(1, channels + 1):
                left = worth(items, weight, sums[name][replicate], (channel,), channels)
                effects[which, replicate, channel - 1] = 1 - left / whole if whole else 0.0
    return effects


WAYS = {
    "closed": {},
    "steps": {"_DENSE": 0},
    "steps, two channels at a time": {"_DENSE": 0, "_AT_ONCE": 2},
    "steps, slowest mode traded at once": {"_DENSE": 0, "_TRADE": 1, "_LOOK": 1},
    "systems solved after one step": {"_DENSE": 0, "_STEPS": 1},
    "systems solved after fifteen steps": {"_DENSE": 0, "_STEPS": 15},
}


def solved(items, sums, channels):
    chain = Chain.of(items, channels)
    return np.array(chain.removal(sums))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("channels", "order", "longest"), [(3, 1, 6), (5, 2, 7), (4, 3, 40)])
def test_removal_is_the_chain_solved_again_without_the_channel(monkeypatch, way, channels, order, longest):
    items, sums = counted(walks(channels, 40, longest, seed=order), channels, order)
    for name, value in WAYS[way].items():
        monkeypatch.setattr(absorbing_chain, name, value)
    np.testing.assert_allclose(solved(items, sums, channels), removal(items, sums, channels), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "closed"])
def test_people_who_go_round_for_long(monkeypatch, way):
    rng = np.random.default_rng(0)
    round_and_round = [1, 2, 1, 3] * 400
    paths = [(round_and_round[: rng.integers(1_200, 1_600)], weights) for _, weights in walks(4, 6, 3, seed=1)]
    paths += walks(4, 20, 3, seed=2)  # and some who do not
    items, sums = counted(paths, 4, 2)
    for name, value in WAYS[way].items():
        monkeypatch.setattr(absorbing_chain, name, value)
    np.testing.assert_allclose(solved(items, sums, 4), removal(items, sums, 4), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("dense", [600, 0])
def test_nothing_won_and_nobody_there(monkeypatch, dense):
    monkeypatch.setattr(absorbing_chain, "_DENSE", dense)
    items, sums = counted(walks(3, 20, 4, seed=3), 3, 1)
    sums["conversions"][0] = sums["value"][0] = 0.0  # nobody buys
    for values in sums.values():
        values[1] = 0.0  # nobody comes
    effect = solved(items, sums, 3)
    np.testing.assert_array_equal(effect[:, :2], 0.0)
    assert (effect[:, 2] > 0).all()


def test_what_a_chain_is():
    items, _ = counted([([1, 2, 2, 4], {"conversions": np.ones(3), "nulls": np.ones(3), "value": np.ones(3)})], 4, 2)
    chain = Chain.of(items, 4)
    assert (chain.states, chain.cells, chain.order_one) == (4, 16, False)
    assert chain.holds.tolist() == [
        [True, False, False, False],  # 1
        [True, True, False, False],  # 1, 2
        [False, True, False, False],  # 2, 2
        [False, True, False, True],  # 2, 4
    ]
    assert (sorted(chain.before.tolist()), chain.last.sum()) == ([-1, 0, 1, 2], 1)
    single, _ = counted([([4, 1], {"conversions": np.ones(3), "nulls": np.ones(3), "value": np.ones(3)})], 4, 1)
    assert Chain.of(single, 4).order_one


def test_memory_is_counted_by_states_where_solving_is_closed(monkeypatch):
    items, _ = counted(walks(5, 40, 7, seed=4), 5, 2)
    monkeypatch.setattr(absorbing_chain, "_DENSE", Chain.of(items, 5).states - 1)
    assert Chain.of(items, 5).cells == len(items)
    monkeypatch.setattr(absorbing_chain, "_DENSE", Chain.of(items, 5).states)
    assert Chain.of(items, 5).cells == Chain.of(items, 5).states ** 2


@pytest.mark.parametrize("way", WAYS)
def test_everybody_begins_alike(monkeypatch, way):
    paths = [([2, *touches], weights) for touches, weights in walks(4, 30, 6, seed=6)]
    items, sums = counted(paths, 4, 1)
    for name, value in WAYS[way].items():
        monkeypatch.setattr(absorbing_chain, name, value)
    np.testing.assert_allclose(solved(items, sums, 4), removal(items, sums, 4), rtol=1e-9, atol=1e-9)


def test_a_chain_without_a_way_out_is_refused(monkeypatch):
    monkeypatch.setattr(absorbing_chain, "_RESIDUAL", 0.0)
    monkeypatch.setattr(absorbing_chain, "_DENSE", 0)
    monkeypatch.setattr(absorbing_chain, "_STEPS", 1)
    items, sums = counted(walks(4, 40, 40, seed=5), 4, 2)
    with pytest.raises(NotConverged, match="did not settle"):
        solved(items, sums, 4)
