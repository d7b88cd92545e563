"""Whether what ``economics`` and ``guardrails`` state is of the unit that it is read in: shares, money, multiples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attribution.economics import CustomerValues
from attribution.findings import Finding
from attribution.numbers import cost, decimal, percent
from mmm import Panel
from optimizer.planning.file.config import Config

__all__ = ["terms_as_meant"]

_RATE = 0.5  # a year
_MULTIPLES = (1.0, 20.0)
_TIMES = 5.0  # between two statements of one customer's value
_UNITS = 30.0  # between a customer's value and cost, past which one of them is in another unit
_YEAR = 52


def terms_as_meant(config: Config, values: CustomerValues, panel: Panel | None) -> Finding:
    """Rates of more than half a year's margin, guardrails that nobody can keep, values in another unit than spend.

    Parameters
    ----------
    config, values, panel
        The plan file, what customers are worth by it, and the weekly table, if there is one.
    """
    looks = list(_looks(config, values, panel))
    text = "Rate, margin and guardrails are of the unit that they are read in, by the look of them."
    if looks:
        text = f"{' '.join(looks)} Correct it, or leave it if it is meant."
    return Finding("terms_as_meant", not looks, float(len(looks)), 0.0, text)


def _looks(config: Config, values: CustomerValues, panel: Panel | None) -> Iterator[str]:
    keys = config.economics
    if keys.discount_rate >= _RATE:
        rate = keys.discount_rate
        yield f"economics.discount_rate: {rate:g} is {percent(rate)} a year; {rate:g} % is {rate / 100:g}."
    least, most = _MULTIPLES
    if not least <= keys.guardrail <= most:
        multiple = decimal(keys.guardrail, 2)
        yield f"economics.guardrail asks of a customer to be worth {multiple} times its cost; 3 is usual."
    margins = keys.margin.values() if isinstance(keys.margin, dict) else [keys.margin or np.inf]
    if 0 < max(margins) <= 1:
        yield f"economics.margin is {max(margins):g} {config.currency} a customer and period, as large as a rate."
    worth = float(np.mean([values.value(channel).mean() for channel in values.cohorts.channels]))
    stated = config.guardrails.lifetime_value
    if stated is not None and worth > 0 and not 1 / _TIMES <= stated / worth <= _TIMES:
        yield f"guardrails.lifetime_value is {cost(stated)}, where customers are worth {cost(worth)} by the cohorts."
    if panel is None:
        return
    last = slice(-_YEAR * panel.per_week, None)
    spent, came = float(panel.spend[:, last].sum()), float(panel.kpi[:, last].sum())
    if worth > 0 and spent > 0 and came > 0 and not 1 / _UNITS <= worth * came / spent <= _UNITS:
        yield (
            f"A customer is worth {cost(worth)} by the cohorts, and media cost {cost(spent / came)} a customer in the "
            "last year: margins look to be of another unit than spend."
        )
