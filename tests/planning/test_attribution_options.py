"""What the plan file can ask of attribution: grouping, identity, exclusions, segments, periods; on a log made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from attribution.errors import BadInput
from optimizer.planning.outputs.pages import environment
from optimizer.planning.outputs.sections.attribution import ATTRIBUTION
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
    table = pd.read_csv(folder / "out" / "latest" / "attribution.csv")
    return run, table.pivot_table(index="channel", columns="model", values="conversions", aggfunc="sum")


def test_grouping_identity_kinds_and_segments_that_add_up(folder: Path, run_quietly: QuietRun) -> None:
    run, table = credit(folder, run_quietly)
    assert table["First touch"].to_dict() == {"direct": 1, "mail": 0, "other": 1, "search": 1}  # anna began with search
    assert table["Last touch"].to_dict() == {"direct": 1, "mail": 1, "other": 0, "search": 1}
    assert {file.role for file in run.inputs.files} == {"touchpoints", "conversions", "identity map"}
    parts = pd.read_csv(folder / "out" / "latest" / "attribution_segments.csv")
    assert set(parts["value_of_segment"]) == {"DE", "AT"}
    whole = parts.pivot_table(index="channel", columns="model", values="estimate", aggfunc="sum")
    assert (whole - table).abs().to_numpy().max() < 1e-9
    view = ATTRIBUTION.view(run)
    assert view is not None
    (part,) = view["attribution"]["segments"]["parts"]
    model = parts[parts["model"] == view["attribution"]["segments"]["model"]]
    by_value = model.pivot_table(index="channel", columns="value_of_segment", values="estimate")
    for row in part["rows"]:
        assert [cell.point for cell in row["cells"]] == by_value.loc[row["channel"], part["values"]].tolist()
    pages = environment()
    pages.globals, pages.filters = {**pages.globals, "figures": {}}, {**pages.filters, "in_order": list}
    shown = pages.get_template("sections/attribution.html").render(view)
    assert "Credit by country" in shown


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
    assert any("Left out as asked: 1 row" in note for note in run.inputs.assumptions)


def test_cac_by_period_divides_the_spend_of_the_period(folder: Path, run_quietly: QuietRun) -> None:
    weeks = pd.date_range("2026-01-05", periods=6, freq="7D")
    weekly = pd.DataFrame({"week": weeks, "new_customers": 3, "search": 70, "mail": 7})
    weekly.to_csv(folder / "weekly.csv", index=False)
    text = PLAN.replace("data:\n", "data:\n  weekly: {path: weekly.csv, spend: [search, mail]}\n")
    (folder / "plan.yaml").write_text(text.replace("  models:", "  periods: month\n  models:"), encoding="utf-8")
    credit(folder, run_quietly)
    table = pd.read_csv(folder / "out" / "latest" / "attribution_periods.csv").set_index(["model", "period", "channel"])
    january = table.loc[("Last touch", "2026-01", "mail")]
    assert january["spend"] == pytest.approx(27)  # 27 days of January from the 5th on, 1 EUR a day
    assert january["cac"] == pytest.approx(27)
    assert table.loc[("First touch", "2026-01", "search"), "cac"] == pytest.approx(270)


STEADY = """\
name: Steady
data:
  weekly: {path: weekly.csv, spend: [search]}
  touchpoints:
    path: touches.csv
    conversions: {path: sales.csv}
attribution:
  models: [last, linear]
  periods: month
  replicates: 50
