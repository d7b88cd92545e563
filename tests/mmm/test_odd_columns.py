"""Weekly columns that hold no amounts of their weeks: sums so far, rates, indices, figures filled down, cut tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmm import Panel
from mmm.data.panel_checks import check_panel
from mmm.simulate import world

CHANNELS = ["tv", "search", "social"]
ODD = {"running_totals", "rates_and_indices", "filled_down", "cut_short", "renamed_channels", "opens_midway"}


def table(seed: int = 0, weeks: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"week": pd.date_range("2023-10-02", periods=weeks, freq="7D")})
    frame["customers"] = rng.poisson(400 + 60 * np.sin(np.arange(weeks) / 8))
    for name in CHANNELS:
        frame[name] = rng.gamma(4, 700, weeks).round(2)
    return frame


def told(frame: pd.DataFrame) -> dict[str, str]:
    panel = Panel.from_frame(frame, "week", "customers", CHANNELS)
    return {each.name: each.text for each in check_panel(panel) if each.name in ODD and not each.passed}


@pytest.mark.parametrize("column", ["customers", "tv"])
@pytest.mark.parametrize(("since", "length"), [("table", None), ("year", 4), ("month", 7)])
def test_sums_so_far_are_named_with_where_they_begin(column: str, since: str, length: int | None) -> None:
    for frame in (table(), table().assign(tv=lambda known: known["tv"].where(known.index % 3 > 0, 0.0))):
        stretch = pd.Series(0, frame.index) if length is None else frame["week"].astype(str).str[:length]
        frame[column] = frame[column].groupby(stretch).cumsum()
        assert f"{column} (since the {since} begins)" in told(frame)["running_totals"]


@pytest.mark.parametrize(
    ("column", "change", "said"),
    [
        ("customers", lambda values: values / 1e4, "customers lies between 0 and 1"),
        ("customers", lambda values: (100 * values / values[0]).round(1), "customers begins with 100"),
        ("customers", lambda values: 100 * values / values.mean(), "customers is 100 on average"),
        ("tv", lambda values: (100 * values / values.max()).round(1), "spend of tv has 100 as its highest"),
        ("tv", lambda values: values / values.max(), "spend of tv lies between 0 and 1"),
    ],
)
def test_rates_and_indices_are_no_amounts(column, change, said) -> None:
    frame = table()
    frame[column] = change(frame[column].to_numpy(dtype=float))
    assert said in told(frame)["rates_and_indices"]


@pytest.mark.parametrize("kind", ["mean", "line"])
def test_a_kpi_filled_in_between_is_told(kind: str) -> None:
    frame = table()
    if kind == "mean":
        frame["customers"] = frame["customers"].groupby(np.arange(len(frame)) // 4).transform("mean")
    else:
        known = frame["customers"].where(np.arange(len(frame)) % 4 == 0)
        frame["customers"] = known.interpolate()
    assert "customers stands still or moves along a straight line" in told(frame)["filled_down"]


@pytest.mark.parametrize(("column", "factor", "weeks"), [("customers", 0.3, 1), ("customers", 0.0, 3), ("all", 0.2, 1)])
def test_a_table_that_ends_too_early_is_told(column: str, factor: float, weeks: int) -> None:
    frame = table()
    columns = CHANNELS if column == "all" else [column]
    frame[columns] = frame[columns].astype(float)
    frame.loc[frame.index[-weeks:], columns] *= factor
    text = told(frame)["cut_short"]
    assert ("all spend" if column == "all" else "customers") in text
    assert "from 2025-12-29 on" in text or "of the last period" in text


@pytest.mark.parametrize("gap", [0, 1])
def test_a_channel_under_two_names_is_told(gap: int) -> None:
    frame = table()
    weeks = np.arange(len(frame))
    frame["social"] = frame["search"].where(weeks >= 70 + gap, 0.0)
    frame["search"] = frame["search"].where(weeks < 70, 0.0)
    day = frame["week"][70 + gap].date().isoformat()
    assert f"social begins on {day} where search ends" in told(frame)["renamed_channels"]
    assert not told(frame.assign(social=50 * frame["social"])).get("renamed_channels")


@pytest.mark.parametrize("seed", range(6))
def test_simulated_companies_raise_none_of_them(seed: int) -> None:
    data, _ = world(seed, weeks=(60, 104, 156)[seed % 3])
    panel = Panel.from_frame(data.weekly, "week", "new_customers", list(data.channels))
    assert not [each.text for each in check_panel(panel) if each.name in ODD and not each.passed]
    assert not told(table(seed))


@pytest.mark.parametrize("shut", [0, 3, 4, 50])
@pytest.mark.parametrize("side", ["first", "last"])
def test_a_market_that_opens_or_closes_midway_is_told_with_its_day(side: str, shut: int) -> None:
    parts = [table(seed).assign(country=name) for seed, name in ((1, "DE"), (2, "AT"), (3, "FR"))]
    weeks = np.arange(len(parts[1]))
    gone = weeks < shut if side == "first" else weeks >= len(weeks) - shut
    parts[1].loc[gone, "customers"] = 0
    panel = Panel.from_frame(pd.concat(parts), "week", "customers", CHANNELS, geo="country")
    failed = {each.name: each.text for each in check_panel(panel) if not each.passed}
    assert ("opens_midway" in failed) == (shut >= 4)
    assert "filled_down" not in failed  # what is 0 all along is no figure filled in between
    if shut >= 4:
        day = parts[1]["week"][shut if side == "first" else len(weeks) - shut]
        assert f"in AT {'until' if side == 'first' else 'from'} {day:%Y-%m-%d}" in failed["opens_midway"]


def test_a_shop_that_opens_within_its_table_is_told_and_rare_customers_are_not() -> None:
    frame = table()
    frame.loc[:30, "customers"] = 0
    assert "customers is 0 until 2024-05-06" in told(frame)["opens_midway"]
    rare = table().assign(customers=np.random.default_rng(3).poisson(0.4, 120))
    assert "opens_midway" not in told(rare)


@pytest.mark.parametrize(("ahead", "told_of"), [(0, None), (1, "1 week from"), (5, "5 weeks from")])
def test_weeks_that_are_not_over_are_told(ahead: int, told_of: str | None) -> None:
    frame = table()
    today = pd.Timestamp.now().normalize()
    last = today - pd.Timedelta(days=7) + pd.Timedelta(days=3 if ahead else 0) + pd.Timedelta(weeks=max(ahead - 1, 0))
    frame["week"] = last - pd.to_timedelta(7 * np.arange(len(frame))[::-1], unit="D")
    text = told(frame).get("cut_short", "")
    assert (told_of or "") in text
    assert bool(text) == bool(ahead)
