"""Companies planned, watched, tested and fitted again, quarter after quarter: the share of attainable gain by quarter.

Run: python tests/benchmarks/planning_loop.py [--companies 20] [--quarters 8] [--arms "tests of ours;no tests"]
         [--seed 200] [--processes 2] [--one-reading] [--keep FOLDER] [--only-kept]

Simulated companies (planning_companies, kinds with riders in turn) whose weeks go on under each arm's own plans
(planning_future). Every quarter asks for most customers at the money of the first quarter, each channel between half
and one and a half times what it got then. Arms:

today's mix
    The first quarter's spend goes on.
last touch
    That money divided as last touch credits the quarter before, within the same limits.
no tests
    The stages of ``cac plan`` by its defaults on all weeks so far: pooled draws of the readings that stand, riders of
    the first half year's log and of the fit held, tried spend. Chains are short.
tests at random, tests of ours
    The same, and two lift tests a quarter of the design that the run's table of tests states (its weeks, its change of
    spend, its standard error; *ordinary* precision, the noise of its weeks), of channels drawn at random or of those that the table says are worth most.

*Captured* is the true gain of the plan on the first quarter's spend, over that of the best plan under the true curves at
the same money and limits, both at steady spend; *within holds* the same of the best plan under the true curves that
riders held and tried spend allow. Standard errors are over companies. Exit code 1 where tests of ours capture less than
.85 in the last quarter or less than tests at random.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mmm_verdicts import verdict
from planning_companies import OWN, WEEKS
from planning_future import Future, Test
from planning_truth import by_last_touch

import mmm
import optimizer
from attribution import intent_riders
from attribution.errors import InfeasiblePlan
from attribution.findings import Finding
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.stages.model import mix_model
from optimizer.planning.stages.next_tests import design_of, upward_tests, worth_of_tests
from optimizer.planning.stages.optimize import make_plan
from optimizer.planning.stages.result import PlanResult

SHORT = {"chains": 2, "draws": 250, "tune": 250, "time_budget": 0.0}
LEAST, MOST, A_QUARTER, LOG_WEEKS = 0.5, 1.5, 2, 26
TODAY, LAST, NONE, RANDOM, OURS = "today's mix", "last touch", "no tests", "tests at random", "tests of ours"
ARMS = (TODAY, LAST, NONE, RANDOM, OURS)
RUNS = (NONE, RANDOM, OURS)
GOAL = 0.85


def section(company: Future) -> str:
    """The question of every quarter, in amounts, so that limits do not move with spend."""
    start = company.start
    lines = ["plan:", f"  weeks: {WEEKS}", "  maximize: customers", f"  budget: {{exactly: {start.sum():.0f}}}"]
    lines += ["  tests: {}", "  channels:"]
    lines += [
        f"    {name}: {{at_least: {LEAST * spent:.2f}, at_most: {MOST * spent:.2f}}}" for name, spent in start.items()
    ]
    return "\n".join(lines) + "\n"


def within(company: Future, *more: optimizer.Constraint) -> float:
    """The most that a plan can gain under the true curves, within some further limits."""
    start = company.start
    limits = [optimizer.Channel(str(name)).at_least(LEAST * spent) for name, spent in start.items()]
    limits += [optimizer.Channel(str(name)).at_most(MOST * spent) for name, spent in start.items()]
    limits += [optimizer.Budget(exactly=round(float(start.sum()))), *more]
    plan = optimizer.Plan(maximize=optimizer.Customers(), subject_to=limits, now=start)
    return company.gain(plan.solve(company.curves, gap=1e-4).spend)


def told_by_log(company: Future) -> tuple[Finding, ...]:
    """The marks of riders in the log of the half year before the first plan."""
    return tuple(intent_riders(company.log(LOG_WEEKS)))


def planned(company: Future, arm: str, marks: tuple[Finding, ...], alone: bool) -> dict[str, Any]:
    """A quarter's run by defaults, as far as its plan and, where an arm asks for it, the worth of tests."""
    with tempfile.TemporaryDirectory() as place:
        path = company.company.written(Path(place), section(company), company.tests)
        config, document = read_config(path)
        inputs = read_inputs(config, document)
    posterior = mmm.fit(inputs.panel, mix_model(config, inputs), seed=company.seed, **SHORT)
    rivals = None if alone else mmm.rivals(posterior)
    draws = posterior if rivals is None else rivals.pooled()
    told = (*marks, *posterior.diagnostics)
    result = make_plan(config, inputs, draws, told, lambda *_: None)
    standing = [] if rivals is None else list(rivals.standing)
    conflicts = [finding.text for finding in posterior.verdict if "test" in finding.name and not finding.passed]
    row = row_of_plan(company, result) | {"standing": standing, "conflicts": conflicts}
    wanted = config.plan.tests
    if arm == OURS or not company.lost:  # the first run is the same for all
        row["worth"] = worth_of_tests(wanted, result, WEEKS).table["value"].to_dict()
    error = design_of(wanted, result.organic, WEEKS).standard_error
    return row | {"design": [wanted.weeks, wanted.change, error], "upwards": upward_tests(wanted, result)}


