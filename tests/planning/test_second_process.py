"""A run's second process: the same results as without it, and nothing of it left behind."""

from __future__ import annotations

import math
import os
import signal
import time
from pathlib import Path

import pytest

from optimizer.planning.stages import second_process
from optimizer.planning.stages.second_process import SecondProcess


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def _has(monkeypatch: pytest.MonkeyPatch, memory: int | None) -> None:
    monkeypatch.setattr(second_process, "usable_memory", lambda: memory)
    monkeypatch.setattr("loky.cpu_count", lambda: 2)


def test_work_goes_on_in_another_process_and_here_where_that_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    _has(monkeypatch, memory=8_000_000_000)
    with SecondProcess() as second:
        assert second.submit(os.getpid)() == os.getpid()
        second.begin()
        other = second.submit(os.getpid)()
        assert other != os.getpid()
        os.kill(other, signal.SIGINT)  # Ctrl-C reaches both; the run ends the other one
        assert second.submit(os.getpid)() == other
        with pytest.raises(ValueError, match=r"domain|nonnegative"):
            second.submit(math.sqrt, -1.0)()
        second.submit(time.sleep, 60)
        behind = second.submit(math.sqrt, 4.0)
        os.kill(other, signal.SIGKILL)
        assert behind() == 2.0
        assert second.submit(os.getpid)() == os.getpid()
    assert not _alive(other)


def test_leaving_ends_the_process_whatever_it_is_at(monkeypatch: pytest.MonkeyPatch) -> None:
    _has(monkeypatch, memory=None)
    with pytest.raises(KeyboardInterrupt), SecondProcess() as second:
        second.begin()
        other = second.submit(os.getpid)()
        second.submit(time.sleep, 60)
        raise KeyboardInterrupt
    for _ in range(200):  # far sooner than its own work would end
        if _alive(other):
            time.sleep(0.05)
    assert not _alive(other)


def test_a_machine_that_starts_none_does_the_work_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: object) -> None:
        raise OSError(38, "Function not implemented")

    _has(monkeypatch, memory=None)
    monkeypatch.setattr("loky.ProcessPoolExecutor", refused)
    with SecondProcess() as second:
        second.begin()
        assert second.submit(os.getpid)() == os.getpid()


def test_little_memory_starts_no_second_process(monkeypatch: pytest.MonkeyPatch) -> None:
    _has(monkeypatch, memory=2_000_000_000)
    with SecondProcess() as second:
        second.begin()
        assert second.submit(os.getpid)() == os.getpid()
