"""Customers that come without paid media: a plan rests on none that are fewer than none."""

from __future__ import annotations

import numpy as np

from attribution.arrays import Array
from attribution.errors import BadInput, Problem
from attribution.numbers import count, counted

__all__ = ["fewer_than_none", "require_some_left"]


def fewer_than_none(predicted: Array, weeks: float, outcome: str, whose: str) -> str:
    """The sentence on a fit that credits media with more than all customers of the coming weeks; empty of others.

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
    """
    expected = float(np.mean(predicted))
    if expected >= 0:
        return ""
    return (
        f"{whose} expects {count(expected)} {outcome} without paid media over {counted(round(weeks), 'week')}, less "
        "than none: it credits media with more than all that came, and no plan can rest on that."
    )


def require_some_left(predicted: Array, weeks: float, outcome: str) -> None:
    """Refuse what a plan is to rest on where it expects fewer customers than none.

    Raises
    ------
    BadInput
        Where :func:`fewer_than_none` says something.
    """
    text = fewer_than_none(predicted, weeks, outcome, "The mix model")
    if not text:
        return
    remedy = (
        "cac fit says what speaks against the fit, cac check what speaks against the tables: weeks in which nobody "
        "could buy, few weeks, a break that no control names. Mend that, or state in model.belief.cac what is known."
    )
    raise BadInput(Problem("plan", text, remedy=remedy))
