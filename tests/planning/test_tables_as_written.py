"""Plan files say how their tables are written and where they lie; messages speak of the plan file's own keys."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from attribution.errors import BadInput
from optimizer.planning.file.config import read_config
from optimizer.planning.file.sources import queries_of, sources_of
from optimizer.planning.inputs.inputs import read_inputs

PEOPLE = [f"u{number // 2}" for number in range(60)]
LOG = pd.DataFrame(
    {
        "user": PEOPLE,
        "time": [f"{day:02}.01.2024 {hour}:00" for day in range(1, 31) for hour in (10, 11)],
        "channel": ["tv", "search", "search", "tv", "tv", "tv"] * 10,
    }
)
BOUGHT = pd.DataFrame({"user": PEOPLE[-30:], "time": "2024-01-30 12:00", "value": "1.200,5"}).drop_duplicates()


def plan(folder: Path, **data: object) -> Path:
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump({"name": "Written", "data": data, "attribution": {"models": ["first"]}}))
    return path


def log(**keys: object) -> dict[str, object]:
    bought = {"path": "bought.csv", "value": "value", "thousands": ".", "unit": "thousand"}
    return {"path": "parts", "date_format": "%d.%m.%Y %H:%M", "conversions": bought, **keys}


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    LOG.to_parquet(tmp_path / "parts" / "a.parquet")
    BOUGHT.to_csv(tmp_path / "bought.csv", index=False, sep=";")
    return tmp_path


@pytest.mark.parametrize("path", ["parts", "parts/*.parquet", "{folder}/parts"])
def test_folders_patterns_and_formats(tables, path, run_quietly):
    file = plan(tables, touchpoints=log(path=path.format(folder=tables)))
    run, written = run_quietly(file, tables / "out", "attribution")
    assert run.inputs.journeys.totals["value"] == 15 * 1_200_500
    manifest = json.loads(next(name for name in written if name.name == "manifest.json").read_text())
    del manifest["plan_file"]["text"]  # is what its author wrote
    assert str(tables) not in json.dumps(manifest)
    assert "site-packages" not in json.dumps(manifest)
    assert manifest["inputs"][0]["checksum"].startswith("sha256:")


def test_other_bytes_in_a_folder_have_another_checksum(tables):
    def read() -> str:
        config, document = read_config(plan(tables, touchpoints=log()))
        return read_inputs(config, document).files[0].checksum

    before = read()
    LOG.iloc[2:].to_parquet(tables / "parts" / "a.parquet")
    assert read() != before


WRONG = {
    "a pattern": ({"date_format": "%d/%m"}, "date_format: .*has no year"),
    "a zone": ({"time_zone": "Berlin"}, "time_zone: .*not known"),
    "signs": ({"conversions": {"path": "b.csv", "decimal": ".", "thousands": "."}}, "must differ"),
    "a unit": ({"conversions": {"path": "b.csv", "unit": "thousands"}}, "Did you mean 'thousand'"),
    "a query": ({"path": {"url": "postgres://h/d"}}, "path: .*url and query"),
    "a password": ({"path": "postgres://u:secret@h/d::select 1"}, "password written into it"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_meant_is_refused_by_line(tables, case):
    keys, message = WRONG[case]
    with pytest.raises(BadInput, match=rf"plan\.yaml:\d+: data\.touchpoints.*{message}") as caught:
        read_config(plan(tables, touchpoints=log(**keys)))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("engine", "message"),
    [({"memory_limit": "2 giga"}, "no size"), ({"threads": 0}, "threads"), ({"memory": "2GB"}, "memory_limit")],
)
def test_what_reading_may_use(tables, engine, message):
    file = plan(tables, touchpoints=log())
    text = file.read_text()
    file.write_text(text + yaml.safe_dump({"engine": engine}))
    with pytest.raises(BadInput, match=message):
        read_config(file)
    file.write_text(text + yaml.safe_dump({"engine": {"memory_limit": "1GB", "threads": 1}}))
    config, document = read_config(file)
    assert config.engine.engine.threads == 1
    assert len(read_inputs(config, document).journeys) == 30


AMOUNTS = ["fixed_cost: 150.000", "max_cac: 90.500", "value_per_customer: 1.250", "budget: {at_most: 250.000}"]


@pytest.mark.parametrize("key", AMOUNTS)
def test_amounts_that_may_be_thousands_are_refused_by_line(starter, key):
    lines = starter.read_text().splitlines()
    place = next(at for at, line in enumerate(lines) if line.startswith("plan:"))
    name = key.split(":")[0]
    lines = [line for line in lines if not line.startswith(f"  {name}:")]
    lines.insert(place + 1, f"  {key}")
    starter.write_text("\n".join(lines))
    with pytest.raises(BadInput, match=rf":{place + 2}: plan\.{name}.* may mean "):
        read_config(starter)


@pytest.mark.parametrize("amount", ["150_000", "150.5", "1500.000", "0.125", "150.0000"])
def test_amounts_that_can_be_read_one_way_are_read(starter, amount):
    text = starter.read_text()
    line = next(line for line in text.splitlines() if line.strip().startswith("fixed_cost:"))
    starter.write_text(text.replace(line, f"  fixed_cost: {amount}"))
    assert read_config(starter)[0].plan.fixed_cost == float(amount.replace("_", ""))


def test_a_weekly_table_as_half_of_europe_writes_it(starter):
    folder = starter.parent
    config, document = read_config(starter)
    expected = read_inputs(config, document, journeys_too=False).panel
    path = folder / config.data.weekly.path
    frame = pd.read_csv(path)
    spent = list(config.data.weekly.channels.values())
    frame[spent] = (frame[spent] / 1000).map(lambda cell: f"{cell:.5f}".replace(".", ","))
    rest = [name for name in frame.columns if name not in spent and frame[name].dtype.kind == "f"]
    frame[rest] = frame[rest].map(lambda cell: repr(float(cell)).replace(".", ","))
    frame.to_csv(path, index=False, sep=";")
    text = starter.read_text()
    starter.write_text(
        re.sub(r"(?m)^  weekly:.*$", "  weekly:\n    decimal: ','\n    unit: thousand", text).replace(
            "upcoming: upcoming.csv", "upcoming: {path: upcoming.csv, decimal: '.'}"
        )
    )
    config, document = read_config(starter)
    with_comma = read_inputs(config, document, journeys_too=False)
    pd.testing.assert_frame_equal(with_comma.panel.national_spend, expected.national_spend)
    assert (with_comma.panel.kpi == expected.kpi).all()


def test_a_run_names_no_folder_of_the_machine(starter):
    config, document = read_config(starter)
    assert all(not Path(file.file).is_absolute() for file in read_inputs(config, document).files)


@pytest.mark.parametrize("table", ["touchpoints", "weekly", "upcoming"])
def test_a_query_stands_for_a_table_and_is_written_down_without_a_word(tables, table):
    asked = {"url": "postgres://u:${NO_SUCH_SECRET}@h/d", "query": "select 1"}
    weekly = {"path": "weekly.csv", "date": "week", "kpi": "new", "spend": ["tv"]}
    data = {"touchpoints": log(), "weekly": weekly} if table == "upcoming" else {}
    data |= (
        {"upcoming": asked}
        if table == "upcoming"
        else {table: {**(weekly if table == "weekly" else log()), "path": asked}}
    )
    config, document = read_config(plan(tables, **data))
    assert [one.query for one in queries_of(config)] == ["select 1"]
    assert all("://" not in str(path) for path in sources_of(config, document.folder))
    assert asked["url"] in json.dumps(config.model_dump(mode="json"))
    assert read_config(plan(tables, **data))[0].model_dump(mode="json") == config.model_dump(mode="json")
