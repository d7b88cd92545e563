"""What media bring, by draw: contributions, carryover and curves from plain arrays of parameters.

NumPy throughout and independent of the compiled kernel, against which it is tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmm.adstock import Adstock
from mmm.curves import ResponseCurve, ResponseCurves
from mmm.priors import Array
from mmm.saturation import Saturation

__all__ = ["ChannelDraws", "media_draws", "weekly_curves"]


@dataclass(frozen=True, eq=False)
class ChannelDraws:
    """One channel's posterior in the units of its problem.

    Parameters
    ----------
    adstock, saturation
        Families.
    adstock_parameters, saturation_parameters
        In the families' order, each of shape (S,).
    share
        Share of the KPI over the panel, shape (S,).
    media
        Driver in units of its mean over the panel, shape (T,).
    before
        Driver per period before the panel, in the same unit.
    scale
        Share of the mean KPI per unit of response, shape (S,).
    """

    adstock: Adstock
    saturation: Saturation
    adstock_parameters: tuple[Array, ...]
    saturation_parameters: tuple[Array, ...]
    share: Array
    media: Array
    before: float
    scale: Array

    def contribution(self, media: Array | None = None) -> Array:
        """Contribution by period in units of the mean KPI, shape (T, S); for another driver where given."""
        stock = stocked(self.adstock, self.adstock_parameters, self.media if media is None else media, self.before)
        return np.asarray(self.scale * self.saturation.response(stock, *self.saturation_parameters))

    def carried_in(self, periods: int) -> Array:
        """What spend up to the panel's end still brings in the coming periods without any further, (periods, S)."""
        ahead = np.concatenate([self.media, np.zeros(periods)])
        return self.contribution(ahead)[-periods:]

    @property
    def weights(self) -> Array:
        """Lag weights, shape (lags, S)."""
        weights = np.asarray(self.adstock.weights(*self.adstock_parameters))
        return np.broadcast_to(weights, (len(weights), len(self.share)))


def stocked(adstock: Adstock, parameters: tuple[Array, ...], media: Array, before: float) -> Array:
    """Adstock of a series that a steady driver ``before`` precedes, shape (T, S)."""
    weights = np.asarray(adstock.weights(*parameters))
    padded = np.concatenate([np.full(adstock.lags - 1, before), media])
    windows = np.lib.stride_tricks.sliding_window_view(padded, adstock.lags)[:, ::-1]
    return np.asarray(np.ascontiguousarray(windows) @ weights)


def media_draws(
    families: tuple[tuple[Adstock, Saturation], ...], values: Mapping[str, Array], media: Array, before: Array
) -> tuple[ChannelDraws, ...]:
    """Gather each channel's draws.

    Parameters
    ----------
    families
        Adstock and saturation by channel.
    values
        Parameter name -> draws of shape (S, C).
    media
        Drivers in units of their means, shape (T, C).
    before
        Drivers per period before the panel, in the same units, shape (C,).
    """
    channels = []
    for place, (adstock, saturation) in enumerate(families):
        first = tuple(values[name][:, place] for name in adstock.priors)
        second = tuple(values[name][:, place] for name in saturation.priors)
        share = values["share"][:, place]
        stock = stocked(adstock, first, media[:, place], float(before[place]))
        mean = np.asarray(saturation.response(stock, *second)).mean(axis=0)
        channels.append(
            ChannelDraws(
                adstock,
                saturation,
                first,
                second,
                share,
                media[:, place],
                float(before[place]),
                np.asarray(share / mean),
            )
        )
    return tuple(channels)


def weekly_curves(
    names: tuple[str, ...], channels: tuple[ChannelDraws, ...], kpi_unit: float, spend_units: Array
) -> ResponseCurves:
    """Steady-state curves of one period: currency per period to customers per period.

    Parameters
    ----------
    names, channels
        In one order.
    kpi_unit
        Mean KPI per period.
    spend_units
        Currency per period that one unit of adstock costs, shape (C,).
    """
    curves: dict[str, ResponseCurve] = {}
    for name, channel, unit in zip(names, channels, spend_units, strict=True):
        parameters = tuple(np.asarray(values) for values in channel.saturation_parameters)
        curves[name] = channel.saturation.curve(channel.scale * kpi_unit, float(unit), *parameters)
    return ResponseCurves(curves)
