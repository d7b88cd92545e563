"""Geo tests on worlds whose truth is known: size, coverage and power of readouts, beside two libraries.

The first worlds follow Recast's published study of geo tools (research.getrecast.com/geolift-sim-study): one treated
geo, 20 controls, a test of 14 days, sizes of geos that are lognormal, a trend and a season of the week that geos share,
noise AR(1), and an effect of 7.5 % or none; its scenarios are a baseline, an outlying market, a small pool and a short
history. What the page does not give is assumed here: 90 days of history (42 in the short one), autocorrelation 0.5, a
standard deviation of 5 % of a geo's level, growth of 10 % a year, 6 controls in the small pool. Further worlds are
meant to break the method: trends of geos' own, factors that geos follow to different degrees, few geos, one that
dominates, small counts with zeros, weekly tables, spillover into controls, a shock that some geos share.

    python tests/benchmarks/geo_tests.py --runs 1000            # ours
    python tests/benchmarks/geo_tests.py --runs 1000 --peers 200  # causal-marketing and pysyncon too, installed beside
    python tests/benchmarks/geo_tests.py --runs 1000 --designs  # hold-outs, go-dark, heavy-up, several cells
    python tests/benchmarks/geo_tests.py --geolift              # GeoLift's walk-through

Size is the share of tests without effect that show one at 5 %, coverage that of 95 % intervals which hold the truth,
both over the runs; power the share of tests of the effect that show it, each with its standard error; seconds are of
processor. ``warned`` is the share of runs in which a finding of the readout fails. GeoLift's walk-through data lie in
the wheel ``causal-marketing``, which ``pip download --no-deps causal-marketing`` gets; its published effect in Chicago
and Portland is 155.6 customers a day and geo, 5.4 %, 4,667 in all.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import environments
import numpy as np
import pandas as pd

from mmm import Panel
from mmm.experiments.geo_assignment import stratified
from mmm.experiments.geo_design import GeoCell, GeoDesign
from mmm.experiments.geo_proposal import GO_DARK, HEAVY_UP, HOLD_OUT, GeoChange, propose_geo_test
from mmm.experiments.geo_readout import read_geo_test
from mmm.experiments.geo_shared import parts_shared

EFFECT = 0.075
PEERS = ("causal-marketing==0.1.0", "pysyncon==1.7.0")


@dataclass(frozen=True)
class World:
    """Makers of a panel without effect, geos x periods, the first geos treated, and what an effect does to it."""

    name: str
    make: Callable[[np.random.Generator], np.ndarray]
    periods: int = 14
    days: int = 1
    treated: int = 1
    spill: float = 0.0
    counts: bool = False


def shared(
    rng: np.random.Generator,
    controls: int = 20,
    history: int = 90,
    periods: int = 14,
    treated: int = 1,
    rho: float = 0.5,
    noise: float = 0.05,
    level: float = 1000.0,
    spread: float = 0.6,
    week: int = 7,
) -> np.ndarray:
    """Geos with a common trend and season of the week, and AR(1) noise of their own."""
    geos, length = controls + treated, history + periods
    time_ = np.arange(length)
    season = 1 + 0.1 * rng.normal(size=week)
    season /= season.mean()
    common = (1 + 0.1 * time_ * (7 / week if week < 7 else 1) / 365) * season[time_ % week]
    own = np.empty((geos, length))
    fresh = rng.normal(size=(geos, length))
    own[:, 0] = fresh[:, 0]
    for at in range(1, length):
        own[:, at] = rho * own[:, at - 1] + np.sqrt(1 - rho**2) * fresh[:, at]
    size = rng.lognormal(np.log(level), spread, geos)
    return size[:, None] * common * np.maximum(1 + noise * own, 0.0)


def outlier(rng: np.random.Generator) -> np.ndarray:
    """One control is twenty times as large, and grows on its own."""
    kpi = shared(rng)
    kpi[5] *= 20 * np.linspace(0.8, 1.2, kpi.shape[1])
    return kpi


def factors(rng: np.random.Generator, controls: int = 20) -> np.ndarray:
    """Two slow factors that geos follow to different degrees."""
    kpi = shared(rng, controls, noise=0.03)
    slow, fresh = np.zeros((2, kpi.shape[1])), rng.normal(size=(2, kpi.shape[1]))
    for at in range(1, kpi.shape[1]):
        slow[:, at] = 0.9 * slow[:, at - 1] + np.sqrt(1 - 0.81) * fresh[:, at]
    return kpi * np.exp(0.07 * rng.normal(1, 0.3, (len(kpi), 2)) @ slow)


def trends(rng: np.random.Generator) -> np.ndarray:
    """Every geo has a trend of its own, with a standard deviation of 30 % a year."""
    kpi = shared(rng, noise=0.03)
    return kpi * np.exp(rng.normal(0, 0.3, len(kpi))[:, None] * np.arange(kpi.shape[1]) / 365)


def walks(rng: np.random.Generator) -> np.ndarray:
    """Every geo's level wanders by itself."""
    kpi = shared(rng, noise=0.03)
    return kpi * np.exp(0.01 * rng.normal(size=kpi.shape).cumsum(axis=1))


