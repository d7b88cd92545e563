"""What one tab holds: the spend of its plan, its question, and scenarios kept aside; nothing is shared between tabs."""

from __future__ import annotations

import math
from functools import lru_cache

import pandas as pd
import streamlit as st

from optimizer.planning.stages.kept import Kept
from optimizer.planning.stages.wishes import Wish, first_wish

__all__ = ["MOST", "begin", "fill", "moved", "scenarios", "spend_of", "tops_of", "wish_of"]

MOST = 4
"""Scenarios side by side."""


def begin(kept: Kept) -> None:
    """The run's question and its plan, in a tab that has just been opened."""
    if "spend" in st.session_state:
        return
    wish = first_wish(kept)
    st.session_state.spend, st.session_state.scenarios = {}, {}
    for name in ("aim", "budget", "customers", "max_cac"):
        st.session_state[name] = getattr(wish, name)
    fill(kept, kept.planned)
    for place in range(len(kept.curves)):
        st.session_state[f"lock_{place}"] = False


@lru_cache(maxsize=1)
def tops_of(kept: Kept) -> list[float]:
    """Where each slider ends: beyond today, the plan and all that was tried, as a round number."""
    most = pd.concat([2 * kept.now, 1.5 * kept.planned, 1.25 * kept.seen], axis=1).max(axis=1)
    least = 0.01 * float(most.max())
    return [_rounded_up(max(float(most[name]), least)) for name in kept.shown]


def fill(kept: Kept, spend: pd.Series) -> None:
    """Another spend of every channel."""
    for place, channel in enumerate(kept.shown):
        _put(kept, place, float(spend[channel]))


def moved(kept: Kept, place: int, by: str) -> None:
    """A person moved a channel's slider or number."""
    _put(kept, place, float(st.session_state[f"{by}_{place}"] or 0.0))


def spend_of(kept: Kept) -> pd.Series:
    """The tab's own plan, currency by channel."""
    return pd.Series(st.session_state.spend, kept.now.index, dtype=float)


def wish_of(kept: Kept) -> Wish:
    """The tab's question."""
    own, spend = st.session_state, spend_of(kept)
    locked = ((name, float(spend[name])) for place, name in enumerate(kept.shown) if own[f"lock_{place}"])
    return Wish(own.aim, own.budget, own.customers, own.max_cac, tuple(locked))


def scenarios() -> dict[str, tuple[Wish, pd.Series]]:
    """Scenarios kept aside, by name."""
    kept: dict[str, tuple[Wish, pd.Series]] = st.session_state.scenarios
    return kept


def _put(kept: Kept, place: int, amount: float) -> None:
    st.session_state.spend[kept.shown[place]] = amount
    st.session_state[f"number_{place}"] = amount
    st.session_state[f"slider_{place}"] = min(amount, tops_of(kept)[place])


def _rounded_up(value: float) -> float:
    """To two digits."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1) if value > 0 else 1.0
    return math.ceil(value / unit - 1e-9) * unit
