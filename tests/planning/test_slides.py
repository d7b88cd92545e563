"""Five slides of a run: kept as plain data, drawn as PowerPoint with charts that can be edited."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner
from wide_runs import widened

from attribution.errors import BadInput, MissingExtra
from attribution.files import checksum
from attribution.numbers import amount
from optimizer.planning.cli import app
from optimizer.planning.ledger.manifest import verify
from optimizer.planning.outputs.book.letters import in_one_line, unbroken, width_of
from optimizer.planning.outputs.deck.content import Bars, Big, Deck, Grid, Slide, Steps, deck_of, text_of
from optimizer.planning.outputs.deck.five import five_slides
from optimizer.planning.outputs.deck.made import make_slides
from optimizer.planning.outputs.deck.pptx_file import _parts, _row_size, _scale, pptx_bytes
from optimizer.planning.stages.result import Run

text = st.text(max_size=12)
numbers = st.floats(-1e12, 1e12)


@given(text, st.lists(text, max_size=3), st.lists(numbers, min_size=2, max_size=4))
def test_a_deck_comes_back_as_it_was(title: str, lines: list[str], values: list[float]) -> None:
    names, values_ = tuple(map(str, range(len(values)))), tuple(values)
    deck = Deck(title, "", (
        Slide(title, tuple(lines)),
        Slide(title, big=(Big(title, "1", ""),), bars=Bars(title, names, {"a": values_}), note=title),
        Slide(title, steps=Steps(title, names, values_), grid=Grid((title,), ((title,),), 1)),
    ))  # fmt: skip
    assert deck_of(text_of(deck)) == deck


def test_the_slides_say_what_the_report_says(finished: tuple[Run, Path]) -> None:
    run, out = finished
    assert run.plan is not None
    assert run.worth is not None
    deck = deck_of((out / "slides.json").read_text(encoding="utf-8"))
    assert deck == five_slides(run, run.plan, run.worth)
    decision, moves, against, doubts, tests = deck.slides
    assert "blended CAC falls from" in decision.title
    assert decision.bars is not None
    assert sum(decision.bars.series["planned"]) == pytest.approx(float(run.plan.planned.spend.sum()))
    assert moves.grid is not None
    assert [row[0] for row in moves.grid.rows] == [*(row.channel for row in run.plan.rows), "All channels"]
    assert against.steps is not None
    start, *steps, end = against.steps.values
    assert start + sum(steps) == pytest.approx(end)
    assert end == pytest.approx(run.plan.planned.expected_customers)
    assert doubts.lines
    assert tests.grid is not None
    assert "and more below" not in text_of(deck)


def test_sixty_channels_are_summed_where_they_do_not_fit(finished: tuple[Run, Path]) -> None:
    run = widened(finished[0], 60)
    assert run.plan is not None
    assert run.worth is not None
    decision, moves, against, *_ = five_slides(run, run.plan, run.worth).slides
    assert decision.bars is not None
    assert moves.bars is not None
    assert moves.grid is not None
    assert against.steps is not None
    for rows in (decision.bars.rows, moves.bars.rows, moves.grid.rows, against.steps.rows):
        assert len(rows) <= 13
    ranked = sorted(run.plan.rows, key=lambda row: max(row.now, row.planned), reverse=True)
    shown = [row for row in run.plan.rows if row in ranked[: len(decision.bars.rows)]]
    assert decision.bars.rows == moves.bars.rows == tuple(row.channel for row in shown)
    assert decision.bars.series["now"] == tuple(row.now for row in shown)
    assert moves.bars.series["change"] == tuple(row.planned - row.now for row in shown)
    assert moves.grid.rows[-1][2] == amount(float(run.plan.planned.spend.sum()))
    start, *steps, end = against.steps.values
    assert start + sum(steps) == pytest.approx(end)


def test_a_channel_that_is_cut_to_nothing_stands_on_the_slides_and_each_bar_has_its_name(
    finished: tuple[Run, Path], tmp_path: Path
) -> None:
    """The largest move of all is no one of several others, though it has least in the plan."""
    run = widened(finished[0], 30)
    assert run.plan is not None
    assert run.worth is not None
    *rows, last = run.plan.rows
    gone = replace(last, now=max(row.now for row in rows), planned=0.0)
    plan = replace(run.plan, rows=(*rows, gone))
    deck = five_slides(replace(run, plan=plan), plan, run.worth)
    for slide in deck.slides[:2]:
        assert slide.bars is not None
        assert slide.bars.rows[-1] == gone.channel
    assert deck.slides[1].grid is not None
    assert gone.channel in [row[0] for row in deck.slides[1].grid.rows]
    import pptx

    (tmp_path / "deck.pptx").write_bytes(pptx_bytes(deck))
    for slide in pptx.Presentation(str(tmp_path / "deck.pptx")).slides:
        for shape in slide.shapes:
            if shape.has_chart:
                assert 'tickLblSkip val="1"' in shape.chart.category_axis._element.xml


def test_nothing_of_the_run_changes_and_the_file_has_charts(finished: tuple[Run, Path], tmp_path: Path) -> None:
    import pptx

    before = checksum(finished[1] / "manifest.json")
    path = make_slides(finished[1], tmp_path / "plan.pptx")
    assert checksum(finished[1] / "manifest.json") == before
    assert verify(finished[1]) == ()
    slides = pptx.Presentation(str(path)).slides
    assert len(slides) == 5
    assert sum(shape.has_chart for slide in slides for shape in slide.shapes) == 3
    assert sum(shape.has_table for slide in slides for shape in slide.shapes) == 3
    assert all(slide.shapes.title.text_frame.text for slide in slides)
    for slide in slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= 12_192_000
            assert shape.top + shape.height <= 6_858_000 + 100_000


def test_by_default_they_stand_in_the_output_folder(finished: tuple[Run, Path]) -> None:
    output = finished[1].parents[1]
    done = CliRunner().invoke(app, ["slides", str(output)])
    assert done.exit_code == 0, done.output
    assert (output / "slides" / f"{finished[1].name}.pptx").stat().st_size > 20_000
    again = make_slides(output)
    assert again.name == f"{finished[1].name}.pptx"


def test_slides_of_a_copy_that_followed_links_stay_in_the_copy(finished: tuple[Run, Path], tmp_path: Path) -> None:
    shutil.copytree(finished[1], tmp_path / "copy" / "latest")
    assert make_slides(tmp_path / "copy").parent == tmp_path / "copy" / "slides"
    with pytest.raises(BadInput, match="is a run without its output folder"):
        make_slides(tmp_path / "copy" / "latest")
    assert {path.name for path in tmp_path.iterdir()} == {"copy"}


def test_without_the_extra_it_is_said_how_to_get_it(
    finished: tuple[Run, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pptx", None)
    with pytest.raises(MissingExtra, match=r"blended-cac\[slides\]"):
        make_slides(finished[1], tmp_path / "plan.pptx")
    assert not (tmp_path / "plan.pptx").exists()


def test_what_is_no_run_or_no_place_for_slides_is_refused(finished: tuple[Run, Path], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no finished run"):
        make_slides(tmp_path)
    with pytest.raises(BadInput, match=r"not in \.pptx"):
        make_slides(finished[1], tmp_path / "plan.pdf")


def test_a_run_without_slides_is_told_to_run_again(tmp_path: Path) -> None:
    from optimizer.planning.ledger.manifest import manifest_text

    place = tmp_path / "runs" / "20260101-000000-abcdef"
    place.mkdir(parents=True)
    (place / "manifest.json").write_text(manifest_text({"outputs": {}, "converged": True}), encoding="utf-8")
    with pytest.raises(BadInput, match=r"holds no slides\.json.*cac plan"):
        make_slides(place)


def test_slides_that_are_damaged_are_refused(finished: tuple[Run, Path]) -> None:
    stated = json.loads((finished[1] / "slides.json").read_text(encoding="utf-8"))
    del stated["slides"][0]["note"]
    with pytest.raises(KeyError):
        deck_of(json.dumps(stated))


@given(
    st.lists(st.lists(st.text("ab c_", max_size=30), min_size=3, max_size=3), min_size=1, max_size=6),
    st.floats(20, 300),
)
def test_columns_share_the_whole_width_and_break_no_word_that_has_room(rows: list[list[str]], letters: float) -> None:
    parts = _parts(rows, letters)
    assert sum(parts) == pytest.approx(1.0)
    words = [max(unbroken(row[at]) for row in rows) for at in range(3)]
    if sum(words) + 15 <= letters:
        assert all(part * letters >= word for part, word in zip(parts, words, strict=True))


@given(st.text(max_size=60), st.integers(6, 40))
def test_a_name_in_one_line_keeps_its_beginning_and_its_end(name: str, width: int) -> None:
    shown = in_one_line(name, width)
    assert width_of(shown) <= width
    if shown != name:
        head, _, tail = shown.partition("…") if "…" not in name else (shown[:1], "", shown[-1:])
        assert name.startswith(head)
        assert name.endswith(tail)


def test_a_figure_stays_with_its_unit() -> None:
    assert unbroken("−13\xa0% of") == 5


@given(st.floats(1.5, 6.0), st.integers(1, 13))
def test_names_of_rows_touch_each_other_nowhere(height: float, rows: int) -> None:
    """An office program leaves out those that do."""
    size = _row_size(height, rows)
    assert 6 <= size <= 11
    assert size == 6 or 1.2 * size * rows <= (height - 0.8) * 72


@given(st.floats(-1e7, 1e7), st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=10))
def test_a_waterfall_stands_on_few_round_marks(start: float, steps: list[float]) -> None:
    rows = tuple(map(str, range(len(steps) + 2)))
    low, high, step = _scale(Steps("", rows, (start, *steps, start + sum(steps))))
    levels = np.cumsum([start, *steps])
    assert low <= levels.min() + 1e-9 * abs(low)
    assert levels.max() <= high + 1e-9 * abs(high)
    assert low / step == pytest.approx(round(low / step), abs=1e-6)
    assert (high - low) / step < 5.5
