"""Panels: every bad table is refused with table, column, row and remedy; good ones are taken as they are."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution import Format
from attribution.errors import BadInput, UnknownChannel
from mmm.data.panel_checks import check_panel

CHANNELS = ("tv", "search", "social")


def panel_of(frame: pd.DataFrame, **options: object) -> mmm.Panel:
    roles = {"date": "week", "kpi": "customers", "spend": list(CHANNELS), "controls": ["price"], **options}
    return mmm.Panel.from_frame(frame, **roles)


def with_cell(column: str, row: int, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.astype({column: object})
        frame.loc[row, column] = value
        return frame

    return change


def text_dates(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(week=frame["week"].dt.strftime("%d/%m/%Y"))


def daily_then_weekly(frame: pd.DataFrame) -> pd.DataFrame:
    days = frame.head(7).assign(week=pd.date_range("2022-12-26", periods=7))
    return pd.concat([days, frame], ignore_index=True)


def monthly(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(week=pd.date_range("2010-01-01", periods=len(frame), freq="MS"))


def future(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.copy()
    frame.loc[125:, "customers"] = np.nan
    return frame


@dataclass(frozen=True)
class Bad:
    change: Callable[[pd.DataFrame], pd.DataFrame]
    message: str


CASES = {
    "missing week": Bad(lambda f: f.drop(index=40), r"1 week is missing: 2023-10-09\. Remedy: add the rows"),
    "missing weeks": Bad(lambda f: f.drop(index=[40, 41, 60]), r"3 weeks are missing: 2023-10-09, 2023-10-16"),
    "duplicate week": Bad(
        lambda f: pd.concat([f, f.iloc[[7]]]), r"same week stands in several rows, first week 2023-02"
    ),
    "NaN KPI": Bad(with_cell("customers", 3, np.nan), r"column 'customers', row 5: is empty"),
    "NaN spend": Bad(with_cell("tv", 9, None), r"column 'tv', row 11: is empty.*nothing is filled in silently"),
    "infinite spend": Bad(with_cell("tv", 9, np.inf), r"column 'tv', row 11: is infinite"),
    "infinite KPI": Bad(with_cell("customers", 0, -np.inf), r"column 'customers', row 2: is infinite"),
    "negative spend": Bad(with_cell("search", 1, -5.0), r"column 'search', row 3: is negative.*refunds"),
    "negative KPI": Bad(with_cell("customers", 1, -1), r"column 'customers', row 3: is negative"),
    "NaN control": Bad(with_cell("price", 2, np.nan), r"column 'price', row 4: is empty"),
    "dd/mm/yyyy": Bad(text_dates, r"is not a date: '02/01/2023'.*date_format"),
    "daily and weekly": Bad(daily_then_weekly, r"mixes daily and weekly rows.*sum the daily rows"),
    "monthly": Bad(monthly, r"rows are months long.*by week or day"),
    "mixed currencies": Bad(with_cell("tv", 4, "$1200"), r"is not a number: '\$1200'.*remove currency signs"),
    "thousands separators": Bad(with_cell("tv", 4, "1,200"), r"say thousands: ','"),
    "future weeks": Bad(future, r"no KPI is known yet in the last 5 rows, from 2025-05-26.*organic\(controls"),
    "no KPI at all": Bad(lambda f: f.assign(customers=0), r"is zero throughout"),
    "misspelt column": Bad(lambda f: f.rename(columns={"search": "serach"}), r"did you mean 'serach'"),
    "column twice": Bad(lambda f: pd.concat([f, f[["tv"]]], axis=1), r"'tv': stands twice"),
    "no rows": Bad(lambda f: f.head(0), r"has no rows"),
    "one row": Bad(lambda f: f.head(1), r"single period"),
    "time of day": Bad(lambda f: f.assign(week=f["week"] + pd.Timedelta("3h")), r"times of day"),
    "time zone": Bad(lambda f: f.assign(week=f["week"].dt.tz_localize("UTC")), r"has a time zone"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_table_is_refused(name, company):
    frame, _ = company()
    frame = CASES[name].change(frame)
    frame.attrs["name"] = "weekly.csv"
    with pytest.raises(BadInput, match=CASES[name].message) as caught:
        panel_of(frame)
    assert "weekly.csv" in str(caught.value)
    assert "Remedy: " in str(caught.value)
    assert caught.value.exit_code == 2


def test_all_problems_come_at_once(company):
    frame, _ = company()
    frame = with_cell("tv", 2, None)(with_cell("search", 1, -5.0)(with_cell("customers", 0, "many")(frame)))
    with pytest.raises(BadInput) as caught:
        panel_of(frame)
    assert len(caught.value.problems) == 3


def test_unsorted_rows_are_sorted(company):
    frame, _ = company()
    shuffled = frame.sample(frac=1, random_state=0)
    np.testing.assert_array_equal(panel_of(shuffled).kpi, panel_of(frame).kpi)
    np.testing.assert_array_equal(panel_of(shuffled).spend, panel_of(frame).spend)


def test_stated_date_format_is_read(company):
    frame, _ = company()
    read = panel_of(text_dates(frame), format=Format(date_format="%d/%m/%Y"))
    assert list(read.dates) == list(frame["week"])


def test_roles_may_not_collide(company):
    frame, _ = company()
    with pytest.raises(BadInput, match="'tv': has two roles"):
        panel_of(frame, controls=["tv"])
    with pytest.raises(BadInput, match="no channel is named"):
        panel_of(frame, spend=[])


def test_fewer_rows_than_parameters(company):
    frame, _ = company()
    with pytest.raises(BadInput, match=r"20 rows, fewer than the model's 22 parameters.*Remedy"):
        mmm.fit(panel_of(frame.head(20)))


def test_findings_on_spend(company):
    frame, _ = company()
    frame = frame.assign(tv=0.0, search=500.0, twin=frame["social"] * 2.0)
    findings = {f.name: f for f in check_panel(panel_of(frame, spend=["tv", "search", "social", "twin"]), 60)}
    assert not findings["spend_present"].passed
    assert "tv" in findings["spend_present"].text
    assert not findings["spend_varies"].passed
    assert "search" in findings["spend_varies"].text
    assert not findings["collinear"].passed
    assert "social and twin" in findings["collinear"].text
    assert not findings["rows_per_parameter"].passed
    good = check_panel(panel_of(company()[0]), 20)
    assert all(finding.passed for finding in good)


def test_spend_that_others_add_up_to_is_named(company):
    frame, _ = company()
    three = frame[["tv", "search", "social"]]
    frame["sum"] = (three / three.std()).sum(axis=1) + np.random.default_rng(0).gamma(1.0, 0.1, len(frame))
    findings = {f.name: f for f in check_panel(panel_of(frame, spend=["tv", "search", "social", "sum"]))}
    assert findings["collinear"].passed
    assert not findings["follows_others"].passed
    by_control = panel_of(frame.assign(index=frame["tv"] * 0.01 + 7), spend=["tv", "search"], controls=["index"])
    follows = {f.name: f for f in check_panel(by_control)}["follows_others"]
    assert "that of tv: R² 1.00" in follows.text
    assert not follows.passed


def test_large_and_small_geos_do_not_look_collinear():
    rng = np.random.default_rng(2)
    frames = [
        pd.DataFrame(
            {
                "week": pd.date_range("2023-01-02", periods=60, freq="7D"),
                "customers": size * rng.gamma(50, 1, 60),
                "geo": f"geo {size}",
                "tv": size * rng.gamma(2, 1, 60),
                "search": size * rng.gamma(2, 1, 60),
            }
        )
        for size in (1, 30)
    ]
    panel = mmm.Panel.from_frame(pd.concat(frames), "week", "customers", ["tv", "search"], geo="geo")
    findings = {f.name: f for f in check_panel(panel)}
    assert findings["collinear"].value < 0.4
    assert findings["follows_others"].value < 0.2


def test_exposure_drives_and_spend_costs(company):
    frame, _ = company()
    frame = frame.assign(clicks=frame["search"] * 3.0)
    panel = panel_of(frame, spend={"tv": "tv", "search": mmm.Exposure(spend="search", volume="clicks")})
    np.testing.assert_allclose(panel.media[0, :, 1], 3.0 * panel.spend[0, :, 1])
    assert panel.channels == ("tv", "search")


def test_geo_panel_is_complete_or_refused(company):
    frame, _ = company()
    both = pd.concat([frame.assign(geo="north"), frame.assign(geo="south", customers=frame["customers"] * 2)])
    panel = panel_of(both, geo="geo")
    assert panel.geos == ("north", "south")
    assert panel.kpi.shape == (2, 130)
    np.testing.assert_allclose(panel.kpi[1], 2 * panel.kpi[0])
    with pytest.raises(BadInput, match="1 row is missing, first geo south"):
        panel_of(both.iloc[:-1], geo="geo")
    with pytest.raises(BadInput, match="same week and geo"):
        panel_of(pd.concat([both, both.tail(1)]), geo="geo")


def test_holidays_and_events_fall_into_their_weeks(company):
    frame, _ = company()
    panel = panel_of(frame).with_holidays("DE").with_events({"launch": ["2023-03-08", "2024-03-06"]})
    names = panel.calendar.names(panel.dates, 7)
    table = panel.calendar.columns(panel.dates, 7, names)
    launch = table[:, names.index("launch")]
    assert [str(day.date()) for day in panel.dates[launch > 0]] == ["2023-03-06", "2024-03-04"]
    christmas = table[:, names.index("Christmas Day")]
    assert list(panel.dates[christmas > 0].month) == [12, 12]
    with pytest.raises(BadInput, match="no calendar for 'XX'"):
        panel.with_holidays("XX")
    with pytest.raises(BadInput, match=r"launch.*cannot be read"):
        panel.with_events({"launch": ["8 March"]})


def test_spend_before_the_panel(company):
    panel = panel_of(company()[0])
    np.testing.assert_allclose(panel.before[0], panel.spend[0, :13].mean(axis=0))
    assert panel.with_before({"tv": 0.0}).before[0, 0] == 0.0
    with pytest.raises(UnknownChannel, match="Did you mean 'search'"):
        panel.with_before({"serch": 0.0})
    for amount in (-1.0, float("nan"), float("inf")):
        with pytest.raises(BadInput, match="0 or more"):
            panel.with_before({"tv": amount})
