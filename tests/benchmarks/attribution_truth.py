"""Path models, ours and the peer's, against journeys whose causes are known.

Run: python tests/benchmarks/attribution_truth.py [worlds] [--peer PYTHON | --no-peer]

Prints, for each model: the share of the incremental customers' credit that it gives to the wrong channel, the share that
it gives to brand search and affiliates (who caused nobody), and how many customers it hands out for each one caused.
The peer is ChannelAttribution; it is given the very paths that our models see, so that only the models differ.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import attribution_peer as peer
import pandas as pd

import attribution
from attribution.models.model import Model
from attribution.simulate.journey_log import JourneyTruth, journeys

RIDERS = ["brand_search", "affiliate"]
NAMES = {"path": "path", "won": "conversions", "value": "value"}
RULES = {"first touch": "first_touch", "last touch": "last_touch", "linear": "linear_touch"}
CHAINS = {
    "Markov order 1": {"order": 1, "var_null": "nulls"},
    "Markov order 2": {"order": 2, "var_null": "nulls"},
    "Markov order 3": {"order": 3, "var_null": "nulls"},
    "Markov order 1, its default: no null paths": {"order": 1},
}


def models() -> list[Model]:
    """Our models held against the truth."""
    return [
        attribution.FirstTouch(),
        attribution.LastTouch(),
        attribution.Linear(),
        attribution.PositionBased(),
        attribution.TimeDecay(),
        *[attribution.Markov(order=order) for order in (1, 2, 3)],
        attribution.Shapley(),
        attribution.OrderedShapley(),
        attribution.ShapleyRate(),
    ]


def judged(credit: pd.Series, truth: JourneyTruth) -> dict[str, float]:
    """How far one credit is from the truth."""
    return {
        "misallocated": truth.misallocation(credit),
        "to riders": float(credit.reindex(RIDERS).sum() / credit.sum()),
        "handed out per caused": float(credit.sum() / truth.incremental.sum()),
    }


def path_table(paths: attribution.Journeys) -> pd.DataFrame:
    """Paths as ChannelAttribution takes them: one row per distinct path."""
    touches = paths.to_frame().sort_values(["part", "step"])
    touches["name"] = pd.Categorical.from_codes(touches["channel"], list(paths.channels)).astype(str)
    grouped = touches.groupby("part")
    sums = grouped[["conversions", "nulls", "value"]].first()
    table = sums.assign(path=grouped["name"].agg(" > ".join)).groupby("path", as_index=False).sum()
    return table.astype({"conversions": "int64", "nulls": "int64"})


def peers(python: str, paths: attribution.Journeys) -> dict[str, pd.Series]:
    """The peer's credit of the same paths."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "paths.csv"
        path_table(paths).to_csv(source, sep=";", index=False)
        found = peer.models(python, source, NAMES, list(CHAINS.values()))
    rules = {name: pd.Series(found["rules"][f"{key}_conversions"]) for name, key in RULES.items()}
    chains = {name: pd.Series(one["conversions"]) for name, one in zip(CHAINS, found["chains"], strict=True)}
    return rules | chains


def main() -> None:
    """Print the mean over worlds by model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("worlds", type=int, nargs="?", default=5)
    peer.options(parser)
    arguments = parser.parse_args()
    python = peer.chosen(arguments)
    rows = []
    for seed in range(arguments.worlds):
        data, truth = journeys(seed=seed)
        paths = attribution.Journeys.from_touchpoints(data.touchpoints, conversions=data.conversions)
        found = {("ours", model.name): model(paths).conversions for model in models()}
        if python is not None:
            found |= {("ChannelAttribution", name): credit for name, credit in peers(python, paths).items()}
        rows += [{"by": by, "model": name, **judged(credit, truth)} for (by, name), credit in found.items()]
    table = pd.DataFrame(rows).groupby(["by", "model"], sort=False).mean()
    print(table.map(lambda share: f"{share:.1%}").to_string())
    print(
        f"\nMean over {arguments.worlds} worlds; brand search and affiliates caused nobody, half of the customers came anyway.\n"
        "No touch is direct here, so last non-direct, which wants one, would be last touch. Negative credit can misallocate more than 100 %."
    )


if __name__ == "__main__":
    main()
