"""What a model or a log refuses is said in the names of the plan file's tables and keys, before anything is sampled."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

import mmm
from attribution.errors import BadInput
from mmm.checks.rival_models import readings
from optimizer.planning.check import check_plan
from optimizer.planning.file.config import read_config
from optimizer.planning.file.keys.analyses import MixModel
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.language.sources import messages_of, sources
from optimizer.planning.language.wording import in_words_of_the_file
from optimizer.planning.stages.model import mix_model

ROOT = Path(__file__).parents[2]
PYTHON = re.compile(r"\bmmm\.|\b[A-Z]\w+\(|=\.\.\.|\w=\[|\(\)")
KEY = re.compile(r"in a plan file|\b(model|economics|data)\.[a-z]+")

INNER = ("panel", "touchpoints:", "Likelihood", "()", "prior_", "kwargs", "None")


@pytest.mark.parametrize(
    ("table", "spoil", "edit", "said"),
    [
        ("weekly", lambda t: t.tail(20), ("", ""), "weekly.csv: has 20 rows, fewer than the"),
        ("weekly", lambda t: t.assign(new_customers=7), ("", ""), "weekly.csv, column 'new_customers': is 7 in every"),
        (
            "weekly",
            lambda t: t.assign(new_customers=t["new_customers"] + 0.5),
            ("  saturation:", "  likelihood: negative_binomial\n  saturation:"),
            "set model.likelihood: normal",
        ),
        ("weekly", lambda t: t, ("holidays: DE", "holidays: XX"), "model.holidays: no calendar for 'XX'"),
        (
            "touchpoints",
            lambda t: t.assign(channel=t["channel"] + "_x"),
            ("", ""),
            "touchpoints.csv: names no channel of the spend",
        ),
    ],
)
def test_refusals_name_tables_and_keys(
    starter: Path, table: str, spoil: Callable[[pd.DataFrame], pd.DataFrame], edit: tuple[str, str], said: str
) -> None:
    file = starter.parent / f"{table}.csv"
    spoil(pd.read_csv(file)).to_csv(file, index=False)
    text = starter.read_text(encoding="utf-8")
    assert edit[0] in text
    starter.write_text(text.replace(*edit, 1), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        check_plan(starter)
    assert said in str(caught.value)
    assert not [word for word in INNER if word in str(caught.value)]


def test_packages_name_no_key_of_a_plan_file_for_a_notebook_has_none() -> None:
    named = [
        (path.name, text)
        for path in sources(ROOT)
        if "planning" not in path.parts
        for text in messages_of(path.read_text(encoding="utf-8"))
        if KEY.search(text)
    ]
    assert named == []


def test_findings_of_a_fit_name_python_in_a_notebook_and_keys_in_a_run() -> None:
    paths = [path for path in sources(ROOT) if path.parent.name == "posterior" or path.stem == "prior_sensitivity"]
    texts = [text for path in paths if path.stem != "frequency" for text in messages_of(path.read_text("utf-8"))]
    named = [text for text in texts if PYTHON.search(text)]
    assert len(named) >= 5
    assert [text for text in named if PYTHON.search(in_words_of_the_file(text))] == []
    assert [text for text in named if not KEY.search(in_words_of_the_file(text))] == []


def test_what_would_make_a_rival_the_model_is_python_and_a_key(starter: Path) -> None:
    config, document = read_config(starter)
    inputs = read_inputs(config, document)
    assert inputs.panel is not None
    rivals = readings(inputs.panel, mix_model(config, inputs))
    for rival in rivals:
        python = re.search(r"(\w+)=(mmm\.\w+\([^\[\]]*\))(?= |$)", rival.change)
        if python is not None and "LogNormal" not in rival.change:
            mmm.Model(**{python[1]: eval(python[2], {"mmm": mmm})})  # noqa: S307
        key = re.search(r"model\.([\w.]+): (.+?)(, or|$)", in_words_of_the_file(rival.change))
        if key is not None:
            name, _, inner = key[1].partition(".")
            value = yaml.safe_load(key[2])
            MixModel.model_validate({name: {inner: value} if inner else value})
    said = [in_words_of_the_file(rival.change) for rival in rivals]
    assert len(said) >= 7
    assert [text for text in said if PYTHON.search(text) and "notebook" not in text] == []
