"""``cac doctor``: what is there is fine, what is taken away is named; and what a shell completes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mmm.kernel import kept
from mmm.kernel.density import entries
from mmm.kernel.geo import geo_entry
from optimizer.planning import cli, doctor


def _failed(folder: Path) -> set[str]:
    return {finding.name for finding in doctor.examined(folder) if not finding.passed}


def test_a_machine_with_room_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: _usage(50e9))
    monkeypatch.setattr(doctor, "usable_memory", lambda: 8_000_000_000)
    assert _failed(tmp_path) == set()


def _usage(free: float) -> Any:
    return SimpleNamespace(free=free)


def test_what_is_taken_away_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: _usage(1e8))
    monkeypatch.setattr(doctor, "usable_memory", lambda: 500_000_000)
    monkeypatch.setattr(kept, "kept_folder", lambda: None)
    monkeypatch.setattr(doctor, "versions", lambda: {"numba": "unknown", "mmm loaded from": "another distribution"})
    (tmp_path / "file").touch()
    names = {"versions", "packages", "compiled code", "memory", "disk", "temporary disk", "folder"}
    monkeypatch.setattr(doctor, "_writable", lambda place: place != tmp_path)
    assert _failed(tmp_path) == names


def test_a_machine_that_does_not_say_its_memory_is_not_ill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "usable_memory", lambda: None)
    (memory,) = (finding for finding in doctor.examined(tmp_path) if finding.name == "memory")
    assert memory.passed
    assert memory.value is None


def test_a_file_is_no_folder_to_write_into(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not doctor._writable(tmp_path / "file" / "new")
    assert doctor._writable(tmp_path / "not" / "yet" / "there")


def test_without_a_font_that_holds_chinese_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {}
    for holds in (True, False):
        monkeypatch.setattr(doctor, "_holds_han", lambda opened, path, holds=holds: holds)
        told[holds] = next(one.text for one in doctor.examined(tmp_path) if one.name == "Chinese font")
    assert "holds Chinese." in told[True]
    assert "No font holds Chinese" in told[False]
    new = str(tmp_path / "new.ttf")
    monkeypatch.setattr(doctor, "_holds_han", lambda opened, path: path == new)
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", lambda: [new])
    later = next(one.text for one in doctor.examined(tmp_path) if one.name == "Chinese font")
    assert later.startswith("new.ttf holds Chinese, and Matplotlib does not list it yet")


def test_fonts_are_listed_anew(tmp_path: Path) -> None:
    """One that was installed after the list was kept is in it then."""
    (tmp_path / "fontlist-v0.json").write_text("{}", encoding="utf-8")
    code = "from optimizer.planning.doctor import _list_fonts; _list_fonts()"
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"MPLCONFIGDIR": str(tmp_path)}, check=True)
    kept = [path for path in tmp_path.glob("fontlist-*.json") if path.stat().st_size > 100]
    assert kept
    assert not (tmp_path / "fontlist-v0.json").exists()


@pytest.mark.parametrize(
    ("signs", "holds"),
    [
        ({ord("中"): 1, ord("文"): 2}, True),
        ({ord("中"): 7, ord("文"): 7}, False),  # a font of last resort
        ({ord("中"): 1}, False),
        ({}, False),
    ],
)
def test_a_font_holds_chinese_where_two_signs_differ(signs: dict[int, int], holds: bool) -> None:
    opened: Any = lambda path: SimpleNamespace(get_charmap=lambda: signs)  # noqa: E731
    assert doctor._holds_han(opened, "any.ttf") is holds


@pytest.mark.parametrize("memory", [8_000_000_000, 1])
def test_the_command_tells_and_its_code_says_whether_a_run_can_work(
    memory: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "usable_memory", lambda: memory)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: _usage(50e9))
    outputs = []
    for arguments in ([], ["--json"]):
        monkeypatch.setattr(sys, "argv", ["cac", "doctor", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert end.value.code == (0 if memory > 1 else 1)
        outputs.append(capsys.readouterr().out)
    findings = json.loads(outputs[1])
    assert len(outputs[0].splitlines()) == len(findings)
    assert all(f"{one['name']}: " in outputs[0] for one in findings)


def test_prepared_kernels_are_those_that_fits_load(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["cac", "prepare"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0
    assert str(kept.kept_folder()) in capsys.readouterr().out
    assert all(one.is_kept for one in (geo_entry(), *entries()))
    monkeypatch.setattr(kept, "kept_folder", lambda: None)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    assert "NUMBA_CACHE_DIR" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "told"), [("cac doc", "doctor"), ("cac what", "what-if"), ("cac plan --o", "--out")])
def test_a_shell_completes_commands_and_options(words: str, told: str) -> None:
    asked = {"_CAC_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    code = "import sys; sys.argv = ['cac']; from optimizer.planning.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | asked, capture_output=True, text=True)
    assert told in done.stdout.split()
