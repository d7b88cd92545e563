"""Both engines on concave curves, with and without groups. Run: python tests/benchmarks/optimizer_engines.py"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "optimizer"))
from plan_worlds import hill_world

import optimizer


def measured(channels: int, *, has_groups: bool) -> None:
    """Print each engine's processor time for a changed budget, and its gap."""
    curves = hill_world(3, channels, "concave")
    names = list(curves)
    cut = channels // 4
    groups = [optimizer.Group(f"group {i}", names[i * cut : (i + 1) * cut]).at_most(2e5) for i in range(4)]
    plan = optimizer.Plan(
        maximize=optimizer.Customers(), subject_to=[optimizer.Budget(at_most=1e6), *(groups if has_groups else [])]
    )
    for engine in (optimizer.Hulls(), optimizer.Conic()):
        plan.solve(curves, engine=engine)
        times = []
        for budget in (0.9e6, 1.0e6, 1.1e6):
            changed, _ = optimizer.BudgetOf(budget).applied(plan, curves)
            start = time.process_time()
            found = changed.solve(curves, engine=engine)
            times.append(time.process_time() - start)
        label = f"{channels} channels, {'groups' if has_groups else 'one budget'}"
        print(f"{label}: {engine.name}: {1e3 * min(times):.1f} ms, gap {found.gap:.1e}")


if __name__ == "__main__":
    for channels in (8, 40, 200):
        for has_groups in (False, True):
            measured(channels, has_groups=has_groups)
