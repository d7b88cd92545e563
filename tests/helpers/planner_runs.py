"""Run folders with a question and no fit, for tests of the planner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from attribution.files import checksum
from mmm.curves import Hill, ResponseCurves
from optimizer.planning.file.config import config_of
from optimizer.planning.file.document import Document
from optimizer.planning.file.markets import Markets
from optimizer.planning.ledger.manifest import manifest_text
from optimizer.planning.ledger.runs import MANIFEST
from optimizer.planning.stages.kept import QUESTION, Kept, question_bytes
from optimizer.planning.stages.tried import tried_channels

PLAN = """
name: {name}
currency: EUR
language: {language}
data:
  weekly: {{path: weekly.csv, date: week, kpi: customers, spend: {spend}, controls: []}}
plan:
  weeks: 13   # a quarter
  minimize: blended_cac
  fixed_cost: 50_000
  value_per_customer: 400
  budget: {{at_most: +10%}}
  customers: {{at_least: +0%}}
"""


def question(
    names: Sequence[str], seed: int = 0, draws: int = 400, name: str = '"Next quarter"', language: str = "en"
) -> Kept:
    """A question on curves whose truth is drawn, some of whose channels are spent far beyond what pays."""
    rng = np.random.default_rng(seed)
    now = pd.Series(rng.uniform(50_000, 300_000, len(names)).round(), pd.Index(names, name="channel"))
    curves = ResponseCurves(
        {
            channel: Hill(
                rng.uniform(500, 1500) * rng.lognormal(0, 0.2, draws),
                rng.uniform(0.5, 3.0) * spend * rng.lognormal(0, 0.1, draws),
                rng.uniform(0.9, 1.4),
            )
            for channel, spend in now.items()
        }
    )
    quoted = [f"{_quoted(channel)}: spend_{place}" for place, channel in enumerate(names)]
    document = Document.of(
        Path("plan.yaml"), PLAN.format(name=name, language=language, spend=f"{{{', '.join(quoted)}}}")
    )
    config = config_of(document)
    assert config.plan is not None
    markets = Markets(("all",), tuple(names), {channel: (channel, "all") for channel in names})
    organic, seen = rng.normal(3000, 50, draws), 1.4 * now
    tried = tried_channels(config.plan, now, seen)
    run = Path("20260105-090000-abcdef")
    return Kept(config.name, run, config, document, markets, curves, organic, now, seen, now, (), tried, (), ())


def write_run(output: Path, kept: Kept, converged: bool = True) -> Path:
    """The folder of a run that asked a question."""
    folder = output / "runs" / kept.run.name
    folder.mkdir(parents=True)
    (folder / QUESTION).write_bytes(question_bytes(kept))
    content = {
        "plan_file": {"name": "plan.yaml", "text": kept.document.text},
        "converged": converged,
        "outputs": {QUESTION: checksum(folder / QUESTION)},
    }
    (folder / MANIFEST).write_text(manifest_text(content), encoding="utf-8")
    return folder


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
