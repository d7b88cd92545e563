"""Who is still at a stage and will come to the last one: against worlds that are let run on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution.economics import opportunity_stages
from attribution.errors import BadInput

STAGES = ["lead", "meeting", "won"]


def deals(seed: int, number: int = 600, days: int = 500) -> tuple[pd.DataFrame, pd.Series]:
    """Rows seen until the end, and how many at each stage then come to be won later."""
    rng = np.random.default_rng(seed)
    lead = rng.uniform(0, days, number)
    meets, wins = rng.random(number) < 0.6, rng.random(number) < 0.4
    meeting = lead + rng.gamma(2, 15, number)
    won = meeting + rng.gamma(2, 30, number)
    times = pd.DataFrame({"lead": lead, "meeting": np.where(meets, meeting, np.nan)})
    times["won"] = np.where(meets & wins, won, np.nan)
    seen = times.where(times < days)
    rows = seen.rename_axis("account").reset_index().melt("account", STAGES, "stage", "day").dropna()
    rows["time"] = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(rows["day"] * 86_400, "s")
    later = times["won"].notna() & seen["won"].isna()
    here = np.where(seen["meeting"].notna(), "meeting", "lead")
    return rows, pd.Series(here[later.to_numpy()]).value_counts().reindex(STAGES[:2], fill_value=0)


def test_intervals_hold_who_comes_later() -> None:
    held = []
    for seed in range(20):
        rows, later = deals(seed)
        told = opportunity_stages(rows, STAGES).set_index("stage")
        held += [told.loc[name, "to_come_low"] <= later[name] <= told.loc[name, "to_come_high"] for name in later.index]
    assert np.mean(held) > 0.8


def test_nobody_is_expected_of_deals_older_than_all_that_were_won() -> None:
    rows, _ = deals(1)
    old = pd.DataFrame({"account": [-1, -2], "stage": "meeting", "time": rows["time"].min()})
    with_old = opportunity_stages(pd.concat([rows, old]), STAGES).set_index("stage")
    plain = opportunity_stages(rows, STAGES).set_index("stage")
    assert with_old.loc["meeting", "here"] == plain.loc["meeting", "here"] + 2
    assert with_old.loc["meeting", "older"] == plain.loc["meeting", "older"] + 2
    assert with_old.loc["meeting", "to_come"] == pytest.approx(plain.loc["meeting", "to_come"], rel=0.05, abs=0.5)
    assert np.isnan(plain.loc["won", "to_come"])


def test_who_is_here_is_who_reached_it_and_did_not_go_on() -> None:
    rows, _ = deals(2)
    told = opportunity_stages(rows, STAGES)
    assert told["here"].iloc[:2].tolist() == (told["reached"] - told["passed"]).iloc[:2].tolist()


def test_a_day_that_is_planned_is_refused() -> None:
    rows, _ = deals(1)
    rows.loc[rows["stage"] == "won", "time"] = pd.Timestamp("2095-06-01", tz="UTC")
    with pytest.raises(BadInput, match="lies in the future: 2095-06-01"):
        opportunity_stages(rows, STAGES)


def test_too_few_deals_say_nothing() -> None:
    rows, _ = deals(3, number=3)
    rows = pd.concat([rows, pd.DataFrame({"account": [9] * 3, "stage": STAGES, "time": rows["time"].max()})])
    assert opportunity_stages(rows, STAGES)["to_come"].isna().all()
