"""Random plans and flights of every kind against arithmetic of their own; ``make fuzz`` asks thousands more."""

import flight_fuzz
import plan_fuzz
import pytest


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_random_plans_keep_their_promises_and_no_grid_beats_their_bound(first):
    said = {seed: plan_fuzz.verdict(plan_fuzz.case(seed)) for seed in range(first, first + 20)}
    assert not {seed: text for seed, text in said.items() if text.startswith("FAULT")}
    assert sum(text == "solved" for text in said.values()) >= 5


def test_random_flights_keep_every_limit():
    said = {seed: flight_fuzz.verdict(seed) for seed in range(16)}
    assert not {seed: text for seed, text in said.items() if text.startswith("FAULT")}
    assert sum(text == "solved" for text in said.values()) >= 6
