"""Business to business from a plan file: contacts become accounts, stages are kinds, deals take months."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from attribution.economics import opportunity_stages
from attribution.errors import BadInput
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.read_stages import read_stages
from optimizer.planning.outputs.pages import environment
from optimizer.planning.outputs.sections.stages import STAGES

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


def stages_of(plan: Path) -> object:
    config, document = read_config(plan)
    assert config.data.touchpoints is not None
    return read_stages(config, config.data.touchpoints, document.folder)


def won_by(run: Any, model: str, each: float) -> dict[str, float]:
    """Conversions by channel, of which each is worth as much."""
    credit = run.attribution.credits[NAMES[model]]
    assert credit.value.sum() == pytest.approx(each * credit.conversions.sum())
    return {channel: count for channel, count in credit.conversions.items() if count}


def test_a_stage_is_credited_to_all_contacts_of_the_account(tmp_path: Path, run_quietly: Any) -> None:
    deals(tmp_path)
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN.replace("STAGE", "opportunity").replace("ENDS", "[opportunity]"), encoding="utf-8")
    run, _ = run_quietly(plan, tmp_path / "out", goal="attribution")
    credited = {"first": {"event": 40}, "last": {"search": 40}, "linear": {"event": 20, "search": 20}}
    for model, expected in credited.items():
        assert won_by(run, model, 1000.0) == pytest.approx(expected)


def test_without_the_map_contacts_stand_alone(tmp_path: Path, run_quietly: Any) -> None:
    deals(tmp_path)
    plan = tmp_path / "plan.yaml"
    text = PLAN.replace("STAGE", "won").replace("ENDS", "[won]")
    plan.write_text("\n".join(line for line in text.splitlines() if "identity" not in line), encoding="utf-8")
    run, _ = run_quietly(plan, tmp_path / "out", goal="attribution")
    assert (
        run.attribution.credits[NAMES["linear"]].conversions.get("search", 0.0) == 0
    )  # the searching contact signed nothing


def test_the_last_stage_is_credited_and_the_report_says_who_reaches_each_and_how_long_it_takes(
    tmp_path: Path, run_quietly: Any
) -> None:
    deals(tmp_path)
    plan = tmp_path / "plan.yaml"
    text = PLAN.replace("STAGE", "won").replace("ENDS", "[won], stages: [opportunity, won]")
    plan.write_text(text, encoding="utf-8")
    run, _ = run_quietly(plan, tmp_path / "out", goal="attribution")
    for model, expected in {
        "first": {"event": 20},
        "last": {"email": 20},
        "linear": {"event": 20 / 3, "search": 20 / 3, "email": 20 / 3},
    }.items():
        assert won_by(run, model, 800.0) == pytest.approx(expected)
    out = tmp_path / "out" / "latest"
    table = pd.read_csv(out / "stages.csv").set_index("stage")
    assert table["reached"].to_dict() == {"opportunity": 40, "won": 20}
    assert table.loc["opportunity", "rate"] == 0.5
    assert table.loc["opportunity", "rate_low"] < 0.5 < table.loc["opportunity", "rate_high"]
    assert table.loc["won", ["days", "days_low", "days_high", "timed"]].tolist() == [100.0, 100.0, 100.0, 20]
    assert table["value"].to_dict() == {"opportunity": 20 * 800.0 + 20 * 1000.0, "won": 16_000.0}
    assert table.loc["opportunity", "open"] == 20_000.0
    pages = environment()
    pages.globals |= {"currency": "EUR"}
    shown = pages.get_template("sections/stages.html").render(STAGES.view(run))
    assert re.search(r"<td>50.%<small>37.% to 63.%</small></td>", shown)
    assert "<td>16,000</td>" in shown


def test_stages_by_the_channel_that_the_table_names(tmp_path: Path, run_quietly: Any) -> None:
    deals(tmp_path)
    table = pd.read_csv(tmp_path / "stages.csv")
    table["lead_source"] = np.where(table["contact"].str[1:].astype(int) % 4 < 2, "fair", None)
    table.to_csv(tmp_path / "stages.csv", index=False)
    plan = tmp_path / "plan.yaml"
    more = "[won], stages: [opportunity, won], channel: lead_source"
    plan.write_text(PLAN.replace("STAGE", "won").replace("ENDS", more), encoding="utf-8")
    run, _ = run_quietly(plan, tmp_path / "out", goal="attribution")
    told = pd.read_csv(tmp_path / "out" / "latest" / "stages_by_channel.csv").set_index(["channel", "stage"])
    assert told["reached"].to_dict() == {
        ("fair", "opportunity"): 20, ("fair", "won"): 10, ("unknown", "opportunity"): 20, ("unknown", "won"): 10,
    }  # fmt: skip
    assert told.loc["fair", "lags_of"].iloc[0] == "all"  # ten of them were won
    pages = environment()
    pages.globals |= {"currency": "EUR"}
    shown = pages.get_template("sections/stages.html").render(STAGES.view(run))
    assert "by the channel that the table of conversions names" in shown
    assert '<th scope="row">unknown</th>' in shown


def test_stages_that_cannot_be_are_refused_by_the_whole_run(tmp_path: Path, run_quietly: Any) -> None:
    deals(tmp_path)
    plan = tmp_path / "plan.yaml"
    for more, said in (
        ("[won], channel: lead_source", "give stages too"),
        ("[won], stages: [opportunity, won], channel: lead_sauce", "lead_sauce"),
        ("[won], stages: [won, opportunity]", "stages are out of order: 20 of 20 reach opportunity before won"),
    ):
        plan.write_text(PLAN.replace("STAGE", "won").replace("ENDS", more), encoding="utf-8")
        with pytest.raises(BadInput, match=said):
            run_quietly(plan, tmp_path / "out", goal="attribution")


@pytest.mark.parametrize(
    ("stages", "text"),
    [
        ("[opportunity, signed]", "no row is of stage 'signed'"),
        ("[opportunity, opportunity]", "names one of them twice"),
    ],
)
def test_stages_that_the_table_does_not_pass_are_refused(tmp_path: Path, stages: str, text: str) -> None:
    deals(tmp_path)
    plan = tmp_path / "plan.yaml"
    more = PLAN.replace("STAGE", "won").replace("ENDS", f"[won], stages: {stages}")
    plan.write_text(more, encoding="utf-8")
    with pytest.raises(BadInput, match=text):
        stages_of(plan)


def test_stages_against_a_count_over_accounts() -> None:
    rng, order = np.random.default_rng(6), ["lead", "meeting", "offer", "won"]
    rows, counted = [], dict.fromkeys(order, 0)
    for account in range(300):
        day = pd.Timestamp("2025-01-01") + pd.Timedelta(days=int(rng.integers(100)))
        last = int(rng.integers(4))
        for place, stage in enumerate(order[: last + 1]):
            day += pd.Timedelta(days=int(rng.integers(1, 30)))
            counted[stage] += 1
            if place in (0, last) or rng.random() < 0.8:  # some stages were never written down
                rows.append((f"a{account}", day, stage, 10.0 * account))
    frame = pd.DataFrame(rows, columns=["account", "time", "stage", "worth"]).sample(frac=1, random_state=1)
    table = opportunity_stages(frame, order, value="worth").set_index("stage")
    assert table["reached"].to_dict() == counted
    assert table["passed"].tolist()[:3] == list(counted.values())[1:]
    assert table["open"].sum() + table.loc["won", "value"] == pytest.approx(table.loc["lead", "value"])
    assert ((table["days"] >= 1) & (table["days"] < 30))[1:].all()
