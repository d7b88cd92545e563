"""How often sealed 90 % intervals hold what came, on rolling quarters of public tables and of simulated companies.

Run: python tests/benchmarks/cycle_intervals.py FOLDER [--companies 20] [--quarters 1] [--keep KEPT] [--only-kept]

FOLDER holds the public weekly tables robyn_weekly.csv, meridian_national_media.csv, meridian_geo_media.csv (its geos
summed) and pymc_mmm_example.csv. From every quarter on, with at least 91 weeks before it, a fit of the weeks before
forecasts the customers of the next 13 weeks at the spend and the controls as they went: as `cac seal` keeps it, by the
pooled draws of the readings that the weeks allow, and by the model alone. Of each simulated company (planning_companies,
156 weeks, seeds from 100) the last QUARTERS quarters are forecast. A row counts how many totals lay inside, with the
exact binomial 90 % interval of the rate behind, and the root mean square of the errors in standard deviations of the
forecast, 1 where its spread is right. Quarters of one table overlap in what they were fitted to, so that they are not
as many witnesses as they are rows.

What is done stands in KEPT, a file for each quarter, so that a run can be stopped and taken up again. Exit code 1 where
the pooled intervals of all public or of all simulated quarters hold under 85 % or over 95 %.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from planning_companies import OTHERS, OWN, made

import mmm
from optimizer.cycle.forecast import Course, forecast, readings_of
from optimizer.cycle.scorecard import share_interval

HORIZON, LEAST, FIRST_SEED = 13, 91, 100
FIT = {"draws": 500, "tune": 500, "seed": 1, "time_budget": 30.0}
HOLDS = (0.85, 0.95)
CONTROLS = ["competitor_activity_score_control", "sentiment_score_control"]
WAYS = {"pool": "as sealed, pooled", "own": "model alone"}


def public(folder: Path) -> Iterator[tuple[str, mmm.Panel]]:
    """The public tables, each with the columns that its authors mean for a mix model."""
    robyn = pd.read_csv(folder / "robyn_weekly.csv")
    media = {name: f"{name}_S" for name in ("tv", "ooh", "print", "search", "facebook")}
    panel = mmm.Panel.from_frame(robyn, "DATE", "revenue", media, controls=["competitor_sales_B", "newsletter"])
    yield "robyn", panel.with_holidays("DE")
    spend = [f"Channel{place}_spend" for place in range(4)]
    national = pd.read_csv(folder / "meridian_national_media.csv")
    yield "meridian", mmm.Panel.from_frame(national, "time", "conversions", spend, controls=CONTROLS)
    by_time = pd.read_csv(folder / "meridian_geo_media.csv").groupby("time")
    summed = by_time[["conversions", *spend]].sum().join(by_time[CONTROLS].mean()).reset_index()
    yield "meridian geo, summed", mmm.Panel.from_frame(summed, "time", "conversions", spend, controls=CONTROLS)
    example = pd.read_csv(folder / "pymc_mmm_example.csv")
    yield "pymc", mmm.Panel.from_frame(example, "date_week", "y", ["x1", "x2"], controls=["event_1", "event_2"])


def company(place: int) -> tuple[str, mmm.Panel]:
    """A simulated company, kinds in turn."""
    kinds = [*OWN, *OTHERS]
    one = made(kinds[place % len(kinds)], FIRST_SEED + place)
    spend, controls = list(one.channels), list(one.controls)
    return one.kind, mmm.Panel.from_frame(one.table, "week", "new_customers", spend, controls=controls)


def measured(panel: mmm.Panel, start: int) -> dict[str, Any]:
    """A quarter's total, and what was forecast of it."""
    posterior, coming = mmm.fit(panel.select(0, start), **FIT), panel.select(start, start + HORIZON)
    pool = mmm.rivals(posterior).pooled()
    names = list(coming.control_names)
    controls = pd.DataFrame(coming.controls[0], index=coming.dates, columns=names) if names else None
    kept = coming.with_channels(posterior.channels, posterior.organic_channels)
    course = Course(kept.spend, kept.media, None, controls)
    pooled = forecast(readings_of(pool), pool.organic(HORIZON, controls), course).customers.sum(axis=1)
    own = mmm.predict(posterior, coming).sum(axis=0)
    answer = {"actual": float(coming.kpi.sum()), "readings": list(pool.picks), "converged": posterior.converged}
    return answer | {"pool": summary(pooled), "own": summary(own)}


def summary(draws: np.ndarray) -> dict[str, float]:
    """Mean, spread and 90 % interval."""
    low, high = np.quantile(draws, [0.05, 0.95])
    return {"mean": float(draws.mean()), "sd": float(draws.std()), "low": float(low), "high": float(high)}


def quarter(keep: Path, name: str, panel: mmm.Panel | None, start: int, fresh: bool) -> dict[str, Any] | None:
    """What is kept of a quarter, or measured now; None where neither may be."""
    path = keep / f"{name}-{start}.json".replace(" ", "_").replace("%", "pc").replace(",", "")
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    if not fresh or panel is None:
        return None
    answer = measured(panel, start)
    path.write_text(json.dumps(answer), encoding="utf-8")
    print(f"{name}, from week {start}: {answer['pool']}, came {answer['actual']:.0f}", flush=True)
    return answer


def line(name: str, rows: list[dict[str, Any]]) -> tuple[str, dict[str, float]]:
    """A row of the table, and the shares that held."""
    cells, shares = [f"{name:<26}{len(rows):>9}"], {}
    for way in WAYS:
        held = sum(row[way]["low"] <= row["actual"] <= row[way]["high"] for row in rows)
        share = share_interval(held, len(rows))
        errors = [(row["actual"] - row[way]["mean"]) / row[way]["sd"] for row in rows]
        spread = float(np.sqrt(np.mean(np.square(errors))))
        shares[way] = share.point
        cells.append(f"{held:>4} {share.point:>5.0%} ({share.low:.0%} to {share.high:.0%}) {spread:>5.2f}")
    return "   ".join(cells), shares


def main() -> int:
    """Measure, print by kind, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--companies", type=int, default=20)
    parser.add_argument("--quarters", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "cac-cycle-intervals")
    parser.add_argument("--only-kept", action="store_true")
    asked = parser.parse_args()
    asked.keep.mkdir(parents=True, exist_ok=True)
    groups: dict[str, dict[str, list[dict[str, Any]]]] = {"public": {}, "simulated": {}}
    for name, panel in public(asked.folder):
        for start in range(panel.periods - HORIZON, LEAST - 1, -HORIZON):
            row = quarter(asked.keep, name, panel, start, not asked.only_kept)
            groups["public"].setdefault(name, []).extend([row] if row else [])
    for place in range(asked.companies):
        kind, panel = company(place)
        for back in range(1, asked.quarters + 1):
            start = panel.periods - HORIZON * back
            row = quarter(asked.keep, f"{kind} {FIRST_SEED + place}", panel, start, not asked.only_kept)
            groups["simulated"].setdefault(kind, []).extend([row] if row else [])
    failed = False
    heads = "   ".join(f"{text + ': held, rate, error':<32}" for text in WAYS.values())
    print(f"\n{'':<26}{'quarters':>9}   {heads}")
    for group, kinds in groups.items():
        for name, rows in kinds.items():
            if rows:
                print(line(name, rows)[0])
        together = [row for rows in kinds.values() for row in rows]
        if together:
            text, shares = line(f"all {group}", together)
            print(text)
            failed |= not HOLDS[0] <= shares["pool"] <= HOLDS[1]
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
