"""The engine's reading: equal to the arrays' on DuckDB, and SQL for warehouses that nobody here can reach."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest

import attribution.paths.journeys as module
from attribution import (
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
    bootstrap,
    evaluate,
)
from attribution.paths.engine_paths import touches_of
from attribution.paths.ibis_touches import IbisTouches

MODELS = [
    FirstTouch(),
    LastTouch(),
    LastNonDirect(),
    Linear(),
    PositionBased(),
    TimeDecay("2D"),
    Custom(lambda touch: touch.step + 1.0),
    Markov(1),
    Markov(3),
    Shapley(),
    OrderedShapley(),
    ShapleyRate(),
]
RULES = PathRules(idle_gap="5D", lookback_of={"view": "2D"}, segments=("geo",))


@pytest.fixture(scope="module")
def both(make_log) -> tuple[Journeys, Journeys]:
    touched, bought = make_log(9)
    touched["interaction"] = np.random.default_rng(3).choice(["click", "view"], len(touched))
    here = Journeys.from_touchpoints(touched, conversions=bought, rules=RULES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "is_local", lambda table: False)
        return here, Journeys.from_touchpoints(touched, conversions=bought, rules=RULES)


def test_every_model_reads_the_same_in_engine_and_memory(both):
    here, there = both
    assert there.won is None
    assert there.totals == pytest.approx(here.totals)
    assert there.period == here.period
    for model in MODELS:
        ours, theirs = model(here), model(there)
        np.testing.assert_allclose(theirs.conversions, ours.conversions, rtol=1e-9, atol=1e-9, err_msg=model.name)
        np.testing.assert_allclose(theirs.value, ours.value, rtol=1e-9, atol=1e-9, err_msg=model.name)


def test_every_question_has_the_same_answer_in_engine_and_memory(both, question):
    ours, theirs = (question(journeys) for journeys in both)
    assert len(ours) > 3
    pd.testing.assert_frame_equal(theirs, ours, check_dtype=False, rtol=1e-9, atol=1e-9)


def test_held_out_scores_are_the_same_in_engine_and_memory(both, in_same_buckets):
    models = [LastTouch(), Linear(), TimeDecay("2D"), Shapley(), Markov(2)]
    ours, theirs = (evaluate(in_same_buckets(journeys), models) for journeys in both)
    pd.testing.assert_frame_equal(theirs, ours, rtol=1e-9, atol=1e-12)


def test_intervals_come_from_the_engine_too(both):
    here, there = (bootstrap(journeys, Markov(), replicates=200).summary() for journeys in both)
    ratio = there["standard_error"] / here["standard_error"]
    assert ratio.between(0.75, 1.35).all()


class Compiled(Exception):
    """Carries an expression out of a model."""


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_each_model_compiles_for_each_warehouse(monkeypatch, model):
    touched = ibis.table(
        {"user": "string", "time": "int64", "channel": "string", "interaction": "string", "geo": "string"}, name="t"
    )
    ended = {"user": "string", "time": "int64", "conversions": "float64", "value": "float64", "closes": "int8"}
    ends = ibis.table(ended, name="c")
    ids = ibis.table({"channel": "string", "id": "int64", "ordinal": "int64"}, name="i")
    remote = touches_of(touched, ends, ids, "30D", RULES)
    journeys = Journeys(("direct", "search", "tv"), {"touches": 1.0}, remote=remote)

    def caught(self, by, items, sums, where=None):
        raise Compiled(self.grouped(by, items, sums, where))

    monkeypatch.setattr(IbisTouches, "group", caught)
    with pytest.raises(Compiled) as raised:
        model.tally(journeys)
    for dialect in ("bigquery", "snowflake", "databricks", "postgres"):
        text = ibis.to_sql(raised.value.args[0], dialect=dialect).upper()
        assert "GROUP BY" in text, dialect
        assert "OVER" in text, dialect


def test_a_log_in_an_engine_keeps_its_repeats_under_control(make_log, monkeypatch):
    touched, bought = make_log(9)
    monkeypatch.setattr(module, "is_local", lambda table: False)
    doubled = ibis.memtable(touched).union(ibis.memtable(touched.head(5)))
    backend = ibis.duckdb.connect()
    log, ends = backend.create_table("t", doubled), backend.create_table("c", bought)
    with pytest.raises(module.BadInput, match="5 exact repeats"):
        Journeys.from_touchpoints(log, conversions=ends)
    cleaned = Journeys.from_touchpoints(log, conversions=ends, cleaning=Cleaning(drop=("duplicates",)))
    assert cleaned.totals["touches"] == len(touched)
    assert cleaned.exclusions == {"touchpoints: duplicates": 5}
