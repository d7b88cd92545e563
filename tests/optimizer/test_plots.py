"""Plots of plans: what is drawn is what was given, every text can be read."""

import re

import numpy as np
import pandas as pd
import pytest
from legibility import faults

from attribution.drawing.dot_rows import row_height
from attribution.errors import BadInput
from optimizer import plots

NAMES = ["tv", "A very long channel name that somebody pasted from the ad manager", "<b>", "$x$", "_hidden", "search"]


def spend(values, names=NAMES):
    return pd.Series(values, index=names[: len(values)], dtype=float)


def rows_of(ax):
    return [label.get_text().strip() for label in ax.get_yticklabels()]


def test_moves_go_from_now_to_planned_largest_increase_first():
    now, planned = spend([100, 50, 30], ["a", "b", "c"]), spend([60, 90, 30], ["a", "b", "c"])
    ax = plots.moves(now, planned, plots.canvas())
    assert rows_of(ax) == ["b", "c", "a"]
    before, after = ax.get_lines()
    assert before.get_xdata().tolist() == [50, 30, 100]
    assert after.get_xdata().tolist() == [90, 30, 60]
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["+40  (+80\u00a0%)", "no change", "−40  (−40\u00a0%)"]


def test_channels_that_come_or_go_are_zero_on_the_other_side():
    ax = plots.moves(spend([10, 5], ["old", "both"]), spend([5, 7], ["both", "new"]), plots.canvas())
    before, after = ax.get_lines()
    assert dict(zip(rows_of(ax), before.get_xdata(), strict=True)) == {"new": 0, "both": 5, "old": 10}
    assert dict(zip(rows_of(ax), after.get_xdata(), strict=True)) == {"new": 7, "both": 5, "old": 0}
    assert [text.get_text() for text in ax.texts] == ["+7  (new)", "no change", "−10  (−100\u00a0%)"]


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e4])
@pytest.mark.parametrize(
    "pairs",
    [
        [(0, 0)],
        [(0, 1e6)],
        [(1e-197, 1.0)],
        [(1, 1e9), (1e9, 1), (5e8, 5e8)],
        [(7e5, 9e5), (4e5, 3e5), (9e4, 4e4), (2.5e5, 0), (0, 8e4), (33, 33.4)],
    ],
)
def test_moves_can_always_be_read(pairs, unit):
    now, planned = (spend([pair[side] * unit for pair in pairs]) for side in (0, 1))
    ax = plots.moves(now, planned, plots.canvas(9, row_height(len(pairs)) + 0.2))
    assert faults(ax) == []


def test_moves_takes_what_has_spend():
    class Outcome:
        spend = pd.Series({"a": 1.0})

    assert rows_of(plots.moves(Outcome(), {"a": 2.0}, plots.canvas())) == ["a"]


def test_channel_cac_compares_now_and_planned():
    now = pd.DataFrame({"mean": [50.0, 80.0], "low": [40.0, 60.0], "high": [70.0, np.inf]}, index=["a", "b"])
    planned = now * 0.8
    planned.loc["b"] = np.nan
    ax = plots.channel_cac(now, planned, plots.canvas())
    assert rows_of(ax) == ["a", "b"]
    drawn = sorted(x for line in ax.get_lines() if line.get_marker() in "oD" for x in line.get_xdata())
    assert drawn == [40.0, 50.0, 80.0]
    assert "none" in [text.get_text() for text in ax.texts]
    assert faults(ax) == []


@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e5])
def test_frontier_draws_the_line_and_both_points(unit):
    budgets = np.linspace(5e5, 4e6, 12)
    table = pd.DataFrame({"spend": budgets * unit, "blended_cac": (5e4 + budgets) / (9000 + budgets**0.6) * unit})
    ax = plots.frontier(
        table.sample(frac=1, random_state=0),
        plots.canvas(6.4, 3.8),
        now=(2e6 * unit, 130 * unit),
        planned=(2e6 * unit, 110 * unit),
    )
    line, now, planned = ax.get_lines()
    assert np.allclose(line.get_xdata(), table["spend"])
    assert np.allclose(line.get_ydata(), table["blended_cac"])
    assert (now.get_ydata()[0], planned.get_ydata()[0]) == (130 * unit, 110 * unit)
    assert faults(ax) == []


def test_frontier_of_one_budget_and_of_none():
    one = pd.DataFrame({"spend": [1e6], "blended_cac": [100.0]})
    assert faults(plots.frontier(one, plots.canvas())) == []
    with pytest.raises(BadInput):
        plots.frontier(one.iloc[:0])


