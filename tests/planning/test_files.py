"""Output files are written whole or not at all, as the umask has it."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from attribution import files
from attribution.files import checksum, write_new, write_whole


def test_checksum_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert checksum(tmp_path / "a") == "sha256:" + hashlib.sha256(b"abc").hexdigest()


def test_write_whole_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "old")
    write_whole(tmp_path / "a.txt", b"new")
    assert (tmp_path / "a.txt").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_new_file_takes_no_other_s_place(tmp_path: Path) -> None:
    write_new(tmp_path / "a.txt", "mine")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a.txt", "yours")
    assert (tmp_path / "a.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["replace", "fsync", "open"])
def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch, name: str) -> None:
    write_whole(tmp_path / "a.txt", "old")

    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path if name == "replace" else files.os, name, fails)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "a.txt", "new")
    monkeypatch.undo()
    left = (tmp_path / "a.txt").read_text()
    assert left == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_the_umask_is_kept(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write_whole(tmp_path / "a.txt", "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o666 & ~mask
