"""Exports as platforms write them: what is read is what they hold, and what cannot be read for certain is refused."""

from __future__ import annotations

import gzip
import itertools
from decimal import Decimal
from pathlib import Path

import export_files
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attribution
from attribution.errors import BadInput, UnknownName
from attribution.reading.exports.amounts import MICROS, Marks, amounts_of
from attribution.reading.exports.days import days_of
from attribution.reading.exports.export import in_currency
from attribution.reading.exports.registry import ADVERTISING

KIND = {name: name.removesuffix("_api").removesuffix("_breakdown") for name in export_files.SPEND}


def files_of(path: Path) -> list[Path]:
    return sorted(path.parent.glob(path.name))


@pytest.mark.parametrize("name", export_files.SPEND)
def test_each_platform_s_spend_is_what_it_holds(name: str, tmp_path: Path) -> None:
    path, spent = export_files.SPEND[name](tmp_path)
    exports = [attribution.read_export(file) for file in files_of(path)]
    assert {export.kind for export in exports} == {KIND[name]}
    assert sum(export.frame["spend"].sum() for export in exports) == pytest.approx(spent, abs=1e-6)
    days = pd.concat([export.frame["date"] for export in exports])
    assert (days.min(), days.max()) == (export_files.DAYS[0], export_files.DAYS[-1])
    assert all((export.frame["until"] == export.frame["date"]).all() for export in exports)
    assert not [doubt for export in exports for doubt in export.doubts]
    assert all(export.frame["impressions"].gt(0).all() for export in exports)


@pytest.mark.parametrize("name", export_files.SPEND)
def test_a_file_of_one_platform_is_none_of_another(name: str, tmp_path: Path) -> None:
    path, _ = export_files.SPEND[name](tmp_path)
    for file in files_of(path):
        assert attribution.recognise(file) == KIND[name]


