"""Channels whose whole spend stands in one of several markets, as that of a head office does."""

from __future__ import annotations

import numpy as np

from attribution.findings import Finding
from attribution.numbers import percent
from mmm.data.panel import Panel

__all__ = ["booked_in_one_market"]

_FEWEST = 3  # markets
_SMALL = 0.5  # of the KPI: a market that is most of the company is no head office


def booked_in_one_market(panel: Panel) -> Finding:
    """Whether a channel spends in one market alone, though others of the panel spend in several."""
    there = np.asarray((panel.spend > 0).any(axis=1))
    share = panel.kpi.sum(axis=1) / max(float(panel.kpi.sum()), 1e-300)
    several = len(panel.geos) >= _FEWEST and (there.sum(axis=0) > 1).any()
    found = {
        name: int(np.flatnonzero(there[:, place])[0])
        for place, name in enumerate(panel.channels)
        if several and there[:, place].sum() == 1 and share[there[:, place]][0] < _SMALL
    }
    text = "No channel spends in one market alone."
    if found:
        told = "; ".join(f"{name} in {panel.geos[geo]} ({percent(share[geo])} of all)" for name, geo in found.items())
        text = (
            f"All spend stands in one market: {told}. If the channel ran in others too, and one market pays for all, "
            "its effect there is taken for no effect of spend: give each market its part, such as by population; leave "
            "it if it ran there alone."
        )
    return Finding("booked_in_one_market", not found, float(len(found)), 0.0, text, tuple(found))
