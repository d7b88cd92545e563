"""A geo test in a simulated world: spend changes in some regions, and customers with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mmm.experiments.geo_design import GeoDesign
from mmm.simulate.channels import Family, hill
from mmm.simulate.geo_world import GeoData, GeoTruth
from mmm.simulate.weekly_world import KPI, adstocked

__all__ = ["run_geo_test"]


def run_geo_test(
    data: GeoData, truth: GeoTruth, design: GeoDesign, *, family: Family = hill, seed: int = 0
) -> tuple[GeoData, pd.Series]:
    """The world had a geo test been run in it.

    Parameters
    ----------
    data, truth
        The world, of :func:`geo_world`, with a year before the test at least.
    design
        The test; days that fill weeks of the world.
    family
        Family of the true curves.
    seed
        Of the customers that come or stay away.

    Returns
    -------
    The data with changed spend and customers, carryover after the test included, and the customers that each cell's
    geos truly gained over the days of the test, by channel; negative where they lost some.
    """
    weekly, gained = data.weekly.set_index(["geo", "week"]).sort_index(), {}
    rng = np.random.default_rng([seed, 5])
    people = data.population / data.population.sum()
    media = {medium.name: medium for medium in truth.media}
    for cell in design.cells:
        medium, total = media[cell.channel], 0.0
        for geo in cell.geos:
            table = weekly.loc[geo]
            during = (table.index >= design.start) & (table.index <= design.end)
            spend = table[cell.channel].to_numpy(dtype=float)
            changed = np.where(during, np.round(spend * (1 + cell.change), 2), spend)
            share, works = float(people[geo]), float(truth.strength[cell.channel][geo])
            curve = medium.curve(family).stretched(share, share * works)
            more = curve(adstocked(changed, medium.decay)) - curve(adstocked(spend, medium.decay))
            came = np.sign(more) * rng.poisson(np.abs(more))
            weekly.loc[geo, cell.channel] = changed
            weekly.loc[geo, KPI] = np.maximum(table[KPI].to_numpy() + came, 0).astype(int)
            total += float(more[during].sum())
        gained[cell.channel] = total
    return replace(data, weekly=weekly.reset_index()[list(data.weekly.columns)]), pd.Series(gained)
