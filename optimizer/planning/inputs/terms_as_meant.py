"""Whether what ``economics`` and ``guardrails`` state is of the unit that it is read in: shares, money, multiples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attribution.economics import CustomerValues
from attribution.findings import Finding
from attribution.numbers import amount, cost, decimal, percent
from mmm import Panel
from optimizer.planning.file.config import Config
from optimizer.question.outcomes import is_money

__all__ = ["states_terms", "terms_as_meant"]

_RATE = 0.5  # a year
_MULTIPLES = (1.0, 20.0)
_TIMES = 5.0  # between two statements of one customer's value
_UNITS = 30.0  # between a customer's value and cost, past which one of them is in another unit
_OF_REVENUE = 1_000.0  # the same of revenue, of which media take two per cent in many a business
_TIMES_ALL = 20.0  # customers who can refer over all of the weekly table
_YEAR = 52


def terms_as_meant(config: Config, values: CustomerValues | None, panel: Panel | None) -> Finding:
    """Rates of more than half a year's margin, guardrails that nobody can keep, values in another unit than spend.

    Parameters
    ----------
    config, values, panel
        The plan file, what customers are worth by its cohorts or orders and the weekly table, if there are any.
    """
    looks = list(_looks(config, values, panel))
    text = "Rate, margin and guardrails are of the unit that they are read in, by the look of them."
    if looks:
        text = f"{' '.join(looks)} Correct it, or leave it if it is meant."
    return Finding("terms_as_meant", not looks, float(len(looks)), 0.0, text)


def states_terms(config: Config) -> bool:
    """Whether the plan file itself says what a customer is worth, or how many can refer others."""
    return bool(_stated(config)) or (config.plan is not None and config.plan.referral is not None)


def _looks(config: Config, values: CustomerValues | None, panel: Panel | None) -> Iterator[str]:
    if values is not None:
        yield from _of_economics(config, values)
    if panel is None:
        return
    last = slice(-_YEAR * panel.per_week, None)
    spent, came = float(panel.spend[:, last].sum()), float(panel.kpi[:, last].sum())
    if not (spent > 0 and came > 0):
        return
    programme = None if config.plan is None else config.plan.referral
    if programme is not None and programme.customers > _TIMES_ALL * (ever := float(panel.kpi.sum())):
        many = amount(programme.customers)
        yield f"By plan.referral {many} customers can refer, and {amount(ever)} came in the whole weekly table."
    media = f"media cost {cost(spent / came)} a customer in the last year"
    if values is not None and _is_of_another_unit(worth := _mean(values), spent / came):
        text = f"A customer is worth {cost(worth)} by the cohorts, and {media}"
        yield f"{text}: margins look to be of another unit than spend."
    for key, stated in _stated(config).items():
        told = values is not None and key.startswith("guardrails")  # held against the cohorts
        if not told and _is_of_another_unit(stated, spent / came, _OF_REVENUE if is_money(config.outcome) else _UNITS):
            yield f"{key} is {cost(stated)}, and {media}: the value looks to be of another unit than spend."


def _of_economics(config: Config, values: CustomerValues) -> Iterator[str]:
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
    worth, stated = _mean(values), config.guardrails.lifetime_value
    if stated is not None and worth > 0 and not 1 / _TIMES <= stated / worth <= _TIMES:
        yield f"guardrails.lifetime_value is {cost(stated)}, where customers are worth {cost(worth)} by the cohorts."


def _mean(values: CustomerValues) -> float:
    return float(np.mean([values.value(channel).mean() for channel in values.cohorts.channels]))


def _stated(config: Config) -> dict[str, float]:
    """Key -> what it says that a customer is worth, the mean where that is by channel."""
    stated = None if config.plan is None else config.plan.value_per_customer
    by_channel = list(stated.values()) if isinstance(stated, dict) else [stated]
    keys = {
        "plan.value_per_customer": [one for one in by_channel if one is not None],
        "guardrails.lifetime_value": [one for one in [config.guardrails.lifetime_value] if one is not None],
    }
    return {key: float(np.mean(given)) for key, given in keys.items() if given}


def _is_of_another_unit(worth: float, price: float, most: float = _UNITS) -> bool:
    return worth > 0 and not 1 / _UNITS <= worth / price <= most
