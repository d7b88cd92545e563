"""What if we tried podcasts? A channel without history borrows the curve of one it resembles, less certain than that.

Ends in what_if_new_channel.png: the plan without it (now) and with it (planned).
"""

import io
from pathlib import Path

from attribution.plots import canvas
from optimizer import NewChannel, compare
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress
from optimizer.plots import moves

QUARTER = Path(__file__).parent / "quarter"


def main() -> None:
    run, _ = run_plan(QUARTER / "plan.yaml", goal="optimize", progress=Progress(io.StringIO()))
    plan, curves = run.plan.plan, run.plan.curves

    hopeful = NewChannel("podcasts", like="online_video", size=0.5, cost=0.9, uncertainty=0.5, at_most=150_000)
    comparison = compare(plan, curves, [hopeful])
    print(
        comparison.frame[["spend", "customers", "customers_low", "customers_high", "blended_cac"]].round(1).to_string()
    )

    before, after = (comparison.allocations[name] for name in comparison.frame.index)
    print(
        "\nSpend on podcasts:",
        f"{after.spend['podcasts']:,.0f}",
        "at a marginal CAC of",
        f"{after.marginal_cac['podcasts']:.0f}",
    )
    axes = moves(before, after, canvas(9, 4.6))
    axes.figure.savefig("what_if_new_channel.png", dpi=130)


if __name__ == "__main__":
    main()
