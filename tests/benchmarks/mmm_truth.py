"""The mix model and its peers against simulated worlds whose truth is known.

Run: python tests/benchmarks/mmm_truth.py [--worlds 2] [--keep FOLDER] [--no-peers] [--only-kept]
         [--pymc-marketing PYTHON] [--meridian PYTHON]

Cells: 5 and 10 channels; true curves Hill, S-shaped, logistic; R² 0.9 and 0.7; so many worlds of each, no two with one
seed. Every program gets the same CSV, its own default priors, and the baseline of mmm_peers: trend, three harmonics of
the year, the world's controls. Ours samples its default 4 x (1000 + 1000), goes on until it converges, and sees all
worlds first; the peers sample 4 x (1000 + 500), PyMC-Marketing in its newest release where a Python 3.12 or later is at
hand. For each: error of contributions (mean over channels of the relative error, the same weighted by spend, mean of
the logarithm's, and total of the errors over total of the truth), coverage of 90 % intervals over channels and the
share of worlds where it is under 75 %, error of marginal CAC at present spend (of the logarithm, median over channels).
Medians of draws stand for every program.

What is done stands in FOLDER, a file for each world and program, so that a run can be stopped and taken up again. A peer
that cannot be had is named and left out. Exit code 1 where our pooled coverage leaves 0.85 to 0.95, or a fit of ours
did not converge.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import environments
import mmm_peers
import numpy as np
import pandas as pd
from mmm_speed import effective
from mmm_verdicts import HELD, costs_of, rows_of

from mmm.simulate.channels import Family, hill, logistic, s_shaped
from mmm.simulate.weekly_world import WorldTruth, world

CELLS = tuple(product((5, 10), (hill, s_shaped, logistic), (0.9, 0.7)))
FIRST_SEED, NOW, LONGEST = 2000, 13, 3600.0
OURS = "blended-cac"
PEERS = ("PyMC-Marketing, nutpie", "Meridian, JAX")
LENGTHS = {OURS: {"chains": 4, "draws": 1000, "tune": 1000}}
FEWER = {"chains": 4, "draws": 500, "tune": 1000}
COVERAGE = (0.85, 0.95)


@dataclass(frozen=True)
class Case:
    """One world to be found out."""

    seed: int
    channels: int
    family: Family
    r2: float

    @property
    def name(self) -> str:
        """For files."""
        return f"{self.seed}-{self.channels}-{self.family.__name__}-{self.r2}"


def cases(worlds: int) -> Iterator[Case]:
    """That many worlds of every cell."""
    for place, (channels, family, r2) in enumerate(CELLS * worlds):
        yield Case(FIRST_SEED + place, channels, family, r2)


def asked_of(program: str, python: str, case: Case, cache: Path) -> dict[str, Any]:
    """A program's answer on one world beside the truth, or what stopped it."""
    data, truth = world(case.seed, channels=case.channels, family=case.family, r2=case.r2)
    home = mmm_peers.PEERS.get(program)
    weekly = truth.spend_now(NOW) / NOW
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        asked = mmm_peers.written(data, folder) | LENGTHS.get(program, FEWER) | {"weekly": dict(weekly)}
        variables = {"PYTENSOR_FLAGS": f"base_compiledir={cache / 'pytensor'}"}
        if home:
            asked["sampler"] = home[2]
            variables["NUMBA_CACHE_DIR"] = str(cache / "numba")
        code, target = home[1] if home else mmm_peers.OURS, folder / "draws.npz"
        answer = environments.run(
            python, code, str(folder), str(target), json.dumps(asked), variables=variables, seconds=LONGEST
        )
        if "failed" in answer:
            return answer
        answer |= effective(target, answer["fit"])
        with np.load(folder / "outcome.npz") as draws:
            return answer | beside_truth(draws, truth, weekly)


def beside_truth(draws: Any, truth: WorldTruth, weekly: pd.Series) -> dict[str, Any]:
    """Medians and 90 % intervals of contributions and marginal CAC, and the truth of both, channel by channel."""
    marginal = truth.marginal_cac(weekly, weeks=1)
    spend = truth.spend.sum()[weekly.index]
    found: dict[str, Any] = {
        "rows": rows_of(draws["brought"], costs_of(draws["gained"]), spend, truth.contributions, marginal)
    }
    if draws["organic"].size:
        low, high = np.quantile(draws["organic"], [0.05, 0.95])
        found["organic held"] = bool(low <= truth.upcoming_organic.sum() <= high)
    return found


def kept(keep: Path, program: str, python: str, case: Case, fresh: bool = True) -> dict[str, Any]:
    """The answer that is kept, or a fresh one where one may be made."""
    path = keep / f"{case.name}-{program.split(',')[0].lower()}.json"
    if not fresh and not path.exists():
        return {"failed": "not done yet"}
    return environments.kept(path, lambda: asked_of(program, python, case, keep / "compiled"))


