"""From a raw Parquet log to all heuristics, Markov order 1 and intervals: time and memory, ours and the peer's.

Run: python tests/benchmarks/attribution_speed.py [--paths 1e6 3e6 10e6 30e6] [--peer PYTHON | --no-peer] [--states]

The peer, ChannelAttribution, gets the same log, builds paths with pandas and estimates its three heuristics and Markov
order 1; it has no intervals. It is asked up to ``--peer-up-to`` paths, ten million by default, where it takes 9 GB.
``--states`` times the solver alone on chains of high order. Exit code 1 where the credit differs or a limit is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import attribution_peer as peer
import environments
import pandas as pd

COLUMNS = ["paths", "ours s", "ours GB", "us per path", "512MB s", "512MB GB", "peer s", "peer GB", "ratio", "differs"]
RATIO, GIGABYTES, AT, EXPONENT = 12.0, 3.0, 10_000_000, 1.15

PEAK = """
def peak():  # gigabytes of this process alone; ru_maxrss would count the parent's before exec
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1e6
"""

OURS = """
import json, sys, time
began = time.perf_counter()
import attribution
folder, limit = sys.argv[1], sys.argv[2] or None
engine = attribution.Engine(memory_limit=limit, spill=folder + "/spill")
journeys = attribution.Journeys.from_touchpoints(
    f"{folder}/touches.parquet", conversions=f"{folder}/ends.parquet", engine=engine)
read = time.perf_counter() - began
models = [attribution.FirstTouch(), attribution.LastTouch(), attribution.LastNonDirect("channel_00"),
          attribution.Linear(), attribution.PositionBased(), attribution.TimeDecay(), attribution.Markov()]
found = {model.name: attribution.bootstrap(journeys, model) for model in models}
result = {name: part.conversions.to_dict() for name, part in found.items()}
print(json.dumps({"seconds": time.perf_counter() - began, "reading": read, "credit": result,
                  "gigabytes": peak()}))
"""

PEER = """
import json, sys, time
began = time.perf_counter()
import pandas as pd
import ChannelAttribution
folder = sys.argv[1]
touches, ends = pd.read_parquet(f"{folder}/touches.parquet"), pd.read_parquet(f"{folder}/ends.parquet")
events = pd.concat([touches.assign(won=0, value=0.0), ends.assign(won=1, channel="")], ignore_index=True)
del touches
events = events.sort_values(["user", "time", "won"], ignore_index=True)
import numpy as np
new = (events["user"] != events["user"].shift()) | (events["won"].shift() == 1)
first = np.flatnonzero(new.to_numpy())
stop = np.append(first[1:], len(events))
won = events["won"].to_numpy()[stop - 1]
value = events["value"].to_numpy()[stop - 1]
channel = events["channel"].to_numpy(dtype=object)
paths = [" > ".join(channel[a:b]) for a, b in zip(first, stop - won)]
table = pd.DataFrame({"path": paths, "won": won, "lost": 1 - won, "value": value})
table = table[table["path"] != ""]
data = table.groupby("path", as_index=False)[["won", "lost", "value"]].sum()
read = time.perf_counter() - began
rules = ChannelAttribution.heuristic_models(data, "path", "won", var_value="value", flg_pro=False)
chain = ChannelAttribution.markov_model(data, "path", "won", var_value="value", var_null="lost", flg_pro=False,
                                        verbose=False)
chain = chain["result"] if isinstance(chain, dict) else chain
print(json.dumps({"seconds": time.perf_counter() - began, "reading": read,
                  "credit": {"rules": rules.set_index(rules.columns[0]).to_dict(),
                             "chain": chain.set_index(chain.columns[0]).iloc[:, 0].to_dict()},
                  "gigabytes": peak()}))
