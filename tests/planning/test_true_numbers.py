"""Numbers of the plan file: true is none, three decimals of money are doubtful in text too; what stands before a table."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from attribution.errors import BadInput
from optimizer.planning.check import check_plan
from optimizer.planning.file.config import read_config

CONTROLS = "controls: [price_index, competitor_activity, sale]"
BEFORE = f"{CONTROLS}\n    before: {{tv: {{}}}}".replace("{}", "%s", 1)
REFER = "scenarios:\n  - {name: Refer, referral: {customers: %s, tiers: [{reward: 20, share: 0.05, each: 1}], capacity: 5000}}"


def edited(plan: Path, before: str, after: str) -> Path:
    text = plan.read_text(encoding="utf-8")
    assert before in text
    plan.write_text(text.replace(before, after, 1), encoding="utf-8")
    return plan


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("weeks: 13", "weeks: true"),
        ("seed: 1 ", "seed: true "),
        ("lags: 26", "lags: true"),
        ("window: 4", "window: false"),
        ("scenarios:", REFER % "true"),
        (CONTROLS, f"{CONTROLS}\n    before: {{tv: true}}"),
    ],
)
def test_true_is_no_number(starter: Path, before: str, after: str) -> None:
    with pytest.raises(BadInput, match=r"plan\.yaml:\d+: .*true and false are no numbers"):
        read_config(edited(starter, before, after))


@pytest.mark.parametrize("amount", ["50.000", '"50.000"', "9.125"])
@pytest.mark.parametrize("place", ["before", "referral", "economics"])
def test_three_decimals_may_be_thousands_wherever_money_or_people_are_meant(
    starter: Path, amount: str, place: str
) -> None:
    before, after = {
        "before": (CONTROLS, f"{CONTROLS}\n    before: {{tv: {amount}}}"),
        "referral": ("scenarios:", REFER % amount),
        "economics": ("scenarios:", f"economics: {{margin: {amount}}}\nscenarios:"),
    }[place]
    with pytest.raises(BadInput, match=re.escape(f"{float(amount.strip(chr(34))):.3f} may mean")):
        read_config(edited(starter, before, after))


def test_what_is_far_from_the_table_is_told_before_it_and_after_it(starter: Path) -> None:
    upcoming = starter.parent / "upcoming.csv"
    pd.read_csv(upcoming).assign(sale=2).to_csv(upcoming, index=False)
    findings = check_plan(edited(starter, CONTROLS, f"{CONTROLS}\n    before: {{tv: 5_000_000_000}}")).findings
    told = {each.name: each.text for each in findings if not each.passed}
    assert "sale, 2 where the table holds 0 to 1" in told["coming_controls"]
    assert "tv" in told["before_the_table"]


def test_a_column_that_conversions_have_too_may_part_touches(starter: Path) -> None:
    edited(starter, "    channel: channel\n", "    channel: channel\n    segments: [kind]\n")
    assert check_plan(starter).paths