def dominating(rng: np.random.Generator) -> np.ndarray:
    """The treated geo is thirty times as large and less noisy than the others."""
    kpi = shared(rng)
    kpi[0] = 30 * shared(rng, 1, noise=0.02, spread=0.0)[0]
    return kpi


def noisy(rng: np.random.Generator) -> np.ndarray:
    """The treated geo is twice as noisy as the others."""
    kpi, other = shared(rng), shared(rng, noise=0.1)
    kpi[0] = kpi[1:].mean(axis=0) * other[0] / other[1:].mean(axis=0)
    return kpi


def shock(rng: np.random.Generator) -> np.ndarray:
    """In the weeks of the test something moves half of the geos by 5 %."""
    kpi = shared(rng)
    kpi[rng.random(len(kpi)) < 0.5, -14:] *= 1.05
    return kpi


WORLDS = (
    World("baseline", shared),
    World("outlying market", outlier),
    World("small pool", lambda rng: shared(rng, 6)),
    World("short history", lambda rng: shared(rng, history=42)),
    World("a year of history", lambda rng: shared(rng, history=364)),
    World("five treated", lambda rng: shared(rng, treated=5), treated=5),
    World("factors", factors),
    World("weekly, 4 of 104", lambda rng: shared(rng, history=104, periods=4, week=52), periods=4, days=7),
    World("more autocorrelation", lambda rng: shared(rng, rho=0.8)),
    World("trends of geos' own", trends),
    World("levels that wander", walks),
    World("five controls, factors", lambda rng: factors(rng, 5)),
    World("treated dominates", dominating),
    World("treated is noisier", noisy),
    World("counts of 100 a day", lambda rng: shared(rng, level=100.0, spread=1.0), counts=True),
    World("counts of 1 a day", lambda rng: shared(rng, level=1.0, spread=1.0), counts=True),
    World("12 controls, 2 treated", lambda rng: shared(rng, 12, 120, 21, treated=2), periods=21, treated=2),
    World("35 controls, 28 days", lambda rng: shared(rng, 35, 200, 28), periods=28),
    World("8 controls, 4 of 60 weeks", lambda rng: shared(rng, 8, 60, 4, rho=0.3, week=52), periods=4, days=7),
    World("10 controls, 3 of 10 weeks", lambda rng: shared(rng, 10, 10, 3, rho=0.2, week=52), periods=3, days=7),
    World("4 controls", lambda rng: shared(rng, 4)),
    World("spillover into half", shared, spill=0.5),
    World("shock in half", shock),
)


