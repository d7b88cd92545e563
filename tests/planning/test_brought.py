"""What brought customers: shares that sum to one, money as in the table, effects that only grow with the weeks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from optimizer.planning.outputs.sections.brought import BROUGHT, WITHIN
from optimizer.planning.outputs.sections.diagnostics import DIAGNOSTICS, _fit_in_words
from optimizer.planning.stages.result import Run


def brought(run: Run) -> dict[str, Any]:
    view = BROUGHT.view(run)
    assert view is not None
    return dict(view["brought"])


def test_channels_and_what_comes_without_them_are_all_customers(finished: tuple[Run, Path]) -> None:
    run, folder = finished
    view = brought(run)
    assert sum(row["share"].point for row in view["rows"]) + view["organic"].point == pytest.approx(1.0)
    assert sum(row["spend_share"] for row in view["rows"]) == pytest.approx(1.0)
    assert sum(row["effect_share"].point for row in view["rows"]) == pytest.approx(1.0)
    panel = run.posterior.panel  # type: ignore[union-attr]
    spent = panel.national_spend.tail(52 * panel.per_week).sum()
    assert {row["channel"]: row["spend"] for row in view["rows"]} == pytest.approx(spent.to_dict())
    assert view["span"] == min(52, panel.periods // panel.per_week)
    assert view["customers"] == pytest.approx(float(panel.kpi[:, -52 * panel.per_week :].sum()))
    drawn = run.economics.readings.set_index(["period", "reading", "channel"])  # type: ignore[union-attr]
    assert (drawn["effect_share_low"].dropna() <= drawn["effect_share_high"].dropna()).all()
    for row in view["rows"]:
        assert 0 <= row["effect_share"].low <= row["effect_share"].point <= row["effect_share"].high <= 1
        assert row["cac"].point * row["customers"].point == pytest.approx(row["spend"])
    assert "What each channel brought" in (folder / "report.html").read_text(encoding="utf-8")


def test_effects_only_grow_with_the_weeks_and_half_has_come_by_the_half_life(finished: tuple[Run, Path]) -> None:
    run, folder = finished
    table = pd.read_csv(folder / "carryover.csv").set_index("channel")
    shares = table[[f"within_{weeks}_weeks" for weeks in WITHIN]].to_numpy()
    assert (np.diff(shares, axis=1) >= 0).all()
    assert ((shares > 0) & (shares <= 1 + 1e-12)).all()
    weights = run.posterior.carryover()  # type: ignore[union-attr]
    for channel, one in weights.items():
        assert table.loc[channel, "within_4_weeks"] == pytest.approx(one[:4].sum(axis=0).mean())


def test_the_measures_of_a_fit_are_plain_arithmetic(finished: tuple[Run, Path]) -> None:
    weeks = pd.DataFrame({"observed": [100.0, 0.0, 300.0], "mean": [110.0, 10.0, 270.0], "5%": 0.0, "95%": 290.0})
    # off by 10, 10, 30 of 400 in all; of the two weeks with customers by 10 % and 10 %; squares 1,100 of 46,667
    said = _fit_in_words(weeks).replace("\xa0", " ")
    assert "Over the 3 periods" in said
    assert "R² 0.98, wMAPE 12.5 %, MAPE 10.0 %, inside the 90 % band 67 %" in said
    nothing = _fit_in_words(weeks.assign(observed=0.0))
    assert "wMAPE" not in nothing
    assert "R²" not in nothing
    view = DIAGNOSTICS.view(finished[0])
    assert view is not None
    assert view["fit"] in (finished[1] / "report.html").read_text(encoding="utf-8")
