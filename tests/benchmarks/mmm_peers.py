"""What the mix model and each of its peers are asked on one CSV, as programs for Pythons of their own.

A program gets the folder with ``world.csv``, the path for its draws, and JSON: names of channels, controls and columns
of season and trend, chains, draws, tune, and ``sampler``. It prints JSON: seconds of the fit, model and compilation
included, divergences and versions; ``media`` are the draws of the media's parameters, chains x draws x anything. Asked
with ``weekly``, a spend per channel, it also writes outcome.npz: draws of what every channel brought in all, and of the
customers that one more unit of currency a week brings at that steady spend, both draws x channels, and of the peers'
steady curves a week: ``top`` customers at unlimited spend, ``half`` of them at which spend, and the ``slope`` there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import environments
import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from mmm.simulate.weekly_world import WorldData

ORDER = 3
"""Harmonics of the yearly season in every program's baseline."""
SAME = 0.999
"""Correlation from which a harmonic and a control are one column."""

START = """
import json, os, sys, time
began = time.perf_counter()
source, target, asked = sys.argv[1] + "/world.csv", sys.argv[2], json.loads(sys.argv[3])
channels, controls, pattern = asked["channels"], asked["controls"], asked["pattern"]
chains, draws, tune, sampler = asked["chains"], asked["draws"], asked["tune"], asked["sampler"]

def answer(media, diverging, seconds, packages, outcome, **more):
    import importlib.metadata, numpy
    numpy.savez(target, **media)
    if "weekly" in asked:
        brought, gained, organic, *curves = outcome(numpy.array([asked["weekly"][name] for name in channels]))
        curves = dict(zip(("top", "half", "slope"), curves))
        numpy.savez(sys.argv[1] + "/outcome.npz", brought=brought, gained=gained, organic=organic, **curves)
    versions = {name: importlib.metadata.version(name) for name in packages}
    print(json.dumps({"fit": seconds, "divergences": int(diverging), "versions": versions, **more}))
"""

OURS = f"""{START}
import pandas as pd
import mmm
table = pd.read_csv(source)
panel = mmm.Panel.from_frame(table, date="week", kpi="new_customers", spend=channels, controls=controls)
start = time.perf_counter()
posterior = mmm.fit(panel, mmm.Model(), draws=draws, tune=tune, chains=chains, seed=1)
fitted = time.perf_counter() - start
summary = posterior.summary().to_string()
whole = time.perf_counter() - began
gate = {{finding.name: finding.value for finding in posterior.verdict}}

def outcome(weekly):
    import numpy as np
    curves = posterior.curves(weeks=1)
    gained = np.stack([curves[name].marginal(level) for name, level in zip(channels, weekly)], axis=1)
    coming = pd.read_csv(sys.argv[1] + "/upcoming.csv", parse_dates=["week"])
    return posterior.contributions()[channels].to_numpy(), gained, posterior.organic(len(coming), coming).customers

answer({{name: posterior.draws[name] for name in ("share", "retention", "half_saturation", "slope")}},
       posterior.statistics["diverging"].sum(), fitted, ["blended-cac", "nutpie", "numba", "numpy"], outcome, whole=whole,
       attempts=posterior.information["attempts"], tail=gate["ess_tail"], converged=posterior.converged)
"""

MARKETING = f"""{START}
import pandas as pd
import importlib.metadata
from pymc_marketing.mmm import GeometricAdstock, LogisticSaturation
if importlib.metadata.version("pymc-marketing").startswith("0."):
    from pymc_marketing.mmm.multidimensional import MMM
else:
    from pymc_marketing.mmm import MMM
table = pd.read_csv(source, parse_dates=["week"])
X, y = table[["week", *channels, *controls, "trend"]], table["new_customers"]
start = time.perf_counter()
model = MMM(date_column="week", target_column="new_customers", channel_columns=channels,
            control_columns=[*controls, "trend"], adstock=GeometricAdstock(l_max=8), saturation=LogisticSaturation(),
            yearly_seasonality=asked["order"])
model.fit(X, y, chains=chains, draws=draws, tune=tune, random_seed=1, progressbar=False, cores=os.cpu_count(),
          **({{"nuts_sampler": sampler}} if sampler else {{}}))
fitted = time.perf_counter() - start
brought = model.idata.posterior["channel_contribution"].sum("date")
summary = brought.quantile([0.05, 0.5, 0.95], ["chain", "draw"]).to_pandas().to_string()
whole = time.perf_counter() - began
found = model.idata.posterior
names = [name for name in found if name.startswith(("adstock_", "saturation_"))]

def outcome(weekly):
    import numpy as np
    kept = model.idata.constant_data
    unit, scale = kept["target_scale"].values.item(), kept["channel_scale"].sel(channel=channels).values
    lam, beta = (found[f"saturation_{{name}}"].sel(channel=channels).values for name in ("lam", "beta"))
    left = np.exp(-lam * weekly / scale)
    gained = beta * unit * 2 * lam / scale * left / (1 + left) ** 2
    sums = brought.sel(channel=channels).transpose("chain", "draw", "channel").values * unit
    top, half = beta * unit, np.log(3) * scale / lam
    flat = [values.reshape(-1, len(channels)) for values in (sums, gained, top, half, np.ones_like(half))]
    return *flat[:2], [], *flat[2:]

answer({{name: found[name].values for name in names}}, model.idata.sample_stats["diverging"].sum(), fitted,
       ["pymc-marketing", "pymc", "pytensor", "nutpie"], outcome, whole=whole)
"""

