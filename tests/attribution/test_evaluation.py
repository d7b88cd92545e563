"""Hold-out figures where the truth is known: chains whose order is chosen by us."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution import BadInput, FirstTouch, Journeys, LastTouch, Linear, Markov, choose_order, evaluate


def drawn(rate, seed: int = 0, paths: int = 20_000) -> Journeys:
    """Paths of three touches whose chance to convert is a function of the path."""
    rng = np.random.default_rng(seed)
    path = rng.choice(list("abc"), (paths, 3))
    won = rng.random(paths) < np.array([rate(*row) for row in path])
    frame = pd.DataFrame({"path": ["|".join(row) for row in path], "conversions": won * 1.0, "nulls": ~won * 1.0})
    return Journeys.from_paths(frame.groupby("path", as_index=False).sum(), nulls="nulls", sep="|")


def test_the_order_that_made_the_paths_is_found():
    one = choose_order(drawn(lambda x, y, z: {"a": 0.1, "b": 0.3, "c": 0.6}[z]))
    assert one.order == 1
    assert one.sentence.startswith("Order 2 and 3 predict no better than order 1")
    two = choose_order(drawn(lambda x, y, z: 0.6 if y == z else 0.1))
    assert two.order == 2
    three = choose_order(drawn(lambda x, y, z: 0.6 if x == z else 0.1))
    assert three.order == 3
    assert "best of those tried" in three.sentence


def test_log_loss_reaches_the_entropy_of_the_truth():
    rates = {"a": 0.1, "b": 0.3, "c": 0.6}
    table = evaluate(drawn(lambda x, y, z: rates[z], paths=60_000), [LastTouch(), Markov(1), FirstTouch()])
    entropy = np.mean([-(p * np.log(p) + (1 - p) * np.log(1 - p)) for p in rates.values()])
    assert table.loc["Markov order 1", "log_loss"] == pytest.approx(entropy, abs=0.01)
    assert table.loc["LastTouch", "log_loss"] == pytest.approx(table.loc["Markov order 1", "log_loss"], abs=1e-6)
    assert abs(table.loc["FirstTouch", "gain"]) < 4 * table.loc["FirstTouch", "standard_error"] + 1e-4
    pairs = [(p, q) for p in rates.values() for q in rates.values()]
    better = sum(p * (1 - q) * (1 if p > q else 0.5 if p == q else 0) for p, q in pairs)
    auc = better / sum(p * (1 - q) for p, q in pairs)
    assert table.loc["LastTouch", "auc"] == pytest.approx(auc, abs=0.01)


def test_noise_is_a_coin():
    table = evaluate(drawn(lambda *_: 0.3), [Linear(), Markov(3)])
    assert table["auc"].between(0.47, 0.53).all()
    assert (table["gain"] < 3 * table["standard_error"] + 1e-9).all()


def test_only_converting_paths_cannot_be_told_apart():
    journeys = Journeys.from_paths(pd.DataFrame({"path": ["a", "b"], "conversions": [3, 4]}))
    with pytest.raises(BadInput, match="did not convert"):
        evaluate(journeys, [Markov()])
    with pytest.raises(BadInput, match="did not convert"):
        choose_order(journeys)
