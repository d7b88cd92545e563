"""How near the truth anybody can come on the worlds of mmm_truth.py.

Run: python tests/benchmarks/mmm_attainable.py [--worlds 2]

A reader who knows every channel's carryover and curve, so that only one factor a channel is unknown, the structure of
the baseline and the size of the noise, reads the same weeks with our default belief; the same reader without any
belief on the channels (least squares) stands beside. Their errors are the least that a fit that has to learn carryover
and curves as well can hope for. How far the means of two walks of the sampler are apart, in standard deviations, is printed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from mmm_truth import Case, cases, judged
from mmm_verdicts import rows_of

import mmm
from mmm.model.effects import TotalAndSplit
from mmm.simulate.weekly_world import WorldData, world

DRAWS, THIN, TUNE = 2_000, 8, 2_000


def baseline_of(data: WorldData) -> np.ndarray:
    """Level, trend, three harmonics of the year and the world's controls, weeks x columns."""
    time = pd.to_datetime(data.weekly["week"])
    angle = 2 * np.pi * (time - pd.Timestamp("2000-01-01")).dt.days.to_numpy() / 365.25
    waves = [wave(order * angle) for order in (1, 2, 3) for wave in (np.sin, np.cos)]
    columns = [np.ones(len(time)), np.linspace(-0.5, 0.5, len(time)), *waves]
    return np.column_stack([*columns, *(data.weekly[name].to_numpy(dtype=float) for name in data.controls)])


def elliptical(
    middle: np.ndarray, root: np.ndarray, log_likelihood: Callable[[np.ndarray], float], rng: np.random.Generator
) -> np.ndarray:
    """Draws, draws x channels, by elliptical slice sampling (Murray, Adams and MacKay 2010), which asks no tuning."""
    off, kept = np.zeros(len(middle)), []
    for step in range(-TUNE, DRAWS * THIN):
        ellipse = root @ rng.standard_normal(len(middle))
        least = log_likelihood(middle + off) + np.log(rng.uniform())
        angle = rng.uniform(0, 2 * np.pi)
        low, high = angle - 2 * np.pi, angle
        while log_likelihood(middle + (tried := off * np.cos(angle) + ellipse * np.sin(angle))) < least:
            low, high = (angle, high) if angle < 0 else (low, angle)
            angle = rng.uniform(low, high)
        off = tried
        if step >= 0 and step % THIN == 0:
            kept.append(middle + off)
    return np.array(kept)


def read(case: Case, rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any], float]:
    """The answers with our belief and without any, and how far two walks of the former are apart."""
    data, truth = world(case.seed, channels=case.channels, family=case.family, r2=case.r2)
    names = list(data.channels)
    effects, y = truth.effects[names].to_numpy(), data.weekly["new_customers"].to_numpy(dtype=float)
    basis, _ = np.linalg.qr(baseline_of(data))
    free = lambda columns: columns - basis @ (basis.T @ columns)  # noqa: E731
    seen, target = free(effects), free(y)
    noise = float(np.std(target - seen.sum(axis=1)))
    panel = mmm.Panel.from_frame(data.weekly, "week", "new_customers", names, controls=list(data.controls))
    priors = TotalAndSplit().resolve(panel)
    middle = np.log([prior.median for prior in priors]) + np.log(y.sum() / effects.sum(axis=0))
    covariance = np.diag([prior.sigma**2 for prior in priors]) + priors[0].level ** 2

    def log_likelihood(z: np.ndarray) -> float:
        gap = target - seen @ np.exp(z)
        return -0.5 * float(gap @ gap) / noise**2

    walks = [elliptical(middle, np.linalg.cholesky(covariance), log_likelihood, rng) for _ in range(2)]
    apart = np.abs(walks[0].mean(0) - walks[1].mean(0)) / np.concatenate(walks).std(0)
    chosen = np.exp(np.concatenate(walks))

    variance = np.linalg.inv(seen.T @ seen) * noise**2
    blind = rng.multivariate_normal(np.linalg.solve(seen.T @ seen, seen.T @ target), variance, 4000)
    spend, true = truth.spend.sum()[names], truth.contributions
    costs = pd.Series(1.0, names)

    def answer(factors: np.ndarray) -> dict[str, Any]:
        rows = rows_of(factors * true[names].to_numpy(), np.ones((3, len(names))), spend, true, costs)
        return {"rows": rows, "fit": 0.0, "R-hat": 1.0, "divergences": 0}

    return answer(chosen), answer(np.maximum(blind, 1e-9)), float(apart.max())


def main() -> None:
    """Every world, and the means over them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=2, help="of each of the twelve cells")
    rng, distances, lines = np.random.default_rng(0), [], []
    for case in cases(parser.parse_args().worlds):
        believing, blind, apart = read(case, rng)
        distances.append(apart)
        for reader, answer in (("our belief", believing), ("no belief", blind)):
            lines.append({"reader": reader, "channels": case.channels, **judged(answer)})
    table = pd.DataFrame(lines)
    shown = ["mean error", "weighted error", "log error", "total error", "coverage", "worlds under 75 %"]
    print(table.groupby("reader")[shown].mean().round(3).T.to_string())
    print(f"\n{len(distances)} worlds; two walks are at most {max(distances):.2f} standard deviations apart.")


if __name__ == "__main__":
    main()
