"""Touches of one moment: they share, whatever channels are called, in memory and in an engine."""

from __future__ import annotations

from functools import cache
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

import attribution.paths.journeys as module
from attribution import (
    BadInput,
    Cleaning,
    Custom,
    FirstTouch,
    Journeys,
    LastNonDirect,
    LastTouch,
    Linear,
    Markov,
    OrderedShapley,
    PathRules,
    PositionBased,
    Shapley,
    ShapleyRate,
    TimeDecay,
    rider_marks,
)
from attribution.analysis.flow import days_to_conversion, path_lengths, step_shares

MODELS = [
    FirstTouch(),
    LastTouch(),
    LastNonDirect("direct"),
    Linear(),
    PositionBased(0.3, 0.5),
    TimeDecay("2D"),
    Custom(lambda touch: touch.step + 1.0, "later"),
    Custom(lambda touch: touch.choose(touch.is_first, 3.0, touch.choose(touch.is_last, 2.0, 1.0)), "ends"),
    Markov(1),
    Markov(3),
    Shapley(),
    OrderedShapley(),
    ShapleyRate(),
]
IN_ENGINE = [LastNonDirect("direct"), TimeDecay("2D"), MODELS[7], Markov(3), OrderedShapley()]
"""Models that ask an engine for all that the others ask for: order, steps, ages, sets and chains."""
NAMES = ["search", "mail", "direct", "tv", "social"]


def world(seed: int, days: int = 25) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A log of whole days, in which many touches share a day."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2024-01-01")

    def frame(rows: int) -> pd.DataFrame:
        time = start + pd.to_timedelta(rng.integers(days, size=rows), unit="D")
        return pd.DataFrame({"user": rng.integers(60, size=rows).astype(str), "time": time})

    touched = frame(420).assign(channel=rng.choice(NAMES, 420, p=[0.3, 0.25, 0.2, 0.15, 0.1]))
    touched = touched.drop_duplicates(ignore_index=True)
    bought = frame(60).assign(value=rng.gamma(2.0, 30.0, 60)).drop_duplicates(["user", "time"], ignore_index=True)
    return touched, bought


@pytest.fixture(params=["memory", "engine"])
def held(request, monkeypatch) -> str:
    """Where paths are held."""
    if request.param == "engine":
        monkeypatch.setattr(module, "is_local", lambda table: False)
    return request.param


