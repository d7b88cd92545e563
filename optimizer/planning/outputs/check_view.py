"""What a check understood, on standard output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from attribution.findings import Finding
from attribution.numbers import amount, count, counted
from optimizer.planning.language.spoken import spoken
from optimizer.planning.outputs.in_language import voice
from optimizer.planning.outputs.terminal import plain_table, standard_output
from optimizer.planning.stages.understood import Understood

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["show_check"]

_LARGE = 100.0
_BESIDE = 6  # channels beside each other


def show_check(told: Understood, console: Console | None = None) -> None:
    """Print the tables as they were read, what was computed of them, and what a run will do."""
    from rich.markup import escape
    from rich.padding import Padding

    say = voice(console or standard_output(), spoken(told.names))
    files = plain_table(escape(f"{told.title}: the tables as they were read"), "table", "rows", "covers")
    files.columns[2].justify = "left"
    for file in told.files:
        files.add_row(escape(f"{file.role}\n{file.file}"), amount(file.rows), escape(file.covers))
    say(files)
    if told.months is not None and told.spend is not None:
        until = f"until {told.last:%Y-%m-%d}"
        if (told.months % 1).any():
            until = f"weeks divided by days, until {told.last:%Y-%m-%d}"
        say(_months(told.months, told.outcome, until))
        say(_spend(told.spend, told.now, f"{told.currency}, {told.first:%Y-%m-%d} to {told.last:%Y-%m-%d}"))
    if told.by_market is not None:
        say(_by_market(told.by_market, told.currency))
    agreed = [finding.text for finding in told.findings if finding.passed and finding.name == "log_against_kpi"]
    for line in (*told.paths, *told.assumptions, *agreed):
        say(escape(line))
    failed = [finding for finding in told.findings if not finding.passed]
    if failed:
        say(_attention(failed))
    remarks = f", {len(failed)} with a remark" if failed else ""
    say(f"\nThe plan file is fine; {counted(len(told.findings), 'check')} of the tables{remarks}. A run does:")
    for step in told.steps:
        say(Padding(escape(step), (0, 0, 0, 2), expand=False))


def _attention(failed: Sequence[Finding]) -> Table:
    """Findings below each other, their lines indented."""
    from rich.markup import escape
    from rich.table import Table

    grid = Table.grid(padding=(0, 1, 0, 0))
    for finding in failed:
        grid.add_row("[yellow]attention[/]", escape(f"{finding.name}: {finding.text}"))
    return grid


def _form(values: Iterable[float]) -> Callable[[float], str]:
    """Whole numbers written out for a column that holds large ones, so that its cells can be compared."""
    return amount if max(map(abs, values), default=0.0) >= _LARGE else count


def _months(months: pd.Series, outcome: str, until: str) -> Table:
    from rich.markup import escape

    half = (len(months) + 1) // 2
    table = plain_table(escape(f"{outcome} by month, {until}"), "month", outcome, "month", outcome)
    table.columns[2].justify = "left"
    form = _form(months)
    cells = [(str(month), form(float(value))) for month, value in months.items()]
    for row in range(half):
        table.add_row(*cells[row], *(cells[half + row] if half + row < len(cells) else ("", "")))
    return table


def _spend(spend: pd.DataFrame, now: pd.Series | None, unit: str) -> Table:
    from rich.markup import escape

    planned = [] if now is None else ["now, over the horizon"]
    table = plain_table(escape(f"Spend by year, {unit}"), "channel", *map(str, spend.columns), *planned)
    form = _form([*spend.to_numpy().ravel(), *(() if now is None else now)])
    for channel, years in spend.iterrows():
        own = [] if now is None else [form(float(now[str(channel)]))]
        table.add_row(escape(str(channel)), *(form(float(year)) for year in years), *own)
    table.add_section()
    own = [] if now is None else [form(float(now.sum()))]
    table.add_row("all", *(form(float(year)) for year in spend.sum()), *own)
    return table


def _by_market(now: pd.DataFrame, currency: str) -> Table:
    """What limits of markets are percentages of."""
    from rich.markup import escape

    channels = [str(name) for name in now] if len(now.columns) <= _BESIDE else []
    names = [escape(name) for name in channels]
    table = plain_table(escape(f"Spend now by market, over the horizon, {currency}"), "market", *names, "all")
    form = _form([*now.to_numpy().ravel(), *now.sum(axis=1)])
    for market, own in now.iterrows():
        table.add_row(escape(str(market)), *(form(float(own[name])) for name in channels), form(float(own.sum())))
    return table
