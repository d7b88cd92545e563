"""Figures that nobody means are refused where they are written; those that are merely odd are told before a fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from attribution.errors import BadInput
from mmm import Panel, visitors_needed
from mmm.simulate import world
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.plan_as_meant import plan_as_meant
from optimizer.planning.stages.national_tests import _beyond
from optimizer.planning.testing import design_on_off_tests


@pytest.fixture(scope="module")
def panel() -> Panel:
    made = world(1, weeks=80, channels=3)[0]
    return Panel.from_frame(made.weekly, date="week", kpi="new_customers", spend=list(made.channels))


def written(folder: Path, panel: Panel, plan: str, more: str = "") -> Path:
    spend = ", ".join(panel.channels)
    data = f"data: {{weekly: {{path: weekly.csv, date: week, kpi: new_customers, spend: [{spend}]}}}}"
    aim = "" if "imize:" in plan else "minimize: blended_cac, "
    path = folder / "plan.yaml"
    path.write_text(f"name: P\ncurrency: EUR\n{data}\nplan: {{{aim}{plan}}}\n{more}\n", encoding="utf-8")
    return path


REFUSED = {
    "budget: {at_most: 1e30}": "more than there is",
    "budget: {at_most: +20000%}": "201 times",
    "customers: {at_least: +1000000%}": "times what it changes",
    "change: {each: ±50000%}": "times what it changes",
    "schedule: {pacing: 20000%}": "times what it changes",
    "tests: {change: +5000%}": "51 times what is usual",
    "tests: {heavy_up: +1100%}": "12 times what is usual",
    "switching_cost: {moved: 2}": "plan.switching_cost.moved",
    "new_channels: {x: {like: c0, scale: 250, at_most: 10}}": "plan.new_channels.x.scale",
}


def test_what_nobody_means_is_refused_with_its_line(tmp_path: Path, panel: Panel) -> None:
    silent = []
    for plan, said in REFUSED.items():
        with pytest.raises(BadInput) as raised:
            read_config(written(tmp_path, panel, plan))
        if said not in str(raised.value) or "plan.yaml:4: plan." not in str(raised.value):
            silent.append((plan, str(raised.value)))
    for more in ("model: {season: {period: 1e6}}", "model: {tests: {half_life: 0.1}}", "engine: {threads: 100_000}"):
        with pytest.raises(BadInput, match=r"plan\.yaml:5: "):
            read_config(written(tmp_path, panel, "budget: {at_most: +0%}", more))
    assert not silent


def test_amounts_far_from_those_of_late_are_told_and_others_are_not(tmp_path: Path, panel: Panel) -> None:
    first = panel.channels[0]
    spent, came = float(panel.spend[:, -13:].sum()), float(panel.kpi[:, -13:].sum())
    now = ", ".join(f"{channel}: {spent / 1000:.0f}" for channel in panel.channels)
    odd = {
        f"budget: {{at_most: {60 * spent:.0f}}}": "plan.budget.at_most",
        f"budget: {{exactly: {spent / 60:.0f}}}": "plan.budget.exactly",
        f"customers: {{at_least: {60 * came:.0f}}}": "plan.customers.at_least",
        f"customers: {{at_least: {came / 60:.0f}}}": "plan.customers.at_least",
        f"max_cac: {60 * spent / came:.6f}": "plan.max_cac",
        f"max_cac: {spent / came / 60:.6f}": "plan.max_cac",
        f"fixed_cost: {60 * spent:.0f}": "plan.fixed_cost",
        f"channels: {{{first}: {{at_most: {60 * spent:.0f}}}}}": f"plan.channels.{first}.at_most",
        f"groups: {{g: {{channels: [{first}], max_cac: {2000 * spent / came:.0f}}}}}": "plan.groups.g.max_cac",
        f"change: {{total: {60 * spent:.0f}}}": "plan.change.total",
        f"now: {{{now}}}": "plan.now",
        f"tests: {{standard_error: {2 * came:.0f}}}": "plan.tests.standard_error",
        f"new_channels: {{x: {{like: {first}, scale: 40, at_most: 10}}}}": "plan.new_channels.x.scale",
    }
    ordinary = [
        "budget: {at_most: +400%}",
        f"budget: {{at_most: {3 * spent:.0f}}}, channels: {{{first}: {{at_most: 1}}}}, fixed_cost: 1",
        f"customers: {{at_least: {came / 2:.0f}}}, max_cac: {3 * spent / came:.2f}, change: {{each: ±300%}}",
        f"channels: {{{first}: {{max_cac: {20 * spent / came:.2f}}}}}, tests: {{standard_error: {came**0.5:.1f}}}",
    ]

    def finding(plan: str, more: str = "") -> str:
        (found,) = plan_as_meant(read_config(written(tmp_path, panel, plan, more))[0], panel)
        return "" if found.passed else found.text

    assert not [plan for plan, key in odd.items() if not finding(plan).startswith(key)]
    assert not [plan for plan in ordinary if finding(plan)]
    what_ifs = f"scenarios: [{{name: More, budget: {90 * spent:.0f}}}]"
    assert finding(ordinary[0], what_ifs).startswith("scenarios.More.budget is ")


def test_tests_that_nobody_runs_are_refused_before_a_fit(tmp_path: Path, panel: Panel) -> None:
    path = written(tmp_path, panel, "budget: {at_most: +0%}")
    for change in (1e9, 50.0, float("nan")):
        with pytest.raises(BadInput, match="--change"):
            design_on_off_tests(path, change=change)
    for arguments in ((0.03, 10.0), (1e-9, 1e-5)):
        with pytest.raises(BadInput, match="conversion-rate test"):
            visitors_needed(*arguments)
    with pytest.raises(BadInput, match="100 arms"):
        visitors_needed(0.03, 0.1, arms=1_000)
    found = _beyond({"tv": 1.9, "search": 7.5})
    assert (found.passed, found.channels) == (False, ("search",))
    assert _beyond({"tv": 1.9}).passed
