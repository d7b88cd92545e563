"""Spend that follows an unseen demand: ``python tests/benchmarks/mmm_followers.py --worlds 12``.

How often the check names channels that follow and channels that do not, over kinds of worlds, and what control
functions do to contributions, in worlds with followers and in clean ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd

import mmm
from mmm.sampling.prepared import prepare
from mmm.simulate.channels import logistic, s_shaped
from mmm.simulate.followers import followers

World = Callable[[int], mmm.Panel]


def company(seed: int, **settings: object) -> mmm.Panel:
    """A company of our simulator."""
    data, _ = mmm.simulate.world(seed, **settings)
    return mmm.Panel.from_frame(data.weekly, "week", "new_customers", list(data.channels), controls=list(data.controls))


FOLLOWING: dict[str, dict[str, float]] = {
    "half follow, demand ± 12 %": {},
    "as much as demand": {"echo": 1.0},
    "demand ± 8 %": {"swing": 0.08},
    "demand ± 6 %, three times as much": {"swing": 0.06, "echo": 3.0},
    "spend twice as noisy": {"noise": 0.3},
    "80 weeks": {"weeks": 80},
    "one follows": {"follow": 1},
    "none follows": {"follow": 0},
}
HEALTHY: dict[str, dict[str, object]] = {
    "8 channels": {},
    "3 channels": {"channels": 3},
    "12 channels": {"channels": 12},
    "S-shaped": {"family": s_shaped},
    "logistic": {"family": logistic},
    "80 weeks": {"weeks": 80},
    "media bring 20 %": {"media_share": 0.2},
    "media bring 80 %": {"media_share": 0.8},
}


def named(panel: mmm.Panel) -> tuple[str, ...]:
    """Channels that the check names."""
    return next(one for one in prepare(panel).findings if one.name == "follows_demand").channels


def detection(worlds: range) -> pd.DataFrame:
    """Channels named of those that follow, and of the others."""
    rows = []
    for kind, settings in FOLLOWING.items():
        count, hit, false, others = int(settings.get("follow", 3)), 0, 0, 0
        for seed in worlds:
            panel, _ = followers(seed, **settings)
            found = set(named(panel))
            hit += len(found & set(panel.channels[:count]))
            false += len(found - set(panel.channels[:count]))
            others += len(panel.channels) - count
        rows.append((kind, f"{hit} of {count * len(worlds)}", f"{false} of {others}"))
    for kind, settings in HEALTHY.items():
        found = [named(company(seed, **settings)) for seed in worlds]
        channels = sum(len(company(seed, **settings).channels) for seed in worlds)
        rows.append((f"simulated companies, {kind}", "", f"{sum(map(len, found))} of {channels}"))
    return pd.DataFrame(rows, columns=["worlds", "followers named", "others named"])


def control_functions(worlds: range) -> pd.DataFrame:
    """Total and single contributions with and without control functions: median of found over true, error, coverage."""
    rows = []
    for kind, count in (("half follow", 3), ("none follows", 0)):
        for way, model in (("default", mmm.Model()), ("control functions", mmm.Model(demand=mmm.ControlFunctions()))):
            total, followed, errors, covered = [], [], [], []
            for seed in worlds:
                panel, true = followers(seed, follow=count)
                found = mmm.fit(panel, model, seed=seed).contributions()
                ratio = (found.mean() / true).to_numpy()
                total.append(float(found.mean().sum() / true.sum()))
                followed += list(ratio[:3])
                errors += list(np.abs(ratio - 1))
                covered += list(true.between(found.quantile(0.05), found.quantile(0.95)))
            rows.append((kind, way, np.median(total), np.median(followed), np.mean(errors), np.mean(covered)))
    return pd.DataFrame(
        rows, columns=["worlds", "model", "total over true", "first three over true", "error", "covered"]
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=12)
    parser.add_argument("--first", type=int, default=200)
    parser.add_argument("--fits", type=int, default=6, help="worlds that are fitted")
    given = parser.parse_args()
    print(detection(range(given.first, given.first + given.worlds)).to_string(index=False), flush=True)
    if given.fits:
        found = control_functions(range(given.first, given.first + given.fits))
        print(found.to_string(index=False, float_format="%.2f"))


if __name__ == "__main__":
    main()
