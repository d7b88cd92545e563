"""Companies of our own simulator with one thing wrong: what holds of total, contributions and marginal CAC.

Run: python tests/benchmarks/mmm_hostile.py [--worlds 6] [--kinds daily,christmas] [--keep FOLDER] [--only-kept]

Six channels, 156 weeks, R² 0.9, media a third of all where not said otherwise; kinds and truth stand in hostile_worlds,
one function each, and ``healthy`` is the control. Ours fits its default model, 4 x (1000 + 1000). For every kind: bias
of the total that media brought (middle over worlds) and how often its 90 % interval holds the truth; share of
contributions and of marginal CAC held; channels confidently wrong, those of them that no finding names, and channels
named although fine, all as mmm_verdicts says.

What is done stands in FOLDER, a file a world, so that a run can be stopped and taken up again. Exit code 1 where more
than 5 % of all channels or 10 % of a kind's are confidently wrong and unnamed (90 % intervals promise that 10 % are
outside, not that they are far outside), or of the healthy ones contributions or marginal CAC are held by less than
85 %, or a channel is named although fine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import environments
import pandas as pd
from hostile_worlds import KINDS, healthy, world_of
from mmm_verdicts import World, channels_of, fitted, verdict, worlds_of

FIRST_SEED, UNNAMED, OF_A_KIND, LEAST = 1, 0.05, 0.1, 0.85


def table_of(answers: list[tuple[World, dict[str, Any]]]) -> pd.DataFrame:
    """Print and return one row per kind."""
    channels = channels_of(answers)
    totals = pd.DataFrame(
        {"kind": world.kind, **answer["total"], "fit": answer["fit"], "converged": answer["converged"]}
        for world, answer in answers
    )
    totals["bias"] = totals["found"] / totals["true"] - 1
    totals["held"] = totals["true"].between(totals["low"], totals["high"])
    kinds, by = totals.groupby("kind", sort=False), channels.groupby("kind", sort=False)
    table = pd.DataFrame(
        {
            "worlds": kinds.size(),
            "total's bias": kinds["bias"].median(),
            "total held": kinds["held"].mean(),
            "contributions held": by["held"].mean(),
            "marginal CAC held": by["cost held"].mean(),
            "weighted error": worlds_of(channels).groupby("kind", sort=False)["weighted error"].mean(),
            "channels": by.size(),
            "wrong": by["wrong"].sum(),
            "unnamed": by["unnamed"].sum(),
            "named fine": by["named fine"].sum(),
            "seconds": kinds["fit"].median(),
            "converged": kinds["converged"].sum(),
        }
    )
    print(f"\n{table.round(2).to_string()}\n")
    return table


def judged(table: pd.DataFrame) -> int:
    """Print what holds; the exit code."""
    sums = table[["unnamed", "channels"]]
    holds = {
        f"{kind}: {unnamed} of {channels} channels confidently wrong and unnamed, at most {limit:.0%}": (
            unnamed <= limit * channels
        )
        for kind, (unnamed, channels), limit in (
            ("all kinds", sums.sum(), UNNAMED),
            *((kind, row, OF_A_KIND) for kind, row in sums.iterrows()),
        )
    }
    if healthy.__name__ in table.index:
        control = table.loc[healthy.__name__]
        for name in ("contributions held", "marginal CAC held"):
            holds[f"healthy: {control[name]:.0%} of {name}, at least {LEAST:.0%}"] = control[name] >= LEAST
        holds[f"healthy: {control['named fine']:.0f} channels named although fine, none asked"] = (
            control["named fine"] == 0
        )
    return verdict(holds)


def main() -> int:
    """Read the command line, fit every world, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=6, help="of each kind")
    parser.add_argument("--kinds", default="", help="names, joined by commas; all where not given")
    parser.add_argument("--keep", type=Path, default=None, help="folder of what is done; a new one where not given")
    parser.add_argument("--only-kept", action="store_true", help="the table of what is done, nothing more")
    given = parser.parse_args()
    keep = given.keep or Path(tempfile.mkdtemp(prefix="mmm-hostile-"))
    keep.mkdir(parents=True, exist_ok=True)
    print(f"Results of each world are kept in {keep}.", flush=True)
    wanted = [name for name in given.kinds.split(",") if name]
    if unknown := set(wanted) - {kind.__name__ for kind in KINDS}:
        raise SystemExit(f"--kinds: no kind {', '.join(sorted(unknown))}")
    answers = []
    for seed in range(FIRST_SEED, FIRST_SEED + given.worlds):
        for kind in KINDS:
            if wanted and kind.__name__ not in wanted:
                continue
            world = world_of(kind, seed)
            path = keep / f"{world.name}.json"
            if path.exists() or not given.only_kept:
                answers.append((world, environments.kept(path, lambda world=world: fitted(world))))
    for world, answer in answers:
        if "refused" in answer:
            print(f"{world.name}: refused: {answer['refused']}")
    done = [(world, answer) for world, answer in answers if "rows" in answer]
    return judged(table_of(done)) if done else 1


if __name__ == "__main__":
    sys.exit(main())