def shuffled(touched: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    return touched.assign(channel=touched["channel"].map(names))


def test_names_of_channels_change_no_credit(held):
    touched, bought = world(0)
    assert touched["channel"].value_counts().is_unique  # else nothing but the name could order equals
    turned = {"search": "b", "mail": "z", "direct": "direct", "tv": "a", "social": "m"}
    one = Journeys.from_touchpoints(touched, bought, lookback="9D")
    other = Journeys.from_touchpoints(shuffled(touched, turned), bought, lookback="9D")
    assert one.totals == pytest.approx(other.totals)
    assert one.totals["tied"] > 60
    for model in MODELS if held == "memory" else IN_ENGINE:
        ours, theirs = model(one), model(other)
        for name in ("conversions", "value"):
            expected = getattr(ours, name).rename(turned).sort_index()
            np.testing.assert_allclose(getattr(theirs, name), expected, rtol=1e-9, atol=1e-9, err_msg=model.name)
        assert ours.conversions.sum() == pytest.approx(one.totals["conversions"])
    marks = rider_marks(one).rename(turned).sort_index()
    pd.testing.assert_frame_equal(rider_marks(other), marks, check_names=False)


def orders(path: list[tuple[int, str]]) -> list[list[str]]:
    """Every order of a path in which days rise."""
    found: list[list[str]] = [[]]
    for day in sorted({day for day, _ in path}):
        group = [channel for at, channel in path if at == day]
        found = [[*before, *after] for before in found for after in permutations(group)]
    return found


PATHS = [
    [(1, "a"), (1, "b"), (3, "c")],
    [(1, "a"), (2, "b"), (2, "c"), (2, "d")],
    [(1, "d"), (1, "b")],
    [(1, "b"), (2, "a"), (2, "c"), (4, "d"), (4, "a")],
    [(1, "c"), (1, "a"), (1, "d"), (1, "b")],
]


def by_orders(model, pick: list[int], ended: list[bool]) -> pd.Series:
    """Mean credit over all orders of each path, by aggregated paths that have an order."""
    rows = []
    for number, won in zip(pick, ended, strict=True):
        possible = orders(PATHS[number])
        rows += [(" > ".join(order), won / len(possible), (not won) / len(possible)) for order in possible]
    table = pd.DataFrame(rows, columns=["path", "conversions", "nulls"])
    return model(Journeys.from_paths(table, nulls="nulls")).conversions


@pytest.mark.parametrize("model", [FirstTouch(), LastTouch(), LastNonDirect("b"), Linear(), PositionBased(0.2, 0.5)])
def test_rules_of_thumb_have_the_mean_over_all_orders(held, model):
    everyone = range(len(PATHS))
    for pick in [everyone] if held == "engine" else [[number] for number in everyone]:
        assert_mean_over_orders(model, list(pick), [True] * len(pick), held)


@pytest.mark.parametrize(("order", "pick"), [(1, [0, 2, 3, 0, 2]), (3, [0, 2, 2, 0, 2])])
def test_chains_have_the_mean_over_all_orders_of_pairs(held, order, pick):
    assert_mean_over_orders(Markov(order), pick, [True, True, True, False, False], held)


def assert_mean_over_orders(model, pick: list[int], ended: list[bool], held: str) -> None:
    ours = model(journeys_of(tuple(pick), tuple(ended), held)).conversions
    pd.testing.assert_series_equal(ours, by_orders(model, pick, ended))


@cache
def journeys_of(pick: tuple[int, ...], ended: tuple[bool, ...], held: str) -> Journeys:
    """Once for each place where paths are ``held``."""
    rows = [(str(user), day, channel) for user, number in enumerate(pick) for day, channel in PATHS[number]]
    touched = pd.DataFrame(rows, columns=["user", "day", "channel"])
    touched["time"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(touched.pop("day"), unit="D")
    bought = pd.DataFrame({"user": [str(user) for user, won in enumerate(ended) if won]})
    bought["time"] = pd.Timestamp("2024-01-08")
    return Journeys.from_touchpoints(touched, bought)


def test_a_column_may_say_in_which_order_touches_of_a_moment_came(held):
    rows = [("u", "2024-01-01", "search", 7), ("u", "2024-01-01", "email", 9), ("v", "2024-01-02", "tv", 1)]
    touched = pd.DataFrame(rows, columns=["user", "time", "channel", "hit"])
    bought = pd.DataFrame({"user": ["u"], "time": ["2024-01-01"]})
    shared = Journeys.from_touchpoints(touched, bought)
    assert FirstTouch()(shared).conversions.to_dict() == {"email": 0.5, "search": 0.5, "tv": 0}
    told = Journeys.from_touchpoints(touched, bought, rules=PathRules(sequence="hit"))
    assert FirstTouch()(told).conversions["search"] == 1
    assert LastTouch()(told).conversions["email"] == 1
    assert (shared.totals["tied"], told.totals["tied"]) == (2, 0)
    with pytest.raises(BadInput, match="Did you mean 'hit'"):
        Journeys.from_touchpoints(touched, bought, rules=PathRules(sequence="hits"))
    with pytest.raises(BadInput, match="number the touches"):
        Journeys.from_touchpoints(touched.assign(hit="first"), bought, rules=PathRules(sequence="hit"))


def test_a_touch_at_the_edge_of_its_window_stays_where_touches_have_a_sequence(held):
    rows = [("u", "2024-01-01", "a", 2), ("u", "2024-01-01", "b", 1)]
    touched = pd.DataFrame(rows, columns=["user", "time", "channel", "hit"])
    bought = pd.DataFrame({"user": ["u"], "time": ["2024-01-31"]})
    told = Journeys.from_touchpoints(touched, bought, lookback="30D", rules=PathRules(sequence="hit"))
    assert FirstTouch()(told).conversions.to_dict() == {"a": 0, "b": 1}


def test_sums_by_path_count_each_path_once(held):
    touched, bought = world(3)
    journeys = Journeys.from_touchpoints(touched, bought, lookback="9D")
    lengths = path_lengths(journeys)
    assert lengths["conversions"].sum() == journeys.totals["conversions"]
    assert lengths["nulls"].sum() == journeys.totals["nulls"]
    assert days_to_conversion(journeys).sum() == journeys.totals["conversions"]
    np.testing.assert_allclose(step_shares(journeys).sum(axis=1), 1.0)


def test_real_repeats_share_like_all_others(held):
    touched = pd.DataFrame({"user": "u", "time": "2024-01-01", "channel": ["a", "a", "b"]})
    bought = pd.DataFrame({"user": ["u"], "time": ["2024-01-02"]})
    journeys = Journeys.from_touchpoints(touched, bought, cleaning=Cleaning(keep_duplicates=True))
    assert LastTouch()(journeys).conversions.to_dict() == pytest.approx({"a": 2 / 3, "b": 1 / 3})
