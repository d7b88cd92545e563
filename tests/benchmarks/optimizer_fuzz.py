"""Thousands of random plans, each held against a grid of its own; prints every plan on which the two differ.

Run: python tests/benchmarks/optimizer_fuzz.py [--plans 5000] [--first 100000] [--flights 100]
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "optimizer"))
import flight_fuzz
import plan_fuzz


def faults(seeds: Iterable[int], verdict: Callable[[int], str]) -> int:
    """Ask for each seed; print the faults and how often each answer came; the number of faults."""
    counts: Counter[str] = Counter()
    for seed in seeds:
        try:
            said = verdict(seed)
        except Exception as error:
            said = f"FAULT {type(error).__name__}: {error}"
        if said.startswith("FAULT"):
            print(seed, said, flush=True)
        counts[said.split(":")[0] if not said.startswith("FAULT") else "FAULT"] += 1
    print(dict(counts))
    return counts["FAULT"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plans", type=int, default=5000)
    parser.add_argument("--flights", type=int, default=100)
    parser.add_argument("--first", type=int, default=100_000)
    asked = parser.parse_args()
    wrong = faults(range(asked.first, asked.first + asked.plans), lambda seed: plan_fuzz.verdict(plan_fuzz.case(seed)))
    wrong += faults(range(asked.first, asked.first + asked.flights), flight_fuzz.verdict)
    sys.exit(bool(wrong))
