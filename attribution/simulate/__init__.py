"""Journeys whose true incremental effects are known, to hold models against.

``people`` says who buys when and why and which touches follow, ``journey_log`` makes of it the tables that users have
and the truth beside them. Nothing in the packages reads this room; tests, benchmarks and examples do. Begin with
``journey_log``.
"""

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


def __dir__() -> list[str]:
    return sorted(__all__)
