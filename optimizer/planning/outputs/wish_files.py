"""What a person at the planner takes away: the plan file with the question, and the spend as a table and a workbook."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optimizer.planning.file.rewritten import rewritten
from optimizer.planning.language.translator import Translator
from optimizer.planning.outputs.against_today import chance
from optimizer.planning.outputs.book.formats import SHARE, counts, figures, money
from optimizer.planning.outputs.book.sheet import Book, Column
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


def spend_workbook(
    kept: Kept,
    wish: Wish,
    spend: pd.Series,
    scenarios: Mapping[str, tuple[Wish, pd.Series]],
    say: Translator | None = None,
) -> bytes:
    """The spend beside today's and the best plan, what it brings, and the scenarios, as xlsx.

    Parameters
    ----------
    kept, wish, spend
        What is asked, and the spend.
    scenarios
        Name -> question and spend of each that was kept aside.
    say
        What says its texts in a language; None for English.
    """
    everything = {"Your plan": (wish, spend), **scenarios}
    book, currency = Book(f"{kept.name}: your plan", say), kept.config.currency
    _channels_sheet(book, kept, wish, spend)
    _figures_sheet(book, kept, everything)
    sheet = book.sheet("Spend by scenario", [28, *[14] * len(everything)])
    form = money([value for _, one in everything.values() for value in one])
    columns = [Column("Channel"), *(Column(f"{name}, {currency}", form) for name in everything)]
    spends = [one.reindex(spend.index).to_numpy(dtype=float) for _, one in everything.values()]
    rows = [[str(name), *(float(one[at]) for one in spends)] for at, name in enumerate(spend.index)]
    sheet.freeze(sheet.table(columns, rows, [["All channels", *(float(one.sum()) for one in spends)]]))
    return book.bytes()


def _channels_sheet(book: Book, kept: Kept, wish: Wish, spend: pd.Series) -> None:
    """The spend by channel beside today's and the best plan's, and what a next customer costs there."""
    currency, held = kept.config.currency, {name for name, _ in wish.locked}
    best, marginal = answer(kept, wish).allocation, judged(kept, wish, spend).marginal
    form, costs = money([*kept.now, *spend]), figures(one.point for one in marginal.values())
    sheet = book.sheet("Your plan", [28, 15, 15, 15, 10, 15, 13, 13])
    columns = [
        Column("Channel"),
        *(Column(f"{name}, {currency}", form) for name in ("Spend now", "Your plan", "Best plan")),
        Column("Held"),
        Column(f"Marginal CAC of yours, {currency}", costs),
        Column("from (90 %)", costs),
        Column("to (90 %)", costs),
    ]
    rows = []
    for name in map(str, spend.index):
        other = None if best is None else float(best.spend[name])
        cost = marginal[name]
        known = [name, float(kept.now[name]), float(spend[name]), other, "yes" if name in held else None]
        rows.append([*known, cost.point, cost.low, cost.high])
    whole = None if best is None else float(best.spend.sum())
    total = ["All channels", float(kept.now.sum()), float(spend.sum()), whole, None, None, None, None]
    sheet.freeze(sheet.table(columns, rows, [total]))


def _figures_sheet(book: Book, kept: Kept, everything: Mapping[str, tuple[Wish, pd.Series]]) -> None:
    """One row a spend: the question, what it brings with 90 % intervals, and what it breaks."""
    currency, outcome = kept.config.currency, kept.config.outcome
    sheet = book.sheet("Figures", [26, 16, *[13] * 12, 14, 40])
    told = {name: (judged(kept, *one), aim_of_wish(kept, one[0]).name) for name, one in everything.items()}
    form = money([float(one.sum()) for _, one in everything.values()])
    won = counts([result.customers.point for result, _ in told.values()])
    costs = figures(result.cac.point for result, _ in told.values())
    aims = figures(result.figure.point for result, _ in told.values())
    columns = [
        Column("Plan"),
        Column("Aim"),
        *(Column(title, aims) for title in ("Figure of the aim", "from (90 %)", "to (90 %)", "Best possible")),
        Column("Distance from it", SHARE),
        Column(f"Spend, {currency}", form),
        *(Column(title, won) for title in (f"New {outcome}", "from (90 %)", "to (90 %)")),
        *(Column(title, costs) for title in (f"Blended CAC, {currency}", "from (90 %)", "to (90 %)")),
        Column("Better than today", SHARE),
        Column("Breaks"),
    ]
    rows = []
    for name, (result, aim) in told.items():
        proof = result.certificate
        bound, gap = (None, None) if proof is None else (proof.bound, proof.gap)
        figure, customers, cac = result.figure, result.customers, result.cac
        rows.append(
            [
                *(name, aim, figure.point, figure.low, figure.high, bound, gap, float(everything[name][1].sum())),
                *(customers.point, customers.low, customers.high, cac.point, cac.low, cac.high),
                *(chance(result.better), "; ".join(result.broken) or None),
            ]
        )
    sheet.freeze(sheet.table(columns, rows))
