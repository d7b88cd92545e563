"""The mix model against its peers on the same data in the same run: effective draws per second, seconds, divergences.

Run: python tests/benchmarks/mmm_speed.py [--pymc-marketing PYTHON] [--meridian PYTHON] [--no-peers] [--seed 0]
    [--longest 1800]

A simulated world of 156 weeks x 10 channels goes to all as one CSV: trend, yearly season of three harmonics and the
world's controls in every baseline, each program's default priors, 4 chains x (1000 + 1000). A fit's seconds hold the
model's building, compiling and sampling; a process's, all from the interpreter's start to the channels' intervals.
Effective draws are the least bulk effective sample size over the parameters of the media, by one ArviZ for all.

Ours runs cold, with NUMBA_CACHE_DIR empty, and three times warm, of which the median by ESS/s counts. PyMC-Marketing
runs warm too: a run of a few draws before fills what PyTensor keeps on disk; Meridian keeps nothing there. Our cold run
is held against those warm ones.

A run is stopped after ``--longest`` seconds; were every draw it was asked for done by then and independent, it would
have made so many a second, and against that it is judged. Exit code 1 where a limit is missed; a peer that cannot be
had is named and left out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import environments
import mmm_peers
import numpy as np
import pandas as pd

WEEKS, CHANNELS, CHAINS, DRAWS, TUNE = 156, 10, 4, 1000, 1000
WARM = {"PyMC-Marketing": 50.0, "Meridian": 20.0}
COLD = {"PyMC-Marketing": 15.0, "Meridian": 5.0}
PROCESS, R_HAT, ESS = 8.0, 1.01, 400.0


def write_world(folder: Path, seed: int) -> dict[str, Any]:
    """Write world.csv; what to tell every program of it."""
    from mmm.simulate.weekly_world import world

    data, _ = world(seed, weeks=WEEKS, channels=CHANNELS)
    return mmm_peers.written(data, folder) | {"chains": CHAINS, "draws": DRAWS, "tune": TUNE}


def measured(python: str, program: str, folder: Path, asked: dict[str, Any], variables: dict[str, str]) -> dict:
    """One run's answer, with the effective sizes of its media's parameters."""
    target = folder / "draws.npz"
    target.unlink(missing_ok=True)
    row = environments.run(
        python, program, str(folder), str(target), json.dumps(asked), variables=variables, seconds=asked["longest"]
    )
    row["load"] = os.getloadavg()[0]
    return row if "failed" in row else row | effective(target, row["fit"])


def effective(path: Path, seconds: float) -> dict[str, Any]:
    """Least bulk and tail effective sizes and largest R-hat over what moves, effective draws per second, a checksum."""
    import arviz

    least, tail, worst, digest = np.inf, np.inf, 1.0, hashlib.sha256()
    with np.load(path) as draws:
        for name in draws.files:
            digest.update(draws[name].tobytes())
            flat = draws[name].astype(float).reshape(*draws[name].shape[:2], -1)
            for column in np.flatnonzero(flat.std(axis=(0, 1)) > 0):
                chains = flat[..., column]
                least = min(least, float(arviz.ess(chains, method="bulk")))
                tail = min(tail, float(arviz.ess(chains, method="tail")))
                worst = max(worst, float(arviz.rhat(chains)))
    sizes = {"ESS": least, "tail ESS": tail, "R-hat": worst, "ESS/s": least / seconds}
    return sizes | {"digest": digest.hexdigest()}


def ours(folder: Path, asked: dict[str, Any]) -> dict[str, dict]:
    """Our cold run and the middle one of three warm."""
    with tempfile.TemporaryDirectory() as cache:
        variables = {"NUMBA_CACHE_DIR": cache}
        runs = [measured(sys.executable, mmm_peers.OURS, folder, asked, variables) for _ in range(4)]
    warm = [run for run in runs[1:] if "failed" not in run] or runs[1:]
    if "failed" not in warm[0]:
        warm.sort(key=lambda run: run["ESS/s"])
    return {"blended-cac, warm": warm[len(warm) // 2], "blended-cac, cold": runs[0]}


def peer(name: str, pythons: dict[str, str], folder: Path, asked: dict[str, Any]) -> dict:
    """A peer's warm run, or why there is none."""
    home, program, sampler = mmm_peers.PEERS[name]
    if home not in pythons:
        try:
            pythons[home] = mmm_peers.made(home)
        except (RuntimeError, OSError) as trouble:
            return {"failed": f"cannot be installed: {trouble}"}
    asked = asked | {"sampler": sampler}
    variables = {"PYTENSOR_FLAGS": f"base_compiledir={folder / 'pytensor'}", "NUMBA_CACHE_DIR": str(folder / "numba")}
    if home in mmm_peers.KEEPS_COMPILED:
        first = measured(pythons[home], program, folder, asked | {"draws": 10, "tune": 10}, variables)
        if "failed" in first:
            return first
    return measured(pythons[home], program, folder, asked, variables)


