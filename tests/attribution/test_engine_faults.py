"""An engine that breaks down takes nothing with it: the next read opens another one."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from attribution import BadInput, Journeys, LastTouch, ga4_log
from attribution.reading.dialects import naming
from attribution.reading.engine import Engine, shared

TOUCHES = pd.DataFrame({"user": ["a"], "time": ["2024-01-01"], "channel": ["tv"]})
ENDS = pd.DataFrame({"user": ["a"], "time": ["2024-01-02"]})


@pytest.mark.parametrize("fault", [duckdb.InternalException, duckdb.FatalException])
def test_after_a_breakdown_the_next_read_has_an_engine_of_its_own(fault: type[duckdb.Error]) -> None:
    before = shared(Engine())
    with pytest.raises(BadInput, match=r"log\.parquet: DuckDB broke down over it"), naming("log.parquet"):
        raise fault("INTERNAL Error: result vector")
    assert shared(Engine()) is not before
    assert LastTouch()(Journeys.from_touchpoints(TOUCHES, ENDS)).conversions["tv"] == 1


@pytest.mark.parametrize("empty", ["ecommerce", "event_params", "collected_traffic_source"])
def test_fields_of_no_type_are_empty_fields(empty: str, tmp_path: Path) -> None:
    fields = {
        "ecommerce": {"transaction_id": "t1", "purchase_revenue": 5.0},
        "event_params": [{"key": "ga_session_id", "value": {"int_value": 1, "string_value": "x"}}],
        "collected_traffic_source": {"manual_source": "tiktok", "manual_medium": "paid"},
    }
    void = {
        "ecommerce": {"transaction_id": None, "purchase_revenue": None},
        "event_params": [{"key": "ga_session_id", "value": {"int_value": 1, "string_value": None}}],
        "collected_traffic_source": {"manual_source": None, "manual_medium": None},
    }
    shared_fields = fields | {empty: void[empty]}
    events = [
        {"event_name": name, "event_timestamp": 1_704_189_600_000_000 + at, "user_pseudo_id": "u", **shared_fields}
        for at, name in enumerate(("page_view", "purchase"))
    ]
    pq.write_table(pa.Table.from_pylist(events), tmp_path / "e.parquet")
    touches, won = (table.execute() for table in ga4_log(tmp_path / "e.parquet"))
    assert len(touches) == len(won) == 1
    assert float(won["value"][0]) == (0.0 if empty == "ecommerce" else 5.0)
    assert touches["channel"][0] == ("(direct) / (none)" if empty == "collected_traffic_source" else "tiktok / paid")
