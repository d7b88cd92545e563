"""Credit between tests, corrected and as it is: ``python tests/benchmarks/triangulation.py --worlds 20``.

The shipped world (seed 7) and others. A company's first 143 weeks are fitted with a lift test of one channel, factors are
made of them as a run makes them, written to a table and read again; the credit of the 13 weeks after that, which no fit
has seen, is corrected by them and held against what channels truly caused in these weeks. Off is the distance from the
truth in customers. Prints where the correction makes it worse, too.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pandas as pd

import mmm
from attribution import FirstTouch, Journeys, LastTouch, Linear, Markov, bootstrap, calibrate, read_factors
from mmm.simulate.lift_tests import lift_test
from mmm.simulate.platform_reports import platform_reports
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.stages.attribute import attribute
from optimizer.planning.stages.fit import fit_or_load
from optimizer.planning.stages.heard import Heard
from optimizer.planning.stages.opinions import hear
from optimizer.planning.stages.result import Run

SHIPPED = 7
LATER, WEEKS, TESTED = 13, 8, "paid_social"
RIDERS = ("brand_search", "retargeting", "affiliate")
MODELS = (FirstTouch(), LastTouch(), Linear(), Markov())
PLAN = """
name: Until then
currency: EUR
seed: {seed}
data:
  weekly: {{path: weekly.csv, date: week, kpi: new_customers, spend: [{channels}], controls: [{controls}]}}
  lift_tests: {{path: tests.csv}}
  platform_reports: {{path: platforms.csv}}
  touchpoints:
    {{path: touchpoints.parquet, conversions: {{path: conversions.parquet, value: value}}}}
attribution: {{models: [first, last, linear, markov], replicates: 100}}
model: {{season: {{order: 2}}, holidays: DE, rivals: false, sensitivity: false}}
"""


def written(folder: Path, seed: int) -> tuple[mmm.simulate.WorldData, mmm.simulate.WorldTruth, pd.Timestamp]:
    """A company's files up to the later weeks, all of the company, and the first of the later days."""
    data, truth = mmm.simulate.world(seed, journey_weeks=52)
    known, log = data.weekly.iloc[:-LATER], data.journeys
    until = pd.Timestamp(data.weekly["week"].iloc[-LATER])
    recent = truth.spend[TESTED].iloc[:-LATER].rolling(WEEKS).sum().tail(52 - LATER - WEEKS)
    start = len(known) - len(recent) + int(recent.to_numpy().argmax()) - WEEKS + 1
    row = lift_test(truth, TESTED, start=start, weeks=WEEKS, change=1.0, error=0.1, seed=seed)
    known.to_csv(folder / "weekly.csv", index=False)
    pd.DataFrame([row]).to_csv(folder / "tests.csv", index=False)
    claims = platform_reports(log, [TESTED, *RIDERS])
    claims[claims["date"] < until].to_csv(folder / "platforms.csv", index=False)
    before = until.tz_localize("UTC")
    for name, table in (("touchpoints", log.touchpoints), ("conversions", log.conversions)):
        table[table["time"] < before].to_parquet(folder / f"{name}.parquet")
    names = {"channels": ", ".join(data.channels), "controls": ", ".join(data.controls)}
    (folder / "plan.yaml").write_text(PLAN.format(seed=seed, **names))
    return data, truth, until


def heard_by(folder: Path) -> Heard:
    """What a run on the files hears."""
    config, document = read_config(folder / "plan.yaml")
    inputs = read_inputs(config, document)
    run = Run(config, document, inputs, attribute(config, inputs, lambda *_: None))
    posterior = fit_or_load(config, inputs, folder / "out", lambda *_: None)
    heard = hear(Run(config, document, inputs, run.attribution, posterior))
    if heard is None:
        raise RuntimeError("nothing was heard")
    return heard


def world(seed: int) -> tuple[Heard, pd.DataFrame]:
    """What was heard, and one row per model and channel: the later weeks' truth, credit and corrected credit."""
    with tempfile.TemporaryDirectory() as name:
        data, truth, until = written(Path(name), seed)
        heard = heard_by(Path(name))
    begins = until.tz_localize("UTC")
    touches, won = data.journeys.touchpoints, data.journeys.conversions
    touches = touches[touches["time"] >= begins - pd.Timedelta(days=30)]
    journeys = Journeys.from_touchpoints(touches, won[won["time"] >= begins], "30D")
    caused = truth.causes.tail(LATER).sum()
    factors, on = read_factors(heard.factor_table), (until + pd.Timedelta(days=7 * LATER - 1)).date()
    parts = []
    for model in MODELS:
        table = calibrate(bootstrap(journeys, model, 100, seed), factors, on).table
        table["model"], table["truth"] = model.name, caused.reindex(table.index).astype(float)
        parts.append(table.reset_index())
    return heard, pd.concat(parts, ignore_index=True).assign(seed=seed)


def scored(rows: pd.DataFrame) -> pd.DataFrame:
    """Per model and channel: mean distances, and in how many worlds the corrected credit is nearer and covers."""
    rows = rows.dropna(subset=["estimate"])
    off = pd.DataFrame(
        {
            "model": rows["model"],
            "channel": rows["channel"],
            "truth": rows["truth"],
            "off as credited": (rows["credited"] - rows["truth"]).abs(),
            "off calibrated": (rows["estimate"] - rows["truth"]).abs(),
            "inside 90 %": rows["truth"].between(rows["5%"], rows["95%"]).astype(float),
        }
    )
    off["nearer"] = (off["off calibrated"] < off["off as credited"]).astype(float)
    return off.groupby(["model", "channel"], sort=False).mean()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=20, help="beside the shipped one")
    parser.add_argument("--first", type=int, default=0, help="seed of the first of them")
    given = parser.parse_args()
    others = (seed for seed in range(given.first, given.first + given.worlds + 1) if seed != SHIPPED)
    seeds = [SHIPPED, *others][: given.worlds + 1]
    flagged, rows = [], []
    for seed in seeds:
        heard, table = world(seed)
        rows.append(table)
        contradicted = next(one for one in heard.findings if one.name == "counts_against_effects")
        flagged.append(contradicted.channels)
        print(f"world {seed}: contradicted {', '.join(contradicted.channels) or 'none'}", flush=True)
        if seed == SHIPPED:
            print(scored(table).to_string(float_format="%.2f"), flush=True)
    everything = scored(pd.concat(rows[1:] or rows))
    print(f"\n{len(rows) - 1} other worlds, means:\n{everything.to_string(float_format='%.2f')}")
    worse = everything[everything["off calibrated"] > everything["off as credited"]]
    tested = everything.xs(TESTED, level="channel")["inside 90 %"]
    print(f"\ninside 90 %: all {everything['inside 90 %'].mean():.0%}; {TESTED}, tested, {tested.round(2).to_dict()}")
    print(f"worse on average: {', '.join(' '.join(pair) for pair in worse.index) or 'none'}")
    for rider in RIDERS:
        print(f"{rider} contradicted in {sum(rider in names for names in flagged)} of {len(flagged)} worlds")


if __name__ == "__main__":
    main()