def line(name: str, row: dict) -> str:
    """One run as text."""
    if "failed" in row:
        return f"{name}: not run, {row['failed']}"
    versions = ", ".join(f"{package} {version}" for package, version in row["versions"].items())
    attempts = f", {row['attempts']} attempts" if row.get("attempts", 1) > 1 else ""
    return (
        f"{name}: {row['fit']:.2f} s of fit{attempts}, {row['process']:.1f} s in all, {row['cpu']:.1f} s of CPU; bulk ESS "
        f"{row['ESS']:.0f}, R-hat {row['R-hat']:.3f}, {row['divergences']} divergences, {row['ESS/s']:.1f} ESS/s; "
        f"load {row['load']:.1f} ({versions})"
    )


def table(rows: dict[str, dict]) -> pd.DataFrame:
    """The closing table; ratios say how many times better ours is."""
    done = {name: row for name, row in rows.items() if "failed" not in row}
    columns = ["fit", "process", "cpu", "ESS", "tail ESS", "R-hat", "divergences", "ESS/s"]
    frame = pd.DataFrame({name: {column: row[column] for column in columns} for name, row in done.items()}).T
    frame = frame.rename(columns={"fit": "fit s", "process": "process s", "cpu": "CPU s", "ESS": "bulk ESS"})
    for kind in ("warm", "cold"):
        if (name := f"blended-cac, {kind}") in frame.index:
            frame[f"ESS/s, {kind} ratio"] = frame.loc[name, "ESS/s"] / frame["ESS/s"]
    if "blended-cac, warm" in frame.index:
        frame["process s, ratio"] = frame["process s"] / frame.loc["blended-cac, warm", "process s"]
    return frame


def against(rows: dict[str, dict], kind: str) -> dict[str, bool]:
    """Verdicts on our effective draws per second beside those of each peer."""
    verdicts, ours = {}, rows[f"blended-cac, {kind}"]["ESS/s"]
    for name, row in rows.items():
        limit = (WARM if kind == "warm" else COLD).get(name.split(",")[0])
        if limit and "failed" not in row:
            ratio = ours / row["ESS/s"]
            verdicts[f"{kind}: {ratio:.1f} times the ESS/s of {name}, at least {limit:.0f}"] = ratio >= limit
        elif limit and "stopped" in row:
            ratio = ours * row["stopped"] / (CHAINS * DRAWS)
            text = (
                f"{kind}: at least {ratio:.1f} times the ESS/s of {name}, which was {row['failed']}; {limit:.0f} asked"
            )
            verdicts[text] = ratio >= limit
    return verdicts


def judged(rows: dict[str, dict]) -> bool:
    """Print the verdicts; whether all hold."""
    verdicts = {
        "both runs of ours came through": all("failed" not in rows[f"blended-cac, {k}"] for k in ("warm", "cold"))
    }
    if verdicts["both runs of ours came through"]:
        warm = rows["blended-cac, warm"]
        verdicts |= {
            "the same draws, compiled afresh or kept": warm["digest"] == rows["blended-cac, cold"]["digest"],
            f"whole process in {warm['process']:.1f} s warm, under {PROCESS:.0f}": warm["process"] < PROCESS,
            f"no divergence, R-hat < {R_HAT}, bulk and tail ESS > {ESS:.0f}": (
                warm["converged"] and warm["R-hat"] < R_HAT and min(warm["ESS"], warm["tail ESS"]) > ESS
            ),
            **against(rows, "warm"),
            **against(rows, "cold"),
        }
    for text, holds in verdicts.items():
        print(f"{'holds' if holds else 'FAILS'}: {text}")
    return all(verdicts.values())


def main() -> int:
    """Read the command line, run all, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=1800.0, help="seconds after which a run is stopped")
    parser.add_argument("--pymc-marketing", default="", help="a Python that has it; without it one is made")
    parser.add_argument("--meridian", default="", help="a Python that has it; without it one is made")
    parser.add_argument("--no-peers", action="store_true")
    given = parser.parse_args()
    known = {"pymc-marketing": given.pymc_marketing, "meridian": given.meridian}
    pythons = {name: python for name, python in known.items() if python}
    print(
        f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        asked = write_world(folder, given.seed) | {"longest": given.longest}
        rows = ours(folder, asked)
        for name, row in rows.items():
            print(line(name, row), flush=True)
        for name in () if given.no_peers else mmm_peers.PEERS:
            rows[name] = peer(name, pythons, folder, asked)
            print(line(name, rows[name]), flush=True)
    frame = table(rows)
    print(f"\n{frame.to_string(float_format=lambda x: format(x, '.4g'))}\n")
    return 0 if judged(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
