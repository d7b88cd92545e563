"""What coming periods bring where their spend is known too: channels period by period, and the baseline under them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.posterior.forecast import Coming, expected_organic
from mmm.posterior.media import ChannelDraws
from mmm.posterior.posterior import Posterior

__all__ = ["coming_baseline", "coming_media", "drawn_of", "prices"]


def prices(panel: Panel) -> Array:
    """Currency that one unit of each channel's driver cost over the panel, shape (G, C).

    1 where spend is the driver. A geo that was delivered nothing has the price of all geos together.
    """
    paid = len(panel.channels)
    spent, delivered = panel.spend.sum(axis=1), panel.media[:, :, :paid].sum(axis=1)
    usual = np.divide(spent.sum(axis=0), delivered.sum(axis=0), out=np.ones(paid), where=delivered.sum(axis=0) > 0)
    own = np.divide(spent, delivered, out=np.tile(usual, (len(panel.geos), 1)), where=delivered > 0)
    return np.where((own > 0) & np.isfinite(own), own, 1.0)


def coming_media(posterior: Posterior, media: Array, frequency: Array | None = None, known: int | None = None) -> Array:
    """Expected customers of each channel with spend, by coming period, carryover of spend before them included.

    Parameters
    ----------
    posterior
        Of a fit.
    media
        Driver of the coming periods, shape (G, T, C): spend, or volume where that is what drives a channel.
    frequency
        Contacts per person reached, same shape, NaN where not known or not measured so; None for the usual number.
    known
        Periods of the panel before the coming ones; all of it where None. Those after are passed over, as where a fit
        has seen the periods asked about.

    Returns
    -------
    Shape (C, draws, T).
    """
    panel = posterior.panel
    last = panel.periods if known is None else known
    units, total = panel.media_units, np.zeros((len(panel.channels), posterior.n_draws, media.shape[1]))
    for geo, cell in enumerate(posterior.cells):
        for place in range(len(panel.channels)):
            channel = _until(cell.channels[place], last)
            often = None if frequency is None else frequency[geo, :, place]
            often = None if often is None or np.isnan(often).any() else often
            brought = channel.coming(media[geo, :, place] / units[geo, place], often)
            total[place] += brought.T * cell.unit
    return total


def coming_baseline(posterior: Posterior, periods: int, controls: Coming) -> Array:
    """Expected customers of coming periods that no spend brings, noise and a wandering level left out, (draws, T).

    Parameters
    ----------
    posterior
        Of a fit.
    periods
        How many, from the panel's end on.
    controls
        As :meth:`mmm.Posterior.organic` takes them.
    """
    dates = posterior.panel.after(periods)
    cells = (
        expected_organic(posterior.panel, posterior.model, geo, cell, dates, controls)[0].T * cell.unit
        for geo, cell in enumerate(posterior.cells)
    )
    return np.asarray(sum(cells))


def drawn_of(posterior: Posterior, rows: npt.NDArray[np.intp]) -> Posterior:
    """The posterior with some of its draws, as one chain in the order given."""
    draws = {name: posterior.flat(name)[rows][None] for name in posterior.draws}
    statistics = {
        name: values.reshape(-1, *values.shape[2:])[rows][None] for name, values in posterior.statistics.items()
    }
    return replace(posterior, draws=draws, statistics=statistics)


def _until(channel: ChannelDraws, periods: int) -> ChannelDraws:
    if periods == len(channel.media):
        return channel
    frequency = None if channel.frequency is None else channel.frequency[:periods]
    return replace(channel, media=channel.media[:periods], frequency=frequency, kept=None)
