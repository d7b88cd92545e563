"""Names, numbers and colours on plots."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.drawing.axes import amount_axis, percent_axis
from attribution.drawing.canvas import canvas
from attribution.drawing.labels import broken, plain, row_labels
from attribution.drawing.palette import channel_colours
from attribution.numbers import amounts, compact

names = st.lists(st.text(min_size=1, max_size=90), min_size=1, max_size=15, unique=True)


@given(st.text(max_size=200))
def test_plain_names_are_one_printable_line(name):
    text = plain(name)
    assert text.isprintable() or text == ""
    assert not text.startswith("_")


@given(names)
def test_row_labels_have_two_short_lines_and_differ(found):
    labels = row_labels(found)
    assert len(labels) == len(found)
    assert all(label.count("\n") <= 1 for label in labels)
    assert all(len(line) <= 26 + len(" (15)") for label in labels for line in label.split("\n"))
    if len({plain(name).strip() for name in found}) == len(found):
        assert len(set(labels)) == len(labels)


def test_breaking_prefers_separators_and_cuts_with_an_ellipsis():
    assert broken("short", 10) == "short"
    assert broken("google.com_brand_exact_match", 17) == "google.com_brand_\nexact_match"
    assert broken("x" * 100, 10).endswith("…")


@given(st.lists(st.floats(-1e12, 1e12), min_size=2, max_size=8, unique=True))
def test_ticks_that_differ_visibly_read_differently(values):
    ticks = sorted(values)
    spread = max(abs(tick) for tick in ticks)
    steps = [later - earlier for earlier, later in pairwise(ticks)]
    texts = amounts(ticks)
    assert len(texts) == len(ticks)
    if spread > 1e-3 and min(steps) > 1e-3 * spread:
        assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("ticks", "texts"),
    [
        ([0, 200_000, 400_000], ["0", "200k", "400k"]),
        ([0, 500_000, 1_000_000], ["0", "0.5M", "1.0M"]),
        ([0, 2_500_000], ["0", "2.5M"]),
        ([0, 2.5e9, 5e9], ["0", "2.5bn", "5.0bn"]),
        ([-1000, 0, 1000], ["−1,000", "0", "1,000"]),
        ([0, 0.25, 0.5], ["0", "0.25", "0.50"]),
        ([0, 2e-7, 4e-7], ["0", "0.0000002", "0.0000004"]),
        ([0, math.nan], ["0", ""]),
    ],
)
def test_ticks_share_a_unit(ticks, texts):
    assert amounts(ticks) == texts


@given(st.floats(1e-9, 1e15))
def test_compact_numbers_keep_three_digits(value):
    text = compact(value)
    scale = {"M": 1e6, "n": 1e9}.get(text[-1], 1.0)
    read = float(text.rstrip("bnM").replace(",", "").replace("−", "-")) * scale
    assert read == pytest.approx(value, rel=6e-3)


def test_compact_of_what_is_no_number():
    assert [compact(value) for value in (math.inf, -math.inf, math.nan, 0)] == ["∞", "–", "–", "0"]


@pytest.mark.parametrize("top", [1e-6, 0.3, 7, 1234, 5e5, 3e7, 4e11])
def test_axes_write_what_they_count(top):
    ax = canvas()
    ax.set_xlim(0, top)
    ax.set_ylim(0, 0.5)
    amount_axis(ax, "x", "spend, EUR")
    percent_axis(ax, "y", "share")
    ax.figure.draw_without_rendering()
    shown = [label.get_text() for label in ax.get_xticklabels()]
    assert len(set(shown)) == len(shown) >= 3
    assert ax.get_xlabel() == "spend, EUR"
    assert all(label.get_text().endswith("\u00a0%") for label in ax.get_yticklabels())


@given(st.lists(st.text(max_size=12), unique=True, max_size=12))
def test_colours_depend_on_names_and_differ(channels):
    colours = channel_colours(channels)
    assert colours == channel_colours(reversed(channels))
    assert len(set(colours.values())) == len(channels)


def test_more_channels_than_colours_get_shades():
    colours = channel_colours([f"channel {number}" for number in range(30)])
    assert len(set(colours.values())) == 30
    assert all(len(colour) == 7 for colour in colours.values())
