"""The plan file's organic channels, treatments, reach and frequency, and wandering level reach the mix model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.stages.model import mix_model

LEVERS = """    driven_by: {tv: {reach: tv_reach, frequency: tv_contacts}, paid_social: display_views}
    organic: {newsletter: sends, posts: {reach: post_reach, frequency: post_contacts}}
    treatments: {rebate: 0, price_index: mean}
"""


def with_levers(plan: Path, text: str = LEVERS) -> Path:
    content = plan.read_text(encoding="utf-8").replace("[price_index, ", "[")
    assert "    controls:" in content
    plan.write_text(content.replace("    controls:", f"{text}    controls:", 1), encoding="utf-8")
    rng = np.random.default_rng(0)
    for name in ("weekly.csv", "upcoming.csv"):
        frame = pd.read_csv(plan.parent / name)
        for column in ("tv_reach", "display_views", "sends", "post_reach"):
            frame[column] = rng.integers(1000, 9000, len(frame))
        for column in ("tv_contacts", "post_contacts"):
            frame[column] = 1 + rng.gamma(2, 1, len(frame)).round(2)
        frame["rebate"] = rng.integers(0, 2, len(frame))
        frame.to_csv(plan.parent / name, index=False)
    return plan


def read(plan: Path):
    config, document = read_config(plan)
    return config, read_inputs(config, document, journeys_too=False)


def test_every_lever_takes_its_role(starter: Path) -> None:
    config, inputs = read(with_levers(starter))
    panel = inputs.panel
    assert panel is not None
    assert panel.organic_channels == ("newsletter", "posts")
    assert {name for name, known in zip(panel.media_names, panel.by_reach, strict=True) if known} == {"tv", "posts"}
    assert panel.treatments[0] == mmm.Treatment("rebate", 0.0)
    assert panel.treatments[1].level == pytest.approx(panel.controls[0, :, -1].mean())
    families = dict(zip(panel.media_names, mix_model(config, inputs).families(panel), strict=True))
    assert families["newsletter"][0].lags == config.model.lags
    assert inputs.now is not None
    assert "newsletter" not in inputs.now


def test_what_was_spent_before_the_table_is_as_stated(starter: Path) -> None:
    usual = read(starter)[1].panel
    text = "    before: {tv: 0, newsletter: 250}\n    organic: {newsletter: sends}\n"
    panel = read(with_levers(starter, text))[1].panel
    assert panel is not None
    assert usual is not None
    before = dict(zip(panel.media_names, panel.before[0], strict=True))
    others = dict(zip(usual.media_names, usual.before[0], strict=True))
    assert before == {**others, "tv": 0.0, "newsletter": 250.0}


@pytest.mark.parametrize("coming", ["table", "last_year"])
def test_the_forecast_knows_what_comes(starter: Path, coming: str) -> None:
    plan = with_levers(starter)
    if coming == "last_year":
        plan.write_text(
            plan.read_text(encoding="utf-8").replace("upcoming: upcoming.csv", "upcoming: last_year"), encoding="utf-8"
        )
    config, inputs = read(plan)
    assert inputs.panel is not None
    assert inputs.upcoming is not None
    assert {"newsletter", "posts", "posts_frequency", "rebate", "price_index"} <= set(inputs.upcoming.columns)
    assert ("52 weeks before" in " ".join(inputs.assumptions)) == (coming == "last_year")
    posterior = mmm.preview(inputs.panel, mix_model(config, inputs), draws=100)
    organic = posterior.organic(13, inputs.upcoming)
    assert np.isfinite(organic.customers).all()
    assert set(posterior.curves()) == set(inputs.now.index)


def test_a_level_wanders_when_asked_to(starter: Path) -> None:
    content = starter.read_text(encoding="utf-8")
    starter.write_text(content.replace("model:\n", "model:\n  wander: 0.2\n", 1), encoding="utf-8")
    config, inputs = read(starter)
    assert mmm.RandomWalk(0.2) in mix_model(config, inputs).trends


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("    driven_by: {radio: views}\n", "driven_by names 'radio', which has no column of spend"),
        ("    organic: {tv: sends}\n", "'tv' is organic and has spend as well"),
        ("    organic: {posts: {reach: post_reach}}\n", "frequency"),
        ("    treatments: {rebate: median}\n", "rebate"),
        ("    before: {newspaper: 0}\n", "before names 'newspaper', which is no channel"),
        ("    before: {tv: -5}\n", "before"),
    ],
)
def test_impossible_levers_are_named_with_their_line(starter: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read(with_levers(starter, text))
