"""Plans that need no model: today's mix at another total, and money in proportion to an attribution model's credit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem

__all__ = ["naive_plans"]

MIX = "today's mix"

_SAME = 1e-9  # of the spend


def naive_plans(
    today: pd.Series, total: float, credit: Mapping[str, Mapping[str, float] | pd.Series]
) -> dict[str, pd.Series]:
    """Spend by channel of each naive plan, by name; all of one total.

    Parameters
    ----------
    today
        Today's spend by channel.
    total
        Spend of each plan. Today's mix is left out where it is today's own, or nothing is spent today.
    credit
        Name -> credited customers by channel, of which channels without curves are passed over.

    Raises
    ------
    BadInput
        Where credit is negative or missing, or of no channel that is planned.
    """
    present = float(today.sum())
    plans = {} if abs(total - present) <= _SAME * present or present == 0 else {MIX: today * (total / present)}
    return plans | {name: _by_credit(name, today, total, pd.Series(given)) for name, given in credit.items()}


def _by_credit(name: str, today: pd.Series, total: float, credit: pd.Series) -> pd.Series:
    """Channels that the credit does not know keep their share of today's spend; the rest goes by credit."""
    known = credit.reindex([channel for channel in today.index if channel in credit.index]).astype(float)
    if not (known >= 0).all() or not np.isfinite(known).all() or known.sum() <= 0:
        text = "is negative, missing, or nothing for every channel of the plan."
        raise BadInput(Problem(f"credit {name!r}", text, remedy="give credited customers by channel."))
    present = float(today.sum())
    unknown = today.drop(known.index) / present if present > 0 else today.drop(known.index)
    left = 1 - float(unknown.sum())
    shares: pd.Series = pd.concat([unknown, known / known.sum() * left]).reindex(today.index)
    return shares * total
