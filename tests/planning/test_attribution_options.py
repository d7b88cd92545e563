"""What the plan file can ask of attribution: grouping, identity, exclusions, segments, periods; on a log made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from attribution.errors import BadInput
from optimizer.planning.stages.result import Run

QuietRun = Callable[..., tuple[Run, tuple[Path, ...]]]

TOUCHES = """\
cookie,at,source,medium,country
a1,2026-01-05T10:00:00Z,google,cpc,DE
a2,2026-01-06T10:00:00Z,mail,newsletter,DE
b1,2026-02-03T10:00:00Z,google,organic,AT
b1,2026-02-04T10:00:00Z,google,cpc,AT
c1,2026-02-05T10:00:00Z,(direct),(none),DE
c1,2026-02-06T10:00:00Z,,,DE
d1,2026-02-07T10:00:00Z,(direct),(none),DE
"""
SALES = """\
cookie,when,eur,what
a2,2026-01-07T10:00:00Z,50,order
b1,2026-02-05T10:00:00Z,70,order
c1,2026-02-07T10:00:00Z,10,trial
d1,2026-02-08T10:00:00Z,30,order
"""
IDS = "cookie,person\na1,anna\na2,anna\n"
PLAN = """\
name: Options
data:
  touchpoints:
    path: touches.csv
    user: cookie
    time: at
    channel: channel
    grouping:
      - {channel: search, where: {source: "google|bing", medium: "cpc|ppc"}}
      - {channel: mail, where: {medium: newsletter}}
      - {channel: direct, where: {source: "(direct)"}}
    otherwise: other
    identity: {path: ids.csv, user: cookie, person: person}
    segments: [country]
    conversions: {path: sales.csv, user: cookie, time: when, value: eur, kind: what, kinds: [order]}
attribution:
  models: [first, last]
  replicates: 50
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"touches.csv": TOUCHES, "sales.csv": SALES, "ids.csv": IDS, "plan.yaml": PLAN}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def credit(folder: Path, run_quietly: QuietRun) -> tuple[Run, pd.DataFrame]:
    run, _ = run_quietly(folder / "plan.yaml", folder / "out", "attribution")
    table = pd.read_csv(folder / "out" / "attribution.csv")
    return run, table.pivot_table(index="channel", columns="model", values="conversions", aggfunc="sum")


def test_grouping_identity_and_kinds(folder: Path, run_quietly: QuietRun) -> None:
    run, table = credit(folder, run_quietly)
    assert table["First touch"].to_dict() == {"direct": 1, "mail": 0, "other": 1, "search": 1}  # anna began with search
    assert table["Last touch"].to_dict() == {"direct": 1, "mail": 1, "other": 0, "search": 1}
    assert {file.role for file in run.inputs.files} == {"touchpoints", "conversions", "identity map"}


def test_segments_tell_credit_apart_and_add_up(folder: Path, run_quietly: QuietRun) -> None:
    _, table = credit(folder, run_quietly)
    parts = pd.read_csv(folder / "out" / "attribution_segments.csv")
    assert set(parts["value_of_segment"]) == {"DE", "AT"}
    whole = parts.pivot_table(index="channel", columns="model", values="estimate", aggfunc="sum")
    assert (whole - table).abs().to_numpy().max() < 1e-9


def test_excluded_channels_get_nothing_and_their_conversions_are_told(folder: Path, run_quietly: QuietRun) -> None:
    text = PLAN.replace("  models:", "  exclude: [direct]\n  models:")
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    run, table = credit(folder, run_quietly)
    assert table["Last touch"].sum() == 2
    assert table["Last touch"].get("direct", 0) == 0
    assert run.attribution is not None
    assert any("no touch in the lookback" in note for note in run.attribution.notes)


def test_a_touch_that_no_rule_fits_is_an_error_unless_said_otherwise(folder: Path, run_quietly: QuietRun) -> None:
    (folder / "plan.yaml").write_text(PLAN.replace("    otherwise: other\n", ""), encoding="utf-8")
    with pytest.raises(BadInput, match="organic"):
        credit(folder, run_quietly)


def test_faulty_rows_are_errors_or_counted(folder: Path, run_quietly: QuietRun) -> None:
    (folder / "touches.csv").write_text(TOUCHES + TOUCHES.splitlines()[1] + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"leave_out: \[duplicates\]"):
        credit(folder, run_quietly)
    text = PLAN.replace("    segments:", "    leave_out: [duplicates]\n    segments:")
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    run, _ = credit(folder, run_quietly)
    assert any("Left out as asked: 1 rows" in note for note in run.inputs.assumptions)


def test_cac_by_period_divides_the_spend_of_the_period(folder: Path, run_quietly: QuietRun) -> None:
    weeks = pd.date_range("2026-01-05", periods=6, freq="7D")
    weekly = pd.DataFrame({"week": weeks, "new_customers": 3, "search": 70, "mail": 7})
    weekly.to_csv(folder / "weekly.csv", index=False)
    text = PLAN.replace("data:\n", "data:\n  weekly: {path: weekly.csv, spend: [search, mail]}\n")
    (folder / "plan.yaml").write_text(text.replace("  models:", "  periods: month\n  models:"), encoding="utf-8")
    credit(folder, run_quietly)
    table = pd.read_csv(folder / "out" / "attribution_periods.csv").set_index(["model", "period", "channel"])
    january = table.loc[("Last touch", "2026-01", "mail")]
    assert january["spend"] == pytest.approx(27)  # 27 days of January from the 5th on, 1 EUR a day
    assert january["cac"] == pytest.approx(27)
    assert table.loc[("First touch", "2026-01", "search"), "cac"] == pytest.approx(270)