def test_scenarios_keep_their_order_and_mark_the_plan():
    table = pd.DataFrame(
        {"mean": [103.0, 108.0, np.nan], "low": [97.0, 100.0, np.nan], "high": [110.0, 118.0, np.nan]},
        index=["Plan", "Budget −10 %, and a name that goes on and on", "impossible"],
    )
    ax = plots.scenarios(table, plots.canvas(8, row_height(3)), plan="Plan")
    assert rows_of(ax)[0] == "Plan"
    assert any(list(line.get_xdata()) == [103.0, 103.0] for line in ax.get_lines())
    low, high = ax.get_xlim()
    assert 60 < low < 97
    assert high > 118
    assert faults(ax) == []


def test_scenarios_without_a_plan_for_the_marked_row():
    table = pd.DataFrame({"mean": [np.nan, 5.0]}, index=["Plan", "other"])
    assert faults(plots.scenarios(table, plots.canvas(), plan="Plan")) == []


def test_schedule_draws_weeks_and_sums_channels():
    weeks = pd.date_range("2026-09-28", periods=13, freq="7D")
    table = pd.DataFrame({name: np.arange(13.0) * 1000 for name in NAMES}, index=weeks)
    given = pd.DataFrame(False, index=weeks, columns=table.columns)
    given.iloc[[0, 5], 1] = True
    ax = plots.schedule(table, before=table.iloc[:3].set_axis(weeks[:3] - pd.Timedelta(weeks=3)), given=given)
    assert len(ax.patches) == 6 * (3 + 13) - 1  # a given week without spend is a cross
    heights = np.array([bar.get_height() for bar in ax.patches])
    assert heights.max() == pytest.approx(0.8)
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["before", "planned", "committed or spent", "no spend allowed"]
    assert [text.get_text() for text in ax.texts] == ["78,000"] * 6
    assert faults(ax) == []
    with pytest.raises(BadInput):
        plots.schedule(table.iloc[:0])


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e5])
def test_a_bridge_draws_every_step_from_where_the_last_ended(unit):
    rows = {"planned": 900, "level of spend": -120, "mix": 45, NAMES[1]: 0, "unexplained": -75, "actual": 750}
    table = pd.DataFrame({"customers": np.array([*rows.values()]) * unit}, index=list(rows))
    table = table.assign(customers_low=table["customers"] - 30 * unit, customers_high=table["customers"] + 30 * unit)
    ax = plots.bridge(table, plots.canvas(9.8, row_height(len(table)) + 0.2))
    assert rows_of(ax)[0] == "planned"
    ends = [bar.get_x() + bar.get_width() for bar in ax.patches]
    assert ends == pytest.approx([780 * unit, 825 * unit, 825 * unit, 750 * unit])
    assert [bar.get_x() for bar in ax.patches] == pytest.approx([900 * unit, *ends[:-1]])
    assert faults(ax) == []


def test_hostile_names_stay_text():
    drawn = plots.svg(plots.moves(spend([1, 2, 3, 4]), spend([2, 2, 2, 2]), plots.canvas()))
    assert "<b>" not in drawn
    assert "&lt;b&gt;" in drawn
    assert ">$x$<" in drawn


def test_differences_show_where_none_is_and_can_be_read():
    rng = np.random.default_rng(0)
    drawn = {"plan": rng.normal(-8, 1, 500), "today's mix, same spend": rng.normal(-5, 0.2, 500)}
    ax = plots.differences(drawn, plots.canvas(9.8, 3.0), label="blended CAC, EUR")
    low, high = ax.get_xlim()
    assert low < np.quantile(drawn["plan"], 0.01)
    assert low < 0 < high
    peaks = [line.get_xdata()[np.argmax(line.get_ydata())] for line in ax.get_lines()[:2]]
    assert peaks == pytest.approx([-8, -5], abs=0.4)
    assert faults(ax) == []


def test_differences_are_densities_of_one_with_their_intervals():
    draws = np.random.default_rng(0).normal(5, 4, 20_000)
    ax = plots.differences({"plan": draws}, plots.canvas(6.4, 3.4), label="profit, EUR")
    line = ax.get_lines()[0]
    assert np.trapezoid(line.get_ydata(), line.get_xdata()) == pytest.approx(1, abs=0.02)
    assert max(line.get_ydata()) == pytest.approx(1 / (4 * np.sqrt(2 * np.pi)), rel=0.05)
    low, high = (float(end) for end in re.findall(r"\d[\d.]*", ax.get_legend().get_texts()[0].get_text()))
    assert (low, high) == pytest.approx(tuple(np.abs(np.quantile(draws, [0.05, 0.95]))), abs=0.06)


@pytest.mark.parametrize("draws", [[3.0], [3.0, 3.0], [0.0, 0.0], [1e-9, 2e-9, 5e-9], [-1e9, 2e9], [-4.0, -3.0, -2.0]])
def test_differences_of_odd_draws_can_be_read(draws):
    ax = plots.differences({"plan": draws, "mix": np.array(draws) * 0.9}, plots.canvas(6.4, 3.4), label="customers")
    assert faults(ax) == []


