"""Plans that trust less, beside the run's own: recomputed from raw curves, shown in words, tables and findings."""

from __future__ import annotations

import html
import io
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from attribution.errors import BadInput
from attribution.numbers import percent
from mmm.checks.rivals import OWN
from optimizer import Budget, Customers
from optimizer.planning.file.config import read_config
from optimizer.planning.file.keys.plan import Risk
from optimizer.planning.ledger.runs import run_folder
from optimizer.planning.outputs.sections.trust import TRUST, trust_lines
from optimizer.planning.outputs.terminal import show
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.trust import _finding, trust
from optimizer.planning.stages.trusted import AS_CREDITED, CAUTIOUS, EXPECTED, GUARDED, Proof
from optimizer.planning.starter import write_starter
from optimizer.uncertainty.hidden_demand import WORST

STARTER = files("optimizer.planning").joinpath("starter.yaml").read_text(encoding="utf-8")
QuietRun = Callable[..., tuple[Run, tuple[Path, ...]]]
WHAT_IFS = (STARTER[STARTER.index("scenarios:") :], "")
QUICK = (
    ("model:\n", "model:\n  rivals: false\n  sensitivity: false\n  draws: 500\n"),
    ("[first, last, linear, markov]", "[last]\n  replicates: 50"),
    WHAT_IFS,
)
FIXED = 150_000.0  # of the starter


def plan_with(folder: Path, *pairs: tuple[str, str]) -> Path:
    plan = write_starter(folder)[0]
    text = plan.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    plan.write_text(text, encoding="utf-8")
    return plan


@pytest.fixture(scope="module")
def doubted(tmp_path_factory: pytest.TempPathFactory, run_quietly: QuietRun) -> tuple[Run, Path]:
    """A run without other readings that doubts two channels."""
    keys = "plan:\n  hidden_demand: {strength: 0.6, channels: [tv, generic_search], in_all: 0.4}\n"
    plan = plan_with(tmp_path_factory.mktemp("doubted") / "starter", *QUICK, ("\nplan:\n", f"\n{keys}"))
    out = plan.parent / "out"
    return run_quietly(plan, out)[0], run_folder(out)


