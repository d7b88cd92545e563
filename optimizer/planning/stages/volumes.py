"""What a thousand contacts bring, of channels whose delivery is known beside their spend."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from mmm import Panel, Posterior
from mmm.checks.pool import Pool

__all__ = ["per_volume"]

_THOUSAND = 1000.0


def per_volume(posterior: Posterior | Pool) -> pd.DataFrame:
    """Customers per thousand of what was delivered over the last 52 weeks: impressions, clicks, contacts.

    Parameters
    ----------
    posterior
        Of the weekly table.

    Returns
    -------
    pandas.DataFrame
        ``channel``, ``volume`` (what was delivered; of reach and frequency their product), ``spend`` and
        ``spend_per_thousand`` in currency (NaN of channels without spend), ``customers`` and
        ``customers_per_thousand`` with 90 % intervals. Empty where channels are driven by their spend alone.
    """
    panel = posterior.panel
    rows = slice(max(panel.periods - 52 * panel.per_week, 0), None)
    drawn = posterior.contributions(panel.dates[rows][0].date().isoformat())
    found = []
    for place, name in enumerate(panel.media_names):
        volume = _delivered(panel, place, rows)
        if volume <= 0:
            continue
        paid = place < len(panel.channels)
        spend = float(panel.spend[:, rows, place].sum()) if paid else np.nan
        own = drawn[name].to_numpy()
        found.append(
            {
                "channel": name,
                "volume": volume,
                "spend": spend,
                "spend_per_thousand": _THOUSAND * spend / volume,
                **Estimate.of(own).flat("customers"),
                **Estimate.of(_THOUSAND * own / volume).flat("customers_per_thousand"),
            }
        )
    return pd.DataFrame(found)


def _delivered(panel: Panel, place: int, rows: slice) -> float:
    """Contacts of a channel; none where its spend is all that is known of it."""
    if place < len(panel.channels) and np.array_equal(panel.media[:, :, place], panel.spend[:, :, place]):
        return 0.0
    often = panel.frequency[:, rows, place] if panel.frequency is not None and panel.by_reach[place] else 1.0
    return float((panel.media[:, rows, place] * np.nan_to_num(often)).sum())
