"""Plots of attribution: what is drawn is what was given, every text can be read."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from legibility import faults

import attribution
from attribution import plots
from attribution.drawing import canvas
from attribution.drawing.dot_rows import Marks, dot_rows, row_height
from attribution.errors import BadInput
from attribution.simulate.journey_log import journeys, sample_effects

LONG = [
    "tv",
    "generic_search",
    "A very long channel name that somebody pasted from the ad manager 2024 Q3",
    "<script>alert(1)</script>",
    "$x$ and $y_1$",
    "_hidden",
    "google.com / cpc / brand_exact_match_de",
    "Übergrößen-Kampagne",
    *(f"channel {number}" for number in range(7)),
]
MODELS = ["first touch", "last touch", "linear", "Markov order 1"]


def table_of(channels, models=MODELS, scale=1000.0, seed=0):
    rng = np.random.default_rng(seed)
    parts = {}
    for model in models:
        estimate = rng.gamma(2, scale, len(channels))
        parts[model] = pd.DataFrame({"estimate": estimate, "5%": estimate * 0.8, "95%": estimate * 1.3}, index=channels)
    return pd.concat(parts, axis=1)


def rows_drawn(ax):
    """Row name -> {mark's colour: position}."""
    names = {round(place): label.get_text() for place, label in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)}
    found = {name: {} for name in names.values()}
    for line in ax.get_lines():
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
            found[names[round(y)]][line.get_color()] = x
    return found


@pytest.mark.parametrize("channels", [LONG[:1], LONG[:3], LONG])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_comparison_draws_every_number_and_can_be_read(channels, scale):
    table = table_of(channels, scale=scale)
    ax = plots.comparison(table, plots.canvas(9, row_height(len(channels), len(MODELS))))
    drawn = sorted(x for row in rows_drawn(ax).values() for x in row.values())
    assert drawn == sorted(table.xs("estimate", axis=1, level=1).to_numpy().ravel().tolist())
    assert faults(ax) == []
    assert [text.get_text() for text in ax.get_legend().get_texts()] == MODELS


def test_comparison_puts_each_mark_on_its_channels_row():
    table = pd.DataFrame({"first": [1.0, 5.0, 3.0], "last": [9.0, 2.0, 4.0]}, index=["a", "b", "c"])
    found = rows_drawn(plots.comparison(table, plots.canvas()))
    assert list(found) == ["a", "b", "c"]
    assert {name: list(marks.values()) for name, marks in found.items()} == {"a": [1, 9], "b": [5, 2], "c": [3, 4]}


def test_comparison_takes_results_of_models():
    data, _ = journeys(sample_effects(2), seed=1)
    paths = attribution.Journeys.from_touchpoints(data.touchpoints, conversions=data.conversions)
    found = [
        attribution.bootstrap(paths, model, replicates=20) for model in (attribution.LastTouch(), attribution.Markov())
    ]
    by_compare = plots.comparison(attribution.compare(found), plots.canvas())
    by_name = plots.comparison({credit.model: credit.summary() for credit in found}, plots.canvas())
    assert rows_drawn(by_compare) == rows_drawn(by_name)
    assert "90 % interval" in by_compare.get_xlabel()
    effect = rows_drawn(plots.removal_effect(found[1], plots.canvas()))
    given = found[1].credit.removal_effect
    assert {name: next(iter(marks.values())) for name, marks in effect.items()} == pytest.approx(given.to_dict())


def test_costs_without_end_run_off_the_axis_and_none_is_said():
    table = table_of(["a", "b", "c"], ["last touch"])
    table.loc["b", ("last touch", "95%")] = np.inf
    table.loc["c"] = [np.inf, np.nan, np.nan]
    ax = plots.cac(table, plots.canvas())
    texts = [text.get_text() for text in ax.texts]
    assert "none" in texts
    assert any("∞" in text for text in texts)
    assert any(line.get_marker() == ">" for line in ax.get_lines())
    assert np.isfinite(ax.get_xlim()).all()
    assert faults(ax) == []


def test_only_ratios_may_turn_logarithmic():
    spread = pd.DataFrame({"m": [1.0, 1000.0]}, index=["a", "b"])
    assert plots.comparison(spread, plots.canvas()).get_xscale() == "linear"
    assert plots.cac(spread, plots.canvas()).get_xscale() == "log"
    assert plots.cac(spread * 0 + 5, plots.canvas()).get_xscale() == "linear"


