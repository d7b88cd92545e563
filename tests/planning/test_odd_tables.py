"""Costs, cohorts and platform reports that look like something else than what they are read as; and those that do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attribution.economics import odd_margins, read_cohorts
from attribution.errors import BadInput
from mmm.simulate.cohorts import cohort_table, staying_of
from optimizer.planning.check import check_plan
from optimizer.planning.inputs.odd_costs import odd_costs

MONTHS = pd.date_range("2024-10-01", periods=20, freq="MS")


def costs(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    kinds = {"salaries": 60_000.0, "agencies": 20_000.0}
    rows = [(month, kind, round(cost * rng.uniform(0.8, 1.2), 2)) for kind, cost in kinds.items() for month in MONTHS]
    return pd.DataFrame(rows, columns=["month", "kind", "cost"])


def changed(by: list[object], what: str) -> pd.DataFrame:
    frame = costs()
    return frame.assign(cost=frame.groupby(["kind", *by])["cost"].transform(what))


TABLE = costs()
QUARTER, YEAR = TABLE["month"].dt.to_period("Q"), TABLE["month"].dt.year


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (changed([], "cumsum"), "'agencies' is a sum since the table begins"),
        (changed([YEAR], "cumsum"), "'salaries' is a sum since the year begins"),
        (changed([QUARTER], "cumsum"), "'salaries' is a sum since the quarter begins"),
        (changed([QUARTER], "mean"), "'agencies' stands still within each quarter"),
        (
            TABLE.assign(cost=TABLE["cost"].where(TABLE["month"] < "2025-06-01", TABLE["cost"] / 1000)),
            "'salaries' is of another size altogether from 2025-06 on",
        ),
        (TABLE.assign(cost=0.0), "'agencies' costs nothing in any month"),
        (TABLE.drop(index=[4, 9]), "'salaries' has no row in 2025-02, 2025-07"),
        (TABLE[TABLE["month"] != "2025-03-01"], "'agencies' has no row in 2025-03"),
    ],
)
def test_what_is_no_cost_of_its_month_is_told(frame: pd.DataFrame, said: str) -> None:
    finding = odd_costs(frame)
    assert not finding.passed
    assert said in finding.text


@pytest.mark.parametrize(
    "frame",
    [
        *map(costs, range(5)),
        TABLE.assign(cost=50_000.0),
        TABLE.assign(cost=np.linspace(50_000, 60_000, 40)),
        TABLE[TABLE["month"].dt.month.isin([3, 9])],  # fairs
        TABLE.assign(cost=TABLE["cost"].where(TABLE["month"].dt.month % 3 == 0, 0.0)),
        TABLE.assign(cost=np.where(YEAR > 2025, 52_000, 48_000)),
        TABLE.head(3),
    ],
)
def test_usual_costs_raise_nothing(frame: pd.DataFrame) -> None:
    assert odd_costs(frame).passed, odd_costs(frame).text


def table_of(seed: int, people: float = 900.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    causes = ["organic", "tv", "search"]
    acquired = pd.DataFrame(rng.poisson(rng.uniform(people / 18, people, 3), (15, 3)), MONTHS[:15], causes)
    return cohort_table(acquired, staying_of(causes, rng), rng)


@pytest.mark.parametrize("seed", range(3))
def test_margins_that_are_none_of_whole_cohorts_are_told(seed: int) -> None:
    known = table_of(seed)
    noisy = np.random.default_rng(seed).uniform(0.36, 0.44, len(known))
    for margin, said in (
        (noisy, "lie at 1 or below"),
        (50 * noisy, "do not follow the number of customers"),
        ((known["margin"] / known["active"]).fillna(0.0), "do not follow the number of customers"),
        (known.groupby(["month", "channel"])["margin"].cumsum(), "never fall in"),
    ):
        finding = odd_margins(read_cohorts(known.assign(margin=margin)))
        assert not finding.passed
        assert said in finding.text


@pytest.mark.parametrize("seed", range(8))
def test_simulated_cohorts_raise_nothing(seed: int) -> None:
    known = table_of(seed)
    grown = known.assign(margin=known["margin"] * 1.03 ** known["age"])  # those who stay buy more
    for frame in (known, grown, table_of(seed, 9.0), known.drop(columns="margin")):
        assert odd_margins(read_cohorts(frame)).passed, odd_margins(read_cohorts(frame)).text


def test_a_check_tells_both(starter: Path) -> None:
    known = table_of(0)
    known.assign(margin=0.4, channel=known["channel"].replace("search", "paid_social")).to_csv(
        starter.parent / "cohorts.csv", index=False
    )
    changed([], "cumsum").to_csv(starter.parent / "costs.csv", index=False)
    text = starter.read_text(encoding="utf-8")
    text = text.replace("  upcoming:", "  cohorts: {path: cohorts.csv}\n  costs: {path: costs.csv}\n  upcoming:", 1)
    starter.write_text(text, encoding="utf-8")
    failed = {each.name for each in check_plan(starter).findings if not each.passed}
    assert {"odd_margins", "odd_costs"} <= failed


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_claims_of_days_to_come_are_refused(starter: Path, period: str) -> None:
    last = pd.Timestamp(pd.read_csv(starter.parent / "weekly.csv")["week"].iloc[-1])
    days = pd.date_range(last, periods=3, freq={"day": "D", "week": "7D", "month": "MS"}[period])
    reports = pd.DataFrame({"date": [*days[:2], pd.Timestamp("2062-01-05")], "channel": "tv", "conversions": 5})
    reports.to_csv(starter.parent / "reports.csv", index=False)
    text = starter.read_text(encoding="utf-8")
    reported = f"  platform_reports: {{path: reports.csv, period: {period}}}\n  upcoming:"
    starter.write_text(text.replace("  upcoming:", reported, 1), encoding="utf-8")
    with pytest.raises(BadInput, match=r"reports\.csv, column 'date': One row lies in the future, on 2062-01-05"):
        check_plan(starter)
