"""Work beside later stages is there when it is asked for, and ends where nobody will ask."""

from __future__ import annotations

import time
from threading import Event

import pytest

from optimizer.planning.stages.beside import beside
from optimizer.planning.stages.progress import Update


def test_the_work_goes_on_while_the_block_does_and_its_state_is_told_to_who_waits() -> None:
    begun, go, told = Event(), Event(), []

    def work(report: Update) -> str:
        report(0.25, "a quarter")
        begun.set()
        assert go.wait(10)
        return "done"

    def update(part: float, note: str) -> None:
        told.append((part, note))
        go.set()

    with beside(work) as result:
        assert begun.wait(10)
        assert result(update) == "done"
    assert set(told) == {(0.25, "a quarter")}


def test_a_block_that_fails_interrupts_the_work_and_waits_for_its_end() -> None:
    ended = Event()

    def work(report: Update) -> None:
        try:
            while True:
                report(0.0, "")
                time.sleep(0.001)
        finally:
            ended.set()

    with pytest.raises(ValueError, match="refused"), beside(work):
        raise ValueError("refused")
    assert ended.is_set()


def test_what_the_work_refuses_is_raised_where_its_result_is_asked_for() -> None:
    def work(report: Update) -> None:
        raise ValueError("no such table")

    with beside(work) as result, pytest.raises(ValueError, match="no such table"):
        result(lambda part, note: None)
