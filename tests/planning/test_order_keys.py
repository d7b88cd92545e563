"""data.orders in place of data.cohorts: the same values, refusals in words of the plan file, and what is said of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attribution.economics import customer_values, read_cohorts
from attribution.economics.orders import cohorts_of_orders
from attribution.errors import BadInput
from optimizer.planning.check import check_plan
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.inputs.reading import Reading
from optimizer.planning.inputs.small_tables import noted_customer_values

QUARTER = Path(__file__).resolve().parents[2] / "examples" / "quarter"

STAY = {"tv": 0.7, "organic": 0.9}


def orders(first: str = "2025-10", months: int = 6, each: int = 20) -> pd.DataFrame:
    """One order a month at 20 EUR of margin until each customer leaves; who is still there at the end stays on."""
    rng = np.random.default_rng(5)
    rows = []
    for channel, share in STAY.items():
        for start in range(months):
            for number, life in enumerate(rng.geometric(1 - share, each)):
                for month in range(start, min(start + int(life), months)):
                    day = pd.Period(first, "M") + month
                    rows.append((f"{channel}{start}-{number}", f"{day}-{rng.integers(1, 28):02}", channel, 20.0))
    return pd.DataFrame(rows, columns=["customer", "date", "channel", "margin"])


def asked(plan: Path, keys: str = "margin: margin, silence: 1", frame: pd.DataFrame | None = None) -> Path:
    """The starter with orders."""
    (orders() if frame is None else frame).to_csv(plan.parent / "orders.csv", index=False)
    text = plan.read_text(encoding="utf-8")
    own = f"  orders: {{path: orders.csv, {keys}}}\n"
    plan.write_text(text.replace("  upcoming: upcoming.csv ", f"{own}  upcoming: upcoming.csv "), encoding="utf-8")
    return plan


def told(plan: Path) -> str:
    with pytest.raises(BadInput) as raised:
        check_plan(plan)
    return str(raised.value)


def test_orders_are_understood_and_make_the_cohorts_that_they_are(starter: Path) -> None:
    plan = asked(starter)
    text = plan.read_text(encoding="utf-8").replace("minimize: blended_cac", "maximize: npv")
    plan.write_text(text + "\neconomics: {horizon: 24}\n", encoding="utf-8")
    understood = check_plan(plan)
    file = next(one for one in understood.files if one.role == "orders of customers")
    assert f"{2 * 6 * 20:,} customers acquired 2025-10 to 2026-02, to age 4" in file.covers
    assert any("without an order for more than 1 month are lost" in text for text in understood.assumptions)
    assert {one.name for one in understood.findings} >= {"orders_pause_within_silence", "orders_reach_back"}
    assert "most npv" in " ".join(understood.steps)
    config, document = read_config(plan)
    inputs = read_inputs(config, document, journeys_too=False)
    assert inputs.customer_values is not None
    made = cohorts_of_orders(orders(), 1).frame
    pd.testing.assert_frame_equal(inputs.customer_values.cohorts.frame, made)
    pd.testing.assert_frame_equal(read_cohorts(made).frame, made)  # which no cohort table would be refused for


def test_orders_without_a_channel_value_all_together_whatever_the_log_says(starter: Path) -> None:
    plan = asked(starter, frame=orders().drop(columns="channel"))
    understood = check_plan(plan)
    finding = next(one for one in understood.findings if one.name == "value_by_channel")
    assert not finding.passed
    assert "last touch was not put in its place" in finding.text
    assert not any("holds no customers of" in text for text in understood.assumptions)


def test_the_identity_map_of_the_log_joins_customers(starter: Path) -> None:
    frame = orders()
    split = frame.assign(customer=[f"{name}/{row % 2}" for row, name in enumerate(frame["customer"])])
    known = pd.DataFrame({"user": split["customer"], "person": frame["customer"]}).drop_duplicates()
    known.to_csv(starter.parent / "people.csv", index=False)
    plan = asked(starter, "margin: margin, silence: 1, identity: {path: people.csv}", split)
    config, document = read_config(plan)
    inputs = read_inputs(config, document, journeys_too=False)
    assert inputs.customer_values is not None
    pd.testing.assert_frame_equal(inputs.customer_values.cohorts.frame, cohorts_of_orders(frame, 1).frame)
    known.assign(user="nobody").drop_duplicates("user").to_csv(starter.parent / "people.csv", index=False)
    assert "holds no customer of the identity map" in told(plan)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("silence: 1", "give margin (a column), or value and margin_rate"),
        ("margin: margin, value: margin, margin_rate: 0.3", "not both"),
        ("margin_rate: 0.3", "margin_rate is a share of value"),
        ("value: margin, margin_rate: 30%", "write 0.3"),
        ("margin: margin, silence: 0", "greater than or equal to 1"),
        ("margin: margin, silense: 2", "Did you mean 'silence'"),
        ("margin: margin, channel: chanel", "column 'chanel'"),
        ("margin: margin, new_since: 2025-13", "is not a month"),
        ("margin: margin, new_since: 2031-01", "no customer whose first order is of 2031-01"),
        ("margin: margin, silence: 12", "no more than the silence of 12 months"),
        ("margin: margin, customer: channel, silence: 8", "orders.csv"),
    ],
)
def test_what_does_not_fit_is_refused_in_words_of_the_file(starter: Path, keys: str, said: str) -> None:
    assert said in told(asked(starter, keys))


def test_channels_are_those_of_the_plan_and_names_may_be_mapped(starter: Path) -> None:
    frame = orders().replace({"channel": {"tv": "Fernsehen"}})
    plan = asked(starter, frame=frame)
    assert "unknown channel 'Fernsehen'" in told(plan)
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace("silence: 1", "silence: 1, channels: {Fernsehen: tv}"), encoding="utf-8")
    check_plan(plan)


def test_cohorts_and_orders_at_once_are_refused(starter: Path) -> None:
    plan = asked(starter)
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace("  orders: {", "  cohorts: {path: cohorts.csv}\n  orders: {"), encoding="utf-8")
    assert "give either cohorts, or orders" in told(plan)


def test_an_id_for_each_order_is_no_customer(starter: Path) -> None:
    """More customers than the weekly table has: every row was taken for a new one."""
    many = pd.DataFrame({"customer": [f"order{n}" for n in range(120_000)], "margin": 1.0, "channel": "tv"})
    days = pd.to_datetime("2026-01-03") + pd.to_timedelta(np.arange(120_000) % 150, "D")
    plan = asked(starter, frame=many.assign(date=days.strftime("%Y-%m-%d")))
    assert "name the column that is the same for all orders of a customer" in told(plan)


def test_the_example_company_is_worth_the_same_by_its_orders() -> None:
    """Both hold the truth about as often as they promise, and never say things that exclude each other."""
    config, document = read_config(QUARTER / "by-orders.yaml")
    reading = Reading.of(config, document)
    assert config.data.orders is not None
    orders, _ = noted_customer_values(reading, config.data.orders, None)
    cohorts = customer_values(read_cohorts(QUARTER / "cohorts.csv"), orders.terms, seed=config.seed)
    truth = json.loads((QUARTER / "truth.json").read_text(encoding="utf-8"))["lifetime_value_36_months"]
    ours, theirs = ({name: np.quantile(each.value(name), [0.05, 0.95]) for name in truth} for each in (orders, cohorts))
    assert all(ours[name][0] <= theirs[name][1] and theirs[name][0] <= ours[name][1] for name in truth)
    for told in (ours, theirs):
        assert sum(told[name][0] <= value <= told[name][1] for name, value in truth.items()) >= len(truth) - 2


def test_the_orders_of_the_example_are_those_of_its_conversions() -> None:
    orders = pd.read_parquet(QUARTER / "orders.parquet")
    first = orders.drop_duplicates("customer").set_index("customer")["date"]
    won = pd.read_parquet(QUARTER / "conversions.parquet").set_index("user")["time"].dt.tz_localize(None).dt.normalize()
    assert set(first.index) == set(won.index)
    assert (pd.to_datetime(first) == won[first.index]).all()
    month = pd.to_datetime(orders["date"]).dt.to_period("M").astype("int64")
    assert not orders.assign(month=month).duplicated(["customer", "month"]).any()
    assert month.groupby(orders["customer"]).diff().dropna().eq(1).all()  # every month until the last
