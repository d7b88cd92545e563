"""The page from top to bottom."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import streamlit as st

from optimizer.planning.page import controls, pieces
from optimizer.planning.page.speech import saying, spoken
from optimizer.planning.page.state import begin, scenarios, spend_of, wish_of
from optimizer.planning.stages.kept import Kept, kept_question
from optimizer.planning.stages.wishes import answer, cost_of_holding, judged

__all__ = ["show"]


@lru_cache(maxsize=1)
def _loaded(folder: Path) -> Kept:
    """Once for all tabs: it is read and never changed."""
    return kept_question(folder)


def show(folder: Path) -> None:
    """The planner of a run, as the state of its tab has it."""
    kept = _loaded(folder)
    st.set_page_config(saying(kept)("Planner"), layout="wide")
    begin(kept)
    _show(kept, pieces.head(kept))
    controls.ask(kept)
    wish, spend = wish_of(kept), spend_of(kept)
    free, held = answer(kept, replace(wish, locked=())), answer(kept, wish)
    best = None if held.allocation is None else held.allocation.spend
    result = judged(kept, wish, spend)
    _show(kept, pieces.verdict(kept, wish, result, free, held))
    _show(kept, pieces.cards(kept, wish, result, best))
    controls.start_from(kept)
    controls.move(kept, result, best)
    if wish.locked:
        _show(kept, pieces.holding(kept, wish, cost_of_holding(kept, wish)))
    controls.keep_aside(kept)
    if scenarios():
        _show(kept, pieces.side_by_side(kept, scenarios()))
    controls.save(kept)


def _show(kept: Kept, html: str) -> None:
    st.html(spoken(kept, html))
