"""Intent riders: flagged where the simulated world knows that a channel caused nothing."""

from __future__ import annotations

import pandas as pd

from attribution import Journeys, intent_riders, rider_marks
from attribution.simulate.journey_log import journeys as simulated


def test_riders_of_the_simulated_world_are_flagged_and_openers_are_not():
    data, truth = simulated(seed=1)
    paths = Journeys.from_touchpoints(data.touchpoints, conversions=data.conversions)
    findings = {finding.name.removeprefix("intent rider: "): finding for finding in intent_riders(paths)}
    assert {"brand_search", "affiliate"} <= {name for name, finding in findings.items() if not finding.passed}
    causes = truth.incremental[truth.incremental > 0].index
    strongest = truth.incremental.reindex(causes).nlargest(3).index
    assert all(findings[name].passed for name in strongest)
    assert "no proof of effect" in findings["brand_search"].text


def test_marks_are_those_of_the_paths():
    frame = pd.DataFrame({"path": ["a > b", "a > c > b", "b"], "conversions": [2, 1, 1]})
    marks = rider_marks(Journeys.from_paths(frame))
    assert marks.loc["b", "closing"] == 4
    assert marks.loc["b", "position"] == 1
    assert marks.loc["c", "position"] == 0.5
    assert "final_day" not in marks


def test_a_log_in_which_nobody_converts_within_a_day_has_no_final_day():
    won = pd.Timestamp("2024-01-05", tz="UTC")
    ends = pd.DataFrame({"user": ["u", "v"], "time": won})
    touches = ends.assign(time=won - pd.Timedelta(days=3), channel=["search", "tv"])
    marks = rider_marks(Journeys.from_touchpoints(touches, conversions=ends))
    assert marks["final_day"].isna().all()
    late = rider_marks(Journeys.from_touchpoints(touches.assign(time=won - pd.Timedelta(hours=1)), conversions=ends))
    assert (late["final_day"] == 1.0).all()
