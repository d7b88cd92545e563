"""Plans that somebody gives whose spend is no money of the horizon by the look of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attribution.errors import BadInput, Problem
from attribution.numbers import significant
from mmm import Panel
from optimizer.planning.file.keys.plan import GivenTable
from optimizer.planning.inputs.given_tables import Given

__all__ = ["plausible"]

_TIMES, _WEEK = 50.0, 0.15
_SHARES = 0.05  # of their whole: shares rounded to two digits sum to .98 or 101
_LATELY = 13  # weeks


def plausible(given: Given, table: GivenTable, panel: Panel, weeks: int) -> Given:
    """The plan, with a word where its spend is far from that of late or is about that of one week.

    Parameters
    ----------
    given
        The plan as it was read.
    table
        What the plan file says of its table.
    panel
        The weekly table.
    weeks
        Weeks of the horizon.

    Raises
    ------
    BadInput
        It holds shares that sum to 1 or 100, where thousands are spent.
    """
    late = panel.national_spend.tail(_LATELY * panel.per_week).to_numpy().sum(axis=1)
    now, total = float(late.mean() * panel.per_week * weeks), float(given.spend.sum())
    if now > 1_000 * max(total, 1.0) and any(np.isclose(total, whole, rtol=_SHARES) for whole in (1.0, 100.0)):
        text = f"sums to {significant(total)}, as shares of a budget do."
        raise BadInput(Problem(table.path.name, text, table.spend, remedy="give the money of each channel."))
    times = total / now if now > 0 and total > 0 else 1.0
    if not 1 / _TIMES < times < _TIMES:
        text = f"Its spend is {significant(times)} times that of late: in another unit, by the look of it."
    elif table.weeks is None and weeks > 4 and abs(np.log(times * weeks)) < _WEEK:
        text = f"Its spend is about that of one week and is read as that of {weeks}: state weeks: 1 if it is of one."
    else:
        return given
    return replace(given, says=f"{given.says} {text}".strip())
