"""What if we plan for the worst tenth of what the model holds possible, not for the average?

Ends in what_if_we_are_cautious.png: mean blended CAC against pessimistic CAC, from bold to cautious.
"""

import io
from pathlib import Path

import optimizer
from attribution.plots import canvas, style
from optimizer import risk_frontier
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress

QUARTER = Path(__file__).parent / "quarter"


def main() -> None:
    run, _ = run_plan(QUARTER / "plan.yaml", goal="optimize", progress=Progress(io.StringIO()))
    now = run.plan.now.spend
    plan = optimizer.Plan(
        minimize=optimizer.BlendedCAC(fixed_cost=run.plan.plan.fixed_cost, organic=run.plan.plan.organic),
        subject_to=[
            optimizer.Budget(exactly=0.9 * float(now.sum())),
            *(optimizer.Channel(name).between(0.5 * spend, 1.5 * spend) for name, spend in now.items()),
        ],
        now=now,
    )
    table = risk_frontier(plan, run.plan.curves, tail=0.1)
    print(
        table[["weight", "customers", "pessimistic_customers", "blended_cac", "pessimistic_cac", "gap"]]
        .round(4)
        .to_string()
    )

    with style():
        axes = canvas(7.5, 4.4)
        axes.plot(table["pessimistic_cac"], table["blended_cac"], "o-", color="#1f5fa8")
        for label, row in zip(("for the average", "for the worst tenth"), (0, -1), strict=True):
            point = table.iloc[row]
            axes.annotate(
                label, (point["pessimistic_cac"], point["blended_cac"]), xytext=(8, 8), textcoords="offset points"
            )
        axes.margins(0.25)
        axes.ticklabel_format(useOffset=False)
        axes.set_xlabel("blended CAC in the worst tenth of draws, EUR")
        axes.set_ylabel("blended CAC on average, EUR")
        axes.set_title("What caution costs")
        axes.figure.savefig("what_if_we_are_cautious.png", dpi=130)


if __name__ == "__main__":
    main()
