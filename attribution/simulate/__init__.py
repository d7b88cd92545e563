"""Journeys whose true incremental effects are known."""

from attribution.simulate.journey_log import (
    ORGANIC,
    Habit,
    JourneyData,
    JourneyTruth,
    habits_of,
    journeys,
    journeys_of,
    sample_effects,
)

__all__ = ["ORGANIC", "Habit", "JourneyData", "JourneyTruth", "habits_of", "journeys", "journeys_of", "sample_effects"]
