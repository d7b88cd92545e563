"""What the outcome of the weekly table is called in sentences."""

from __future__ import annotations

import re

__all__ = ["is_money", "new_of"]

_MONEY = re.compile(r"[A-Z]{3}\b")


def is_money(outcome: str) -> bool:
    """Whether an outcome is money rather than people or orders: its name begins with the code of a currency.

    >>> is_money("EUR of revenue"), is_money("customers")
    (True, False)
    """
    return _MONEY.match(outcome) is not None


def new_of(outcome: str) -> str:
    """The outcome as that of a period; nothing is new about money.

    >>> new_of("customers"), new_of("EUR of revenue")
    ('new customers', 'EUR of revenue')
    """
    return outcome if is_money(outcome) else f"new {outcome}"
