"""What if a channel were switched off? Each in turn, the rest replanned at the same total budget.

Ends in what_if_channel_off.png: the customers each channel is worth to the company, not to itself.
"""

import io
from pathlib import Path

import optimizer
from attribution.plots import canvas, style
from optimizer import ChannelOff, compare
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress

QUARTER = Path(__file__).parent / "quarter"


def main() -> None:
    run, _ = run_plan(QUARTER / "plan.yaml", goal="optimize", progress=Progress(io.StringIO()))
    curves, now = run.plan.curves, run.plan.now.spend

    plan = optimizer.Plan(
        maximize=optimizer.Customers(organic=run.plan.plan.organic, fixed_cost=run.plan.plan.fixed_cost),
        subject_to=[
            optimizer.Budget(at_most=float(now.sum())),
            *(optimizer.Channel(name).at_most(1.5 * spend) for name, spend in now.items()),
        ],
        now=now,
    )
    comparison = compare(plan, curves, [ChannelOff(channel) for channel in curves])
    table = comparison.frame[["spend", "customers", "customers_change", "blended_cac"]]
    print(table.round(1).to_string())

    lost = -table["customers_change"].iloc[1:].sort_values()
    with style():
        axes = canvas(8, 4.4)
        axes.barh([name.removesuffix(" off") for name in lost.index], lost.to_numpy(), color="#1f5fa8")
        axes.invert_yaxis()
        axes.set_xlabel("customers lost over 13 weeks, the rest of the budget replanned")
        axes.set_title("What the plan would lose without a channel")
        axes.figure.savefig("what_if_channel_off.png", dpi=130)


if __name__ == "__main__":
    main()
