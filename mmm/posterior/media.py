"""What media bring, by draw: contributions, carryover and curves from plain arrays of parameters.

NumPy throughout and independent of the compiled kernel, against which it is tested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from mmm.arrays import Array
from mmm.curves import Hill, Power, ResponseCurve, ResponseCurves
from mmm.data.panel import Panel
from mmm.model.adstock import Adstock
from mmm.model.saturation import Saturation

__all__ = ["Cell", "ChannelDraws", "Drivers", "media_draws", "national_curves", "shared_noise", "weekly_curves"]


@dataclass(frozen=True, eq=False)
class Drivers:
    """What drives a panel's media, in units of its mean.

    Parameters
    ----------
    media
        Shape (G, T, M).
    before
        Per period before the panel, shape (G, M).
    frequency
        Contacts per person reached, NaN where not measured so, shape (G, T, M).
    usual
        Its mean over people reached, shape (G, M).
    weights
        Share of each geo in the KPI, shape (G,).
    """

    media: Array
    before: Array
    frequency: Array
    usual: Array
    weights: Array

    @classmethod
    def of(cls, panel: Panel) -> Self:
        """The drivers of a panel."""
        units, means = panel.media_units, panel.kpi.mean(axis=1)
        return cls(
            panel.media / units[:, None],
            panel.before / units,
            np.full_like(panel.media, np.nan) if panel.frequency is None else panel.frequency,
            panel.usual_frequency,
            means / means.sum(),
        )

    def only(self, places: Sequence[int]) -> Self:
        """Those of some channels, by place."""
        at = list(places)
        return replace(
            self,
            media=self.media[..., at],
            before=self.before[:, at],
            frequency=self.frequency[..., at],
            usual=self.usual[:, at],
        )


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
    frequency
        Contacts per person reached, shape (T,), of a channel measured by reach and frequency; None for others.
    usual
        Its mean over people reached, which stands for periods where it is not known.
    kept
        Response over the panel where it was computed before, shape (T, S).
    """

    adstock: Adstock
    saturation: Saturation
    adstock_parameters: tuple[Array, ...]
    saturation_parameters: tuple[Array, ...]
    share: Array
    media: Array
    before: float
    scale: Array
    frequency: Array | None = None
    usual: float = 0.0
    kept: Array | None = field(default=None, repr=False)

    def response(self, media: Array | None = None, frequency: Array | None = None) -> Array:
        """Response by period before the effect's scale, shape (T, S); to another driver where given.

        Parameters
        ----------
        media
            Driver from the panel's first period on, in units of its mean.
        frequency
            Contacts per person reached in the same periods; where None, those of the panel, then its mean.
        """
        if media is None and frequency is None and self.kept is not None:
            return self.kept
        series = self.media if media is None else media
        if self.frequency is None:
            stock = stocked(self.adstock, self.adstock_parameters, series[:, None], np.array([self.before]))
            return np.asarray(self.saturation.response(stock, *self.saturation_parameters))
        often = np.full(len(series), self.usual)
        known = self.frequency if frequency is None else frequency
        often[: len(known)] = known[: len(often)]
        saturated = self.saturation.response(often[:, None], *self.saturation_parameters)
        return stocked(
            self.adstock, self.adstock_parameters, series[:, None] * saturated, self.before * self.reached(self.usual)
        )

    def reached(self, frequency: float) -> Array:
        """Effect on one person of a number of contacts, shape (S,)."""
        return np.asarray(self.saturation.response(np.array(frequency), *self.saturation_parameters))

    @property
    def achieved(self) -> Array:
        """Mean effect on one person reached over the panel, its contacts as they fell, shape (S,)."""
        often = np.zeros(0) if self.frequency is None else self.frequency
        parts = self.media / self.media.sum()
        return np.asarray(parts @ self.saturation.response(often[:, None], *self.saturation_parameters))

    def contribution(self, media: Array | None = None, frequency: Array | None = None) -> Array:
        """Contribution by period in units of the mean KPI, shape (T, S); arguments as for :meth:`response`."""
        return np.asarray(self.scale * self.response(media, frequency))

    def carried_in(self, periods: int) -> Array:
        """What media up to the panel's end still bring in the coming periods without any further, (periods, S)."""
        return self.coming(np.zeros(periods))

    def coming(self, media: Array, frequency: Array | None = None) -> Array:
        """Contribution of the periods after the panel, carryover from before included, shape (periods, S).

        Parameters
        ----------
        media
            Driver of those periods in units of its mean over the panel.
        frequency
            Contacts per person reached; the usual number where None.
        """
        longest = self.adstock.window - 1
        ahead = replace(
            self,
            media=np.concatenate([self.media[len(self.media) - min(longest, len(self.media)) :], media]),
            frequency=self._ahead(longest, len(media), frequency),
            kept=None,
        )
        return ahead.contribution()[-len(media) :]

    def _ahead(self, longest: int, periods: int, frequency: Array | None) -> Array | None:
        if self.frequency is None:
            return None
        coming = np.full(periods, self.usual) if frequency is None else frequency
        return np.concatenate([self.frequency[len(self.frequency) - min(longest, len(self.frequency)) :], coming])

    def curve(self, customers: float, unit: float, frequency: float | None = None) -> ResponseCurve:
        """The weekly curve at steady state.

        Where people are reached, spend buys reach, and frequency stays: so the curve is a straight line, for twice the
        people reached are twice the customers.

        Parameters
        ----------
        customers
            Mean KPI per period.
        unit
            Currency per period that one unit of adstock costs.
        frequency
            Contacts per person at which reach is bought, the cost of a contact held; where None, as many people more or
            fewer are reached in every period, as often as they were.
        """
        if self.frequency is None:
            parameters = tuple(np.asarray(values) for values in self.saturation_parameters)
            return self.saturation.curve(self.scale * customers, unit, *parameters)
        effect = self.achieved if frequency is None else self.reached(frequency) * self.usual / frequency
        return Power(self.scale * customers * effect / unit, np.ones_like(self.scale))

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
    common
        Draws of the standard deviation of what all geos share in a period, shape (S,); zeros of a national panel.
    """

    unit: float
    channels: tuple[ChannelDraws, ...]
    matrix: Array
    coefficients: Array
    sigma: Array
    common: Array

    def mean(self) -> Array:
        """Expected KPI in units of its mean, shape (T, S)."""
        total = self.matrix @ self.coefficients.T
        for channel in self.channels:
            total = total + channel.contribution()
        return np.asarray(total)


def shared_noise(cells: tuple[Cell, ...], periods: int, rng: np.random.Generator) -> Array:
    """Draws of what moves all geos alike in single periods, in customers of all together, shape (periods, S)."""
    common = cells[0].common
    if not common.any():
        return np.zeros((periods, len(common)))
    return sum(cell.unit for cell in cells) * common * rng.standard_normal((periods, len(common)))


def stocked(adstock: Adstock, parameters: tuple[Array, ...], series: Array, before: Array) -> Array:
    """Adstock of a series of shape (T, 1 or S) that a steady driver of shape (1 or S,) precedes, shape (T, S)."""
    weights = np.asarray(adstock.weights(*parameters))
    padded = np.concatenate([np.repeat(before[None], adstock.window - 1, axis=0), series])
    if padded.shape[1] == 1:
        windows = np.lib.stride_tricks.sliding_window_view(padded[:, 0], adstock.window)[:, ::-1]
        return np.asarray(np.ascontiguousarray(windows) @ weights)
    start, periods = adstock.window - 1, len(series)
    total = np.zeros(series.shape)
    for lag, weight in enumerate(weights):
        total += weight * padded[start - lag : start - lag + periods]
    return total


def media_draws(
    families: tuple[tuple[Adstock, Saturation], ...], values: Mapping[str, Array], drivers: Drivers
) -> tuple[tuple[ChannelDraws, ...], ...]:
    """Gather each geo's and channel's draws; a national panel is one geo.

    Effects are scaled by the mean response over all geos, so that a geo which spends more per head gains more.

    Parameters
    ----------
    families
        Adstock and saturation by channel.
    values
        Parameter name -> draws of shape (S, G, M), or (S, M) for a national panel.
    drivers
        Of the panel.
    """
    table = {name: draws if draws.ndim == 3 else draws[:, None] for name, draws in values.items() if draws.ndim > 1}
    rows: list[list[ChannelDraws]] = [[] for _ in drivers.weights]
    for place, (adstock, saturation) in enumerate(families):
        level: Array = np.zeros(1)
        by_geo = []
        for geo, weight in enumerate(drivers.weights):
            frequency = drivers.frequency[geo, :, place]
            one = ChannelDraws(
                adstock,
                saturation,
                tuple(table[name][:, geo, place] for name in adstock.priors),
                tuple(table[name][:, geo, place] for name in saturation.priors),
                table["share"][:, geo, place],
                drivers.media[geo, :, place],
                float(drivers.before[geo, place]),
                np.ones(1),
                None if np.isnan(frequency).all() else frequency,
                float(drivers.usual[geo, place]),
            )
            response = one.response()
            level = level + weight * response.mean(axis=0)
            by_geo.append(one if len(drivers.weights) > 1 else replace(one, kept=response))
        for geo, one in enumerate(by_geo):
            rows[geo].append(replace(one, scale=np.asarray(one.share / level)))
    return tuple(tuple(row) for row in rows)


def weekly_curves(
    names: tuple[str, ...],
    channels: tuple[ChannelDraws, ...],
    kpi_unit: float,
    spend_units: Array,
    frequency: Mapping[str, float],
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
    frequency
        Contacts per person of channels that leave their usual number.
    """
    curves: dict[str, ResponseCurve] = {}
    for name, channel, unit in zip(names, channels, spend_units, strict=True):
        curves[name] = channel.curve(kpi_unit, float(unit), frequency.get(name))
    return ResponseCurves(curves)


def national_curves(
    names: tuple[str, ...],
    cells: tuple[Cell, ...],
    costs: Array,
    parts: Array,
    level: Array,
    frequency: Mapping[str, float],
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
    frequency
        Contacts per person of channels that leave their usual number.
    """
    curves: dict[str, ResponseCurve] = {}
    for place, name in enumerate(names):
        value, slope, ceiling = np.zeros(1), np.zeros(1), np.zeros(1)
        for geo, cell in enumerate(cells):
            channel, part = cell.channels[place], float(parts[geo, place])
            if part <= 0:
                continue
            own = channel.curve(cell.unit, float(costs[geo, place]), frequency.get(name))
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
