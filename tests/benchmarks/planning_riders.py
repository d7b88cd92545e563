"""What holding riders does to plans: ``python tests/benchmarks/planning_riders.py --companies 8``.

Simulated companies whose brand search, retargeting and affiliates ride on demand. Each is fitted by default and planned
twice for the money it spends today, most customers, each channel within some share of today's spend: as the model says,
and with the channels held that path log and fit name as riders. True gains come from the simulation's own curves.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import mmm
import optimizer
from attribution import Journeys, intent_riders
from optimizer.planning.stages.riders import riders_of

WAYS = ("as modelled", "riders held")


def company(seed: int, within: tuple[float, float]) -> list[dict[str, object]]:
    """Gains of both plans, said and true, in customers over 13 weeks."""
    data, truth = mmm.simulate.world(seed, journey_weeks=26)
    controls = list(data.controls)
    panel = mmm.Panel.from_frame(data.weekly, "week", "new_customers", list(data.channels), controls=controls)
    posterior = mmm.fit(panel, seed=seed)
    log = Journeys.from_touchpoints(data.journeys.touchpoints, data.journeys.conversions, "30D")
    riders = riders_of((*intent_riders(log), *posterior.diagnostics), panel.channels, ()).untested
    curves, now = posterior.curves(weeks=13), truth.spend_now()
    limits = [optimizer.Budget(exactly=float(now.sum()))]
    limits += [optimizer.Channel(name).relative(1 + within[0], 1 + within[1]) for name in panel.channels]
    holds = [optimizer.Channel(name).at_most(float(now[name])) for name in riders]
    rows = []
    for way, constraints in zip(WAYS, (limits, [*limits, *holds]), strict=True):
        plan = optimizer.Plan(maximize=optimizer.Customers(), subject_to=constraints, now=now)
        spend = plan.solve(curves).spend
        said = float(np.mean(curves.customers(spend) - curves.customers(now)))
        true = truth.customers(spend) - truth.customers(now)
        rows.append({"company": seed, "way": way, "said": said, "true": true, "riders": ", ".join(riders) or "none"})
    return rows


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=8)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--within", type=float, nargs=2, default=(-0.5, 0.5), help="of today's spend, such as -0.5 0.5")
    given = parser.parse_args()
    rows = []
    for seed in range(given.first, given.first + given.companies):
        rows += company(seed, tuple(given.within))
        print(
            pd.DataFrame(rows[-2:]).to_string(index=False, header=seed == given.first, float_format="%.0f"), flush=True
        )
    total = pd.DataFrame(rows).groupby("way", sort=False)[["said", "true"]].mean()
    total["said over true"] = total["said"] / total["true"]
    print(total.to_string(float_format="%.2f"))


if __name__ == "__main__":
    main()
