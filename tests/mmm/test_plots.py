"""Plots of the mix model: what is drawn is what was given, every text can be read."""

import numpy as np
import pandas as pd
import pytest
from legibility import faults

from attribution.errors import BadInput
from mmm import plots
from mmm.curves import Hill, Logistic
from mmm.simulate.weekly_world import world

NAMES = ["tv", "A very long channel name that somebody pasted from the ad manager", "<b>", "$x$", "_hidden"]


@pytest.fixture(scope="module")
def weeks():
    data, truth = world(7, weeks=104)
    return truth.effects.assign(observed=data.weekly["new_customers"].to_numpy())


def summary(names, scale=100.0, seed=0):
    mean = np.random.default_rng(seed).gamma(2, scale, len(names))
    return pd.DataFrame({"mean": mean, "median": mean * 0.95, "5%": mean * 0.6, "95%": mean * 1.6}, index=names)


def positions(ax):
    """Row name -> where its mark is."""
    names = {round(place): label.get_text() for place, label in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)}
    return {
        names[round(y)]: x for line in ax.get_lines() for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    }


def test_fit_draws_observation_mean_and_band(weeks):
    table = pd.DataFrame({"observed": weeks["observed"], "mean": weeks["observed"] * 0.9})
    table["5%"], table["95%"] = table["mean"] - 50, table["mean"] + 50
    ax = plots.fit(table, plots.canvas(9.5, 3.6), outcome="orders")
    mean, observed = (line.get_ydata() for line in ax.get_lines())
    assert np.allclose(mean, table["mean"])
    assert np.allclose(observed, table["observed"])
    edges = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert edges.min() == table["5%"].min()
    assert edges.max() == table["95%"].max()
    assert ax.get_ylabel() == "orders per week"
    assert faults(ax) == []


def test_decomposition_stacks_to_the_sum(weeks):
    ax = plots.decomposition(weeks, plots.canvas(9.5, 4.2))
    top = max(area.get_paths()[0].vertices[:, 1].max() for area in ax.collections)
    assert top == pytest.approx(weeks.drop(columns="observed").sum(axis=1).max())
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[-1] == "organic"
    assert labels[0] == "observed"
    assert len(labels) == len(weeks.columns)
    assert faults(ax) == []


def test_decomposition_orders_by_size_and_keeps_colours(weeks):
    few = weeks[["organic", "tv", "display"]]
    more = weeks.drop(columns="observed")
    colours = {}
    for table in (few, more):
        ax = plots.decomposition(table, plots.canvas(9.5, 4.2))
        legend = ax.get_legend()
        found = {
            text.get_text(): tuple(
                handle.get_facecolor()[0] if np.ndim(handle.get_facecolor()) > 1 else handle.get_facecolor()
            )
            for text, handle in zip(legend.get_texts(), legend.legend_handles, strict=True)
        }
        colours[len(found)] = found
        sizes = [table[name].sum() for name in list(found)[:-1]]
        assert sizes == sorted(sizes)
    small, large = colours.values()
    assert small["organic"] == large["organic"]


def test_decomposition_of_many_channels_can_be_read(weeks):
    many = pd.DataFrame({"organic": weeks["organic"], **{f"channel number {n}": weeks["tv"] / 3 for n in range(15)}})
    assert faults(plots.decomposition(many, plots.canvas(9.5, 4.2))) == []


@pytest.mark.parametrize("order", [None, [f"channel {n}" for n in range(60)][::-1]])
@pytest.mark.parametrize("channels", [12, 13, 14, 60])
def test_decomposition_of_many_channels_sums_the_small_ones(weeks, channels, order):
    sizes = {f"channel {n}": weeks["tv"] * (n % 7 + 1) * (-0.1 if n == 3 else 1) for n in range(channels)}
    many = pd.DataFrame({"organic": weeks["organic"], **sizes})
    ax = plots.decomposition(many, plots.canvas(9.5, 4.2), order=order)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(labels) <= plots.SHOWN + 2
    assert (f"{channels - plots.SHOWN} others" in labels) == (channels > plots.SHOWN + 1)
    if order is not None:
        assert labels[0] == f"channel {channels - 1}"
    ends = np.array([area.get_paths()[0].vertices[:, 1] for area in ax.collections], dtype=object)
    gains = many.drop(columns="organic").clip(lower=0).sum(axis=1) + many["organic"]
    assert max(map(max, ends)) == pytest.approx(gains.max())
    assert min(map(min, ends)) == pytest.approx(min(many.get("channel 3", gains).clip(upper=0).min(), 0.0))
    assert faults(ax) == []


def test_decomposition_needs_organic(weeks):
    with pytest.raises(BadInput, match="organic"):
        plots.decomposition(weeks[["tv"]])


@pytest.mark.parametrize("scale", [1e-4, 100.0, 1e8])
@pytest.mark.parametrize("draw", [plots.contributions, plots.cac, plots.marginal_cac, plots.half_life])
def test_rows_show_each_channel(draw, scale):
    table = summary(NAMES, scale)
    ax = draw(table, plots.canvas(8, 3.2))
    centre = table["median"] if draw in (plots.cac, plots.marginal_cac) else table["mean"]
    assert sorted(positions(ax).values()) == pytest.approx(sorted(centre))
    assert faults(ax) == []


