"""Identity maps whose persons are none: words for nobody say nothing, and one person of hundreds of ids is told."""

from __future__ import annotations

import pandas as pd
import pytest

from attribution import IdentityMap, Journeys, PathRules

USERS = [f"u{number}" for number in range(150)]
TIMES = pd.Timestamp("2024-03-01") + pd.to_timedelta(range(150), unit="h")
TOUCHES = pd.DataFrame({"user": USERS, "time": TIMES, "channel": "tv"})
ENDS = pd.DataFrame({"user": USERS, "time": TIMES + pd.Timedelta(minutes=30)})


def made(persons: list[str | None]) -> Journeys:
    book = pd.DataFrame({"user": USERS, "person": persons})
    return Journeys.from_touchpoints(TOUCHES, ENDS, rules=PathRules(identity=IdentityMap(book)))


def test_a_word_for_nobody_joins_nobody() -> None:
    """Of any of the words a person would be made of many users; of these only two are one."""
    words = ["null", "(not set)", "None", "NaN", None, " "]
    journeys = made(["u0", "u0", *(words * 25)[:148]])
    again = next(each.value for each in journeys.findings if each.name == "several_conversions")
    assert again == pytest.approx(1 / 150)


@pytest.mark.parametrize(("persons", "passed"), [(["DE"] * 150, False), ([f"p{at // 3}" for at in range(150)], True)])
def test_a_person_of_hundreds_of_ids_is_told(persons: list[str | None], passed: bool) -> None:
    finding = next(each for each in made(persons).findings if each.name == "ids_of_one_person")
    assert finding.passed is passed
    assert passed or "'DE' 150 ids" in finding.text
