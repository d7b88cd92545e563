"""One log through every engine: each number equals that of the arrays, and of hand-written SQL, to 1e-9."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest

from attribution import (
    Custom,
    FirstTouch,
    Journeys,
    LastNonDirect,
    LastTouch,
    Linear,
    Markov,
    OrderedShapley,
    PositionBased,
    Shapley,
    ShapleyRate,
    TimeDecay,
    bootstrap,
    by_segment,
    credit_per_conversion,
    evaluate,
)
from attribution.analysis.flow import days_to_conversion, path_lengths, step_shares
from attribution.analysis.intent_riders import rider_marks
from attribution.paths.path_rules import BUCKETS

MODELS = [
    FirstTouch(),
    LastTouch(),
    LastNonDirect(),
    Linear(),
    PositionBased(),
    TimeDecay("2D"),
    Custom(lambda touch: touch.step + 1.0, label="later counts more"),
    Custom(lambda touch: touch.choose(touch.age < 1.0, touch.exp(-touch.age), 0.01), label="last day"),
    Markov(1),
    Markov(2),
    Markov(3),
    Shapley(),
    OrderedShapley(),
    ShapleyRate(),
]
CLOSE = {"rtol": 1e-9, "atol": 1e-9}


def test_totals_and_period(here, there):
    assert there.channels == here.channels
    assert there.period == here.period
    assert there.totals == pytest.approx(here.totals, rel=1e-12)
    assert here.totals["untouched"] > 0


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_credit(here, there, model):
    ours, theirs = model(here), model(there)
    np.testing.assert_allclose(theirs.conversions, ours.conversions, **CLOSE)
    np.testing.assert_allclose(theirs.value, ours.value, **CLOSE)
    if ours.removal_effect is not None:
        np.testing.assert_allclose(theirs.removal_effect, ours.removal_effect, **CLOSE)
        np.testing.assert_allclose(theirs.removal_effect_value, ours.removal_effect_value, **CLOSE)
    for name, table in ours.details.items():
        pd.testing.assert_frame_equal(theirs.details[name], table, check_dtype=False, check_names=False, **CLOSE)


@pytest.mark.parametrize("model", [Linear(), Markov(2), ShapleyRate()], ids=lambda model: model.name)
def test_sums_of_buckets(here, there, model):
    """Engines assign users to buckets each in their own way; the sum over buckets and its noise are common."""
    tally, plain = model.tally(there, by=("bucket",)), model.tally(here)
    assert tally.keys.isin(range(BUCKETS)).all()
    if not isinstance(model, Linear):  # which looks at paths that convert only; 3,000 users leave 5 % of 1,000 empty
        assert 0.9 * BUCKETS < len(tally.keys) < 0.99 * BUCKETS
    pd.testing.assert_frame_equal(tally.items, plain.items, check_dtype=False)
    for name, sums in plain.total().items():
        np.testing.assert_allclose(tally.total()[name], sums, **CLOSE)
    again = model.tally(there, by=("bucket",))
    for name, sums in tally.weighted(np.eye(len(tally.keys))).items():
        np.testing.assert_allclose(again.weighted(np.eye(len(again.keys)))[name], sums, **CLOSE)


@pytest.mark.parametrize("model", [LastTouch(), Markov(1)], ids=lambda model: model.name)
def test_intervals(here, there, model):
    ours, theirs = (bootstrap(journeys, model, replicates=300).summary() for journeys in (here, there))
    np.testing.assert_allclose(theirs["estimate"], ours["estimate"], **CLOSE)
    assert (theirs["standard_error"] / ours["standard_error"]).between(0.75, 1.35).all()


@pytest.mark.parametrize("model", [Linear(), Markov(1)], ids=lambda model: model.name)
def test_segments(here, there, model):
    ours, theirs = (by_segment(journeys, model, "geo", replicates=50) for journeys in (here, there))
    pd.testing.assert_frame_equal(
        theirs[["estimate", "value"]], ours[["estimate", "value"]], check_dtype=False, **CLOSE
    )


def test_what_plots_and_flags_rest_on(here, there):
    pd.testing.assert_frame_equal(step_shares(there), step_shares(here), check_dtype=False, **CLOSE)
    pd.testing.assert_frame_equal(path_lengths(there), path_lengths(here), check_dtype=False, **CLOSE)
    pd.testing.assert_series_equal(days_to_conversion(there), days_to_conversion(here), check_dtype=False, **CLOSE)
    pd.testing.assert_frame_equal(rider_marks(there), rider_marks(here), check_dtype=False, **CLOSE)


def test_every_question_has_the_same_answer(here, there, question):
    pd.testing.assert_frame_equal(question(there), question(here), check_dtype=False, check_index_type=False, **CLOSE)


def test_held_out_scores(here, there, in_same_buckets):
    models = [LastNonDirect(), TimeDecay("2D"), Shapley(), Markov(2)]
    ours, theirs = (evaluate(in_same_buckets(journeys), models) for journeys in (here, there))
    pd.testing.assert_frame_equal(theirs, ours, rtol=1e-9, atol=1e-12)


def test_credit_of_single_conversions_goes_back_to_the_engine(backend, there):
    name = ibis.util.gen_name("credit")
    backend.create_table(name, credit_per_conversion(there, Linear()))
    written = backend.table(name)
    sums = written.group_by("channel").aggregate(conversions=written.conversions.sum()).execute()
    expected = Linear()(there).conversions
    np.testing.assert_allclose(sums.set_index("channel")["conversions"].reindex(expected.index), expected, **CLOSE)
    backend.drop_table(name)


def test_credit_is_that_of_handwritten_sql(backend, make_log, oracle, monkeypatch, load):
    touched, bought = make_log(5, users=800, touches=5_000, conversions=700)
    log, ends = load(touched, bought)
    monkeypatch.setattr("attribution.paths.journeys.is_local", lambda table: False)
    journeys = Journeys.from_touchpoints(log, conversions=ends, lookback="10D")
    rows = oracle(touched, bought, 10)
    rows["decayed"] = 2.0 ** -rows["age"]
    path = rows.groupby("path")
    weights = {
        FirstTouch(): rows["step"] == 0,
        LastTouch(): rows["step"] == rows["length"] - 1,
        Linear(): 1 / rows["length"],
        TimeDecay("1D"): rows["decayed"] / path["decayed"].transform("sum"),
        Shapley(): ~rows.duplicated(["path", "channel"]) / path["channel"].transform("nunique"),
    }
    for model, weight in weights.items():
        credit = model(journeys)
        for measure in ("conversions", "value"):
            expected = (weight * rows[measure]).groupby(rows["channel"]).sum().sort_index()
            np.testing.assert_allclose(getattr(credit, measure), expected, **CLOSE, err_msg=model.name)
    assert journeys.totals["nulls"] == rows.loc[rows["step"] == 0, "nulls"].sum()
