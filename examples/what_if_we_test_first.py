"""What if we ran one lift test before planning? Which channel's test is worth most to the coming plan.

Ends in what_if_we_test_first.png: expected customers won by each test, of what perfect knowledge would win.
"""

import io
from pathlib import Path

import optimizer
from attribution.plots import canvas, style
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress

QUARTER = Path(__file__).parent / "quarter"


def main() -> None:
    run, _ = run_plan(QUARTER / "plan.yaml", goal="optimize", progress=Progress(io.StringIO()))
    curves, now = run.plan.curves, run.plan.now.spend
    plan = optimizer.Plan(
        maximize=optimizer.Customers(organic=run.plan.plan.organic),
        subject_to=[
            optimizer.Budget(at_most=float(now.sum())),
            *(optimizer.Channel(name).between(0.5 * spend, 1.5 * spend) for name, spend in now.items()),
        ],
        now=now,
    )
    test = optimizer.LiftTest(change=-1.0, share=4 / 13 * 0.5, standard_error=60)  # off for 4 weeks in half the market
    table = optimizer.value_of_tests(plan, curves, test)
    print(table.round(2).to_string())

    with style():
        axes = canvas(8, 4.4)
        axes.barh(table["channel"], table["value"], color="#1f5fa8")
        axes.invert_yaxis()
        axes.set_xlabel("customers that a better plan wins, expected before the test")
        axes.set_title("Which channel to test first")
        axes.figure.savefig("what_if_we_test_first.png", dpi=130)


if __name__ == "__main__":
    main()
