"""Lift tests in the mix model: what true ones gain, what wrong ones cost, and whether a finding says that they conflict.

Run: python tests/benchmarks/mmm_tests.py [--worlds 6] [--channels 6] [--keep FOLDER] [--only-kept]

Simulated companies of 156 weeks, R² 0.9. Each is fitted without tests, with a true one for each channel (eight weeks,
all of the spend against none, standard error a tenth of the gain), and with tests of one channel alone: a true one, one
that measured twice and one that measured ten times the true gain, the true one entered twice, and a true one beside one
of other weeks that measured three times the gain, twenty standard errors apart. Tests keep the standard error of the
truth, as a confident report would. For each: error of contributions weighted by spend, and that of the tested channel;
coverage; and of how many worlds a finding that did not pass speaks of the test of that channel, or the fit refused it.

What is done stands in FOLDER, a file a world and case, so that a run can be stopped and taken up again. Exit code 1
where true tests of all channels do not lessen the error, a wrong or conflicting one worsens it by more than five
points, is not spoken of in every world, or a true test alone is spoken of.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import environments
import numpy as np
import pandas as pd
from mmm_verdicts import World, channels_of, fitted, names_it, verdict

import mmm
from mmm.simulate.lift_tests import lift_test, lift_tests
from mmm.simulate.weekly_world import WorldTruth, world

FIRST_SEED, WEEKS, ERROR, WORSE = 3000, 8, 0.1, 0.05
NONE, ALL, TRUE = "none", "true, every channel", "true, one channel"
CONFLICTS = ("twice the gain", "ten times the gain", "entered twice", "true and three times the gain")


def cases(truth: WorldTruth) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Name, channel tested and table of tests."""
    every = lift_tests(truth, list(truth.spend), weeks=WEEKS, error=ERROR)
    channel = str(truth.spend.sum().idxmax())
    one = every[every["channel"] == channel]
    yield NONE, "", every.head(0)
    yield ALL, "", every
    yield TRUE, channel, one
    for name, factor in zip(CONFLICTS, (2.0, 10.0), strict=False):
        yield name, channel, times(one, factor)
    yield CONFLICTS[2], channel, pd.concat([one, one])
    yield CONFLICTS[3], channel, pd.concat([one, times(earlier(truth, channel), 3.0)])


def times(tests: pd.DataFrame, factor: float) -> pd.DataFrame:
    """The same tests with their gain multiplied, their standard errors as they were."""
    return tests.assign(customers_gained=factor * tests["customers_gained"])


def earlier(truth: WorldTruth, channel: str) -> pd.DataFrame:
    """A true test of a channel in the weeks before the last year in which it spent most."""
    spent = truth.spend[channel].rolling(WEEKS).sum().iloc[WEEKS - 1 : -52].to_numpy()
    start = int(spent.argmax())
    row = lift_test(truth, channel, start=start, weeks=WEEKS, change=1.0, error=ERROR)
    return pd.DataFrame([row])


def answered(company: World, tests: pd.DataFrame) -> dict[str, Any]:
    """A fit with tests beside the truth."""
    given = tuple(mmm.LiftTest(**row) for row in tests.to_dict("records"))
    return fitted(company, mmm.Model(lift_tests=given))


def spoken(answer: dict[str, Any], channel: str) -> bool:
    """Whether something says of the channel's test, or of all tests, that it does not fit."""
    if "refused" in answer:
        return True
    return any(
        names_it(finding, channel) and ("test" in finding["name"] or " test" in finding["text"])
        for finding in answer["findings"]
        if finding["name"] != "lift_windows"
    )


def line(company: World, case: str, channel: str, answer: dict[str, Any]) -> dict[str, Any]:
    """One fit's figures."""
    row = {"world": company.name, "case": case, "spoken of": spoken(answer, channel), "seconds": answer["fit"]}
    if "refused" in answer:
        return row | {"refused": 1}
    channels = channels_of([(company, answer)])
    weighted = float(np.average(channels["error"], weights=channels["spend"]))
    tested = channels.loc[channels["channel"] == channel, "error"]
    held = {"coverage": channels["held"].mean(), "wrong": channels["wrong"].sum(), "unnamed": channels["unnamed"].sum()}
    return row | held | {"refused": 0, "weighted error": weighted, "tested channel's error": tested.mean()}


def table_of(lines: list[dict[str, Any]]) -> pd.DataFrame:
    """Print and return one row per case; errors against those without tests, world by world."""
    frame = pd.DataFrame(lines)
    without = frame[frame["case"] == NONE].set_index("world")["weighted error"]
    frame["against none"] = frame["weighted error"] - frame["world"].map(without)
    columns = ["weighted error", "against none", "tested channel's error", "coverage", "spoken of", "seconds"]
    groups = frame.groupby("case", sort=False)
    table = groups[columns].mean().join(groups[["wrong", "unnamed", "refused"]].sum())
    table.insert(0, "worlds", groups.size())
    print(f"\n{table.round(3).to_string()}\n")
    return table


def judged(table: pd.DataFrame) -> int:
    """Print what holds; the exit code."""
    gain = table.loc[ALL, "against none"]
    holds = {
        f"true tests of every channel change the error by {100 * gain:+.1f} points, less than 0": gain < 0,
        f"a true test alone is spoken of in {table.loc[TRUE, 'spoken of']:.0%} of the worlds, none asked": (
            table.loc[TRUE, "spoken of"] == 0
        ),
    }
    for case in CONFLICTS:
        worse, said = table.loc[case, "against none"], table.loc[case, "spoken of"]
        refused = table.loc[case, "refused"] == table.loc[case, "worlds"]
        harm = (
            "is refused" if refused else f"changes the error by {100 * worse:+.1f} points, at most {100 * WORSE:+.0f}"
        )
        holds[f"{case}: {harm}"] = refused or worse <= WORSE
        holds[f"{case}: spoken of in {said:.0%} of the worlds, all asked"] = said == 1
    return verdict(holds)


def main() -> int:
    """Read the command line, fit every world with every set of tests, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=6)
    parser.add_argument("--channels", type=int, default=6)
    parser.add_argument("--keep", type=Path, default=None, help="folder of what is done; a new one where not given")
    parser.add_argument("--only-kept", action="store_true", help="the table of what is done, nothing more")
    given = parser.parse_args()
    keep = given.keep or Path(tempfile.mkdtemp(prefix="mmm-tests-"))
    keep.mkdir(parents=True, exist_ok=True)
    print(f"Results of each fit are kept in {keep}.", flush=True)
    lines = []
    for seed in range(FIRST_SEED, FIRST_SEED + given.worlds):
        data, truth = world(seed, channels=given.channels)
        true = truth.contributions
        company = World("", f"{seed}", data.weekly, data.channels, data.controls, true, float(true.sum()))
        for case, channel, tests in cases(truth):
            path = keep / f"{seed}-{given.channels}-{case.replace(',', '').replace(' ', '_')}.json"
            if path.exists() or not given.only_kept:
                answer = environments.kept(path, lambda tests=tests, company=company: answered(company, tests))
                lines.append(line(replace(company, kind=case), case, channel, answer))
    return judged(table_of(lines)) if lines else 1


if __name__ == "__main__":
    sys.exit(main())
