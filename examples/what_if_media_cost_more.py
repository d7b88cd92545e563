"""What if media cost more? Dearer social, dearer search, dearer everything, and a customer promise on top.

Ends in what_if_media_cost_more.png: blended CAC of each what-if beside the plan.
"""

import io
from pathlib import Path

from attribution.plots import canvas
from optimizer import CostInflation, Promise, Together, compare
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress
from optimizer.plots import scenarios

QUARTER = Path(__file__).parent / "quarter"


def main() -> None:
    run, _ = run_plan(QUARTER / "plan.yaml", goal="optimize", progress=Progress(io.StringIO()))
    plan, curves = run.plan.plan, run.plan.curves
    fewer = 0.95 * run.plan.now.expected_customers

    comparison = compare(
        plan,
        curves,
        [
            CostInflation({"paid_social": 0.20}),
            CostInflation({"generic_search": 0.20}),
            Together(CostInflation(0.10), Promise(fewer)),
            Together(CostInflation(0.20), Promise(fewer)),
        ],
    )
    frame = comparison.frame
    print(frame[["spend", "customers", "blended_cac", "problem"]].round(2).to_string())
    print(comparison.spend.round(0).to_string())

    outlay = frame["spend"] + plan.fixed_cost
    table = frame.assign(
        mean=frame["blended_cac"], low=outlay / frame["customers_high"], high=outlay / frame["customers_low"]
    )
    axes = scenarios(table[["mean", "low", "high"]], canvas(9, 3.6), plan="as planned")
    axes.figure.savefig("what_if_media_cost_more.png", dpi=130)


if __name__ == "__main__":
    main()
