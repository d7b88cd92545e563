"""`cac check`: what it shows is what the tables hold, and it refuses what a run would refuse, before the sampling."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from attribution.errors import BadInput, InfeasiblePlan
from optimizer.planning.check import check_plan
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.language.wording import in_words_of_the_file
from optimizer.planning.outputs.check_view import show_check
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress

PLAN = """\
name: Monday
data:
  weekly:
    path: weekly.csv
    spend: [tv, search, radio]
  touchpoints:
    path: touches.csv
    conversions: {path: sales.csv}
attribution: {models: [last]}
model: {season: {order: 1}, lags: 4}
plan:
  minimize: blended_cac
  customers: {at_least: -10%}
scenarios:
  - {name: Less, budget: -10%}
"""
LOG = "  touchpoints:\n    path: touches.csv\n    conversions: {path: sales.csv}\n"
WEEKS = pd.date_range("2024-01-01", periods=110, freq="7D")


def weekly() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    spend = {channel: rng.uniform(500, 1500, len(WEEKS)).round(2) for channel in ("tv", "search")}
    frame = pd.DataFrame({"week": WEEKS, "new_customers": rng.integers(60, 80, len(WEEKS)), **spend, "radio": 0.0})
    return frame.assign(week=frame["week"].dt.strftime("%Y-%m-%d"))


def log() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every customer of the last ten weeks, one touch each the day before."""
    last = weekly().tail(10)
    days = pd.to_datetime(last["week"]).repeat(last["new_customers"])
    rank = np.concatenate([np.arange(count) for count in last["new_customers"]])
    won = pd.DataFrame(
        {"user": [f"u{n}" for n in range(len(days))], "time": days.to_numpy() + pd.to_timedelta(rank % 7, "D")}
    )
    touches = won.assign(time=won["time"] - pd.Timedelta("1D"), channel=np.where(rank % 2, "tv", "search"))
    return touches, won


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    touches, won = log()
    for name, table in {"weekly.csv": weekly(), "touches.csv": touches, "sales.csv": won}.items():
        stamp = {"time": table["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")} if "time" in table else {}
        table.assign(**stamp).to_csv(tmp_path / name, index=False)
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return tmp_path


def told(folder: Path) -> str:
    console = Console(file=io.StringIO(), width=160)
    show_check(check_plan(folder / "plan.yaml"), console)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def change(folder: Path, *pairs: tuple[str, str]) -> Path:
    path = folder / "plan.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return folder


def test_figures_are_those_of_the_tables(folder: Path) -> None:
    found = check_plan(folder / "plan.yaml")
    table = weekly()
    assert found.spend is not None
    assert found.months is not None
    np.testing.assert_allclose(found.spend.sum(axis=1)[["tv", "search"]], table[["tv", "search"]].sum())
    by_hand = sum(
        row.new_customers / 7 * (pd.date_range(row.week, periods=7).strftime("%Y-%m") == "2025-12").sum()
        for row in table.itertuples()
    )
    np.testing.assert_allclose(found.months["2025-12"], by_hand)
    assert len(found.months) == 12
    (share,) = (one for one in found.findings if one.name == "log_against_kpi")
    assert share.passed
    assert share.value == pytest.approx(1.0)
    assert {file.role: file.rows for file in found.files} == {
        "weekly spend and outcome": 110, "touchpoints": len(log()[0]), "conversions": len(log()[1])
    }  # fmt: skip


def test_what_is_shown_has_every_table_year_step_and_caution(folder: Path) -> None:
    text = told(folder)
    for said in (
        "weekly.csv", "touches.csv", "sales.csv", "2024-01-01 to 2026-02-02, 110 weeks", "new_customers (100\u00a0%)",
        "customers by month, weeks divided by days, until 2026-02-08", "2025-12", "Spend by year, EUR, 2024-01-01 to 2026-02-08", "2024", "2026",
        "now, over the horizon", "Attribution: Last touch", "Mix model: 4 chains", "Plan: least blended CAC over 13 weeks",
        "What if: Less.", "attention spend_present: No spend in any period: radio", "The plan file is fine",
    ):  # fmt: skip
        assert said in text, said
    assert not (folder / "plan-output").exists()


