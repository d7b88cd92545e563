"""One order of channels: by planned spend, the same in every table, picture, sheet and slide of a run."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from optimizer.planning.outputs.sections.contents import SECTIONS
from optimizer.planning.stages.order import Order, by_spend, order_of
from optimizer.planning.stages.result import Run

KEYS = (
    "scenario",
    "model",
    "week",
    "month",
    "period",
    "reading",
    "opinion",
    "step",
    "age",
    "discounted",
    "figure",
    "kind",
    "before",
)


def is_in_order(names: list[str], order: tuple[str, ...]) -> bool:
    places = [order.index(name) for name in names if name in order]
    return places == sorted(places)


def groups(frame: pd.DataFrame) -> list[list[str]]:
    """Channels of a table as they stand, apart for each of the other things that its rows are of."""
    keys = [key for key in KEYS if key in frame]
    parts = [part for _, part in frame.groupby(keys, sort=False, dropna=False)] if keys else [frame]
    return [list(dict.fromkeys(part["channel"].astype(str))) for part in parts]


def test_the_order_is_that_of_planned_spend(finished: tuple[Run, Path]) -> None:
    run, out = finished
    order = order_of(run).names
    spend = pd.read_csv(out / "plan.csv").set_index("channel")["spend_planned"]
    assert set(order) == set(spend.index)
    assert spend[list(order)].is_monotonic_decreasing


def test_every_table_keeps_it(finished: tuple[Run, Path]) -> None:
    run, out = finished
    order, seen = order_of(run).names, set()
    for path in [*out.glob("*.csv"), *out.glob("tables/*.csv")]:
        frame = pd.read_csv(path)
        for column in ("channel", "spend:", "spend_"):
            wide = [str(name).removeprefix(column) for name in frame if str(name).startswith(column)]
            assert is_in_order(wide, order), path.name
        if "channel" in frame:
            seen.add(path.name)
            for names in groups(frame):
                assert is_in_order(names, order), (path.name, names)
    assert {
        "plan.csv",
        "belief.csv",
        "rivals.csv",
        "tests.csv",
        "attribution.csv",
        "opinions.csv",
        "scenarios.csv",
    } <= seen


def test_every_table_of_the_report_keeps_it(finished: tuple[Run, Path]) -> None:
    run, out = finished
    order, page = order_of(run).names, (out / "report.html").read_text(encoding="utf-8").replace("<wbr>", "")
    tables = re.findall(r"<table>.*?</table>", page, re.DOTALL)
    told = 0
    for table in tables:
        for scope in ("row", "col"):
            cells = re.findall(rf'<th scope="{scope}"[^>]*>(.*?)</th>', table, re.DOTALL)
            names = [html.unescape(cell) for cell in cells]
            if any(" > " in name for name in names):  # paths, the commonest first
                continue
            assert is_in_order(names, order), names
            told += len(set(names) & set(order)) == len(order)
    assert told >= 8


def test_every_picture_keeps_it(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    order, told = order_of(run).names, set()
    for figure in (figure for section in SECTIONS for figure in section.figures(run)):
        axes = figure.axes
        ticks = zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
        falls = axes.get_ylim()[0] > axes.get_ylim()[1]
        rows = [label.get_text().strip() for _, label in sorted(ticks, key=lambda pair: pair[0], reverse=not falls)]
        legend = axes.get_legend()
        entries = [text.get_text().strip() for text in legend.get_texts()] if legend else []
        for names in (rows, entries):
            assert is_in_order(names, order), (figure.name, names)
            told |= {figure.name} if set(names) & set(order) else set()
    assert {
        "moves",
        "changes",
        "belief",
        "attribution",
        "opinions",
        "decomposition",
        "waterfall",
        "shares",
        "schedule",
    } <= told


def test_workbook_and_slides_keep_it(finished: tuple[Run, Path]) -> None:
    run, out = finished
    order = order_of(run).names
    for sheet in load_workbook(out / "plan.xlsx", read_only=True):
        rows = [[str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        sums = next((at for at, row in enumerate(rows) if row and row[0].startswith("All ")), len(rows))
        assert is_in_order([row[0] for row in rows[:sums] if row], order), sheet.title
        for row in rows:
            assert is_in_order(
                [cell.partition(":")[0].removesuffix(f", {run.config.currency}") for cell in row[1:]], order
            )
    for slide in json.loads((out / "slides.json").read_text(encoding="utf-8"))["slides"]:
        for part in (slide["bars"], slide["steps"]):
            assert part is None or is_in_order([name.partition("  ")[0] for name in part["rows"]], order)
        assert slide["grid"] is None or is_in_order([row[0] for row in slide["grid"]["rows"]], order)


def test_the_tool_reads_an_order_that_is_broken() -> None:
    assert not is_in_order(["a", "b"], ("b", "a"))
    assert groups(pd.DataFrame({"model": [1, 1, 2], "channel": ["a", "b", "a"]})) == [["a", "b"], ["a"]]


CHANNELS = st.dictionaries(st.text(min_size=1, max_size=3), st.tuples(st.floats(0, 1e9), st.floats(0, 1e9)), min_size=1)


@given(CHANNELS, st.randoms())
def test_it_hangs_on_spend_alone(spends: dict[str, tuple[float, float]], random: object) -> None:
    rows = list(spends)
    random.shuffle(rows)  # type: ignore[attr-defined]
    table = pd.DataFrame({name: {"planned": planned, "now": now} for name, (planned, now) in spends.items()}).T
    order = by_spend(table)
    assert by_spend(table.loc[rows]) == order
    room = 2e-9 * float(table.to_numpy().sum())
    assert (table.loc[list(order), "planned"].diff().dropna() <= room).all()
    assert by_spend(table * 1024.0) == order  # another unit of money


@given(st.permutations(["x", "a", "b", "c"]), st.lists(st.sampled_from(["u", "v", "w"]), max_size=3, unique=True))
def test_a_table_is_put_in_order_within_its_parts_and_loses_nothing(names: list[str], parts: list[str]) -> None:
    frame = pd.DataFrame(
        [(part, name, at) for part in parts for at, name in enumerate(names)], columns=["part", "channel", "at"]
    )
    put = Order(("a", "b", "c")).frame(frame)
    assert sorted(map(tuple, put.to_numpy())) == sorted(map(tuple, frame.to_numpy()))
    assert list(put["part"].unique()) == parts
    for _, part in put.groupby("part"):
        assert list(part["channel"]) == ["a", "b", "c", "x"]


@pytest.mark.parametrize("frame", [pd.DataFrame({"week": [1]}), pd.DataFrame({"channel": []}), pd.DataFrame()])
def test_tables_without_channels_stay(frame: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(Order(("a",)).frame(frame), frame)
