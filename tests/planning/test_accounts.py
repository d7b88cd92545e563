"""Business to business from a plan file: contacts become accounts, stages are kinds, deals take months."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

NAMES = {"first": "First touch", "last": "Last touch", "linear": "Linear"}
PLAN = """
name: Deals
data:
  touchpoints:
    path: touches.csv
    user: contact
    time: time
    channel: channel
    identity: {path: accounts.csv, user: contact, person: account}
    conversions: {path: stages.csv, user: contact, time: time, kind: stage, value: pipeline, kinds: [STAGE], ends: ENDS}
attribution: {lookback: 365D, models: [first, last, linear], replicates: 50}
"""


def deals(folder: Path, accounts: int = 40) -> None:
    """Every account meets at an event (one contact), searches (another), and writes mails before it signs."""
    rng = np.random.default_rng(2)
    touches, stages, people = [], [], []
    for account in range(accounts):
        start = pd.Timestamp("2025-03-01T09:00Z") + pd.Timedelta(days=int(rng.integers(60)))
        a, b = f"a{account}", f"b{account}"
        people += [(a, f"account {account}"), (b, f"account {account}")]
        touches += [(a, start, "event"), (b, start + pd.Timedelta(days=40), "search")]
        stages.append((b, start + pd.Timedelta(days=50), "opportunity", 1000.0))
        touches.append((a, start + pd.Timedelta(days=90), "email"))
        if account % 2 == 0:
            stages.append((a, start + pd.Timedelta(days=150), "won", 800.0))
    pd.DataFrame(touches, columns=["contact", "time", "channel"]).to_csv(folder / "touches.csv", index=False)
    pd.DataFrame(stages, columns=["contact", "time", "stage", "pipeline"]).to_csv(folder / "stages.csv", index=False)
    pd.DataFrame(people, columns=["contact", "account"]).to_csv(folder / "accounts.csv", index=False)


@pytest.mark.parametrize(
    ("stage", "credited"),
    [
        ("opportunity", {"first": {"event": 40}, "last": {"search": 40}, "linear": {"event": 20, "search": 20}}),
        (
            "won",
            {
                "first": {"event": 20},
                "last": {"email": 20},
                "linear": {"event": 20 / 3, "search": 20 / 3, "email": 20 / 3},
            },
        ),
    ],
)
def test_a_stage_is_credited_to_all_contacts_of_the_account(
    tmp_path: Path, run_quietly: Any, stage: str, credited: dict[str, dict[str, float]]
) -> None:
    deals(tmp_path)
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN.replace("STAGE", stage).replace("ENDS", f"[{stage}]"), encoding="utf-8")
    run, _ = run_quietly(plan, tmp_path / "out", goal="attribution")
    for model, expected in credited.items():
        credit = run.attribution.credits[NAMES[model]]
        assert {c: n for c, n in credit.conversions.items() if n} == pytest.approx(expected)
        each = 1000.0 if stage == "opportunity" else 800.0
        assert credit.value.sum() == pytest.approx(each * sum(expected.values()))


def test_without_the_map_contacts_stand_alone(tmp_path: Path, run_quietly: Any) -> None:
    deals(tmp_path)
    plan = tmp_path / "plan.yaml"
    text = PLAN.replace("STAGE", "won").replace("ENDS", "[won]")
    plan.write_text("\n".join(line for line in text.splitlines() if "identity" not in line), encoding="utf-8")
    run, _ = run_quietly(plan, tmp_path / "out", goal="attribution")
    assert (
        run.attribution.credits[NAMES["linear"]].conversions.get("search", 0.0) == 0
    )  # the searching contact signed nothing
