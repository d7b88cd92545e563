"""Orders of several files: numbers that two shops share, copies without numbers, clocks and currencies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution import BadInput, Orders, read_orders
from mmm import ByValue, new_customers_by_day, orders_by_day

DAYS = pd.date_range("2024-01-01", periods=40)


def orders(name: str, **columns: object) -> Orders:
    table = {"date": DAYS.strftime("%Y-%m-%d"), "customer_id": [f"p{at}" for at in range(40)], **columns}
    read = read_orders(pd.DataFrame(table), "orders")
    return Orders(
        read.kind, name, read.frame, read.rows, read.span, read.notes, currencies=read.currencies, offsets=read.offsets
    )


@pytest.mark.parametrize("count", [orders_by_day, new_customers_by_day])
@pytest.mark.parametrize("other", ["people", "days"])
def test_numbers_that_two_shops_share_are_refused(count, other):
    one = orders("a.csv", order_id=range(40))
    columns = {"customer_id": [f"q{at}" for at in range(40)]} if other == "people" else {}
    if other == "days":
        columns = {"date": (DAYS + pd.Timedelta(days=200)).strftime("%Y-%m-%d")}
    two = orders("b.csv", order_id=range(40), **columns)
    with pytest.raises(BadInput, match=r"a\.csv and b\.csv, column 'order': use 40 numbers .* such as '0'"):
        count([one, two])
    assert count([one, one]).daily["kpi"].sum() == 40_000_000  # the same orders twice count once


@pytest.mark.parametrize("shared", [40, 25, 20])
def test_copies_without_numbers_are_refused(shared):
    one = orders("a.csv")
    people = [f"p{at}" if at < shared else f"new{at}" for at in range(40)]
    with pytest.raises(BadInput, match=rf"a\.csv and b\.csv, column 'order': hold the same {shared} rows, 2024-01-01"):
        orders_by_day([one, orders("b.csv", customer_id=people)])
    apart = orders("b.csv", customer_id=[f"p{at}" if at < 10 else f"new{at}" for at in range(40)])
    assert orders_by_day([one, apart]).daily["kpi"].sum() == 80_000_000
    assert orders_by_day([one, orders("b.csv", value=range(40))]).daily["kpi"].sum() == 80_000_000


@pytest.mark.parametrize("codes", [["EUR", "USD"], ["EUR", "JPY"]])
def test_values_in_several_currencies_weigh_nobody(codes):
    mixed = orders("a.csv", order_id=range(40), value=50, currency=codes * 20)
    with pytest.raises(BadInput, match=f"values in {codes[0]} and {codes[1]}"):
        new_customers_by_day([mixed], by_value=ByValue(window=5))
    assert new_customers_by_day([mixed]).daily["kpi"].sum() == 40_000_000


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (["+01:00", "+02:00"], False),  # winter and summer of one place
        (["Z", "+02:00"], True),
        (["+02:00", ""], True),
        (["-05:00", "-0800"], True),
        (["Z", "+00:00"], False),
        ([""], False),
    ],
)
def test_times_by_several_clocks_are_told(ends, told):
    times = [f"{day:%Y-%m-%d}T23:30:00{ends[at % len(ends)]}" for at, day in enumerate(DAYS)]
    outcomes = [orders_by_day([orders("a.csv", date=times)])]
    if len(ends) == 2:  # the same clocks, a file each
        halves = [orders("a.csv", date=[time for time in times if time.endswith(end)] * 2) for end in ends if end]
        outcomes += [orders_by_day([*halves, orders("b.csv", date=times)])] if all(ends) else []
    for outcome in outcomes:
        (finding,) = [each for each in outcome.findings if each.name == "orders_of_one_clock"]
        assert finding.passed is not told
        assert np.isfinite(finding.value)