def test_linear_rows_show_zero():
    ax = plots.comparison(pd.DataFrame({"m": [90.0, 100.0]}, index=["a", "b"]), plots.canvas())
    assert ax.get_xlim()[0] <= 0


def test_intervals_are_drawn_from_end_to_end():
    marks = Marks("m", pd.Series({"a": 2.0}), pd.Series({"a": 1.0}), pd.Series({"a": 4.0}))
    ax = dot_rows(plots.canvas(), [marks], "title", "unit")
    ((start, _), (end, _)) = ax.collections[0].get_segments()[0]
    assert (start, end) == (1.0, 4.0)
    assert [text.get_text() for text in ax.texts] == ["2  (1 – 4)"]


@pytest.mark.parametrize("size", [3, 15])
def test_transitions_show_every_share(size):
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        rng.dirichlet(np.ones(size + 2), size + 1),
        index=["(start)", *LONG[:size]],
        columns=[*LONG[:size], "(conversion)", "(no conversion)"],
    )
    ax = plots.transitions(table)
    assert np.allclose(ax.get_images()[0].get_array(), table)
    written = {tuple(np.round(text.get_position()).astype(int)): text.get_text() for text in ax.texts}
    assert len(written) == table.size
    assert written[(0, 0)] in {f"{100 * table.iloc[0, 0]:.0f}", "<1"}
    assert faults(ax) == []


def test_journeys_draw_themselves():
    data, _ = journeys(sample_effects(2), seed=1)
    paths = attribution.Journeys.from_touchpoints(data.touchpoints, conversions=data.conversions)
    for draw in (plots.transitions, plots.path_length, plots.time_to_conversion):
        assert faults(draw(paths)) == []


def test_time_to_conversion_marks_half_and_nine_in_ten():
    days = pd.Series(1.0, index=np.arange(100) + 0.5)
    ax = plots.time_to_conversion(days, plots.canvas())
    assert sum(bar.get_height() for bar in ax.patches) == 100
    assert [line.get_xdata()[0] for line in ax.get_lines()] == [49.5, 89.5]
    assert faults(ax) == []


def test_path_length_gathers_the_longest_and_shows_rates():
    table = pd.DataFrame({"conversions": np.full(20, 3.0), "nulls": np.full(20, 1.0)}, index=range(1, 21))
    ax = plots.path_length(table, plots.canvas())
    assert [bar.get_height() for bar in ax.patches] == [3.0] * 11 + [27.0]
    assert ax.get_xticklabels()[-1].get_text() == "12+"
    rate = next(axes for axes in ax.figure.axes if axes is not ax)
    assert np.allclose(rate.get_lines()[0].get_ydata(), 0.75)
    assert faults(ax) == []


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.comparison(pd.DataFrame()),
        lambda: plots.comparison({}),
        lambda: plots.comparison({"m": pd.DataFrame({"other": [1.0]})}),
        lambda: plots.transitions(pd.DataFrame()),
        lambda: plots.time_to_conversion(pd.Series(dtype=float)),
        lambda: plots.path_length(pd.Series(dtype=float)),
        lambda: plots.removal_effect(attribution.Credit("m", pd.Series({"a": 1.0}), pd.Series({"a": 1.0}))),
    ],
)
def test_nothing_to_draw_is_said(draw):
    with pytest.raises(BadInput):
        draw()


def test_axes_given_are_axes_returned():
    ax = plots.canvas()
    assert plots.comparison(table_of(LONG[:2]), ax) is ax


@pytest.mark.parametrize(
    ("listed", "asked"),
    [
        (["Arial", "WenQuanYi Micro Hei", "Noto Sans CJK SC"], ["sans-serif", "Noto Sans CJK SC"]),
        (["Arial"], ["sans-serif"]),
    ],
)
def test_signs_that_other_fonts_lack_are_drawn_in_one_that_holds_them(
    listed: list[str], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Matplotlib takes the first font of a family alone, so one that holds Chinese has to stand beside it."""
    import matplotlib as mpl
    from matplotlib import font_manager

    fonts = SimpleNamespace(ttflist=[SimpleNamespace(name=name) for name in listed])
    monkeypatch.setattr(font_manager, "fontManager", fonts)
    canvas._han_font.cache_clear()
    with canvas.style():
        assert mpl.rcParams["font.family"] == asked
    canvas._han_font.cache_clear()
