"""What if part of what channels are credited with is demand that would have come anyway?

Ends in what_if_demand_hides.png: what the plan and the plan against hidden demand win at worst, as more may hide.
"""

import io
from pathlib import Path

import pandas as pd

import optimizer
from attribution.plots import canvas, style
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress

QUARTER = Path(__file__).parent / "quarter"
STRENGTHS = (0.0, 0.2, 0.4, 0.6, 0.8)


def main() -> None:
    run, _ = run_plan(QUARTER / "plan.yaml", goal="optimize", progress=Progress(io.StringIO()))
    curves, now = run.plan.curves, run.plan.now.spend
    plan = optimizer.Plan(
        maximize=optimizer.Customers(organic=run.plan.plan.organic),
        subject_to=[
            optimizer.Budget(exactly=float(now.sum())),
            *(optimizer.Channel(name).between(0.5 * spend, 1.5 * spend) for name, spend in now.items()),
        ],
        now=now,
    )
    rows = []
    for strength in STRENGTHS:
        guarded = optimizer.HiddenDemand(plan, strength).solve(curves, gap=1e-4)
        rows.append(
            {
                "strength": strength,
                "worst": guarded.worst,
                "bound": guarded.bound,
                "plain worst": guarded.plain_worst,
                "price": guarded.price,
                "moved": float((guarded.spend - now).abs().sum() / 2),
            }
        )
    table = pd.DataFrame(rows).set_index("strength")
    print(table.round(1).to_string())

    with style():
        axes = canvas(7.5, 4.4)
        axes.plot(table.index, table["worst"], "o-", color="#1f5fa8", label="plan against hidden demand")
        axes.plot(table.index, table["plain worst"], "o--", color="#a8501f", label="plan that trusts all credit")
        axes.axhline(0.0, color="#888888", linewidth=0.8)
        axes.set_xlabel("largest share of a channel's effect that may be demand")
        axes.set_ylabel("customers beyond today's, at worst")
        axes.set_title("The same money, if demand hides behind the credit")
        axes.legend()
        axes.figure.savefig("what_if_demand_hides.png", dpi=130)


if __name__ == "__main__":
    main()