@pytest.mark.parametrize("drawn", [{}, {"plan": []}, {"plan": [1.0, np.inf]}])
def test_differences_without_finite_draws_are_refused(drawn):
    with pytest.raises(BadInput, match="differences"):
        plots.differences(drawn, label="customers")


def test_a_frontier_of_another_figure_is_drawn_and_named():
    table = pd.DataFrame({"spend": [1e5, 2e5], "blended_cac": [50.0, 60.0], "profit": [3e6, 4e6]})
    ax = plots.frontier(table, plots.canvas(), now=(1.5e5, 3.2e6), figure="profit", label="profit, EUR")
    assert ax.get_lines()[0].get_ydata().tolist() == [3e6, 4e6]
    assert ax.get_ylabel() == "profit, EUR"
    assert faults(ax) == []


@pytest.mark.parametrize("rows", [1, 8, 60])
def test_titles_and_legends_keep_apart_however_tall_a_picture_is(rows):
    names = [f"channel {at}" for at in range(rows)]
    values = pd.Series(np.linspace(90.0, 10.0, rows), index=names)
    assert faults(plots.moves(values, values * 0.9, plots.canvas(9.8, row_height(rows) + 0.2))) == []


def steps(sizes, start=1000.0):
    moved = pd.DataFrame({"estimate": sizes}, index=NAMES[: len(sizes)], dtype=float)
    moved = moved.assign(low=moved["estimate"] - 3.0, high=moved["estimate"] + 3.0)
    ends = pd.DataFrame({"estimate": [start, start + sum(sizes)]}, index=["today", "plan"])
    return pd.concat([ends.iloc[:1], moved, ends.iloc[1:]])


@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e5])
@pytest.mark.parametrize("sizes", [[-30.0, 55.0, -2.0], [10.0], [0.4, -0.4], [300.0, 200.0, 100.0, -50.0, 1.0, 5.0]])
def test_a_waterfall_goes_from_today_to_the_plan_and_can_be_read(sizes, unit):
    table = steps([size * unit for size in sizes], 1000.0 * unit)
    ax = plots.waterfall(table, plots.canvas(9.8, row_height(len(table)) + 0.2), label="new customers")
    assert faults(ax) == []
    assert rows_of(ax)[0] == "today"
    bars = [patch for patch in ax.patches if patch.get_height() == 0.5]
    ends = 1000.0 * unit + np.cumsum(sizes) * unit
    reached = [bar.get_x() + bar.get_width() for bar in bars]
    np.testing.assert_allclose(reached, ends, rtol=1e-12)
    np.testing.assert_allclose([bar.get_x() for bar in bars], [1000.0 * unit, *ends[:-1]], rtol=1e-12)


def test_figures_beside_a_picture_are_those_of_the_tables():
    table = steps([-3.4, 3.4])
    ax = plots.waterfall(table, written=["1,000", "−3.4", "+3.4", "1,000"])
    assert [one.get_text() for one in ax.texts if one.get_text()[0] in "−+"] == ["−3.4", "+3.4"]
    ax = plots.differences({"plan": [-5.2, -5.2, -5.2, -5.2]}, label="CAC, EUR", write=lambda value: f"{value:.2f}")
    assert "plan: -5.20 to -5.20" in [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("rows", [1, 6])
def test_shares_stand_in_the_order_of_the_table(rows):
    spend_, effect = np.linspace(0.5, 0.0, rows), np.linspace(0.1, 0.4, rows)
    columns = {"spend": spend_, "effect": effect, "effect_low": effect / 2, "effect_high": effect * 1.5}
    ax = plots.shares(pd.DataFrame(columns, index=NAMES[:rows]), plots.canvas(9.8, row_height(rows, 2) + 0.2))
    assert faults(ax) == []
    assert len(rows_of(ax)) == rows
    assert any("%" in label.get_text() for label in ax.get_xticklabels())


def test_an_order_is_kept_and_what_it_does_not_name_comes_behind():
    now, planned = spend([100, 50, 30], ["a", "b", "c"]), spend([60, 90, 30], ["a", "b", "c"])
    assert rows_of(plots.moves(now, planned, plots.canvas(), order=["c", "a"])) == ["c", "a", "b"]
    assert rows_of(plots.changes(now, planned, plots.canvas(), order=("a", "b", "x"))) == ["a", "b", "c"]
    shown = rows_of(
        plots.changes(
            spend([9, 9, 9, 9], list("abcd")),
            spend([9, 8, 1, 2], list("abcd")),
            plots.canvas(),
            largest=2,
            order=list("dcba"),
        )
    )
    assert shown == ["d", "c", "2 others, net"]
