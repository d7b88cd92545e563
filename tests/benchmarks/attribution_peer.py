"""ChannelAttribution in an environment of its own: how benchmarks find it and what they ask of it.

Every program prints one line of JSON, its answer, last; the package prints lines of its own before.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import tempfile
import venv
from pathlib import Path

PACKAGES = ["ChannelAttribution", "pandas", "pyarrow", "matplotlib"]

PEAK = """
def peak():  # gigabytes of this process alone; ru_maxrss would count the parent's before exec
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1e6
"""

WHERE = """
import importlib.util, json, pathlib
path = pathlib.Path(importlib.util.find_spec("cypack").origin).parent / "data" / "Data.csv"
print(json.dumps({"path": str(path)}))
"""

MODELS = """
import json, sys
import pandas as pd
import ChannelAttribution
source, names, asked = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
data = pd.read_csv(source, sep=";")
rules = ChannelAttribution.heuristic_models(data, names["path"], names["won"], var_value=names["value"], flg_pro=False)
answer = {"rules": rules.set_index(rules.columns[0]).to_dict(), "chains": []}
for options in asked:
    found = ChannelAttribution.markov_model(
        data, names["path"], names["won"], var_value=names["value"], flg_pro=False, verbose=False, **options)
    found = found["result"] if isinstance(found, dict) else found
    answer["chains"].append(found.set_index(found.columns[0]).set_axis(["conversions", "value"], axis=1).to_dict())
print(json.dumps(answer))
"""


def run(python: str, program: str, *arguments: str) -> dict:
    """The answer of a program with the ``cpu`` seconds it took, or what stopped it under ``failed``."""
    command = [python, "-W", "ignore", "-c", PEAK + program, *arguments]
    before = _cpu()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr else f"killed, {done.returncode}"}
    return {"cpu": _cpu() - before, **json.loads(done.stdout.strip().splitlines()[-1])}


def models(python: str, source: str | Path, names: dict[str, str], asked: list[dict]) -> dict:
    """The peer's heuristics, and one Markov model per set of options asked for, on a table of paths."""
    answer = run(python, MODELS, str(source), json.dumps(names), json.dumps(asked))
    if "failed" in answer:
        raise SystemExit(f"ChannelAttribution failed: {answer['failed']}")
    return answer


def sample(python: str) -> str:
    """Path of the table of 10,000 paths that the package carries."""
    return run(python, WHERE)["path"]


def options(parser: argparse.ArgumentParser) -> None:
    """The options by which a benchmark finds its peer."""
    parser.add_argument("--peer", default="", help="a Python that has ChannelAttribution; without it one is made")
    parser.add_argument("--no-peer", action="store_true")


def chosen(arguments: argparse.Namespace) -> str | None:
    """The peer's Python, or None where none is wanted."""
    return None if arguments.no_peer else arguments.peer or made()


def made() -> str:
    """An environment with the peer in it; made once and used again."""
    folder = Path(tempfile.gettempdir()) / "cac-peer"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    imports = [str(python), "-c", "import ChannelAttribution, pandas, pyarrow"]
    if subprocess.run(imports, capture_output=True, check=False).returncode:
        print("Installing ChannelAttribution beside; where it must be compiled, this takes minutes.", flush=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return str(python)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
