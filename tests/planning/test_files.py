"""Output files are written whole or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from attribution.files import checksum, staged_folder, write_whole


def test_checksum_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert checksum(tmp_path / "a") == "sha256:" + hashlib.sha256(b"abc").hexdigest()


def test_write_whole_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "old")
    write_whole(tmp_path / "a.txt", b"new")
    assert (tmp_path / "a.txt").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_failed_stage_leaves_the_earlier_output_untouched(tmp_path: Path) -> None:
    with staged_folder(tmp_path / "out", last="manifest.json") as stage:
        (stage / "plan.csv").write_text("first")
        (stage / "manifest.json").write_text("first")
    (tmp_path / "out" / "notes.txt").write_text("the user's own")
    with pytest.raises(RuntimeError), staged_folder(tmp_path / "out", last="manifest.json") as stage:
        (stage / "plan.csv").write_text("half")
        raise RuntimeError
    found = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert found == {"plan.csv": "first", "manifest.json": "first", "notes.txt": "the user's own"}


def test_the_manifest_moves_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[str] = []
    original = Path.replace

    def spy(self: Path, target: Path) -> Path:
        moved.append(Path(target).name)
        return original(self, target)

    monkeypatch.setattr(Path, "replace", spy)
    with staged_folder(tmp_path / "out", last="manifest.json") as stage:
        for name in ("a.csv", "manifest.json", "z.csv"):
            (stage / name).write_text(name)
        (stage / "plots").mkdir()
        (stage / "plots" / "p.svg").write_text("p")
    assert moved[-1] == "manifest.json"
    assert (tmp_path / "out" / "plots" / "p.svg").exists()
