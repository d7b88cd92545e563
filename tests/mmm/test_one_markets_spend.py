"""A channel that one market pays for is named, and one that others have too is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

import mmm
from mmm.data.panel_checks import check_panel


def panel() -> mmm.Panel:
    rng = np.random.default_rng(0)
    weeks = pd.date_range("2024-01-01", periods=40, freq="7D")
    rows = [(week, geo, rng.poisson(200)) for geo in ("north", "south", "west") for week in weeks]
    frame = pd.DataFrame(rows, columns=["week", "geo", "kpi"])
    for name in ("tv", "search"):
        frame[name] = rng.gamma(3.0, 100.0, len(frame))
    return mmm.Panel.from_frame(frame, "week", "kpi", ["tv", "search"], geo="geo")


def told(company: mmm.Panel) -> tuple[str, ...]:
    return {each.name: each for each in check_panel(company)}["booked_in_one_market"].channels


def test_what_one_market_pays_for_is_named() -> None:
    company = panel()
    assert told(company) == ()
    spend = company.spend.copy()
    spend[0, :, 0], spend[1:, :, 0] = spend[:, :, 0].sum(axis=0), 0.0
    assert told(replace(company, spend=spend, media=spend)) == ("tv",)
    two = company.spend.copy()
    two[2, :, 0] = 0.0
    assert told(replace(company, spend=two, media=two)) == ()
    most = company.kpi * np.array([9.0, 1.0, 1.0])[:, None]
    assert told(replace(company, spend=spend, media=spend, kpi=most)) == ()
