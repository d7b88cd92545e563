"""What could make a plan wrong: the weightiest first, never more than asked, nothing that the plan heeds already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from attribution.findings import Finding
from optimizer.planning.outputs.doubts import NOT_CONVERGED, could_be_wrong
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.trusted import EXPECTED, Trust, TrustedPlan
from optimizer.uncertainty.tipping import TippingPoint


@pytest.fixture
def quiet(finished: tuple[Run, Path]) -> Run:
    """A run whose promises are kept, whose moves hold and whose findings pass."""
    run, _ = finished
    assert run.worth is not None
    worth = replace(run.worth.worth, promises=())
    return replace(run, worth=replace(run.worth, worth=worth, tipping=()), trust=None, findings=())


def with_tipping(run: Run, *moves: TippingPoint) -> Run:
    assert run.worth is not None
    return replace(run, worth=replace(run.worth, tipping=moves))


def test_a_plan_without_other_doubts_has_that_of_experience(quiet: Run) -> None:
    (only,) = could_be_wrong(quiet)
    assert "times what came true" in only or "was not measured" in only


def test_a_fit_that_did_not_converge_comes_first(quiet: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Run, "converged", property(lambda run: False))
    assert could_be_wrong(quiet)[0] == NOT_CONVERGED


def test_the_move_is_named_that_most_money_may_be_wrong_in(quiet: Run) -> None:
    sure = TippingPoint("tv", 1_000_000.0, 500_000.0, 1.4, 0.02)
    small = TippingPoint("radio", 10_000.0, 11_000.0, 0.9, 0.5)
    doubtful = TippingPoint("search", 100_000.0, 200_000.0, 0.9, 0.4)
    less = TippingPoint("print", 100_000.0, 50_000.0, 1.1, 0.45)
    first = could_be_wrong(with_tipping(quiet, sure, small, doubtful, less))[0]
    assert first.startswith("100,000 EUR more on search is wrong where search brings less than 90")
    assert "search" not in " ".join(could_be_wrong(with_tipping(quiet, sure, small)))


def test_that_nothing_but_weeks_speaks_for_a_raise_is_told_before_what_the_weeks_say(quiet: Run) -> None:
    doubtful = TippingPoint("search", 100_000.0, 200_000.0, 0.9, 0.4)
    alone = Finding("raised_on_weeks_alone", False, 1.0, 0.0, "Only weeks speak for search. Test it.", ("search",))
    run = replace(with_tipping(quiet, doubtful), findings=(alone,))
    first, second, *rest = could_be_wrong(run)
    assert first == "Only weeks speak for search."
    assert second.startswith("100,000 EUR more on search is wrong")
    assert first not in rest


def test_a_reading_that_takes_half_of_the_gain_is_told_and_one_that_does_not_is_not(quiet: Run) -> None:
    def held(**improvement: float) -> Run:
        cases = pd.Series({EXPECTED: 10.0, **improvement})
        own = TrustedPlan("Plan", pd.Series(dtype=float), cases, cases * 0.0)
        return replace(quiet, trust=Trust((own,), ()))

    assert could_be_wrong(held(s_shaped=4.0))[0].startswith(
        "Read with an S-shaped response, the plan improves on today by 4.00"
    )
    assert could_be_wrong(held(s_shaped=-4.0))[0].startswith("Read with an S-shaped response, the plan worsens")
    assert could_be_wrong(held(s_shaped=6.0)) == could_be_wrong(quiet)


def test_findings_that_the_plan_heeds_are_not_repeated(quiet: Run) -> None:
    def finding(name: str, **more: Any) -> Finding:
        return Finding(name, False, None, None, f"{name} says this. And more.", **more)

    told = could_be_wrong(replace(quiet, findings=(finding("riders_held", channels=("tv",)), finding("somewhere"))))
    assert told == could_be_wrong(quiet)
    far = replace(quiet, findings=(finding("inside_observed_spend", channels=("tv",)),))
    assert could_be_wrong(far)[0] == "inside_observed_spend says this."
    parts = "; ".join(f"channel {at} is credited with {at} and brings {2 * at}" for at in range(30))
    long = Finding("counts_against_effects", False, None, None, f"Attribution contradicts: {parts}.", ("tv",))
    told = could_be_wrong(replace(quiet, findings=(long,)))[0]
    assert told == "Attribution contradicts: channel 0 is credited with 0 and brings 0, and more below."
    many = replace(quiet, findings=tuple(finding(f"n{at}", channels=("tv",)) for at in range(9)))
    assert len(could_be_wrong(many)) == 3