@pytest.mark.parametrize("kind", ADVERTISING)
def test_another_table_is_refused_with_the_columns_that_identify_the_kind(kind: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("fruit,weight\napple,3\n", encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        attribution.read_export(tmp_path / "a.csv", kind)
    assert ADVERTISING[kind].title in str(refused.value)
    assert ADVERTISING[kind].columns["spend"][0] in str(refused.value)
    assert "fruit, weight" in str(refused.value)
    with pytest.raises(BadInput, match="no known kind"):
        attribution.read_export(tmp_path / "a.csv")
    with pytest.raises(UnknownName, match="Did you mean 'google_ads'"):
        attribution.read_export(tmp_path / "a.csv", "gogle_ads")


def test_the_same_rows_in_another_form_are_the_same(tmp_path: Path) -> None:
    path, _ = export_files.dbt_ad_reporting(tmp_path)
    wanted = attribution.read_export(path)
    frame = pd.read_csv(path)
    frame.to_parquet(tmp_path / "a.parquet")
    frame.assign(date_day=pd.to_datetime(frame["date_day"])).to_excel(tmp_path / "a.xlsx", index=False)
    frame.to_csv(tmp_path / "a.tsv", sep="\t", index=False)
    with gzip.open(tmp_path / "b.csv.gz", "wt", encoding="utf-8") as packed:
        packed.write(frame.to_csv(index=False, sep=";"))
    sources = [*(tmp_path / name for name in ("a.parquet", "a.xlsx", "a.tsv", "b.csv.gz")), frame]
    for source in sources:
        export = attribution.read_export(source, "dbt_ad_reporting")
        pd.testing.assert_frame_equal(export.frame, wanted.frame)
        assert export.cells["account id"].unique().tolist() == ["1"]


META = "Reporting starts,Reporting ends,Campaign name,Amount spent (EUR)\n"


def test_a_row_of_a_range_is_kept_as_one(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(META + "2024-01-01,2024-01-31,A,310\n", encoding="utf-8")
    (row,) = attribution.read_export(tmp_path / "m.csv").frame.itertuples()
    assert (row.until - row.date).days == 30


def test_a_total_that_its_rows_do_not_reach_is_told(tmp_path: Path) -> None:
    text = META + "2024-01-01,2024-01-02,,500\n2024-01-01,2024-01-01,A,100\n2024-01-02,2024-01-02,A,200\n"
    (tmp_path / "m.csv").write_text(text, encoding="utf-8")
    export = attribution.read_export(tmp_path / "m.csv")
    assert "500" in export.doubts[0]
    assert "300" in export.doubts[0]


@pytest.mark.parametrize("campaign", ["Total Wine", "total", "Grand total sale", "Totals"])
def test_a_campaign_called_total_is_no_total(campaign: str, tmp_path: Path) -> None:
    head = "Gregorian date,Campaign name,Impressions,Clicks,Spend,Currency code\n"
    rows = f"1/30/2024,{campaign},5,1,10.00,EUR\n1/31/2024,{campaign},5,1,20.00,EUR\nTotal,,10,2,30.00,\n"
    (tmp_path / "m.csv").write_text(head + rows, encoding="utf-8")
    export = attribution.read_export(tmp_path / "m.csv")
    assert export.frame["spend"].tolist() == [10, 20]
    assert export.frame["campaign"].tolist() == [campaign] * 2


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("3/4/2024,A,5,1,10.00,EUR\n5/6/2024,A,5,1,10.00,EUR\n", "read in two ways"),
        ("31/1/2024,A,5,1,10.00,EUR\n", 'date_format: "%d/%m/%Y"'),
        ("1/31/2024,A,5,1,10.00\n", "another width"),
        ("1/31/2024,A,5,1,ten,EUR\n", "is not a number: 'ten'"),
        ('1/31/2024,A,5,1,"10,50",EUR\n', "decimal: ','"),
        ("1/31/2024,A,5,1,1e3,EUR\n", "is not a number"),
        ("1/31/2024,A,5,1,12%,EUR\n", "is not a number"),
        ("1/31/2024,A,5,1,70.906,EUR\n1/30/2024,A,5,1,12.345,EUR\n", "two ways: every fraction has three digits"),
        ("1/31/1024,A,5,1,1,EUR\n", "is not a date"),
        ("1/31/2024,A,5,1,99999999999,EUR\n", "is not a number"),
        (f"1/31/2024,{'A' * 200_000},5,1,1,EUR\n", "field larger than"),
        ('1/31/2024,"A,5,1,1,EUR\n', "a quotation mark is missing"),
        ("", "has no rows of data"),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused(rows: str, said: str, tmp_path: Path) -> None:
    head = "Gregorian date,Campaign name,Impressions,Clicks,Spend,Currency code\n"
    (tmp_path / "m.csv").write_text(head + rows, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        attribution.read_export(tmp_path / "m.csv", "microsoft_ads")
    assert said in str(refused.value)
    assert "m.csv" in str(refused.value)
    assert len(str(refused.value)) < 1_000


def test_signs_and_forms_can_be_stated(tmp_path: Path) -> None:
    text = "Day;Campaign;Currency code;Cost;Impr.\n31.01.2024;A;EUR;1.234,50 €;1.000\n"
    (tmp_path / "g.csv").write_text(text, encoding="utf-8")
    export = attribution.read_export(tmp_path / "g.csv", date_format="%d.%m.%Y", decimal=",")
    assert export.frame.loc[0, ["spend", "impressions"]].tolist() == [1234.5, 1000]


def test_all_problems_of_a_file_come_at_once(tmp_path: Path) -> None:
    text = "Day,Campaign,Currency code,Cost,Impr.\n2024-01-31,A,EUR,x,1\n2024-02-01,A,EUR,1,y\n"
    (tmp_path / "g.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        attribution.read_export(tmp_path / "g.csv")
    assert len(refused.value.problems) == 2


@given(
    st.lists(st.decimals(min_value=-(10**8), max_value=10**8, places=2), min_size=1, max_size=30), st.sampled_from(".,")
)
def test_numbers_are_read_as_they_were_written(numbers: list[Decimal], decimal: str) -> None:
    group = "," if decimal == "." else "."
    texts = [f"{number:,.2f}".translate(str.maketrans({",": group, ".": decimal})) for number in numbers]
    for prefix, suffix in (("", ""), ("€", ""), ("", " €"), ("EUR ", "")):
        written = [f"{prefix}{text}{suffix}" for text in texts if not (prefix and text.startswith("-"))]
        read, _ = amounts_of(written, range(len(written)), Marks(decimal), ("a", "b"))
        kept = [n for n, text in zip(numbers, texts, strict=True) if not (prefix and text.startswith("-"))]
        assert read.tolist() == [int(number * MICROS) for number in kept]


@given(st.lists(st.dates(min_value=pd.Timestamp("1995-01-01").date(), max_value=pd.Timestamp("2090-01-01").date())))
def test_dates_are_read_as_they_were_written(dates: list[object]) -> None:
    for form, options in (("%Y-%m-%d", {}), ("%Y%m%d", {}), ("%d.%m.%Y", {"date_format": "%d.%m.%Y"})):
        texts = [pd.Timestamp(str(day)).strftime(form) for day in dates]
        read = days_of(texts, range(len(texts)), ("a", "b"), **options)  # type: ignore[arg-type]
        assert [str(day) for day in read] == [str(day) for day in dates]


def test_two_currencies_need_a_rate(tmp_path: Path) -> None:
    text = "Day,Campaign,Currency code,Cost,Impr.\n2024-01-31,A,EUR,100,1\n2024-01-31,B,USD,100,1\n"
    (tmp_path / "g.csv").write_text(text, encoding="utf-8")
    export = attribution.read_export(tmp_path / "g.csv")
    assert export.currencies == ("EUR", "USD")
    with pytest.raises(BadInput, match=r"EUR and USD.*currencies: \{USD: 0.92\}"):
        in_currency(export, "EUR", {})
    with pytest.raises(BadInput, match=r"EUR: 0\.92"):
        in_currency(export, "USD", {"CHF": 1.0})
    assert in_currency(export, "EUR", {"USD": 0.92}).frame["spend"].tolist() == [100, 92]


@pytest.mark.parametrize("kind", export_files.ORDERS)
def test_orders_are_counted_once_each(kind: str, tmp_path: Path) -> None:
    path, truth = export_files.ORDERS[kind](tmp_path)
    assert attribution.recognise(path) == kind
    orders = attribution.read_orders(path, kind)
    assert len(orders.frame) == truth["orders"]
    assert orders.frame["person"].nunique() == truth["new"]
    assert orders.span == (export_files.DAYS[0], export_files.DAYS[-1])
    assert orders.frame["order"].is_unique


def test_events_are_the_same_flat_nested_or_as_json(tmp_path: Path) -> None:
    path, _ = export_files.ga4_events(tmp_path)
    wanted = attribution.read_orders(path, "ga4_events").frame
    nested = pd.read_parquet(path)
    flat = nested.drop(columns=["ecommerce", "event_params"])
    for name in ("transaction_id", "purchase_revenue"):
        flat[f"ecommerce_{name}"] = [each[name] for each in nested["ecommerce"]]
    flat.to_csv(tmp_path / "flat.csv", index=False)
    of_parameters = nested.drop(columns="ecommerce").assign(
        transaction_id=flat["ecommerce_transaction_id"],
        event_params=[
            pd.Series([{"key": p["key"], "value": dict(p["value"])} for p in each]).to_json(orient="values")
            for each in nested["event_params"]
        ],
    )
    of_parameters.to_csv(tmp_path / "json.csv", index=False)
    for name in ("flat.csv", "json.csv"):
        read = attribution.read_orders(tmp_path / name, "ga4_events").frame
        pd.testing.assert_frame_equal(read, wanted, check_dtype=False)


def test_days_of_another_zone_are_those_of_its_midnight(tmp_path: Path) -> None:
    text = "id,date,who\n1,2024-03-01T23:30:00Z,a\n2,2024-03-02T01:30:00+03:00,b\n3,2024-03-02 00:30:00 +0100,c\n"
    (tmp_path / "o.csv").write_text(text, encoding="utf-8")
    columns = {"date": "date", "order": "id", "person": "who"}

    def days(zone: str | None) -> dict[str, str]:
        reading = attribution.OrderReading(columns, days_in=zone)
        frame = attribution.read_orders(tmp_path / "o.csv", "orders", reading).frame
        return {row.order: f"{row.date:%m-%d}" for row in frame.itertuples()}

    assert days(None) == {"1": "03-01", "2": "03-02", "3": "03-02"}
    assert days("UTC") == {"1": "03-01", "2": "03-01", "3": "03-01"}
    assert days("Europe/Berlin") == {"1": "03-02", "2": "03-01", "3": "03-02"}
    with pytest.raises(BadInput, match="is not known"):
        days("Berlin")
    (tmp_path / "o.csv").write_text("id,date,who\n1,2024-03-01T23:30:00,a\n", encoding="utf-8")
    with pytest.raises(BadInput, match="is not a date"):
        days("UTC")


HEAD = "order_id,date,customer_id,value\n"


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ("1,2024-01-01,a,10\n1,2024-01-01,a,5\n1,2024-01-02,a,-15\n", []),
        ("1,2024-01-01,a,10\n1,2024-01-01,a,5\n1,2024-01-09,a,-5\n", ["1"]),
        ("1,2024-01-01,a,10\n9,2024-01-02,b,-10\n", ["1"]),
        ("1,2024-01-01,a,0\n2,2024-01-02,b,10\n", ["1", "2"]),
        ("1,2024-01-02,a,-10\n1,2024-01-01,a,10\n2,2024-01-02,b,10\n", ["2"]),
    ],
)
def test_refunds_are_taken_off_their_order(rows: str, kept: list[str], tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text(HEAD + rows + "77,2024-01-03,z,1\n", encoding="utf-8")
    frame = attribution.read_orders(tmp_path / "o.csv", "orders").frame
    assert frame["order"].tolist() == [*kept, "77"]


def test_the_order_of_rows_is_no_matter(tmp_path: Path) -> None:
    rows = ["1,2024-01-01,a,10", "1,2024-01-02,a,5", "1,2024-01-03,a,-3", "2,2024-01-02,b,8"]
    read = []
    for shuffled in itertools.permutations(rows):
        (tmp_path / "o.csv").write_text(HEAD + "\n".join(shuffled) + "\n", encoding="utf-8")
        frame = attribution.read_orders(tmp_path / "o.csv", "orders").frame
        read.append(frame.sort_values("order").to_csv(index=False))
    assert len(set(read)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,value\n2024-01-01,10\n2024-01-02,-10\n", "without an order"),
        (HEAD + "1,2024-01-01,a,10\n1,2024-01-01,b,10\n", "1 order of several people"),
        (HEAD + "1,2024-01-01,a,10\n1,2024-01-01,a,-10\n", "no order that counts"),
        (HEAD + "1,yesterday,a,10\n", "is not a date"),
        ("when,who\n2024-01-01,a\n", "no column of 'date'"),
    ],
)
def test_orders_that_cannot_be_counted_are_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        attribution.read_orders(tmp_path / "o.csv", "orders")


def test_addresses_of_mail_are_one_person_whatever_their_case_and_ids_are_not(tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text(
        HEAD + "1,2024-01-01,A@x.de,1\n2,2024-01-01,a@X.de,1\n3,2024-01-01,Ab,1\n4,2024-01-01,aB,1\n"
    )
    people = attribution.read_orders(tmp_path / "o.csv", "orders").frame["person"]
    assert people.nunique() == 3


@pytest.mark.parametrize("number", [7, 1_000_001, 2**40])
def test_numeric_ids_are_those_of_the_source_in_every_form(number: int) -> None:
    frame = pd.DataFrame({"date": ["2024-01-01"], "order_id": [float(number)], "customer_id": np.array([number])})
    orders = attribution.read_orders(frame, "orders").frame
    assert orders.loc[0, ["order", "person"]].tolist() == [str(number)] * 2
