"""What may the quarter bring? The stress library, each shock answered by the plan made again.

Ends in what_if_stress.png: the customers that each shock costs after planning again, with 90 % intervals.
"""

import io
from pathlib import Path

from attribution.plots import canvas, style
from optimizer import Stress, stress
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress
from optimizer.planning.stages.stress import competitor_shock

QUARTER = Path(__file__).parent / "quarter"


def main() -> None:
    run, _ = run_plan(QUARTER / "plan.yaml", goal="optimize", progress=Progress(io.StringIO()))
    result, draws = run.plan, run.rivals.pooled() if run.rivals else run.posterior

    shocks = Stress(channels=4, competitor=competitor_shock("competitor_activity", run.inputs.upcoming, draws, 13))
    stressed = stress(result.plan, result.curves, shocks, result.allocation)
    table = stressed.to_frame().set_index("scenario")
    print(
        table[["kept", "spend", "customers", "customers_change", "blended_cac", "blended_cac_change"]]
        .round(1)
        .to_string()
    )
    for answer in stressed.answers:
        if not answer.kept:
            print(f"{answer.name}: {answer.problem[:200]}")

    known = table.iloc[1:].dropna(subset=["customers_change"])[::-1]
    middle = known["customers_change"]
    reach = [middle - known["customers_change_low"], known["customers_change_high"] - middle]
    with style():
        axes = canvas(9, 5.2)
        axes.errorbar(middle, range(len(known)), xerr=[side.to_numpy() for side in reach], fmt="o", color="#1f5fa8")
        axes.set_yticks(range(len(known)), known.index)
        axes.axvline(0, color="#999999", linewidth=0.8)
        axes.set_xlabel("customers against the plan over 13 weeks, after planning again")
        axes.set_title("What a shock costs")
        axes.figure.savefig("what_if_stress.png", dpi=130)


if __name__ == "__main__":
    main()
