"""Optimal frequency: how often to reach a person so that contacts bring most.

A number of contacts can reach many people few times or few people often. At frequency f they bring saturation(f) / f
each, up to a constant; where one contact alone does little, that is largest somewhere above one.

References
----------
Zhang, Wurm, Wakim, Li, Liu (2023), "Bayesian Hierarchical Media Mix Model Incorporating Reach and Frequency Data",
section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.estimates import MEDIAN, ends_of
from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.posterior.frames import summarise
from mmm.posterior.media import ChannelDraws

__all__ = ["best_frequency", "optimal_frequency", "per_contact", "reached"]

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


def reached(panel: Panel, media: tuple[ChannelDraws, ...], common: Callable[[str], Array], name: str) -> ChannelDraws:
    """A channel measured by reach and frequency in all geos at once, under the parameters common to them.

    Parameters
    ----------
    panel, media
        What was reached, and draws of each channel of the first geo.
    common
        Name of a parameter -> its draws common to all geos, shape (S, M).
    name
        Of the channel.

    Raises
    ------
    BadInput
        Where the channel is not measured so.
    """
    known = [name for name, is_known in zip(panel.media_names, panel.by_reach, strict=True) if is_known]
    if panel.frequency is None or name not in known:
        remedy = f"name one of {', '.join(known)}." if known else "name channels as mmm.ReachFrequency in the panel."
        raise BadInput(Problem("frequency", f"channel {name!r} is not measured by reach and frequency.", remedy=remedy))
    place = panel.media_names.index(name)
    people, often = panel.media[:, :, place].ravel(), panel.frequency[:, :, place].ravel()
    channel = media[place]
    parameters = tuple(common(parameter)[:, place] for parameter in channel.saturation.priors)
    usual = float((people * often).sum() / people.sum())
    return replace(channel, saturation_parameters=parameters, media=people, frequency=often, usual=usual, kept=None)


def optimal_frequency(panel: Panel, media: tuple[ChannelDraws, ...], common: Callable[[str], Array]) -> pd.DataFrame:
    """See :meth:`mmm.Posterior.optimal_frequency`; arguments as for :func:`reached`."""
    names = [name for name, known in zip(panel.media_names, panel.by_reach, strict=True) if known]
    if not names:
        remedy = "name channels as mmm.ReachFrequency(spend, reach, frequency) in the panel."
        raise BadInput(Problem("panel", "no channel is measured by reach and frequency.", remedy=remedy))
    best, gain, rows = {}, {}, {}
    for name in names:
        channel, place = reached(panel, media, common, name), panel.media_names.index(name)
        tried = panel.frequency_with_lead(0)[:, :, place][panel.media[:, :, place] > 0]
        highest = float(tried.max())
        best[name] = best_frequency(channel, highest)
        gain[name] = per_contact(channel, best[name][None])[0] - 1.0
        rows[name] = {"now": channel.usual, "highest": highest}
    gains = summarise(pd.DataFrame(gain))[[*MEDIAN]]
    table = summarise(pd.DataFrame(best)).join(pd.DataFrame(rows).T)
    return table.join(gains.set_axis(["gain", *ends_of("gain")], axis="columns"))
