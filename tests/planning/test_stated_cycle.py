"""The stated cycle against the log's: what is right passes, what is off is said, both ways."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from attribution import Journeys, sales_cycle
from attribution.analysis.sales_cycle import SalesCycle
from attribution.economics import SalesLags
from optimizer.planning.stages.stated_cycle import cycle_as_stated

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
from sales_cycle_truth import stated_cycle, world


@pytest.fixture(scope="module")
def cycle() -> SalesCycle:
    """A log of 98 days from the first touch to the conversion."""
    touches, ends, _, _ = world(4, people=8_000)
    return sales_cycle(Journeys.from_touchpoints(touches, conversions=ends, lookback="500D"))


def test_the_cycle_that_is_true_agrees_with_the_log(cycle: SalesCycle) -> None:
    finding = cycle_as_stated(SalesLags.by_month(stated_cycle()), cycle)
    assert finding.passed
    assert abs(finding.value or 0.0) < 0.05


@pytest.mark.parametrize(("stated", "sign"), [({0: 1.0}, -1), ({0: 0.6, 1: 0.4}, -1), ({6: 0.5, 7: 0.5}, 1)])
def test_a_cycle_that_is_too_short_or_too_long_is_named(cycle: SalesCycle, stated: dict[int, float], sign: int) -> None:
    finding = cycle_as_stated(SalesLags.by_month(stated), cycle)
    assert not finding.passed
    assert sign * (finding.value or 0.0) > 0.1
    assert "economics.sales_cycle" in finding.text


def test_weeks_and_months_of_one_cycle_say_the_same(cycle: SalesCycle) -> None:
    by_month = SalesLags.by_month(stated_cycle())
    by_week = SalesLags.by_week(dict(enumerate(by_month.shares)))
    assert cycle_as_stated(by_week, cycle).value == pytest.approx(cycle_as_stated(by_month, cycle).value)
