"""Exports with what people leave in them: moments for days, sums among campaigns, nobody's orders, German headers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import attribution
from attribution import BadInput
from attribution.reading.exports.export import in_currency
from attribution.reading.exports.order_tables import OrderReading
from mmm import new_customers_by_day

DAYS = pd.date_range("2024-01-01", periods=200).strftime("%Y-%m-%d")
GOOGLE = pd.DataFrame({"Day": DAYS, "Campaign": "Brand", "Currency code": "EUR", "Cost": 10.5, "Impr.": 9})
ORDERS = pd.DataFrame({"date": DAYS, "order_id": [f"o{n}" for n in range(200)], "customer_id": "c"})
ORDERS = ORDERS.assign(customer_id=[f"c{n % 120}" for n in range(200)])


def moments(zone: str) -> pd.Series:
    return pd.Series(pd.to_datetime(DAYS).tz_localize(zone))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/New_York"])
@pytest.mark.parametrize("form", ["frame", "parquet"])
def test_moments_are_no_days_until_a_zone_is_stated(zone: str, form: str, tmp_path: Path) -> None:
    def placed(frame: pd.DataFrame) -> object:
        frame.to_parquet(tmp_path / "t.parquet")
        return frame if form == "frame" else tmp_path / "t.parquet"

    with pytest.raises(BadInput, match=r"'Day', row \d+ and 199 more: is a moment with a time zone"):
        attribution.read_export(placed(GOOGLE.assign(Day=moments(zone))), "google_ads")
    bought = placed(ORDERS.assign(date=moments(zone)))
    with pytest.raises(BadInput, match=r"is a moment with a time zone.*state days_in"):
        attribution.read_orders(bought, "orders")
    read = attribution.read_orders(bought, "orders", OrderReading(days_in=zone))
    assert read.frame["date"].dt.strftime("%Y-%m-%d").tolist() == DAYS.tolist()


@pytest.mark.parametrize("name", ["Total", "Gesamtsumme", "TOTAL "])
def test_the_sum_of_the_campaigns_is_no_campaign(name: str) -> None:
    both = pd.concat([GOOGLE, GOOGLE.assign(Campaign="Other")])
    summed = GOOGLE.assign(Campaign=name, Cost=21.0)
    with pytest.raises(BadInput, match=f"'Campaign', row 402: holds '{name.strip()}' with as much spend"):
        attribution.read_export(pd.concat([both, summed]), "google_ads")
    small = pd.concat([both, summed.assign(Cost=1.0)])
    assert attribution.read_export(small, "google_ads").frame["spend"].sum() == pytest.approx(200 * 22)


def test_an_empty_day_is_called_empty() -> None:
    with pytest.raises(BadInput, match=r"'Day', row 202: is empty.*where they are totals"):
        attribution.read_export(pd.concat([GOOGLE, GOOGLE.head(1).assign(Day=None)]), "google_ads")


def test_rows_without_a_currency_beside_others_are_refused() -> None:
    some = attribution.read_export(GOOGLE.assign(**{"Currency code": ["USD"] * 199 + [None]}), "google_ads")
    with pytest.raises(BadInput, match="row 201: names no currency in 1 row, and USD in others"):
        in_currency(some, "EUR", {"USD": 0.9})


@pytest.mark.parametrize(
    ("cells", "apart"),
    [
        (lambda n: f"c{n}" if n < 120 else f"C{n - 120}", 80),
        (lambda n: f"{n}" if n < 120 else f"{n - 120}.0", 80),
        (lambda n: f"k{n}" if n < 120 else f"k{n - 120}\u200b", 80),
        (lambda n: f"c{n % 120}", 0),
    ],
)
def test_people_written_in_two_ways_are_told(cells: object, apart: int) -> None:
    people = [cells(n) for n in range(200)]  # type: ignore[operator]
    outcome = new_customers_by_day([attribution.read_orders(ORDERS.assign(customer_id=people), "orders")])
    finding = next(one for one in outcome.findings if one.name == "alike_people")
    assert finding.passed is (apart == 0)
    assert f"{apart} of 200 people" in finding.text or not apart
    assert outcome.daily["kpi"].sum() / 1e6 == len(set(people))


@pytest.mark.parametrize("word", ["null", "None", "NaN", "(not set)", "Total"])
def test_orders_of_a_word_for_nobody_are_nobody_s(word: str) -> None:
    frame = ORDERS.assign(customer_id=[word if n < 5 else f"c{n}" for n in range(200)])
    read = attribution.read_orders(frame, "orders")
    assert (read.frame["person"] == "").sum() == 5
    with pytest.raises(BadInput, match="is empty in 5 orders"):
        new_customers_by_day([read])


@pytest.mark.parametrize("word", ["null", "N/A", ""])
def test_orders_without_an_id_stay_apart(word: str) -> None:
    read = attribution.read_orders(ORDERS.assign(order_id=[word] * 9 + [f"o{n}" for n in range(191)]), "orders")
    assert len(read.frame) == 200


def german_google(folder: Path) -> Path:
    rows = [f'{day},Dach,EUR,"1.{n + 100},50","12.345",120' for n, day in enumerate(DAYS)]
    total = f'Gesamt: Konto,--,EUR,"{1100.5 * 200 + sum(range(200)):.2f}","0",0'.replace(".", ",")
    head = ["Kampagnenbericht", '"1. Januar 2024 - 18. Juli 2024"', "Tag,Kampagne,Währungscode,Kosten,Impr.,Klicks"]
    (folder / "g.csv").write_text("\n".join([*head, *rows, total]), encoding="utf-8")
    return folder / "g.csv"


def german_meta(folder: Path) -> Path:
    rows = [f"{day};Dach;{n + 1100},50;12345;7" for n, day in enumerate(DAYS)]
    head = "Tag;Kampagnenname;Ausgegebener Betrag (EUR);Impressionen;Link-Klicks"
    (folder / "m.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    return folder / "m.csv"


@pytest.mark.parametrize(("kind", "write"), [("google_ads", german_google), ("meta_ads", german_meta)])
def test_german_headers_are_known_and_their_numbers_stated(kind: str, write: object, tmp_path: Path) -> None:
    path = write(tmp_path)  # type: ignore[operator]
    assert attribution.recognise(path) == kind
    with pytest.raises(BadInput, match=r"is not a number.*say decimal: ','"):
        attribution.read_export(path)
    export = attribution.read_export(path, decimal=",")
    assert export.frame["spend"].sum() == pytest.approx(1100.5 * 200 + sum(range(200)))
    assert set(export.frame["campaign"]) == {"Dach"}
    assert export.currencies == ("EUR",)
    assert np.allclose(export.frame["impressions"], 12_345)
    assert not export.doubts


def test_headers_in_a_language_that_is_not_read_say_how_to_switch(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("Dag;Campagne;Uitgegeven bedrag (EUR)\n2024-01-01;x;1\n", encoding="utf-8")
    for kind in ("meta_ads", "microsoft_ads"):
        with pytest.raises(BadInput, match="switch the platform's display language to English"):
            attribution.read_export(tmp_path / "m.csv", kind)
