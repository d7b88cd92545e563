"""A plan file of somebody's own table by week: columns taken by their names, each said, none hidden."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from attribution.errors import BadInput
from attribution.files import write_whole
from attribution.numbers import CURRENCY
from optimizer.planning.language.spoken import language, said
from optimizer.planning.looks import TABLES, Look, look_at, note, sheets_of, stated, why_unread
from optimizer.planning.named_columns import Columns, columns_of, is_by_channel

__all__ = ["write_draft"]

_LISTED = 8
_YAML = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}  # words that mean something else


def _tables_in(folder: Path) -> list[Path]:
    """Files of a folder that hold tables, each sheet of a workbook by itself."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in TABLES)
    return [part for path in files for part in sheets_of(path)]


def write_draft(folder: Path) -> tuple[Path, str] | None:
    """Write the plan file of the table that holds rows by week or day, an outcome and spend.

    Parameters
    ----------
    folder
        With tables of somebody's own.

    Returns
    -------
    The plan file, and what was taken for what; None where the folder holds no table.

    Raises
    ------
    BadInput
        A plan file is there already, or no table is of that kind; nothing is written then.
    """
    plan = folder / "plan.yaml"
    tables = _tables_in(folder) if folder.is_dir() else []
    if not tables:
        return None
    if plan.exists():
        raise BadInput(f"{folder}: holds {plan.name} already; name another folder. Nothing was written.")
    looks = [look for look in map(look_at, tables) if look is not None and look.days]
    if by_channel := [look for look in looks if look.geo and is_by_channel(look)]:
        named = ", ".join(f"{look.path.name} (column '{look.geo}')" for look in by_channel[:_LISTED])
        looks = [look for look in looks if look not in by_channel]
    known = [(look, columns) for look in looks if (columns := columns_of(look)).outcome and columns.spend]
    if not known and by_channel:
        raise BadInput(
            f"{folder}: holds rows by channel in {named}, where a weekly table has one row per week with a column of "
            "spend for each channel. Pivot it; or name it in data.spend with its column of channels, and the outcome "
            "by itself. Nothing was written."
        )
    if not known:
        listed = ", ".join(path.name for path in tables[:_LISTED])
        seen = "".join(f"\n{_seen(look)}" for look in looks[:_LISTED])
        unread = "".join(f"\n{reason}" for path in tables[:_LISTED] if (reason := why_unread(path)))
        raise BadInput(
            f"{folder}: holds tables ({listed}), none with a row per week or day in which names of columns tell the "
            "outcome of all channels and spend, such as new_customers and tv_spend. Rename them; or begin with exports "
            f"of platforms by `cac import`, or with samples in a new folder. Nothing was written.{seen}{unread}"
        )
    chosen, columns = max(known, key=lambda one: (one[0].path.stem.lower() == "weekly", one[0].rows))
    others = [look.path.name for look in looks if look is not chosen]
    write_whole(plan, "\n".join(_lines(chosen, columns, others)) + "\n")
    return plan, _told(chosen, columns)


def _seen(look: Look) -> str:
    """Of a table by week or day without outcome or spend: what its columns were taken for."""
    columns = columns_of(look)
    outcome = f"'{columns.outcome}' is the outcome" if columns.outcome else "no column is the outcome"
    spent = ", ".join(f"'{name}'" for name in columns.spend)
    spend = f"spend is in {spent}" if spent else "none is spend"
    taken = {columns.outcome, *columns.spend}
    left = ", ".join(f"'{name}'" for name in (*look.numbers, *look.words)[:_LISTED] if name not in taken)
    return f"{look.path.name}: {outcome}, {spend}, by their names; the others are {left}."


def _told(look: Look, columns: Columns) -> str:
    """What was taken for what, and what was not."""
    spent = ", ".join(columns.spend.values())
    told = f"{look.path.name}: {columns.outcome} is the outcome, spend is of {spent}, by their names."
    left = ", ".join((*columns.numbers, *columns.words, *columns.unused))
    return f"{told} Not used: {left}." if left else told


