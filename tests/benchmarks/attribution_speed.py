"""From a raw Parquet log to all heuristics, Markov order 1 and intervals: time and memory, ours and the peer's.

Run: python tests/benchmarks/attribution_speed.py [--paths 1e6 3e6 10e6] [--peer PYTHON] [--states]

``--peer`` names a Python that has pandas, pyarrow, matplotlib and ChannelAttribution; without it an environment is made
for the occasion. The peer gets the same log, builds paths with pandas and estimates heuristics and Markov order 1; it
has no intervals. ``--states`` times the solver alone on chains of high order.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

PEAK = """
def peak():  # of this process alone; ru_maxrss would count the parent's before exec
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1e6
"""

OURS = """
import json, sys, time
began = time.perf_counter()
import attribution
folder, limit = sys.argv[1], sys.argv[2] or None
journeys = attribution.Journeys.from_touchpoints(
    f"{folder}/touches.parquet", conversions=f"{folder}/ends.parquet", engine=attribution.Engine(memory_limit=limit))
read = time.perf_counter() - began
models = [attribution.FirstTouch(), attribution.LastTouch(), attribution.LastNonDirect("channel_00"),
          attribution.Linear(), attribution.PositionBased(), attribution.TimeDecay(), attribution.Markov()]
found = {model.name: attribution.bootstrap(journeys, model) for model in models}
result = {name: part.credit.conversions.to_dict() for name, part in found.items()}
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


def run(python: str, program: str, *arguments: str) -> dict:
    """The figures a program prints."""
    done = subprocess.run(
        [python, "-W", "ignore", "-c", PEAK + program, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr else f"killed, {done.returncode}"}
    return json.loads(done.stdout.strip().splitlines()[-1])


def peer_python() -> str:
    """An environment with the peer in it."""
    folder = Path(tempfile.gettempdir()) / "cac-peer"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        wanted = ["ChannelAttribution", "pandas", "pyarrow", "matplotlib"]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
    return str(python)


def report(name: str, found: dict) -> str:
    """One line."""
    if "failed" in found:
        return f"  {name:<28} failed: {found['failed']}"
    return f"  {name:<28} {found['seconds']:7.1f} s ({found['reading']:.1f} s to paths), {found['gigabytes']:.2f} GB"


def compare(paths: int, peer: str | None) -> None:
    """Both on one log."""
    with tempfile.TemporaryDirectory() as folder:
        touches, ends = write_log(paths, Path(folder))
        print(f"{paths:,} paths, {touches:,} touches, {ends:,} conversions")
        ours = run(sys.executable, OURS, folder, "")
        print(report("ours, with intervals", ours), flush=True)
        print(report("ours, memory_limit=512MB", run(sys.executable, OURS, folder, "512MB")), flush=True)
        if peer is None:
            return
        theirs = run(peer, PEER, folder)
        print(report("pandas + ChannelAttribution", theirs))
        if "failed" not in theirs and "failed" not in ours:
            print(
                f"  ratio {theirs['seconds'] / ours['seconds']:.1f}x in time, {theirs['gigabytes'] / ours['gigabytes']:.1f}x in memory"
            )
            last = theirs["credit"]["rules"]["last_touch_conversions"]
            worst = max(abs(last[name] - value) for name, value in ours["credit"]["LastTouch"].items())
            print(f"  last touch differs by at most {worst:.1e} conversions")


def states() -> None:
    """The solver alone, after counting."""
    import numpy as np
    import pandas as pd

    import attribution

    rng = np.random.default_rng(0)
    for channels, order, rows in ((20, 4, 100_000), (500, 2, 200_000)):
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
        found = len(set(tally.items["state"]))
        print(f"{channels} channels, order {order}: {found:,} states solved in {time.perf_counter() - began:.2f} s")


def main() -> None:
    """Read the command line and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paths", type=float, nargs="*", default=[1e6, 3e6, 10e6])
    parser.add_argument("--peer", default="")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--states", action="store_true")
    chosen = parser.parse_args()
    if chosen.states:
        states()
        return
    peer = None if chosen.no_peer else chosen.peer or peer_python()
    for paths in chosen.paths:
        compare(int(paths), peer)


if __name__ == "__main__":
    main()
