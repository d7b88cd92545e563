"""ChannelAttribution: how benchmarks find it and what they ask of it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import environments

PACKAGES = ["ChannelAttribution", "pandas", "pyarrow", "matplotlib"]
IMPORTS = "import ChannelAttribution, pandas, pyarrow"

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


def models(python: str, source: str | Path, names: dict[str, str], asked: list[dict]) -> dict:
    """The peer's heuristics, and one Markov model per set of options asked for, on a table of paths."""
    answer = environments.run(python, MODELS, str(source), json.dumps(names), json.dumps(asked))
    if "failed" in answer:
        raise SystemExit(f"ChannelAttribution failed: {answer['failed']}")
    return answer


def sample(python: str) -> str:
    """Path of the table of 10,000 paths that the package carries."""
    return environments.run(python, WHERE)["path"]


def options(parser: argparse.ArgumentParser) -> None:
    """The options by which a benchmark finds its peer."""
    parser.add_argument("--peer", default="", help="a Python that has ChannelAttribution; without it one is made")
    parser.add_argument("--no-peer", action="store_true")


def chosen(arguments: argparse.Namespace) -> str | None:
    """The peer's Python, or None where none is wanted; an environment is made where none is named."""
    if arguments.no_peer:
        return None
    return arguments.peer or environments.made("peer", PACKAGES, IMPORTS)
