"""Opinions of a run: the same days and customers, tests carried over, platforms' reports, factors that come back."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from attribution import Credit, calibrate, read_factors
from attribution.errors import BadInput
from attribution.numbers import percent
from mmm import Panel
from optimizer.planning.file.config import read_config
from optimizer.planning.file.keys.data import PlatformReports
from optimizer.planning.inputs.days import daily_of
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.inputs.platform_reports import other_weekday, read_platform_reports
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress
from optimizer.planning.stages.result import Run

WEEKS = pd.date_range("2026-01-05", periods=20, freq="7D")
SPEND = pd.DataFrame({"search": np.linspace(500, 1500, 20), "tv": [0.0, 2000.0] * 10}, index=WEEKS)
CUSTOMERS = 100.0


def weekly() -> pd.DataFrame:
    return SPEND.assign(new_customers=CUSTOMERS).rename_axis("week").reset_index()


def panel() -> Panel:
    return Panel.from_frame(weekly(), "week", "new_customers", list(SPEND))


def reports(**changes: object) -> pd.DataFrame:
    rows = [(day, channel, 10.0 * (1 + (channel == "tv"))) for day in WEEKS for channel in SPEND]
    return pd.DataFrame(rows, columns=["date", "channel", "conversions"]).assign(**changes)


def read(folder: Path, frame: pd.DataFrame, **keys: object):
    frame.to_csv(folder / "claims.csv", index=False)
    section = PlatformReports.model_validate({"path": "claims.csv", **keys})
    return read_platform_reports(section, folder, panel())[0]


def test_claims_of_whole_weeks_are_summed_over_the_days(tmp_path: Path) -> None:
    claims, notes = read(tmp_path, reports()).over(WEEKS[4], WEEKS[8] + pd.Timedelta(days=6), daily_of(SPEND, 7))
    assert claims.to_dict() == pytest.approx({"search": 50.0, "tv": 100.0})
    assert notes == []


def test_weeks_that_begin_on_another_day_are_told_and_divided_by_days() -> None:
    section = PlatformReports.model_validate({"path": "claims.csv"})
    assert other_weekday(section, WEEKS, panel()) == ""
    told = other_weekday(section, WEEKS - pd.Timedelta(days=1), panel())
    assert "claims.csv are dated on a Sunday, those of the weekly table on a Monday" in told
    assert "the last days of weeks" in told
    daily = PlatformReports.model_validate({"path": "claims.csv", "period": "day"})
    assert other_weekday(daily, WEEKS - pd.Timedelta(days=1), panel()) == ""


def figures(search: object, tv: object) -> pd.DataFrame:
    frame = reports()
    wide = {"search": search, "tv": tv}
    return frame.assign(conversions=np.concatenate(list(zip(*(np.resize(wide[c], 20) for c in SPEND), strict=True))))


RATES = np.random.default_rng(0).uniform(0.02, 0.06, 20).round(4)
SHARES = np.random.default_rng(1).uniform(0.2, 0.8, 20).round(3)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (figures(RATES, RATES[::-1]), "rates or shares, for no figure is above 1 where 100 customers came"),
        (figures(SHARES, 1 - SHARES), "are 1 together in each week: shares"),
        (figures(100 * SHARES, 100 - 100 * SHARES), "are 100 together in each week: shares"),
        (figures((100 * SHARES).round(), 100 - (100 * SHARES).round()), "are 100 together in each week: shares"),
    ],
)
def test_rates_and_shares_are_no_conversions(frame: pd.DataFrame, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=rf"claims\.csv, column 'conversions': .*{said}"):
        read(tmp_path, frame)


def test_figures_that_are_stated_to_be_counts_are_taken_for_them(tmp_path: Path) -> None:
    for frame in (figures(RATES, RATES[::-1]), figures(SHARES, 1 - SHARES), figures(100 * RATES, 25.0)):
        assert read(tmp_path, frame, are_counts=True).finding.passed


def test_rates_in_per_cent_are_told_and_counts_and_their_parts_are_not(tmp_path: Path) -> None:
    odd = read(tmp_path, figures(100 * RATES, [20.0, 25.0, 31.0, 18.0])).finding
    assert (odd.passed, odd.channels) == (False, ("search",))
    assert f"claim {percent(0.04)} of customers with {percent(0.5)} of the spend" in odd.text
    sums = read(tmp_path, figures(np.cumsum([3.0] * 20), [20.0, 25.0, 31.0, 18.0])).finding
    assert (sums.passed, sums.channels) == (False, ("search",))
    assert "search has sums since the table begins" in sums.text
    for search in (
        [30.0, 41.0, 28.0, 35.0],
        [30.33, 41.67, 28.5, 35.2],
        [1.0, 0.0, 2.0, 1.0],
        np.arange(20) / 2 + 30,
        0.0,
    ):
        assert read(tmp_path, figures(search, [20.5, 25.0, 31.0, 18.0])).finding.passed


def test_a_part_of_the_days_is_scaled_by_spend_and_said_and_too_little_is_left_out(tmp_path: Path) -> None:
    half = reports()
    half = half[(half["channel"] == "tv") | (half["date"] >= WEEKS[5])]
    claims, notes = read(tmp_path, half).over(WEEKS[0], WEEKS[9] + pd.Timedelta(days=6), daily_of(SPEND, 7))
    held = SPEND["search"].iloc[5:10].sum() / SPEND["search"].iloc[:10].sum()
    assert claims["search"] == pytest.approx(50.0 / held)
    assert claims["tv"] == pytest.approx(200.0)
    assert [note.partition(":")[0] for note in notes] == ["search"]
    late = read(tmp_path, half[half["date"] >= WEEKS[8]])
    assert late.over(WEEKS[0], WEEKS[9], daily_of(SPEND, 7))[0].empty


def test_days_and_months_say_the_same_as_weeks(tmp_path: Path) -> None:
    days = reports()
    days = days.loc[days.index.repeat(7)].assign(conversions=days["conversions"].repeat(7) / 7)
    days["date"] += pd.to_timedelta(days.groupby(["date", "channel"]).cumcount(), unit="D")
    months = days.assign(date=days["date"].dt.to_period("M").dt.start_time)
    months = months.groupby(["date", "channel"], as_index=False)["conversions"].sum()
    months = months[months["date"].between("2026-02-01", "2026-04-30")]
    span = (pd.Timestamp("2026-02-01"), pd.Timestamp("2026-04-30"), daily_of(SPEND, 7))
    told = [read(tmp_path, frame, period=name).over(*span)[0] for name, frame in (("day", days), ("month", months))]
    for each in told:
        assert each.to_dict() == pytest.approx({"search": 10 / 7 * 89, "tv": 20 / 7 * 89})


BAD = {
    "above all in four weeks": (
        {"conversions": [*[500.0] * 2, *[5.0] * (len(reports()) - 2)]}, {}, "of these days are"
    ),
    "above all": ({"conversions": 101.0}, {}, "search claims 2,020 conversions .* are 2,000"),
    "unknown channel": ({"channel": "serch"}, {}, "unknown channel 'serch'.*did you mean 'search'"),
    "other years": ({"date": lambda f: f["date"] - pd.Timedelta(days=700)}, {}, "has no day in common with the weekly table"),
    "after it": ({"date": lambda f: f["date"] + pd.Timedelta(days=700)}, {}, "has no day in common with the weekly table"),
    "negative": ({"conversions": -1.0}, {}, "conversions"),
    "twice": ({"date": WEEKS[0]}, {}, "date"),
    "weeks as months": ({}, {"period": "month"}, "within the month of the row before it"),
    "days as weeks": ({"date": lambda f: WEEKS[0] + pd.to_timedelta(f.index // 2, unit="D")}, {}, "within the week of the row"),
    "no rows": (None, {}, "no rows|empty|has 0 rows"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_reports_are_refused(case: str, tmp_path: Path) -> None:
    changes, keys, said = BAD[case]
    frame = reports().iloc[:0] if changes is None else reports().assign(**changes)
    if case == "unknown channel":
        frame = frame.drop_duplicates(["date", "channel"])
    with pytest.raises(BadInput, match=said):
        read(tmp_path, frame, **keys)


@pytest.mark.parametrize("month", ["2026-02", "2026-03"])
def test_a_month_that_alone_claims_more_than_all_is_refused(month: str, tmp_path: Path) -> None:
    months = pd.date_range("2026-02-01", "2026-04-01", freq="MS")
    claims = np.where(months.strftime("%Y-%m") == month, 1.1 * CUSTOMERS / 7 * 31, 20.0)
    frame = pd.DataFrame({"date": months, "channel": "search", "conversions": claims})
    with pytest.raises(BadInput, match=f"from {month}-"):
        read(tmp_path, frame, period="month")
    assert read(tmp_path, frame.assign(conversions=0.9 * claims.clip(max=350)), period="month") is not None


def test_every_problem_of_a_report_is_told_at_once(tmp_path: Path) -> None:
    frame = reports()
    frame.loc[frame["channel"] == "tv", "conversions"] = 500.0
    frame.loc[frame["channel"] == "search", "date"] -= pd.Timedelta(days=3000)
    with pytest.raises(BadInput) as refused:
        read(tmp_path, frame)
    assert len(refused.value.problems) == 2


# a run without a fit


def plan_of(folder: Path, **data: object) -> Path:
    weekly().to_csv(folder / "weekly.csv", index=False)
    rng = np.random.default_rng(3)
    people = [f"u{number}" for number in range(1600)]  # of 2,000 customers the log sees four in five
    won = pd.Timestamp("2026-01-06", tz="UTC") + pd.to_timedelta(rng.integers(0, 138 * 24, len(people)), unit="h")
    touched = pd.DataFrame({"user": people, "time": won - pd.Timedelta(hours=30)})
    touched["channel"] = np.where(rng.random(len(people)) < 0.75, "search", "tv")
    touched.to_csv(folder / "touches.csv", index=False)
    pd.DataFrame({"user": people, "time": won}).to_csv(folder / "won.csv", index=False)
    tests = [("search", "2026-02-02", "2026-03-01", float(SPEND["search"].iloc[4:8].sum()), 40.0, 4.0)]
    names = ["channel", "start", "end", "spend_change", "customers_gained", "standard_error"]
    pd.DataFrame(tests, columns=names).to_csv(folder / "tests.csv", index=False)
    written = {
        "name": "Small", "currency": "EUR", "attribution": {"models": ["last"], "replicates": 50},
        "data": {
            "weekly": {"path": "weekly.csv", "spend": list(SPEND)},
            "touchpoints": {"path": "touches.csv", "conversions": {"path": "won.csv"}},
            "lift_tests": {"path": "tests.csv"},
        },
    }  # fmt: skip
    written["data"] |= data.pop("data", {})
    written["attribution"] |= data
    (folder / "plan.yaml").write_text(yaml.safe_dump(written))
    return folder / "plan.yaml"


def attributed(plan: Path) -> Run:
    return run_plan(plan, plan.parent / "out", "attribution", Progress(io.StringIO()))[0]


def test_opinions_are_of_the_same_days_and_customers(tmp_path: Path) -> None:
    reports().to_csv(tmp_path / "claims.csv", index=False)
    run = attributed(plan_of(tmp_path, data={"platform_reports": {"path": "claims.csv"}}))
    heard = run.heard
    assert heard is not None
    weeks = len(pd.date_range(heard.first, heard.last)) / 7
    table = heard.to_frame().set_index(["opinion", "channel"])["customers"]
    logged = run.inputs.log_against_kpi.weeks.set_index("week")["log"].loc[heard.first : heard.last].sum()
    assert heard.opinions.customers == pytest.approx(CUSTOMERS * weeks)
    assert heard.scale == pytest.approx(CUSTOMERS * weeks / logged)
    assert table["Last touch"].sum() == pytest.approx(CUSTOMERS * weeks)  # nobody converts without a touch here
    assert table["platform", "tv"] == pytest.approx(20 * weeks)
    spent = SPEND["search"].loc[heard.first : heard.last].sum()
    assert table["experiment", "search"] == pytest.approx(40.0 * spent / SPEND["search"].iloc[4:8].sum())
    assert any("scaled" in note for note in heard.notes)
    assert any("straight line" in note for note in heard.notes)


def test_a_contradiction_names_the_command_that_settles_it(tmp_path: Path) -> None:
    run = attributed(plan_of(tmp_path))
    said = next(one for one in run.findings if one.name == "counts_against_effects")
    assert not said.passed
    assert said.channels == ("search",)
    assert "calibration.csv" in said.text
    assert run.heard.findings[0] is said


def test_factors_of_a_run_correct_the_next_one_that_measures_nothing(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    first = attributed(plan)
    written = next((tmp_path / "out" / "runs").glob("*/calibration.csv"))
    (tmp_path / "calibration.csv").write_text(written.read_text())
    reports().to_csv(tmp_path / "claims.csv", index=False)
    data = {"lift_tests": {"path": "tests.csv"}, "platform_reports": {"path": "claims.csv"}}
    text = yaml.safe_load(plan_of(tmp_path, data=data, calibration={"factors": "calibration.csv"}).read_text())
    del text["data"]["lift_tests"]
    plan.write_text(yaml.safe_dump(text))
    later = attributed(plan)
    assert later.heard.factors == read_factors(tmp_path / "calibration.csv")
    ours, theirs = (run.heard.calibrated["Last touch"].table.loc["search"] for run in (first, later))
    assert theirs["estimate"] == pytest.approx(ours["estimate"])
    table = pd.read_csv(next(iter(sorted((tmp_path / "out" / "runs").glob("*/attribution.csv")))))
    row = table.set_index("channel").loc["search"]
    assert row["calibrated"] == pytest.approx(ours["estimate"])
    assert row["calibrated_low"] < row["calibrated"] < row["calibrated_high"]
    assert table.set_index("channel").loc["tv", ["calibrated"]].isna().all()


def test_old_factors_are_said_and_widened(tmp_path: Path) -> None:
    fresh, stale = (
        attributed(plan_of(folder, calibration={"fresh": days, "drift": 0.5})).heard
        for days, folder in (("365D", tmp_path / "a"), ("10D", tmp_path / "b"))
        if folder.mkdir() is None
    )
    assert [next(f for f in heard.findings if f.name == "factors_age").passed for heard in (fresh, stale)] == [
        True,
        False,
    ]
    widths = [heard.factor_table["factor_high"] - heard.factor_table["factor_low"] for heard in (fresh, stale)]
    assert (widths[1] > widths[0]).all()


@pytest.fixture(scope="module")
def factors(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """What a run writes of its factors."""
    folder = tmp_path_factory.mktemp("factors")
    attributed(plan_of(folder))
    return pd.read_csv(next((folder / "out" / "runs").glob("*/calibration.csv")))


@pytest.mark.parametrize("change", [{"channel": "sreach"}, {"credit": 0.0}])
def test_factors_of_channels_that_the_log_lacks_are_refused(
    change: dict[str, object], factors: pd.DataFrame, tmp_path: Path
) -> None:
    table = factors.assign(**change)
    table.to_csv(tmp_path / "factors.csv", index=False)
    with pytest.raises(BadInput, match=r"Did you mean 'search'|is outside|is not above 0"):
        attributed(plan_of(tmp_path, calibration={"factors": "factors.csv"}))


def test_factors_of_models_that_the_run_does_not_make_are_told(factors: pd.DataFrame, tmp_path: Path) -> None:
    factors.assign(model="Shapely").to_csv(tmp_path / "factors.csv", index=False)
    run = attributed(plan_of(tmp_path, calibration={"factors": "factors.csv"}))
    assert any("factors.csv for Shapely are not used" in text for text in run.inputs.assumptions)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"fresh": 182}, "has no unit"),
        ({"drift": -0.1}, "calibration.drift"),
        ({"until": "2026-01-01"}, "unknown key"),
    ],
)
def test_bad_keys(keys: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=said):
        attributed(plan_of(tmp_path, calibration=keys))


# a whole run


def test_a_whole_run_writes_opinions_and_factors_that_python_reads(finished: tuple[Run, Path]) -> None:
    run, folder = finished
    table = pd.read_csv(folder / "opinions.csv")
    assert set(table["source"]) == {"attribution", "mix model"}
    factors = read_factors(folder / "calibration.csv")
    credit = next(iter(run.attribution.credits.values()))
    assert isinstance(credit, Credit)
    corrected = calibrate(credit, factors, run.heard.last.date(), seed=run.config.seed).table
    shown = pd.read_csv(folder / "attribution.csv").groupby("channel")["calibrated"].first()
    for channel, row in corrected.dropna(subset=["estimate"]).iterrows():
        assert row["estimate"] == pytest.approx(shown[channel], rel=1e-6)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert 'id="opinions"' in page
    assert "<script>" not in page


def test_a_currency_beside_claims_counts_where_they_are_money_and_is_said_where_not(tmp_path: Path) -> None:
    for named in ("USD", ["EUR", "USD"] * 20):
        reports(currency=named).to_csv(tmp_path / "claims.csv", index=False)
        plan = plan_of(tmp_path, data={"platform_reports": {"path": "claims.csv"}})
        config, document = read_config(plan)
        assert any("names another currency than EUR" in text for text in read_inputs(config, document).assumptions)
        money = config.model_copy(update={"outcome": "EUR of revenue"})
        with pytest.raises(BadInput, match=r"claims\.csv, column 'currency': (is USD|mixes currencies)"):
            read_inputs(money, document)
    reports(currency="eur").to_csv(tmp_path / "claims.csv", index=False)
    assert not any("currency" in text for text in read_inputs(config, document).assumptions)
