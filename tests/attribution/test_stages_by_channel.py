"""Lags between stages by channel: against worlds whose channels take unequally long, and are let run on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution.economics import opportunity_stages, stages_by_channel

STAGES = ["lead", "meeting", "won"]
SLOW = {"web": 0.5, "fair": 3.0}  # of the days that deals take


def deals(seed: int, number: int = 600, days: int = 300) -> tuple[pd.DataFrame, pd.Series]:
    """Rows seen until the end with the source on the first row alone, and by source how many are won later."""
    rng = np.random.default_rng(seed)
    source = rng.choice(list(SLOW), number)
    pace = np.array([SLOW[name] for name in source])
    lead = rng.uniform(0, days, number)
    meeting = np.where(rng.random(number) < 0.6, lead + pace * rng.gamma(2, 10, number), np.nan)
    won = np.where(rng.random(number) < 0.5, meeting + pace * rng.gamma(2, 20, number), np.nan)
    times = pd.DataFrame({"lead": lead, "meeting": meeting, "won": won})
    seen = times.where(times < days)
    rows = seen.rename_axis("account").reset_index().melt("account", STAGES, "stage", "day").dropna()
    rows["time"] = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(rows["day"] * 86_400, "s")
    rows["source"] = pd.Series(source)[rows["account"]].to_numpy()
    rows["source"] = rows["source"].where(rows["stage"] == "lead")
    later = times["won"].notna() & seen["won"].isna()
    return rows, pd.Series(source)[later].value_counts().reindex(list(SLOW), fill_value=0)


def foreseen(table: pd.DataFrame) -> pd.Series:
    return table.groupby("channel")["to_come"].sum()


def test_intervals_by_channel_hold_and_lags_of_all_would_not() -> None:
    held, own, pooled = [], [], []
    for seed in range(8):
        rows, later = deals(seed)
        table = stages_by_channel(rows, STAGES, "source")
        sums = table.groupby("channel")[["to_come_low", "to_come_high"]].sum()
        held += [sums.loc[name, "to_come_low"] <= later[name] <= sums.loc[name, "to_come_high"] for name in SLOW]
        own.append((foreseen(table) - later).abs().sum())
        everybody = opportunity_stages(rows, STAGES)["to_come"].sum()
        here = table.groupby("channel")["here"].sum()
        pooled.append((everybody * here / here.sum() - later).abs().sum())
    assert np.mean(held) > 0.8
    assert np.mean(own) < 0.8 * np.mean(pooled)


def test_a_channel_of_few_deals_has_the_lags_of_all_and_says_so() -> None:
    rows, _ = deals(3)
    few = rows["account"].isin(rows["account"].unique()[:12])
    rows["source"] = rows["source"].where(~few, "letter").where(rows["stage"] == "lead")
    told = stages_by_channel(rows, STAGES, "source").set_index(["channel", "stage"])
    assert set(told.loc["letter", "lags_of"][:2]) == {"all"}
    assert set(told.loc["web", "lags_of"][:2]) == {"channel"}
    assert told.loc["letter", "to_come"][:2].notna().all()


def test_channels_together_are_all_accounts_and_who_has_none_is_unknown() -> None:
    rows, _ = deals(4)
    rows["source"] = rows["source"].where(rows["account"] % 3 > 0)
    table, everybody = stages_by_channel(rows, STAGES, "source"), opportunity_stages(rows, STAGES)
    assert set(table["channel"]) == {"web", "fair", "unknown"}
    for column in ("reached", "passed", "here"):
        sums = table.groupby("stage")[column].sum(min_count=1).reindex(STAGES)
        assert sums.to_numpy() == pytest.approx(everybody[column].to_numpy(), nan_ok=True)


def test_one_channel_of_all_is_the_table_without_channels() -> None:
    rows, _ = deals(5)
    table = stages_by_channel(rows.assign(source="web"), STAGES, "source")
    pd.testing.assert_frame_equal(table.drop(columns=["channel", "lags_of"]), opportunity_stages(rows, STAGES))