def test_each_reading_is_recomputed_from_its_own_draws(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    assert run.trust is not None
    assert run.rivals is not None
    assert run.plan is not None
    plans = {plan.name: plan for plan in run.trust.plans}
    assert list(plans) == ["Plan", CAUTIOUS]
    posteriors = {OWN: run.posterior, **{rival.reading.name: rival.posterior for rival in run.rivals.fitted}}
    assert set(plans["Plan"].improvement.index) == {EXPECTED, OWN, *run.rivals.standing}
    now = run.plan.now.spend
    for name in (OWN, *run.rivals.standing):
        posterior = posteriors[name]
        assert posterior is not None
        rows = np.arange(0, posterior.n_draws, max(posterior.n_draws // 1000, 1))
        curves = posterior.curves(weeks=13).take(rows)
        organic = posterior.organic(13, controls=run.inputs.upcoming).predicted[rows].mean()
        today = organic + curves.customers(now).mean()
        for plan in plans.values():
            won = organic + curves.customers(plan.spend).mean()
            fall = (FIXED + now.sum()) / today - (FIXED + plan.spend.sum()) / won
            assert plan.improvement[name] == pytest.approx(fall, rel=1e-9, abs=1e-9)
            assert plan.short[name] == pytest.approx(max(today - won, 0.0), abs=1e-2)


def test_the_cautious_plan_keeps_its_promise_and_is_no_worse_than_today_anywhere(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    assert run.trust is not None
    cautious = run.trust.named(CAUTIOUS)
    assert cautious is not None
    assert cautious.proof is not None
    readings = [name for name in cautious.improvement.index if name != EXPECTED]
    assert (cautious.improvement[readings] >= -1e-9).all()
    assert (cautious.short[readings] == 0).all()
    assert cautious.proof.worst == pytest.approx(cautious.improvement[readings].min())
    assert cautious.proof.bound >= cautious.proof.worst
    own = run.trust.plans[0]
    if (own.short[readings] == 0).all():
        assert own.improvement[readings].min() <= cautious.proof.bound + 1e-9


def test_the_worst_demand_is_the_worst_of_all_corners(doubted: tuple[Run, Path]) -> None:
    run, _ = doubted
    assert run.trust is not None
    assert run.plan is not None
    curves, now = run.plan.curves, run.plan.now.spend
    credited = pd.Series({name: float(curve.mean(now[name])) for name, curve in curves.items()})
    in_all = 0.4 * credited[["tv", "generic_search"]].sum()
    corners = []
    for first, second in product((0.0, 0.6), repeat=2):
        corners.append((first, second))
    corners += [(x, (in_all - x * credited["tv"]) / credited["generic_search"]) for x in (0.0, 0.6)]
    corners += [((in_all - x * credited["generic_search"]) / credited["tv"], x) for x in (0.0, 0.6)]
    allowed = [
        dict(zip(("tv", "generic_search"), pair, strict=True))
        for pair in corners
        if min(pair) >= 0
        and max(pair) <= 0.6
        and pair[0] * credited["tv"] + pair[1] * credited["generic_search"] <= in_all * (1 + 1e-9)
    ]
    today = run.plan.now.expected_customers
    for plan in run.trust.plans:
        change = pd.Series({name: float(c.mean(plan.spend[name])) - credited[name] for name, c in curves.items()})
        fewest = min(today + sum((1 - d.get(name, 0.0)) * change[name] for name in change.index) for d in allowed)
        fall = (FIXED + now.sum()) / today - (FIXED + plan.spend.sum()) / fewest
        assert plan.improvement[WORST] == pytest.approx(fall, rel=1e-6)
        assert plan.short[WORST] == pytest.approx(max(today - fewest, 0.0), rel=1e-6, abs=0.1)
    guarded = run.trust.named(GUARDED)
    assert guarded is not None
    assert guarded.proof is not None
    assert guarded.short[WORST] == 0
    assert guarded.proof.worst >= -1e-9


def test_tables_report_and_terminal_say_the_same(doubted: tuple[Run, Path], finished: tuple[Run, Path]) -> None:
    for run, out in (doubted, finished):
        assert run.trust is not None
        table = pd.read_csv(out / "trust.csv")
        assert list(table["plan"]) == [plan.name for plan in run.trust.plans]
        for row, plan in zip(table.to_dict("records"), run.trust.plans, strict=True):
            assert {case: row[f"improvement:{case}"] for case in plan.improvement.index} == pytest.approx(
                plan.improvement.to_dict(), rel=1e-8
            )
            assert {name: row[f"spend:{name}"] for name in plan.spend.index} == pytest.approx(plan.spend.to_dict())
        page = (out / "report.html").read_text(encoding="utf-8")
        part = page[page.index('<h2 id="trust">') :]
        part = html.unescape(re.sub(r"<[^>]+>", " ", part[: part.index("</p>", part.index('class="note"'))]))
        console = Console(file=io.StringIO(), width=2000, highlight=False)
        show(run, (), console)
        for line in trust_lines(run):
            assert line in part
            assert line in console.file.getvalue()  # type: ignore[attr-defined]
        assert set(run.trust.findings) <= set(run.findings)


def test_it_changes_nothing_of_the_plan_and_goes_where_nothing_asks(
    doubted: tuple[Run, Path], tmp_path: Path, run_quietly: QuietRun
) -> None:
    plan = plan_with(tmp_path / "starter", *QUICK)
    shutil.copytree(doubted[1].parents[1] / "fits", tmp_path / "out" / "fits")  # one fit for both
    run, written = run_quietly(plan, tmp_path / "out", "optimize")
    assert run.trust is None
    assert "trust.csv" not in {path.name for path in written}
    assert TRUST.view(run) is None
    assert not list(TRUST.tables(run))
    assert (tmp_path / "out" / "latest" / "plan.csv").read_bytes() == (doubted[1] / "plan.csv").read_bytes()


@pytest.fixture(scope="module")
def robust(
    doubted: tuple[Run, Path], tmp_path_factory: pytest.TempPathFactory, run_quietly: QuietRun
) -> tuple[Run, Path]:
    """The same fit, with the plan against hidden demand as the plan itself."""
    plan, out = doubted[0].document.path, tmp_path_factory.mktemp("robust")
    shutil.copytree(doubted[1].parents[1] / "fits", out / "fits")
    other = plan.with_name("robust.yaml")
    other.write_text(plan.read_text(encoding="utf-8").replace("in_all: 0.4}", "in_all: 0.4}\n  robust: true"))
    return run_quietly(other, out)[0], run_folder(out)


def test_the_plan_is_the_one_against_hidden_demand_and_every_output_says_so(
    doubted: tuple[Run, Path], robust: tuple[Run, Path]
) -> None:
    beside, (run, out) = doubted[0], robust
    assert run.plan is not None
    assert run.trust is not None
    assert beside.trust is not None
    assert beside.plan is not None
    guarded = beside.trust.named(GUARDED)
    assert guarded is not None
    own, plain = run.trust.plans
    assert (own.name, plain.name) == ("Plan", AS_CREDITED)
    today = (FIXED + run.plan.now.spend.sum()) / run.plan.now.expected_customers
    assert own.improvement[WORST] == pytest.approx(guarded.improvement[WORST], abs=2e-3 * today)
    assert run.plan.allocation.value == pytest.approx(today - own.improvement[WORST], rel=1e-9)
    assert run.plan.allocation.bound <= run.plan.allocation.value
    assert plain.improvement[EXPECTED] == pytest.approx(beside.trust.plans[0].improvement[EXPECTED], abs=2e-3 * today)
    doubt = f"up to {percent(0.6)} of the effect of tv, generic_search"
    page = html.unescape((out / "report.html").read_text(encoding="utf-8"))
    decision = page[page.index('id="decision"') : page.index('<h2 id="moves"')]
    console = Console(file=io.StringIO(), width=2000, highlight=False)
    show(run, (), console)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(doubt in text for text in (decision, told, manifest["plan"]["made_for"], run.plan.explanations[1]))
    assert "is the one against hidden demand (plan.robust)" in told
    assert doubt in pd.read_csv(out / "tables" / "runs.csv")["made_for"][0]


def test_what_any_of_the_plans_lacks_of_the_promise_is_shown(robust: tuple[Run, Path]) -> None:
    run, _ = robust
    assert run.trust is not None
    own, plain = run.trust.plans
    for short in ((0.0, 0.0), (0.0, 12.0), (7.0, 0.0)):
        plans = tuple(replace(one, short=one.short * 0 + lack) for one, lack in zip((own, plain), short, strict=True))
        view = TRUST.view(replace(run, trust=replace(run.trust, plans=plans)))
        assert view is not None
        assert view["trust"]["promised"] == any(short)


def test_a_plan_that_may_lose_fails_and_names_its_moves(doubted: tuple[Run, Path]) -> None:
    run, _ = doubted
    assert run.trust is not None
    assert run.plan is not None
    own, guarded = run.trust.plans
    worse = own.improvement.copy()
    worse[WORST] = -2.5
    still = replace(guarded, spend=run.plan.now.spend)
    finding = _finding(run, run.plan, replace(own, improvement=worse), still, [])
    assert not finding.passed
    assert finding.value == -2.5
    moved = (own.spend - run.plan.now.spend).abs() > 0.01 * run.plan.now.spend.sum()
    assert set(finding.channels) == set(moved.index[moved])
    assert all(name in finding.text for name in finding.channels)
    assert "worse than today's spend on blended CAC by 2.50 EUR" in finding.text
    assert f"up to {percent(0.6)} of the effect of tv, generic_search (and {percent(0.4)}" in finding.text
    same = _finding(run, run.plan, replace(own, improvement=worse), replace(guarded, spend=own.spend), [])
    assert not same.channels
    none = replace(still, proof=None, problem="Because.", spend=own.spend * np.nan)
    assert "No plan holds" in _finding(run, run.plan, replace(own, improvement=worse), none, []).text


def test_a_plan_beside_that_does_worse_than_today_is_not_called_better(doubted: tuple[Run, Path]) -> None:
    run, _ = doubted
    assert run.trust is not None
    assert run.plan is not None
    own, guarded = run.trust.plans
    worse = own.improvement.copy()
    worse[WORST] = -2.5
    losing = replace(guarded, proof=Proof(-1.25, -1.0, 0.2))
    text = _finding(run, run.plan, replace(own, improvement=worse), losing, []).text
    assert "is worse than today by 1.25 EUR at worst" in text
    assert "better than today" not in text


def test_today_s_spend_that_breaks_a_limit_is_no_measure_of_a_plan_that_keeps_it(doubted: tuple[Run, Path]) -> None:
    run, _ = doubted
    assert run.trust is not None
    assert run.plan is not None
    own, guarded = run.trust.plans
    worse = own.improvement.copy()
    worse[WORST] = -2.5
    half = 0.5 * float(run.plan.now.spend.sum())
    cut = replace(run.plan, plan=run.plan.plan.replaced(subject_to=[Budget(at_most=half)]))
    finding = _finding(run, cut, replace(own, improvement=worse), guarded, [])
    assert finding.passed
    assert finding.text.startswith("Today's spend is no alternative, for it breaks what the plan keeps (budget at most")
    assert "better than the plan by 2.50 EUR" in finding.text


def test_where_there_is_no_such_plan_the_run_says_why(doubted: tuple[Run, Path]) -> None:
    run, _ = doubted
    assert run.plan is not None
    section = run.config.plan
    assert section is not None
    more = Customers(at_least=1.02 * run.plan.now.expected_customers, organic=run.plan.plan.organic)
    open_ended = replace(run.plan, plan=run.plan.plan.replaced(subject_to=[more]))
    found = trust(run, open_ended, section)
    assert found is not None
    guarded = found.named(GUARDED)
    assert guarded is not None
    assert "no upper limit" in guarded.problem
    assert guarded.spend.isna().all()
    told = list(trust_lines(replace(run, trust=found)))
    assert told == [f"There is no plan against hidden demand: {guarded.problem}"]
    assert found.to_frame()["problem"].tolist() == ["", guarded.problem]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("{channels: [tvv]}", "unknown channel 'tvv'. Did you mean 'tv'"),
        ("{strength: 1.5}", "less than or equal to 1"),
        ("{strength: 0}", "greater than 0"),
        ("{in_all: -0.1}", "greater than 0"),
        ("{strenght: 0.5}", "Did you mean 'strength'"),
    ],
)
def test_wrong_keys_are_refused_with_their_line(tmp_path: Path, keys: str, said: str) -> None:
    plan = plan_with(tmp_path / "starter", ("\nplan:\n", f"\nplan:\n  hidden_demand: {keys}\n"))
    number = next(
        n for n, line in enumerate(plan.read_text(encoding="utf-8").splitlines(), 1) if "hidden_demand" in line
    )
    with pytest.raises(BadInput) as caught:
        read_config(plan)
    assert said in str(caught.value)
    assert f":{number}: " in str(caught.value)


def test_channels_that_a_test_has_measured_are_not_in_doubt_unless_named(doubted: tuple[Run, Path]) -> None:
    run, _ = doubted
    assert run.plan is not None
    assert run.config.plan is not None
    assert run.config.plan.hidden_demand is not None
    measured = {test.channel for test in run.inputs.lift_tests}
    every = run.config.plan.hidden_demand.model_copy(update={"channels": [], "in_all": 1.0, "strength": 1.0})
    found = trust(run, run.plan, run.config.plan.model_copy(update={"hidden_demand": every}))
    assert found is not None
    own, now = found.plans[0], run.plan.now.spend
    change = {n: float(c.mean(own.spend[n]) - c.mean(now[n])) for n, c in run.plan.curves.items()}
    today = run.plan.now.expected_customers
    fewest = today + sum(gain if name in measured else min(gain, 0.0) for name, gain in change.items())
    fall = (FIXED + now.sum()) / today - (FIXED + own.spend.sum()) / fewest
    assert own.improvement[WORST] == pytest.approx(fall, rel=1e-6)


@pytest.mark.parametrize("gap", [1e-3, 0.5])
def test_no_cautious_plan_is_worse_at_worst_than_the_plan_itself(finished: tuple[Run, Path], gap: float) -> None:
    run = finished[0]
    assert run.plan is not None
    assert run.config.plan is not None
    asked = Customers(at_least=0.8 * run.plan.now.expected_customers, organic=run.plan.organic.predicted)
    loose = [asked if isinstance(part, Customers) else part for part in run.plan.plan.subject_to]
    plan = replace(run.plan, plan=run.plan.plan.replaced(subject_to=loose))
    section = run.config.plan.model_copy(update={"gap": gap})
    told = trust(run, plan, section)
    assert told is not None
    own, cautious = told.plans[:2]
    readings = [name for name in own.improvement.index if name != EXPECTED]
    if not (own.short[readings] > 0).any():
        assert cautious.improvement[readings].min() >= own.improvement[readings].min() - 1e-9


def test_a_cautious_plan_that_is_the_plan_itself_is_called_so(finished: tuple[Run, Path]) -> None:
    run = finished[0]
    assert run.trust is not None
    own, cautious = run.trust.plans[:2]
    same = replace(cautious, spend=own.spend, improvement=own.improvement, short=own.short)
    (told,) = trust_lines(replace(run, trust=replace(run.trust, plans=(own, same))))
    assert told.startswith("Cautious plan: the plan itself. Under ")
    assert "price of caution" not in told
    (apart,) = trust_lines(run)
    assert "the plan itself. Under" not in apart or np.allclose(own.spend, cautious.spend)


def test_beside_a_plan_for_the_worst_cases_stands_none_that_keeps_promises_on_average(
    finished: tuple[Run, Path], doubted: tuple[Run, Path]
) -> None:
    for run, names in ((finished[0], ["holds_under_readings"]), (doubted[0], ["holds_against_hidden_demand"])):
        assert run.plan is not None
        assert run.config.plan is not None
        section = run.config.plan.model_copy(update={"risk": Risk(worst=0.2)})
        told = trust(run, run.plan, section)
        assert told is not None
        assert [plan.name for plan in told.plans] == ["Plan"]
        assert [finding.name for finding in told.findings] == names
        cases = told.plans[0].improvement.drop(EXPECTED)
        assert told.findings[0].value == pytest.approx(cases.min())
        changed = replace(run, trust=told)
        (line,) = trust_lines(changed)
        assert "No cautious plan stands beside one for the worst cases" in line
        view = TRUST.view(changed)
        assert view is not None
        assert view["trust"]["alone"]


def test_a_plan_beside_that_expects_more_has_no_price(finished: tuple[Run, Path]) -> None:
    run = finished[0]
    assert run.trust is not None
    own, cautious = run.trust.plans[:2]
    more = cautious.improvement.copy()
    more[EXPECTED] = own.improvement[EXPECTED] + 5.0
    better = replace(cautious, spend=own.spend * 0.9, improvement=more)
    (told,) = trust_lines(replace(run, trust=replace(run.trust, plans=(own, better))))
    assert "price of caution" not in told
    assert re.search(r"It expects 5\.00? \S+ more\.", told)
