"""data.cohorts, data.costs, economics and maximize: npv, from the plan file to the certified plan and the report."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from attribution.errors import BadInput
from optimizer.planning.check import check_plan
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.ledger.runs import run_with
from optimizer.planning.since.replans import Desk, desk_of
from optimizer.planning.stages.cac_readings import cac_readings, costs_by_period
from optimizer.planning.stages.economics import _of_how_many
from optimizer.planning.stages.result import Run

CHANNELS = ("tv", "paid_social", "generic_search")


def cohorts(stay: dict[str, float], first: str = "2026-01-01", months: int = 8) -> pd.DataFrame:
    """Exact survivors at a constant churn, 20 EUR a month each."""
    rows = []
    for channel, share in stay.items():
        for start, month in enumerate(pd.date_range(first, periods=months, freq="MS")):
            for age in range(months - start):
                active = round(2000 * share**age)
                rows.append((f"{month:%Y-%m-%d}", channel, age, active, 20 * active))
    return pd.DataFrame(rows, columns=["month", "channel", "age", "active", "margin"])


STAY = {"tv": 0.7, "paid_social": 0.95, "generic_search": 0.85, "organic": 0.9}


def asked(plan: Path, text: str = "", frame: pd.DataFrame | None = None, more: str = "") -> Path:
    """The starter with cohorts, aimed at net present value."""
    (cohorts(STAY) if frame is None else frame).to_csv(plan.parent / "cohorts.csv", index=False)
    file = plan.read_text(encoding="utf-8")
    file = file.replace("  upcoming: upcoming.csv ", "  cohorts: {path: cohorts.csv}\n  upcoming: upcoming.csv ")
    file = file.replace("  minimize: blended_cac ", "  maximize: npv #")
    plan.write_text(file.replace("\nplan:\n", f"\n{more}\nplan:\n{text}"), encoding="utf-8")
    return plan


def told(plan: Path) -> str:
    with pytest.raises(BadInput) as raised:
        check_plan(plan)
    return str(raised.value)


def test_a_plan_file_for_net_present_value_is_understood(starter: Path) -> None:
    understood = check_plan(asked(starter, more="economics: {horizon: 24, discount_rate: 0.08}"))
    assert "most npv" in " ".join(understood.steps)
    assert any(file.role == "cohorts" for file in understood.files)


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        ("  value_per_customer: 100\n", "", "takes values from data.cohorts or data.orders"),
        ("  risk: {worst: 0.2}\n", "", "takes no draws of what customers are worth"),
        ("", "economics: {margin: 3}", "economics.margin is stated beside it"),
        ("", "economics: {horizon: 0}", "greater than or equal to 1"),
        ("", "economics: {discount: 0.1}", "discount_rate"),
        ("", "economics: {discount_rate: -0.1}", "greater than or equal to 0"),
        ("", "economics: {discount_rate: 12}", "write 0.12 for 12 %"),
        ("", "economics: {guardrail: 0}", "greater than 0"),
        (
            "",
            "economics: {sales_cycle: {months: {0: 0.5}}}",
            "economics.sales_cycle: shares of customers by lag are 0.5",
        ),
        ("", "economics: {sales_cycle: {0: 0.5, 1: 0.5}}", "say of what the lags are"),
        ("", "economics: {sales_cycle: {}}", "give months or weeks"),
        ("", "economics: {sales_cycle: {weeks: {0: 1}, months: {0: 1}}}", "give months or weeks"),
        ("", "economics: {sales_cycle: {weeks: {-1: 1}}}", "greater than or equal to 0"),
    ],
)
def test_keys_that_do_not_fit_are_refused(starter: Path, text: str, more: str, said: str) -> None:
    assert said in told(asked(starter, text, more=more))


def test_without_cohorts_neither_npv_nor_economics_means_anything(starter: Path) -> None:
    text = starter.read_text(encoding="utf-8")
    starter.write_text(text.replace("minimize: blended_cac", "maximize: npv"), encoding="utf-8")
    assert "needs data.cohorts or data.orders" in told(starter)
    starter.write_text(text + "\neconomics: {horizon: 12}\n", encoding="utf-8")
    assert "give that table too" in told(starter)
    plain = text.replace("maximize: npv", "minimize: blended_cac") + "\neconomics: {sales_cycle: {weeks: {0: 1}}}\n"
    starter.write_text(plain, encoding="utf-8")
    assert read_config(starter)[0].economics.sales_cycle is not None  # which needs no values


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.replace({"channel": {"tv": "tvv"}}), "unknown channel 'tvv'. Remedy: did you mean 'tv'?"),
        (lambda f: f.assign(currency="USD"), "is USD, and the plan file counts in EUR"),
        (lambda f: f.drop(columns="margin"), "or state economics.margin"),
        (lambda f: f.assign(active=f["active"] + 100 * f["age"] ** 3), "survivors grow"),
        (lambda f: f.drop(columns="age"), "column 'age'"),
        (lambda f: f.assign(age=f["age"] + 1), "has no age 0"),
        (lambda f: f.assign(margin=0), "nobody is worth anything"),
        (lambda f: f.assign(currency=f["channel"].map({"tv": "USD"}).fillna("EUR")), "mixes currencies: USD, EUR"),
    ],
)
def test_a_faulty_table_is_refused_with_its_name(starter: Path, change: Any, said: str) -> None:
    message = told(asked(starter, frame=change(cohorts(STAY))))
    assert said in message
    assert "cohorts.csv" in message


def test_a_channel_without_cohorts_has_the_value_of_the_others_and_it_is_said(starter: Path) -> None:
    frame = cohorts({name: STAY[name] for name in ("tv", "generic_search")})
    understood = check_plan(asked(starter, frame=frame))
    assert any("no customers of paid_social" in text for text in understood.assumptions)


FEW = (
    "model:\n  rivals: false\n  sensitivity: false\n  chains: 2\n  draws: 300\n  tune: 300\n  time_budget: 0.001\n"
    "  accept_unconverged: true\n"
)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory, run_quietly: Any) -> tuple[Run, Path]:
    """A run with cohorts and costs up to its plan."""
    from optimizer.planning.starter import write_starter

    cycle = "economics: {sales_cycle: {months: {0: 0.6, 1: 0.3, 2: 0.1}}}"
    plan = asked(write_starter(tmp_path_factory.mktemp("npv") / "starter")[0], more=cycle)
    months = pd.date_range("2024-06-01", "2026-12-01", freq="MS")
    pd.DataFrame({"month": months, "kind": "team", "cost": 31_000}).to_csv(plan.parent / "costs.csv", index=False)
    text = plan.read_text(encoding="utf-8").replace("\nmodel:\n", f"\n{FEW}")
    text = text.replace("  cohorts: {", "  costs: {path: costs.csv}\n  cohorts: {")
    plan.write_text(text, encoding="utf-8")
    run, written = run_quietly(plan, plan.parent / "out", goal="optimize")
    return run, next(path.parent for path in written if path.name == "lifetime_value.csv")


def test_the_plan_is_certified_for_values_times_customers(planned: tuple[Run, Path]) -> None:
    run, _ = planned
    assert run.plan is not None
    values = run.inputs.customer_values
    assert values is not None
    spend = run.plan.allocation.spend
    paid = {c: float(run.plan.planned.paid[c].mean()) for c in CHANNELS}
    gained = sum(values.value(c).mean() * paid[c] for c in CHANNELS)
    organic = float(run.plan.planned.organic.mean()) * float(values.value("organic").mean())
    assert run.plan.allocation.value == pytest.approx(gained + organic - spend.sum() - 150_000, rel=1e-6)
    assert run.plan.allocation.gap <= 1e-3
    assert run.plan.aim.name == "net present value"


def test_outputs_say_what_customers_are_worth(planned: tuple[Run, Path]) -> None:
    run, out = planned
    table = pd.read_csv(out / "lifetime_value.csv", index_col="channel")
    for channel in CHANNELS:
        exact = 20 * float((STAY[channel] ** np.arange(36)) @ 1.1 ** (-np.arange(36) / 12))
        low, high = table.loc[channel, ["lifetime_value_low", "lifetime_value_high"]]
        assert low * 0.98 <= exact <= high * 1.02
        assert table.loc[channel, "ltv_to_cac"] == pytest.approx(
            table.loc[channel, "lifetime_value"] / table.loc[channel, "cac"], rel=1e-6
        )
    payback = pd.read_csv(out / "payback.csv")
    both = payback.pivot_table(index="channel", columns="discounted", values="months_low")
    assert (both[True] >= both[False] - 1e-9).all()  # discounted margin pays back no earlier
    assert {"cac_readings.csv", "retention.csv"} <= {path.name for path in out.iterdir()}
    assert run.economics is not None
    assert {one.name for one in run.findings} >= {"ltv_to_cac", "retention_forecast", "value_extrapolated"}


def test_the_course_of_payback_passes_0_when_the_cost_is_back(planned: tuple[Run, Path]) -> None:
    run, _ = planned
    assert run.economics is not None
    course = run.economics.course
    assert course is not None
    for one in run.economics.channels:
        if one.back is None:
            continue
        own = course[course["channel"] == one.channel].set_index("month")
        assert own.loc[0, "net_low"] <= -one.cac.point <= own.loc[0, "net_high"]
        assert (own["net_low"] <= own["net"]).all()
        assert (own["net"] <= own["net_high"]).all()
        back = own.index[own["net"] >= 0]
        first = float(back[0]) if len(back) else np.inf
        assert np.isinf(first) == np.isinf(one.back.months.point)
        assert np.isinf(first) or first - 1 <= one.back.months.point <= first


def test_readings_are_of_one_spend_and_one_number_of_customers(planned: tuple[Run, Path]) -> None:
    run, _ = planned
    assert run.economics is not None
    assert run.posterior is not None
    assert run.economics.readings is not None
    year = run.economics.readings.query("period == 'last 52 weeks' and market == ''").set_index("reading")
    panel = run.posterior.panel
    assert year.loc["blended", "customers"] == pytest.approx(float(panel.kpi[:, -52:].sum()))
    assert year.loc["blended", "spend"] == pytest.approx(float(panel.national_spend.tail(52).to_numpy().sum()))
    everybody = year.loc["paid", "customers"] + year.loc["organic", "customers"]
    assert everybody == pytest.approx(year.loc["blended", "customers"])
    added = year.loc["fully loaded", "cac"] - year.loc["blended", "cac"]
    assert added == pytest.approx(year.loc["fully loaded", "costs"] / year.loc["blended", "customers"])
    assert year.loc["channel", "spend"].sum() == pytest.approx(year.loc["blended", "spend"])
    assert year.loc["channel", "customers"].sum() == pytest.approx(year.loc["paid", "customers"])


@pytest.mark.parametrize(
    ("logged", "said"), [(17.0, "as far above those"), (95.0, None), (130.0, "as far below those"), (None, None)]
)
def test_costs_of_a_log_that_holds_other_customers_than_there_are_say_so(
    logged: float | None, said: str | None
) -> None:
    weeks = pd.DataFrame({"log": [logged], "kpi": [100.0]})
    compared = None if logged is None else SimpleNamespace(weeks=weeks)
    run = SimpleNamespace(
        inputs=SimpleNamespace(log_against_kpi=compared), config=SimpleNamespace(outcome="new customers")
    )
    told = _of_how_many(run)  # type: ignore[arg-type]
    assert len(told) == (said is not None)
    assert all(said is not None and said in text and "new customers" in text for text in told)


def test_a_stated_cycle_lays_the_customers_that_media_won_back_to_their_spend(planned: tuple[Run, Path]) -> None:
    run, out = planned
    assert run.economics is not None
    assert run.posterior is not None
    stated = run.economics.stated
    assert stated is not None
    whole = stated[stated["channel"] == "all channels"].set_index("month")
    paid = run.economics.readings.query("reading == 'paid' and market == ''").set_index("period")
    shared = whole.index.intersection(paid.index)
    assert len(shared) >= 12
    assert np.allclose(whole.loc[shared, "spend"], paid.loc[shared, "spend"])
    assert np.allclose(whole.loc[shared, "customers_of_month"], paid.loc[shared, "customers"], rtol=0.05)
    older = whole.iloc[3:-3]
    assert older["customers_matched"].sum() == pytest.approx(older["customers_of_month"].sum(), rel=0.1)
    assert np.allclose(older["customers_so_far"], older["customers_matched"], rtol=0.02)
    assert whole["customers_so_far"].iloc[-1] < 0.95 * whole["customers_matched"].iloc[-1]
    assert (whole["matched_cac_low"] <= whole["matched_cac"]).all()
    assert {*CHANNELS} == {*stated["channel"]} - {"all channels"}
    assert "cac_matched_as_stated.csv" in {path.name for path in out.iterdir()}


def test_contributions_by_label_are_those_of_their_periods(planned: tuple[Run, Path]) -> None:
    posterior = planned[0].posterior
    assert posterior is not None
    dates = posterior.panel.dates
    labels = ["early" if date < dates[40] else "late" for date in dates]
    parts = posterior.contributions_by(labels)
    late = posterior.contributions(start=f"{dates[40]:%Y-%m-%d}")
    assert np.allclose(parts["late"], late)
    assert np.allclose(parts["early"] + parts["late"], posterior.contributions())


def test_costs_of_a_month_stand_on_its_days(planned: tuple[Run, Path]) -> None:
    posterior = planned[0].posterior
    assert posterior is not None
    panel = posterior.panel
    costs = pd.DataFrame({"month": pd.date_range("2020-01-01", "2027-12-01", freq="MS"), "kind": "a"})
    whole = costs_by_period(costs.assign(cost=costs["month"].dt.days_in_month * 10.0), panel)
    assert np.allclose(whole, 70.0)
    short = costs_by_period(costs.assign(cost=1.0)[costs["month"] >= "2026-01-01"], panel)
    assert np.isnan(short[0])
    assert cac_readings(posterior, costs.assign(cost=0.0)).query("reading == 'fully loaded'")["costs"].eq(0).all()


def test_a_monitor_asks_the_plan_again_by_the_same_values(planned: tuple[Run, Path]) -> None:
    run, folder = planned
    assert run.plan is not None
    assert run.posterior is not None
    desk = desk_of(run.config, run.document, run.posterior, run_with(folder, "posterior.nc"))
    assert isinstance(desk, Desk)
    assert np.array_equal(
        desk.plan.objective.value_per_customer["tv"],  # type: ignore[attr-defined]
        run.plan.plan.objective.value_per_customer["tv"],  # type: ignore[attr-defined]
    )


def test_a_what_if_lowers_all_values(planned: tuple[Run, Path], tmp_path: Path) -> None:
    from optimizer import LowerValue, compare

    run, _ = planned
    assert run.plan is not None
    frame = compare(run.plan.plan, run.plan.curves, [LowerValue(0.5)]).frame
    assert frame["spend"].iloc[1] <= frame["spend"].iloc[0] * (1 + 1e-6)


def test_costs_twice_in_a_month_are_refused(starter: Path) -> None:
    rows = pd.DataFrame({"month": ["2026-01-01", "2026-01-20"], "kind": "team", "cost": 1.0})
    rows.to_csv(starter.parent / "costs.csv", index=False)
    text = starter.read_text(encoding="utf-8")
    starter.write_text(text.replace("  upcoming: up", "  costs: {path: costs.csv}\n  upcoming: up"), encoding="utf-8")
    assert "several rows of team in 2026-01" in told(starter)


def test_inputs_give_a_value_to_each_market_of_a_channel(starter: Path) -> None:
    config, document = read_config(asked(starter))
    inputs = read_inputs(config, document, journeys_too=False)
    worth = inputs.worth_of(CHANNELS)
    assert worth is not None
    assert set(worth) == {*CHANNELS, "organic"}
    assert inputs.customer_values is not None
    assert np.array_equal(worth["tv"], inputs.customer_values.value("tv"))