def panel_of(kpi: np.ndarray, days: int) -> Panel:
    """A panel by geo without channels."""
    geos, periods = kpi.shape
    empty = np.zeros((geos, periods, 0))
    dates = pd.date_range("2025-01-06", periods=periods, freq=f"{days}D")
    names = tuple(f"geo_{place:03d}" for place in range(geos))
    return Panel(dates, days, names, (), (), kpi, empty, empty, empty, np.zeros((geos, 0)))


def design_of(panel: Panel, treated: int, periods: int) -> GeoDesign:
    """The first geos treated, the others controls, in the last periods."""
    cell = GeoCell("media", 1.0, panel.geos[:treated])
    end = panel.dates[-1] + pd.Timedelta(days=panel.days - 1)
    return GeoDesign("test", (cell,), panel.geos[treated:], f"{panel.dates[-periods]:%Y-%m-%d}", f"{end:%Y-%m-%d}")


def made(world: World, run: int, effect: float) -> tuple[np.ndarray, float]:
    """KPI of a run, and the customers that the effect really made in the treated geos."""
    rng = np.random.default_rng([run, sum(map(ord, world.name))])
    expected = world.make(rng)
    kpi = expected.copy()
    kpi[: world.treated, -world.periods :] *= 1 + effect
    half = world.treated + (len(kpi) - world.treated) // 2
    kpi[world.treated : half, -world.periods :] *= 1 + world.spill * effect
    true = float((kpi - expected)[: world.treated].sum())
    return (rng.poisson(kpi).astype(float) if world.counts else kpi), true


def ours(world: World, runs: int) -> dict[str, float]:
    """Size, coverage and power of our readout."""
    began, rows, failed = time.process_time(), [], Counter[str]()
    for run in range(runs):
        row: dict[str, float] = {}
        shift = 0.0
        for effect in (0.0, EFFECT):
            kpi, true = made(world, run, effect)
            if effect == 0.0 or world.counts or world.spill:
                kpi = kpi[kpi[:, : -world.periods].sum(axis=1) > 0]
                panel = panel_of(kpi, world.days)
                read = read_geo_test(panel, design_of(panel, world.treated, world.periods))
            else:
                shift = true  # what is added in the test is read whole and changes no error: a test holds that
            found = read.cells[0].effect
            low, high, off = found.low + shift, found.high + shift, found.customers + shift - true
            row |= {f"shown {bool(effect)}": low > 0 or high < 0, f"held {bool(effect)}": low <= true <= high}
            row[f"off {bool(effect)}"] = off / read.cells[0].without
            row["reach"] = (high - low) / 2 / read.cells[0].without
        names = [finding.name for finding in read.findings if not finding.passed]
        failed.update(names)
        rows.append(row | {"warned": bool(names)})
    table = pd.DataFrame(rows).astype(float).mean()
    most = ", ".join(f"{name} {count / runs:.2f}" for name, count in failed.most_common(3))
    return {
        "size": table["shown False"],
        "coverage": table["held True"],
        "power": table["shown True"],
        "off": table["off True"],
        "reach": table["reach"],
        "warned": table["warned"],
        "seconds": time.process_time() - began,
        "most": most,
    }


