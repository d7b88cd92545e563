"""Warehouses nobody here can reach: what they would be asked, as SQL."""

from __future__ import annotations

import ibis
import pytest
import sqlglot
from sqlglot import expressions as sql

from attribution import (
    Custom,
    Journeys,
    Linear,
    Markov,
    PathRules,
    PositionBased,
    Shapley,
    ShapleyRate,
    TimeDecay,
    credit_per_conversion,
    prioritise,
    with_cohorts,
    with_periods,
    without,
)
from attribution.paths.engine_paths import touches_of
from attribution.paths.ibis_touches import IbisTouches
from attribution.reading.dialects import bucket_of, epoch_micros

WAREHOUSES = ["bigquery", "snowflake", "databricks"]
MODELS = [
    Linear(),
    PositionBased(),
    TimeDecay(),
    Custom(lambda touch: 1 / touch.length),
    Markov(2),
    Shapley(),
    ShapleyRate(),
]
RULES = PathRules(lookback_of={"view": "1D"}, segments=("geo",))
LOG = {"user": "string", "time": "timestamp('UTC')", "channel": "string", "interaction": "string", "geo": "string"}


def kept_in(warehouse: str, monkeypatch) -> Journeys:
    """Journeys of a warehouse, as an expression from the raw log on."""
    monkeypatch.setattr("attribution.reading.dialects.engine_of", lambda table: warehouse)
    log, orders = ibis.table(LOG, name="log"), ibis.table({"user": "string", "time": "timestamp('UTC')"}, name="orders")
    touched = log.mutate(time=epoch_micros(log.time, log))
    ends = orders.mutate(time=epoch_micros(orders.time, orders), conversions=1.0, value=0.0, closes=1)
    ids = ibis.table({"channel": "string", "id": "int64", "ordinal": "int64"}, name="ids")
    span = (1_704_067_200_000_000, 1_711_929_600_000_000)
    remote = touches_of(touched, ends, ids, "30D", RULES)
    totals = {"touches": 1.0, "conversions": 1.0, "value": 0.0, "untouched": 0.0, "untouched_value": 0.0}
    return Journeys(("a", "b"), totals, remote=remote, span=span)


def asked(model, journeys: Journeys, monkeypatch, warehouse: str) -> str:
    """The SQL of a model's sums by bucket and region."""
    caught = []

    def group(self, by, items, sums, where=None):
        caught.append(self.grouped(by, items, sums, where))
        raise InterruptedError

    monkeypatch.setattr(IbisTouches, "group", group)
    with pytest.raises(InterruptedError):
        model.tally(journeys, by=("bucket", "geo"))
    return str(ibis.to_sql(caught[0], dialect=warehouse))


def cast_at_once(literal: sql.Expression) -> bool:
    above = literal.parent.parent if isinstance(literal.parent, sql.Neg) else literal.parent
    return isinstance(above, sql.Cast)


@pytest.mark.parametrize("warehouse", WAREHOUSES)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_models_compile_and_divide_in_doubles(model, warehouse, monkeypatch):
    checked(asked(model, kept_in(warehouse, monkeypatch), monkeypatch, warehouse), warehouse)


def checked(text: str, warehouse: str) -> None:
    tree = sqlglot.parse_one(text, dialect=warehouse)
    assert {"log", "orders", "ids"} <= {table.name for table in tree.find_all(sql.Table)}
    bare = [
        literal.sql()
        for literal in tree.find_all(sql.Literal)
        if not literal.is_string and "." in literal.name and not cast_at_once(literal)
    ]
    assert not bare, f"{warehouse} reads {bare} as decimals"


@pytest.mark.parametrize("warehouse", WAREHOUSES)
def test_reshaped_journeys_and_single_conversions_compile(warehouse, monkeypatch):
    totals = {"touches": 1.0, "conversions": 1.0, "value": 0.0}
    monkeypatch.setattr("attribution.paths.reshaping.remote_totals", lambda table: totals)
    journeys = kept_in(warehouse, monkeypatch)
    for reshaped in (
        without(journeys, "a"),
        prioritise(journeys, {"b": 2}),
        with_periods(journeys),
        with_cohorts(journeys),
    ):
        checked(asked(Linear(), reshaped, monkeypatch, warehouse), warehouse)
    text = str(ibis.to_sql(credit_per_conversion(journeys, TimeDecay()), dialect=warehouse))
    checked(text, warehouse)
    assert {"bigquery": "TIMESTAMP_MICROS(", "databricks": "TIMESTAMP_MICROS(", "snowflake": "TO_TIMESTAMP"}[
        warehouse
    ] in text.upper()


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("bigquery", "UNIX_MICROS("),
        ("databricks", "UNIX_MICROS("),
        ("snowflake", "EPOCH_MICROSECOND"),
        ("trino", "TO_UNIXTIME("),
    ],
)
def test_times_keep_their_microseconds(engine, words, monkeypatch):
    monkeypatch.setattr("attribution.reading.dialects.engine_of", lambda table: engine)
    log = ibis.table({"time": "timestamp", "user": "string"}, name="log")
    text = ibis.to_sql(log.select(at=epoch_micros(log.time, log), bucket=bucket_of(log.user, 9, log)), dialect=engine)
    assert words in str(text).upper()
