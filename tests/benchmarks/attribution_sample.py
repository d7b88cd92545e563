"""ChannelAttribution's own sample of 10,000 paths: heuristics, Markov of orders 1 to 3, and the peer's noise.

Run: python tests/benchmarks/attribution_sample.py [--peer PYTHON] [--seeds 40]

The sample comes with the peer's package. Held against each other, each with its verdict:

- heuristics: ours and the peer's, largest difference of a channel over the total of conversions or value;
- exact: our Markov credit and that of a chain built here from tuples of names and solved once per removed channel,
  largest difference of a channel over the total;
- noise: the peer simulates; its estimate over many seeds has a mean and a standard error. The exact credit must lie so
  close to that mean, for every channel, order and measure, that chance alone would part them anywhere once in 100
  tables (Student's t, Bonferroni). Beside it, how far the peer's single answers lie from the exact one.

Exit code 1 when a verdict fails.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from itertools import pairwise

import attribution_peer as peer
import numpy as np
import pandas as pd
from scipy import stats

import attribution

NAMES = {"path": "path", "won": "total_conversions", "value": "total_conversion_value"}
MEASURES = {"conversions": "total_conversions", "value": "total_conversion_value"}
RULES = {"first_touch": attribution.FirstTouch, "last_touch": attribution.LastTouch, "linear_touch": attribution.Linear}
ORDERS = (1, 2, 3)
APART = 1_000  # the peer's folds take the seeds that follow the one given
FALSE_ALARM = 0.01


def solved(table: pd.DataFrame, order: int) -> pd.DataFrame:
    """Credit by the definition: what the chain earns without each channel, one dense solve each."""
    flow, start, through = (defaultdict(float) for _ in range(3))
    earned = defaultdict(lambda: np.zeros(2))
    for row in table.itertuples(index=False):
        path = [name.strip() for name in row.path.split(">")]
        states = [tuple(path[max(0, i - order + 1) : i + 1]) for i in range(len(path))]
        weight = row.total_conversions + row.total_null
        start[states[0]] += weight
        for state in states:
            through[state] += weight
        for pair in pairwise(states):
            flow[pair] += weight
        earned[states[-1]] += row.total_conversions, row.total_conversion_value

    def brought(without: str | None) -> np.ndarray:
        states = [state for state in through if without not in state]
        place = {state: i for i, state in enumerate(states)}
        system = np.eye(len(states))
        for (before, after), weight in flow.items():
            if before in place and after in place:
                system[place[before], place[after]] -= weight / through[before]
        ends = np.array([earned[state] / through[state] for state in states])
        return np.array([start[state] for state in states]) @ np.linalg.solve(system, ends)

    channels = sorted({channel for state in through for channel in state})
    whole = brought(None)
    lost = np.array([1 - brought(channel) / whole for channel in channels])
    return pd.DataFrame(lost / lost.sum(axis=0) * whole, index=channels, columns=list(MEASURES))


def apart(ours: pd.Series, other: pd.Series) -> float:
    """Largest difference of a channel, over the total."""
    return float((ours - other.reindex(ours.index)).abs().max() / ours.sum())


def heuristics(journeys: attribution.Journeys, found: dict[str, dict[str, float]]) -> list[dict]:
    """Rows of the table on rules of thumb."""
    rows = []
    for name, model in RULES.items():
        credit = model()(journeys)
        for measure in MEASURES:
            differs = apart(getattr(credit, measure), pd.Series(found[f"{name}_{measure}"]))
            rows.append({"what": f"{credit.model}, {measure}", "differs by": differs, "limit": 1e-12})
    return rows


def chains(journeys: attribution.Journeys, table: pd.DataFrame) -> list[dict]:
    """Rows of the table on exact solves."""
    rows = []
    for order in ORDERS:
        credit, exact = attribution.Markov(order)(journeys), solved(table, order)
        for measure in MEASURES:
            differs = apart(getattr(credit, measure), exact[measure])
            rows.append({"what": f"{credit.model}, {measure}", "differs by": differs, "limit": 1e-10})
    return rows


def noise(journeys: attribution.Journeys, found: list[dict], seeds: int) -> list[dict]:
    """Rows of the table on the peer's simulations."""
    judgements = len(ORDERS) * len(MEASURES) * len(journeys.channels)
    limit = float(stats.t.isf(FALSE_ALARM / 2 / judgements, seeds - 1))
    rows = []
    for place, order in enumerate(ORDERS):
        credit = attribution.Markov(order)(journeys)
        for measure in MEASURES:
            exact = getattr(credit, measure)
            runs = pd.DataFrame([one[measure] for one in found[place * seeds : (place + 1) * seeds]])[exact.index]
            error = runs.std() / np.sqrt(seeds)
            large = exact > exact.sum() / 100
            single = ((runs - exact) / exact).abs()
            rows.append(
                {
                    "what": f"{credit.model}, {measure}",
                    "differs by": float(((runs.mean() - exact).abs() / error).max()),
                    "limit": limit,
                    "mean, large": percent(((runs.mean() - exact) / exact).abs()[large].max()),
                    "one run, large": percent(single.loc[:, large].max(axis=None)),
                    "one run, small": percent(single.loc[:, ~large].max(axis=None)),
                }
            )
    return rows


def percent(number: float) -> str:
    """A share as text."""
    return f"{number:.1%}"


def judged(title: str, rows: list[dict], form: str) -> bool:
    """Print a table with its verdicts; whether all of them hold."""
    table = pd.DataFrame(rows)
    holds = table["differs by"] <= table["limit"]
    table["verdict"] = np.where(holds, "holds", "FAILS")
    for column in ("differs by", "limit"):
        table[column] = table[column].map(lambda number: format(number, form))
    print(f"\n{title}\n{table.to_string(index=False)}")
    return bool(holds.all())


def main() -> int:
    """Read the command line, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=40)
    peer.options(parser)
    arguments = parser.parse_args()
    python = peer.chosen(arguments)
    if python is None:
        raise SystemExit("the sample comes with the peer; leave out --no-peer.")
    source = peer.sample(python)
    table = pd.read_csv(source, sep=";")
    journeys = attribution.Journeys.from_paths(
        table, path=NAMES["path"], conversions=NAMES["won"], value=NAMES["value"], nulls="total_null"
    )
    asked = [{"order": k, "var_null": "total_null", "seed": APART * s} for k in ORDERS for s in range(arguments.seeds)]
    found = peer.models(python, source, NAMES, asked)
    print(f"{len(table):,} rows: {journeys}")
    verdicts = [
        judged(
            "Heuristics, ours and the peer's: difference over the total", heuristics(journeys, found["rules"]), ".1e"
        ),
        judged("Markov, ours and an independent solve: difference over the total", chains(journeys, table), ".1e"),
        judged(
            f"Markov, exact and the peer's simulations over {arguments.seeds} seeds, in standard errors of their mean;\n"
            "beside it how far their mean and single answers lie off, for channels above and below 1 % of the total",
            noise(journeys, found["chains"], arguments.seeds),
            ".1f",
        ),
    ]
    print(f"\n{'All verdicts hold.' if all(verdicts) else 'A verdict FAILS.'}")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
