"""Worlds that others wrote to break mix models: who is confidently wrong, and does a finding say so?

Run: python tests/benchmarks/mmm_silent.py [--seeds 1] [--first 1] [--worlds clean,synergy] [--own 2] [--keep FOLDER]
         [--only-kept] [--agents] [--peers] [--pymc-marketing PYTHON] [--meridian PYTHON]

The wheel ``mmm-framework`` (PyPI, Apache-2.0) holds the module ``mmm_framework/synth/dgp.py``: worlds of 156 weeks that
each break one assumption, with the true contribution of every channel, by leaving its spend out. The module is read
from the wheel without installing anything. 24 of its 25 worlds are fitted; ``aurora_kitchen_sink`` needs a file that the
wheel lacks. No two worlds share a seed: with one seed most kinds have the same spend and nine of them the same noise, so that
what chance gave one would speak for all. Ours fits its default model, 4 x (1000 + 1000), and answers twice: by that model alone, and as ``cac plan``
does, by the pooled draws of the readings that the weeks allow and with the findings of both; the latter is judged.
``--peers`` also asks PyMC-Marketing and Meridian, with the baseline of mmm_peers, 4 x (1000 + 500), which have no
findings, so that every failure of theirs is silent.

What off, confidently wrong, named, failing and silently mean stands in mmm_verdicts. Clean are the worlds whose media
work as a mix model takes them to, with spend set freely, whatever the noise: ``clean`` and ``heavy_tailed_noise``. In
``breakout_homogeneous`` three channels share one curve, so their contributions do not add up; it is not counted clean.

``--own`` asks about the companies of mmm_truth instead, so many of each of its twelve cells: what the pool is worth where
the model is about right. ``--agents`` adds worlds of agents, made by graphsimulacrum (see agent_worlds). The worlds of ``mmm-param-recovery`` are
left out: it is not on PyPI.

What is done stands in FOLDER, a file for each world and program, so that a run can be stopped and taken up again. Exit
code 1 where more than 3 % of the channels are confidently wrong and unnamed, more than one world of 24 has under 75 % of
its channels inside their intervals, more than three of 24 fail silently, half of the named channels or more were fine,
or a clean world has a channel named that was fine.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import environments
import mmm_peers
import mmm_truth
import numpy as np
import pandas as pd
from agent_worlds import agent_worlds
from mmm_verdicts import HELD, World, beside, channels_of, costs_of, fitted, verdict, worlds_of

from mmm.simulate.weekly_world import WorldData

WHEEL, MODULE, LEFT_OUT = "mmm-framework==1.5.0", "mmm_framework/synth/dgp.py", {"aurora_kitchen_sink"}
CLEAN = {"clean", "heavy_tailed_noise"}
OURS, RUN, PEERS = "blended-cac", "blended-cac as cac plan asks it", ("PyMC-Marketing, nutpie", "Meridian, JAX")
FEWER, LONGEST = {"chains": 4, "draws": 500, "tune": 1000}, 3600.0
UNNAMED, UNCOVERED, SILENT, FINE = 0.03, 1 / 24, 1 / 8, 0.5


@cache
def generators() -> ModuleType:
    """The module of worlds, loaded under a name of its own; what it imports of its package stands in as plain words."""
    with tempfile.TemporaryDirectory() as place:
        path = environments.unpacked(WHEEL, "3.12", Path(place)) / MODULE
        spec = importlib.util.spec_from_file_location("violations", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["violations"] = module
        package, config = types.ModuleType("mmm_framework"), types.ModuleType("mmm_framework.config")
        config.CausalControlRole = types.SimpleNamespace(CONFOUNDER="confounder")
        sys.modules |= {"mmm_framework": package, "mmm_framework.config": config}
        spec.loader.exec_module(module)
    return module


def worlds(names: list[str], first: int, each: int) -> Iterator[World]:
    """Every kind asked for once before any twice; a kind has the same seeds whatever others are asked for."""
    source = generators()
    every = [name for name in source.SCENARIOS if name not in LEFT_OUT]
    if unknown := set(names) - set(every):
        raise SystemExit(f"--worlds: no world {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    for turn in range(each):
        for place, kind in enumerate(every):
            if names and kind not in names:
                continue
            seed = first + turn * len(every) + place
            made = source.build(kind, seed=seed)
            columns = pd.concat([made.spend, made.controls], axis=1).set_axis(made.weeks, axis=0)
            table = columns.assign(week=made.weeks, new_customers=made.y.to_numpy()).reset_index(drop=True)
            channels, true = tuple(made.spend), made.true_contribution.astype(float)
            yield World(kind, f"{kind}-{seed}", table, channels, tuple(made.controls), true, float(true.sum()))


def companies(each: int) -> Iterator[World]:
    """Those of mmm_truth, so many of every cell."""
    for case in mmm_truth.cases(each):
        data, truth = mmm_truth.world(case.seed, channels=case.channels, family=case.family, r2=case.r2)
        kind, true = f"{case.channels}-{case.family.__name__}-{case.r2}", truth.contributions
        yield World(kind, case.name, data.weekly, data.channels, data.controls, true, float(true.sum()))


def asked_of(program: str, python: str, world: World, cache: Path) -> dict[str, Any]:
    """A program's answer on one world beside the truth, or what stopped it."""
    if program == OURS:
        return fitted(world, rivals=True)
    _, code, sampler = mmm_peers.PEERS[program]
    data = WorldData(world.table, world.table.head(0), world.channels, world.controls)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        asked = mmm_peers.written(data, folder) | FEWER | {"weekly": world.recent.to_dict(), "sampler": sampler}
        variables = {
            "PYTENSOR_FLAGS": f"base_compiledir={cache / 'pytensor'}",
            "NUMBA_CACHE_DIR": str(cache / "numba"),
        }
        given = (str(folder), str(folder / "draws.npz"), json.dumps(asked))
        answer = environments.run(python, code, *given, variables=variables, seconds=LONGEST)
        if "failed" in answer:
            return answer
        with np.load(folder / "outcome.npz") as draws:
            return answer | beside(draws["brought"], costs_of(draws["gained"]), world)


