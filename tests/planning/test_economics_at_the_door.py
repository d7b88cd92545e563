"""Tables and terms of money with time that mislead: each is refused, or said, and ordinary ones are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution.economics import odd_cohorts, read_cohorts, read_funnel
from attribution.errors import BadInput
from mmm import Panel
from optimizer.planning.file.config import Config, config_of
from optimizer.planning.file.document import Document
from optimizer.planning.file.keys.data import PlatformReports
from optimizer.planning.inputs.platform_reports import read_platform_reports
from optimizer.planning.inputs.read_funnel import more_than_entered
from optimizer.planning.inputs.terms_as_meant import terms_as_meant

FILE = """
name: Small
outcome: {outcome}
data:
  weekly: {{path: weekly.csv, spend: [tv, search]}}
  cohorts: {{path: cohorts.csv}}
economics: {{margin: {margin}}}
plan:
  maximize: {maximize}
  budget: {{at_most: +0%}}
  {more}
"""


def config(outcome: str = "customers", margin: str = "20", maximize: str = "customers", more: str = "") -> Config:
    text = FILE.format(outcome=outcome, margin=margin, maximize=maximize, more=more)
    return config_of(Document.of("plan.yaml", text))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "line", "said"),
    [
        ({"outcome": "EUR of revenue", "maximize": "npv"}, 9, "npv counts what a customer is worth"),
        ({"margin": "{tv: 20, search: 10, radio: 3}"}, 7, "unknown channel 'radio'"),
        ({"margin": "-3"}, 7, "has to be greater than 0; got -3"),
    ],
)
def test_terms_that_mean_nothing_are_refused_once_and_on_their_line(keys: dict[str, str], line: int, said: str) -> None:
    with pytest.raises(BadInput) as raised:
        config(**keys)
    (only,) = str(raised.value).splitlines()
    assert f":{line}: " in only
    assert said in only


def test_terms_that_mean_something_are_taken() -> None:
    assert config(margin="{tv: 20, search: 10, organic: 5}").economics.margin["organic"] == 5  # type: ignore[index]


def cohorts(last: float = 1.0, worse: float = 0.0, by: int = 0) -> pd.DataFrame:
    """Cohorts that keep 85 % a month; a part of them in the last month, or fewer from month to month."""
    rng = np.random.default_rng(4)
    rows = []
    for channel in ("tv", "search"):
        for start in range(9):
            active = 2000 + 30 * start
            for age in range(9 - start):
                if age:
                    active = rng.binomial(active, 0.85 - worse * (start + age) / 9)
                shown = round(active * last) if start + age == 8 and age else active
                rows.append((f"2025-{start + 1:02d}-01", channel, age + by, shown))
    return pd.DataFrame(rows, columns=["month", "channel", "age", "active"])


def test_a_last_month_that_is_not_over_is_told_and_a_whole_one_or_a_trend_is_not() -> None:
    for part in (0.9, 0.5):
        finding = odd_cohorts(read_cohorts(cohorts(part)))
        assert not finding.passed
        assert "In 2025-09, the last month" in finding.text
    assert odd_cohorts(read_cohorts(cohorts())).passed
    assert odd_cohorts(read_cohorts(cohorts(worse=0.2))).passed


def test_ages_that_count_from_one_are_told_so() -> None:
    with pytest.raises(BadInput, match="count from 0: one less everywhere"):
        read_cohorts(cohorts(by=1))


@pytest.mark.parametrize(("period", "days"), [("day", 7), ("week", 30)])
def test_claims_that_cover_more_than_is_said_are_refused(period: str, days: int, tmp_path: object) -> None:
    weeks = pd.date_range("2025-01-06", periods=52, freq="7D")
    table = pd.DataFrame({"week": weeks, "won": 1000.0, "tv": np.linspace(900, 1100, 52)})
    panel = Panel.from_frame(table, "week", "won", ["tv"])
    dates = weeks if days == 7 else pd.date_range("2025-02-01", periods=10, freq="MS")
    claimed = pd.DataFrame({"date": dates, "channel": "tv", "conversions": 70.0})
    claimed.to_csv(f"{tmp_path}/claims.csv", index=False)
    right = {7: "week", 30: "month"}[days]
    for said in (period, right):
        section = PlatformReports.model_validate({"path": "claims.csv", "period": said})
        if said == right:
            assert read_platform_reports(section, tmp_path, panel)  # type: ignore[arg-type]
            continue
        with pytest.raises(BadInput, match=f"a {right} apart.*period: {right}"):
            read_platform_reports(section, tmp_path, panel)  # type: ignore[arg-type]


def test_a_slip_of_a_funnel_is_said_and_lags_are_not() -> None:
    rng = np.random.default_rng(5)
    weeks = pd.date_range("2025-01-06", periods=30, freq="7D")
    frame = pd.DataFrame({"period": weeks, "clicks": rng.poisson(1000, 30), "orders": rng.poisson(200, 30)})
    odd = frame.index == 7
    slip = frame.assign(orders=np.where(odd, 2000, frame["orders"]))
    lag = frame.assign(clicks=np.where(odd, 180, frame["clicks"]))
    for table, told in ((frame, 0), (slip, 1), (slip.assign(channel="tv"), 1), (lag, 0)):
        channel = "channel" if "channel" in table else None
        said = list(more_than_entered(read_funnel(table, ["clicks", "orders"], channel=channel), "funnel.csv"))
        assert len(said) == told
        assert not told or "2025-02-24" in said[0]


def test_a_programme_of_more_customers_than_there_ever_were_is_told() -> None:
    weeks = pd.date_range("2025-01-06", periods=52, freq="7D")
    table = pd.DataFrame({"week": weeks, "won": 100.0, "tv": np.linspace(900, 1100, 52), "search": 500.0})
    panel = Panel.from_frame(table, "week", "won", ["tv", "search"])
    for many, fine in ((4_000, True), (4_000_000, False)):
        referral = f"referral: {{customers: {many}, capacity: 100, tiers: [{{reward: 10, share: 0.05, each: 1.1}}]}}"
        finding = terms_as_meant(config(more=referral), None, panel)
        assert finding.passed == fine