"""


def write_log(paths: int, folder: Path) -> tuple[int, int]:
    """A log of so many users, one journey each: 12 channels, geometric length of mean 4, 5 % converting, rows shuffled."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"""
            CREATE TABLE users AS SELECT i AS id, hash(i * 31 + 7) % 10000 < 500 AS wins,
                (hash(i * 17 + 3) % (300 * 86400))::BIGINT AS start,
                least(200, 1 + floor(ln(1 - (hash(i * 13 + 5) % 1000003) / 1000003.0) / ln(0.75)))::INT AS length
            FROM range({paths}) AS t(i)""")
        moment = "timestamp '2024-01-01' + to_seconds((start + {step} * 3600 + {jitter}))"
        touch = moment.format(step="step", jitter="(hash(id * 101 + step) % 3600)::BIGINT")
        connection.execute(f"""
            COPY (SELECT 'u' || id AS "user", {touch} AS time,
                         'channel_' || lpad(floor((hash(id * 1009 + step * 37) % 144) ** 0.5)::INT::VARCHAR, 2, '0') AS channel
                  FROM (SELECT id, start, unnest(range(length)) AS step FROM users) ORDER BY hash(id * 3 + step))
            TO '{folder}/touches.parquet'""")
        connection.execute(f"""
            COPY (SELECT 'u' || id AS "user", {moment.format(step="length", jitter="60")} AS time,
                         round(20 + hash(id * 77) % 10000 / 100.0, 2) AS value FROM users WHERE wins)
            TO '{folder}/ends.parquet'""")
        counts = [
            connection.execute(f"SELECT count(*) FROM '{folder}/{name}.parquet'").fetchone()
            for name in ("touches", "ends")
        ]
    return counts[0][0], counts[1][0]


def line(name: str, found: dict) -> str:
    """One run as text."""
    if "failed" in found:
        return f"  {name:<28} failed: {found['failed']}"
    return (
        f"  {name:<28} {found['seconds']:7.1f} s ({found['reading']:.1f} s to paths), {found['cpu']:.1f} s of processor, "
        f"{found['gigabytes']:.2f} GB"
    )


def differs(ours: dict, other: dict[str, dict[str, float]]) -> float:
    """Largest difference of credited conversions, over the total."""
    credit = ours["credit"]
    return max(
        abs(other[name].get(channel, 0.0) - value) / sum(credit[name].values())
        for name in other
        for channel, value in credit[name].items()
    )


def compare(paths: int, python: str | None) -> dict:
    """One row of the closing table: all on one log."""
    with tempfile.TemporaryDirectory() as folder:
        touches, ends = write_log(paths, Path(folder))
        print(f"{paths:,} paths, {touches:,} touches, {ends:,} conversions", flush=True)
        ours = environments.run(sys.executable, PEAK + OURS, folder, "")
        print(line("ours, with intervals", ours), flush=True)
        tight = environments.run(sys.executable, PEAK + OURS, folder, "512MB")
        print(line("ours, memory_limit=512MB", tight), flush=True)
        theirs = environments.run(python, PEAK + PEER, folder) if python else {}
        if theirs:
            print(line("pandas + ChannelAttribution", theirs), flush=True)
    row: dict = {"paths": paths}
    for name, found in (("ours", ours), ("512MB", tight), ("peer", theirs)):
        row |= {f"{name} s": found.get("seconds"), f"{name} GB": found.get("gigabytes")}
    if "seconds" in ours:
        row["us per path"] = ours["seconds"] / paths * 1e6
    if "seconds" in ours and "seconds" in theirs:
        row["ratio"] = theirs["seconds"] / ours["seconds"]
        rules = theirs["credit"]["rules"]
        shared = {"FirstTouch": "first_touch", "LastTouch": "last_touch", "Linear": "linear_touch"}
        row["differs"] = differs(ours, {name: rules[f"{key}_conversions"] for name, key in shared.items()})
    if "seconds" in ours and "seconds" in tight:
        row["differs"] = max(row.get("differs", 0.0), differs(ours, tight["credit"]))
    return row


def judged(table: pd.DataFrame) -> bool:
    """Print the verdicts on the closing table; whether all hold."""
    import numpy as np

    came = table[["ours s", "512MB s"]].notna().all(axis=None)
    verdicts = {
        "every run of ours came through, memory_limit=512MB included": came,
        "credit equal to the peer's heuristics, and with and without a memory limit, to 1e-12": (
            table["differs"].fillna(0.0) <= 1e-12
        ).all(),
    }
    full = table[table["paths"] == AT]
    if len(full):
        verdicts[f"under {GIGABYTES:.0f} GB at {AT:,} paths"] = (full["ours GB"] < GIGABYTES).all()
    if full["ratio"].notna().any():
        verdicts[f"at least {RATIO:.0f} times as fast as the peer at {AT:,} paths"] = (full["ratio"] >= RATIO).all()
    grown = table[(table["paths"] >= 3_000_000) & table["ours s"].notna()]
    if len(grown) > 1:
        exponent = np.polyfit(np.log(grown["paths"]), np.log(grown["ours s"]), 1)[0]
        verdicts[f"seconds grow as paths to the {exponent:.2f} from 3 million on, at most {EXPONENT}"] = (
            exponent <= EXPONENT
        )
    for text, holds in verdicts.items():
        print(f"{'holds' if holds else 'FAILS'}: {text}")
    return all(verdicts.values())


def states() -> bool:
    """The solver alone, after counting; whether it keeps its limits."""
    import time

    import numpy as np

    import attribution

    rng, verdicts = np.random.default_rng(0), []
    for channels, order, rows, limit in ((20, 4, 100_000, 1.0), (500, 2, 200_000, 20.0)):
        names = np.array([f"c{i}" for i in range(channels)])
        weight = rng.dirichlet(np.full(channels, 0.7))
        lengths = rng.geometric(0.25, rows)
        drawn = np.split(names[rng.choice(channels, lengths.sum(), p=weight)], np.cumsum(lengths)[:-1])
        won = rng.random(rows) < 0.05
        frame = pd.DataFrame(
            {"path": [">".join(path) for path in drawn], "conversions": won * 1.0, "nulls": ~won * 1.0}
        )
        journeys = attribution.Journeys.from_paths(frame, nulls="nulls")
        model = attribution.Markov(order)
        tally = model.tally(journeys)
        began = time.perf_counter()
        model.solve(tally.items, tally.total(), channels)
        seconds = time.perf_counter() - began
        verdicts.append(seconds <= limit)
        found = len(set(tally.items["state"]))
        print(
            f"{'holds' if verdicts[-1] else 'FAILS'}: {channels} channels, order {order}, {found:,} states "
            f"solved in {seconds:.2f} s, at most {limit:.0f} s"
        )
    return all(verdicts)


def main() -> int:
    """Read the command line, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paths", type=float, nargs="*", default=[1e6, 3e6, 10e6, 30e6])
    parser.add_argument("--peer-up-to", type=float, default=10e6)
    parser.add_argument("--states", action="store_true")
    peer.options(parser)
    arguments = parser.parse_args()
    if arguments.states:
        return 0 if states() else 1
    python = peer.chosen(arguments)
    rows = [compare(int(paths), python if paths <= arguments.peer_up_to else None) for paths in arguments.paths]
    table = pd.DataFrame(rows, columns=COLUMNS)
    print(f"\n{table.to_string(index=False, float_format=lambda x: format(x, '.3g'), na_rep='-')}\n")
    return 0 if judged(table) else 1


if __name__ == "__main__":
    sys.exit(main())
