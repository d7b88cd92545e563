"""The planner in German and Chinese: every sentence of the page, numbers by locale, names as they are."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from io import BytesIO

import openpyxl
import pytest
from planner_runs import question

from optimizer.planning.language.languages import LANGUAGES
from optimizer.planning.outputs.in_language import speech_of
from optimizer.planning.outputs.wish_files import spend_workbook
from optimizer.planning.page import pieces, speech
from optimizer.planning.stages.kept import Kept
from optimizer.planning.stages.wishes import Wish, answer, cost_of_holding, first_wish, judged

NAMES = ["tv", "never", "Best plan", "<b>best</b>", "spend at most 5 %"]


@pytest.fixture(scope="module", params=list(LANGUAGES))
def kept(request: pytest.FixtureRequest) -> Kept:
    return question(NAMES, language=request.param)


def pages(kept: Kept) -> dict[str, str]:
    """All that the page shows, in states that people bring it into."""
    own, best = first_wish(kept), answer(kept, first_wish(kept)).allocation
    assert best is not None
    wishes = {
        "best": (own, best.spend),
        "own": (own, kept.now * 0.9),
        "breaking": (own, kept.now * 1.5),
        "held": (replace(own, locked=(("tv", 90_000.0),)), kept.now.where(kept.now.index != "tv", 90_000.0)),
        "held in vain": (replace(own, locked=tuple((name, 1.0) for name in NAMES)), kept.now),
        "no plan": (replace(own, customers=900_000.0), kept.now),
        "most profit": (replace(own, aim="profit"), kept.now),
        "least spend": (replace(own, aim="spend"), kept.now),
        "nothing": (own, kept.now * 0.0),
    }
    shown = {"head": pieces.head(kept), "note": pieces.note("no plan keeps the question")}
    for name, (wish, spend) in wishes.items():
        shown |= {f"{name} {part}": html for part, html in _of(kept, wish, spend).items()}
    aside = {f"Best plan {name}": one for name, one in list(wishes.items())[:6]}
    return {**shown, "scenarios": pieces.side_by_side(kept, aside)}


def _of(kept: Kept, wish: Wish, spend: object) -> dict[str, str]:
    free, held = answer(kept, replace(wish, locked=())), answer(kept, wish)
    best = None if held.allocation is None else held.allocation.spend
    result = judged(kept, wish, spend)  # type: ignore[arg-type]
    shown = {
        "verdict": pieces.verdict(kept, wish, result, free, held),
        "cards": pieces.cards(kept, wish, result, best),
    }
    for name in NAMES:
        shown[name] = pieces.channel(kept, name, spend, best, result.marginal[name], 1e6)
    if wish.locked:
        shown["holding"] = pieces.holding(kept, wish, cost_of_holding(kept, wish))
    return shown


def test_nothing_of_the_page_stays_english_but_names(kept: Kept) -> None:
    say = speech.translator_of(kept)
    for state, html in pages(kept).items():
        bare = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
        bare = re.sub(r'<(\w+)[^>]*translate="no">.*?</\1>', "<>", bare, flags=re.DOTALL)
        texts = [unescape(text).strip() for text in re.split(r"<[^>]*>", bare)]
        assert {part: text for text in texts if text for part in say.lacking(text)} == {}, state


def test_names_stay_and_numbers_have_the_marks_of_the_language(kept: Kept) -> None:
    own = first_wish(kept)
    html = pieces.channel(kept, "Best plan", kept.now, None, judged(kept, own, kept.now).marginal["tv"], 1e6)
    told = speech.spoken(kept, html)
    assert '<b translate="no">Best plan</b>' in told
    amount = f"{kept.now['Best plan']:,.0f}"
    assert (amount.replace(",", ".") if kept.config.language == "de" else amount) in told
    assert speech.number_format(kept) == "%.0f"


def test_english_pages_are_left_alone() -> None:
    kept = question(NAMES)
    assert speech.translator_of(kept) is None
    assert speech.spoken(kept, "<p>Best plan</p>") == "<p>Best plan</p>"
    assert speech.saying(kept)("Best plan") == "Best plan"


def test_the_workbook_of_the_page_speaks_too(kept: Kept) -> None:
    say, own = speech_of(kept.config, names=kept.shown), first_wish(kept)
    assert say is not None
    book = openpyxl.load_workbook(BytesIO(spend_workbook(kept, own, kept.now, {"B": (own, kept.planned)}, say)))
    assert book.sheetnames == [say(name) for name in ("Your plan", "Figures", "Spend by scenario")]
    texts = [
        str(cell.value)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.value not in (*NAMES, "B", kept.name)
    ]
    english = openpyxl.load_workbook(BytesIO(spend_workbook(kept, own, kept.now, {"B": (own, kept.planned)})))
    plain = {str(cell.value) for sheet in english for row in sheet.iter_rows() for cell in row}
    assert {text for text in texts if text in plain and say(text) != text} == set()
