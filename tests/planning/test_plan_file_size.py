"""Plan files that would take for ever to read, or the memory of the machine: refused at once, and told why."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from attribution.errors import BadInput
from optimizer.planning.file.document import Document


def repeated(times: int, levels: str) -> str:
    inner = [f"{name}: &{name} [{', '.join(['*' + before] * times)}]" for before, name in pairwise(levels)]
    return "\n".join([f"{levels[0]}: &{levels[0]} [{', '.join('x' * times)}]", *inner])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (repeated(9, "abcdefghi"), "repeats itself"),
        (repeated(2, "abcdefghijklmnopqrst"), "repeats itself"),
        (f"name: {'x' * 1_000_001}\n", "1,000,008 characters"),
    ],
)
def test_what_never_ends_is_refused(text: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        Document.of(Path("plan.yaml"), text)


def test_what_is_written_once_and_used_a_few_times_is_read() -> None:
    document = Document.of(Path("plan.yaml"), repeated(3, "abcd") + "\nlong: [" + "1, " * 20_000 + "1]\n")
    assert len(document.data["long"]) == 20_001
    assert document.data["d"][2][2][2] == ["x", "x", "x"]
