"""Whether orders tell who was a customer: pauses against the silence, and how far back the table reaches."""

from __future__ import annotations

import numpy as np

from attribution.economics.customer_orders import CustomerOrders
from attribution.economics.odd_orders import odd_orders
from attribution.findings import Finding
from attribution.numbers import amount, counted, percent

__all__ = ["order_findings"]

_LONGER = 0.05  # of pauses, past which the silence is too short
_CROWD = 1.5  # times the customers of a later month, in the first ones
_FIRST, _LEAST = 2, 6  # months at the beginning, and months after them, that are held against each other


def order_findings(orders: CustomerOrders, silence: int) -> tuple[Finding, ...]:
    """What speaks for and against cohorts that are made of orders.

    Parameters
    ----------
    orders
        As :func:`attribution.economics.read_customer_orders` reads them.
    silence
        Months without an order after which a customer counts as lost.
    """
    return (_pauses(orders, silence), _reach(orders, silence), _channels(orders), odd_orders(orders))


def _pauses(orders: CustomerOrders, silence: int) -> Finding:
    """Whether customers pause for less than the silence."""
    bought = orders.bought.sort_values(["customer", "month"], kind="stable")
    month, person = bought["month"].to_numpy(), bought["customer"].to_numpy()
    gaps = np.diff(month)[person[1:] == person[:-1]] - 1  # months between without an order
    name = "orders_pause_within_silence"
    if not len(gaps):
        text = "No customer orders a second time: name the column that is the same for all orders of a customer."
        return Finding(name, False, None, _LONGER, text)
    longer = float((gaps > silence).mean())
    text = f"{percent(longer, decimals=1)} of the times that customers order again they had been silent for more than "
    text += f"{counted(silence, 'month')}."
    if longer > _LONGER:
        text += (
            " Such customers count as lost in the last months though they come back, so that retention looks worse "
            "than it is. State a longer silence."
        )
    return Finding(name, longer <= _LONGER, longer, _LONGER, text)


def _reach(orders: CustomerOrders, silence: int) -> Finding:
    """Whether the first months hold customers of older times, whom the table takes for new ones."""
    name, first = "orders_reach_back", orders.people()["first"].to_numpy()
    start, end = int(first.min()), int(orders.bought["month"].max())
    counts = np.bincount(first - start, minlength=end - start + 1)
    early, later = counts[:_FIRST], counts[max(_FIRST, silence) : -1]
    if len(later) < _LEAST or not np.median(later) > 0:
        text = "The orders cover too few months to see whether the first of them hold customers of older times."
        return Finding(name, True, None, None, text)
    most = float(early.max() / np.median(later))
    text = f"At most {amount(early.max())} customers order for the first time in one of the first {_FIRST} months, "
    text += f"against {amount(np.median(later))} in a month later on."
    if most > _CROWD:
        text += (
            " Many of them were customers before the table begins, and count as new: who had stayed so long stays "
            "longer than new ones do. State since when a first order is that of a new customer, or give older orders."
        )
    return Finding(name, most <= _CROWD, most, _CROWD, text)


def _channels(orders: CustomerOrders) -> Finding:
    """Whether customers of each channel can be told from others."""
    text = "The orders say by which channel each customer came."
    if not orders.has_channels:
        text = (
            "The orders name no channel: customers are valued all together, so that those of every channel are worth "
            "the same in the mean, and intervals hold how much channels differ elsewhere. The channel of the last "
            "touch was not put in its place, for it is a reading and no knowledge."
        )
    return Finding("value_by_channel", orders.has_channels, None, None, text)