def _lines(look: Look, columns: Columns, others: Sequence[str]) -> Iterator[str]:
    outcome, currency = columns.outcome, _currency(columns)
    foreign = {channel: code for channel, code in columns.currencies.items() if code != currency}
    yield from _head(columns, currency, sorted(set(foreign.values())))
    yield f"\ndata:\n  weekly:\n    path: {_written(look.path.name)}\n    date: {_written(look.date)}"
    yield from stated(look.written, "    ")
    if look.geo:
        yield f"    geo: {_written(look.geo)}"
    if columns.people:
        yield f"    population: {_written(columns.people)}"
    yield f"    kpi: {_written(outcome)}  {note('all of them, those that came unpaid too')}"
    yield from _unit(columns.units)
    yield f"    spend:  {note('channel: its column; take out what is none')}"
    yield from (f"      {_written(channel)}: {_written(name)}" for name, channel in columns.spend.items())
    if foreign:
        yield f"    currency_of: {{{', '.join(f'{_written(name)}: {code}' for name, code in foreign.items())}}}"
    if columns.driven:
        listed = ", ".join(f"{_written(channel)}: {_written(name)}" for channel, name in columns.driven.items())
        yield f"    # driven_by: {{{listed}}}  {note('lets the effect follow what was delivered')}"
    kinds = {**dict.fromkeys(columns.numbers, "number"), **dict.fromkeys(columns.words, "indicator")}
    yield f"    controls: []  {note('what else moves demand: prices, promotions, competitors; of the columns left')}"
    if kinds:
        yield f"    # controls: {{{', '.join(f'{_written(name)}: {kind}' for name, kind in kinds.items())}}}"
    if columns.unused:
        yield f"    # {said('no controls, by their names')}: {', '.join(map(_written, columns.unused))}"
    yield f"  # upcoming: last_year  {note('goes with controls: those of the coming weeks; or a table of them')}"
    yield from (f"  {note(f'another table by week or day: {other}')}" for other in others)
    yield f"\nmodel:\n  season: {{order: 2}}\n  # holidays: DE  {note('your country')}"
    yield from _plan(columns, currency)


def _currency(columns: Columns) -> str:
    """That of most channels by the names of their columns, else of what is earned."""
    named = Counter(columns.currencies.values()).most_common(1)
    return named[0][0] if named else columns.earned_in or CURRENCY


def _head(columns: Columns, currency: str, foreign: Sequence[str]) -> Iterator[str]:
    counted = "customers" if columns.is_customers else columns.outcome
    told = "" if columns.currencies or columns.earned_in else f"  {note('no column names it: yours')}"
    yield note("Written by `cac init` from the table beside it: columns are taken by their names, so check each line.")
    yield f"name: {said('Next quarter')}\ncurrency: {currency}{told}"
    if foreign:
        rates = ", ".join(f'{code}: "?"' for code in foreign)
        yield f"currencies: {{{rates}}}  {note(f'what one unit is worth in {currency}')}"
    yield f"outcome: {f'{currency} of revenue' if columns.is_money else _written(counted)}"
    if language() != "en":
        yield f"language: {language()}"


def _unit(units: set[str]) -> Iterator[str]:
    """What spend is counted in, as names of its columns tell."""
    if len(units) > 1:
        yield f'    unit: "?"  {note("names of columns tell several; a table has one: write all spend in the same")}'
    elif units != {""}:
        yield f"    unit: {next(iter(units))}  {note('spend is counted in it, by names of columns')}"


def _plan(columns: Columns, currency: str) -> Iterator[str]:
    yield "\nplan:\n  weeks: 13"
    if columns.is_money:
        worth = {"": "1", "thousand": "1_000", "million": "1_000_000"}[columns.unit_of(columns.outcome)]
        worth = worth if columns.earned_in in {"", currency} else '"?"'
        yield "  maximize: profit"
        yield f"  value_per_customer: {worth}  {note('the outcome is money: what one unit is worth')}"
        yield "  budget: {at_most: +0%}"
    else:
        yield "  minimize: blended_cac\n  budget: {at_most: +0%}\n  customers: {at_least: +0%}"
    yield "  every_channel: {at_least: -30%, at_most: +30%}"


def _written(name: str) -> str:
    """A name as YAML reads it back."""
    plain = re.fullmatch(r"[A-Za-z][\w.]*", name) and name.lower() not in _YAML
    return name if plain else json.dumps(name, ensure_ascii=False)
