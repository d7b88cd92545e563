"""Path models against journeys whose causes are known.

Run: python tests/benchmarks/attribution_truth.py [worlds]
Prints, for each model: the share of the incremental customers' credit that it gives to the wrong channel, the share that
it gives to brand search and affiliates (who caused nobody), and how many customers it hands out for each one caused.
"""

from __future__ import annotations

import sys

import pandas as pd

import attribution
from attribution.model import Model
from attribution.simulate import JourneyTruth, journeys

RIDERS = ["brand_search", "affiliate"]


def models() -> list[Model]:
    """The models held against the truth."""
    chains = [attribution.Markov(order=order) for order in (1, 2, 3)]
    rules = [attribution.FirstTouch(), attribution.LastTouch(), attribution.Linear(), attribution.PositionBased()]
    return [
        *rules,
        attribution.TimeDecay(),
        *chains,
        *([attribution.Shapley()] if hasattr(attribution, "Shapley") else []),
    ]


def judged(credit: attribution.Credit, truth: JourneyTruth) -> dict[str, float]:
    """How far one credit is from the truth."""
    return {
        "misallocated": truth.misallocation(credit.conversions),
        "to riders": float(credit.share.reindex(RIDERS).sum()),
        "handed out per caused": float(credit.conversions.sum() / truth.incremental.sum()),
    }


def main(worlds: int) -> None:
    """Print the mean over worlds by model."""
    rows = []
    for seed in range(worlds):
        data, truth = journeys(seed=seed)
        paths = attribution.Journeys.from_touchpoints(data.touchpoints, conversions=data.conversions)
        rows += [{"model": model.name, **judged(model(paths), truth)} for model in models()]
    print(pd.DataFrame(rows).groupby("model", sort=False).mean().map(lambda share: f"{share:.0%}").to_string())
    print(f"\nMean over {worlds} worlds; brand search and affiliates caused nobody, half of the customers came anyway.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
