"""The peers' own allocators on given curves, as programs for Pythons of their own; no model is fitted.

A program reads a file of plans, each with budget, upper bounds and Hill parameters by channel, and prints JSON: spend by
plan and channel (null where the package gave up), seconds by plan, and versions.

Meridian's ``OptimizationGrid.optimize`` searches a table of customers by spend, so the curves' values are put into
that table, at the spacing Meridian gives a budget and its default ``gtol`` of 0.0001. PyMC-Marketing's
``BudgetOptimizer`` takes any PyMC model, up to 0.19 through ``CustomModelWrapper``, so the curves' parameters are put into
the posterior of a model that has the Hill formula and no likelihood; one period, no carryover.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from environments import run
from mmm_peers import made
from plan_worlds import Instance

from mmm.curves import Hill

START = """
import importlib.metadata, json, sys, time, warnings
warnings.filterwarnings("ignore")
import numpy as np
worlds = json.load(open(sys.argv[1]))
spends, seconds = [], []

def answer(*packages):
    versions = {name: importlib.metadata.version(name) for name in packages}
    print(json.dumps({"spends": spends, "seconds": seconds, "versions": versions}))
"""

MERIDIAN = f"""{START}
import xarray as xr
from meridian import constants as c
from meridian.analysis import optimizer as meridian
for world in worlds:
    budget, upper = world["budget"], np.array(world["upper"])
    top, half, slope = (np.array(world[name]) for name in ("saturation", "half_saturation", "slope"))
    digits = meridian.get_round_factor(budget, 1e-4)
    step = 10 ** -digits
    part = upper / upper.sum()  # bounds are stated as changes of a given split of the budget
    slack = max(upper.sum() / budget - 1, 0.0)
    _, most = meridian.get_optimization_bounds(len(top), budget * part, digits, 1.0, slack)
    rows = int(most.max() / step) + 1
    spend = step * np.arange(rows)[:, None] * np.ones(len(top))
    spend = np.where(spend <= most, spend, np.nan)
    won = top / (1 + (half / np.where(spend > 0, spend, 1e-300)) ** slope)
    table = xr.Dataset(
        {{c.SPEND_GRID: ((c.GRID_SPEND_INDEX, c.CHANNEL), spend),
          c.INCREMENTAL_OUTCOME_GRID: ((c.GRID_SPEND_INDEX, c.CHANNEL), np.where(spend > 0, won, spend))}},
        coords={{c.GRID_SPEND_INDEX: np.arange(rows), c.CHANNEL: [str(i) for i in range(len(top))]}},
        attrs={{c.SPEND_STEP_SIZE: step}})
    grid = meridian.OptimizationGrid(
        _grid_dataset=table, historical_spend=budget * part, use_kpi=True, use_posterior=True, use_optimal_frequency=False,
        start_date=None, end_date=None, gtol=1e-4, round_factor=digits, optimal_frequency=None, selected_geos=None,
        selected_times=None)
    began = time.process_time()
    found = grid.optimize(meridian.FixedBudgetScenario(total_budget=budget), pct_of_spend=part,
                          spend_constraint_lower=1.0, spend_constraint_upper=slack)
    seconds.append(time.process_time() - began)
    spends.append(found.optimized.values.tolist())
answer("google-meridian")
"""

MARKETING = f"""{START}
import arviz as az
import pymc as pm
import pymc.dims as pmd
from pymc_marketing.mmm import budget_optimizer
old = importlib.metadata.version("pymc-marketing").startswith("0.")
for world in worlds:
    channels = [str(i) for i in range(len(world["upper"]))]
    names = ("saturation", "half_saturation", "slope")
    with pm.Model(coords={{"date": [0], "channel": channels}}) as model:
        spend = pmd.Data("channel_data", np.zeros((1, len(channels))), dims=("date", "channel"))
        top, half, slope = (pmd.HalfNormal(name, dims="channel") for name in names)
        power = spend**slope
        pmd.Deterministic("total_contribution", (top * power / (half**slope + power)).sum())
    posterior = {{name: np.array(world[name])[None, None] * np.ones((1, 2, 1)) for name in names}}
    labels = {{"coords": {{"channel": channels}}, "dims": {{name: ["channel"] for name in names}}}}
    if old:
        idata = az.from_dict(posterior, **labels)
        model = budget_optimizer.CustomModelWrapper(base_model=model, idata=idata, channels=channels)
        told = {{}}
    else:
        idata = az.from_dict({{"posterior": posterior}}, **labels)
        told = {{"idata": idata}}
    optimizer = budget_optimizer.BudgetOptimizer(
        num_periods=1, model=model, response_variable="total_contribution", compile_kwargs={{"mode": "FAST_COMPILE"}}, **told)
    began = time.process_time()
    found, result = optimizer.allocate_budget(
        world["budget"], {{name: (0.0, most) for name, most in zip(channels, world["upper"])}}, return_if_fail=True)
    seconds.append(time.process_time() - began)
    spends.append(found.values.tolist() if result.success else None)
answer("pymc-marketing")
"""

PACKAGES = {  # name -> environment, program
    "PyMC-Marketing's BudgetOptimizer": ("pymc-marketing", MARKETING),
    "Meridian's OptimizationGrid": ("meridian", MERIDIAN),
}


def allocations(worlds: Sequence[Instance], pythons: dict[str, str]) -> dict[str, dict]:
    """What each package allocates on the worlds, by package; under ``failed`` why it could not be asked."""
    asked = []
    for world in worlds:
        hills = [curve for curve in world.curves.values() if isinstance(curve, Hill)]
        columns = {name: [float(curve.parameters[name]) for curve in hills] for name in hills[0].parameters}
        upper = np.minimum(world.upper, world.budget).tolist()
        asked.append({"budget": world.budget, "upper": upper, **columns})
    answers = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "worlds.json"
        path.write_text(json.dumps(asked))
        for name, (environment, program) in PACKAGES.items():
            try:
                python = pythons.get(environment) or made(environment)
            except RuntimeError as error:
                answers[name] = {"failed": str(error)}
                continue
            answers[name] = run(python, program, str(path), seconds=1800)
    return answers
