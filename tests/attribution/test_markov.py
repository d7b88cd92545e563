"""Markov credit against a chain that is built and solved on its own, and against the laws of removal effects."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution import BadInput, Journeys, Markov, bootstrap
from attribution.models import absorbing_chain as chain

rows = st.lists(
    st.tuples(
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=7),
        st.integers(0, 20),
        st.integers(0, 30),
        st.floats(0, 9),
    ),
    min_size=1,
    max_size=20,
).filter(lambda paths: any(path[1] for path in paths))


def frame_of(paths) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "path": [" > ".join(path[0]) for path in paths],
            "conversions": [path[1] for path in paths],
            "nulls": [path[2] for path in paths],
            "value": [path[1] * path[3] for path in paths],
        }
    )


def journeys_of(paths) -> Journeys:
    return Journeys.from_paths(frame_of(paths), value="value", nulls="nulls")


def solved_on_its_own(paths, order: int) -> tuple[dict[str, float], dict[str, float]]:
    """Removal effects from a dictionary of states, tuples of channels, and one linear solve per channel."""
    flow, won, worth, through = (defaultdict(float) for _ in range(4))
    start = defaultdict(float)
    for path, conversions, nulls, value in paths:
        weight = conversions + nulls
        states = [tuple(path[max(0, i - order + 1) : i + 1]) for i in range(len(path))]
        start[states[0]] += weight
        for state in states:
            through[state] += weight
        for pair in pairwise(states):
            flow[pair] += weight
        won[states[-1]] += conversions
        worth[states[-1]] += conversions * value
    states = [state for state in through if through[state] > 0]

    def reached(without: str | None) -> tuple[float, float]:
        kept = [state for state in states if without not in state]
        at = {state: i for i, state in enumerate(kept)}
        matrix = np.eye(len(kept))
        for (before, after), weight in flow.items():
            if before in at and after in at:
                matrix[at[before], at[after]] -= weight / through[before]
        ends = np.array([[won[s] / through[s], worth[s] / through[s]] for s in kept]).reshape(-1, 2)
        begin = np.array([start[s] for s in kept]) / sum(start.values())
        total = begin @ np.linalg.solve(matrix, ends)
        return total[0], total[1]

    whole = reached(None)
    channels = sorted({channel for path in paths for channel in path[0]})
    left = {channel: reached(channel) for channel in channels}
    return tuple({c: 1 - left[c][i] / whole[i] if whole[i] > 0 else 0.0 for c in channels} for i in (0, 1))  # type: ignore[return-value]


@settings(max_examples=40, deadline=None)
@given(rows)
def test_removal_effects_are_those_of_an_independent_solve_and_credit_sums_to_what_came(paths):
    journeys = journeys_of(paths)
    for order in (1, 2, 3, 5):
        credit = Markov(order)(journeys)
        effect, effect_value = solved_on_its_own(paths, order)
        np.testing.assert_allclose(credit.removal_effect, list(effect.values()), atol=1e-10)
        np.testing.assert_allclose(credit.removal_effect_value, list(effect_value.values()), atol=1e-10)
        np.testing.assert_allclose(credit.conversions.sum(), journeys.totals["conversions"])
        np.testing.assert_allclose(credit.value.sum(), journeys.totals["value"], atol=1e-9)
        assert (credit.removal_effect >= -1e-12).all()
        assert (credit.removal_effect <= 1 + 1e-12).all()


@settings(max_examples=30, deadline=None)
@given(rows)
def test_order_one_does_not_see_repeats(paths):
    bare = [([c for i, c in enumerate(p) if i == 0 or p[i - 1] != c], *rest) for p, *rest in paths]
    kept, dropped = Markov(1)(journeys_of(paths)), Markov(1)(journeys_of(bare))
    np.testing.assert_allclose(kept.removal_effect, dropped.removal_effect, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(rows)
def test_an_order_past_the_longest_path_gives_the_share_of_conversions_touched(paths):
    credit = Markov(7)(journeys_of(paths))
    total = sum(path[1] for path in paths)
    shares = [sum(path[1] for path in paths if c in path[0]) / total for c in credit.channels]
    np.testing.assert_allclose(credit.removal_effect, shares, atol=1e-10)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_fixed_point_and_the_closed_form_agree(make_log, monkeypatch, order):
    touched, bought = make_log(1)
    journeys = Journeys.from_touchpoints(touched, conversions=bought)
    dense = Markov(order)(journeys)
    monkeypatch.setattr(chain, "_DENSE", 0)
    sparse = Markov(order)(journeys)
    monkeypatch.setattr(chain, "_STEPS", 1)
    krylov = Markov(order)(journeys)
    for other in (sparse, krylov):
        np.testing.assert_allclose(other.removal_effect, dense.removal_effect, atol=1e-10)
        np.testing.assert_allclose(other.value, dense.value, rtol=1e-9)


@pytest.mark.parametrize("order", [2, 3])
def test_many_states_that_forget_slowly(order, monkeypatch):
    monkeypatch.setattr(chain, "_DENSE", 0)
    rng = np.random.default_rng(4)
    paths = [(list("ab" * 60 + "c"), 3, 1, 2.0), (list("a" * 150), 1, 2, 5.0), (list("dc" * 40), 0, 9, 0.0)]
    paths += [(list(rng.choice(list("abcde"), rng.integers(1, 12))), 1, 4, rng.gamma(2.0)) for _ in range(400)]
    credit = Markov(order)(journeys_of(paths))
    effect, effect_value = solved_on_its_own(paths, order)
    np.testing.assert_allclose(credit.removal_effect, list(effect.values()), atol=1e-10)
    np.testing.assert_allclose(credit.removal_effect_value, list(effect_value.values()), atol=1e-10)


def test_channels_are_told_apart_whatever_they_are_called():
    names = ["(start)", "(conversion)", "null", "ü", "日本", "a b"]
    frame = pd.DataFrame({"path": [f"{a}|{b}" for a in names for b in names], "conversions": 1.0, "nulls": 2.0})
    credit = Markov()(Journeys.from_paths(frame, nulls="nulls", sep="|"))
    np.testing.assert_allclose(credit.conversions, 6.0)


def test_one_channel_takes_all():
    credit = Markov()(Journeys.from_paths(pd.DataFrame({"path": ["a", "a > a"], "conversions": [3, 4]})))
    assert credit.conversions["a"] == pytest.approx(7)
    assert credit.removal_effect["a"] == pytest.approx(1)


@pytest.mark.parametrize("order", [0, -1, 1.5, True])
def test_orders_that_make_no_sense_are_refused(order):
    with pytest.raises(BadInput, match="order of 1 or more"):
        Markov(order)


def test_replicates_are_refits(make_log):
    touched, bought = make_log(6)
    journeys = Journeys.from_touchpoints(touched, conversions=bought)
    found = bootstrap(journeys, Markov(), replicates=50)
    drawn = found.draws["conversions"].sum(axis=1)
    assert drawn.std() > 0
    assert abs(drawn.mean() - journeys.totals["conversions"]) < 4 * drawn.std() / np.sqrt(50)
