"""A plan file of somebody's own table by week: columns taken by their names, each said, none hidden."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from attribution.errors import BadInput
from attribution.files import write_whole
from attribution.numbers import CURRENCY
from optimizer.planning.language.spoken import language, said
from optimizer.planning.looks import TABLES, Look, look_at, note, sheets_of

__all__ = ["write_draft"]

_SPEND = {"spend", "spent", "cost", "costs", "expenditure", "kosten", "ausgaben", "spendings", "s"}
_VOLUME = {"impression", "impressions", "clicks", "sends", "views", "grp", "grps", "reach", "frequency", "i", "p"}
_CHANNELS = (
    {"tv", "radio", "ooh", "print", "search", "social", "facebook", "meta", "google", "youtube", "tiktok", "display"}
    | {"video", "affiliate", "affiliates", "linkedin", "podcast", "podcasts", "shopping", "sea", "bing", "microsoft"}
    | {"instagram", "snapchat", "pinterest", "influencer", "influencers", "events", "webinars", "retargeting"}
)
_COUNTS = (
    "customers",
    "neukunden",
    "kunden",
    "conversions",
    "orders",
    "bestellungen",
    "signups",
    "leads",
    "sales",
    "kpi",
)
_MONEY = ("revenue", "umsatz")
_LISTED = 8
_YAML = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}  # words that mean something else
_NO_OUTCOME = {"per", "competitor", "competitors", "price", "index"}


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
    known = [look for look in looks if _outcome(look) and _spend(look)]
    if not known:
        listed = ", ".join(path.name for path in tables[:_LISTED])
        raise BadInput(
            f"{folder}: holds tables ({listed}), none with a row per week or day in which names of columns tell the "
            "outcome and spend, such as new_customers and tv_spend. Rename them; or begin with exports of platforms by "
            "`cac import`, or with samples in a new folder. Nothing was written."
        )
    chosen = max(known, key=lambda look: (look.path.stem.lower() == "weekly", look.rows))
    write_whole(plan, "\n".join(_lines(chosen, [look.path.name for look in looks if look is not chosen])) + "\n")
    spent = ", ".join(_spend(chosen).values())
    return plan, f"{chosen.path.name}: {_outcome(chosen)} is the outcome, spend is of {spent}, by their names."


def _tokens(name: str) -> list[str]:
    return [part.lower() for part in re.split(r"[\W_]+", name) if part]


def _outcome(look: Look) -> str:
    """The column that is the outcome by its name; the best known word counts."""
    fit = [name for name in look.numbers if not _NO_OUTCOME & set(_tokens(name)) and name not in _spend(look)]
    words = (*_COUNTS, *_MONEY)
    return next((name for word in words for name in fit if word in _tokens(name)), "y" if "y" in fit else "")


def _spend(look: Look) -> dict[str, str]:
    """Column -> channel."""
    marked = {name: _stem(name) for name in look.numbers if _tokens(name)[-1:] and set(_tokens(name)) & _SPEND}
    if marked:
        return marked
    named = (name for name in look.numbers if _CHANNELS & set(_tokens(name)) and not _VOLUME & set(_tokens(name)))
    return {name: name for name in named}


def _stem(name: str) -> str:
    """A column's name without what says that it is spend or a volume."""
    parts = [part for part in name.split("_") if part.lower() not in _SPEND | _VOLUME]
    return "_".join(parts) or name


def _lines(look: Look, others: Sequence[str]) -> Iterator[str]:
    spend, outcome = _spend(look), _outcome(look)
    is_money = any(word in _tokens(outcome) for word in _MONEY)
    volumes = {
        name: channel
        for name in look.numbers
        if name not in spend and set(_tokens(name)) & _VOLUME and (channel := _driven(name, list(spend.values())))
    }
    people = next((name for name in look.numbers if look.geo and "population" in _tokens(name)), "")
    rest = [name for name in look.numbers if name not in {outcome, people, *spend, *volumes}]
    counted = "customers" if {"customers", "kunden", "neukunden"} & set(_tokens(outcome)) else outcome
    yield note("Written by `cac init` from the table beside it: columns are taken by their names, so check each line.")
    yield f"name: {said('Next quarter')}\ncurrency: {CURRENCY}"
    yield f"outcome: {f'{CURRENCY} of revenue' if is_money else _written(counted)}"
    if language() != "en":
        yield f"language: {language()}"
    yield f"\ndata:\n  weekly:\n    path: {_written(look.path.name)}\n    date: {_written(look.date)}"
    for key, sign in look.written.items():
        yield f"    {key}: {json.dumps(sign)}"
    if look.geo:
        yield f"    geo: {_written(look.geo)}"
    if people:
        yield f"    population: {_written(people)}"
    yield f"    kpi: {_written(outcome)}  {note('all of them, those that came unpaid too')}"
    yield f"    spend:  {note('channel: its column; take out what is none')}"
    yield from (f"      {_written(channel)}: {_written(name)}" for name, channel in spend.items())
    if volumes:
        listed = ", ".join(f"{_written(channel)}: {_written(name)}" for name, channel in volumes.items())
        yield f"    # driven_by: {{{listed}}}  {note('lets the effect follow what was delivered')}"
    kinds = {**dict.fromkeys(rest, "number"), **dict.fromkeys(look.words, "indicator")}
    yield f"    controls: []  {note('what else moves demand: prices, promotions, competitors; of the columns left')}"
    if kinds:
        yield f"    # controls: {{{', '.join(f'{_written(name)}: {kind}' for name, kind in kinds.items())}}}"
    yield f"  # upcoming: last_year  {note('goes with controls: those of the coming weeks; or a table of them')}"
    yield from (f"  {note(f'another table by week or day: {other}')}" for other in others)
    yield f"\nmodel:\n  season: {{order: 2}}\n  # holidays: DE  {note('your country')}"
    yield "\nplan:\n  weeks: 13"
    if is_money:
        yield f"  maximize: profit\n  value_per_customer: 1  {note('the outcome is money: one unit is worth one')}"
        yield "  budget: {at_most: +0%}"
    else:
        yield "  minimize: blended_cac\n  budget: {at_most: +0%}\n  customers: {at_least: +0%}"
    yield "  every_channel: {at_least: -30%, at_most: +30%}"


def _driven(name: str, channels: Sequence[str]) -> str:
    """The channel whose volume a column is, by the beginning of its name."""
    stem = _stem(name).lower()
    return next((one for one in channels if one.lower() == stem or stem.startswith(f"{one.lower()}_")), "")


def _written(name: str) -> str:
    """A name as YAML reads it back."""
    plain = re.fullmatch(r"[A-Za-z][\w.]*", name) and name.lower() not in _YAML
    return name if plain else json.dumps(name, ensure_ascii=False)
