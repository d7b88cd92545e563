"""Customers that come without paid media: a plan rests on none that are fewer than none."""

from __future__ import annotations

import numpy as np

from attribution.arrays import Array
from attribution.errors import BadInput, Problem
from attribution.numbers import count, counted

__all__ = ["require_some_left"]


def require_some_left(predicted: Array, weeks: float, outcome: str, whose: str) -> None:
    """Refuse a fit that credits media with more than all customers of the coming weeks.

    Parameters
    ----------
    predicted
        Customers that come without paid media over the horizon, one per draw.
    weeks
        Of the horizon.
    outcome
        What the KPI counts.
    whose
        Whose forecast it is, as the sentence begins.

    Raises
    ------
    BadInput
        Where they are below zero on average.
    """
    expected = float(np.mean(predicted))
    if expected >= 0:
        return
    text = (
        f"{whose} expects {count(expected)} {outcome} without paid media over {counted(round(weeks), 'week')}, fewer "
        "than none: it credits media with more than all that came, and no plan can rest on that."
    )
    remedy = (
        "cac fit says what speaks against the fit, cac check what speaks against the tables: weeks in which nobody "
        "could buy, few weeks, a break that no control names. Mend that, or state in model.belief.cac what is known."
    )
    raise BadInput(Problem("plan", text, remedy=remedy))
