"""Months, cohorts, geos, CAC and single conversions of a log small enough to be counted by hand.

====  ====  ==========================================  ==========================
user  geo   touches                                     conversions
====  ====  ==========================================  ==========================
ann   DE    search Jan 10, tv Jan 20                    Jan 25, EUR 100
bob   DE    tv Jan 28, search Feb 3, search Feb 5       Feb 6, EUR 60
cem   FR    social Feb 1; social Feb 10, search Feb 11  Feb 2, EUR 40; Feb 12, EUR 80
dan   FR    tv Feb 20                                   none
eve   FR    tv Jan 30                                   Mar 20, too late for the tv
====  ====  ==========================================  ==========================
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution import (
    ByConversionDate,
    ByTouchDate,
    Journeys,
    Linear,
    Markov,
    PathRules,
    by_day,
    by_segment,
    cac_by_period,
    credit_per_conversion,
    only,
    with_cohorts,
    with_periods,
)

TOUCHES = [
    ("ann", "DE", "01-10", "search"),
    ("ann", "DE", "01-20", "tv"),
    ("bob", "DE", "01-28", "tv"),
    ("bob", "DE", "02-03", "search"),
    ("bob", "DE", "02-05", "search"),
    ("cem", "FR", "02-01", "social"),
    ("cem", "FR", "02-10", "social"),
    ("cem", "FR", "02-11", "search"),
    ("dan", "FR", "02-20", "tv"),
    ("eve", "FR", "01-30", "tv"),
]
ENDS = [("ann", "01-25", 100), ("bob", "02-06", 60), ("cem", "02-02", 40), ("cem", "02-12", 80), ("eve", "03-20", 5)]
SPEND = [("2024-01-15", "tv", 100), ("2024-01-15", "search", 50), ("2024-02-15", "search", 70)]
SPEND += [("2024-02-15", "social", 30)]
JANUARY, FEBRUARY = 22 / 31, 20 / 29  # the log covers January 10 to February 20, after which it holds no more touches


@pytest.fixture(scope="module")
def journeys() -> Journeys:
    touched = pd.DataFrame(TOUCHES, columns=["user", "geo", "time", "channel"])
    bought = pd.DataFrame(ENDS, columns=["user", "time", "value"])
    log, ends = (frame.assign(time=pd.to_datetime("2024-" + frame["time"])) for frame in (touched, bought))
    return Journeys.from_touchpoints(log, conversions=ends, rules=PathRules(segments=("geo",)))


@pytest.fixture(scope="module")
def spend() -> pd.DataFrame:
    return by_day(pd.DataFrame(SPEND, columns=["date", "channel", "spend"]), "M")


def counted(table: pd.DataFrame, column: str = "estimate") -> dict[tuple[str, str], float]:
    found = table[column]
    return found[found != 0].to_dict()


def test_totals(journeys):
    assert journeys.totals == {
        "touches": 10,
        "paths": 6,
        "conversions": 4,
        "nulls": 2,
        "value": 280,
        "tied": 0,
        "untouched": 1,
        "untouched_value": 5,
    }


def test_credit_by_month_of_the_conversion_by_cohort_and_by_geo(journeys):
    by_month = by_segment(with_periods(journeys, "M"), Linear(), "period", replicates=2)
    assert counted(by_month) == pytest.approx(
        {
            ("2024-01", "search"): 1 / 2,
            ("2024-01", "tv"): 1 / 2,
            ("2024-02", "search"): 2 / 3 + 1 / 2,
            ("2024-02", "social"): 1 + 1 / 2,
            ("2024-02", "tv"): 1 / 3,
        }
    )
    by_start = by_segment(with_cohorts(journeys, "M"), Linear(), "cohort", replicates=2)
    assert counted(by_start) == pytest.approx(
        {
            ("2024-01", "search"): 1 / 2 + 2 / 3,
            ("2024-01", "tv"): 1 / 2 + 1 / 3,
            ("2024-02", "search"): 1 / 2,
            ("2024-02", "social"): 1 + 1 / 2,
        }
    )
    by_geo = by_segment(journeys, Linear(), "geo", replicates=2)
    assert counted(by_geo, "value") == pytest.approx(
        {("DE", "search"): 50 + 40, ("DE", "tv"): 50 + 20, ("FR", "search"): 40, ("FR", "social"): 40 + 40}
    )


def test_markov_within_a_geo(journeys):
    # FR: half of the paths start with social, half with tv; social converts or leads to search, each half of the time.
    # Without social nothing converts; without search half of what converted is left. tv leads nowhere.
    french = by_segment(journeys, Markov(1), "geo", replicates=2).loc["FR", "estimate"]
    assert french.to_dict() == pytest.approx({"search": 2 * 1 / 3, "social": 2 * 2 / 3, "tv": 0})
    effect = Markov(1)(only(journeys, geo="FR")).removal_effect
    assert effect.to_dict() == pytest.approx({"search": 1 / 2, "social": 1, "tv": 0})


def test_cac_by_month_under_each_rule(journeys, spend):
    def costs(dating) -> dict[tuple[str, str], float]:
        return cac_by_period(journeys, Linear(), spend, dating=dating, replicates=2)["cac"].dropna().to_dict()

    assert costs(ByConversionDate()) == pytest.approx(
        {
            ("2024-01", "search"): 50 * JANUARY / (1 / 2),
            ("2024-01", "tv"): 100 * JANUARY / (1 / 2),
            ("2024-02", "search"): 70 * FEBRUARY / (7 / 6),
            ("2024-02", "social"): 30 * FEBRUARY / (3 / 2),
            ("2024-02", "tv"): 0.0,
        }
    )
    assert costs(ByTouchDate()) == pytest.approx(
        {
            ("2024-01", "search"): 50 * JANUARY / (1 / 2),
            ("2024-01", "tv"): 100 * JANUARY / (1 / 2 + 1 / 3),
            ("2024-02", "search"): 70 * FEBRUARY / (7 / 6),
            ("2024-02", "social"): 30 * FEBRUARY / (3 / 2),
        }
    )
    # spend of January meets the conversions of 31 days later; of these the log shows February 1 to 20
    lagged = cac_by_period(journeys, Linear(), spend, dating=ByConversionDate(lag=31), replicates=2)
    assert lagged["cac"].dropna().to_dict() == pytest.approx(
        {
            ("2024-02", "search"): 50 * 20 / 31 / (7 / 6),
            ("2024-02", "social"): 0.0,
            ("2024-02", "tv"): 100 * 20 / 31 / (1 / 3),
        }
    )
    assert lagged["coverage"].groupby("period").first().to_dict() == {"2024-02": FEBRUARY, "2024-03": 0.0}


def test_cac_of_one_geo(journeys, spend):
    german = cac_by_period(only(journeys, geo="DE"), Linear(), spend, replicates=2)["cac"]
    assert german[("2024-01", "tv")] == pytest.approx(200 * JANUARY)
    assert german[("2024-02", "search")] == pytest.approx(70 * FEBRUARY / (2 / 3))
    assert np.isinf(german[("2024-02", "social")])


def test_credit_of_single_conversions(journeys):
    table = credit_per_conversion(journeys, Linear())
    rows = {(row.user, row.time.strftime("%m-%d"), row.channel): row.conversions for row in table.itertuples()}
    assert rows == pytest.approx(
        {
            ("ann", "01-25", "search"): 1 / 2,
            ("ann", "01-25", "tv"): 1 / 2,
            ("bob", "02-06", "search"): 2 / 3,
            ("bob", "02-06", "tv"): 1 / 3,
            ("cem", "02-02", "social"): 1,
            ("cem", "02-12", "search"): 1 / 2,
            ("cem", "02-12", "social"): 1 / 2,
        }
    )
