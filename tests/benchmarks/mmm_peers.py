"""What the mix model and each of its peers are asked on one CSV, as programs for Pythons of their own.

A program gets the folder with ``world.csv``, the path for its draws, and JSON: names of channels, controls and columns
of season and trend, chains, draws, tune, and ``sampler``. It prints JSON: seconds of the fit, model and compilation
included, divergences and versions; ``media`` are the draws of the media's parameters, chains x draws x anything.
"""

from __future__ import annotations

START = """
import json, sys, time
began = time.perf_counter()
source, target, asked = sys.argv[1] + "/world.csv", sys.argv[2], json.loads(sys.argv[3])
channels, controls, pattern = asked["channels"], asked["controls"], asked["pattern"]
chains, draws, tune, sampler = asked["chains"], asked["draws"], asked["tune"], asked["sampler"]

def answer(media, diverging, seconds, packages, **more):
    import importlib.metadata, numpy
    numpy.savez(target, **media)
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
answer({{name: posterior.draws[name] for name in ("share", "retention", "half_saturation", "slope")}},
       posterior.statistics["diverging"].sum(), fitted, ["blended-cac", "nutpie", "numba", "numpy"], whole=whole,
       attempts=posterior.information["attempts"], tail=gate["ess_tail"], converged=posterior.converged)
"""

MARKETING = f"""{START}
import pandas as pd
from pymc_marketing.mmm import GeometricAdstock, LogisticSaturation
from pymc_marketing.mmm.multidimensional import MMM
table = pd.read_csv(source, parse_dates=["week"])
X, y = table[["week", *channels, *controls, "trend"]], table["new_customers"]
start = time.perf_counter()
model = MMM(date_column="week", target_column="new_customers", channel_columns=channels,
            control_columns=[*controls, "trend"], adstock=GeometricAdstock(l_max=8), saturation=LogisticSaturation(),
            yearly_seasonality=asked["order"])
model.fit(X, y, chains=chains, draws=draws, tune=tune, random_seed=1, progressbar=False,
          **({{"nuts_sampler": sampler}} if sampler else {{}}))
fitted = time.perf_counter() - start
brought = model.idata.posterior["channel_contribution"].sum("date")
summary = brought.quantile([0.05, 0.5, 0.95], ["chain", "draw"]).to_pandas().to_string()
whole = time.perf_counter() - began
found = model.idata.posterior
names = [name for name in found if name.startswith(("adstock_", "saturation_"))]
answer({{name: found[name].values for name in names}}, model.idata.sample_stats["diverging"].sum(), fitted,
       ["pymc-marketing", "pymc", "pytensor", "nutpie"], whole=whole)
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
answer({{name: np.asarray(found[name].values) for name in names}},
       np.asarray(meridian.inference_data.sample_stats["diverging"]).sum(), fitted,
       ["google-meridian", "jax" if sampler == "jax" else "tensorflow", "tfp-nightly"], whole=whole)
"""

ENVIRONMENTS = {
    "pymc-marketing": (["pymc-marketing==0.19.2", "nutpie<0.17"], "import pymc_marketing.mmm, nutpie"),
    "meridian": (["google-meridian>=2.1,<2.2"], "import meridian.model.model"),
}
KEEPS_COMPILED = {"pymc-marketing"}  # PyTensor keeps compiled code on disk, JAX and TensorFlow do not
PEERS = {  # name -> environment, program, what the program is told of its sampler
    "PyMC-Marketing, its default": ("pymc-marketing", MARKETING, ""),
    "PyMC-Marketing, nutpie": ("pymc-marketing", MARKETING, "nutpie"),
    "Meridian, JAX": ("meridian", MERIDIAN, "jax"),
    "Meridian, TensorFlow": ("meridian", MERIDIAN, "tensorflow"),
}
