"""Orders of customers: any form and writing gives the same cohorts, faults have rows, and findings see what misleads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attribution import BadInput, Format, IdentityMap
from attribution.economics import cohorts_of_orders, order_findings, read_customer_orders


def orders(customers: int = 200, months: int = 14, again: float = 0.6, seed: int = 1) -> pd.DataFrame:
    """Customers of two channels who order every month until they leave."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        start, stays = int(rng.integers(0, months)), int(rng.geometric(1 - again))
        for month in range(start, min(start + stays, months)):
            day = pd.Period("2025-01", "M") + month
            rows.append((f"c{number}", f"{day}-{rng.integers(1, 29):02}", ("tv", "organic")[number % 2], 2.5 * number))
    return pd.DataFrame(rows, columns=["customer", "date", "channel", "margin"]).sort_values("date", ignore_index=True)


def told(frame: object, **keys: object) -> str:
    with pytest.raises(BadInput) as raised:
        read_customer_orders(frame, **keys)  # type: ignore[arg-type]
    return str(raised.value)


def test_german_numbers_days_and_names(tmp_path: Path) -> None:
    frame = orders()
    days = pd.to_datetime(frame["date"]).dt.strftime("%d.%m.%Y")
    money = (frame["margin"] / 0.4).map(lambda each: f"{each:,.2f}".translate(str.maketrans(",.", ".,")))
    table = pd.DataFrame({"Kunde": frame["customer"], "Datum": days, "Kanal": frame["channel"], "Umsatz": money})
    table.replace({"Kanal": {"organic": "Direkt"}}).to_csv(tmp_path / "k.csv", index=False, sep=";")
    read = read_customer_orders(
        tmp_path / "k.csv",
        {"customer": "Kunde", "date": "Datum", "channel": "Kanal", "value": "Umsatz"},
        margin_rate=0.4,
        channels={"Direkt": "organic"},
        format=Format(decimal=",", thousands=".", date_format="%d.%m.%Y"),
    )
    ours, plain = cohorts_of_orders(read, 3).frame, cohorts_of_orders(frame, 3).frame
    pd.testing.assert_frame_equal(ours, plain, rtol=1e-3)


def test_moments_are_of_the_day_of_their_zone() -> None:
    late = pd.DataFrame({"customer": ["a", "b"], "date": ["2025-01-31T23:30:00Z", "2025-06-15"], "margin": 1.0})
    months = [read_customer_orders(late, format=Format(time_zone=zone)).frame["month"].iloc[0] % 12 for zone in ZONES]
    assert months == [0, 1]
    assert read_customer_orders(late).frame["month"].iloc[0] % 12 == 0
    typed = late.assign(date=pd.to_datetime(late["date"], format="ISO8601", utc=True))
    read = read_customer_orders(typed, format=Format(time_zone="Europe/Berlin"))
    assert read.frame["month"].iloc[0] % 12 == 1
    assert "state days_in" in told(typed)


ZONES = ("America/New_York", "Europe/Berlin")


def test_refunds_take_from_the_margin_and_make_nobody_a_customer() -> None:
    frame = pd.DataFrame(
        [("a", "2025-01-02", 10.0), ("a", "2025-05-02", -10.0), ("b", "2025-02-02", -3.0), ("b", "2025-03-02", 8.0)],
        columns=["customer", "date", "value"],
    )
    last = pd.DataFrame({"customer": ["z"], "date": ["2025-08-01"], "value": [1.0]})
    made = cohorts_of_orders(read_customer_orders(pd.concat([frame, last]), margin_rate=0.5), 1).frame
    first = made[made["month"] == "2025-01-01"]
    assert first["active"].tolist() == [1, 0, 0, 0, 0, 0, 0]  # a refund is no order
    assert first["margin"].sum() == 0  # and is taken off where it came
    assert made.loc[made["month"] == "2025-03-01", "margin"].sum() == 4
    assert "2025-02" not in set(made["month"].dt.strftime("%Y-%m"))


def test_two_ids_of_one_person_are_one_customer() -> None:
    frame = orders()
    split = frame.assign(customer=[f"{name}-{row % 2}" for row, name in enumerate(frame["customer"])])
    known = pd.DataFrame({"user": split["customer"], "person": frame["customer"]}).drop_duplicates()
    read = read_customer_orders(split, people=IdentityMap(known).people())
    pd.testing.assert_frame_equal(cohorts_of_orders(read, 2).frame, cohorts_of_orders(frame, 2).frame)
    torn = pd.concat([known, known.head(1).assign(person="another")])
    with pytest.raises(BadInput, match="several persons"):
        IdentityMap(torn).people()


