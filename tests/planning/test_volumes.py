"""What a thousand contacts brought: plain division, over a year, of channels whose delivery is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import mmm
from mmm.data.panel import Exposure, ReachFrequency
from optimizer.planning.stages.volumes import per_volume


@dataclass
class Known:
    """Stands for a posterior whose draws are given."""

    panel: mmm.Panel
    each: dict[str, float]

    def contributions(self, start: str | None = None, end: str | None = None) -> pd.DataFrame:
        weeks = int((self.panel.dates >= pd.Timestamp(start)).sum())
        spread = np.linspace(0.5, 1.5, 101)
        return pd.DataFrame({name: weeks * value * spread for name, value in self.each.items()})


def panel(weeks: int) -> mmm.Panel:
    rows = np.arange(weeks)
    table = pd.DataFrame(
        {
            "week": pd.date_range("2024-01-01", periods=weeks, freq="7D"),
            "sold": 1000.0 + rows,
            "tv": 500.0 + rows % 3,
            "banner_cost": 100.0,
            "banner_seen": 20_000.0 + rows % 5,
            "film_cost": 300.0,
            "reach": 1_000.0 + rows % 7,
            "often": 2.0,
            "mails": 5_000.0 + rows % 2,
        }
    )
    spend = {
        "tv": "tv",
        "banner": Exposure("banner_cost", "banner_seen"),
        "film": ReachFrequency("film_cost", "reach", "often"),
        "mail": Exposure(None, "mails"),
    }
    return mmm.Panel.from_frame(table, date="week", kpi="sold", spend=spend)


@pytest.mark.parametrize("weeks", [30, 120])
def test_customers_and_money_per_thousand(weeks: int) -> None:
    whole, last = panel(weeks), min(weeks, 52)
    found = per_volume(Known(whole, {"tv": 1.0, "banner": 40.0, "film": 10.0, "mail": 5.0})).set_index("channel")  # type: ignore[arg-type]
    assert list(found.index) == ["banner", "film", "mail"]  # of tv only its spend is known
    rows = np.arange(weeks)[-last:]
    delivered = {
        "banner": (20_000.0 + rows % 5).sum(),
        "film": (2.0 * (1_000.0 + rows % 7)).sum(),
        "mail": (5_000.0 + rows % 2).sum(),
    }
    for name, each, price in (("banner", 40.0, 100.0), ("film", 10.0, 300.0), ("mail", 5.0, None)):
        row = found.loc[name]
        assert row["volume"] == pytest.approx(delivered[name])
        assert row["customers_per_thousand"] == pytest.approx(1000 * last * each / delivered[name])
        assert row["customers_per_thousand_low"] == pytest.approx(0.55 * row["customers_per_thousand"])
        assert row["customers_per_thousand_high"] == pytest.approx(1.45 * row["customers_per_thousand"])
        if price is None:
            assert np.isnan(row["spend_per_thousand"])
        else:
            assert row["spend_per_thousand"] == pytest.approx(1000 * last * price / delivered[name])
