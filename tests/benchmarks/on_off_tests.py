"""On/off tests on companies whose truth is known: size, coverage and power; and tests of rates that are looked at daily.

    python tests/benchmarks/on_off_tests.py --runs 500

A company has 26 weeks of test after two years of past, a trend, a season, AR(1) errors and a second channel. The test
switches television off in half of its blocks, drawn by lot. Printed by cell: the share of tests without effect that
come out significant at 5 %, the share of 95 % intervals that hold the true customers (by the draw of the schedule, and
by Newey and West beside it), and the share of true effects that are shown, beside what the design said of it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import pandas as pd

import mmm
from mmm.experiments.conversion_rates import mixture
from mmm.experiments.on_off_design import OnOffDesign
from mmm.experiments.on_off_power import History, outlook
from mmm.experiments.on_off_readout import OnOffReadout, read_on_off
from mmm.experiments.schedules import drawn, exposure

PAST, SPREAD, EFFECT = 104, 50.0, -60.0
START = pd.Timestamp("2023-01-02")


@dataclass(frozen=True)
class Cell:
    """A kind of company and test: autocorrelation, block in weeks, blocks, and retention true and assumed."""

    name: str
    errors: float
    block: int
    blocks: int
    true: float = 0.5
    assumed: float = 0.5
    jump: float = 0.0


CELLS = (
    Cell("independent errors", 0.0, 2, 12),
    Cell("AR(1) 0.5", 0.5, 2, 12),
    Cell("AR(1) 0.5, blocks of a week", 0.5, 1, 24),
    Cell("AR(1) 0.5, blocks of three weeks", 0.5, 3, 8),
    Cell("AR(1) 0.8", 0.8, 2, 12),
    Cell("AR(1) 0.5, level jumps in the test", 0.5, 2, 12, jump=100.0),
    Cell("AR(1) 0.5, carryover shorter than assumed", 0.5, 2, 12, true=0.2),
    Cell("AR(1) 0.5, carryover longer than assumed", 0.5, 2, 12, true=0.8),
)


def weights(retention: float) -> np.ndarray:
    """Lag weights of a geometric carryover."""
    values = retention ** np.arange(26)
    return np.asarray(values / values.sum())


def errors(rng: np.random.Generator, periods: int, retention: float) -> np.ndarray:
    """First-order errors of the spread."""
    steps = rng.normal(size=periods + 60)
    series = np.zeros_like(steps)
    for row in range(1, len(steps)):
        series[row] = retention * series[row - 1] + steps[row] * np.sqrt(1 - retention**2)
    return SPREAD * series[60:]


def company(rng: np.random.Generator, cell: Cell, design: OnOffDesign, effect: float) -> tuple[mmm.Panel, float]:
    """A company with its test, and the customers that the test truly moved in the weeks that are read."""
    periods = PAST + design.periods + design.after
    off = np.zeros(periods)
    off[PAST : PAST + design.periods] = np.repeat(design.schedule, design.block)
    felt = effect * exposure(off[None], weights(cell.true), 0, 0)[0]
    weeks = np.arange(periods)
    season = 150 * np.sin(2 * np.pi * weeks / 52.18 + rng.uniform(0, 2 * np.pi))
    search = 5e3 * rng.gamma(5, 0.2, periods)
    kpi = 1000 + season + 0.5 * weeks + 0.01 * search + errors(rng, periods, cell.errors) + felt
    kpi += cell.jump * (weeks > PAST + design.periods // 3)
    frame = pd.DataFrame(
        {
            "week": pd.date_range(START, periods=periods, freq="7D"),
            "kpi": kpi,
            "tv": 1e4 * (1 - off) * rng.uniform(0.9, 1.1, periods),
            "search": search,
        }
    )
    return mmm.Panel.from_frame(frame, "week", "kpi", ["tv", "search"]), float(felt[PAST:].sum())


def design_of(cell: Cell, seed: int) -> OnOffDesign:
    """A test of the cell, its schedule drawn by the seed."""
    start = f"{START + pd.Timedelta(weeks=PAST):%Y-%m-%d}"
    assumed = tuple(float(weight) for weight in weights(cell.assumed))
    return OnOffDesign("tv", start, 7, cell.block, drawn(cell.blocks, seed), 2, -1.0, seed, assumed, 0.0)


def said(cell: Cell) -> float:
    """Power that the design states, of a past with such errors."""
    past = History(errors(np.random.default_rng(0), 500, cell.errors), 7, START)
    carried = np.repeat(weights(cell.assumed)[:, None], 25, axis=1)
    return outlook(design_of(cell, 0), past, carried, EFFECT).power


def covered(readout: OnOffReadout, truth: float) -> tuple[bool, bool]:
    """Whether the interval by the draw, and that by Newey and West, hold the truth."""
    by_hac = abs(readout.customers_gained - truth) <= 1.96 * readout.hac_error
    return readout.low <= truth <= readout.high, by_hac


def on_off(runs: int) -> None:
    """Print the cells."""
    print(f"{'cell':44} {'size':>6} {'holds':>6} {'HAC':>6} {'shown':>6} {'said':>6} {'bias':>6}")
    model, right = mmm.Model(), []
    for cell in CELLS:
        found = []
        for seed in range(runs):
            rng, design = np.random.default_rng([seed, 1]), design_of(cell, seed)
            nothing = read_on_off(design, company(rng, cell, design, 0.0)[0], model)
            panel, truth = company(rng, cell, design, EFFECT)
            something = read_on_off(design, panel, model)
            off = something.customers_gained / truth - 1
            found.append((nothing.p_value <= 0.05, *covered(something, truth), something.p_value <= 0.05, off))
        right += found if cell.true == cell.assumed else []
        size, holds, hac, shown, bias = np.mean(np.array(found, dtype=float), axis=0)
        print(
            f"{cell.name:44} {size:6.3f} {holds:6.3f} {hac:6.3f} {shown:6.2f} {said(cell):6.2f} {bias:+6.2f}",
            flush=True,
        )
    size, holds, hac, *_ = np.mean(np.array(right, dtype=float), axis=0)
    print(f"{'all with the carryover assumed':44} {size:6.3f} {holds:6.3f} {hac:6.3f}", flush=True)


def rates(runs: int) -> None:
    """Print how often tests of equal rates, looked at after every hundredth of their visitors, show something."""
    rng, visitors = np.random.default_rng(0), 400 * np.arange(1, 101)
    always = once = 0
    for _ in range(runs):
        counts = np.cumsum(rng.binomial(400, 0.05, (2, 100)), axis=1)
        shares = counts / visitors
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.abs(np.log(shares[0] / shares[1])) / np.sqrt(((1 - shares) / counts).sum(axis=0))
        boundary = np.array([mixture(2 * seen / 80_000, 0.05)[0] for seen in visitors])
        enough = counts.min(axis=0) >= 30
        always += bool((z > boundary)[enough].any())
        once += bool((z > 1.96)[enough].any())
    print(
        f"equal rates, 100 looks: something shown in {always / runs:.3f} at any time, {once / runs:.3f} by 5 % each time"
    )


def main() -> None:
    """Print all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=500)
    runs = parser.parse_args().runs
    on_off(runs)
    rates(4 * runs)


if __name__ == "__main__":
    main()
