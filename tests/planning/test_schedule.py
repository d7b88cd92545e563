"""plan.schedule: the plan's money by week and by month, its keys and refusals, and the weeks that are spent already."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

import mmm
from attribution.errors import BadInput
from attribution.estimates import Estimate
from optimizer import BlendedCAC, Customers, MaxCAC, Plan
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import Inputs, read_inputs
from optimizer.planning.outputs.sections.schedule import against_equal_weeks, month_frame, week_frame
from optimizer.planning.stages.optimize import asked
from optimizer.planning.stages.promises_by_week import promises_by_week
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.schedule import ScheduleResult, _by_week, make_schedule

Asking = Callable[[str], Inputs]
START = pd.Timestamp("2026-09-28")


@pytest.fixture
def asking(starter: Path) -> Asking:
    """Inputs of the starter with a schedule, written as in the plan file."""

    def ask(schedule: str) -> Inputs:
        text = starter.read_text(encoding="utf-8")
        starter.write_text(text.replace("  groups:\n", f"  schedule: {schedule}\n  groups:\n"), encoding="utf-8")
        return read_inputs(*read_config(starter), journeys_too=False)

    return ask


@pytest.fixture(scope="module")
def posterior(tmp_path_factory: pytest.TempPathFactory) -> mmm.Posterior:
    from optimizer.planning.starter import write_starter

    plan = write_starter(tmp_path_factory.mktemp("schedule") / "starter")[0]
    panel = read_inputs(*read_config(plan), journeys_too=False).panel
    assert panel is not None
    return mmm.preview(panel, mmm.Model(), draws=400)


def divided(inputs: Inputs, posterior: mmm.Posterior, planned: pd.Series) -> ScheduleResult:
    assert inputs.timetable is not None
    return make_schedule(inputs.timetable, posterior, posterior.curves(weeks=13), planned, {})


def test_a_run_writes_the_plan_by_week_and_by_month(finished: tuple[Run, Path], hostile: str) -> None:
    run, folder = finished
    plan = pd.read_csv(folder / "plan.csv").set_index("channel")["spend_planned"]
    weeks, months = pd.read_csv(folder / "schedule.csv"), pd.read_csv(folder / "schedule_months.csv")
    assert list(weeks["week"].unique()) == [f"{START + pd.Timedelta(weeks=k):%Y-%m-%d}" for k in range(13)]
    assert hostile in set(weeks["channel"])
    for table in (weeks, months):
        np.testing.assert_allclose(table.groupby("channel")["spend"].sum()[plan.index], plan, rtol=1e-8)
    daily = pd.concat(
        [pd.Series(row.spend / 7, pd.date_range(row.week, periods=7)) for row in weeks.itertuples(index=False)]
    )
    by_month = daily.groupby(daily.index.strftime("%Y-%m")).sum()
    np.testing.assert_allclose(months.groupby("month")["spend"].sum()[by_month.index], by_month, rtol=1e-8)
    assert by_month["2026-11"] <= 900_000 * (1 + 1e-8)
    sheets = load_workbook(folder / "plan.xlsx").sheetnames
    assert "Weeks" in sheets
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert 'href="#schedule"' in report
    assert "at most 900,000" in report
    assert any(finding.name == "schedule_possible" and finding.passed for finding in run.findings)
    assert (folder / "plots" / "schedule.svg").exists()


def test_without_limits_the_calendar_is_worth_no_less_than_equal_weeks(
    asking: Asking, posterior: mmm.Posterior
) -> None:
    inputs = asking("{}")
    planned = pd.Series({"tv": 700_000.0, "generic_search": 400_000.0, "paid_social": 300_000.0})
    result = divided(inputs, posterior, planned)
    assert result.problem == ""
    assert result.gain.point > -0.5
    last = result.spend.iloc[-1] / (planned / 13)
    assert last.max() < 1.2  # the future goes on, so that nothing is put off
    np.testing.assert_allclose(result.spend.sum()[planned.index], planned, rtol=1e-9)
    assert week_frame(result)["spend"].sum() == pytest.approx(month_frame(result)["spend"].sum())
    assert "equal weeks" in against_equal_weeks(result, "customers")


def test_weeks_that_are_spent_committed_or_in_blackout_hold(asking: Asking, posterior: mmm.Posterior) -> None:
    inputs = asking(
        "{free_from: 2026-10-12, pacing: 50%, spent: {tv: {2026-09-28: 60_000, 2026-10-05: 0},"
        " generic_search: {2026-09-28: 20_000, 2026-10-05: 21_000},"
        " paid_social: {2026-09-28: 9_000, 2026-10-05: 9_000}},"
        " weekly: {tv: {blackout: [2026-12-21], committed: {2026-11-02: 90_000}, at_least_if_used: 30_000}}}"
    )
    assert inputs.timetable is not None
    assert inputs.timetable.given == 2
    planned = pd.Series({"tv": 600_000.0, "generic_search": 300_000.0, "paid_social": 150_000.0})
    result = divided(inputs, posterior, planned)
    assert result.problem == ""
    tv = result.spend["tv"]
    assert tv.iloc[:2].tolist() == [60_000.0, 0.0]
    assert tv["2026-12-21"] == 0
    assert tv["2026-11-02"] >= 90_000 * (1 - 1e-9)
    free = tv.iloc[2:]
    assert ((free == 0) | (free >= 30_000 * (1 - 1e-9))).all()
    assert set(result.states["tv"].iloc[:2]) == {"spent"}
    assert result.states["tv"]["2026-12-21"] == "blackout"
    assert result.states["tv"]["2026-11-02"] == "committed"


def test_what_is_spent_or_committed_is_a_floor_of_the_plan(
    asking: Asking, posterior: mmm.Posterior, starter: Path
) -> None:
    inputs = asking("{weekly: {tv: {committed: {2026-10-05: 123_456, 2026-10-12: 100_000}}}}")
    question = asked(read_config(starter)[0], inputs, posterior)
    spend = pd.Series(0.0, index=list(question.curves.channels))
    broken = {str(miss.limit) for miss in question.plan.missed(question.curves, spend)}
    assert "tv spent or committed at least 223,456" in broken


def test_spend_so_far_comes_from_a_table_too(asking: Asking, starter: Path) -> None:
    weeks = pd.date_range(START, periods=3, freq="7D")
    table = pd.DataFrame({"week": weeks, "tv": [1.0, 2, 3], "generic_search": [4.0, 5, 6], "paid_social": [7.0, 8, 9]})
    table.to_csv(starter.parent / "spent.csv", index=False)
    inputs = asking("{free_from: 2026-10-12, spent: spent.csv}")
    assert inputs.timetable is not None
    spent = inputs.timetable.calendar.spent
    assert spent is not None
    assert spent["generic_search"].tolist() == [4.0, 5.0]
    assert any(file.role == "spend so far" for file in inputs.files)
    table.iloc[:1].to_csv(starter.parent / "spent.csv", index=False)
    with pytest.raises(BadInput, match=r"spent.csv.*lacks 1 of the 2 weeks"):
        read_inputs(*read_config(starter), journeys_too=False)


def test_a_later_start_is_said_and_counted(asking: Asking, posterior: mmm.Posterior) -> None:
    inputs = asking("{starts: 2026-10-12}")
    assert inputs.timetable is not None
    assert inputs.timetable.between == 2
    assert any("2 weeks after" in text for text in inputs.assumptions)
    result = divided(inputs, posterior, pd.Series({"tv": 500_000.0, "generic_search": 1e5, "paid_social": 1e5}))
    assert result.spend.index[0] == pd.Timestamp("2026-10-12")
    level = posterior.panel.recent_spend()
    np.testing.assert_allclose(result.before.iloc[-1], level[result.before.columns])


def test_money_that_does_not_fit_says_why_and_stops_nothing(asking: Asking, posterior: mmm.Posterior) -> None:
    inputs = asking("{weekly: {tv: {at_most: 10_000}}}")
    result = divided(inputs, posterior, pd.Series({"tv": 600_000.0, "generic_search": 1e5, "paid_social": 1e5}))
    assert "plan.schedule.weekly.tv.at_most" in result.problem
    assert "130,000" in result.problem
    assert not result.finding.passed
    assert result.spend.empty


WRONG = {
    "{starts: 2026-09-30}": "nearest one begins on 2026-09-28",
    "{starts: 2026-09-21}": "nearest one begins on 2026-09-28",
    "{weekly: {tv: {blackout: [2026-10-06]}}}": "weekly.tv.blackout.0: no week begins on 2026-10-06",
    "{weekly: {tv: {committed: {2027-10-05: 3}}}}": "nearest one on 2026-12-21",
    "{weekly: {tvv: {at_most: 3}}}": "Did you mean 'tv'",
    "{weekly: {tv: {}}}": "say at_most",
    "{weekly: {tv: {at_most: 3, at_least_if_used: 4}}}": "exceeds at_most",
    "{weekly: {tv: {at_most: 3, committed: {2026-10-05: 4}}}}": "committed in 2026-10-05 than at_most",
    "{weekly: {tv: {blackout: [2026-10-05], committed: {2026-10-05: 4}}}}": "committed and in blackout",
    "{weekly: {tv: {committed: {2026-10-05: a lot}}}}": "tv.committed.2026-10-05: 'a lot' is not an amount",
    "{weekly: {tv: {blackout: [soon]}}}": "'soon' is no date; write it as 2026-12-28",
    "{weekly: {tv: {blackout: [2026-13-05]}}}": "2026-13-05 is no day of the calendar",
    "{weekly: {tv: {at_mots: 3}}}": "Did you mean 'at_most'",
    "{pacing: 0.25}": "no change either way",
    "{pacing: 0%}": "greater than 0",
    "{months: {2027-02: {at_most: 3}}}": "no day of the plan lies in 2027-02",
    "{months: {2026-13: {at_most: 3}}}": "is not a month",
    "{months: {2026-12: {}}}": "say at_least or at_most",
    "{months: {2026-12: {at_least: 5, at_most: 3}}}": "exceeds at_most",
    "{free_from: 2026-10-12}": "belong together",
    "{free_from: 2026-09-28, spent: {tv: {}}}": "first week",
    "{free_from: 2026-10-05, spent: {tv: {2026-09-28: 3}}}": "generic_search in 2026-09-28",
    "{free_from: 2026-10-05, spent: {tv: {2026-09-28: x}}}": "spent.tv.2026-09-28: 'x' is not an amount",
    "{free_from: 2026-10-05, spent: {tvv: {2026-09-28: 3}}}": "unknown channel 'tvv'",
    "{free_from: 2026-10-12, spent: s.csv, weekly: {tv: {blackout: [2026-09-28]}}}": "before free_from",
}


@pytest.mark.parametrize("schedule", WRONG)
def test_wrong_schedules_are_refused_by_line_with_the_remedy(asking: Asking, schedule: str) -> None:
    with pytest.raises(BadInput) as caught:
        asking(schedule)
    assert WRONG[schedule] in str(caught.value)
    assert "plan.yaml" in str(caught.value)


@pytest.mark.parametrize("per_week", [1, 7])
def test_lags_by_week_are_those_of_spend_spread_over_the_periods(per_week: int) -> None:
    rng = np.random.default_rng(per_week)
    weights = 0.9 ** np.arange(40)[:, None] * rng.uniform(0.5, 1, (40, 3))
    weights /= weights.sum(axis=0)
    weekly, spend = _by_week(weights, per_week), rng.uniform(0, 100, 12)
    np.testing.assert_allclose(weekly.sum(axis=0), 1.0)
    line = np.repeat(spend / per_week, per_week)
    for draw in range(3):
        stock = np.convolve(line, weights[:, draw])
        stock = np.pad(stock, (0, -len(stock) % per_week)).reshape(-1, per_week).sum(axis=1)
        own = np.convolve(spend, weekly[:, draw])
        width = min(len(stock), len(own))
        np.testing.assert_allclose(own[:width], stock[:width], atol=2e-3 * spend.max())


def test_a_plan_of_nothing_has_a_reason_and_no_calendar(asking: Asking, posterior: mmm.Posterior) -> None:
    result = divided(asking("{}"), posterior, pd.Series({"tv": 0.0, "generic_search": 0.0, "paid_social": 0.0}))
    assert "spends nothing" in result.problem


def test_money_is_much_and_people_are_many() -> None:
    nothing = pd.DataFrame()
    alike = ScheduleResult(nothing, nothing, nothing, nothing, Estimate.exact(0.0), 0.0)
    for outcome, said in (("orders", "as many orders as"), ("EUR of revenue", "as much EUR of revenue as")):
        assert said in against_equal_weeks(alike, outcome)


@pytest.mark.parametrize("lost", [0.0, 20.0, 400.0])
def test_a_promise_that_the_calendar_breaks_is_told(lost: float) -> None:
    curves = mmm.ResponseCurves({"tv": mmm.curves.Hill(9000.0, 1e5)})
    promised = [Customers(at_least=5500), MaxCAC(20.0)]
    plan = Plan(minimize=BlendedCAC(fixed_cost=1e4, organic=1000), subject_to=promised)
    spend = plan.solve(curves).spend
    planned = plan.evaluate(curves, spend)
    assert planned.expected_customers == pytest.approx(5500)
    nothing = pd.DataFrame()
    calendar = ScheduleResult(nothing, nothing, nothing, nothing, Estimate.exact(-lost), 0.0)
    made: Any = SimpleNamespace(plan=plan, planned=planned)
    finding = promises_by_week(calendar, made, "orders")
    assert finding.passed == (lost <= 0.005 * 5500)
    if not finding.passed:
        assert "brings 5,100 orders, 400 less than in equal weeks" in finding.text
        assert "customers at least 5,500" in finding.text
        cac = (1e4 + float(spend.sum())) / 5100
        assert finding.value == pytest.approx(max(400 / 5500, cac / 20 - 1))
        assert ("blended CAC at most" in finding.text) == (cac > 20)