def row_of_plan(company: Future, result: PlanResult) -> dict[str, Any]:
    """What a run planned, what held it, and what it says of itself."""
    held = (*result.held, *result.tried)
    with_holds = within(company, *(one.constraint for one in held))
    spend = result.allocation.spend
    stopped = [one.channel for one in held if spend[one.channel] >= one.at_most * (1 - 1e-6)]
    at_start = result.curves.customers(company.start)
    return {
        "spend": {str(name): float(value) for name, value in spend.items()},
        "within holds": with_holds,
        "held": [one.channel for one in result.held],
        "stopped": stopped,
        "said of start": float((result.curves.customers(spend) - at_start).mean()),
    }


def chosen(arm: str, row: dict[str, Any], seed: int, quarter: int) -> tuple[Test, ...]:
    """The tests of a quarter."""
    if arm not in RUNS[1:]:
        return ()
    weeks, change, error = row["design"]
    names = sorted(row["spend"]) if arm == RANDOM else list(row["worth"])
    names = [name for name in names if row["spend"][name] > 0]
    if arm == RANDOM:
        names = list(np.random.default_rng([seed, quarter, 16]).permutation(names))
    return tuple(Test(name, weeks, row["upwards"].get(name, change), error) for name in map(str, names[:A_QUARTER]))


def lived(kind: str, seed: int, arms: list[str], quarters: int, path: Path, alone: bool) -> None:
    """Every arm of a company, appended to what is done of it."""
    done = rows_of(path)
    marks = cache(lambda: told_by_log(Future(kind, seed, quarters)))
    for arm in arms:
        company = Future(kind, seed, quarters)
        best = within(company)
        for quarter in range(quarters):
            own = next((row for row in done if (row["arm"], row["quarter"]) == (arm, quarter)), None)
            if own is not None:
                company.lives(pd.Series(own["spend"]), chosen(arm, own, seed, quarter))
                continue
            start = time.perf_counter()
            row = same_for_all(done) if arm in RUNS and quarter == 0 else None
            row = asked(company, arm, marks, alone) if row is None else row
            spend, tests = pd.Series(row["spend"]), chosen(arm, row, seed, quarter)
            row |= {"kind": kind, "seed": seed, "arm": arm, "quarter": quarter, "attainable": best}
            row |= {"gain": company.gain(spend), "tests": {test.channel: test.change for test in tests}}
            company.lives(spend, tests)
            row |= {"lost": company.lost[-1], "saved": company.saved[-1], "seconds": time.perf_counter() - start}
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            done.append(row)
            print(f"{kind} {seed}, {arm}, {quarter + 1}: {row['gain'] / best:.2f}; {row['seconds']:.0f} s", flush=True)


