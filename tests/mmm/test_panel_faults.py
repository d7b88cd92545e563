"""Faults of a table that can be read but should be told: cells far off, outcomes among the controls, long rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput
from mmm.data.outcome_controls import outcome_controls
from mmm.data.outlying_cells import outlying_cells
from mmm.data.unit_changes import unit_changes
from mmm.sampling.prepared import prepare
from mmm.simulate import world

CONTROLS = ["price_index", "competitor_activity", "sale"]


def simulated(seed: int, channels: int = 6, weeks: int = 130) -> mmm.Panel:
    data, truth = world(seed, channels=channels, weeks=weeks)
    return mmm.Panel.from_frame(data.weekly.reset_index(), "week", "new_customers", list(truth.spend), CONTROLS)


def with_spend(panel: mmm.Panel, channel: str, row: int, factor: float) -> mmm.Panel:
    table = panel.spend.copy()
    table[0, row, panel.channels.index(channel)] *= factor
    return replace(panel, spend=table, media=table)


def busiest(panel: mmm.Panel) -> tuple[str, int]:
    """The channel with most active weeks, and one of its weeks of median spend."""
    place = int((panel.spend[0] > 0).sum(axis=0).argmax())
    series = panel.spend[0, :, place]
    row = int(np.abs(series - np.median(series[series > 0])).argmin())
    return panel.channels[place], row


@pytest.mark.parametrize("seed", range(8))
def test_clean_worlds_have_no_such_finding(seed):
    panel = simulated(seed)
    assert outlying_cells(panel).passed
    assert outcome_controls(panel).passed


@pytest.mark.parametrize("factor", [1000.0, 100.0, 1e-3])
@pytest.mark.parametrize("seed", range(3))
def test_a_cell_in_another_unit_is_named_with_its_week_value_and_neighbours(seed, factor):
    panel = simulated(seed)
    channel, row = busiest(panel)
    finding = outlying_cells(with_spend(panel, channel, row, factor))
    assert not finding.passed
    assert finding.channels == (channel,)
    assert f"spend of {channel}, {panel.dates[row].date().isoformat()}: " in finding.text
    assert "around it" in finding.text


def test_two_such_cells_do_not_hide_each_other():
    panel = simulated(1)
    channel, row = busiest(panel)
    twice = with_spend(with_spend(panel, channel, row, 1000.0), channel, row + 2, 1000.0)
    finding = outlying_cells(twice)
    assert all(panel.dates[r].date().isoformat() in finding.text for r in (row, row + 2))


@pytest.mark.parametrize("weeks", [4, 6, 9, 40])
@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_a_cell_of_a_channel_that_seldom_or_wildly_spends_is_named(weeks, spread):
    panel = simulated(3)
    rng = np.random.default_rng(weeks)
    rows = np.sort(rng.choice(panel.periods, weeks, replace=False))
    table = panel.spend.copy()
    table[0, :, 0] = 0.0
    table[0, rows, 0] = 1000 * np.exp(np.clip(rng.normal(0, spread, weeks), -2 * spread, 2 * spread))
    assert outlying_cells(replace(panel, spend=table, media=table)).passed
    largest = rows[int(table[0, rows, 0].argmax())]
    table[0, largest, 0] *= 1000
    finding = outlying_cells(replace(panel, spend=table, media=table))
    assert f"{panel.dates[largest].date().isoformat()}: " in finding.text


def test_a_kpi_in_another_unit_is_named_and_the_list_stays_short():
    panel = simulated(2)
    kpi = panel.kpi.copy()
    kpi[0, 5::12] *= 1000
    finding = outlying_cells(replace(panel, kpi=kpi))
    assert not finding.passed
    assert finding.channels == ()
    assert "new_customers, " in finding.text
    assert "more" in finding.text
    assert finding.text.count("around it") == 5


def test_a_new_channel_and_rare_bursts_are_no_slips():
    rng = np.random.default_rng(0)
    weeks = pd.date_range("2023-01-02", periods=120, freq="7D")
    launched = np.where(np.arange(120) < 60, 0.0, 1e5 * np.minimum((np.arange(120) - 59) / 8, 1.0))
    bursts = np.where(np.arange(120) % 20 < 3, 5e4, 0.0) * rng.lognormal(0, 0.8, 120)
    frame = pd.DataFrame({"week": weeks, "kpi": rng.normal(100, 5, 120), "new": launched, "bursts": bursts})
    assert outlying_cells(mmm.Panel.from_frame(frame, "week", "kpi", ["new", "bursts"])).passed


def with_control(panel: mmm.Panel, name: str, values: np.ndarray) -> mmm.Panel:
    table = np.concatenate([panel.controls, values[None, :, None]], axis=2)
    return replace(panel, controls=table, control_names=(*panel.control_names, name))


@pytest.mark.parametrize(
    "disguise",
    [
        lambda kpi, rng: kpi * (1 + 0.02 * rng.standard_normal(len(kpi))),  # the KPI, measured elsewhere
        lambda kpi, rng: 0.4 * kpi + 3.0 * rng.standard_normal(len(kpi)),  # a share of it
        lambda kpi, rng: 1e6 - 55 * kpi,  # what is left of a stock
    ],
)
@pytest.mark.parametrize("seed", [3, 4])
def test_an_outcome_among_the_controls_is_named(disguise, seed):
    panel = simulated(seed)
    values = disguise(panel.kpi[0], np.random.default_rng(seed))
    finding = outcome_controls(with_control(panel, "orders", values))
    assert not finding.passed
    assert finding.text.startswith("orders: ")
    assert "Take it out of the controls" in finding.text


@pytest.mark.parametrize(
    "made",
    [
        lambda kpi, spend: np.roll(kpi, 1),  # last week's
        lambda kpi, spend: np.roll(kpi, -2) * 0.3 + 40,
        lambda kpi, spend: np.diff(kpi, prepend=kpi[:1]),
        lambda kpi, spend: np.cumsum(kpi),
        lambda kpi, spend: pd.Series(kpi).rolling(4, min_periods=1).mean().to_numpy(),
        lambda kpi, spend: spend / kpi,  # the CAC
        lambda kpi, spend: 1000 * kpi / spend,
    ],
)
@pytest.mark.parametrize("seed", [3])
def test_a_control_that_is_made_of_the_kpi_is_named(made, seed):
    panel = simulated(seed)
    values = np.asarray(made(panel.kpi[0], panel.spend[0].sum(axis=1)), dtype=float)
    finding = outcome_controls(with_control(panel, "derived", values))
    assert not finding.passed
    assert finding.text.startswith("derived: ")


@pytest.mark.parametrize("seed", range(3))
def test_controls_that_go_with_spend_or_wander_are_not_made_of_the_kpi(seed):
    panel, rng = simulated(seed), np.random.default_rng(seed)
    spend = panel.spend[0].sum(axis=1)
    for values in (
        spend,
        np.sqrt(spend),
        rng.standard_normal(panel.periods).cumsum() + 50,
        rng.gamma(2, 3, panel.periods),
    ):
        assert outcome_controls(with_control(panel, "other", values)).passed


@pytest.mark.parametrize("seed", range(3))
def test_a_promotion_that_spend_goes_along_with_is_no_outcome(seed):
    panel, rng = simulated(seed), np.random.default_rng(seed)
    on = rng.random(panel.periods) < 0.15
    panel = replace(panel, kpi=panel.kpi * np.where(on, 2.5, 1.0), spend=panel.spend * np.where(on, 3.0, 1.0)[:, None])
    panel = replace(panel, media=panel.spend)
    assert not outcome_controls(with_control(panel, "visits", on * 100 + rng.random(panel.periods))).passed
    for marks in (1.0 * on, on * rng.choice([1.0, 2.0], panel.periods)):
        assert outcome_controls(with_control(panel, "promotion", marks)).passed


@pytest.mark.parametrize("level", [50.0, 3.25])
def test_a_kpi_that_never_changes_is_refused(level):
    panel = simulated(0)
    with pytest.raises(BadInput, match=r"is [\d.]+ in every period: there is nothing"):
        prepare(replace(panel, kpi=np.full_like(panel.kpi, level)))


def test_a_control_that_only_has_the_season_of_the_kpi_is_none():
    panel = simulated(5)
    rng = np.random.default_rng(0)
    season = np.cos(2 * np.pi * (panel.dates.day_of_year.to_numpy() - 320) / 365.25)
    finding = outcome_controls(with_control(panel, "weather", season + 0.1 * rng.standard_normal(panel.periods)))
    assert finding.passed


@pytest.mark.parametrize(
    ("frequency", "length"),
    [("14D", "2 weeks"), ("28D", "4 weeks"), ("MS", "months"), ("10D", "neither weeks nor days")],
)
def test_rows_longer_than_a_week_are_told_to_come_by_week(frequency, length):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"kpi": rng.normal(100, 5, 80), "tv": rng.gamma(2, 100, 80)})
    frame["week"] = pd.date_range("2018-01-01", periods=80, freq=frequency)
    with pytest.raises(BadInput) as caught:
        mmm.Panel.from_frame(frame, "week", "kpi", ["tv"])
    assert length in str(caught.value)
    assert "zeros" not in str(caught.value)


def test_a_weekly_table_with_many_gaps_still_hears_which_weeks_are_missing():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"kpi": rng.normal(100, 5, 80), "tv": rng.gamma(2, 100, 80)})
    frame["week"] = pd.date_range("2018-01-01", periods=80, freq="7D")
    with pytest.raises(BadInput, match="20 weeks are missing"):
        mmm.Panel.from_frame(frame.drop(index=range(1, 41, 2)), "week", "kpi", ["tv"])


@pytest.mark.parametrize("seed", range(8))
def test_clean_worlds_change_no_unit(seed):
    assert unit_changes(simulated(seed)).passed


@pytest.mark.parametrize("factor", [1e-3, 1e-2, 1000.0])
@pytest.mark.parametrize("row", [40, 65, 122])
def test_spend_in_another_unit_from_some_week_on_is_named(row, factor):
    panel = simulated(2)
    channel, _ = busiest(panel)
    table = panel.spend.copy()
    table[0, row:, panel.channels.index(channel)] *= factor
    finding = unit_changes(replace(panel, spend=table, media=table))
    assert not finding.passed
    assert finding.channels == (channel,)
    assert finding.value == pytest.approx(max(factor, 1 / factor), rel=0.6)
    first = next(day for day in panel.dates[row:] if table[0, panel.dates.get_loc(day), panel.channels.index(channel)])
    assert f"spend of {channel} from {first.date().isoformat()} on" in finding.text


def test_what_grows_or_is_spent_in_bursts_changes_no_unit():
    weeks = np.arange(1.0, 301.0)
    controls = np.stack([weeks, np.exp(weeks / 30), np.where(weeks % 9 < 2, 900.0, 2.0)], axis=1)[None]
    panel = simulated(1, weeks=300)
    assert unit_changes(replace(panel, control_names=("trend", "growth", "bursts"), controls=controls)).passed


def test_a_kpi_and_a_control_in_another_unit_are_named():
    panel = simulated(3)
    kpi, controls = panel.kpi.copy(), panel.controls.copy()
    kpi[0, 70:] *= 1000
    controls[0, 50:, 0] /= 100
    finding = unit_changes(replace(panel, kpi=kpi, controls=controls))
    assert f"{panel.kpi_name} from {panel.dates[70].date().isoformat()} on" in finding.text
    assert f"price_index from {panel.dates[50].date().isoformat()} on" in finding.text


def test_a_control_s_single_cell_in_another_unit_is_named():
    panel = simulated(1)
    controls = panel.controls.copy()
    controls[0, 30, 0] *= 100
    finding = outlying_cells(replace(panel, controls=controls))
    assert f"price_index, {panel.dates[30].date().isoformat()}: " in finding.text
    assert finding.channels == ()


def markets(**others: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    weeks = pd.date_range("2024-01-01", periods=12, freq="7D").strftime("%Y-%m-%d")
    tables = {
        geo: pd.DataFrame({"week": weeks, "kpi": rng.integers(20, 90, 12), "tv": rng.uniform(1, 9, 12).round(2)})
        for geo in ("DE", "FR", "IT")
    }
    summed = sum(table[["kpi", "tv"]] for table in tables.values())
    tables |= {geo: tables["DE"][["week"]].join(summed) if table is None else table for geo, table in others.items()}
    return pd.concat([table.assign(geo=geo) for geo, table in tables.items()], ignore_index=True)


@pytest.mark.parametrize("name", ["Total", "Gesamt", "total général", "Sum of all", "DACH"])
def test_the_sum_of_the_markets_is_no_market(name):
    with pytest.raises(BadInput, match=f"column 'geo': holds '{name}' with as much kpi as all other markets"):
        mmm.Panel.from_frame(markets(**{name: None}), "week", "kpi", ["tv"], geo="geo")


@pytest.mark.parametrize("name", ["de", "DE ", "DE\u200b", "De\xa0"])
def test_a_market_in_another_spelling_is_no_market(name):
    again = markets().query("geo == 'DE'").drop(columns="geo")
    with pytest.raises(BadInput, match="'geo': writes one market in several ways: 'DE', "):
        mmm.Panel.from_frame(markets(**{name: again}), "week", "kpi", ["tv"], geo="geo")


def test_a_market_called_all_that_is_not_the_sum_is_one():
    small = markets().query("geo == 'DE'").drop(columns="geo")
    assert "All" in mmm.Panel.from_frame(markets(All=small), "week", "kpi", ["tv"], geo="geo").geos


@pytest.mark.parametrize("form", ["true", "text", "one"])
def test_a_control_of_truths_counts_1_and_0(form):
    truths = [True, False, True] * 4
    cells = {"true": truths, "text": [str(one) for one in truths], "one": [int(one) for one in truths]}[form]
    frame = markets().query("geo == 'DE'").assign(sale=cells)
    assert mmm.Panel.from_frame(frame, "week", "kpi", ["tv"], ["sale"]).controls.sum() == 8


def test_cells_are_named_as_the_definition_says_whatever_is_looked_at_first():
    """Against the definition without short cuts, on random series with slips of both directions."""
    from mmm.data.outlying_cells import _far

    rng = np.random.default_rng(9)
    for _ in range(60):
        series = np.exp(rng.normal(5, rng.choice([0.1, 0.5, 1.2]), rng.integers(4, 90)))
        series[rng.random(len(series)) < rng.choice([0.0, 0.5])] = 0.0
        hit = rng.random(len(series)) < 0.08
        series[hit] *= rng.choice([1e-3, 0.004, 20.0, 300.0], int(hit.sum()))
        assert [row for row, _ in _far(series)] == by_definition(series)


def by_definition(series):
    active = np.flatnonzero(series > 0)
    logs, named = np.log(series[active]), []
    for place, row in enumerate(active):
        around = np.r_[logs[max(place - 13, 0) : place], logs[place + 1 : place + 14]]
        far_above = len(around) >= 3 and logs[place] > around.max() + np.log(100)
        far = False
        if len(around) >= 8:
            middle = np.median(around)
            spread = max(1.4826 * np.median(np.abs(around - middle)), 0.1)
            low, high = np.quantile(around, [0.1, 0.9])
            outside = logs[place] > high + np.log(10) or logs[place] < low - np.log(100)
            far = abs(logs[place] - middle) > 6 * spread and outside
        if far_above or far:
            named.append(int(row))
    return named


def test_a_week_put_in_with_zeros_is_named_and_rare_events_are_not():
    panel = simulated(2)
    kpi = panel.kpi.copy()
    kpi[0, 40] = 0.0
    finding = outlying_cells(replace(panel, kpi=kpi))
    assert not finding.passed
    assert f"{panel.dates[40].date().isoformat()}: 0 (about " in finding.text
    assert outlying_cells(replace(panel, kpi=np.minimum(kpi, 20.0))).passed
    kpi[0, 30:90:3] = 0.0
    assert outlying_cells(replace(panel, kpi=kpi)).passed