MERIDIAN = f"""{START}
import os
os.environ["MERIDIAN_BACKEND"] = sampler
import pandas as pd
from meridian.analysis import analyzer
from meridian.data import data_frame_input_data_builder as builders
from meridian.model import model, spec
table = pd.read_csv(source)
columns = [*controls, *pattern]
builder = (builders.DataFrameInputDataBuilder(kpi_type="non_revenue")
           .with_kpi(table, kpi_col="new_customers", time_col="week")
           .with_controls(table, control_cols=columns, time_col="week")
           .with_media(table, media_cols=channels, media_spend_cols=channels, media_channels=channels, time_col="week"))
data = builder.build()
start = time.perf_counter()
meridian = model.Meridian(input_data=data, model_spec=spec.ModelSpec())
meridian.sample_posterior(n_chains=chains, n_adapt=tune // 2, n_burnin=tune - tune // 2, n_keep=draws, seed=1)
fitted = time.perf_counter() - start
found = meridian.inference_data.posterior
brought = analyzer.Analyzer(meridian).incremental_outcome(use_kpi=True)
import numpy as np
summary = str(np.quantile(np.asarray(brought), [0.05, 0.5, 0.95], axis=(0, 1)))
whole = time.perf_counter() - began
names = [name for name in ("alpha_m", "ec_m", "slope_m", "beta_m") if name in found]

def outcome(weekly):
    held = [str(name) for name in meridian.input_data.media_channel.values]
    place = [held.index(name) for name in channels]
    ec, slope = (np.asarray(found[name].values)[..., place] for name in ("ec_m", "slope_m"))
    beta = np.asarray(found["beta_gm"].values)[:, :, 0][..., place]
    scale = np.asarray(meridian.media_tensors.media_transformer.scale_factors_gm)[0][place]
    unit = float(np.asarray(meridian.kpi_transformer.population_scaled_stdev))
    level = weekly / scale
    gained = beta * unit / scale * slope * level ** (slope - 1) * ec**slope / (level**slope + ec**slope) ** 2
    flat = [values.reshape(-1, len(place)) for values in (np.asarray(brought)[..., place], gained, beta * unit, ec * scale, slope)]
    return *flat[:2], [], *flat[2:]

answer({{name: np.asarray(found[name].values) for name in names}},
       np.asarray(meridian.inference_data.sample_stats["diverging"]).sum(), fitted,
       ["google-meridian", "jax" if sampler == "jax" else "tensorflow", "tfp-nightly"], outcome, whole=whole)
"""

_IMPORTS = "import pymc_marketing.mmm, nutpie"
ENVIRONMENTS = {  # home -> name, packages, imports and least Python, the first that can be had
    "pymc-marketing": (
        ("pymc-marketing-1", ["pymc-marketing>=1.3,<1.4", "nutpie"], _IMPORTS, (3, 12)),
        ("pymc-marketing", ["pymc-marketing==0.19.2", "nutpie<0.17"], _IMPORTS, (3, 11)),
    ),
    "meridian": (("meridian", ["google-meridian>=2.1,<2.2"], "import meridian.model.model", (3, 11)),),
}
KEEPS_COMPILED = {"pymc-marketing"}  # PyTensor keeps compiled code on disk, JAX and TensorFlow do not
PEERS = {  # name -> environment, program, what the program is told of its sampler
    "PyMC-Marketing, its default": ("pymc-marketing", MARKETING, ""),
    "PyMC-Marketing, nutpie": ("pymc-marketing", MARKETING, "nutpie"),
    "Meridian, JAX": ("meridian", MERIDIAN, "jax"),
    "Meridian, TensorFlow": ("meridian", MERIDIAN, "tensorflow"),
}


def made(home: str) -> str:
    """Python of an environment with a peer's newest release, or with an older one where that cannot be had.

    Raises ``RuntimeError`` where none can be had.
    """
    *newer, last = ENVIRONMENTS[home]
    for name, packages, imports, least in newer:
        try:
            return environments.made(name, packages, imports, least)
        except (RuntimeError, OSError) as trouble:
            print(f"{packages[0]}: cannot be installed: {trouble}", flush=True)
    return environments.made(*last)


def pythons(programs: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """A Python for each program: the one that is known, or one that is made; a peer that cannot be had is named."""
    had = {}
    for program, python in zip(programs, known, strict=True):
        try:
            had[program] = python or made(PEERS[program][0])
        except (RuntimeError, OSError) as trouble:
            print(f"{program}: cannot be installed: {trouble}", flush=True)
    return had


def written(data: WorldData, folder: Path) -> dict[str, Any]:
    """Write world.csv with columns of trend and season, and upcoming.csv; the names every program is told.

    A harmonic that a control already is, as some worlds have it, is left out: Meridian refuses two equal columns.
    """
    time = pd.to_datetime(data.weekly["week"])
    angle = 2 * np.pi * (time - pd.Timestamp("2000-01-01")).dt.days.to_numpy() / 365.25
    controls = [data.weekly[name].to_numpy(dtype=float) for name in data.controls]
    waves = {
        f"{name}_{order}": wave(order * angle)
        for order in range(1, ORDER + 1)
        for name, wave in (("sine", np.sin), ("cosine", np.cos))
    }
    pattern = {"trend": np.linspace(-0.5, 0.5, len(time))} | {
        name: wave
        for name, wave in waves.items()
        if not any(abs(np.corrcoef(wave, control)[0, 1]) > SAME for control in controls if np.ptp(control) > 0)
    }
    data.weekly.assign(week=time.dt.strftime("%Y-%m-%d"), **pattern).to_csv(folder / "world.csv", index=False)
    data.upcoming.to_csv(folder / "upcoming.csv", index=False)
    names = {"channels": list(data.channels), "controls": list(data.controls), "pattern": list(pattern)}
    return names | {"order": ORDER, "sampler": ""}
