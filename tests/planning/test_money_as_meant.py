"""Costs of a time, amounts in other currencies, rates and guardrails in another unit, funnels of other years."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from attribution.economics import Terms, customer_values, read_cohorts
from attribution.errors import BadInput
from attribution.findings import Finding
from mmm import Panel
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.inputs.odd_costs import costs_cover_year, odd_costs
from optimizer.planning.inputs.read_costs import read_costs
from optimizer.planning.inputs.terms_as_meant import terms_as_meant

MONTHS = pd.date_range("2024-06-01", "2026-12-01", freq="MS")


def planned(
    starter: Path, tables: dict[str, pd.DataFrame], keys: dict[str, str], more: str = "", what_if: str = ""
) -> Path:
    """The starter with tables by their key of ``data``, and what its section says of each beside the path."""
    text = starter.read_text(encoding="utf-8")
    if "guardrails" in more:
        text = re.sub(r"\nguardrails:.*?(?=\n\S)", "", text, flags=re.DOTALL)
    for name, frame in tables.items():
        frame.to_csv(starter.parent / f"{name}.csv", index=False)
        own = f"  {name}: {{path: {name}.csv{keys.get(name, '')}}}\n"
        text = text.replace("  upcoming: upcoming.csv", f"{own}  upcoming: upcoming.csv", 1)
    text = text.replace("\nscenarios:\n", f"\nscenarios:\n{what_if}") if what_if else text
    starter.write_text(text.replace("\nplan:\n", f"\n{more}\nplan:\n", 1), encoding="utf-8")
    return starter


def told(plan: Path, log: bool = False) -> str:
    """What is refused of a file and its tables."""
    with pytest.raises(BadInput) as raised:
        read_inputs(*read_config(plan), journeys_too=log)
    return str(raised.value)


def costs_of(plan: Path, frame: pd.DataFrame, keys: str = "") -> pd.DataFrame:
    """Costs as a plan file reads them."""
    config, document = read_config(planned(plan, {"costs": frame}, {"costs": keys}))
    assert config.data.costs is not None
    return read_costs(config, config.data.costs, document.folder, ("tv", "paid_social"))


def costs(**columns: object) -> pd.DataFrame:
    rows = [(month, kind, cost) for kind, cost in (("salaries", 30_000.0), ("tools", 4_000.0)) for month in MONTHS]
    return pd.DataFrame(rows, columns=["month", "kind", "cost"]).assign(**columns)


def salaries(*times: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(times, columns=["month", "last", "cost"]).assign(kind="salaries")


def test_costs_of_a_time_stand_evenly_on_its_days(starter: Path) -> None:
    rng = np.random.default_rng(3)
    starts = pd.date_range("2024-06-10", periods=9, freq="97D")
    rows = salaries(
        *((f"{day:%Y-%m-%d}", f"{day + pd.Timedelta(days=96):%Y-%m-%d}", rng.uniform(1, 9)) for day in starts)
    )
    costs = costs_of(starter, rows, ", until: last")
    by_day = {}
    for row in rows.itertuples():  # day by day
        for day in pd.date_range(row.month, row.last):
            by_day[f"{day:%Y-%m}"] = by_day.get(f"{day:%Y-%m}", 0.0) + row.cost / 97
    assert dict(zip(costs["month"].dt.strftime("%Y-%m"), costs["cost"], strict=True)) == pytest.approx(by_day)


@pytest.mark.parametrize(
    ("frame", "keys", "said"),
    [
        (salaries(("2025-01-01", "2025-12-31", 9), ("2025-12-31", "2026-06-30", 9)), ", until: last", "counts twice"),
        (
            salaries(("2024-01-01", "2027-12-31", 9), ("2025-01-01", "2025-02-28", 9), ("2026-01-01", "2026-02-01", 9)),
            ", until: last",
            "salaries from 2025-01-01 lies within the time of another of its rows",
        ),
        (salaries(("2025-01-01", "2024-12-31", 9)), ", until: last", "ends before it begins: 2024-12-31 after"),
        (salaries(("2025-01-01", "2125-12-31", 9)), ", until: last", "lies 101 years after 2025-01-01"),
        (salaries(("2025-01-01", "", 9), ("2026-01-01", "2026-05-05", 9)), ", until: last", "column 'last', row 2: is empty"),
        (salaries(("2025-01-01", "2025-12-31", 9)), ", until: end", "column 'end'"),
        (salaries(("2025-01-01", "2025-12-31", 9)), "", "state until: last"),
        (costs(until=MONTHS[-1]), "", "state until: until"),
        (costs(to=[f"{day:%d.%m.%Y}" for day in 2 * list(MONTHS + pd.Timedelta(days=70))],
               month=[f"{day:%d.%m.%Y}" for day in 2 * list(MONTHS)]), ', date_format: "%d.%m.%Y"', "state until: to"),
        (costs(currency="USD"), "", "is USD, and the plan file counts in EUR"),
        (costs(currency=["EUR", "CHF"] * len(MONTHS)), "", "column 'currency': mixes currencies: EUR, CHF"),
        (costs(paid="usd"), ", currency: paid", "column 'paid': is USD"),
        (costs(Currency="USD"), "", "is like 'currency', and would not be read"),
        (pd.concat([costs(), costs(kind="Salaries")[: len(MONTHS)]]), "", "one kind in two spellings"),
        (pd.concat([costs(), costs(kind=" tools")[: len(MONTHS)]]), "", "column 'kind'"),
        (pd.concat([costs(), costs(kind="TV")[: len(MONTHS)]]), "", "whose spend counts as a channel already"),
    ],
)  # fmt: skip
def test_costs_that_would_count_wrongly_are_refused(starter: Path, frame: Any, keys: str, said: str) -> None:
    with pytest.raises(BadInput) as raised:
        costs_of(starter, frame, keys)
    assert said in str(raised.value)
    assert "costs.csv" in str(raised.value)


def test_costs_that_are_as_they_look_are_read(starter: Path) -> None:
    booked = 2 * list(MONTHS + pd.Timedelta(days=9))  # of the same month
    read = costs_of(starter, costs(currency=" eur", booked=booked, paid_by="card"))
    assert odd_costs(read).passed
    assert costs_cover_year(read, PANEL).passed


WEEKS = pd.date_range("2025-01-06", periods=100, freq="7D")
PANEL = Panel.from_frame(pd.DataFrame({"date": WEEKS, "kpi": 90.0, "tv": 9000.0}), date="date", kpi="kpi", spend=["tv"])


@pytest.mark.parametrize(
    ("kept", "said"), [(MONTHS[:-2], "2026-11"), (MONTHS[MONTHS.month == 1], "more"), (MONTHS[:3], "more")]
)
def test_months_without_costs_are_told(kept: pd.DatetimeIndex, said: str) -> None:
    frame = costs()
    finding = costs_cover_year(frame[frame["month"].isin(kept)], PANEL)
    assert not finding.passed
    assert said in finding.text


def test_a_kind_that_ends_before_the_others_is_told() -> None:
    frame = costs()
    for ago, passed in ((0, True), (1, False), (3, False), (8, True)):  # eight months ago it may have been given up
        end = MONTHS[-1 - ago]
        assert odd_costs(frame[(frame["kind"] == "tools") | (frame["month"] <= end)]).passed is passed


def cohorts(margin: float = 20.0) -> pd.DataFrame:
    rows = [
        (f"{month:%Y-%m-%d}", channel, age, round((1000 + 9 * start) * 0.9**age))
        for channel in ("tv", "paid_social", "generic_search")
        for start, month in enumerate(pd.date_range("2025-06-01", periods=9, freq="MS"))
        for age in range(9 - start)
    ]
    frame = pd.DataFrame(rows, columns=["month", "channel", "age", "active"])
    return frame.assign(margin=margin * frame["active"]) if margin else frame


def terms(starter: Path, margin: float, more: str) -> Finding:
    """The finding on a plan file."""
    config = read_config(planned(starter, {"cohorts": cohorts(margin)}, {}, more))[0]
    values = customer_values(read_cohorts(cohorts(margin)), Terms(36, 0.1, config.economics.margin), draws=50)
    return terms_as_meant(config, values, PANEL)


@pytest.mark.parametrize(
    ("margin", "more", "said"),
    [
        (20.0, "economics: {discount_rate: 5}", "economics.discount_rate: 5 is 500 % a year; 5 % is 0.05"),
        (20.0, "economics: {discount_rate: 0.8}", "0.8 is 80 % a year"),
        (20.0, "economics: {guardrail: 33}", "33.00 times its cost"),
        (20.0, "economics: {guardrail: 0.3}", "0.30 times its cost"),
        (20.0, "guardrails: {lifetime_value: 9_000}", "guardrails.lifetime_value is 9,000"),
        (20.0, "guardrails: {lifetime_value: 0.9}", "guardrails.lifetime_value is 0.9"),
        (20_000.0, "", "of another unit than spend"),
        (0.02, "", "of another unit than spend"),
        (0.0, "economics: {margin: 0.4}", "as large as a rate"),
        (0.0, "economics: {margin: {tv: 0.4, paid_social: 0.3, generic_search: 0.35}}", "as large as a rate"),
    ],
)
def test_terms_of_another_unit_are_told(starter: Path, margin: float, more: str, said: str) -> None:
    finding = terms(starter, margin, more)
    assert not finding.passed
    assert said in finding.text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("more", ["", "economics: {discount_rate: 0.3, guardrail: 5, horizon: 60}"])
def test_usual_terms_raise_nothing(starter: Path, more: str) -> None:
    assert terms(starter, 20.0, more).passed


@pytest.mark.parametrize("value", [0.02, 1.0, 60.0, 300.0, 100_000.0])
def test_a_stated_value_of_another_unit_is_told(starter: Path, value: float) -> None:
    """Thousands or cents in place of euros; media cost tens of euros a customer, and between is every business."""
    keys = {"  minimize: blended_cac": f"  minimize: blended_cac\n  value_per_customer: {value}"}
    text = starter.read_text(encoding="utf-8")
    for old, new in keys.items():
        text = text.replace(old, new, 1)
    starter.write_text(text, encoding="utf-8")
    inputs = read_inputs(*read_config(starter), journeys_too=False)
    (finding,) = inputs.customer_findings
    assert finding.passed == (value in (60.0, 300.0))
    assert finding.passed or "plan.value_per_customer is" in finding.text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("economics: {discount_rate: 8}", "economics.discount_rate: 8 is 800 % a year; write 0.08 for 8 %"),
        ("economics: {discount_rate: 12.5}", "write 0.125 for 12.5 %"),
        (
            "guardrails: {ltv_cac: {tighten: 300, optimise: 200, stop: 100}}",
            "guardrails.ltv_cac.tighten: has to be less",
        ),
    ],
)
def test_per_cent_in_place_of_shares_is_refused(starter: Path, more: str, said: str) -> None:
    assert said in told(planned(starter, {"cohorts": cohorts()}, {}, more))


def funnel(first: str = "2026-01-05", weeks: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    days = pd.date_range(first, periods=weeks, freq="7D")
    counts = rng.poisson([4000, 800, 90], (weeks, 3))
    return pd.DataFrame(counts, columns=["clicks", "leads", "wins"]).assign(period=days, channel="tv")


STAGES = ", stages: [clicks, leads, wins]"


@pytest.mark.parametrize("first", ["2012-01-02", "2036-01-07", "2023-01-02"])
def test_a_funnel_of_other_years_is_refused(starter: Path, first: str) -> None:
    assert "has no day in common with the weekly table" in told(
        planned(starter, {"funnel": funnel(first)}, {"funnel": STAGES})
    )


@pytest.mark.parametrize(("change", "fits"), [("+900%", False), ("+500%", False), ("+300%", True), ("-80%", True)])
def test_a_conversion_stays_below_all(starter: Path, change: str, fits: bool) -> None:
    what_if = f"  - {{name: More leads, stages: {{leads: {change}}}}}\n"
    plan = planned(starter, {"funnel": funnel()}, {"funnel": STAGES}, what_if=what_if)
    if fits:
        assert read_inputs(*read_config(plan), journeys_too=False).funnel is not None
    else:
        assert "scenarios.0.stages.leads: makes" in (message := told(plan))
        assert "a conversion cannot exceed 100 %" in message


def test_values_of_conversions_in_another_currency_are_refused(starter: Path) -> None:
    won = pd.read_csv(starter.parent / "conversions.csv")
    mixed = np.where(won.index % 2, "EUR", "USD")
    for currency, said in ((mixed, "mixes currencies: EUR, USD"), ("CHF", "is CHF"), ("eur", None)):
        won.assign(currency=currency).to_csv(starter.parent / "conversions.csv", index=False)
        if said is None:
            assert read_inputs(*read_config(starter)).journeys is not None
        else:
            assert f"conversions.csv, column 'currency': {said}" in told(starter, log=True)


@pytest.mark.parametrize(
    ("currency", "said"), [("USD", "is USD"), (["EUR", "CHF"] * 500, "mixes currencies: EUR, CHF"), ("eur", None)]
)
def test_a_weekly_table_and_lift_tests_of_another_currency_are_refused(starter: Path, currency: Any, said: str) -> None:
    weekly = pd.read_csv(starter.parent / "weekly.csv")
    of_rows = currency if isinstance(currency, str) else currency[: len(weekly)]
    starts, ends = weekly["week"].iloc[[-40, -20]].tolist(), weekly["week"].iloc[[-37, -17]].tolist()
    test = pd.DataFrame({"channel": "tv", "start": starts, "end": ends})
    test = test.assign(spend_change=9_000, customers_gained=40, standard_error=9)
    tests = test.assign(currency=currency if isinstance(currency, str) else currency[:2])
    plan = planned(starter, {"lift_tests": tests}, {})
    weekly.assign(currency=of_rows).to_csv(starter.parent / "weekly.csv", index=False)
    if said is None:
        assert read_inputs(*read_config(plan), journeys_too=False).lift_tests
        return
    assert f"weekly.csv, column 'currency': {said}" in told(plan)
    weekly.to_csv(starter.parent / "weekly.csv", index=False)
    assert f"lift_tests.csv, column 'currency': {said}" in told(plan)


def test_a_unit_of_revenue_is_worth_itself_however_little_of_it_media_take(starter: Path) -> None:
    """Spend of 2 % of revenue is ordinary; of a customer the same ratio is told."""
    value = float(PANEL.spend[:, -52:].sum() / PANEL.kpi[:, -52:].sum()) / 0.02
    text = starter.read_text(encoding="utf-8")
    text = text.replace("  minimize: blended_cac", f"  minimize: blended_cac\n  value_per_customer: {value}", 1)
    for outcome, passed in (("customers", False), ("EUR of revenue", True)):
        starter.write_text(text.replace("outcome: customers", f"outcome: {outcome}"), encoding="utf-8")
        assert terms_as_meant(read_config(starter)[0], None, PANEL).passed is passed
