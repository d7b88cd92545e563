"""Newline JSON: each key a column, texts as they stand, and what is no table is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attribution.errors import BadInput
from attribution.reading.cells import cells_of
from attribution.reading.sources import log_table

KEYS = st.sampled_from(["user", "tv €", "a.b", 'he said "x"', "$", "{", "naïve\\", "[0]"])
OBJECTS = st.lists(st.dictionaries(KEYS, st.text(st.characters(exclude_categories=["Cs"]), max_size=4), min_size=1))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(OBJECTS.filter(len), st.booleans(), st.booleans())
def test_texts_are_those_that_python_reads(tmp_path: Path, rows: list[dict[str, str]], listed: bool, gz: bool) -> None:
    text = json.dumps(rows) if listed else "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path = tmp_path / ("rows.json.gz" if gz else "rows.json")
    path.write_bytes(gzip.compress(text.encode()) if gz else text.encode())
    frame = cells_of(path).frame
    assert set(frame.columns) == {key for row in rows for key in row}
    for key in frame.columns:
        read = [None if pd.isna(cell) else cell for cell in frame[key]]
        assert read == [row.get(key) for row in rows]


def test_ids_keep_their_signs_and_fractions_are_numbers(tmp_path: Path) -> None:
    rows = ['{"id": "1001.10", "n": 9007199254740993, "spend": 1.5, "b": true}', '{"id": 7, "n": 1, "spend": 2}']
    (tmp_path / "a.jsonl").write_text("\n".join(rows), encoding="utf-8")
    table = log_table(tmp_path / "a.jsonl")
    read = table.to_pyarrow().to_pydict()
    assert read == {"id": ["1001.10", "7"], "n": ["9007199254740993", "1"], "spend": [1.5, 2.0], "b": ["true", None]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": "1001.10"}\n{"a": 1001.10}\n', "holds texts and, elsewhere, numbers with fractions"),
        ('{"a": 1, "a": 2}\n', "holds a key twice"),
        ('{"a": 1}\n{"b": 1, "A": 2}\n', "stands beside"),
        ('{"a": 1}\n{"a": ', "is no newline JSON"),
        ('{"a": 1} {"a": 2}\n', "is no newline JSON"),
        ("user,time\na,b\n", "is no newline JSON"),
        ("\ufeff" + '{"a": 1}', "is no newline JSON"),
        ("[1, 2]", "holds no objects"),
        ("{}", "holds no objects"),
        ("null", "holds no objects"),
        ('{"": 1, "a": 2}', "a key that is empty"),
    ],
)
def test_what_is_no_table_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    for read in (log_table, cells_of):
        with pytest.raises(BadInput, match=said) as refused:
            read(tmp_path / "a.json")
        assert str(refused.value).startswith("a.json")


def test_files_of_a_pattern_are_one_table_of_one_layout(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 1}\n', encoding="utf-8")
    (tmp_path / "b.json").write_text('{"a": 2, "b": "x"}\n', encoding="utf-8")
    read = log_table(f"{tmp_path}/*.json").to_pyarrow().to_pydict()
    assert sorted(zip(read["a"], read["b"], strict=True)) == [("1", None), ("2", "x")]
    (tmp_path / "c.json").write_text('[{"a": 3}]', encoding="utf-8")
    with pytest.raises(BadInput, match="one layout"):
        log_table(f"{tmp_path}/*.json")