"""


def test_cac_is_of_days_that_spend_and_log_share(tmp_path: Path, run_quietly: QuietRun) -> None:
    """Ten customers and 1,000 EUR a day, the log from a Wednesday to a Tuesday."""
    days = pd.date_range("2026-01-07", "2026-03-24").repeat(10)
    users = [f"u{number}" for number in range(len(days))]
    touches = pd.DataFrame({"user": users, "time": days + pd.Timedelta(hours=9), "channel": "search"})
    sales = pd.DataFrame({"user": users, "time": days + pd.Timedelta(hours=10)})
    weeks = pd.date_range("2025-12-29", periods=14, freq="7D")
    weekly = pd.DataFrame({"week": weeks, "new_customers": 70, "search": 7_000})
    for name, table in {"touches": touches, "sales": sales, "weekly": weekly}.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    (tmp_path / "plan.yaml").write_text(STEADY, encoding="utf-8")
    run, _ = run_quietly(tmp_path / "plan.yaml", tmp_path / "out", "attribution")
    assert run.attribution is not None
    for table in run.attribution.cac.values():
        assert table.loc["search", "estimate"] == pytest.approx(100)
        assert table.loc["search", "5%"] - 1e-9 <= 100 <= table.loc["search", "95%"] + 1e-9
    periods = pd.read_csv(tmp_path / "out" / "latest" / "attribution_periods.csv").set_index(["model", "period"])
    covered = periods[periods["coverage"] > 0]
    assert covered["cac"].to_numpy() == pytest.approx(100)
    assert periods.loc[("Linear", "2026-02"), "coverage"] == 1
    assert 0 < periods.loc[("Linear", "2026-01"), "coverage"] < 1
    assert any("2026-01-12 to 2026-03-22" in note for note in run.attribution.notes)


def test_conversions_may_be_events_of_the_log(folder: Path, run_quietly: QuietRun) -> None:
    rows = [("u", "2026-01-05T23:30:00Z", "Direct", "view", ""), ("u", "2026-01-05T23:40:00Z", "mail", "view", "")]
    rows += [("u", "2026-01-06T10:00:00Z", "Direct", "view", ""), ("u", "2026-01-06T11:00:00Z", "", "lead", "0")]
    rows += [("u", "2026-01-07T11:00:00Z", "", "order", "90")]
    log = pd.DataFrame(rows, columns=["user", "time", "channel", "event", "value"])
    log.assign(value=pd.to_numeric(log["value"]).fillna(0.0)).to_csv(folder / "log.csv", index=False)
    text = """\
name: Events
data:
  touchpoints:
    path: log.csv
    conversions: {events: {values: [lead, order]}, kind: event, ends: [order], value: value}
attribution: {models: [last_non_direct, linear], direct: Direct, replicates: 50}
"""
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    run, table = credit(folder, run_quietly)
    assert table["Last non-direct"].to_dict() == {"Direct": 0, "mail": 2}  # of the lead and of the order
    assert run.attribution is not None
    assert run.attribution.credits["Linear"].value.sum() == 90
    assert {file.role for file in run.inputs.files} == {"touchpoints"}
    top = pd.read_csv(folder / "out" / "latest" / "attribution_top_paths.csv")
    assert top["path"].tolist() == ["Direct > mail > Direct"]
    assists = pd.read_csv(folder / "out" / "latest" / "attribution_assists.csv").set_index("channel")
    assert assists.loc["mail", ["touched", "last", "assisted"]].tolist() == [2, 0, 2]
    overlap = pd.read_csv(folder / "out" / "latest" / "attribution_overlap.csv").set_index("channel")
    assert overlap.loc["mail", "Direct"] == 2
    longer = text.replace("direct: Direct", "direct: Direct, last_resort: [Direct], repeats: day, days_in: Asia/Tokyo")
    (folder / "plan.yaml").write_text(longer, encoding="utf-8")
    run, table = credit(folder, run_quietly)
    assert table["Linear"].to_dict() == {"Direct": 0, "mail": 2}
    assert any("same channel on the same day" in text for text in run.inputs.assumptions)  # 8:30 and 19:00 in Tokyo


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("path: sales.csv, ", "", "give one of path"),
        ("path: sales.csv,", "path: sales.csv, events: {values: [order]},", "give one of path"),
        (
            "{path: sales.csv,",
            "{events: {values: [order]},",
            "user is of a table of conversions, and events takes them from the log",
        ),
        ("kind: what, kinds: [order]", "ends: [order]", "ends needs kind"),
        ("  models:", "  days_in: Berlin/Europe\n  models:", "is not known; did you mean 'Europe/Berlin'"),
        ("  models:", "  repeats: often\n  models:", "write for example 30min"),
        ("  models:", "  weight_of: {view: 0}\n  models:", "greater than 0"),
        ("  models:", "  weight_of: {view: 0.5}\n  models:", "weight_of needs the column of interactions"),
        ("  models:", "  last_resort: [dirct]\n  models:", "'direct'"),
        ("kinds: [order]", "ends: [ordr]", "'order'"),
    ],
)
def test_options_that_cannot_be_are_refused(
    folder: Path, run_quietly: QuietRun, old: str, new: str, message: str
) -> None:
    assert old in PLAN
    (folder / "plan.yaml").write_text(PLAN.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadInput, match=message):
        credit(folder, run_quietly)
