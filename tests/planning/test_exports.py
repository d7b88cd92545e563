"""From exports to a plan file that is accepted, a weekly table that adds up, and a log that is held against it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import export_files
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from attribution.errors import BadInput
from attribution.reading.cells import cells_of
from attribution.reading.exports.registry import ADVERTISING, ORDERS
from attribution.reading.sources import log_table
from mmm import Panel
from optimizer.planning.check import check_plan
from optimizer.planning.cli import app
from optimizer.planning.file.config import read_config
from optimizer.planning.importer import import_folder
from optimizer.planning.inputs.assembled import assumed, passed_over
from optimizer.planning.inputs.inputs import Inputs, read_inputs
from optimizer.planning.inputs.log_against_kpi import log_against_kpi

PLAN = "plan: {minimize: blended_cac, budget: {at_most: +0%}, customers: {at_least: +0%}}\n"
ORDERS_KEY = "{path: orders.parquet, kind: orders, first_only: true}"


def plan_of(folder: Path, spend: str, outcome: str = ORDERS_KEY, more: str = "") -> Path:
    listed = "\n".join(f"    - {line}" for line in spend.splitlines())
    text = f"name: Exports\ndata:\n  spend:\n{listed}\n  outcome: {outcome}\n{more}{PLAN}"
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    return folder / "plan.yaml"


def read(plan: Path) -> Inputs:
    return read_inputs(*read_config(plan))


def panel_of(plan: Path) -> Panel:
    panel = read(plan).panel
    assert panel is not None
    return panel


EXTRA = {"linkedin_ads": ", currencies: {USD: 1.0}"}


@pytest.mark.parametrize("name", export_files.SPEND)
def test_every_platform_s_export_makes_an_accepted_plan(name: str, tmp_path: Path) -> None:
    path, spent = export_files.SPEND[name](tmp_path)
    export_files.orders(tmp_path, per_day=5)
    kind = name.removesuffix("_api").removesuffix("_breakdown")
    shown = path.relative_to(tmp_path).as_posix()
    plan = plan_of(tmp_path, f"{{path: {shown}, kind: {kind}, channel: media{EXTRA.get(name, '')}}}")
    understood = check_plan(plan)
    assert understood.title == "Exports"
    assert understood.spend is not None
    assert any("78 weeks" in text for text in understood.assumptions)
    assert understood.spend.loc["media"].sum() == pytest.approx(spent, abs=1e-6)


@pytest.mark.parametrize("kind", export_files.ORDERS)
@pytest.mark.parametrize("first_only", [False, True])
def test_every_export_of_orders_counts_what_it_holds(kind: str, first_only: bool, tmp_path: Path) -> None:
    path, truth = export_files.ORDERS[kind](tmp_path)
    export_files.dbt_ad_reporting(tmp_path)
    outcome = f"{{path: {path.name}, kind: {kind}, first_only: {str(first_only).lower()}}}"
    panel = panel_of(plan_of(tmp_path, "{path: ad_reporting.csv, channel: media}", outcome))
    assert panel.kpi.sum() == truth["new" if first_only else "orders"]


def test_an_exploration_counts_its_metric(tmp_path: Path) -> None:
    _, truth = export_files.ga4_exploration(tmp_path)
    export_files.dbt_ad_reporting(tmp_path)
    outcome = "{path: exploration.csv, kind: ga4_exploration, kpi: Key events}"
    panel = panel_of(plan_of(tmp_path, "{path: ad_reporting.csv, channel: media}", outcome))
    assert panel.kpi.sum() == truth["orders"]


SEVERAL = """{path: google-ads.csv, kind: google_ads, channels: {"*| Brand |*": brand_search, "*": generic_search}}
{path: meta/*.csv, kind: meta_ads, channel: paid_social, driven_by: impressions}
{path: tv-invoices.xlsx::2026, date: month, amount: net, channel: tv, spread: month}
{path: linkedin.csv, kind: linkedin_ads, channel: linkedin}"""


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """Four kinds of spend in two currencies, orders, a table of prices, and a log of touches."""
    for make in (export_files.google_ads, export_files.meta_ads, export_files.tv_invoices, export_files.linkedin_ads):
        make(tmp_path)
    export_files.orders(tmp_path)
    days = export_files.DAYS
    prices = pd.DataFrame({"day": days, "price": np.linspace(9, 12, len(days)), "promo": (days.day < 5).astype(int)})
    prices.to_csv(tmp_path / "prices.csv", index=False)
    orders = pd.read_parquet(tmp_path / "orders.parquet").drop_duplicates("order_id")
    log = pd.DataFrame({"user": orders["customer_id"].astype(str), "time": orders["date"] + pd.Timedelta(hours=9)})
    log = log[log["time"] > "2025-04-01"].drop_duplicates()
    log.assign(time=log["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(tmp_path / "conversions.csv", index=False)
    touches = log.assign(time=(log["time"] - pd.Timedelta(days=1)).dt.strftime("%Y-%m-%dT%H:%M:%SZ"), channel="tv")
    touches.to_csv(tmp_path / "touchpoints.csv", index=False)
    more = """  controls:
    - {path: prices.csv, date: day, columns: {price: mean, promo: sum}, treatments: {price: minimum}}
  upcoming: last_year
  week_starts: monday
  touchpoints: {path: touchpoints.csv, conversions: {path: conversions.csv}}
attribution: {models: [last], replicates: 50}
currencies: {USD: 0.92}
"""
    return plan_of(
        tmp_path, SEVERAL, "{path: orders.parquet, kind: orders, person: customer_id, first_only: true}", more
    )


def test_several_exports_become_one_table_that_adds_up(
    several: Path, tmp_path: Path, run_quietly: Callable[..., Any]
) -> None:
    run, written = run_quietly(several, tmp_path / "out", "attribution")
    table = pd.read_csv(tmp_path / "out" / "latest" / "weekly.csv")
    parts = pd.read_csv(tmp_path / "out" / "latest" / "weekly_reconciliation.csv")
    channels = ["brand_search", "generic_search", "paid_social", "tv", "linkedin"]
    assert [name for name in table.columns if name in channels] == channels
    for channel in channels:
        own = parts[parts["channel"] == channel]
        assert round(table[channel].sum() * 1e6) == round(own["weekly"].sum() * 1e6)
        assert round(own["exported"].sum() * 1e6) == round((own["before"] + own["weekly"] + own["after"]).sum() * 1e6)
    assert {"price", "promo", "returning_orders", "paid_social_impressions"} <= set(table.columns)
    assert {path.name for path in written} >= {"weekly_coverage.csv", "log_against_kpi.csv"}
    manifest = json.loads((tmp_path / "out" / "latest" / "manifest.json").read_text(encoding="utf-8"))
    assert "weekly.csv" in manifest["outputs"]
    assert {"spend_reconciled", "export_gaps", "log_against_kpi"} <= {each["name"] for each in manifest["findings"]}
    files = {each["file"] for each in manifest["inputs"]}
    assert {
        "google-ads.csv",
        "meta/a.csv",
        "meta/b.csv",
        "tv-invoices.xlsx::2026",
        "orders.parquet",
        "prices.csv",
    } <= files
    panel = run.inputs.panel
    assert panel.channels == tuple(channels)
    assert panel.control_names == ("promo", "price")
    assert [each.column for each in panel.treatments] == ["price"]
    assert panel.media[0, :, 2] == pytest.approx(table["paid_social_impressions"].to_numpy())
    assert any("at the stated rate of 0.92" in text for text in run.inputs.assumptions)


def test_the_log_is_held_against_the_kpi_week_by_week(several: Path) -> None:
    inputs = read(several)
    assert inputs.log_against_kpi is not None
    weeks = inputs.log_against_kpi.weeks
    orders = pd.read_parquet(several.parent / "orders.parquet").drop_duplicates("order_id")
    orders = orders.drop_duplicates(["customer_id", "date"])
    by_hand = orders.groupby(orders["date"].dt.to_period("W").dt.start_time)["order_id"].count()
    assert weeks["log"].tolist() == by_hand.reindex(weeks["week"]).tolist()
    assert (weeks["week"].min(), weeks["week"].max()) == (pd.Timestamp("2025-04-07"), pd.Timestamp("2025-06-23"))
    share = weeks["log"].sum() / weeks["kpi"].sum()
    assert inputs.log_against_kpi.finding.value == pytest.approx(share)
    assert inputs.log_against_kpi.finding.passed == (0.5 <= share <= 1.1)


def test_a_log_without_a_common_week_says_nothing() -> None:
    frame = pd.DataFrame({"week": pd.date_range("2024-01-01", periods=8, freq="7D"), "kpi": 5.0, "tv": 1.0})
    panel = Panel.from_frame(frame, "week", "kpi", ["tv"])
    for first, said in (("2020-01-01", False), ("2024-01-03", False), ("2024-01-08", True)):
        times = pd.date_range(first, periods=7).as_unit("us").astype("int64")
        events = log_table(pd.DataFrame({"time": times, "conversions": 1.0}))
        compared = log_against_kpi(events, panel, 0.5)
        assert (compared is not None) == said
        if compared is not None:
            assert compared.weeks.to_numpy()[:, 1:4].tolist() == [[5.0, 7.0, 2.0]]
            assert compared.finding.passed
            for within in (None, 0.39):
                stricter = log_against_kpi(events, panel, within)
                assert stricter is not None
                assert not stricter.finding.passed


@pytest.mark.parametrize(
    ("spend", "outcome", "more", "said"),
    [
        ("{path: a.csv, kind: gogle_ads, channel: a}", ORDERS_KEY, "", "Did you mean 'google_ads'?"),
        ("{path: a.csv, kind: google_ads}", ORDERS_KEY, "", "say either channel"),
        ("{path: a.csv, kind: google_ads, channel: a, amount: net}", ORDERS_KEY, "", "names a column of kind: table"),
        ("{path: a.csv, channel: a, amount: net}", ORDERS_KEY, "", "columns of date and amount"),
        ("{path: a.csv, channel: a, currencies: {USD: 0}}", ORDERS_KEY, "", "currencies.USD"),
        ("{path: a.csv, channel: a}", "{path: o.csv, kind: table}", "", "kpi names the column"),
        ("{path: a.csv, channel: a}", "{path: o.csv, kind: table, kpi: n, first_only: true}", "", "counts already"),
        ("{path: a.csv, channel: a}", "{path: o.csv, kind: orders, without_person: new}", "", "goes with first_only"),
        ("{path: a.csv, channel: a}", ORDERS_KEY, "  weekly: {path: w.csv, spend: [a]}\n", "either weekly, or spend"),
        ("{path: a.csv, channel: a}", ORDERS_KEY, "  week_starts: mon\n", "Did you mean"),
        ("{path: a.csv, channel: a}", ORDERS_KEY, "  begins: 2024-02-01\n  ends: 2024-01-01\n", "ends is before"),
        (
            "{path: a.csv, channel: a}",
            ORDERS_KEY,
            "  controls: [{path: p.csv, columns: [a], treatments: {b: 0}}]\n",
            "not among",
        ),
    ],
)
def test_keys_that_cannot_be_meant_are_named_by_line(
    spend: str, outcome: str, more: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=r"plan\.yaml:\d+: ") as refused:
        read_config(plan_of(tmp_path, spend, outcome, more))
    assert said in str(refused.value)


def test_spend_and_outcome_go_together(tmp_path: Path) -> None:
    for keys in ("outcome: {path: o.csv, kind: orders}", "spend: [{path: a.csv, channel: a}]"):
        (tmp_path / "plan.yaml").write_text(f"name: A\ndata: {{{keys}}}\n", encoding="utf-8")
        with pytest.raises(BadInput, match="go together"):
            read_config(tmp_path / "plan.yaml")


def test_a_channel_that_no_pattern_makes_is_unknown(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, '{path: a.csv, channels: {"*x*": search, "*": social}}')
    text = plan.read_text(encoding="utf-8").replace("budget:", "channels: {serch: {fixed: 0}}, budget:")
    plan.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match="Did you mean 'search'"):
        read_config(plan)


def test_the_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("fruit\napple\n", encoding="utf-8")
    plan = plan_of(tmp_path, "{path: a.csv, channel: a}\n{path: b.csv, channel: b}\n{path: c/*.csv, channel: c}")
    with pytest.raises(BadInput) as refused:
        check_plan(plan)
    for said in (
        "a.csv: is of no known kind",
        "b.csv: does not exist",
        "c/*.csv: fits no file",
        "orders.parquet: does not",
    ):
        assert said in str(refused.value)


def test_a_fit_depends_on_what_is_made_of_the_exports(tmp_path: Path) -> None:
    from optimizer.planning.stages.fit import _fingerprint

    export_files.dbt_ad_reporting(tmp_path)
    export_files.orders(tmp_path, per_day=2)
    keys = set()
    for more in ("", "  week_starts: sunday\n", "currencies: {USD: 0.9}\n", "  begins: 2024-02-01\n"):
        config, document = read_config(plan_of(tmp_path, "{path: ad_reporting.csv, channel: a}", more=more))
        keys.add(_fingerprint(config, read_inputs(config, document), "posterior.nc"))
    assert len(keys) == 4


def test_import_writes_a_plan_file_that_is_accepted(tmp_path: Path) -> None:
    for make in (export_files.google_ads, export_files.microsoft_ads, export_files.meta_ads, export_files.tiktok_ads):
        make(tmp_path)
    export_files.dbt_ad_reporting(tmp_path)
    export_files.shopify_orders(tmp_path)
    (tmp_path / "notes.txt").write_text("call the agency\n", encoding="utf-8")
    (tmp_path / ".hidden.csv").write_text("a,b\n", encoding="utf-8")
    files, plan = import_folder(tmp_path)
    kinds = {str(each.path): each.kind for each in files}
    assert kinds == {
        "ad_reporting.csv": "dbt_ad_reporting",
        "google-ads.csv": "google_ads",
        "meta/a.csv": "meta_ads",
        "meta/b.csv": "meta_ads",
        "microsoft.csv": "microsoft_ads",
        "notes.txt": "",
        "shopify.csv": "shopify_orders",
        "tiktok.csv": "tiktok_ads",
    }
    understood = check_plan(plan)
    assert understood.spend is not None
    assert set(understood.spend.index) == {
        "pinterest_ads",
        "snapchat_ads",
        "google_ads",
        "meta_ads",
        "microsoft_ads",
        "tiktok_ads",
    }
    assert any("78 weeks" in text for text in understood.assumptions)
    assert "spend_reconciled" in {finding.name for finding in understood.findings}
    text = plan.read_text(encoding="utf-8")
    assert '"meta/*.csv"' in text
    assert "DE | Brand | Exact" in text
    with pytest.raises(BadInput, match=r"holds plan\.yaml already"):
        import_folder(tmp_path)
    assert plan.read_text(encoding="utf-8") == text


def test_the_page_from_export_to_plan_can_be_followed(tmp_path: Path) -> None:
    for make in (export_files.google_ads, export_files.meta_ads, export_files.tv_invoices, export_files.linkedin_ads):
        make(tmp_path)
    export_files.orders(tmp_path)
    days = export_files.DAYS
    prices = pd.DataFrame({"day": days, "price": np.linspace(9, 12, len(days)), "promo_days": days.day < 5})
    prices.astype({"promo_days": int}).to_csv(tmp_path / "prices.csv", index=False)
    files, plan = import_folder(tmp_path)
    left = {str(each.path): each.text for each in files if not each.kind}
    assert set(left) == {"prices.csv", "tv-invoices.xlsx::2026", "tv-invoices.xlsx::notes"}
    assert "data.controls" in left["prices.csv"]
    assert left["prices.csv"].endswith("its columns: day, price, promo_days")
    assert left["tv-invoices.xlsx::2026"].endswith("its columns: month, net")
    written = plan.read_text(encoding="utf-8")
    assert all(f"# not used: {name}" in written for name in left)
    with pytest.raises(BadInput, match=r"currencies\.USD: is left open; write the number"):
        check_plan(plan)
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "from-export-to-plan.md").read_text(encoding="utf-8")
    plan.write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    understood = check_plan(plan)
    assert understood.now is not None
    assert list(understood.now.index) == ["brand_search", "generic_search", "paid_social", "tv", "linkedin"]
    assert any("Plan: least blended CAC" in step for step in understood.steps)
    question = written[written.index("# plan:") :].replace("#", "", 1).replace("\n# ", "\n ")
    plan.write_text(
        page.split("```yaml\n")[1].split("plan:\n")[0] + question.replace(" plan:", "plan:"), encoding="utf-8"
    )
    assert check_plan(plan).steps == understood.steps


NAMED = {
    "orders_export_*.csv": ("orders_export_1.csv", "orders_export_2.csv", "orders_export_10.csv"),
    "shop 2024-*.csv": ("shop 2024-01.csv", "shop 2024-07.csv"),
    "orders_1.csv": ("orders_1.csv", "orders_b.csv"),  # no parts of one
}


def cut_orders(folder: Path, names: tuple[str, ...]) -> None:
    """The orders of the shop in several files, none of whose orders lies in two."""
    export_files.google_ads(folder)
    export_files.shopify_orders(folder)
    whole = pd.read_csv(folder / "shopify.csv", dtype=str)
    (folder / "shopify.csv").unlink()
    first = whole.drop_duplicates("Name").index
    cuts = [0, *(int(first[len(first) * at // len(names)]) for at in range(1, len(names))), len(whole)]
    for name, start, stop in zip(names, cuts, cuts[1:], strict=False):
        whole.iloc[start:stop].to_csv(folder / name, index=False)


@pytest.mark.parametrize("named", NAMED)
def test_files_that_are_parts_of_one_are_one_outcome(tmp_path: Path, named: str) -> None:
    cut_orders(tmp_path, NAMED[named])
    _, plan = import_folder(tmp_path)
    text = plan.read_text(encoding="utf-8")
    assert f'path: "{named}"' in text
    assert text.count("# another outcome") == (0 if "*" in named else len(NAMED[named]) - 1)
    if "*" in named:
        findings = {one.name: one for one in check_plan(plan).findings}
        assert findings["exports_cover_the_same_days"].passed


def test_a_pattern_that_a_file_of_another_kind_meets_is_none(tmp_path: Path) -> None:
    cut_orders(tmp_path, ("shop1.csv", "shop2.csv"))
    (tmp_path / "shop-prices.csv").write_text("day,price\n2024-01-01,9\n", encoding="utf-8")
    _, plan = import_folder(tmp_path)
    text = plan.read_text(encoding="utf-8")
    assert 'path: "shop1.csv"' in text
    assert "# another outcome: shop2.csv" in text


REPORTS = {
    "meta-*-report.csv": ("meta-Jan-report.csv", "meta-Feb-report.csv"),
    "one.csv": ("one.csv", "meta-two.csv"),  # no pattern but that of every file
}


@pytest.mark.parametrize("overlapping", [False, True])
@pytest.mark.parametrize("named", REPORTS)
def test_files_of_spend_that_follow_each_other_are_one_export(tmp_path: Path, named: str, overlapping: bool) -> None:
    export_files.shopify_orders(tmp_path)
    path, spent = export_files.meta_ads_breakdown(tmp_path)
    whole = pd.read_csv(path, dtype=str)
    path.unlink()
    days = sorted(set(whole["Day"]))
    until, since = days[len(days) // 2], days[len(days) // 2 + (0 if overlapping else 1)]
    earlier, later = REPORTS[named]
    whole[whole["Day"] <= until].to_csv(tmp_path / earlier, index=False)
    whole[whole["Day"] >= since].to_csv(tmp_path / later, index=False)
    _, plan = import_folder(tmp_path)
    together = "*" in named and not overlapping
    assert (f'path: "{named}"' in plan.read_text(encoding="utf-8")) == (together or "*" not in named)
    if together:
        panel = read_inputs(*read_config(plan)).panel
        assert panel is not None
        assert float(panel.spend.sum()) == pytest.approx(spent, rel=0.05)  # whole weeks alone
    elif not overlapping:
        with pytest.raises(BadInput, match=r"by one pattern, such as path: meta-\*\.csv"):
            check_plan(plan)


def test_german_orders_are_known_and_written_as_they_read(tmp_path: Path) -> None:
    in_german(tmp_path)
    days = pd.date_range("2024-01-01", periods=84).repeat(3)
    columns = {"Bestelldatum": days.strftime("%d.%m.%Y"), "Bestellnummer": range(252), "Kundennummer": range(252)}
    pd.DataFrame(columns | {"Betrag": "1.234,50"}).to_csv(tmp_path / "Bestellungen.csv", sep=";", index=False)
    _, plan = import_folder(tmp_path)
    part = plan.read_text(encoding="utf-8").split("  outcome:\n")[1]
    assert all(key in part for key in ("kind: orders", 'date_format: "%d.%m.%Y"', 'decimal: ","', "first_only: true"))
    panel = read_inputs(*read_config(plan)).panel
    assert panel is not None
    assert panel.kpi.sum() == 252


def in_german(folder: Path) -> float:
    """Google's and Meta's files of German interfaces; gives what was spent in them."""
    days = pd.date_range("2024-01-01", periods=84)
    spent = np.round(np.random.default_rng(4).uniform(800, 2000, len(days)), 2)

    def german(value: float) -> str:
        return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))

    google = ["Kampagnenbericht", "1. Januar 2024 - 24. März 2024", "Tag\tKampagne\tWährungscode\tKosten"]
    google += [f"{day:%d.%m.%Y}\tMarke, exakt\tEUR\t{german(cost)}" for day, cost in zip(days, spent, strict=True)]
    google.append(f"Gesamt: Konto\t --\tEUR\t{german(spent.sum())}")
    (folder / "Kampagnenbericht.csv").write_bytes("\n".join(google).encode("utf-16"))
    meta = ["Berichtsstart;Berichtsende;Kampagnenname;Ausgegebener Betrag (EUR)"]
    meta += [
        f"{day:%Y-%m-%d};{day:%Y-%m-%d};Herbst;{cost:.2f}".replace(".", ",")
        for day, cost in zip(days, spent, strict=True)
    ]
    (folder / "Meta.csv").write_text("\n".join(meta) + "\n", encoding="utf-8-sig")
    return float(spent.sum())


def test_exports_of_german_interfaces_are_written_as_they_read(tmp_path: Path) -> None:
    whole = in_german(tmp_path)
    export_files.shopify_orders(tmp_path)
    files, plan = import_folder(tmp_path)
    spent = {each.kind: float(each.export.frame["spend"].sum()) for each in files if each.export is not None}
    assert spent == {"google_ads": pytest.approx(whole), "meta_ads": pytest.approx(whole)}
    text = plan.read_text(encoding="utf-8")
    assert text.count('decimal: ","') == 2
    assert text.count('date_format: "%d.%m.%Y"') == 1
    panel = read_inputs(*read_config(plan)).panel
    assert panel is not None
    assert float(panel.spend.sum()) == pytest.approx(2 * whole)


def test_orders_that_ask_something_stand_in_the_plan_file_with_what_they_ask(tmp_path: Path) -> None:
    export_files.google_ads(tmp_path)
    days = export_files.DAYS.repeat(3)
    orders = pd.DataFrame({"order id": range(len(days)), "customer id": range(len(days)), "date": days})
    orders["status"] = np.resize(["completed", "completed", "cancelled"], len(days))
    orders.to_csv(tmp_path / "orders.csv", index=False)
    _, plan = import_folder(tmp_path)
    text = plan.read_text(encoding="utf-8")
    assert "kind: orders" in text
    assert "counted: [completed]" in text
    with pytest.raises(BadInput, match="counted"):
        check_plan(plan)
    plan.write_text(text.replace("kind: orders\n", "kind: orders\n    counted: [completed]\n"), encoding="utf-8")
    panel = read_inputs(*read_config(plan)).panel
    assert panel is not None
    assert panel.kpi.sum() == pytest.approx(2 / 3 * 21 * panel.periods)


def test_an_exploration_is_named_as_what_it_is(tmp_path: Path) -> None:
    export_files.google_ads(tmp_path)
    export_files.shopify_orders(tmp_path)
    lines = ["# ---", "# Free form 1", "# 20240101-20240107", "# ---", "", "Date,Key events", ",70,Grand total"]
    lines += [f"202401{day:02d},10" for day in range(1, 8)]
    (tmp_path / "Free form 1.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    files, plan = import_folder(tmp_path)
    told = next(one.text for one in files if str(one.path) == "Free form 1.csv")
    assert "kind: ga4_exploration" in told
    assert told.endswith("its columns: Date, Key events")
    assert "Free form 1.csv: an exploration" in plan.read_text(encoding="utf-8")
    (tmp_path / "notes.csv").write_text("# only\n# words\n", encoding="utf-8")  # no columns below
    plan.unlink()
    assert not any(one.kind for one in import_folder(tmp_path)[0] if str(one.path) == "notes.csv")


def test_rows_passed_over_stand_apart_from_what_is_assumed(several: Path) -> None:
    inputs = read(several)
    assert "Lines marked as totals or as the end, left out: google-ads.csv 2, meta/a.csv 1, meta/b.csv 1." in (
        inputs.passed_over
    )
    assert not any("no data" in text or "as the end" in text for text in inputs.assumptions)
    assert any("names no currency" in text for text in inputs.assumptions)
    notes = [*(f"{name}/x.csv: lines: {count}." for name, count in zip("abcdef", range(1, 7), strict=True)), "z: told."]
    assert passed_over(notes) == ["Lines: a/x.csv 1, b/x.csv 2, c/x.csv 3, d/x.csv 4 and others."]
    assert assumed(["a.csv: told.", "b.csv: told.", *notes]) == ["a.csv, b.csv, z: told."]
    assert assumed(["All 1,234 EUR of the exports are in it."]) == ["All 1,234 EUR of the exports are in it."]


def test_import_asks_for_the_rates_it_cannot_know(tmp_path: Path) -> None:
    export_files.google_ads(tmp_path)
    export_files.linkedin_ads(tmp_path)
    export_files.shopify_orders(tmp_path)
    _, plan = import_folder(tmp_path)
    with pytest.raises(BadInput, match=r"plan\.yaml:\d+: data\.spend\.1\.currencies\.USD"):
        check_plan(plan)
    plan.write_text(plan.read_text(encoding="utf-8").replace('USD: "?"', "USD: 0.92"), encoding="utf-8")
    assert any("rate of 0.92" in text for text in check_plan(plan).assumptions)


def test_the_command_says_what_each_file_is(tmp_path: Path) -> None:
    export_files.google_ads(tmp_path)
    export_files.hubspot_deals(tmp_path)
    run = CliRunner()
    done = run.invoke(app, ["import", str(tmp_path)])
    assert done.exit_code == 0
    assert "google-ads.csv: google_ads, 1,092 rows, 2024-01-01 to 2025-06-29" in done.stdout
    assert "hubspot.csv: hubspot_deals" in done.stdout
    assert run.invoke(app, ["check", str(tmp_path / "plan.yaml")]).exit_code == 0
    assert isinstance(run.invoke(app, ["import", str(tmp_path)]).exception, BadInput)


@pytest.mark.parametrize("make", [export_files.google_ads, export_files.shopify_orders])
def test_import_writes_nothing_where_half_is_missing(make: Callable[[Path], Any], tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(BadInput, match="Nothing was written"):
        import_folder(tmp_path)
    assert not (tmp_path / "plan.yaml").exists()
    with pytest.raises(BadInput, match="is no folder"):
        import_folder(tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="holds no table"):
        import_folder(tmp_path / "empty")


def test_a_table_of_ones_own_shows_its_columns_below_its_title(tmp_path: Path) -> None:
    export_files.google_ads(tmp_path)
    export_files.hubspot_deals(tmp_path)
    lines = [
        ["电视 发票", None],
        [None, None],
        ["月", "净额"],
        ["2024-01-01", 100.5],
        ["2024-02-01", 90.0],
        ["合计", 190.5],
    ]
    pd.DataFrame(lines).to_excel(tmp_path / "tv.xlsx", header=False, index=False)
    files, plan = import_folder(tmp_path)
    assert "its columns: 月, 净额" in next(each.text for each in files if each.path.name == "tv.xlsx")
    assert 'date: "月", amount: "净额", channel: "?", spread: month' in plan.read_text(encoding="utf-8")
    with pytest.raises(BadInput, match="holds '电视 发票' and not the names of the columns"):
        cells_of(tmp_path / "tv.xlsx")


def test_the_plan_file_offers_every_kind_that_is_read() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "from-export-to-plan.md").read_text(
        encoding="utf-8"
    )
    for kind in (*ADVERTISING, *ORDERS, "table", "ga4_exploration"):
        assert f"`{kind}`" in page


MARKETS = """{path: meta.csv, kind: meta_ads, channel: social, geo: Country, markets: {Germany: DE, France: FR}}
{path: tv-de.csv, date: day, amount: net, channel: tv, market: DE, outside: no_spend}"""


def with_markets(folder: Path) -> dict[str, Any]:
    """Exports of two markets, which Meta calls by other names than the orders do, and what each holds."""
    days = export_files.DAYS[: 7 * 60]
    chance = np.random.default_rng(3)
    meta = pd.DataFrame({"Day": days.repeat(2), "Country": ["Germany", "France"] * len(days)})
    meta = meta.assign(**{"Campaign name": "Always", "Amount spent (EUR)": chance.integers(10, 90, 2 * len(days))})
    meta.to_csv(folder / "meta.csv", index=False)
    tv = pd.DataFrame({"day": days[30:300], "net": chance.integers(100, 300, 270)})
    tv.to_csv(folder / "tv-de.csv", index=False)
    orders = pd.DataFrame({"date": days.repeat(6), "customer_id": np.arange(6 * len(days)) // 3})
    orders["country"] = np.where(chance.random(len(orders)) < 0.6, "DE", "FR")
    orders.to_csv(folder / "orders.csv", index=False)
    prices = pd.DataFrame({"date": days.repeat(2), "place": ["DE", "FR"] * len(days), "price": range(2 * len(days))})
    prices.to_csv(folder / "prices.csv", index=False)
    first = orders.drop_duplicates("customer_id")["country"].value_counts()
    spent = meta.groupby("Country")["Amount spent (EUR)"].sum()
    return {"new": first, "social": spent.rename({"Germany": "DE", "France": "FR"}), "tv": tv["net"].sum()}


OF_COUNTRIES = "{path: orders.csv, kind: orders, geo: country, first_only: true}"
PRICES = "  controls: [{path: prices.csv, columns: [price], geo: place}]\n  upcoming: last_year\n"


def test_exports_of_several_markets_become_a_table_by_market(tmp_path: Path) -> None:
    truth = with_markets(tmp_path)
    plan = plan_of(tmp_path, MARKETS, OF_COUNTRIES, PRICES)
    inputs = read(plan)
    panel, table = inputs.panel, inputs.tables["weekly.csv"]
    assert panel is not None
    assert panel.geos == ("DE", "FR")
    assert check_plan(plan).spend is not None
    sums = table.groupby("market")[["new_customers", "social", "tv"]].sum()
    assert sums["new_customers"].to_dict() == truth["new"].to_dict()
    assert sums["social"].to_dict() == truth["social"].to_dict()
    assert sums["tv"].to_dict() == {"DE": truth["tv"], "FR": 0}
    assert table["new_customers"].sum() + table["returning_orders"].sum() == 6 * 7 * 60
    assert table.loc[table["market"] == "FR", "price"].iloc[0] == 1 + 2 * 3
    assert (inputs.tables["weekly_reconciliation.csv"]["difference"] == 0).all()
    assert set(inputs.tables["weekly_reconciliation.csv"]["market"]) == {"DE", "FR"}


def test_markets_are_those_of_one_market_put_together(tmp_path: Path) -> None:
    with_markets(tmp_path)
    several = read(plan_of(tmp_path, MARKETS, OF_COUNTRIES)).tables["weekly.csv"]
    alone = re.sub(", (geo|market)s?: (Country|DE|{[^}]*})", "", MARKETS)
    one = read(plan_of(tmp_path, alone, OF_COUNTRIES.replace(", geo: country", ""))).tables["weekly.csv"]
    columns = ["new_customers", "social", "tv", "returning_orders"]
    pd.testing.assert_frame_equal(several.groupby("week")[columns].sum().reset_index(), one[["week", *columns]])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (", market: DE", "", "tv-de.csv: names no market"),
        (", geo: country", "", "orders.csv: names no market"),
        ("Germany: DE", "Germany: AT", "spend in AT, of which orders.csv counts nobody"),
        (", France: FR", "", "is of no market in 420 rows"),
        ("geo: Country", "geo: Region", "Region"),
        ("geo: country", "geo: region", "region"),
        ("geo: place", "geo: Place", "Place"),
        (", market: DE", ", market: DE, geo: day", "either geo"),
        ("geo: Country, ", "", "markets renames"),
    ],
)
def test_markets_that_cannot_be_meant_are_named(old: str, new: str, said: str, tmp_path: Path) -> None:
    with_markets(tmp_path)
    plan = plan_of(tmp_path, MARKETS, OF_COUNTRIES, PRICES)
    text = plan.read_text(encoding="utf-8")
    assert old in text
    plan.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        read(plan)


def test_an_export_in_another_encoding_is_read_as_it_says(tmp_path: Path) -> None:
    with_markets(tmp_path)
    text = (tmp_path / "meta.csv").read_text(encoding="utf-8").replace("Germany", "Österreich")
    (tmp_path / "meta.csv").write_bytes(text.encode("cp1252"))
    spend = MARKETS.replace("Germany: DE", "Österreich: DE")
    with pytest.raises(BadInput, match=r"may be meant as .*Österreich.*say encoding: cp1252"):
        read(plan_of(tmp_path, spend, OF_COUNTRIES))
    spend = spend.replace("kind: meta_ads", "kind: meta_ads, encoding: windows-1252")
    assert read(plan_of(tmp_path, spend, OF_COUNTRIES)).panel is not None
    with pytest.raises(BadInput, match="encoding 'cp12' is not known"):
        read(plan_of(tmp_path, spend.replace("windows-1252", "cp12"), OF_COUNTRIES))


def test_a_folder_with_a_weekly_table_alone_is_told_what_takes_it(tmp_path: Path) -> None:
    (tmp_path / "weekly.csv").write_text("week,new_customers,tv\n2024-01-01,3,10\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"A table with a row per week needs no import: `cac init DIR`"):
        import_folder(tmp_path)
    assert not (tmp_path / "plan.yaml").exists()
