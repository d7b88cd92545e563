"""Customers that come without paid media: a plan rests on none that are fewer than none."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from attribution.arrays import Array
from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.numbers import count, counted
from optimizer.planning.language.wording import findings_in_words_of_the_file

__all__ = ["fewer_than_none", "require_some_left"]

_SHOWN = 4


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


def require_some_left(predicted: Array, weeks: float, outcome: str, findings: Iterable[Finding] = ()) -> None:
    """Refuse what a plan is to rest on where it expects fewer customers than none.

    Parameters
    ----------
    predicted, weeks, outcome
        As :func:`fewer_than_none` takes them.
    findings
        On the tables and the fit, in this order; the first that failed say what to mend.

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
    failed = [finding for finding in findings if not finding.passed]
    against = [f"{one.name}: {one.text}" for one in findings_in_words_of_the_file(failed[:_SHOWN])]
    raise BadInput([Problem("plan", text, remedy=remedy), *against])