def test_costs_are_cheapest_first_and_name_the_currency():
    ax = plots.cac(summary(NAMES), plots.canvas(8, 3.2), currency="USD")
    place = {x: y for line in ax.get_lines() for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)}
    assert [place[x] for x in sorted(place)] == sorted(place.values(), reverse=True)
    assert ax.get_xlabel().startswith("USD per customer")


def test_draws_are_summed_up():
    draws = pd.DataFrame({"tv": np.arange(101.0), "search": np.arange(101.0) * 2})
    assert positions(plots.contributions(draws, plots.canvas())) == {"tv": 50, "search": 100}


def test_response_marks_lie_on_the_mean_curve():
    rng = np.random.default_rng(0)
    curve = Hill(rng.gamma(50, 80, 200), rng.gamma(50, 1e4, 200))
    ax = plots.response(curve, plots.canvas(5.6, 3.6), channel="tv", now=3e5, planned=8e5, observed=(5e4, 6e5))
    inside, beyond, *_ = ax.get_lines()
    assert np.allclose(inside.get_ydata(), curve.mean(inside.get_xdata()))
    assert inside.get_xdata().max() <= 6e5 <= beyond.get_xdata().max()
    assert beyond.is_dashed()
    marks = [line for line in ax.get_lines() if len(line.get_xdata()) == 1]
    assert [(mark.get_xdata()[0], mark.get_ydata()[0]) for mark in marks] == [
        (3e5, pytest.approx(float(curve.mean(3e5)))),
        (8e5, pytest.approx(float(curve.mean(8e5)))),
    ]
    band = ax.collections[0].get_paths()[0].vertices
    at = np.isclose(band[:, 0], inside.get_xdata()[100])
    assert sorted(band[at, 1]) == pytest.approx(np.quantile(curve(inside.get_xdata()[100]), [0.05, 0.95]))
    assert faults(ax) == []


@pytest.mark.parametrize(
    ("curve", "options"),
    [
        (Hill(4000, 5e5, 2), {"now": 0.0, "planned": 0.0}),
        (Hill(4000, 5e5), {}),
        (Logistic(2e-3, 3e9), {"now": 1e9}),
        (Hill(np.array([1.0, 2.0]), 1e-3), {"now": 1e-3, "channel": NAMES[1], "observed": (0.0, 2e-3)}),
    ],
)
def test_response_of_odd_channels_can_be_read(curve, options):
    ax = plots.response(curve, plots.canvas(5.6, 3.6), **options)
    assert ax.get_xlim()[1] > 0
    assert faults(ax) == []


def test_forecast_follows_history_and_stacks_what_is_carried_in():
    weeks = pd.date_range("2026-09-28", periods=13, freq="7D")
    mean = pd.Series(np.linspace(900, 1100, 13), index=weeks)
    table = pd.DataFrame({"mean": mean, "5%": mean - 80, "95%": mean + 80, "carried_in": 100 * 0.5 ** np.arange(13.0)})
    history = pd.Series(850.0, index=pd.date_range(end="2026-09-21", periods=26, freq="7D"))
    ax = plots.forecast(table, plots.canvas(8, 3.6), history=history)
    drawn = [line.get_ydata().tolist() for line in ax.get_lines()]
    assert drawn == [mean.tolist(), history.tolist()]
    carried = ax.collections[1].get_paths()[0].vertices
    assert carried[:, 1].max() == pytest.approx(max(mean + table["carried_in"]))
    assert "carried in by past spend" in [text.get_text() for text in ax.get_legend().get_texts()]
    assert faults(ax) == []


def test_titles_do_not_become_mathematics():
    ax = plots.response(Hill(1, 1), plots.canvas(), channel="$x^2$ <script>")
    drawn = plots.svg(ax)
    assert "$x^2$ &lt;script&gt;" in drawn


def test_carryover_shows_weights_until_they_fade():
    weights = 0.5 ** np.arange(1, 40.0)
    ax = plots.carryover(weights, plots.canvas(), channel="tv")
    heights = [bar.get_height() for bar in ax.patches]
    assert heights == pytest.approx(weights[: len(heights)])
    assert sum(heights) > 0.98
    assert len(heights) < 12
    drawn = plots.carryover(np.column_stack([weights, weights]), plots.canvas())
    assert len(drawn.collections) == 1
    assert faults(ax) == []


def test_prior_shift_draws_both_sides():
    points = ["median", "5%", "95%"]
    columns = {f"{side} {point}": [0.1, 0.2] for side in ("prior", "posterior") for point in points}
    table = pd.DataFrame({**columns, "posterior median": [0.3, 0.05]}, index=["tv", "search"])
    ax = plots.prior_shift(table, plots.canvas(), outcome="leads")
    assert ax.get_xlabel().startswith("share of leads")
    assert sorted(x for line in ax.get_lines() for x in line.get_xdata()) == [0.05, 0.1, 0.2, 0.3]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["tv", "search"]
    assert faults(ax) == []
