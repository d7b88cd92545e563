"""Simulation-based calibration of the mix model's families and likelihoods, longer than the test of every run.

Run: python tests/benchmarks/mmm_calibration.py [--fits 200]

For each model, KPIs made from its prior on a panel of 78 weeks x 3 channels (by geo: 4 geos x 60 weeks x 2 channels) are
fitted, and the ranks of the true values among the posterior draws compared with uniform ones. A wrong alarm for any
model of the list is no likelier than 1 in 100. Exit code 1 where one sounds.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

import numpy as np

import mmm
from mmm.checks.calibration import simulated_ranks
from mmm.simulate.geo_world import geo_world
from mmm.simulate.weekly_world import world

FALSE_ALARM = 0.01
SEASON = mmm.Season(order=1)
MODELS = {
    "Hill, geometric, normal": mmm.Model(season=SEASON),
    "logistic, delayed, normal": mmm.Model(mmm.DelayedAdstock(), mmm.LogisticSaturation(), season=SEASON),
    "Michaelis-Menten, Weibull, Student-t": mmm.Model(
        mmm.WeibullPDFAdstock(), mmm.MichaelisMentenSaturation(), season=SEASON, likelihood=mmm.StudentTLikelihood()
    ),
    "Michaelis-Menten, geometric, negative binomial": mmm.Model(
        saturation=mmm.MichaelisMentenSaturation(), season=SEASON, likelihood=mmm.NegativeBinomialLikelihood()
    ),
    "exponential, none, normal": mmm.Model(mmm.NoAdstock(), mmm.ExponentialSaturation(), season=SEASON),
}
BY_GEO = {
    "by geo: Michaelis-Menten, geometric, normal": mmm.Model(saturation=mmm.MichaelisMentenSaturation(), season=SEASON)
}


def main() -> int:
    """Read the command line, calibrate every model, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fits", type=int, default=200)
    given = parser.parse_args()
    data, _ = world(5, weeks=78, channels=3)
    national = mmm.Panel.from_frame(data.weekly, date="week", kpi="new_customers", spend=list(data.channels))
    regions, _ = geo_world(5, geos=4, weeks=60, channels=2)
    by_geo = mmm.Panel.from_frame(
        regions.weekly, date="week", kpi="new_customers", spend=list(regions.channels), geo="geo"
    )
    jobs = [*((national, *one) for one in MODELS.items()), *((by_geo, *one) for one in BY_GEO.items())]
    passed = []
    for panel, name, model in jobs:
        start = time.perf_counter()
        found = simulated_ranks(panel, model, fits=given.fits)
        finding = found.finding(FALSE_ALARM / len(jobs))
        passed.append(finding.passed)
        print(
            f"{'holds' if finding.passed else 'FAILS'}: {name}. {finding.text} {np.mean(found.converged):.0%} converged, "
            f"{time.perf_counter() - start:.0f} s, load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
