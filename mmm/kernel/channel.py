"""One channel forwards and backwards: from what drives it to its response, and from pulls on it to its parameters.

The response of a channel by week t, with lag weights w (``carryover``) and saturation s (``response``):

    r(t) = s(Σ_l w_l x(t - l))      or, by reach and frequency,      r(t) = Σ_l w_l reach(t - l) s(frequency(t - l))

Backwards, a pull h(t) on r(t) gives Σ_t h(t) ∂r(t)/∂p for each parameter p; that by the weights is a correlation of
the pull on the series carried over with the driver.

Most channels saturate after carryover. A channel measured by reach and frequency saturates in frequency before it,
since how often a person is reached matters while the contact acts.

References
----------
Zhang, Wurm, Wakim, Li, Liu (2023), "Bayesian Hierarchical Media Mix Model Incorporating Reach and Frequency Data".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mmm.kernel.carryover import carry, convolve, lag_weights, weight_gradient
from mmm.kernel.jit import inlined
from mmm.kernel.response import saturate

__all__ = ["back", "respond", "value_at", "weights_of"]


@inlined
def value_at(values: Any, slot: int) -> float:
    """A channel's parameter, 0 where its family has none."""
    return values[slot] if slot >= 0 else 0.0


@inlined
def _add(gradient: Any, slot: int, amount: float) -> None:
    if slot >= 0:
        gradient[slot] += amount


@inlined
def weights_of(values: Any, family: Any, slot: Any, lags: Any) -> None:
    """Lag weights and their slopes by both parameters, written into the three rows of ``lags``."""
    n = family[1]
    p, q = value_at(values, slot[0]), value_at(values, slot[1])
    lag_weights(family[0], family[4], p, q, lags[0, :n], lags[1, :n], lags[2, :n])


@inlined
def respond(
    values: Any, family: Any, slot: Any, weights: Any, media: Any, frequency: Any, driver: Any, curve: Any
) -> None:
    """Response of one channel.

    Parameters
    ----------
    values, family, slot
        Natural values; codes of the channel's families; places of its parameters among the values.
    weights
        Lag weights.
    media, frequency
        What drives it, and how often each person is reached, shape (P + T,) with P earlier periods.
    driver
        Receives the series that carries over, shape (P + T,).
    curve
        Receives the response and its slopes by the series carried over and by both saturation parameters, (4, T).
    """
    rows, weeks = media.shape[0], curve.shape[1]
    p, q = value_at(values, slot[2]), value_at(values, slot[3])
    if family[3] == 0:
        amount = driver[:weeks]  # memory that is free until the driver is written below
        carry(family, media, rows - weeks, weights, amount)
        saturate(family[2], p, q, amount, curve[0], curve[1], curve[2], curve[3])
        for t in range(rows):
            driver[t] = media[t]
        return
    # saturation and its slopes are carried over alike, for the sum over lags is linear in them
    effect = np.empty((4, rows))
    saturate(family[2], p, q, frequency, effect[0], effect[1], effect[2], effect[3])
    for part in range(4):
        for t in range(rows):
            effect[part, t] *= media[t]
        convolve(effect[part], rows - weeks, weights, curve[part])
    for t in range(rows):
        driver[t] = effect[0, t]
    for t in range(weeks):
        curve[1, t] = 1.0


@inlined
def back(by_value: Any, family: Any, slot: Any, driver: Any, start: int, pull: Any, curve: Any, lags: Any) -> None:
    """Add the gradient by a channel's parameters, given the pull on its response, shape (T,).

    Parameters
    ----------
    by_value
        Gradient by natural values.
    family, slot, driver, curve
        As :func:`respond` took and left them; the second row of ``curve`` is written over.
    start
        Row of ``driver`` that stands for the first of ``pull``.
    lags
        As :func:`weights_of` left them, of the channel's own length.
    """
    p, q = weight_gradient(family, driver, start, pull, curve[1], lags[0], lags[1], lags[2])
    _add(by_value, slot[0], p)
    _add(by_value, slot[1], q)
    by_p, by_q = 0.0, 0.0
    for t in range(pull.shape[0]):
        by_p += pull[t] * curve[2, t]
        by_q += pull[t] * curve[3, t]
    _add(by_value, slot[2], by_p)
    _add(by_value, slot[3], by_q)
