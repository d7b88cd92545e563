"""What a person moves: the question, the channels with their locks, and buttons."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attribution.errors import BadInput
from optimizer.planning.outputs.wish_files import plan_file, spend_table, spend_workbook
from optimizer.planning.page import pieces
from optimizer.planning.page.speech import number_format, saying, spoken, translator_of
from optimizer.planning.page.state import MOST, fill, moved, scenarios, spend_of, tops_of, wish_of
from optimizer.planning.stages.kept import Kept
from optimizer.planning.stages.wishes import Judged, aims_of, answer

__all__ = ["ask", "keep_aside", "move", "save", "start_from"]

_AIMS = {
    "blended_cac": "Lowest blended CAC",
    "spend": "Least spend",
    "customers": "Most customers",
    "profit": "Most profit",
    "npv": "Highest net present value",
}
_LONGEST = 60


def ask(kept: Kept) -> None:
    """Aim, budget and promises."""
    outcome, currency = plain(kept.config.outcome), plain(kept.config.currency)
    section = kept.section
    exactly = section.incremental is not None or (section.budget is not None and section.budget.exactly is not None)
    aim, budget, customers, cac = st.columns(4)
    say = saying(kept)
    aim.selectbox(say("Aim"), aims_of(kept), format_func=lambda name: say(_AIMS[name]), key="aim")
    most = f"Budget {'exactly' if exactly else 'at most'}, {currency}"
    _amount(kept, budget, most, "budget", step=_step(float(kept.now.sum())))
    _amount(kept, customers, f"Promise: {outcome} at least", "customers", step=100.0)
    _amount(kept, cac, f"Blended CAC at most, {currency}", "max_cac", step=1.0)


def start_from(kept: Kept) -> None:
    """Buttons that fill all channels at once."""
    best, run, today = st.columns(3)
    say = saying(kept)
    solved = answer(kept, wish_of(kept)).allocation
    best.button(
        say("Take the best plan"),
        type="primary",
        width="stretch",
        disabled=solved is None,
        on_click=_take_best,
        args=(kept,),
    )
    run.button(say("Take the run's plan"), width="stretch", on_click=fill, args=(kept, kept.planned))
    today.button(say("Take today's spend"), width="stretch", on_click=fill, args=(kept, kept.now))


def move(kept: Kept, result: Judged, best: pd.Series | None) -> None:
    """A row for each channel: its name and figures, slider, number and lock."""
    spend, tops, say = spend_of(kept), tops_of(kept), saying(kept)
    for place, channel in enumerate(kept.shown):
        name = f"{plain(channel)}, channel {place + 1}"
        with st.container(key=f"channel_{place}"):
            told, slider, number, lock = st.columns([4, 4, 2, 1], vertical_alignment="center")
            told.html(spoken(kept, pieces.channel(kept, channel, spend, best, result.marginal[channel], tops[place])))
            for column, kind in ((slider, "slider"), (number, "number")):
                draw = column.slider if kind == "slider" else column.number_input
                ends = (0.0, tops[place]) if kind == "slider" else (0.0, None)
                draw(
                    say(f"{'Slider' if kind == 'slider' else 'Spend'} of {name}"),
                    *ends,
                    step=_step(tops[place]),
                    format=number_format(kept) if kind == "slider" else "%.0f",
                    key=f"{kind}_{place}",
                    label_visibility="collapsed",
                    on_change=moved,
                    args=(kept, place, kind),
                )
            help_ = say("The best plan keeps this channel at your spend.")
            lock.checkbox(say("Hold"), key=f"lock_{place}", help=help_)


def keep_aside(kept: Kept) -> None:
    """Keep the plan as a scenario, or let all go."""
    name, keep, clear = st.columns([4, 2, 2], vertical_alignment="bottom")
    say, full = saying(kept), len(scenarios()) >= MOST
    name.text_input(say("Name of the scenario"), max_chars=_LONGEST, key="scenario", placeholder=_next_name(kept))
    keep.button(say("Keep as scenario"), width="stretch", disabled=full, on_click=_keep, args=(kept,))
    clear.button(say("Clear scenarios"), width="stretch", disabled=not scenarios(), on_click=scenarios().clear)


def save(kept: Kept) -> None:
    """Downloads of the plan file, the table of spend and the workbook."""
    wish, spend = wish_of(kept), spend_of(kept).reindex(list(kept.shown))
    aside, say = dict(scenarios()), saying(kept)  # the workbook is made on a click, elsewhere
    yaml, table, book = st.columns(3)
    as_it_is: dict[str, Any] = {"width": "stretch", "on_click": "ignore"}  # else the page is made again in between
    try:
        text = plan_file(kept, wish)
        yaml.download_button(say("Plan file, with the holds as limits"), text, "plan-planner.yaml", **as_it_is)
    except BadInput as error:
        yaml.html(spoken(kept, pieces.note(str(error))))
    csv = spend_table(kept, spend).to_csv(index=False, lineterminator="\n")
    table.download_button(say("Your spend, for given: and cac certify"), csv, "your-plan.csv", **as_it_is)
    book.download_button(
        say("Workbook"),
        lambda: spend_workbook(kept, wish, spend, aside, translator_of(kept)),
        "your-plan.xlsx",
        **as_it_is,
    )


def plain(text: str) -> str:
    """Words of a name for a label, which Streamlit reads as Markdown; the name itself stands as text beside it.

    >>> plain("![x](http://y) :red[a]_b_")
    'x http y red a b'
    """
    return " ".join(re.sub(r"[^\w]+|_", " ", text).split())[:_LONGEST]


def _amount(kept: Kept, column: DeltaGenerator, label: str, key: str, step: float) -> None:
    say, form = saying(kept), "%.0f" if step > 1 else "%.2f"
    column.number_input(say(label), 0.0, value=None, step=step, format=form, key=key, placeholder=say("no limit"))


def _take_best(kept: Kept) -> None:
    best = answer(kept, wish_of(kept)).allocation
    if best is not None:
        fill(kept, best.spend)


def _keep(kept: Kept) -> None:
    name = st.session_state.scenario.strip() or _next_name(kept)
    scenarios()[name] = (wish_of(kept), spend_of(kept))
    st.session_state.scenario = ""


def _next_name(kept: Kept) -> str:
    say = saying(kept)
    return next(name for name in (say(f"Scenario {letter}") for letter in "ABCDE") if name not in scenarios())


def _step(size: float) -> float:
    """About a hundredth, as a round number."""
    return float(10 ** max(len(f"{size:.0f}") - 3, 0))
