"""The planner's engine: a question kept and asked again, wishes as plan files, spends held against the best."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planner_runs import question, write_run

from attribution.errors import BadInput, NotConverged
from mmm.curves import Exponential, Hill, Logistic, MichaelisMenten, Mixture, Power, ResponseCurves, Tabulated
from mmm.curves.storage import packed, unpacked
from optimizer.planning.check import check_plan
from optimizer.planning.cli import main
from optimizer.planning.file.config import config_of
from optimizer.planning.file.document import Document
from optimizer.planning.outputs.wish_files import plan_file, spend_table, spend_workbook
from optimizer.planning.stages.kept import QUESTION, Kept, kept_question
from optimizer.planning.stages.wishes import aims_of, answer, cost_of_holding, first_wish, judged

NAMES = ["tv", "=SUM(A1)", "search: 'generic'", "<b>social</b>", "radio"]


@pytest.fixture(scope="module")
def kept() -> Kept:
    return question(NAMES)


def test_every_family_of_curves_comes_back_to_the_last_digit() -> None:
    rng = np.random.default_rng(1)

    def some() -> np.ndarray:
        return rng.uniform(0.3, 0.9, 7)

    members = [Exponential(some(), some()), Hill(some(), some(), some()), Logistic(some(), some())]
    members += [MichaelisMenten(some(), some()), Power(some(), some())]
    table = Tabulated([0, 1, 3], _rising(rng))
    curves = ResponseCurves({f"c{place}": curve for place, curve in enumerate([*members, table])})
    curves = curves.with_curve("mixed", Mixture([*members, Mixture([table, Hill(1.0, 2.0)])], [1.0] * 6))
    stated, arrays = packed(curves)
    again = unpacked(stated, arrays)
    for channel, curve in curves.items():
        for spend in (0.0, 0.7, 2.9, 50.0):
            np.testing.assert_array_equal(again[channel](spend), curve(spend))


def _rising(rng: np.random.Generator) -> np.ndarray:
    return np.vstack([np.zeros(7), np.cumsum(rng.uniform(size=(2, 7)), axis=0)])


def test_a_question_read_again_has_the_same_best_plan(kept: Kept, tmp_path: Path) -> None:
    write_run(tmp_path, kept)
    again = kept_question(next((tmp_path / "runs").iterdir()))
    wish = first_wish(again)
    assert wish == first_wish(kept)
    ours, theirs = answer(kept, wish).allocation, answer(again, wish).allocation
    assert ours is not None
    assert theirs is not None
    pd.testing.assert_series_equal(ours.spend, theirs.spend)
    assert ours.bound == theirs.bound


def test_a_run_that_did_not_converge_or_was_changed_is_refused(
    kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    unfit = write_run(tmp_path / "unfit", kept, converged=False)
    with pytest.raises(NotConverged):
        kept_question(unfit)
    changed = write_run(tmp_path / "changed", kept)
    with (changed / QUESTION).open("ab") as file:
        file.write(b"x")
    with pytest.raises(BadInput, match=QUESTION):
        kept_question(changed)
    with pytest.raises(BadInput, match="no finished run"):
        kept_question(tmp_path)
    for folder, code in ((unfit, 4), (changed, 2)):
        monkeypatch.setattr("sys.argv", ["cac", "planner", str(folder)])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == code
        assert "Traceback" not in capsys.readouterr().err


def test_holding_costs_what_the_best_plans_differ_by_and_letting_go_helps(kept: Kept) -> None:
    wish = first_wish(kept)
    free = answer(kept, wish).allocation
    assert free is not None
    locks = tuple((name, 0.9 * float(kept.now[name])) for name in NAMES[:2])
    held = replace(wish, locked=locks)
    around = answer(kept, held).allocation
    assert around is not None
    for name, spend in locks:
        assert around.spend[name] == pytest.approx(spend)
    assert around.value >= free.bound
    for name, cost in cost_of_holding(kept, held).items():
        alone = answer(kept, replace(held, locked=tuple(one for one in locks if one[0] != name))).allocation
        assert alone is not None
        assert cost == pytest.approx(around.value - alone.value)
        assert cost >= -2 * kept.section.gap * abs(free.value)


@settings(max_examples=15)
@given(st.lists(st.floats(0.0, 1.3), min_size=len(NAMES), max_size=len(NAMES)))
def test_no_spend_that_keeps_everything_beats_the_bound(shares: list[float]) -> None:
    kept = _shared()
    result = judged(kept, first_wish(kept), kept.now * shares)
    assert result.certificate is not None
    if not result.misses:
        assert result.certificate.gap >= -1e-9
    promise = first_wish(kept).customers
    assert promise is not None
    assert any("customers" in one for one in result.broken) == (
        result.outcome.expected_customers < promise * (1 - 1e-9)
    )


_KEPT: list[Kept] = []


def _shared() -> Kept:
    if not _KEPT:
        _KEPT.append(question(NAMES))
    return _KEPT[0]


def test_what_cannot_be_kept_names_the_promise_and_the_best_that_can_be_had(kept: Kept) -> None:
    wish = replace(first_wish(kept), customers=1e6)
    refused = answer(kept, wish)
    assert refused.allocation is None
    assert "customers at least 1,000,000" in refused.problem
    most = answer(kept, replace(first_wish(kept), aim="customers", customers=None)).allocation
    assert most is not None
    assert f"{most.customers:,.0f}"[:-1] in refused.problem
    assert judged(kept, wish, kept.now).certificate is None
    alone = answer(kept, replace(first_wish(kept), budget=None, customers=None))
    assert alone.allocation is not None or alone.problem


@pytest.mark.parametrize("change", [
    {}, {"aim": "customers"}, {"aim": "spend"}, {"aim": "profit", "customers": None}, {"budget": None},
    {"budget": 800_000.0}, {"customers": 6_000.5}, {"max_cac": 150.0},
    {"locked": tuple((name, 12_345.678) for name in NAMES)},
])  # fmt: skip
def test_the_saved_plan_file_asks_the_same_question_and_keeps_its_comments(
    kept: Kept, change: dict[str, object]
) -> None:
    wish = replace(first_wish(kept), **change)  # type: ignore[arg-type]
    assert wish.aim in aims_of(kept)
    text = plan_file(kept, wish)
    assert "weeks: 13   # a quarter" in text
    config = config_of(Document.of(Path("plan.yaml"), text))
    again = first_wish(replace(kept, config=config))
    assert again == replace(wish, locked=())
    assert config.plan is not None
    fixed = {name: one.fixed for name, one in config.plan.channels.items()}
    assert {name: limit.value for name, limit in fixed.items() if limit} == {n: round(s, 2) for n, s in wish.locked}


def test_channels_are_shown_by_planned_spend_whatever_the_order_of_the_table(kept: Kept) -> None:
    moved = replace(kept, planned=kept.planned * np.arange(1, len(kept.planned) + 1))
    assert list(moved.shown) == list(moved.planned.sort_values(ascending=False).index)
    assert set(kept.shown) == set(kept.curves.channels)
    assert list(spend_table(moved, moved.planned.reindex(list(moved.shown)))["channel"]) == list(moved.shown)


def test_the_workbook_holds_the_plan_the_question_and_scenarios(kept: Kept) -> None:
    wish = replace(first_wish(kept), locked=(("tv", 1000.0),))
    book = openpyxl.load_workbook(io.BytesIO(spend_workbook(kept, wish, kept.now, {"=1+1": (wish, kept.now)})))
    assert book.sheetnames == ["Your plan", "Figures", "Spend by scenario"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    names = [row[0].value for row in book["Your plan"].iter_rows(min_row=2)]
    assert names == [*NAMES, "All channels"]
    assert list(spend_table(kept, kept.now)["spend"]) == list(kept.now)


def test_cac_check_takes_what_was_saved(starter: Path) -> None:
    document = Document.read(starter)
    channels = ["tv", "paid_social", "generic_search"]
    kept = replace(question(channels), document=document, config=config_of(document))
    wish = replace(first_wish(kept), budget=1.9e6, customers=16_500.0, locked=(("tv", 700_000.0),))
    text = plan_file(kept, wish).replace("  # given: plan-b.csv ", "  given: your-plan.csv ")
    (starter.parent / "plan-planner.yaml").write_text(text, encoding="utf-8")
    spend_table(kept, kept.now).to_csv(starter.parent / "your-plan.csv", index=False)
    understood = check_plan(starter.parent / "plan-planner.yaml")
    assert understood is not None
    assert "given: your-plan.csv" in text
