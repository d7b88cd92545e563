"""What if payback takes longer? Months until a channel's cost has come back, with dearer media and thinner margins.

Ends in what_if_payback_takes_longer.png: how long customers stay, as seen and as carried on.
"""

import io
from pathlib import Path

import numpy as np
import pandas as pd

from attribution.economics import payback
from attribution.plots import canvas, retention
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress

QUARTER = Path(__file__).parent / "quarter"
WORSE = {"as it is": (1.0, 1.0), "media 20 % dearer": (1.2, 1.0), "margin 20 % lower": (1.0, 0.8), "both": (1.2, 0.8)}


def main() -> None:
    run, _ = run_plan(QUARTER / "plan.yaml", goal="optimize", progress=Progress(io.StringIO()))
    values, planned = run.inputs.customer_values, run.plan.planned

    rows = {}
    for channel, spend in planned.spend[planned.spend > 0].items():
        flow = values.flow(channel, discounted=True)
        won = np.resize(planned.paid[channel], len(flow))  # draws that know nothing of each other
        cac = np.where(won > 0, spend / np.where(won > 0, won, 1.0), np.inf)
        rows[channel] = {name: payback(dearer * cac, left * flow).sentence for name, (dearer, left) in WORSE.items()}
    print("Months until the discounted margin of a customer has paid for the plan's CAC, with 90 % intervals;")
    print(f"never: not within {values.terms.horizon} months")
    print(pd.DataFrame(rows).T.to_string())

    axes = retention(values, canvas(9, 4))
    axes.figure.savefig("what_if_payback_takes_longer.png", dpi=130)


if __name__ == "__main__":
    main()
