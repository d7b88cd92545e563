"""Events partitioned and sorted: every event once, users whole, in order, wherever they wait and however few bits are left."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attribution.models.absorbing_chain
import attribution.models.sums_by_key
import attribution.paths.array_touches
import attribution.paths.fold
import attribution.paths.from_duckdb
from attribution import BadInput, Engine, Journeys, Markov, PathRules, bootstrap
from attribution.paths.fold import _in_order
from attribution.paths.partition import PARTS, cut, in_file, in_memory, partition
from attribution.reading.sources import log_table, memory_limit, spill_folder


@pytest.mark.parametrize("room", [in_memory, in_file])
def test_parts_hold_whole_users_and_every_event_once(room):
    rng = np.random.default_rng(0)
    users = rng.integers(0, 2**64, 500, dtype=np.uint64)
    batches = [(rng.choice(users, size), rng.integers(0, 1_000, size)) for size in (0, 1, 700, 3_000)]
    with room() as keep:
        partitioned = partition(batches, keep)
        parts = [partitioned.between(number, number + 1) for number in range(PARTS)]
        together = partitioned.between(0, PARTS)
    assert len(partitioned) == 3_701
    found = [pd.DataFrame({"user": user, "event": event}) for user, event in [*parts, together]]
    given = pd.concat([pd.DataFrame({"user": user, "event": event}) for user, event in batches])
    order = {"by": ["user", "event"], "ignore_index": True}
    pd.testing.assert_frame_equal(pd.concat(found[:-1]).sort_values(**order), given.sort_values(**order))
    pd.testing.assert_frame_equal(found[-1].sort_values(**order), given.sort_values(**order))
    places = pd.concat([frame.assign(part=number) for number, frame in enumerate(found[:-1])])
    assert places[["user", "part"]].drop_duplicates()["user"].is_unique
    assert places.groupby("part")["user"].min().is_monotonic_increasing
    edges = cut(np.sort(users))
    assert [edges[-1], len(edges)] == [500, PARTS + 1]
    for number, part in enumerate(parts):
        assert set(part[0]) <= set(np.sort(users)[edges[number] : edges[number + 1]])


@given(
    st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**63 - 1)), max_size=60),
    st.integers(0, 62),
    st.integers(1, 2**64 - 1),
)
def test_events_are_sorted_by_user_and_event(rows, shift, users):
    user = np.array([row[0] % users for row in rows], dtype=np.uint64)
    event = np.array([row[1] >> shift for row in rows], dtype=np.int64)
    order = np.lexsort((event, user))
    found = _in_order(user, event)
    np.testing.assert_array_equal(found[0], user[order])
    np.testing.assert_array_equal(found[1], event[order])


@pytest.mark.parametrize("at_once", [40, 100_000])
def test_paths_are_the_same_in_a_file_and_in_small_parts(make_log, monkeypatch, tmp_path, at_once):
    touched, bought = make_log(2)
    rules = PathRules(segments=("geo",))
    plain = Journeys.from_touchpoints(touched, conversions=bought, rules=rules)
    monkeypatch.setattr(attribution.paths.from_duckdb, "_SHARE", 0.0)
    monkeypatch.setattr(attribution.paths.fold, "_AT_ONCE", at_once)
    engine = Engine(memory_limit="300MB", spill=str(tmp_path))
    other = Journeys.from_touchpoints(touched, conversions=bought, rules=rules, engine=engine)
    columns = ["ended", "time", "channel", "step", "length", "conversions", "value", "age", "bucket", "geo"]
    ours, theirs = (journeys.to_frame().sort_values(columns, ignore_index=True)[columns] for journeys in (plain, other))
    pd.testing.assert_frame_equal(theirs, ours)
    assert other.totals == plain.totals
    assert not list(tmp_path.iterdir())  # what waited there is gone


def test_a_full_disk_names_the_folder_and_the_remedy(tmp_path, monkeypatch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *error: object) -> None: ...

        def seek(self, *to: int) -> int:
            return 0

        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", lambda dir: Full())  # noqa: A006
    user = np.zeros(3, dtype=np.uint64)
    with in_file(str(tmp_path)) as keep, pytest.raises(BadInput, match=rf"{tmp_path.name}: No space.*Engine\(spill"):
        partition([(user, user.astype(np.int64))], keep)


def test_settings_of_duckdb_are_read_back(tmp_path):
    frame = pd.DataFrame({"a": [1]})
    table = log_table(frame, Engine(memory_limit="2GB", spill=str(tmp_path)))
    assert memory_limit(table) == pytest.approx(2e9, rel=0.06)  # shown with one digit behind the point
    assert spill_folder(table) == str(tmp_path)
    assert spill_folder(log_table(frame, Engine(spill=str(tmp_path / "later")))) is None


def test_numbers_do_not_depend_on_threads(make_log, monkeypatch):
    touched, bought = make_log(4)
    monkeypatch.setattr(attribution.paths.fold, "_AT_ONCE", 60)
    monkeypatch.setattr(attribution.paths.array_touches, "_BLOCK", 70)
    monkeypatch.setattr(attribution.models.sums_by_key, "_ROWS", 500)
    found = []
    for workers in (1, 2, 5):
        for module in (attribution.paths.fold, attribution.models.sums_by_key, attribution.models.absorbing_chain):
            monkeypatch.setattr(module, "WORKERS", workers)
        journeys = Journeys.from_touchpoints(touched, conversions=bought)
        found.append(bootstrap(journeys, Markov(2), replicates=20).summary())
    for other in found[1:]:
        pd.testing.assert_frame_equal(other, found[0], check_exact=True)
