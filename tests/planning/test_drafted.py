"""`cac init` on a folder of somebody's own tables: a plan file that a run takes, of columns that names tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from attribution.errors import BadInput
from optimizer.planning.check import check_plan
from optimizer.planning.drafted import write_draft
from optimizer.planning.file.keys.exports import ControlExport, SpendExport
from optimizer.planning.importer import import_folder
from optimizer.planning.language.spoken import speak

WEEKS = pd.date_range("2023-01-02", periods=110, freq="7D")


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    speak("en")


def amounts(seed: int, mean: float = 4_000.0) -> np.ndarray:
    return np.random.default_rng(seed).gamma(9.0, mean / 9.0, len(WEEKS)).round(2)


def german(values: np.ndarray) -> list[str]:
    return [f"{value:,.2f}".translate(str.maketrans(",.", ".,")) for value in values]


def named(folder: Path) -> None:
    events = np.resize(["na", "fair", "na", "na"], len(WEEKS))
    own = {"tv_S": amounts(1), "tv_I": amounts(2, 9e5), "competitor_sales_B": amounts(3), "events": events}
    pd.DataFrame({"DATE": WEEKS, "revenue": amounts(4, 9e4), **own}).to_csv(folder / "sales.csv", index=False)


def by_market(folder: Path) -> None:
    own = {
        "conversions": amounts(1, 900),
        "A_impression": amounts(2, 1e5),
        "A_spend": amounts(3),
        "B_spend": amounts(4),
    }
    parts = [pd.DataFrame({"geo": geo, "time": WEEKS, **own, "population": 1e6}) for geo in ("north", "south")]
    pd.concat(parts).to_csv(folder / "geo.csv", index=False)


def of_germany(folder: Path) -> None:
    days = [f"{day:%d.%m.%Y}" for day in WEEKS]
    own = {"Kosten_TV": german(amounts(1)), "Kosten_Suche": german(amounts(2))}
    frame = pd.DataFrame({"Woche": days, "Neukunden": np.random.default_rng(0).poisson(300, len(WEEKS)), **own})
    frame.to_csv(folder / "woche.csv", index=False, sep=";")


def american(folder: Path) -> None:
    own = {"search": amounts(1), "tv": amounts(2), "price_index": amounts(3, 100)}
    frame = pd.DataFrame({"week": WEEKS.strftime("%m/%d/%Y"), "new_customers": amounts(4, 300), **own})
    frame.to_csv(folder / "weekly.csv", index=False)


@pytest.mark.parametrize(
    ("write", "weekly"),
    [
        (named, {"date": "DATE", "kpi": "revenue", "spend": {"tv": "tv_S"}, "controls": []}),
        (by_market, {"geo": "geo", "population": "population", "spend": {"A": "A_spend", "B": "B_spend"}}),
        (of_germany, {"kpi": "Neukunden", "decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y"}),
        (american, {"date_format": "%m/%d/%Y", "spend": {"search": "search", "tv": "tv"}}),
    ],
)
def test_a_table_by_week_becomes_a_plan_file_that_is_fine(
    tmp_path: Path, write: Callable[[Path], None], weekly: dict[str, object]
) -> None:
    write(tmp_path)
    (tmp_path / "prices.csv").write_text("day,price\n2023-01-02,9.5\n2023-02-02,9.7\n", encoding="utf-8")
    plan, told = write_draft(tmp_path) or pytest.fail("nothing was written")
    text = plan.read_text(encoding="utf-8")
    read = yaml.safe_load(text)["data"]["weekly"]
    assert {key: read.get(key) for key in weekly} == weekly
    assert all(channel in told for channel in read["spend"])
    assert len(check_plan(plan).months) > 0
    for line in text.splitlines():  # what stands in comments may be taken in
        if line.startswith(("    # controls:", "    # driven_by:")):
            text = text.replace("    controls: []", "    # ") if "controls:" in line else text
            text = text.replace(line, line.replace("# ", "", 1))
    plan.write_text(text.replace("# upcoming:", "upcoming:"), encoding="utf-8")
    check_plan(plan)


@pytest.mark.parametrize(
    ("encoding", "columns"),
    [
        ("cp1252", ["Neukunden", "Außenwerbung Kosten", "Suche Kosten"]),
        ("gb18030", ["新客户数", "电视花费", "搜索花费"]),
    ],
)
def test_a_table_as_a_spreadsheet_saves_it_is_read_in_its_encoding(
    tmp_path: Path, encoding: str, columns: list[str]
) -> None:
    rng = np.random.default_rng(1)
    cells = {name: rng.integers(100, 900, len(WEEKS)) for name in columns}
    table = pd.DataFrame({"week": WEEKS.strftime("%Y-%m-%d"), **cells})
    (tmp_path / "t.csv").write_bytes(table.to_csv(index=False, sep=";").encode(encoding))
    plan, _ = write_draft(tmp_path) or pytest.fail("nothing was written")
    weekly = yaml.safe_load(plan.read_text(encoding="utf-8"))["data"]["weekly"]
    assert (weekly["encoding"], weekly["kpi"], list(weekly["spend"].values())) == (encoding, columns[0], columns[1:])
    check_plan(plan)
    (tmp_path / "t.csv").write_bytes(table.to_csv(index=False).encode())
    plan.unlink()
    write_draft(tmp_path)
    assert "encoding" not in plan.read_text(encoding="utf-8")


def test_an_export_is_imported_in_its_encoding(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=280)
    lines = [
        "Tag;Kampagne;Währungscode;Kosten;Impressionen",
        *(f"{day:%d.%m.%Y};Schuhe für;EUR;5,20;9" for day in days),
    ]
    (tmp_path / "ads.csv").write_bytes("\n".join(lines).encode("cp1252"))
    some = days.repeat(np.random.default_rng(1).integers(1, 5, 280))
    orders = {"date": some.strftime("%Y-%m-%d"), "order_id": range(len(some)), "customer_id": range(len(some))}
    pd.DataFrame(orders).to_csv(tmp_path / "orders.csv", index=False)
    _, plan = import_folder(tmp_path)
    data = yaml.safe_load(plan.read_text(encoding="utf-8"))["data"]
    assert data["spend"][0]["encoding"] == "cp1252"
    assert "encoding" not in data["outcome"]
    check_plan(plan)


def test_a_folder_without_such_a_table_is_told_and_nothing_written(tmp_path: Path) -> None:
    assert write_draft(tmp_path) is None
    american(tmp_path)
    frame = pd.read_csv(tmp_path / "weekly.csv")
    frame.rename(columns={"new_customers": "a", "search": "b", "tv": "c"}).to_csv(tmp_path / "weekly.csv", index=False)
    with pytest.raises(BadInput, match=r"weekly\.csv.*such as new_customers and tv_spend.*cac import"):
        write_draft(tmp_path)
    assert not (tmp_path / "plan.yaml").exists()
    renamed = frame.rename(columns={"search": "Budget Suche", "tv": "Budget TV"})
    renamed.to_csv(tmp_path / "weekly.csv", index=False)
    with pytest.raises(BadInput, match=r"'new_customers' is the outcome, none is spend.*'Budget Suche', 'Budget TV'"):
        write_draft(tmp_path)


def test_what_import_leaves_out_stands_ready_as_spend_and_as_controls_in_the_language(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=60).strftime("%Y-%m-%d")
    ads = {"Day": days, "Campaign": "A", "Currency code": "EUR", "Cost": 5.0, "Impr.": 9}
    pd.DataFrame(ads).to_csv(tmp_path / "ads.csv", index=False)
    orders = {"date": days, "order_id": range(60), "customer_id": range(60)}
    pd.DataFrame(orders).to_csv(tmp_path / "orders.csv", index=False)
    invoices = {"month": ["2024-01", "2024-02"], "net": [10_000.0, 9_000.0]}
    pd.DataFrame(invoices).to_csv(tmp_path / "tv.csv", index=False)
    speak("de")
    text = import_folder(tmp_path)[1].read_text(encoding="utf-8")
    assert "\nlanguage: de\n" in text
    spend, controls = (
        yaml.safe_load(line.strip(" #")[2:]) for line in text.splitlines() if line.startswith("  #   - ")
    )
    assert SpendExport.model_validate(spend | {"channel": "tv"}).spread == "month"
    assert ControlExport.model_validate(controls).columns == {"net": "mean"}


def drafted(folder: Path, cells: dict[str, object]) -> dict[str, object]:
    """The plan file of a table by week with a column of each kind of cells."""
    (folder / "plan.yaml").unlink(missing_ok=True)
    pd.DataFrame({"week": WEEKS.strftime("%Y-%m-%d"), **cells}).to_csv(folder / "t.csv", index=False, sep=";")
    write_draft(folder)
    return dict(yaml.safe_load((folder / "plan.yaml").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("outcome", "spend", "others"),
    [
        ("new_customers", {"tv": "tv_spend"}, ["returning_customers", "total_customers", "new_customers_target"]),
        ("orders", {"tv": "tv_spend"}, ["lost_customers", "forecast_orders", "orders_last_year", "tv_conversions"]),
        ("orders", {"tv": "tv_spend", "radio": "radio_spend"}, ["total_spend", "marketing_cost", "spend"]),
        (
            "orders",
            {"tv": "tv_spend"},
            ["competitor_spend", "tv_spend_budget", "planned_radio_spend", "total_tv_spend"],
        ),
        ("orders", {"tv": "tv_cost"}, ["cost_per_click", "shipping_cost", "cac", "roas", "tv spend %", "cum_tv_spend"]),
        ("orders", {"tv": "tv", "google": "google"}, ["google_trends", "organic_search", "facebook_followers"]),
        ("Neukunden", {"TV": "TV_Kosten", "Suchekosten": "Suchekosten"}, ["Gesamtkosten", "Versandkosten", "Umsatz"]),
        ("新客户", {"电视": "电视花费", "搜索": "搜索花费"}, ["总花费", "竞品花费", "目标新客户"]),
        ("newCustomers", {"tv": "tvSpend", "search": "SearchCost"}, ["AvgOrderValue"]),
        ("orders", {"tv_spend": "tv_spend", "tv_cost": "tv_cost"}, ["spend_share_tv"]),
    ],
)
def test_plans_sums_rivals_and_rates_are_neither_outcome_nor_spend(
    tmp_path: Path, outcome: str, spend: dict[str, str], others: list[str]
) -> None:
    columns = [*others, outcome, *spend.values()]
    read = drafted(tmp_path, {name: amounts(place).round() for place, name in enumerate(columns)})
    weekly = read["data"]["weekly"]  # type: ignore[index]
    assert (weekly["kpi"], {k.lower(): v for k, v in weekly["spend"].items()}) == (
        outcome,
        {k.lower(): v for k, v in spend.items()},
    )
    listed = (tmp_path / "plan.yaml").read_text(encoding="utf-8")
    assert all(name in listed for name in others)  # told, not hidden
    check_plan(tmp_path / "plan.yaml")


def test_currencies_and_units_are_those_that_names_of_columns_tell(tmp_path: Path) -> None:
    one = drafted(
        tmp_path, {"new_customers": amounts(1).round(), "tv_spend_usd_k": amounts(2, 4), "b_cost_$_k": amounts(3, 4)}
    )
    assert (one["currency"], one["data"]["weekly"]["unit"]) == ("USD", "thousand")  # type: ignore[index]
    assert check_plan(tmp_path / "plan.yaml")
    earned = drafted(tmp_path, {"revenue_usd_k": amounts(1), "tv_spend": amounts(2)})
    assert (earned["currency"], earned["plan"]["value_per_customer"]) == ("USD", 1_000)  # type: ignore[index]
    for cells in (
        {"tv_spend_usd": amounts(2), "b_spend_eur": amounts(3)},
        {"tv_spend_k": amounts(2, 4), "b_spend": amounts(3)},
    ):
        drafted(tmp_path, {"orders": amounts(1).round(), **cells})
        with pytest.raises(BadInput, match=r"\?"):
            check_plan(tmp_path / "plan.yaml")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([f"{value:,.0f}" for value in amounts(2)], "say decimal: ',' or thousands: ',', whichever is meant"),
        ([f"${value:,.2f}" for value in amounts(2)], "remove currency signs"),
        (["-", *map(str, amounts(2)[1:])], "is not a number: '-'"),
    ],
)
def test_cells_of_spend_that_may_be_read_in_two_ways_or_none_are_asked_about(
    tmp_path: Path, cells: list[str], said: str
) -> None:
    drafted(tmp_path, {"orders": amounts(1).astype(int), "tv_spend": cells, "radio_spend": amounts(3).astype(int)})
    with pytest.raises(BadInput, match=said):
        check_plan(tmp_path / "plan.yaml")


def test_rows_by_channel_are_no_markets_and_rows_of_totals_and_gaps_are_told_by_the_check(tmp_path: Path) -> None:
    days = WEEKS.strftime("%Y-%m-%d")
    for column, names in {"channel": ("a", "b"), "type": ("Google Ads", "Facebook")}.items():
        parts = [pd.DataFrame({"week": days, column: one, "orders": 5, "spend": amounts(1)}) for one in names]
        pd.concat(parts).to_csv(tmp_path / "t.csv", index=False)
        with pytest.raises(BadInput, match=rf"rows by channel in t.csv \(column '{column}'\)"):
            write_draft(tmp_path)
    frame = pd.DataFrame({"week": days, "orders": amounts(1).round(), "tv_spend": amounts(2)})
    total = frame.sum(numeric_only=True).to_frame().T.assign(week="Total")
    for table, said in ((pd.concat([frame, total]), "rows of totals"), (frame.drop(50), "1 week is missing")):
        table.to_csv(tmp_path / "t.csv", index=False)
        write_draft(tmp_path)
        with pytest.raises(BadInput, match=said):
            check_plan(tmp_path / "plan.yaml")
        (tmp_path / "plan.yaml").unlink()


@pytest.mark.parametrize("pattern", ["%Y%m%d", "%G-W%V", "KW %V/%G", "%d %b %Y", "%m/%d/%y", "%Y-%m-%dT%H:%M:%S"])
def test_weeks_are_read_as_exports_write_them(tmp_path: Path, pattern: str) -> None:
    drafted(tmp_path, {"week": WEEKS.strftime(pattern), "orders": amounts(1).round(), "tv_spend": amounts(2)})
    assert check_plan(tmp_path / "plan.yaml")