def test_addresses_are_one_customer_whatever_their_case() -> None:
    rows = [("Ann@Shop.com", "2025-01-02"), ("ann@shop.com", "2025-03-02"), ("bo", "2025-06-01")]
    frame = pd.DataFrame(rows, columns=["customer", "date"]).assign(margin=1.0)
    assert read_customer_orders(frame).people().shape[0] == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.assign(customer=["", *f["customer"][1:]]), "names nobody in 1 of"),
        (lambda f: f.assign(customer=["(not set)", *f["customer"][1:]]), "row 2"),
        (lambda f: f.drop(columns="customer"), "column 'customer'"),
        (lambda f: f.drop(columns="date"), "column 'date'"),
        (lambda f: f.drop(columns="margin"), "column 'margin'"),
        (lambda f: f.assign(date="soon"), "is not a date"),
        (lambda f: f.assign(date=["2025-13-01", *f["date"][1:]]), "row 2"),
        (lambda f: f.assign(margin="many"), "is not a number"),
        (lambda f: f.assign(margin=[None, *f["margin"][1:]]), "is empty"),
        (lambda f: f.assign(channel=None), "is empty for the first order of"),
        (lambda f: f.assign(value=-1.0), "refunds alone"),
        (lambda f: f.iloc[:0], "has no rows"),
    ],
)
def test_faults_are_refused_with_their_place(change: object, said: str) -> None:
    assert said in told(change(orders()))  # type: ignore[operator]


@pytest.mark.parametrize("slip", ["2062-03-01", "2005-01-01", "2027-01-15"])
def test_a_slip_of_the_year_does_not_lose_all_customers(slip: str) -> None:
    frame = orders()
    said = told(frame.assign(date=[slip, *frame["date"][1:]]))
    assert "months apart from all others in 1 of" in said
    assert "row 2" in said


def test_a_shop_that_was_closed_for_a_while_is_no_slip() -> None:
    later = orders().assign(date=lambda f: f["date"].str.replace("2026", "2027"))
    assert len(read_customer_orders(later).frame) == len(later)


def test_all_faults_come_at_once() -> None:
    said = told(orders().assign(margin="many", date="soon", customer=""))
    assert "is not a number" in said
    assert "is not a date" in said
    assert "names nobody" in said


def test_a_channel_counts_at_the_first_order_alone() -> None:
    frame = orders()
    again = frame["customer"].duplicated()
    later = frame.assign(channel=frame["channel"].where(~again, None))
    pd.testing.assert_frame_equal(cohorts_of_orders(later, 2).frame, cohorts_of_orders(frame, 2).frame)


def test_without_a_channel_all_customers_are_together_and_it_is_said() -> None:
    alone = read_customer_orders(orders().drop(columns="channel"))
    assert cohorts_of_orders(alone, 2).channels == ("all",)
    apart = cohorts_of_orders(orders(), 2).frame.groupby(["month", "age"])[["active", "margin"]].sum()
    together = cohorts_of_orders(alone, 2).frame.set_index(["month", "age"])[["active", "margin"]]
    pd.testing.assert_frame_equal(together, apart)
    assert not {one.name: one for one in order_findings(alone, 2)}["value_by_channel"].passed
    assert "column 'kanal'" in told(orders(), columns={"channel": "kanal"})  # a name that is stated has to be there


def test_pauses_longer_than_the_silence_are_named() -> None:
    frame = orders(again=0.9)
    every_third = frame[pd.to_datetime(frame["date"]).dt.month % 3 == 1]
    for silence, passes in ((1, False), (2, True)):
        read = read_customer_orders(every_third)
        finding = {one.name: one for one in order_findings(read, silence)}["orders_pause_within_silence"]
        assert finding.passed == passes


def test_an_id_for_each_order_is_no_customer() -> None:
    frame = orders()
    read = read_customer_orders(frame.assign(customer=[f"order {row}" for row in range(len(frame))]))
    finding = {one.name: one for one in order_findings(read, 2)}["orders_pause_within_silence"]
    assert not finding.passed
    assert "second time" in finding.text


def test_a_table_that_begins_in_the_middle_is_named_and_can_be_cut() -> None:
    frame = orders(2000, 30, again=0.85, seed=3)
    half = frame[frame["date"] >= "2026-01"]
    names = [{one.name: one for one in order_findings(read_customer_orders(each), 2)} for each in (frame, half)]
    assert [each["orders_reach_back"].passed for each in names] == [True, False]
    whole = read_customer_orders(frame).since(pd.Timestamp("2026-01-01"))
    newer = frame[frame["customer"].isin(whole.people().index)]
    pd.testing.assert_frame_equal(cohorts_of_orders(whole, 2).frame, cohorts_of_orders(newer, 2).frame)
    assert (whole.people()["first"] >= 2026 * 12).all()