PEER = """
import json, sys, time, warnings
import numpy as np, pandas as pd
warnings.filterwarnings("ignore")
method, path = sys.argv[1:]
held = np.load(path)
periods, before = int(held["periods"]), held["kpis"].shape[2] - int(held["periods"])


def augmented(kpi):
    from causal_marketing.estimators.augsynth.engine import Augsynth
    geos, length = kpi.shape
    dates = pd.date_range("2025-01-06", periods=length).strftime("%Y-%m-%d")
    names = [f"geo_{place:03d}" for place in range(geos)]
    frame = pd.DataFrame({"geo": np.repeat(names, length), "date": np.tile(dates, geos), "kpi": kpi.ravel()})
    fit = Augsynth(progfunc="none", scm=True, fixedeff=True)  # as its estimator makes it by default
    fit.fit(frame, treated_units=names[:1], t_int=dates[before], covariates=None, unit_col="geo", time_col="date",
            outcome_col="kpi")
    return fit


def conformal(kpi, effect, at):
    # its estimator's joint p-value, without those of single days, which are most of its time
    from causal_marketing.estimators.augsynth.inference import _compute_permute_pval
    fit = augmented(kpi + effect)
    x = np.hstack([fit._data["X"], fit._data["y"]])
    return _compute_permute_pval(x, np.ones((len(x), 1)), fit._data["trt"], fit.progfunc, fit.scm, fit.fixedeff,
                                 fit._lambda, at, periods, method, 1, 1000, None, np.random.default_rng(1))


def by_conformal(kpi, effect):
    mean = effect[0, before:].mean()
    return [conformal(kpi, 0 * effect, 0.0) < 0.05, conformal(kpi, effect, mean) >= 0.05,
            conformal(kpi, effect, 0.0) < 0.05]


def by_jackknife(kpi, effect):
    from causal_marketing.estimators.augsynth.inference import time_jackknife_plus
    found = time_jackknife_plus(augmented(kpi), alpha=0.05)
    low, high = found["lb"][-1], found["ub"][-1]
    added = effect[0, before:].mean()  # no fit sees the test, so that an effect is read whole
    return [bool(low > 0 or high < 0), bool(low <= 0 <= high), bool(low + added > 0 or high + added < 0)]


def by_rank(kpi, effect):
    from pysyncon import Synth
    scale = kpi[:, :before].mean(axis=1)
    frame, ratios = pd.DataFrame((kpi / scale[:, None]).T), []
    for treated in range(len(kpi)):
        controls = [place for place in range(len(kpi)) if place and place != treated]  # as its PlaceboTest has it
        fit, past = Synth(), frame.iloc[:before]
        fit.fit(X0=past[controls], X1=past[treated], Z0=past[controls], Z1=past[treated], custom_V=np.ones(before))
        gap = (frame[treated] - frame[controls] @ fit.W).to_numpy()
        shift = (effect[0] / scale[0]) if treated == 0 else 0.0  # no fit sees the test
        ratios.append([((one[before:] ** 2).mean() / (one[:before] ** 2).mean()) for one in (gap, gap + shift)])
    ratios = np.array(ratios)
    none, some = (float((ratios[1:, 0] >= ratios[0, one]).sum()) / len(ratios) for one in (0, 1))
    return [none <= 0.05, none > 0.05, some <= 0.05]


ask = {"iid": by_conformal, "block": by_conformal, "jackknife": by_jackknife, "rank": by_rank}[method]
began = time.process_time()
rows = [list(map(bool, ask(kpi, effect))) for kpi, effect in zip(held["kpis"], held["effects"])]
print(json.dumps({"rows": rows, "seconds": time.process_time() - began}))
"""

METHODS = {
    "causal-marketing, conformal by chance": "iid",
    "causal-marketing, conformal by blocks": "block",
    "causal-marketing, jackknife+": "jackknife",
    "pysyncon, rank among placebos": "rank",
}


def peers(world: World, runs: int) -> None:
    """Size, coverage and power of two libraries on the same panels.

    Coverage is that of the interval which inverts the test, at the true mean effect, and of jackknife+ its own.
    """
    python = environments.made("geo-tests", PEERS, "import causal_marketing, pysyncon")
    none, some = (np.stack([made(world, run, effect)[0] for run in range(runs)]) for effect in (0.0, EFFECT))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panels.npz"
        np.savez(path, kpis=none, effects=some - none, periods=world.periods)
        for name, method in METHODS.items():
            said = environments.run(python, PEER, method, str(path), variables={"OMP_NUM_THREADS": "1"})
            if "failed" in said:
                print(f"  {name}: {said['failed']}", flush=True)
                continue
            size, coverage, power = np.mean(said["rows"], axis=0)
            print(f"  {name:38s} {_shares(runs, size, coverage, power)}  {said['seconds']:.0f} s", flush=True)


