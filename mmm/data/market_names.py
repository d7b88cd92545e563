"""Markets of an export's rows: what a column of it says, under the names that the weekly table has for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from attribution.errors import BadInput, Problem
from attribution.numbers import counted
from attribution.reading.patterns import pattern_of
from attribution.shown import shown

__all__ = ["MARKET", "MarketNames", "misfits_of_sources"]

MARKET = "market"
"""The column of markets in a weekly table that is assembled."""
_SHOWN = 3


@shown
@dataclass(frozen=True)
class MarketNames:
    """Where an export says of which market a row is.

    Parameters
    ----------
    column
        Its column; None where all rows are of one market.
    names
        Pattern -> market, as of channels: the first that a cell meets names its market; empty: as it is written.
    """

    column: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def of(self, cells: Sequence[str], table: str) -> list[str]:
        """The market of every row.

        Raises
        ------
        BadInput
            Cells that are empty or meet no pattern.
        """
        known = {cell: self._of(cell) for cell in dict.fromkeys(cells)}
        lost = [cell for cell, market in known.items() if not market]
        if lost:
            rows = sum(cell in set(lost) for cell in cells)
            listed = ", ".join(repr(cell[:40]) for cell in lost[:_SHOWN])
            text = f"is of no market in {counted(rows, 'row')}, such as {listed}."
            remedy = 'add a pattern to markets, "*" at the end for all others.'
            raise BadInput(Problem(table, text, self.column, remedy=remedy))
        return [known[cell] for cell in cells]

    def _of(self, cell: str) -> str:
        if not self.names:
            return cell
        pattern = pattern_of(cell, self.names)
        return "" if pattern is None else self.names[pattern]


def misfits_of_sources(spend: Mapping[str, Iterable[str]], outcome: str, counted: Iterable[str]) -> list[Problem]:
    """What is wrong where only some exports name markets, or spend is in a market of which nothing is counted.

    Parameters
    ----------
    spend
        Name of each source -> its markets; empty where it names none.
    outcome, counted
        Name of the outcome, and its markets.
    """
    counted = set(counted)
    if not counted and not any(spend.values()):
        return []
    all_of = {**{name: set(markets) for name, markets in spend.items()}, outcome: counted}
    remedy = "say geo, its column of the market, or market, where all of it is of one."
    problems = [
        Problem(name, "names no market, and other exports do.", remedy=remedy)
        for name, markets in all_of.items()
        if not markets
    ]
    for name, markets in spend.items():
        if counted and (unknown := sorted(set(markets) - counted)):
            text = f"has spend in {', '.join(unknown[:_SHOWN])}, of which {outcome} counts nobody."
            held = f"{outcome} has {', '.join(sorted(counted)[:6])}"
            problems.append(
                Problem(name, text, remedy=f"name markets alike with markets: {{pattern: market}}; {held}.")
            )
    return problems
