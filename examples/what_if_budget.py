"""What if the budget were cut or raised? The frontier of the example quarter, as it is and with dearer media.

Ends in what_if_budget.png: blended CAC against the budget in three worlds.
"""

import io
from pathlib import Path

import numpy as np

from attribution.plots import canvas, style
from optimizer import CostInflation, scenario_frontiers
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress

QUARTER = Path(__file__).parent / "quarter"


def main() -> None:
    run, _ = run_plan(QUARTER / "plan.yaml", goal="optimize", progress=Progress(io.StringIO()))
    plan, curves, now = run.plan.plan, run.plan.curves, float(run.plan.now.spend.sum())

    worlds = [CostInflation(0.10), CostInflation(0.25)]
    budgets = np.linspace(0.6, 1.4, 9) * now
    table = scenario_frontiers(plan, curves, worlds, budgets)
    wide = table.pivot_table(index="budget", columns="scenario", values="blended_cac", sort=False)
    print(wide.round(2).to_string())

    with style():
        axes = canvas(8, 4.4)
        for name, marker in zip(wide.columns, "osD", strict=True):
            axes.plot(wide.index / 1e6, wide[name], marker=marker, label=name)
        axes.axvline(now / 1e6, color="#8b96a3", linestyle="--", label="spend now")
        axes.set_xlabel("budget for 13 weeks, million EUR")
        axes.set_ylabel("lowest blended CAC, EUR")
        axes.set_title("What a budget buys")
        axes.legend()
        axes.figure.savefig("what_if_budget.png", dpi=130)


if __name__ == "__main__":
    main()
