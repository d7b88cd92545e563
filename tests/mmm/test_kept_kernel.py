"""Compiled code on disk is used where it is as it was written, and otherwise compiled again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numba import types

from mmm.kernel import kept
from mmm.kernel.kept import kept_entry, kept_function


def twice(number: float) -> float:
    return 2 * number


def compiled() -> Any:
    made = kept_entry(types.double(types.double), {})(twice)
    made.compile()
    return made


def test_whether_code_is_kept_is_known_before_it_is_loaded(folder: Path) -> None:
    declared = kept_entry(types.double(types.double), {})
    assert declared(twice).is_kept
    (index,) = folder.rglob("*.nbi")
    index.write_bytes(b"")
    assert not declared(twice).is_kept


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "zeros": lambda data: bytes(len(data)),
    "one bit": lambda data: bytes([*data[: len(data) // 2], data[len(data) // 2] ^ 1, *data[len(data) // 2 + 1 :]]),
    "another's": lambda data: b"\x80\x04N." * 9,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    assert compiled().cache_hits == 0
    assert compiled().cache_hits == 1
    return tmp_path


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_costs_a_compilation_and_is_mended(folder: Path, damage: str, suffix: str) -> None:
    (file,) = folder.rglob(f"*{suffix}")
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    first, second = compiled(), compiled()
    assert first.ctypes(21.0) == second.ctypes(21.0) == 42.0
    if (damage, suffix) != ("one bit", ".nbi"):  # of which some change nothing that is read
        assert first.cache_hits == 0
    assert second.cache_hits == 1


def kept_twice() -> Any:
    return kept_function(twice)


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_function_of_its_own_is_kept_alike(tmp_path: Path, monkeypatch, damage: str, suffix: str) -> None:
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    assert kept_twice()(21.0) == 42.0
    (file,) = tmp_path.rglob(f"*{suffix}")
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    assert kept_twice()(21.0) == 42.0
    again = kept_twice()
    assert again(21.0) == 42.0
    assert sum(again.stats.cache_hits.values()) == 1


def test_files_that_cannot_be_written_or_read_are_done_without(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("_save_index", "_save_data", "_load_index"):
        with monkeypatch.context() as full:
            full.setattr(kept._CheckedFile, name, refuses)
            assert compiled().ctypes(21.0) == 42.0


def test_without_any_folder_to_keep_code_in_it_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(kept, "_Kept", nowhere)
    assert compiled().ctypes(21.0) == 42.0
    assert kept_twice()(21.0) == 42.0