def _shares(runs: int, *shares: float) -> str:
    """Size, coverage and power with their standard errors."""
    named = zip(("size", "coverage", "power"), shares, strict=True)
    return "  ".join(f"{name} {share:.3f} ± {np.sqrt(share * (1 - share) / runs):.3f}" for name, share in named)


DESIGNS = {
    "hold-out in a fifth": {"tv": HOLD_OUT},
    "go dark in half": {"tv": GO_DARK},
    "heavy-up in a fifth": {"tv": HEAVY_UP},
    "two cells of a fifth": {"tv": HOLD_OUT, "search": HEAVY_UP},
    "three cells of a fifth": {"tv": HOLD_OUT, "search": HEAVY_UP, "social": HOLD_OUT},
}


def designed(name: str, runs: int) -> None:
    """Designs on a weekly history of 30 geos, read after a test: what the choice of geos does to size and power.

    A channel that is off loses 7.5 % of customers, one with half as much again gains them. Of cells, the sum and the
    difference of the first two are held against intervals that know what the cells share, and such that do not.
    """
    changes, began = DESIGNS[name], time.process_time()
    cells, spent = len(changes), np.ones((30, 108, len(changes)))
    rows, said, ratios, errors = [], [], [], []
    for run in range(runs):
        kpi = shared(np.random.default_rng([run, 9, sum(map(ord, name))]), 29, history=104, periods=4, week=52)
        empty = panel_of(kpi, 7)
        whole = replace(empty, channels=tuple(changes), spend=spent, media=spent, before=spent[:, 0])
        proposal = None
        if run % 10 == 0:  # placebo tests of sixty candidates take most of the time; any draw is as good a design
            proposal = propose_geo_test(whole.select(0, 104), changes, 4, seed=run)
            said.append(proposal.size)
        read = read_geo_test(whole, proposal.design if proposal else _drawn(whole, changes, run))
        off = np.array([cell.effect.customers for cell in read.cells])
        error = np.array([cell.effect.standard_error for cell in read.cells])
        ratios += [one / proposal.standard_error(place) for place, one in enumerate(error)] if proposal else []
        for cell in read.cells:
            effect, usual = np.sign(changes[cell.cell.channel].change) * EFFECT, cell.without
            moved = [end + effect * usual for end in (cell.effect.low, cell.effect.high)]  # an effect is read whole
            rows.append((cell.effect.low > 0 or cell.effect.high < 0, moved[0] > 0 or moved[1] < 0))
        if cells > 1:
            parts = parts_shared(read.correlation)
            covariance = parts[0] * parts[1] * error[0] * error[1]
            plain = error[0] ** 2 + error[1] ** 2
            held = [
                abs(off[0] + sign * off[1]) <= 1.96 * np.sqrt(plain + more)
                for sign in (1, -1)
                for more in (2 * sign * covariance, 0.0)
            ]
            errors.append((*off[:2] / error[:2], parts[0] * parts[1], *held))
    size, power = np.mean(rows, axis=0)
    count = runs * cells
    print(
        f"{name:24s} size {size:.3f} ± {np.sqrt(size * (1 - size) / count):.3f}, said {np.mean(said):.3f}; power "
        f"{power:.3f} ± {np.sqrt(power * (1 - power) / count):.3f}; standard error as read over as designed "
        f"{np.median(ratios):.2f}; {time.process_time() - began:.0f} s",
        flush=True,
    )
    if cells > 1:
        table = np.array(errors, dtype=float)
        sums, sums_alone, apart, apart_alone = table[:, 3:].mean(axis=0)
        print(
            f"  errors of the first two correlate by {np.corrcoef(table[:, :2].T)[0, 1]:.2f}, said "
            f"{table[:, 2].mean():.2f}; 95 % of their sum hold {sums:.3f} (as independent {sums_alone:.3f}), of their "
            f"difference {apart:.3f} ({apart_alone:.3f})",
            flush=True,
        )


