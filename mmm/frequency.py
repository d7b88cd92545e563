"""Optimal frequency: how often to reach a person so that contacts bring most.

A number of contacts can reach many people few times or few people often. At frequency f they bring saturation(f) / f
each, up to a constant; where one contact alone does little, that is largest somewhere above one.

References
----------
Zhang, Wurm, Wakim, Li, Liu (2023), "Bayesian Hierarchical Media Mix Model Incorporating Reach and Frequency Data",
section 3.
"""

from __future__ import annotations

import numpy as np

from mmm.media import ChannelDraws
from mmm.priors import Array

__all__ = ["best_frequency", "per_contact"]

_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
_STEPS = 60


def per_contact(channel: ChannelDraws, frequency: Array) -> Array:
    """Effect of one contact at a frequency, relative to what one brought over the panel.

    Parameters
    ----------
    channel
        Measured by reach and frequency.
    frequency
        Contacts per person, shape (F,), or (1, S) for another at each draw.

    Returns
    -------
    Shape (F, S).
    """
    often = np.reshape(frequency, (-1, 1)) if np.ndim(frequency) == 1 else np.asarray(frequency)
    value = channel.saturation.response(often, *channel.saturation_parameters) / often
    return np.asarray(value / (channel.achieved / channel.usual))


def best_frequency(channel: ChannelDraws, highest: float) -> Array:
    """The frequency between 1 and ``highest`` at which a contact brings most, by draw, shape (S,).

    Golden-section search, for the effect of a contact rises to one peak in every family.
    """
    draws = len(channel.share)
    low, high = np.zeros((1, draws)), np.full((1, draws), np.log(max(highest, 1.0)))
    for _ in range(_STEPS):
        gap = _GOLDEN * (high - low)
        left, right = high - gap, low + gap
        better = per_contact(channel, np.exp(left)) >= per_contact(channel, np.exp(right))
        low, high = np.where(better, low, left), np.where(better, right, high)
    return np.asarray(np.exp((low + high) / 2)[0])
