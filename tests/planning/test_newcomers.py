"""What a first reader stumbles over: headlines that contradict doubts, money called new, units in the plural of one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mmm
from attribution.errors import BadInput
from mmm.checks.rivals import OWN, Rival
from mmm.curves import Hill, ResponseCurves
from optimizer import BlendedCAC, Budget, Channel, Customers, Plan, Profit, Spend
from optimizer.answer.misses import Miss
from optimizer.answer.worth import Odds
from optimizer.planning.check import check_plan
from optimizer.planning.inputs.given_tables import said_of
from optimizer.planning.inputs.plans_of_other_tools import PlanTable
from optimizer.planning.outputs.doubts import could_be_wrong
from optimizer.planning.outputs.sections.brought import BROUGHT
from optimizer.planning.outputs.sections.decision import DECISION, Decision
from optimizer.planning.outputs.sections.moves import MOVES
from optimizer.planning.run import _SCENARIO, _require
from optimizer.planning.stages.experience import Corrected
from optimizer.planning.stages.optimize import _frontier, asked
from optimizer.planning.stages.question import sentences
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.rivals import plans_of_rivals, that_leave_customers
from optimizer.planning.stages.worth import of_people
from optimizer.question.limits import Limit, Side, Subject, Unit
from optimizer.question.outcomes import is_money, new_of


def decided(run: Run, known: float, asked: float) -> tuple[Run, Decision]:
    assert run.worth is not None
    assert run.config.plan is not None
    config = run.config.model_copy(update={"plan": run.config.plan.model_copy(update={"confidence": asked})})
    held = replace(run, config=config, worth=replace(run.worth, corrected=at(run, known)))
    return held, (DECISION.view(held) or {})["decision"]


def at(run: Run, better: float) -> Corrected:
    assert run.worth is not None
    known = run.worth.corrected
    if known is not None:
        return replace(known, probability_better=better)
    change = run.worth.worth.aim.change
    return Corrected(change, better)


@pytest.mark.parametrize(("known", "asked"), [(0.72, 0.9), (0.5, 0.6), (0.95, 0.9), (0.85, 0.8)])
def test_a_headline_moves_only_what_the_run_advises(finished: tuple[Run, Path], known: float, asked: float) -> None:
    held, decision = decided(finished[0], known, asked)
    waits = decision.headline.startswith("Keep today's spend, or test first")
    assert waits == (known < asked)
    assert any(text.startswith("What the plan would do: ") for text in decision.summary) == waits
    assert len(decision.doubts) <= 3
    assert not waits or decision.headline == could_be_wrong(held)[0]
    assert decision.headline not in decision.doubts


def test_a_tenth_of_money_either_way_is_told(finished: tuple[Run, Path]) -> None:
    run = finished[0]
    assert run.plan is not None
    rows = (MOVES.view(run) or {})["budgets"]
    planned = float(run.plan.planned.spend.sum())
    parts = {f"−10{chr(160)}%": 0.9, "as planned": 1.0, f"+10{chr(160)}%": 1.1}
    assert {"as planned"} < {row["budget"] for row in rows} <= {*parts}
    assert np.all(np.diff([row["customers"] for row in rows]) >= -1e-9)
    for row in rows:
        assert row["spend"] <= parts[row["budget"]] * planned * (1 + 1e-9)
        assert (row["more"] == "0") == (row["budget"] == "as planned") or row["spend"] == pytest.approx(planned)
        assert row["blended_cac"] > 0


def test_the_last_quarter_is_that_of_the_table(finished: tuple[Run, Path]) -> None:
    run = finished[0]
    assert run.posterior is not None
    panel = run.posterior.panel
    spent = panel.national_spend.tail(13 * panel.per_week).sum()
    rows = (BROUGHT.view(run) or {})["brought"]["rows"]
    assert {row["channel"]: row["last"]["spend"] for row in rows} == pytest.approx(spent.to_dict())
    assert all(row["last"]["customers"].low <= row["last"]["customers"].point <= row["customers"].high for row in rows)


@pytest.mark.parametrize(
    ("outcome", "money"), [("EUR of revenue", True), ("USD", True), ("customers", False), ("EURO fans", False)]
)
def test_nothing_is_new_about_money_and_it_has_no_lifetime(
    finished: tuple[Run, Path], outcome: str, money: bool
) -> None:
    assert is_money(outcome) == money
    assert new_of(outcome) == (outcome if money else f"new {outcome}")
    run = finished[0]
    assert run.worth is not None
    asked, usual = Odds("customers", 0.9, 0.8, True), Odds("LTV:CAC at least 3", 0.9, 0.8, True, is_guardrail=True)
    verdict = replace(run.worth.worth, promises=(asked, usual))
    assert of_people(verdict, outcome).promises == ((asked,) if money else (asked, usual))


@pytest.mark.parametrize(("figure", "by", "rounding"), [(160_102, 0.62, True), (160_102, 160, False), (10, 0.0, False)])
def test_amounts_by_week_in_whole_euros_break_nothing(figure: float, by: float, rounding: bool) -> None:
    limit = Limit(Subject("tv", "channel"), Side.AT_MOST, figure, Unit.CURRENCY)
    assert Miss(limit, by).is_rounding == rounding


@pytest.mark.parametrize(
    ("weeks", "told"),
    [
        (13.0, "Spend of 13 weeks, as many as the plan has."),
        (1.0, "Spend of 1 week counts 13 times, for 13 weeks of the plan."),
        (52.0, "Spend of 52 weeks counts 0.25 times, for 13 weeks of the plan."),
    ],
)
def test_a_plan_of_as_many_weeks_counts_as_it_is(weeks: float, told: str) -> None:
    assert said_of(PlanTable(Path("plan.csv"), "channel", "spend", weeks=weeks), 13) == told


def test_what_if_without_scenarios_shows_one(finished: tuple[Run, Path], tmp_path: Path) -> None:
    run = finished[0]
    bare = run.config.model_copy(update={"scenarios": (), "stress": None})
    with pytest.raises(BadInput, match="Ten percent less") as told:
        _require(bare, run.inputs, "what-if")
    assert _SCENARIO in str(told.value)


class _Shifted:
    """A posterior whose customers without media are moved by so many."""

    def __init__(self, posterior: mmm.Posterior, by: float) -> None:
        self._posterior, self._by = posterior, by

    def __getattr__(self, name: str) -> Any:
        return getattr(self._posterior, name)

    def organic(self, *asked_of: Any, **more: Any) -> mmm.Organic:
        own = self._posterior.organic(*asked_of, **more)
        return replace(own, by_week=own.by_week + self._by)


NOT_YET_ASKED = {
    "no control asks for it": ("controls: [price_index, competitor_activity, sale]", "controls: []"),
    "no plan asks for it": ("", ""),
    "the weekly table is not there either": ("path: weekly.csv", "path: weakly.csv"),
}


@pytest.mark.parametrize("case", NOT_YET_ASKED)
def test_a_file_that_is_not_there_is_told_at_the_door(starter: Path, case: str) -> None:
    (starter.parent / "upcoming.csv").unlink()
    text = starter.read_text(encoding="utf-8")
    if case == "no plan asks for it":
        text = text.partition("\nplan:\n")[0]
    else:
        assert NOT_YET_ASKED[case][0] in text
        text = text.replace(*NOT_YET_ASKED[case])
    starter.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        check_plan(starter)
    told = [str(problem) for problem in caught.value.problems if "does not exist" in str(problem)]
    assert sum(one.startswith("upcoming.csv") for one in told) == 1
    assert len(told) == (2 if "either" in case else 1)


def test_fewer_customers_than_none_without_media_are_refused_with_a_remedy(finished: tuple[Run, Path]) -> None:
    run = finished[0]
    assert run.posterior is not None
    shifted: Any = _Shifted(run.posterior, -1e6)
    with pytest.raises(BadInput, match="less than none") as caught:
        asked(run.config, run.inputs, shifted)
    assert all(word in str(caught.value) for word in ("cac fit", "cac check", "model.belief.cac", "13 weeks"))
    assert str(caught.value).startswith("plan: The mix model expects −")
    failed = [one for one in run.inputs.findings if not one.passed]
    said = caught.value.problems[1:]
    assert failed
    assert [text.split(":")[0] for text in said] == [one.name for one in failed[: len(said)]]
    assert len(said) == min(len(failed), 4)
    asked(run.config, run.inputs, run.posterior)


def test_a_single_reading_that_expects_fewer_than_none_is_set_aside_and_named(finished: tuple[Run, Path]) -> None:
    run = finished[0]
    assert run.rivals is not None
    assert run.plan is not None
    name = run.rivals.standing[0]
    rivals = replace(run.rivals, fitted=tuple(_impossible(rival, name) for rival in run.rivals.fitted))
    left = that_leave_customers(rivals, run.config, run.inputs, 13)
    assert set(left.standing) == set(run.rivals.standing) - {name}
    assert set(left.pooled().posteriors) == {OWN, *left.standing}
    table = left.to_frame().xs(name, level="reading")
    assert set(table["verdict"]) == {"set aside"}
    (finding,) = [one for one in left.findings if one.name == "rivals_set_aside"]
    assert not finding.passed
    assert f"{name} expects −" in finding.text
    assert "less than none" in finding.text
    assert {plan.reading for plan in plans_of_rivals(replace(run, rivals=left), lambda *_: None)} == {
        OWN,
        *left.standing,
    }
    shifted: Any = _Shifted(run.rivals.posterior, -1e6)
    with pytest.raises(BadInput, match="The mix model expects −"):
        that_leave_customers(replace(run.rivals, posterior=shifted), run.config, run.inputs, 13)
    kept = that_leave_customers(run.rivals, run.config, run.inputs, 13)
    assert kept.standing == run.rivals.standing
    assert "rivals_set_aside" not in {one.name for one in kept.findings}


def _impossible(rival: Rival, name: str) -> Rival:
    shifted: Any = _Shifted(rival.posterior, -1e6)
    return replace(rival, posterior=shifted) if rival.reading.name == name else rival


@pytest.mark.parametrize("objective", [BlendedCAC, Customers, Spend, partial(Profit, 90)])
def test_organic_customers_below_none_are_refused_with_a_remedy(objective: Any) -> None:
    with pytest.raises(BadInput, match="negative on average") as caught:
        objective(organic=np.array([-30.0, 10.0]))
    assert all(problem.remedy for problem in caught.value.problems)


@pytest.mark.parametrize("outcome", ["conversions", "EUR of revenue", "customers"])
def test_what_limits_cost_is_counted_in_the_outcome(finished: tuple[Run, Path], outcome: str) -> None:
    section = finished[0].config.plan
    assert section is not None
    curves = ResponseCurves({"tv": Hill(900, 60_000), "search": Hill(500, 20_000)})
    plan = Plan(maximize=Customers(organic=10.0), subject_to=[Budget(at_most=100_000)])
    (price,) = sentences(section, plan, plan.solve(curves), outcome)[1:]
    assert price.endswith(f" {outcome}.")
    cheapest = Plan(minimize=BlendedCAC(fixed_cost=1e4), subject_to=[Budget(exactly=100_000)])
    assert "of blended CAC" in sentences(section, cheapest, cheapest.solve(curves), outcome)[1]


@pytest.mark.parametrize("least", [0.0, 75_000.0, 149_000.0, 1e6])
def test_the_frontier_holds_every_budget_that_the_limits_leave(least: float) -> None:
    curves = ResponseCurves({"tv": Hill(np.array([900.0, 1000.0]), 60_000), "search": Hill(500, 20_000)})
    limits = [Budget(at_most=100_000), Channel("tv").at_least(0.6 * least), Channel("search").at_least(0.4 * least)]
    found = _frontier(Plan(maximize=Customers(organic=10.0), subject_to=limits), curves, 100_000, 100_000)
    asked_for = np.unique([*np.linspace(50_000, 150_000, 13), 90_000, 100_000, 110_000])
    np.testing.assert_allclose(found["budget"] if len(found) else [], asked_for[asked_for >= least - 1e-6])
