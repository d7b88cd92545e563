"""What if customers are worth less? The plan for net present value, with lifetime values a fifth and two fifths lower.

Ends in what_if_customers_are_worth_less.png: the plan for least CAC (now) and that for net present value (planned).
"""

import io
from pathlib import Path

import numpy as np

from attribution.plots import canvas
from optimizer import LowerValue, Plan, Profit, compare
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress
from optimizer.plots import moves

QUARTER = Path(__file__).parent / "quarter"


def main() -> None:
    run, _ = run_plan(QUARTER / "plan.yaml", goal="optimize", progress=Progress(io.StringIO()))
    plan, curves, values = run.plan.plan, run.plan.curves, run.inputs.customer_values

    worth = {channel: values.value(channel) for channel in curves}  # draws of what a customer is worth
    npv = Profit(
        worth,
        organic=plan.organic,
        value_per_organic=values.value("organic"),
        fixed_cost=plan.fixed_cost,
        called="net present value",
    )
    for_value = Plan(maximize=npv, subject_to=plan.subject_to, now=plan.now)
    comparison = compare(for_value, curves, [LowerValue(0.2), LowerValue(0.4)])
    print("Plans for most net present value, EUR of the quarter: as customers are worth today, and less")
    print(comparison.frame[["spend", "customers", "blended_cac"]].round(2).to_string())
    print(comparison.spend.round(0).to_string())

    least_cac, most_value = (one.solve(curves) for one in (plan, for_value))
    cheap, valuable = (for_value.figures(curves, one.spend) for one in (least_cac, most_value))
    print("\nWhat the quarter's customers, organic ones included, are worth less what they cost, with 90 % intervals:")
    told = {"least CAC": cheap, "most net present value": valuable, "the second less the first": valuable - cheap}
    for name, figures in told.items():
        low, high = np.quantile(figures, [0.05, 0.95])
        print(f"  {name}: {figures.mean():,.0f} EUR ({low:,.0f} to {high:,.0f})")
    moves(least_cac, most_value, canvas(9, 4.6)).figure.savefig("what_if_customers_are_worth_less.png", dpi=130)


if __name__ == "__main__":
    main()
