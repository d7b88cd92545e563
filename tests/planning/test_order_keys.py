"""data.orders in place of data.cohorts: the same values, refusals in words of the plan file, and what is said of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import mmm
import optimizer
from attribution.economics import customer_values, read_cohorts
from attribution.economics.orders import cohorts_of_orders
from attribution.errors import BadInput
from optimizer.planning.check import check_plan
from optimizer.planning.file.config import read_config
from optimizer.planning.file.keys.data import Data
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.inputs.reading import Reading
from optimizer.planning.inputs.small_tables import noted_customer_values
from optimizer.planning.since.actuals import restated

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
    orders, *_ = noted_customer_values(reading, config.data.orders, None)
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


def by_value(keys: str = "{window: 30, quantiles: 2}", rest: str = "channel: null") -> str:
    return f"margin: margin, silence: 1, by_value: {keys}" + (f", {rest}" if rest else "")


def worthy(plan: Path) -> pd.DataFrame:
    """Orders in each week of the starter: in even weeks customers who order thrice, in odd ones once."""
    weeks = pd.to_datetime(pd.read_csv(plan.parent / "weekly.csv")["week"])[-30:]
    rows = [
        (f"{week}-{person}", day + pd.Timedelta(days=7 * k + 2), 10.0)
        for week, day in enumerate(weeks)
        for person in range(40)
        for k in range(1 if week % 2 else 3)
    ]
    frame = pd.DataFrame(rows, columns=["customer", "date", "margin"])
    refund = frame.head(1).assign(date=frame["date"].iloc[0] + pd.Timedelta(days=1), margin=0.0)
    return pd.concat([frame, refund])[frame["date"].max() >= pd.concat([frame, refund])["date"]]


def panel_of(plan: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    inputs = read_inputs(*read_config(plan), journeys_too=False)
    assert inputs.panel is not None
    return inputs.panel.kpi[0], inputs.assumptions


def test_new_customers_of_the_weekly_table_count_by_the_value_of_their_segment(starter: Path) -> None:
    plain, _ = panel_of(starter)
    weighed, assumed = panel_of(asked(starter, by_value(), worthy(starter)))
    ratio = weighed / plain
    assert (ratio[:-30] == 1).all()  # weeks before the orders begin count as they are
    closed = ratio[-30:-5]
    assert closed[::2] == pytest.approx(1.5, rel=0.05)  # 30 EUR against 20 on average
    assert closed[1::2] == pytest.approx(0.5, rel=0.1)
    assert ratio[-4:] == pytest.approx(1)  # whose 30 days are not over
    assert any("orders.csv: customers count by the mean value of their segment" in text for text in assumed)
    assert check_plan(starter).assumptions == assumed


@pytest.mark.parametrize(
    ("keys", "text", "said"),
    [
        (by_value(rest=""), ("", ""), "write channel: null, or remove by_value"),
        (by_value("{window: 700}"), ("", ""), "orders.csv: holds nobody whose first order is 700 days back"),
        (by_value("{windw: 9}"), ("", ""), "Did you mean 'window'"),
        (by_value(), ("minimize: blended_cac", "maximize: profit\n  value_per_customer: {tv: 9}"), "count that twice"),
    ],
)
def test_value_counts_once(starter: Path, keys: str, text: tuple[str, str], said: str) -> None:
    plan = asked(starter, keys, worthy(starter))
    plan.write_text(plan.read_text(encoding="utf-8").replace(*text), encoding="utf-8")
    assert said in told(plan)


EXPORTED = {"path": "o.csv", "kind": "orders", "first_only": True, "by_value": {}}
SPEND = [{"path": "s.csv", "kind": "google_ads", "channel": "search"}]
SHOP = {"path": "o.csv", "margin": "margin"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"spend": SPEND, "outcome": EXPORTED, "cohorts": {"path": "c.csv"}}, "count that twice; leave cohorts out"),
        ({"spend": SPEND, "outcome": EXPORTED, "orders": SHOP}, "count that twice; write orders.channel: null"),
        ({"spend": SPEND, "outcome": EXPORTED, "orders": {**SHOP, "channel": None, "by_value": {}}}, "has its own"),
        ({"weekly": {"path": "w.csv", "spend": ["tv"], "geo": "g"}, "orders": {**SHOP, "channel": None, "by_value": {}}},
         "customers of one market"),
    ],
)  # fmt: skip
def test_where_value_counts_no_other_table_says_it_again(data: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Data.model_validate(data)
    alone = {"spend": SPEND, "outcome": EXPORTED, "orders": {**SHOP, "channel": None}}
    assert Data.model_validate(alone).by_value is not None


def test_a_plan_by_value_buys_more_value_than_one_by_heads(tmp_path: Path) -> None:
    """Two channels win as many customers for as much, and those of one order four times as often."""
    rng, spend = np.random.default_rng(3), {}
    weeks = pd.date_range("2024-01-01", periods=80, freq="7D")
    more, rows = {"often": 3, "once": 0, "organic": 1}, []
    for name in ("often", "once"):
        spend[name] = rng.gamma(4, 1500, len(weeks))
    won = {name: rng.poisson(100 * money / (6000 + money)) for name, money in spend.items()}
    for week, day in enumerate(weeks):
        for name, count in {**{one: each[week] for one, each in won.items()}, "organic": rng.poisson(60)}.items():
            for person in range(count):
                days = [int(rng.integers(7)) + 14 * k for k in range(1 + more[name])]
                rows += [(f"{name}{week}-{person}", day + pd.Timedelta(days=at), 40.0) for at in days]
    orders = pd.DataFrame(rows, columns=["customer", "date", "margin"])
    orders[orders["date"] < weeks[-1] + pd.Timedelta(days=7)].to_csv(tmp_path / "orders.csv", index=False)
    first = orders.drop_duplicates("customer")
    kpi = ((first["date"] - weeks[0]).dt.days // 7).value_counts().sort_index()
    table = pd.DataFrame({"week": weeks.strftime("%Y-%m-%d"), "new_customers": kpi.to_numpy(), **spend})
    table.to_csv(tmp_path / "weekly.csv", index=False)
    bought = []
    for own in (
        "",
        "  orders: {path: orders.csv, channel: null, margin: margin, silence: 1, by_value: {window: 60}}\n",
    ):
        plan = tmp_path / "plan.yaml"
        text = f"name: t\ndata:\n  weekly: {{path: weekly.csv, spend: [often, once]}}\n{own}"
        plan.write_text(text, encoding="utf-8")
        inputs = read_inputs(*read_config(plan), journeys_too=False)
        assert inputs.panel is not None
        posterior = mmm.fit(inputs.panel, mmm.Model(), chains=2, draws=200, tune=300, seed=1)
        limits = [optimizer.Budget(exactly=12_000), *(optimizer.Channel(name).at_most(11_000) for name in spend)]
        best = optimizer.Plan(maximize=optimizer.Customers(), subject_to=limits).solve(posterior.curves(weeks=1)).spend
        bought.append(sum(40 * (1 + more[name]) * 100 * best[name] / (6000 + best[name]) for name in spend))
    by_heads, by_value = bought
    assert by_value > 1.05 * by_heads


def test_weeks_that_count_by_value_are_not_told_to_read_otherwise(starter: Path) -> None:
    panel = read_inputs(*read_config(asked(starter, by_value(), worthy(starter))), journeys_too=False).panel
    config, _ = read_config(starter)
    weekly = config.data.weekly
    assert panel is not None
    assert weekly is not None
    frame = pd.read_csv(starter.parent / "weekly.csv", parse_dates=["week"])
    (told,) = restated(frame, weekly, panel, config.data.by_value is not None)
    assert "count each customer as one of average value" in told
    (told,) = restated(frame, weekly, panel)
    assert "read otherwise now: new_customers" in told