def same_for_all(done: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The first run of a company, which knows no tests yet."""
    return next((dict(row) for row in done if row["arm"] in RUNS and row["quarter"] == 0), None)


def asked(company: Future, arm: str, marks: Callable[[], tuple[Finding, ...]], alone: bool) -> dict[str, Any]:
    """An arm's spend for the coming quarter, and what a run says beside."""
    if arm == TODAY:
        return {"spend": company.start.to_dict()}
    if arm == LAST:
        seen = replace(company.company, now=company.start)
        return {"spend": by_last_touch(seen, "same money, within 50 %", company.log(WEEKS)).to_dict()}
    try:
        return planned(company, arm, marks(), alone)
    except InfeasiblePlan as error:
        raise RuntimeError(f"{company.kind} {company.seed}, quarter {len(company.lost) + 1}: {error}") from error


def rows_of(path: Path) -> list[dict[str, Any]]:
    """What is done of a company; a line cut off by a stop is left out."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows


def complete(paths: Iterable[Path], arms: list[str], quarters: int) -> list[dict[str, Any]]:
    """Rows of the companies that lived through all quarters in every arm."""
    rows = []
    for path in paths:
        own = [row for row in rows_of(path) if row["arm"] in arms and row["quarter"] < quarters]
        rows += own if len(own) == len(arms) * quarters else []
    return rows


def table_of(rows: pd.DataFrame, gain: str, of: str) -> pd.DataFrame:
    """A share by arm and quarter, and its standard error over companies drawn with replacement."""
    parts = [
        {"arm": arm, "quarter": quarter + 1, **_share(part[gain], part[of])}
        for (arm, quarter), part in rows.groupby(["arm", "quarter"], sort=False)
    ]
    return pd.DataFrame(parts).pivot_table(index="arm", columns="quarter", values=["share", "error"], sort=False)


def _share(gain: pd.Series, of: pd.Series) -> dict[str, float]:
    drawn = np.random.default_rng(0).integers(0, len(gain), (2000, len(gain)))
    resampled = gain.to_numpy()[drawn].sum(axis=1) / of.to_numpy()[drawn].sum(axis=1)
    return {"share": float(gain.sum() / of.sum()), "error": float(resampled.std())}


def printed(rows: pd.DataFrame) -> int:
    """Print the tables and judge; the exit code."""
    captured = table_of(rows, "gain", "attainable")
    print(f"\nCaptured by quarter:\n{captured['share'].round(2).to_string()}")
    print(f"\nStandard errors:\n{captured['error'].round(2).to_string()}")
    runs = rows[rows["arm"].isin(RUNS)]
    if len(runs):
        for name, gain, of in (
            ("Within holds, of attainable", "within holds", "attainable"),
            ("Predicted over true gain", "said of start", "gain"),
        ):
            print(f"\n{name}:\n{table_of(runs, gain, of)['share'].round(2).to_string()}")
    print(f"\nCompanies: {rows.groupby('arm', sort=False)['seed'].nunique().to_dict()}")
    tested = rows[rows["arm"].isin(RUNS[1:])].groupby("arm", sort=False)[["lost", "saved", "attainable"]].mean()
    if len(tested):
        print(f"\nA quarter's tests, mean: customers lost, money saved:\n{tested.round(0).to_string()}\n")
    last = int(rows["quarter"].max())
    ends = rows[rows["quarter"] == last].pivot_table(
        index=["kind", "seed"], columns="arm", values=["gain", "attainable"]
    )
    if not {OURS, RANDOM} <= set(ends["gain"]):
        return 0
    ahead = _share(ends["gain"][OURS] - ends["gain"][RANDOM], ends["attainable"][OURS])
    ours = float(captured["share"].loc[OURS, last + 1])
    return verdict(
        {
            f"tests of ours capture {ours:.2f} in quarter {last + 1}, at least {GOAL}": ours >= GOAL,
            f"ahead of tests at random by {ahead['share']:+.3f}, standard error {ahead['error']:.3f}": (
                ahead["share"] > 0
            ),
        }
    )


def jobs(companies: int, first: int) -> Iterator[tuple[str, int]]:
    """Kind and seed of each company, kinds in turn."""
    kinds = list(OWN)
    for number in range(companies):
        yield kinds[number % len(kinds)], first + number


def _worker(job: tuple[str, int, list[str], int, Path, bool]) -> str:
    warnings.simplefilter("ignore")
    try:
        lived(*job)
    except Exception:  # one company must not end the others
        return f"{job[0]} {job[1]}:\n{traceback.format_exc()}"
    return ""


def main() -> int:
    """Read the command line, let every company live, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=20)
    parser.add_argument("--quarters", type=int, default=8)
    parser.add_argument("--arms", default=";".join(ARMS), help="joined by semicolons")
    parser.add_argument("--seed", type=int, default=200, help="of the first company")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--one-reading", action="store_true", help="plan on the model's own draws, a fifth of the time")
    parser.add_argument("--keep", type=Path, default=None, help="folder of what is done; a new one where not given")
    parser.add_argument("--only-kept", action="store_true", help="the tables of what is done, nothing more")
    given = parser.parse_args()
    keep = given.keep or Path(tempfile.mkdtemp(prefix="planning-loop-"))
    keep.mkdir(parents=True, exist_ok=True)
    print(f"Results of each quarter are kept in {keep}.", flush=True)
    arms = [arm for arm in ARMS if arm in given.arms.split(";")]
    asked_for = list(jobs(given.companies, given.seed))
    paths = {job: keep / f"{job[0]}-{job[1]}.jsonl".replace(" ", "_").replace(",", "") for job in asked_for}
    if not given.only_kept:
        os.nice(10)
        work = [(*job, arms, given.quarters, path, given.one_reading) for job, path in paths.items()]
        with multiprocessing.get_context("spawn").Pool(min(given.processes, len(work))) as pool:
            for problem in pool.imap_unordered(_worker, work, chunksize=1):
                print(problem, end="", flush=True)
    return printed(pd.DataFrame(complete(paths.values(), arms, given.quarters)))


if __name__ == "__main__":
    sys.exit(main())
