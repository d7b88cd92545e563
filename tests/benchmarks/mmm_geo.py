"""Seconds until the mix model of 40 geos x 156 weeks x 5 channels has converged, and how near it came to the truth.

Run: python tests/benchmarks/mmm_geo.py [--geos 40] [--seeds 1] [--table geo_media.csv]

The simulated world's regions differ in size, spend and strength of media; each world is fitted twice, once with chance
of every region's own only, once where a tenth comes and goes in all regions at once. Warm: a fit of a few geos first fills the
cache of compiled code. Exit code 1 where a fit takes 120 seconds or more, or does not converge (R-hat < 1.01, bulk and
tail ESS > 400, no divergence).

With ``--table``, Meridian's public table of 20 geos x 156 weeks (geo_media.csv of its repository) is fitted instead, with
and without what geos share: how alike their residuals are, how many weeks lie inside their interval, marginal CAC.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time

import numpy as np
import pandas as pd

import mmm
from mmm.simulate.geo_world import GeoData, geo_world

LIMIT, WEEKS, CHANNELS, SHARED = 120.0, 156, 5, (0.0, 0.1)


def panel_of(data: GeoData) -> mmm.Panel:
    """The company's table as a panel."""
    columns = {"spend": list(data.channels), "controls": list(data.controls), "geo": "geo"}
    panel = mmm.Panel.from_frame(data.weekly, date="week", kpi="new_customers", **columns)
    return panel.with_population(dict(data.population))


def measured(geos: int, seed: int, common: float) -> bool:
    """Fit one world and print what came out; whether the limits hold."""
    data, truth = geo_world(seed, geos=geos, weeks=WEEKS, channels=CHANNELS, common=common)
    panel = panel_of(data)
    start, before = time.perf_counter(), time.process_time()
    posterior = mmm.fit(panel, mmm.Model(), seed=seed, time_budget=3 * LIMIT)
    seconds, processor = time.perf_counter() - start, time.process_time() - before
    gate = {finding.name: finding.value for finding in posterior.verdict}
    found, true = posterior.contributions().summary(), truth.contributions.sum()
    held = int(((found["5%"] <= true) & (true <= found["95%"])).sum())
    off = float(((found["median"] - true).abs() / true).mean())
    steps = float(posterior.statistics["n_steps"].mean())
    attempts, shared = posterior.information["attempts"], float(np.median(posterior.draws["common"]))
    print(
        f"seed {seed}, shared {common:.0%} (found {shared:.1%}): {seconds:.1f} s, {processor:.1f} s of CPU, "
        f"{attempts} attempts, {steps:.0f} gradients a draw; R-hat "
        f"{gate['r_hat']:.4f}, ESS {gate['ess_bulk']:.0f} bulk and {gate['ess_tail']:.0f} tail, "
        f"{gate['divergences']:.0f} divergences; contributions off by {off:.0%}, {held} of {len(true)} inside 90 %; "
        f"load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    return posterior.converged and seconds < LIMIT


def compare(path: str) -> None:
    """Fit the public table with and without a shared effect, and print what that changes."""
    table = pd.read_csv(path)
    names = [column.removesuffix("_spend") for column in table.columns if column.endswith("_spend")]
    spend = {name: mmm.Exposure(f"{name}_spend", f"{name}_impression") for name in names}
    controls = ["competitor_activity_score_control", "sentiment_score_control"]
    panel = mmm.Panel.from_frame(table, "time", "conversions", spend, controls=controls, geo="geo")
    panel = panel.with_population(table.groupby("geo")["population"].first().to_dict())
    found = {}
    for name, pooling in (("own", mmm.Pooling(common=None)), ("shared", mmm.Pooling())):
        start = time.perf_counter()
        posterior = mmm.fit(panel, mmm.Model(pooling=pooling))
        seconds = time.perf_counter() - start
        (covered,) = (one.value for one in posterior.diagnostics if one.name == "predictive_coverage")
        means = np.stack([cell.mean().mean(axis=1) * cell.unit for cell in posterior.cells])
        alike = np.corrcoef(panel.kpi - means)[np.triu_indices(len(means), 1)]
        noise = float(np.median(posterior.draws["geo_sigma"]))
        found[name] = posterior.marginal_cac()["median"]
        print(
            f"{name}: {seconds:.1f} s, {posterior.information['attempts']} attempts, converged {posterior.converged}; "
            f"residuals of two geos correlate by {np.median(alike):.2f}, {covered:.0%} of the weeks inside 90 %; a geo's "
            f"own noise {noise:.3f} of its mean KPI",
            flush=True,
        )
    ratio = found["shared"] / found["own"]
    print(f"marginal CAC with the shared effect over that without: {ratio.min():.1f} to {ratio.max():.1f}")


def main() -> int:
    """Read the command line, fit, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--geos", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--table", help="Meridian's public table, to be fitted instead")
    given = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, numpy {np.__version__}, {given.geos} geos", flush=True)
    if given.table:
        compare(given.table)
        return 0
    few, _ = geo_world(99, geos=3, weeks=60, channels=2)
    mmm.fit(panel_of(few), mmm.Model(), draws=10, tune=10, time_budget=0.0)
    held = [measured(given.geos, seed, common) for seed in range(given.seeds) for common in SHARED]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
