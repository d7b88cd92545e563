"""Weekly worlds with known truth: one causal mechanism from spend to customers, and to journeys if asked for.

``weekly_world`` puts together media (``channels``) and what customers do without them (``demand``); ``geo_world`` is
one of regions, ``followers`` one where spend follows an unseen demand, ``lift_tests`` what experiments in a world would
have measured, ``example`` writes the example company's files. Begin with ``world``. Tests, benchmarks and
examples read this room, no model does.
"""

from mmm.simulate.weekly_world import WorldData, WorldTruth, world

__all__ = ["WorldData", "WorldTruth", "world"]


def __dir__() -> list[str]:
    return sorted(__all__)
