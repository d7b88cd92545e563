"""The tests pass on any machine: none reads a clock; how long things take is for the benchmarks, as ratios in one run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).resolve().parent
PROGRAMS = sorted(path for path in TESTS.rglob("*.py") if "benchmarks" not in path.relative_to(TESTS).parts)
CLOCKS = {"perf_counter", "process_time", "monotonic", "thread_time", "getrusage", "timeit", "default_timer"}


def clocks_read(path: Path) -> Iterator[str]:
    """Calls of clocks, as ``line: call``; ``time()`` counts as one where it is of the module time."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            last = getattr(node.func, "attr", getattr(node.func, "id", "")).removesuffix("_ns")
            if last in CLOCKS or (last == "time" and ast.unparse(node.func) in {"time.time", "time.time_ns"}):
                yield f"{node.lineno}: {ast.unparse(node.func)}"


def test_no_test_reads_a_clock() -> None:
    read = {str(path.relative_to(TESTS)): list(clocks_read(path)) for path in PROGRAMS}
    assert {name: lines for name, lines in read.items() if lines} == {}, "durations are for tests/benchmarks"


@pytest.mark.parametrize("line", ["time.time()", "time.perf_counter()", "perf_counter_ns()", "timeit.timeit('1')"])
def test_a_clock_is_seen(tmp_path: Path, line: str) -> None:
    (tmp_path / "test_quick.py").write_text(f"def test():\n    begun = {line}\n", encoding="utf-8")
    assert list(clocks_read(tmp_path / "test_quick.py")) == [f"2: {line.split('(')[0]}"]


def test_no_example_of_hypothesis_has_a_deadline() -> None:
    assert settings().deadline is None
