"""Worlds of graphsimulacrum: agents who see advertising, remember it and buy; no adstock and no curve anywhere.

``graphsimulacrum`` (PyPI, MIT) runs in an environment of its own. Its wheel carries the machine and no world, so the
two worlds are written here after the two it publishes: TV and search bought freely, with the demand's cycle as a control;
and TV bought with the cycle, which nobody sees; besides, one whose people forget slowly. Mechanisms are the package's
own: contacts are Poisson, memory leaks, a purchase is a logit of memories, price and demand. The truth is its ledger's:
the same draws without the channel.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import environments
import pandas as pd
from mmm_verdicts import World

PACKAGE = ("graphsimulacrum", ["graphsimulacrum==0.1.0"], "import graphsimulacrum", (3, 11))
KINDS = {  # how far TV follows the cycle, whether the table shows it, what TV's memory loses a day, what memory does
    "agents": (0.0, True, 0.15, 0.35),
    "agents, TV follows demand": (0.7, False, 0.15, 0.35),
    "agents, slow to forget": (0.0, True, 0.03, 0.1),
}

PROGRAM = """
import json, sys
import datetime
import numpy as np, polars as pl
import graphsimulacrum as gs
folder, seed, (follows, shown, decay, strength) = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
weeks, agents = 130, 10_000
days, rng = 7 * weeks, np.random.default_rng([seed, 5])
cycle = np.sin(2 * np.pi * (np.arange(days) + rng.uniform(0, 150)) / 150)

def plan(base, on):
    level = np.exp(rng.normal(0, 0.35, weeks)) * (np.convolve(rng.random(weeks + 2), np.ones(3) / 3, "valid") < on)
    return base * np.repeat(level, 7)

plans = {"tv": plan(10.0, 0.6) * (1 + follows * cycle), "search": plan(4.0, 1.0), "cycle": cycle}
first = datetime.date(2022, 1, 3)
dates = [(first + datetime.timedelta(days=day)).isoformat() for day in range(days)]
pl.DataFrame({"date": dates, **plans}).write_csv(folder + "/plans.csv")

def bound(name, role):
    return {"source": folder + "/plans.csv", "column": name, "frequency": "day", "role": role}

def contacts(name, efficiency):
    return {"class": "agent_flow", "parents": [name, "habit"], "mechanism": "poisson_exposure",
            "params": {"reach_efficiency": efficiency}}

def memory(of, name, decay):
    return {"class": "agent_state", "parents": [of, f"{name}@t-1"], "mechanism": "leaky_accumulator",
            "params": {"decay": decay}}

spec = gs.Spec.model_validate({
    "meta": {"name": "world"},
    "calendar": {"start_date": "2022-01-03", "ticks": days},
    "population": {"n_agents": agents, "universe_size": agents},
    "series": {"tv_plan": bound("tv", "intervention_plan"), "search_plan": bound("search", "intervention_plan"),
               "demand": bound("cycle", "conjuncture")},
    "nodes": {
        "tv": {"class": "intervention", "source": "series.tv_plan"},
        "search": {"class": "intervention", "source": "series.search_plan"},
        "cycle": {"class": "macro", "source": "series.demand"},
        "habit": {"class": "agent_trait", "distribution": {"beta": {"alpha": 2.0, "beta": 5.0}}},
        "thrift": {"class": "agent_trait", "distribution": {"normal": {"mu": 0.0, "sigma": 1.0}}},
        "tv_seen": contacts("tv", 0.05),
        "search_seen": contacts("search", 0.15),
        "tv_memory": memory("tv_seen", "tv_memory", decay),
        "search_memory": memory("search_seen", "search_memory", 0.6),
        "bought": {"class": "agent_flow", "mechanism": "logistic_purchase",
                   "parents": ["tv_memory", "search_memory", "thrift", "cycle"],
                   "params": {"beta_mem": strength, "beta_price": 0.5, "beta_season": 0.25, "base_rate": 0.01}},
    },
    "observables": {"tv": {"sum_of": "tv"}, "search": {"sum_of": "search"}, "cycle": {"mean_of": "cycle"},
                    "conversions": {"sum_of": "bought"}},
    "interventions": {"targets": ["tv", "search"]},
    "seed_policy": {"run_seed": seed},
})
result = gs.Runner(gs.compile(spec), backend="numpy", seed=seed).run()
columns = ["period", "tv", "search", "conversions"] + ["cycle"] * shown
result.panel_true.select(columns).write_csv(folder + "/table.csv")
panels = {name: sum(panel["conversions"]) for name, panel in result.ground_truth.panels.items()}
whole = panels["factual"]
print(json.dumps({"total": whole - panels["baseline_none"],
                  "true": {name: whole - panels[f"knockout/{name}"] for name in ("tv", "search")}}))
"""


def agent_worlds(seeds: range) -> Iterator[World]:
    """Every kind of world, all of one seed before those of the next; about a minute each.

    Raises ``RuntimeError`` where the package cannot be had or a world cannot be made.
    """
    python = environments.made(*PACKAGE)
    for seed in seeds:
        for kind, settings in KINDS.items():
            with tempfile.TemporaryDirectory() as place:
                truth = environments.run(python, PROGRAM, place, str(seed), json.dumps(settings))
                if "failed" in truth:
                    raise RuntimeError(truth["failed"])
                table = pd.read_csv(Path(place) / "table.csv", parse_dates=["period"])
            table = table.rename(columns={"period": "week", "conversions": "new_customers"})
            controls = tuple(name for name in table if name == "cycle")
            name = f"{kind.replace(',', '').replace(' ', '_')}-{seed}"
            true = pd.Series(truth["true"], dtype=float)
            yield World(kind, name, table, tuple(true.index), controls, true, float(truth["total"]))
