"""A log of Google Analytics 4 runs from the plan file alone."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ga4_export import bought, event

from attribution.errors import BadInput
from optimizer.planning.check import check_plan
from optimizer.planning.file.config import read_config

PLAN = """\
name: Shop
data:
  touchpoints:
    path: ga4/*.json.gz
    kind: ga4_events
    grouping:
      - {channel: search, where: {source: google, medium: cpc}}
      - {channel: email, where: {medium: email}}
    otherwise: direct
attribution: {models: [first, last], replicates: 50}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Thirty people who come by search, then by mail, and buy; a file per week."""
    (tmp_path / "ga4").mkdir()
    for week in range(2):
        events = []
        for person in range(15):
            user, start = f"{week}.{person}0", (7 * week * 86_400 + person * 3_600) * 1_000_000
            events.append(event("session_start", user, start, 1, ("google", "cpc")))
            events.append(event("session_start", user, start + 10**9, 2, ("news", "email")))
            events.append(bought(user, start + 10**9 + 5, 2, f"{week}-{person}", 20.0))
            events.append(event("sign_up", user, start + 5, 1))
        text = "".join(json.dumps(each) + "\n" for each in events)
        (tmp_path / "ga4" / f"{week}.json.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return tmp_path / "plan.yaml"


def test_it_runs_from_the_plan_file_alone(plan: Path, run_quietly: Callable[..., Any]) -> None:
    run_quietly(plan, plan.parent / "out", goal="attribution")
    credit = pd.read_csv(plan.parent / "out" / "latest" / "attribution.csv")
    read = credit.set_index(["model", "channel"])["conversions"]
    assert {read[model, "search"] for model in credit["model"].unique()} == {30, 0}
    assert set(credit["channel"]) == {"search", "email"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: ga4_events", "kind: ga4", "ga4_events"),
        ("kind: ga4_events", "kind: ga4_events\n    user: user_id", "user is known"),
        ("kind: ga4_events", "kind: ga4_events\n    date_format: unix_us", "date_format is known"),
        ("kind: ga4_events", "kind: ga4_events\n    conversions: {flag: won}", "flag goes with"),
        (
            "kind: ga4_events",
            "kind: ga4_events\n    conversions: {events: {values: [purchase]}, order: id}",
            "order of",
        ),
        (
            "kind: ga4_events",
            "kind: ga4_events\n    conversions: {events: {column: e, values: [purchase]}}",
            "remove col",
        ),
        ("    kind: ga4_events\n", "", "conversions"),
    ],
)
def test_keys_that_cannot_be_meant_are_named(plan: Path, old: str, new: str, said: str) -> None:
    plan.write_text(PLAN.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        read_config(plan)


def test_other_events_may_be_conversions_and_end_no_path(plan: Path) -> None:
    won = "kind: ga4_events\n    conversions: {events: {values: [sign_up, purchase]}, ends: [purchase]}"
    plan.write_text(PLAN.replace("kind: ga4_events", won), encoding="utf-8")
    assert check_plan(plan).title == "Shop"
    plan.write_text(PLAN.replace("kind: ga4_events", won.replace("sign_up", "signup")), encoding="utf-8")
    with pytest.raises(BadInput, match="sign_up"):
        check_plan(plan)
