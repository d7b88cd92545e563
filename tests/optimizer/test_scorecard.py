"""The scorecard: how often sealed intervals held, and what few of them cannot tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from optimizer.cycle.scorecard import Scorecard, share_interval


def scored(actuals: list[float], weeks: int = 13, sealed: str = "2026-01-01") -> Scorecard:
    """Forecasts of 100 with an interval of 90 to 110, and of 105 (95 to 115) at the spend as it went."""
    rows = [
        {
            "name": f"Q{place}", "sealed": sealed, "first_week": "2026-01-05", "weeks": weeks, "of_weeks": 13,
            "planned": 100.0, "planned_low": 90.0, "planned_high": 110.0,
            "expected_as_spent": 105.0, "expected_as_spent_low": 95.0, "expected_as_spent_high": 115.0,
            "actual": actual,
        }
        for place, actual in enumerate(actuals)
    ]  # fmt: skip
    return Scorecard(pd.DataFrame(rows))


@pytest.mark.parametrize("trials", [1, 4, 20])
def test_the_binomial_interval_excludes_what_five_percent_would_do(trials: int) -> None:
    for successes in range(trials + 1):
        share = share_interval(successes, trials)
        assert share.low <= share.point <= share.high
        if successes:
            assert binom.sf(successes - 1, trials, share.low) == pytest.approx(0.05)
        if successes < trials:
            assert binom.cdf(successes, trials, share.high) == pytest.approx(0.05)
    assert (share_interval(0, 0).low, share_interval(0, 0).high) == (0, 1)


def test_what_held_is_counted_of_both_figures() -> None:
    card = scored([100, 92, 112, 140])
    assert (card.held(), card.held("expected_as_spent")) == (2, 2)
    assert card.bias().point == pytest.approx(np.mean([0, -0.08, 0.12, 0.4]))
    assert card.bias().low < card.bias().point < card.bias().high


def test_weeks_that_are_not_over_and_hindsight_do_not_count() -> None:
    for card in (scored([100, 200], weeks=6), scored([100, 200], sealed="2026-07-01")):
        assert card.held() == 0
        assert len(card.counted) == 0
        assert "nothing can be said" in card.sentences[0]
        assert np.isnan(card.bias().point)


def test_few_forecasts_say_that_they_are_few() -> None:
    assert "nothing it could have done" in " ".join(scored([300]).sentences)
    assert "says nothing of a bias" in " ".join(scored([100]).sentences)
    two = " ".join(scored([100, 100]).sentences)
    assert "2 of 2" in two
    assert "only if none of them had held" in two
    assert "are few" not in " ".join(scored([100.0] * 60).sentences)


def test_a_bias_is_named_where_chance_does_not_do_it() -> None:
    rng = np.random.default_rng(0)
    assert "a bias" in " ".join(scored(list(rng.normal(80, 3, 12))).sentences)
    assert "chance alone" in " ".join(scored(list(rng.normal(100, 10, 12))).sentences)
