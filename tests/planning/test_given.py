"""Given plans: read with care, held against the file's promises, the run's own holds, and the bound of the best plan."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import mmm
from attribution.errors import BadInput
from attribution.numbers import gap
from optimizer import Channel, tail_mean
from optimizer.planning.cli import app
from optimizer.planning.file.assemble import build_plan
from optimizer.planning.file.keys.plan import GivenTable, PlanSection
from optimizer.planning.inputs.given_tables import Given, read_given
from optimizer.planning.inputs.odd_plans import plausible
from optimizer.planning.outputs.given_in_words import Verdict, against_the_best, lines, said_of_misses, verdict
from optimizer.planning.stages.aim import aim_of
from optimizer.planning.stages.given import score
from optimizer.planning.stages.question import solved
from optimizer.planning.stages.riders import Held

WEEKS = pd.DataFrame({
    "week": pd.date_range("2024-01-01", periods=60, freq="7D"),
    "new_customers": 100.0 + np.arange(60) % 7,
    "tv": 10.0 + np.arange(60) % 5, "search": 5.0 + np.arange(60) % 3, "radio": 0.0,
})  # fmt: skip
PANEL = mmm.Panel.from_frame(WEEKS, "week", "new_customers", ["tv", "search", "radio"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("channel,spend\ntv,1\nsearch,2\n", "lacks radio. Remedy: write 0 for a channel not used."),
        ("channel,spend\ntv,1\nserch,2\nradio,0\n", "column 'channel', row 3: unknown channel 'serch'. Remedy: did you mean 'search'?"),
        ("channel,spend\ntv,1\nserch,2\nradio,0\nGesamt,3\n", "row 5: unknown channel 'Gesamt'. Remedy: leave out rows of totals."),
        ("channel,spend\ntv,1\nsearch,2\nradio,5\n", "row 4: spends on radio, which never spent"),
        ("channel,spend\ntv,1\nsearch,-2\nradio,0\n", "column 'spend', row 3: is negative"),
        ("channel,spend\ntv,1\nsearch,\nradio,0\n", "column 'spend', row 3: is empty"),
        ("channel,spend\ntv,1\ntv,2\nsearch,2\nradio,0\n", "tv"),
        ("channel,spend\ntv,a lot\nsearch,2\nradio,0\n", "column 'spend', row 2"),
        ("channel,money\ntv,1\nsearch,2\nradio,0\n", "column 'spend': is missing."),
        ("channel,spend\n", "has no rows"),
    ],
)  # fmt: skip
def test_a_table_that_is_no_plan_is_refused_by_row(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "b.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read_given(GivenTable(path=Path("b.csv")), tmp_path, PANEL)
    assert "b.csv" in str(caught.value)
    assert said in str(caught.value)


def test_a_channel_that_is_misspelt_is_not_told_to_be_lacking_as_well(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("channel,spend\nTV,1\nserch,2\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"did you mean 'tv'\?(.|\n)*did you mean 'search'\?(.|\n)*lacks radio\."):
        read_given(GivenTable(path=Path("b.csv")), tmp_path, PANEL)


def test_a_table_is_read_in_the_panel_s_order_and_from_columns_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("medium;planned\nradio;0\nsearch;2\ntv;1\n", encoding="utf-8")
    spend = read_given(GivenTable(path=Path("b.csv"), channel="medium", spend="planned"), tmp_path, PANEL)
    assert spend.spend.to_dict() == {"tv": 1.0, "search": 2.0, "radio": 0.0}


NOW = pd.Series({"tv": 100_000.0, "search": 40_000.0, "social": 30_000.0})
RNG = np.random.default_rng(3)
CURVES = mmm.ResponseCurves(
    {
        name: mmm.curves.Hill(top * np.exp(RNG.normal(0, 0.3, 80)), half, 1)
        for name, top, half in (("tv", 900, 60_000), ("search", 700, 20_000), ("social", 400, 30_000))
    }
)
ORGANIC = RNG.normal(2000, 50, 80)
HOLD = Held("search", 40_000.0, "the plan file says so")


def base(file: dict[str, Any]) -> tuple[PlanSection, Any]:
    section = PlanSection.model_validate({"gap": 1e-4, **file})
    plan = build_plan(section, NOW, ORGANIC, float(np.mean(ORGANIC + CURVES.customers(NOW))))
    plan = plan.replaced(subject_to=[*plan.subject_to, HOLD.constraint])
    allocation = solved(section, plan, CURVES, ())
    return section, SimpleNamespace(
        plan=plan, curves=CURVES, allocation=allocation, held=(HOLD,), tried=(),
        doubted=(),
        planned=plan.evaluate(CURVES, allocation.spend),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_what_is_broken_and_the_distance_are_plain_arithmetic(seed: int) -> None:
    rng = np.random.default_rng(seed)
    section, plan = base({"maximize": "customers", "budget": {"at_most": "+0%"}, "max_cac": 130,
                          "channels": {"tv": {"at_least": 50_000}}})  # fmt: skip
    spend = pd.Series(rng.uniform(0.3, 1.6, 3) * NOW, NOW.index)
    (found,) = score(section, plan, {"theirs": Given(spend)})
    customers = float(np.mean(ORGANIC + CURVES.customers(spend)))
    broken = {}
    if spend.sum() > 170_000:
        broken["budget at most 170,000"] = spend.sum() - 170_000
    if spend.sum() / customers > 130:
        broken["blended CAC at most 130"] = spend.sum() / customers - 130
    if spend["tv"] < 50_000:
        broken["tv at least 50,000"] = 50_000 - spend["tv"]
    assert {str(miss.limit): miss.by for miss in found.misses} == pytest.approx(broken)
    beyond = {str(miss.limit): miss.by for miss in found.beyond}
    assert beyond == pytest.approx(
        {"search at most 40,000": spend["search"] - 40_000} if spend["search"] > 40_000 else {}
    )
    assert found.certificate.value == pytest.approx(customers)
    assert found.certificate.gap == pytest.approx((plan.allocation.bound - customers) / customers)
    run: Any = SimpleNamespace(config=SimpleNamespace(plan=section))
    assert (verdict(found, run) is Verdict.BROKEN) == bool(broken or beyond)
    if beyond:
        assert (
            "beyond what the run allows, riders held and spend that was tried: search at most 40,000"
            in said_of_misses(found)
        )


def test_the_run_s_own_plan_is_kept_and_near_and_a_worse_one_that_keeps_all_is_far() -> None:
    section, plan = base({"maximize": "customers", "budget": {"at_most": "+0%"}})
    own, less = score(section, plan, {"own": Given(plan.allocation.spend), "less": Given(plan.allocation.spend * 0.5)})
    run: Any = SimpleNamespace(config=SimpleNamespace(plan=section))
    assert [verdict(each, run) for each in (own, less)] == [Verdict.KEPT, Verdict.FAR]
    assert verdict(less, run, within=less.certificate.gap) is Verdict.KEPT


def test_a_plan_beside_the_best_by_rounding_alone_is_not_held_against_it() -> None:
    section, plan = base({"minimize": "blended_cac", "customers": {"at_least": "+0%"}})
    plan.aim = aim_of(plan.plan, CURVES, "customers")
    run: Any = SimpleNamespace(config=SimpleNamespace(plan=section, currency="EUR", outcome="customers"), plan=plan)
    plan.now, best = plan.plan.evaluate(CURVES, NOW), plan.allocation.spend
    cents, dear, cheap = score(section, plan, {"a": Given(best.round(2)), "b": Given(NOW - 0.01), "c": Given(NOW / 13)})
    assert "the run's own plan does better" not in " ".join(lines(cents, run))
    assert (verdict(dear, run), verdict(dear, run).exit_code) == (Verdict.FAR_ROUNDED, 7)
    lower = 1 - cheap.certificate.value / cheap.certificate.bound
    assert cheap.certificate.ahead == pytest.approx(lower)
    assert f"It is {gap(lower)} better" in against_the_best(cheap, plan, run)


def test_a_limit_that_file_and_run_both_state_is_the_file_s() -> None:
    section, plan = base(
        {"maximize": "customers", "channels": {"search": {"at_most": 40_000}}, "budget": {"at_most": 1e6}}
    )
    (found,) = score(section, plan, {"theirs": Given(NOW * 1.1)})
    assert [str(miss.limit) for miss in found.misses] == ["search at most 40,000"]
    assert found.beyond == ()


def test_under_risk_a_promise_counts_in_the_worst_cases() -> None:
    section, plan = base({"maximize": "customers", "budget": {"at_most": "+0%"}, "risk": {"worst": 0.2}})
    worst = tail_mean(ORGANIC + CURVES.customers(NOW), 0.2)
    (found,) = score(section, plan, {"today": Given(NOW)})
    assert found.certificate.value == pytest.approx(worst)
    asked = PlanSection.model_validate(
        {
            "maximize": "customers",
            "budget": {"at_most": "+0%"},
            "risk": {"worst": 0.2},
            "customers": {"at_least": worst + 1},
        }
    )
    promised = build_plan(asked, NOW, ORGANIC, 0.0)
    promised = promised.replaced(subject_to=[*promised.subject_to, Channel("search").at_most(1e6)])
    plan.plan = promised
    (found,) = score(asked, plan, {"today": Given(NOW)})
    assert [miss.by for miss in found.misses] == pytest.approx([1.0])


@pytest.mark.long
def test_certify_says_it_in_words_and_exit_codes(starter: Path) -> None:
    text = starter.read_text(encoding="utf-8").replace("model:\n", "model:\n  rivals: false\n  sensitivity: false\n")
    starter.write_text(text, encoding="utf-8")
    runner, folder = CliRunner(), starter.parent
    assert runner.invoke(app, ["optimize", str(starter)]).exit_code == 0
    own = folder / "plan-output" / "latest" / "plan.csv"
    planned = pd.read_csv(own).set_index("channel")
    done = runner.invoke(app, ["certify", str(starter), str(own), "--column", "spend_planned"])
    assert (done.exit_code, "It keeps every promise and limit." in done.output) == (0, True), done.output
    today = planned["spend_now"].rename("spend").reset_index()
    today.to_csv(folder / "today.csv", index=False)
    done = runner.invoke(app, ["certify", str(starter), str(folder / "today.csv")])
    assert (done.exit_code, "a better plan that keeps them too is known" in done.output) == (7, True), done.output
    done = runner.invoke(app, ["certify", str(starter), str(folder / "today.csv"), "--within", "0.9"])
    assert done.exit_code == 0
    today.assign(spend=today["spend"] * 1.2).to_csv(folder / "more.csv", index=False)
    done = runner.invoke(app, ["certify", str(starter), str(folder / "more.csv")])
    assert done.exit_code == 6
    assert "It breaks budget at most" in done.output


@pytest.mark.parametrize("limits", [{"budget": {"at_most": "+0%"}}, {"groups": {"g": {"channels": ["tv"], "at_most": 60_000}}, "budget": {"at_most": "+0%"}}, {"channels": {"tv": {"at_least": 60_000}}, "budget": {"at_most": "+0%"}}])  # fmt: skip
@pytest.mark.parametrize("cents", [0.004, -0.004])
def test_what_a_table_rounds_away_breaks_nothing(limits: dict[str, Any], cents: float) -> None:
    section, plan = base({"maximize": "customers", **limits})
    run: Any = SimpleNamespace(config=SimpleNamespace(plan=section, currency="EUR"))
    (found,) = score(section, plan, {"rounded": Given(plan.allocation.spend + cents)})
    assert verdict(found, run) in (Verdict.KEPT, Verdict.ROUNDED)
    assert verdict(found, run).exit_code == 0
    plan.aim = aim_of(plan.plan, CURVES, "customers")
    said = f"{said_of_misses(found)} {against_the_best(found, plan, run)}"
    assert "keeps every promise and limit" in said
    assert "better than that" not in said
    assert "e−" not in said
    (wrong,) = score(section, plan, {"more": Given(plan.allocation.spend * 1.01)})
    assert verdict(wrong, run) is Verdict.BROKEN
    assert "better than that by what it breaks" in against_the_best(wrong, plan, run)


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        (1.0, ""),
        (3.0, ""),
        (1 / 13, "about that of one week and is read as that of 13: state weeks: 1"),
        (1e-3, "is 0.001 times that of late: in another unit"),
        (1e3, "is 1,000 times that of late: in another unit"),
    ],
)
def test_spend_that_is_none_of_the_horizon_is_told(scale: float, said: str) -> None:
    lately = WEEKS[["tv", "search", "radio"]].tail(13).sum() * scale
    table = GivenTable(path=Path("b.csv"))
    told = plausible(Given(lately, "Read as a plan of Robyn."), table, PANEL, 13).says
    assert said in told
    assert (told == "Read as a plan of Robyn.") is not bool(said)
    assert plausible(Given(lately), table.model_copy(update={"weeks": 13.0}), PANEL, 13).says.startswith("Its") is (
        said.endswith("unit")
    )


@pytest.mark.parametrize("whole", [1.0, 100.0, 0.98, 101.0])
def test_shares_are_no_money(whole: float) -> None:
    rich = mmm.Panel.from_frame(WEEKS.assign(tv=1e4 * WEEKS["tv"]), "week", "new_customers", ["tv", "search", "radio"])
    shares = Given(pd.Series([0.5, 0.3, 0.2], ["tv", "search", "radio"]) * whole)
    with pytest.raises(BadInput, match=r"b\.csv, column 'spend': sums to .*, as shares of a budget do"):
        plausible(shares, GivenTable(path=Path("b.csv")), rich, 13)


def test_the_plan_of_a_run_is_read_by_what_it_planned(tmp_path: Path) -> None:
    table = pd.DataFrame({"channel": ["tv", "search", "radio"], "spend_now": 5.0, "spend_planned": [1.0, 2.0, 0.0]})
    table.to_csv(tmp_path / "plan.csv", index=False)
    given = read_given(GivenTable(path=Path("plan.csv")), tmp_path, PANEL)
    assert given.spend.to_list() == [1.0, 2.0, 0.0]
    assert "spend_planned" in given.says


def test_a_plan_says_the_currency_that_its_rows_name(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("channel,spend,currency\ntv,1,USD\nsearch,2,USD\nradio,0,USD\n", encoding="utf-8")
    assert read_given(GivenTable(path=Path("b.csv")), tmp_path, PANEL).currencies == ("USD",)
