"""What media bring, by draw: contributions, carryover and curves from plain arrays of parameters.

NumPy throughout and independent of the compiled kernel, against which it is tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmm.adstock import Adstock
from mmm.curves import Hill, Power, ResponseCurve, ResponseCurves
from mmm.priors import Array
from mmm.saturation import Saturation

__all__ = ["Cell", "ChannelDraws", "geo_media_draws", "media_draws", "national_curves", "weekly_curves"]


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


@dataclass(frozen=True, eq=False)
class Cell:
    """One geo's posterior; a national panel is one cell.

    Parameters
    ----------
    unit
        Mean KPI per period.
    channels
        Draws of each channel.
    matrix, coefficients
        Columns of the baseline, shape (T, K), and draws of their coefficients, shape (S, K).
    sigma
        Draws of the noise, shape (S,).
    """

    unit: float
    channels: tuple[ChannelDraws, ...]
    matrix: Array
    coefficients: Array
    sigma: Array

    def mean(self) -> Array:
        """Expected KPI in units of its mean, shape (T, S)."""
        total = self.matrix @ self.coefficients.T
        for channel in self.channels:
            total = total + channel.contribution()
        return np.asarray(total)


def stocked(adstock: Adstock, parameters: tuple[Array, ...], media: Array, before: float) -> Array:
    """Adstock of a series that a steady driver ``before`` precedes, shape (T, S)."""
    weights = np.asarray(adstock.weights(*parameters))
    padded = np.concatenate([np.full(adstock.lags - 1, before), media])
    windows = np.lib.stride_tricks.sliding_window_view(padded, adstock.lags)[:, ::-1]
    return np.asarray(np.ascontiguousarray(windows) @ weights)


def media_draws(
    families: tuple[tuple[Adstock, Saturation], ...], values: Mapping[str, Array], media: Array, before: Array
) -> tuple[ChannelDraws, ...]:
    """Gather each channel's draws of a national panel.

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
    one = {name: table[:, None] for name, table in values.items() if table.ndim == 2}
    return geo_media_draws(families, one, media[None], before[None], np.ones(1))[0]


def geo_media_draws(
    families: tuple[tuple[Adstock, Saturation], ...],
    values: Mapping[str, Array],
    media: Array,
    before: Array,
    weights: Array,
) -> tuple[tuple[ChannelDraws, ...], ...]:
    """Gather each geo's and channel's draws.

    Effects are scaled by the mean response over all geos, so that a geo which spends more per head gains more.

    Parameters
    ----------
    families
        Adstock and saturation by channel.
    values
        Parameter name -> draws of shape (S, G, C).
    media
        Drivers in units, shape (G, T, C).
    before
        Drivers per period before the panel, in the same units, shape (G, C).
    weights
        Share of each geo in the KPI, shape (G,).
    """
    rows: list[list[ChannelDraws]] = [[] for _ in weights]
    for place, (adstock, saturation) in enumerate(families):
        level: Array = np.zeros(1)
        found = []
        for geo, weight in enumerate(weights):
            first = tuple(values[name][:, geo, place] for name in adstock.priors)
            second = tuple(values[name][:, geo, place] for name in saturation.priors)
            stock = stocked(adstock, first, media[geo, :, place], float(before[geo, place]))
            level = level + weight * np.asarray(saturation.response(stock, *second)).mean(axis=0)
            found.append((first, second))
        for geo, (first, second) in enumerate(found):
            share = values["share"][:, geo, place]
            scale = np.asarray(share / level)
            driver, ahead = media[geo, :, place], float(before[geo, place])
            rows[geo].append(ChannelDraws(adstock, saturation, first, second, share, driver, ahead, scale))
    return tuple(tuple(row) for row in rows)


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


def national_curves(
    names: tuple[str, ...], cells: tuple[Cell, ...], costs: Array, parts: Array, level: Array
) -> ResponseCurves:
    """Curves of all geos together, spend divided between them as it was.

    A sum of saturating curves is a curve of no family. It is stood in for, draw by draw, by the Hill curve of the same
    ceiling that has the sum's value and slope at the present spend (a power curve where there is no ceiling).

    Parameters
    ----------
    names
        Channels.
    cells
        Geos.
    costs
        Currency per period that one unit of adstock costs, shape (G, C).
    parts
        Share of each geo in a channel's spend, shape (G, C).
    level
        Present spend per period of each channel, shape (C,).
    """
    curves: dict[str, ResponseCurve] = {}
    for place, name in enumerate(names):
        value, slope, ceiling = np.zeros(1), np.zeros(1), np.zeros(1)
        for geo, cell in enumerate(cells):
            channel, part = cell.channels[place], float(parts[geo, place])
            if part <= 0:
                continue
            own = channel.saturation.curve(
                channel.scale * cell.unit, float(costs[geo, place]), *channel.saturation_parameters
            )
            here, steep = own.value_and_slope(float(level[place]) * part)
            value, slope, ceiling = value + here, slope + part * steep, ceiling + own.ceiling
        curves[name] = _matched(float(level[place]), value, slope, ceiling)
    return ResponseCurves(curves)


def _matched(spend: float, value: Array, slope: Array, ceiling: Array) -> ResponseCurve:
    elasticity = spend * slope / value
    if not np.isfinite(ceiling).all():
        exponent = np.minimum(elasticity, 1.0)
        return Power(value / spend**exponent, exponent)
    steepness = elasticity / (1.0 - value / ceiling)
    odds = value / (ceiling - value)
    return Hill(ceiling, spend * odds ** (-1.0 / steepness), steepness)
