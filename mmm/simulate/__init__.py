"""Weekly worlds with known truth: one causal mechanism from spend to customers, and to journeys if asked for."""

from mmm.simulate.weekly_world import WorldData, WorldTruth, world

__all__ = ["WorldData", "WorldTruth", "world"]
