"""Tables in the shapes of public examples, and of four kinds of exports, are checked from a plan file alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attribution.errors import BadInput
from optimizer.planning.check import check_plan
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import read_inputs

PLAN = "plan: {minimize: blended_cac, budget: {at_most: +0%}, customers: {at_least: +0%}}\n"
WEEKS = pd.date_range("2022-01-03", periods=110, freq="7D").strftime("%Y-%m-%d")


def of_geos(folder: Path) -> str:
    """A row per market and week: impressions beside spend, population, a score that may be negative."""
    chance = np.random.default_rng(0)
    index = pd.MultiIndex.from_product([[f"Geo{number}" for number in range(3)], WEEKS], names=["geo", "time"])
    frame = pd.DataFrame({"Channel0_spend": chance.uniform(10, 90, len(index))}, index)
    frame["Channel0_impression"] = frame["Channel0_spend"] * 90
    frame["sentiment_control"] = chance.normal(size=len(index))
    frame["conversions"] = chance.uniform(100, 200, len(index))
    frame["population"] = np.repeat([8e5, 3e5, 1e5], len(WEEKS))
    frame.reset_index().to_csv(folder / "geo.csv", index=False)
    return """name: Geos
data:
  weekly: {path: geo.csv, date: time, kpi: conversions, geo: geo, population: population, spend: {c0: Channel0_spend},
    driven_by: {c0: Channel0_impression}, controls: [sentiment_control]}
  upcoming: last_year
"""


def with_events(folder: Path) -> str:
    """A weekly table with events as words and a channel without spend."""
    chance = np.random.default_rng(1)
    frame = pd.DataFrame({"DATE": WEEKS, "revenue": chance.uniform(1e5, 2e5, len(WEEKS))})
    frame = frame.assign(tv_S=chance.uniform(0, 900, len(WEEKS)), newsletter=chance.uniform(0, 50, len(WEEKS)))
    frame["events"] = "na"
    frame.loc[[9, 40, 61], "events"] = "event1"
    frame.loc[[20], "events"] = "event2"
    frame.to_csv(folder / "events.csv", index=False)
    return """name: Events
data:
  weekly: {path: events.csv, date: DATE, kpi: revenue, spend: [tv_S], organic: [newsletter],
    controls: {events: indicator}}
  upcoming: last_year
"""


def test_a_geo_table_is_read_from_the_plan_file_alone(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(of_geos(tmp_path) + PLAN, encoding="utf-8")
    assert check_plan(tmp_path / "plan.yaml").title == "Geos"
    panel = read_inputs(*read_config(tmp_path / "plan.yaml")).panel
    assert panel is not None
    assert panel.geos == ("Geo0", "Geo1", "Geo2")


def test_events_as_words_become_columns_that_the_error_offers(tmp_path: Path) -> None:
    text = with_events(tmp_path) + PLAN
    (tmp_path / "plan.yaml").write_text(text.replace("indicator", "number"), encoding="utf-8")
    with pytest.raises(BadInput, match=r"controls: \{events: indicator\}"):
        check_plan(tmp_path / "plan.yaml")
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    check_plan(tmp_path / "plan.yaml")
    panel = read_inputs(*read_config(tmp_path / "plan.yaml")).panel
    assert panel is not None
    sums = dict(zip(panel.control_names, panel.controls.sum(axis=(0, 1)), strict=True))
    assert sums == {"events: event1": 3, "events: event2": 1}


@pytest.mark.parametrize("make", [of_geos, with_events])
def test_the_same_rows_as_json_are_the_same_panel(make: object, tmp_path: Path) -> None:
    text = make(tmp_path)  # type: ignore[operator]
    name = "geo.csv" if "geo.csv" in text else "events.csv"
    (tmp_path / "plan.yaml").write_text(text + PLAN, encoding="utf-8")
    one = read_inputs(*read_config(tmp_path / "plan.yaml")).panel
    pd.read_csv(tmp_path / name, keep_default_na=False).to_json(
        tmp_path / "rows.jsonl.gz", orient="records", lines=True, double_precision=15
    )
    (tmp_path / "plan.yaml").write_text(text.replace(name, "rows.jsonl.gz") + PLAN, encoding="utf-8")
    other = read_inputs(*read_config(tmp_path / "plan.yaml")).panel
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(one.spend, other.spend)
    np.testing.assert_allclose(one.controls, other.controls)
    np.testing.assert_allclose(one.kpi, other.kpi)
