"""What a person at the planner takes away: the plan file with the question, and the spend as a table and a workbook."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optimizer.planning.file.rewritten import rewritten
from optimizer.planning.outputs.folder import workbook
from optimizer.planning.outputs.sections.section import Table
from optimizer.planning.stages.kept import Kept
from optimizer.planning.stages.wishes import Wish, aim_of_wish, answer, edits_of, judged

__all__ = ["plan_file", "spend_table", "spend_workbook"]


def plan_file(kept: Kept, wish: Wish) -> str:
    """The run's plan file with the wish in place of its question; it goes beside the original.

    Raises
    ------
    BadInput
        As :func:`optimizer.planning.stages.wishes.edits_of`.
    """
    heading = (
        f"By cac planner from the run {kept.run.name}. Put it beside the plan file of that run: paths start there."
    )
    return rewritten(kept.document, edits_of(kept, wish), heading)


def spend_table(kept: Kept, spend: pd.Series) -> pd.DataFrame:
    """A row per channel, or per channel and market, as ``cac certify`` and ``plan.given`` take it."""
    table = pd.DataFrame({"channel": list(spend.index), "spend": spend.to_numpy().round(2)})
    if kept.markets.several:
        cells = [kept.markets.cells.get(str(cell), (str(cell), "")) for cell in spend.index]
        table["channel"] = [channel for channel, _ in cells]
        table.insert(1, "market", [market for _, market in cells])
    return table


def spend_workbook(kept: Kept, wish: Wish, spend: pd.Series, scenarios: Mapping[str, tuple[Wish, pd.Series]]) -> bytes:
    """The spend beside today's and the best plan, what it brings, and the scenarios, as xlsx.

    Parameters
    ----------
    kept, wish, spend
        What is asked, and the spend.
    scenarios
        Name -> question and spend of each that was kept aside.
    """
    everything = {"Your plan": (wish, spend), **scenarios}
    best = answer(kept, wish).allocation
    held = {name for name, _ in wish.locked}
    channels = pd.DataFrame(
        {
            "channel": list(spend.index),
            "spend_now": kept.now.to_numpy(),
            "spend_yours": spend.to_numpy(),
            "spend_best": float("nan") if best is None else best.spend.to_numpy(),
            "held": ["yes" if name in held else "" for name in spend.index],
        }
    )
    marginal = judged(kept, wish, spend).marginal
    flat = pd.DataFrame([one.flat("marginal_cac_yours") for one in marginal.values()])
    sums = pd.DataFrame({name: one.to_numpy() for name, (_, one) in everything.items()})
    sums.insert(0, "channel", list(spend.index))
    return workbook(
        [
            Table("Your plan", pd.concat([channels, flat], axis=1)),
            Table("Figures", pd.DataFrame([_figures(kept, name, *one) for name, one in everything.items()])),
            Table("Spend by scenario", sums),
        ]
    )


def _figures(kept: Kept, name: str, wish: Wish, spend: pd.Series) -> dict[str, object]:
    """One spend's line: the question, what it brings with 90 % intervals, and what it breaks."""
    result = judged(kept, wish, spend)
    certificate = result.certificate
    return {
        "plan": name,
        "aim": aim_of_wish(kept, wish).name,
        **result.figure.flat("aim_figure"),
        "spend": float(spend.sum()),
        **result.customers.flat("customers"),
        **result.cac.flat("blended_cac"),
        "bound": None if certificate is None else certificate.bound,
        "gap": None if certificate is None else certificate.gap,
        "probability_better_than_today": result.better,
        "breaks": "; ".join(result.broken),
    }
