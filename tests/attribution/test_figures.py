"""The house look: settings come back, SVG stands alone and stays text, faults are found."""

import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest
from legibility import faults
from matplotlib.axes import Axes

from attribution.drawing.canvas import canvas, dress, headline, name_rows, own_axes, style, svg

HOSTILE = ["<script>alert(1)</script>", "$x^2$", "a & b", '"quoted"', "_hidden", "tab\tnew\nline", "Übergröße", "\x00"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def parsed(element):
    return ET.fromstring(element)  # noqa: S314 # our own output


def texts(element):
    """All texts of an SVG, as a browser would show them."""
    return ["".join(node.itertext()) for node in parsed(element).iter() if node.tag.endswith("}text")]


def test_settings_come_back_after_drawing():
    before = dict(mpl.rcParams)
    with style():
        assert mpl.rcParams["text.parse_math"] is False
    assert dict(mpl.rcParams) == before


def test_a_canvas_is_not_kept_alive_by_pyplot():
    import matplotlib.pyplot as plt

    open_before = plt.get_fignums()
    ax = canvas(4, 3)
    assert plt.get_fignums() == open_before
    assert own_axes(ax) is ax
    assert own_axes(None).get_figure().number in plt.get_fignums()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name):
    """On axes that were made outside the house style, as a user's own are."""
    from matplotlib.figure import Figure

    ax = Figure(layout="constrained").add_subplot()
    dress(ax)
    line = ax.plot([1, 2])
    headline(ax, name, line, [name])
    name_rows(ax, [1], [name])
    drawn = svg(ax, name)
    assert "<script" not in drawn
    printable = "".join(letter if letter.isprintable() else " " for letter in name).strip()
    shown = [text.strip() for text in texts(drawn)]
    assert shown.count(printable) == 3


def test_svg_stands_alone():
    ax = canvas()
    ax.plot([1, 2], [3, 4])
    headline(ax, "Title")
    drawn = svg(ax, 'a "label" & more')
    root = parsed(drawn)
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'a "label" & more'
    assert "<?xml" not in drawn
    assert "DOCTYPE" not in drawn
    assert "metadata" not in drawn
    assert not re.search(r'(href|src)="(?!#)', drawn)


def test_svg_is_the_same_bytes_each_time_and_its_ids_differ_between_plots():
    def drawn(height):
        ax = canvas()
        ax.bar([1, 2], [1, height])
        return svg(ax)

    assert drawn(2) == drawn(2)
    ids = [set(re.findall(r'\bid="([^"]+)"', drawn(height))) for height in (2, 3)]
    assert ids[0]
    assert not ids[0] & ids[1]
    root = parsed(drawn(2))
    for reference in re.findall(r"url\(#([^)]+)\)", ET.tostring(root, encoding="unicode")):
        assert reference in ids[0]


def test_a_picture_is_drawn_once_and_keeps_its_layout(monkeypatch):
    drawn, draw = [], Axes.draw
    monkeypatch.setattr(Axes, "draw", lambda self, renderer: (drawn.append(self), draw(self, renderer)))
    ax = canvas()
    engine = ax.get_figure().get_layout_engine()
    svg(ax)
    assert drawn == [ax]
    assert ax.get_figure().get_layout_engine() is engine


def test_letters_that_no_font_here_has_do_not_stop_a_plot():
    ax = canvas()
    headline(ax, "频道 ڤ 🦊")
    assert "频道" in svg(ax)


def test_dressing_hides_frames_of_axes_made_elsewhere():
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    dress(ax)
    assert isinstance(ax, Axes)
    assert not ax.spines["top"].get_visible()
    assert not ax.spines["right"].get_visible()


def test_faults_finds_overlaps_and_cuts():
    clean = canvas()
    clean.set_xlim(0, 1)
    headline(clean, "Fine")
    assert faults(clean) == []
    crowded = canvas()
    crowded.text(0.5, 0.5, "one text")
    crowded.text(0.52, 0.5, "another")
    assert any("over each other" in fault and "another" in fault for fault in faults(crowded))
    beyond = canvas()
    beyond.text(0.9, 0.5, "a long text that leaves the figure at its right edge").set_in_layout(False)
    assert any("cut off" in fault for fault in faults(beyond))


@pytest.mark.parametrize("count", [1, 3, 9, 15])
def test_legends_fit_over_the_axes(count):
    ax = canvas(6, 4)
    lines = [ax.plot([0, place])[0] for place in range(count)]
    headline(ax, "A title", lines, [f"a fairly long series name {place}" for place in range(count)])
    assert faults(ax) == []


def test_importing_the_plots_loads_no_matplotlib():
    code = "import sys, attribution.plots, mmm.plots, optimizer.plots; print('matplotlib' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