def tables(answers: list[tuple[World, dict[str, Any]]], program: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Print one program's worlds, kind by kind; returns its channels and its worlds."""
    channels = channels_of(answers)
    table = worlds_of(channels)
    versions = next((answer["versions"] for _, answer in answers if "versions" in answer), {})
    kinds = table.groupby("kind", sort=False)
    shown = kinds[["middle", "worst", "weighted error", "coverage"]].mean().round(2)
    sums = kinds[["channels", "wrong", "unnamed", "named", "fails", "silent"]].sum()
    print(f"\n{program} {versions or ''}, {len(table)} worlds:\n{shown.join(sums).to_string()}")
    print(
        f"{channels['wrong'].sum()} of {len(channels)} channels confidently wrong, {channels['unnamed'].sum()} of them "
        f"unnamed; coverage {channels['held'].mean():.0%}, under 75 % in {(table['coverage'] < HELD).sum()} of "
        f"{len(table)} worlds; {table['fails'].sum()} worlds fail, {table['silent'].sum()} silently; error on "
        f"average {table['mean error'].mean():.3f}, weighted by spend {table['weighted error'].mean():.3f}, all together "
        f"{table['total error'].mean():.3f}; {np.median([answer['fit'] for _, answer in answers]):.1f} s a fit"
    )
    return channels, table


def judged(channels: pd.DataFrame, table: pd.DataFrame) -> int:
    """Print what holds of ours; the exit code."""
    clean = channels[channels["kind"].isin(CLEAN)]
    unnamed, uncovered = channels["unnamed"].mean(), (table["coverage"] < HELD).mean()
    silent = table["silent"].mean()
    named, fine, alarms = channels["named"].sum(), channels["named fine"].sum(), clean["named fine"].sum()
    return verdict(
        {
            f"{unnamed:.1%} of the channels confidently wrong and unnamed, at most {UNNAMED:.0%}": unnamed <= UNNAMED,
            f"coverage under 75 % in {uncovered:.1%} of the worlds, at most {UNCOVERED:.1%}": uncovered <= UNCOVERED,
            f"{silent:.1%} of the worlds fail silently, at most {SILENT:.1%}": silent <= SILENT,
            f"{fine} of {named} named channels were fine, under half": fine < FINE * named or not named,
            f"{alarms} of {len(clean)} channels of clean worlds named although fine, none asked": not alarms,
        }
    )


def main() -> int:
    """Read the command line, ask every program about every world, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1, help="of each world")
    parser.add_argument("--first", type=int, default=1, help="seed; figures that are quoted begin with 1")
    parser.add_argument("--worlds", default="", help="names, joined by commas; all where not given")
    parser.add_argument(
        "--own", type=int, default=0, help="companies of each cell of mmm_truth, instead of those worlds"
    )
    parser.add_argument("--keep", type=Path, default=None, help="folder of what is done; a new one where not given")
    parser.add_argument("--only-kept", action="store_true", help="the tables of what is done, nothing more")
    parser.add_argument("--agents", action="store_true", help="worlds of agents too")
    parser.add_argument("--peers", action="store_true", help="ask PyMC-Marketing and Meridian too")
    parser.add_argument("--pymc-marketing", default="", help="a Python that has it; without it one is made")
    parser.add_argument("--meridian", default="", help="a Python that has it; without it one is made")
    given = parser.parse_args()
    keep = given.keep or Path(tempfile.mkdtemp(prefix="mmm-silent-"))
    keep.mkdir(parents=True, exist_ok=True)
    print(f"Results of each world are kept in {keep}.", flush=True)
    pythons = {OURS: sys.executable}
    if given.peers:
        pythons |= mmm_peers.pythons(PEERS, (given.pymc_marketing, given.meridian))
    seeds = range(given.first, given.first + given.seeds)
    names = [name for name in given.worlds.split(",") if name]
    asked = list(companies(given.own) if given.own else worlds(names, given.first, given.seeds))
    if given.agents:
        try:
            asked += agent_worlds(seeds)
        except (RuntimeError, OSError) as trouble:
            print(f"graphsimulacrum: {trouble}", flush=True)
    answers: dict[str, list[tuple[World, dict[str, Any]]]] = {program: [] for program in pythons}
    for program, python in pythons.items():
        for world in asked:
            path = keep / f"{world.name}-{program.split(',')[0].lower()}.json"
            if path.exists() or not given.only_kept:
                answer = environments.kept(
                    path, lambda p=program, w=world, python=python: asked_of(p, python, w, keep / "compiled")
                )
                if "rows" in answer:
                    answers[program].append((world, answer))
                else:
                    print(f"{world.name}, {program}: left out: {answer.get('refused') or answer['failed']}")
    found = {program: tables(done, program) for program, done in answers.items() if done}
    if OURS not in found:
        return 1
    return judged(*tables([(world, answer["run"]) for world, answer in answers[OURS]], RUN))


if __name__ == "__main__":
    sys.exit(main())