def _drawn(panel: Panel, changes: dict[str, GeoChange], run: int) -> GeoDesign:
    """The design of a draw, as ``propose_geo_test`` takes one of its sixty."""
    shares = tuple(change.share for change in changes.values())
    cell = stratified(panel.kpi[:, :-4], shares, np.random.default_rng([run, 0]))
    names, end = np.array(panel.geos), panel.dates[-1] + pd.Timedelta(days=panel.days - 1)
    cells = tuple(
        GeoCell(name, change.change, tuple(names[cell == place]))
        for place, (name, change) in enumerate(changes.items())
    )
    return GeoDesign("drawn", cells, tuple(names[cell < 0]), f"{panel.dates[-4]:%Y-%m-%d}", f"{end:%Y-%m-%d}", run)


def geolift() -> None:
    """GeoLift's walk-through, Chicago and Portland."""
    from mmm.experiments.geo_follow import follow

    with tempfile.TemporaryDirectory() as folder:
        root = environments.unpacked("causal-marketing==0.1.0", "3.11", Path(folder))
        frame = pd.read_csv(root / "causal_marketing" / "datasets" / "geolift_test.csv")
    table = frame.pivot_table(index="location", columns="date", values="Y")
    kpi, geos = table.to_numpy(float), [str(name) for name in table.index]
    empty = np.zeros((*kpi.shape, 0))
    dates = pd.DatetimeIndex(pd.to_datetime(table.columns))
    panel = Panel(dates, 1, tuple(geos), (), (), kpi, empty, empty, empty, np.zeros((len(geos), 0)))
    tested = ("chicago", "portland")
    design = GeoDesign(
        "walk-through",
        (GeoCell("media", 1.0, tested),),
        tuple(geo for geo in geos if geo not in tested),
        "2021-04-01",
        "2021-04-15",
    )
    read = read_geo_test(panel, design)
    found = read.cells[0]
    members, controls = design.members(panel)
    follow(kpi[:, :90], members, controls, 15)
    began = time.process_time()
    follow(kpi[:, :90], members, controls, 15)
    spent = time.process_time() - began
    a_day = found.effect.customers / 30
    print(
        f"GeoLift's walk-through: {a_day:.1f} a day and geo (155.6 published, {a_day / 155.556 - 1:+.1%}), "
        f"{found.effect.customers / found.without:.1%} (5.4 %), {found.effect.customers:.0f} in all (4,667), "
        f"95 % {found.effect.low:.0f} to {found.effect.high:.0f}, p {found.p_value:.3f}, by rank "
        f"{found.rank_p_value:.3f}; differences {found.differences.customers:.0f}; {1000 * spent:.0f} ms of one core"
    )
    print("  warned:", ", ".join(one.name for one in read.findings if not one.passed) or "nothing")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--world", action="append", help="worlds, or designs, to run; all by default")
    parser.add_argument("--peers", type=int, default=0, help="runs of two libraries on the same worlds; 0 for none")
    parser.add_argument("--designs", action="store_true")
    parser.add_argument("--geolift", action="store_true")
    asked = parser.parse_args()
    if asked.geolift:
        geolift()
        return
    if asked.designs:
        for name in DESIGNS:
            if not asked.world or name in asked.world:
                designed(name, asked.runs)
        return
    for world in WORLDS:
        if asked.world and world.name not in asked.world:
            continue
        row = ours(world, asked.runs)
        numbers = "  ".join(f"{name} {row[name]:.3f}" for name in ("reach", "off", "warned"))
        shares = _shares(asked.runs, *(row[name] for name in ("size", "coverage", "power")))
        print(f"{world.name:24s} {shares}  {numbers}  {row['seconds']:.0f} s  {row['most']}", flush=True)
        if asked.peers and world.treated == 1 and world.days == 1:
            peers(world, asked.peers)


if __name__ == "__main__":
    main()