def judged(answer: dict[str, Any]) -> dict[str, float]:
    """How far one fit is from one truth."""
    rows = pd.DataFrame(answer["rows"])
    off = (rows["found"] - rows["true"]).abs()
    coverage = float(rows["true"].between(rows["low"], rows["high"]).mean())
    cost = np.log(rows["found cost"] / rows["true cost"]).abs()
    return {
        "mean error": float((off / rows["true"]).mean()),
        "weighted error": float(np.average(off / rows["true"], weights=rows["spend"])),
        "log error": float(np.log(rows["found"] / rows["true"]).abs().mean()),
        "total error": float(off.sum() / rows["true"].sum()),
        "coverage": coverage,
        "worlds under 75 %": float(coverage < HELD),
        "marginal CAC": float(np.exp(cost.median()) - 1),
        "marginal coverage": float(rows["true cost"].between(rows["low cost"], rows["high cost"]).mean()),
        "seconds": answer["fit"],
        "R-hat < 1.01": float(answer["R-hat"] < 1.01),
        "divergences": float(answer["divergences"]),
    }


def tables(results: dict[str, dict[Case, dict[str, Any]]]) -> pd.DataFrame:
    """Print every program by cell, over all its worlds, and over those that all have seen; returns the second."""
    lines = []
    for program, answers in results.items():
        for case, answer in answers.items():
            key = {"case": case.name, "channels": case.channels, "truth": case.family.__name__, "R²": case.r2}
            key["program"] = program
            lines.append(key | judged(answer))
    for program, answers in results.items():
        versions = {str(answer["versions"]) for answer in answers.values()}
        print(f"{program}: {'; '.join(sorted(versions)) or 'nothing done'}")
    frame = pd.DataFrame(lines)
    cells = frame.drop(columns=["case", "seconds", "R-hat < 1.01", "divergences"])
    print(cells.groupby(["channels", "truth", "R²", "program"], sort=False).mean().round(2).to_string())
    whole = over_worlds(frame, "All worlds")
    done = [set(answers) for answers in results.values() if answers]
    shared = set.intersection(*done)
    if shared and any(worlds != shared for worlds in done):
        over_worlds(frame[frame["case"].isin({case.name for case in shared})], "Worlds that every program has seen")
    return whole


def over_worlds(frame: pd.DataFrame, title: str) -> pd.DataFrame:
    """Print and return the means by program, coverage pooled over channels."""
    groups = frame.groupby("program", sort=False)
    whole = groups[[name for name in frame if name not in ("case", "channels", "truth", "R²", "program")]].mean()
    for name in ("coverage", "marginal coverage"):
        whole[name] = groups.apply(lambda part, name=name: np.average(part[name], weights=part["channels"]))
    whole.insert(0, "worlds", groups.size())
    print(f"\n{title}, coverage over channels:\n{whole.round(3).T.to_string()}\n")
    return whole


def verdict(whole: pd.DataFrame, ours: dict[Case, dict[str, Any]]) -> bool:
    """Print what holds of ours; whether all does."""
    coverage = float(whole.loc[OURS, "coverage"])
    organic = np.mean([answer["organic held"] for answer in ours.values()])
    converged = sum(bool(answer["converged"]) for answer in ours.values())
    print(f"The 90 % interval of the coming quarter's organic customers held the truth in {organic:.0%} of the worlds.")
    holds = {
        f"90 % intervals hold {coverage:.1%} of the true contributions, between 85 % and 95 %": (
            COVERAGE[0] <= coverage <= COVERAGE[1]
        ),
        f"{converged} of {len(ours)} fits converged": converged == len(ours),
    }
    for text, held in holds.items():
        print(f"{'holds' if held else 'FAILS'}: {text}")
    return all(holds.values())


def main() -> int:
    """Read the command line, ask every program about every world, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=2, help="of each of the twelve cells")
    parser.add_argument("--keep", type=Path, default=None, help="folder of what is done; a new one where not given")
    parser.add_argument("--pymc-marketing", default="", help="a Python that has it; without it one is made")
    parser.add_argument("--meridian", default="", help="a Python that has it; without it one is made")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--only-kept", action="store_true", help="the tables of what is done, nothing more")
    given = parser.parse_args()
    keep = given.keep or Path(tempfile.mkdtemp(prefix="mmm-truth-"))
    keep.mkdir(parents=True, exist_ok=True)
    print(f"Results of each world are kept in {keep}.", flush=True)
    pythons = {OURS: sys.executable}
    if not given.no_peers:
        pythons |= mmm_peers.pythons(PEERS, (given.pymc_marketing, given.meridian))
    worlds = list(cases(given.worlds))
    results: dict[str, dict[Case, dict[str, Any]]] = {program: {} for program in pythons}
    order = [(OURS, case) for case in worlds]
    order += [(program, case) for case in worlds for program in pythons if program != OURS]
    for program, case in order:
        answer = kept(keep, program, pythons[program], case, not given.only_kept)
        if "failed" not in answer:
            results[program][case] = answer
    if not results[OURS]:
        return 1
    return 0 if verdict(tables(results), results[OURS]) and len(results[OURS]) == len(worlds) else 1


if __name__ == "__main__":
    sys.exit(main())