def test_more_conversions_than_customers_are_told(folder: Path) -> None:
    sales = pd.read_csv(folder / "sales.csv")
    again = sales.assign(time=sales["time"].str.replace("T00", "T01"))
    pd.concat([sales, again]).to_csv(folder / "sales.csv", index=False)
    text = told(folder)
    assert "attention log_against_kpi" in text
    assert "orders in place of customers" in text
    assert "attention several_conversions" in text
    assert "log_against_kpi" not in told(change(folder, ("{path: sales.csv}", "{path: sales.csv, first_only: true}")))


@pytest.mark.parametrize("column", ["tv", "new_customers"])
def test_a_cell_times_a_thousand_is_named(folder: Path, column: str) -> None:
    table = weekly()
    table[column] = table[column].astype(float)
    table.loc[70, column] *= 1000
    table.to_csv(folder / "weekly.csv", index=False)
    text = told(change(folder, (LOG, "")))
    assert "attention outlying_cells" in text
    assert "2025-05-05" in text


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "time-decay on paths": (
        lambda folder: change(
            folder,
            (LOG, "  paths: {path: paths.csv}\n"),
            ("models: [last]", "models: [last, time_decay]"),
        ),
        "plan.yaml:7: attribution.models.1: time_decay needs times",
    ),
    "periods on paths": (
        lambda folder: change(
            folder,
            (LOG, "  paths: {path: paths.csv}\n"),
            ("models: [last]", "models: [last], periods: month"),
        ),
        "attribution.periods: needs data.touchpoints and data.weekly",
    ),
    "touch dates of Markov": (
        lambda folder: change(folder, ("models: [last]", "models: [last, markov], periods: month, dating: touch")),
        "attribution.models.1: markov gives credit to channels and not to touches",
    ),
    "counts that are none": (
        lambda folder: (
            weekly().assign(new_customers=60.5).to_csv(folder / "weekly.csv", index=False),
            change(folder, ("lags: 4", "lags: 4, likelihood: negative_binomial")),
        ),
        "new_customers",
    ),
    "fewer rows than parameters": (
        lambda folder: weekly().tail(11).to_csv(folder / "weekly.csv", index=False),
        "figures that the model of this plan file learns",
    ),
    "a floor under a channel that never spent": (
        lambda folder: change(folder, ("  customers:", "  channels: {radio: {at_least: 5}}\n  customers:")),
        "plan.channels.radio: radio never spent",
    ),
    "a group with a channel that never spent": (
        lambda folder: change(folder, ("  customers:", "  groups: {air: {channels: [tv, radio], at_most: 5}}\n  customers:")),
        "plan.groups.air: radio never spent",
    ),
    "a sum with a channel that never spent": (
        lambda folder: change(
            folder, ("  - {name: Less, budget: -10%}", "  - {name: CO2, instead: {custom: {a: {weights: {radio: 1}, at_most: 5}}}}")
        ),
        "radio never spent in the weekly table: nothing says what it would bring. Leave it out here. (what-if 'CO2')",
    ),
    "an excluded channel that the log lacks": (
        lambda folder: change(folder, ("{models: [last]}", "{models: [last], exclude: [TV]}")),
        "plan.yaml:9: attribution.exclude.0: the log has no channel 'TV'. Did you mean 'tv'?",
    ),
    "spend of a channel that the log lacks": (
        lambda folder: change(folder, ("{models: [last]}", "{models: [last], spend: {serch: 5}}")),
        "attribution.spend.serch: the log has no channel 'serch'. Did you mean 'search'?",
    ),
    "a channel that the log spells otherwise": (
        lambda folder: change(folder, ("[tv, search, radio]", "{Search: search, tv: tv}")),
        "the log writes 'search' for 'Search'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_run_would_refuse_is_refused_before_the_sampling(folder: Path, case: str) -> None:
    pd.DataFrame({"path": ["tv", "search"], "conversions": [5, 6]}).to_csv(folder / "paths.csv", index=False)
    spoil, said = REFUSED[case]
    spoil(folder)
    if "log" not in case and "Markov" not in case and "paths" not in case:
        change(folder, (LOG, ""))
    with pytest.raises(BadInput) as caught:
        check_plan(folder / "plan.yaml")
    assert said in str(caught.value)
    if "log" in case:
        return
    terminal = io.StringIO()
    with pytest.raises(BadInput) as again:
        run_plan(folder / "plan.yaml", goal="optimize", progress=Progress(terminal))
    assert str(again.value) == str(caught.value)
    assert "Mix model" not in terminal.getvalue()


def test_limits_on_spend_that_exclude_each_other_need_no_fit(folder: Path) -> None:
    change(
        folder,
        (LOG, ""),
        ("  customers: {at_least: -10%}", "  budget: {exactly: 9000}\n  channels: {tv: {fixed: 9_500}}"),
    )
    with pytest.raises(InfeasiblePlan, match=r"9,[05]00"):
        check_plan(folder / "plan.yaml")


def test_a_file_without_a_question_says_that_no_plan_is_made(folder: Path) -> None:
    assert "No plan:" not in told(folder)
    plan = folder / "plan.yaml"
    plan.write_text(plan.read_text(encoding="utf-8").partition("plan:\n")[0], encoding="utf-8")
    text = told(folder)
    assert "No plan: the plan file has no section plan" in text
    assert "Plan: least" not in text


def test_a_bad_what_if_is_named_and_the_others_go_on(folder: Path) -> None:
    change(folder, (LOG, ""), ("scenarios:\n", "scenarios:\n  - {name: Dearer, value_per_customer: 50}\n"))
    text = told(folder)
    assert "attention what_ifs_can_be_asked: Cannot be asked: Dearer: value_per_customer: is 50" in text
    assert "What if: Dearer; Less." in text
    change(folder, ("value_per_customer: 50", "value_per_customer: -20%"))
    assert "Dearer: value_per_customer: is -20%, and nothing in the plan depends on what a customer" in told(folder)


@pytest.mark.parametrize(
    ("python", "key"),
    [
        ("Cleaning(drop=('missing user',))", "data.touchpoints.leave_out: [missing user]"),
        ("Remedy: promise Customers(at_least=...) or", "plan.customers.at_least"),
        ("add Budget(at_most=...), or Channel(...).at_most(...)", "plan.budget.at_most"),
        ("TimeDecay needs times: build the journeys from touchpoints, not from aggregated paths.", "in place of data.paths."),
        ("is parted by '->'. Remedy: pass sep='->'.", "Remedy: write data.paths.separator: '->'."),
        ("or fold them with fold_names.", "fold them with data.touchpoints.fold_names: true."),
        ("ask maximize=Profit(...) or maximize=Customers()", "plan.maximize: profit or plan.maximize: customers"),
        ("name it with columns={'interaction': ...}.", "name it with data.touchpoints.interaction."),
        ("BudgetChange: changes by -100%; give a share above -1, such as 0.2 for 20 % more.", "budget: -100% leaves"),
        ("PromiseChange: changes by -120%; give a share above -1, such as 0.2 for 20 % more.", "customers: -120% leaves"),
    ],
)  # fmt: skip
def test_remedies_are_in_words_of_the_plan_file(python: str, key: str) -> None:
    assert key in in_words_of_the_file(python)
    assert not any(sign in in_words_of_the_file(python) for sign in ("=...", "(drop=", "()", "journeys"))


def events(folder: Path, words: list[str]) -> Path:
    table = weekly()
    table["event"] = [words[row % len(words)] for row in range(len(table))]
    table.to_csv(folder / "weekly.csv", index=False)
    return change(folder, (LOG, ""), ("radio]\n", "radio]\n    controls: [event]\n  upcoming: last_year\n"))


def test_events_in_words_become_controls_where_asked(folder: Path) -> None:
    events(folder, ["na", "na", "fair", "na", "strike"])
    with pytest.raises(BadInput, match=r"data.weekly.controls: \{event: indicator\}"):
        check_plan(folder / "plan.yaml")
    change(folder, ("controls: [event]", "controls: {event: indicator}"))
    inputs = read_inputs(*read_config(folder / "plan.yaml"))
    assert inputs.panel is not None
    assert inputs.upcoming is not None
    assert inputs.panel.control_names == ("event: fair", "event: strike") == tuple(inputs.upcoming.columns)
    assert inputs.panel.controls.sum() == 44
    coming = pd.DataFrame(
        {"week": pd.date_range("2026-02-09", periods=13, freq="7D"), "event": ["strike", *["na"] * 12]}
    )
    coming.to_csv(folder / "coming.csv", index=False)
    inputs = read_inputs(*read_config(change(folder, ("upcoming: last_year", "upcoming: coming.csv")) / "plan.yaml"))
    assert inputs.upcoming is not None
    assert inputs.upcoming.sum().to_dict() == {"event: fair": 0, "event: strike": 1}
    coming.replace("strike", "striek").to_csv(folder / "coming.csv", index=False)
    with pytest.raises(BadInput, match=r"coming.csv, column 'event': holds 'striek'.* did you mean 'strike'"):
        check_plan(folder / "plan.yaml")


@pytest.mark.parametrize(("since", "refused"), [(80, True), (40, False)])
def test_last_year_does_not_take_back_what_changed_for_good(folder: Path, since: int, refused: bool) -> None:
    table = weekly()
    step = (np.arange(len(table)) >= since).astype(int)
    table.assign(event=step).to_csv(folder / "weekly.csv", index=False)
    change(folder, (LOG, ""), ("radio]\n", "radio]\n    controls: [event]\n  upcoming: last_year\n"))
    if refused:
        text = rf"changes once and for good in event \(since {WEEKS[since]:%Y-%m-%d}\).*data.upcoming as a table"
        with pytest.raises(BadInput, match=text):
            check_plan(folder / "plan.yaml")
        return
    coming = read_inputs(*read_config(folder / "plan.yaml")).upcoming
    assert coming is not None
    assert (coming["event"] == 1).all()


def test_a_log_may_mark_its_conversions(folder: Path) -> None:
    touches = pd.read_csv(folder / "touches.csv").assign(converted=1)
    touches.to_csv(folder / "touches.csv", index=False)
    change(folder, ("    conversions: {path: sales.csv}\n", "    conversions: {}\n"))
    with pytest.raises(BadInput, match=r"give one of path \(a table of conversions\), events"):
        check_plan(folder / "plan.yaml")
    inputs = read_inputs(
        *read_config(change(folder, ("conversions: {}", "conversions: {flag: converted}")) / "plan.yaml")
    )
    assert inputs.journeys is not None
    assert inputs.journeys.totals["conversions"] == len(touches)
    with pytest.raises(BadInput, match="order is of a table of conversions"):
        check_plan(change(folder, ("{flag: converted}", "{flag: converted, order: x}")) / "plan.yaml")


def test_a_table_of_several_regions_is_told_which_key_names_them(folder: Path) -> None:
    pd.concat([weekly().assign(region=name) for name in "ab"]).to_csv(folder / "weekly.csv", index=False)
    with pytest.raises(
        BadInput, match=r"differ by 'region'; where they are markets, name their column: data\.weekly\.geo: region"
    ):
        check_plan(change(folder, (LOG, "")) / "plan.yaml")


NEW = "  new_channels: {podcast: {like: tv, at_most: 5_000}}\n"


@pytest.mark.parametrize(
    "asked",
    [
        "  groups: {heard: {channels: [tv, podcast], at_most: 20_000}}\n",
        "  groups: {heard: {channels: [podcast], at_most: 2_000}}\n",
        "  custom: {hours: {weights: {tv: 1, podcast: 2}, at_most: -10%}}\n",
        "  channels: {podcast: {share: {at_most: 0.2}}}\n  change: {total: 9_000}\n",
        "  max_cac: 900\n  every_channel: {max_marginal_cac: 5_000}\n",
    ],
)
def test_limits_may_name_channels_without_history(folder: Path, asked: str) -> None:
    told = check_plan(
        change(folder, (LOG, ""), ("  minimize: blended_cac\n", f"  minimize: blended_cac\n{NEW}{asked}")) / "plan.yaml"
    )
    assert told.title == "Monday"


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("  maximize: customers\n  explore: true\n", "spends without end. Remedy: add"),
        ("  maximize: customers\n  explore: true\n  channels: {tv: {at_most: 5_000}}\n", "spends without end"),
        ("  minimize: blended_cac\n", "lowest where nothing is spent"),
        ("  minimize: blended_cac\n  budget: {at_most: 9_000}\n  max_cac: 50\n", "lowest where nothing is spent"),
        ("  minimize: blended_cac\n  groups: {a: {channels: [tv], at_most: 9_000}}\n", "lowest where nothing is spent"),
        ("  minimize: spend\n", "the least is none"),
        ("  minimize: spend\n  budget: {at_most: 9_000}\n", "the least is none"),
        ("  minimize: spend\n  customers: {at_least: -100%}\n", "the least is none"),
        ("  minimize: blended_cac\n  channels: {tv: {zero_or_at_least: 9_000, at_most: 8_000}}\n", "which leaves it nothing"),
        ("  minimize: blended_cac\n  every_channel: {zero_or_at_least: 90_000, at_most: +10%}\n", "which leaves it nothing"),
        (f"  minimize: blended_cac\n{NEW}  channels: {{podcast: {{zero_or_at_least: 6_000}}}}\n", "which leaves it nothing"),
    ],
)  # fmt: skip
def test_what_no_fit_can_make_sensible_is_refused_before_it(folder: Path, plan: str, said: str) -> None:
    text = PLAN[: PLAN.index("plan:\n")].replace(LOG, "") + f"plan:\n{plan}"
    (folder / "plan.yaml").write_text(text.replace("attribution: {models: [last]}\n", ""), encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        check_plan(folder / "plan.yaml")


@pytest.mark.parametrize("plan", ["  minimize: spend\n  customers: {at_least: -5%}\n", "  minimize: spend\n  max_cac: 900\n",
                                  "  minimize: spend\n  budget: {at_least: 500}\n",
                                  "  maximize: customers\n  max_cac: 90\n  explore: true\n", "  maximize: customers\n",
                                  "  minimize: blended_cac\n  fixed_cost: 100\n", "  minimize: blended_cac\n  budget: {exactly: 9_000}\n",
                                  "  minimize: blended_cac\n  channels: {tv: {share: {at_least: 0.5}, at_least: 10}}\n"])  # fmt: skip
def test_questions_that_may_have_an_answer_pass(folder: Path, plan: str) -> None:
    text = PLAN[: PLAN.index("plan:\n")].replace(LOG, "") + f"plan:\n{plan}"
    (folder / "plan.yaml").write_text(text.replace("attribution: {models: [last]}\n", ""), encoding="utf-8")
    assert check_plan(folder / "plan.yaml").title == "Monday"


def test_rows_that_a_workbook_hides_are_said_to_be_counted(tmp_path: Path) -> None:
    plan = PLAN.replace("weekly.csv", "weekly.xlsx").replace(LOG, "").replace("attribution: {models: [last]}\n", "")
    (tmp_path / "plan.yaml").write_text(plan)
    with pd.ExcelWriter(tmp_path / "weekly.xlsx", engine="openpyxl") as book:
        weekly().to_excel(book, index=False)
    told = check_plan(tmp_path / "plan.yaml")
    assert not [line for line in told.assumptions if "hidden" in line]
    with pd.ExcelWriter(tmp_path / "weekly.xlsx", engine="openpyxl") as book:
        weekly().to_excel(book, index=False)
        for row in range(20, 33):
            book.sheets["Sheet1"].row_dimensions[row].hidden = True
    hidden = check_plan(tmp_path / "plan.yaml")
    assert [line.split(" hidden")[0] for line in hidden.assumptions if "hidden" in line] == ["weekly.xlsx: 13 rows"]
    assert [file.rows for file in hidden.files] == [file.rows for file in told.files]
