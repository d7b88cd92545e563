"""`cac import`: what the exports in a folder are, and a plan file whose weekly table is assembled of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise, takewhile
from pathlib import Path
from typing import TypeVar

import pandas as pd

from attribution.errors import BadInput
from attribution.files import write_whole
from attribution.numbers import CURRENCY, amount, counted
from attribution.reading.cells import cells_of
from attribution.reading.encodings import Encoded
from attribution.reading.exports.amounts import Marks
from attribution.reading.exports.export import Export
from attribution.reading.exports.ga4 import GA4_EVENTS, exploration_columns
from attribution.reading.exports.lines import lines_of
from attribution.reading.exports.order_tables import OrderReading
from attribution.reading.exports.orders import Orders
from attribution.reading.exports.registry import ADVERTISING, ORDERS, read_export, read_orders, recognise
from optimizer.planning.language.spoken import language, said
from optimizer.planning.looks import TABLES, as_written, look_at, note, sheets_of, stated

__all__ = ["ImportedFile", "import_folder"]

_PLAN = "plan.yaml"
_UNKNOWN = "of no known kind; name spend in data.spend (date, amount, channel), other drivers in data.controls"
_EXPLORED = "an exploration of Google Analytics 4; as an outcome say kind: ga4_exploration, kpi: one of its metrics"
_GERMAN = ({"decimal": ","}, {"date_format": "%d.%m.%Y", "decimal": ","}, {"date_format": "%d.%m.%Y"})
_SEVERAL, _SHOWN, _LOOKED = 2, 5, 50
_PATTERN = frozenset("*?[]")  # signs that mean more than themselves in a path
_LATE = pd.Timedelta(days=14)

Read = TypeVar("Read")


@dataclass(frozen=True)
class ImportedFile:
    """A file and what it is.

    Parameters
    ----------
    path
        Relative to the folder.
    kind
        Its kind; empty where it is of none.
    text
        Rows, days, currency and campaigns, or why it cannot be used.
    export, orders
        What was read.
    written
        Signs and dates that were stated for reading it, as keys of the plan file.
    """

    path: Path
    kind: str
    text: str
    export: Export | None = field(default=None, repr=False)
    orders: Orders | None = field(default=None, repr=False)
    written: Mapping[str, str] = field(default_factory=dict)


def import_folder(folder: Path) -> tuple[list[ImportedFile], Path]:
    """Look at every file of a folder and its sub-folders, and write ``plan.yaml`` into it.

    Parameters
    ----------
    folder
        With exports of spend, and one of orders, deals or events.

    Returns
    -------
    What each file is, and the plan file.

    Raises
    ------
    BadInput
        A plan file is there already, or the exports are not enough for one; nothing is written then.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: is no folder; name the one that the exports lie in.")
    if (folder / _PLAN).exists():
        raise BadInput(f"{folder}: holds {_PLAN} already; move it away first. Nothing was written.")
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix.lower() in TABLES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not files:
        raise BadInput(f"{folder}: holds no table ({', '.join(TABLES)}). Nothing was written.")
    files_seen = [_look(source, folder) for path in files for source in sheets_of(path)]
    spend = [each for each in files_seen if each.export is not None]
    outcomes = (
        sorted((each for each in files_seen if each.orders is not None), key=lambda each: each.kind, reverse=True)
        or [each for each in files_seen if each.kind in ORDERS][:1]
    )
    if not spend or not outcomes:
        lacking = "spend" if not spend else "orders, deals or events, which new customers are counted from"
        listed = "".join(f"\n  {each.path}: {each.text}" for each in files_seen[:30])
        weeks = "A table with a row per week needs no import: `cac init DIR` writes a plan file that names one."
        raise BadInput(
            f"{folder}: no export of {lacking} is known by its columns. Nothing was written. {weeks}{listed}"
        )
    text = "\n".join(_plan_file(files_seen, spend, outcomes, folder)) + "\n"
    write_whole(folder / _PLAN, text)
    return files_seen, folder / _PLAN


def _look(path: Path, folder: Path) -> ImportedFile:
    within, kind = path.relative_to(folder), None
    source, encoded = as_written(path)
    try:
        kind = recognise(source)
        if kind is None and (explored := exploration_columns(lines_of(source))):
            listed = ", ".join(name[:40] for name in explored[:8])
            return ImportedFile(within, "", f"{_EXPLORED}; its columns: {listed}")
        if kind is None:
            columns = ", ".join(str(name)[:40] for name in cells_of(source, header=_header(source)).frame.columns[:8])
            return ImportedFile(within, "", f"{_UNKNOWN}; its columns: {columns}")
        if kind in ADVERTISING:
            export, written = _read_as_written(partial(read_export, source, kind))
            return ImportedFile(within, kind, _of_spend(export), export=export, written={**encoded, **written})
        orders, written = _read_as_written(partial(_orders, source, kind))
        return ImportedFile(within, kind, _of_orders(orders), orders=orders, written={**encoded, **written})
    except BadInput as error:
        said = str(error).splitlines()[0].removeprefix(f"{path.name}: ")
        if kind in ORDERS:  # what its reader asks is answered in the plan file
            return ImportedFile(within, kind or "", f"cannot be read yet: {said[:300]}")
        return ImportedFile(within, "", f"cannot be read: {said[:300]}")


def _header(source: Path | Encoded) -> int:
    """The line that names the columns: the first as full as any, below what a table of one's own may begin with."""
    lines = lines_of(source)
    full = [sum(cell != "" for cell in row) for row in lines.rows[:_LOOKED]]
    return lines.numbers[full.index(max(full))] if full else 1


def _read_as_written(read: Callable[..., Read]) -> tuple[Read, Mapping[str, str]]:
    """An export in the platform's own signs, or in those of its German interface where it reads so as a whole."""
    try:
        return read(), {}
    except BadInput:
        for written in _GERMAN:
            with suppress(BadInput):
                return read(**written), written
        raise


def _orders(source: object, kind: str, date_format: str | None = None, decimal: str | None = None) -> Orders:
    return read_orders(source, kind, OrderReading(marks=Marks(decimal), date_format=date_format))


def _of_spend(export: Export) -> str:
    first, last = export.span
    spent = " and ".join(
        f"{amount(money)} {code}"
        for code, money in export.frame.groupby(export.frame["currency"].fillna("of no currency"))["spend"]
        .sum()
        .items()
    )
    names = amount(export.frame["campaign"].nunique())
    doubts = "".join(f" {doubt}" for doubt in export.doubts)
    rows = amount(len(export.frame))
    return f"{rows} rows, {first:%Y-%m-%d} to {last:%Y-%m-%d}, {spent}, campaigns: {names}{doubts}"


def _of_orders(orders: Orders) -> str:
    first, last = orders.span
    people = orders.frame.loc[orders.frame["person"] != "", "person"].nunique()
    return (
        f"{counted(orders.rows, 'row')}, {first:%Y-%m-%d} to {last:%Y-%m-%d}, {counted(len(orders.frame), 'order')} of "
        f"{amount(people)} known people"
    )


def _plan_file(
    files_seen: Sequence[ImportedFile], spend: Sequence[ImportedFile], outcomes: Sequence[ImportedFile], folder: Path
) -> Iterator[str]:
    money = Counter[str]()
    for each in spend:
        if each.export is not None:
            for code, spent in each.export.frame.groupby("currency")["spend"].sum().items():
                money[str(code)] += spent
    currency = money.most_common(1)[0][0] if money else CURRENCY
    yield note("Written by `cac import` from the files in this folder; `cac check plan.yaml` reads them all.")
    yield note("Check the channels: every campaign belongs to one, by the first pattern that its name meets.")
    yield f"name: {said('Next quarter')}\ncurrency: {currency}"
    if language() != "en":
        yield f"language: {language()}"
    yield "\ndata:\n  spend:"
    ends = pd.Series([each.export.span for each in spend if each.export is not None])
    latest = max(last for _, last in ends)
    earliest = min(first for first, _ in ends)
    for path, parts in _together(spend, [each.path for each in files_seen]):
        yield from _spend_lines(path, parts, currency, earliest, latest)
    yield from _outcome_lines(outcomes, [each.path for each in files_seen])
    yield "  week_starts: monday"
    for each in outcomes:
        if each.kind == GA4_EVENTS:
            log = f"{{path: {json.dumps(str(each.path))}, kind: {GA4_EVENTS}}}"
            yield f"  # touchpoints: {log}  {note('its sessions; grouping names channels')}"
    for each in files_seen:
        if not each.kind:
            yield f"  {note(f'not used: {each.path}: {_line(each.text)}')}"
            yield from _as_it_may_be(each, folder)
    yield f"\n# plan:                      {note('the question; its keys: `cac keys plan`')}\n#   weeks: 13"
    yield "#   minimize: blended_cac\n#   budget: {at_most: +0%}\n#   customers: {at_least: +0%}"
    yield "#   every_channel: {at_least: -30%, at_most: +30%}"


def _as_it_may_be(each: ImportedFile, folder: Path) -> Iterator[str]:
    """A table of days and numbers as spend, and as controls, to choose from."""
    look = look_at(folder / each.path, _header(as_written(folder / each.path)[0]))
    if look is None:
        return
    path, names = (
        json.dumps(str(each.path), ensure_ascii=False),
        [json.dumps(name, ensure_ascii=False) for name in look.numbers[:_SHOWN]],
    )
    signs = "".join(f", {key}: {json.dumps(sign)}" for key, sign in look.written.items())
    spread = "" if look.days else ", spread: month"
    day = json.dumps(look.date, ensure_ascii=False)
    spent = f'{{path: {path}, date: {day}, amount: {names[0]}, channel: "?"{spread}{signs}}}'
    yield f"  #   - {spent}  {note('under spend')}"
    means = ", ".join(f"{name}: mean" for name in names)
    yield f"  #   - {{path: {path}, date: {day}, columns: {{{means}}}{signs}}}  {note('under controls')}"


def _line(text: str) -> str:
    return " ".join(text.split())[:300]


def _together(spend: Sequence[ImportedFile], seen: Sequence[Path]) -> list[tuple[str, list[ImportedFile]]]:
    """Files of one sub-folder and kind as one pattern, and so those that follow each other; others by themselves."""
    groups: dict[tuple[str, str, str], list[ImportedFile]] = {}
    for each in spend:
        parent = str(each.path.parent)
        signs = "".join(each.written.values())
        groups.setdefault((parent, each.kind + signs, each.path.suffix), []).append(each)
    kinds_in = Counter((parent, suffix) for parent, _, suffix in groups)
    named = []
    for (parent, _, suffix), parts in groups.items():
        if len(parts) > 1 and kinds_in[parent, suffix] == 1 and parent != ".":
            named.append((f"{parent}/*{suffix}", parts))
        elif pattern := _one_after_another(parts, seen):
            named.append((pattern, parts))
        else:
            named += [(str(part.path), [part]) for part in parts]
    return named


def _one_after_another(parts: Sequence[ImportedFile], seen: Sequence[Path]) -> str:
    """The pattern of files that are parts of one export, as their days follow each other; empty where they are none.

    A platform puts the days of a report into the name of its file. A pattern that another file meets is none.
    """
    spans = sorted(part.export.span for part in parts if part.export is not None)
    if len(parts) < _SEVERAL or any(ended >= begun for (_, ended), (begun, _) in pairwise(spans)):
        return ""
    names, parent = [part.path.name for part in parts], parts[0].path.parent
    before = _begin_alike(names)
    after = _begin_alike([name[len(before) :][::-1] for name in names])[::-1]
    met = {path for path in seen if path.parent == parent and path.match(f"{before}*{after}")}
    exact = met == {part.path for part in parts} and not set(before + after) & _PATTERN
    return str(parent / f"{before}*{after}") if exact else ""


def _begin_alike(names: Sequence[str]) -> str:
    """What all names begin with."""
    letters = zip(*names, strict=False)
    return "".join(one[0] for one in takewhile(lambda one: len(set(one)) == 1, letters))


def _spend_lines(
    path: str, parts: Sequence[ImportedFile], currency: str, earliest: pd.Timestamp, latest: pd.Timestamp
) -> Iterator[str]:
    exports = [part.export for part in parts if part.export is not None]
    kind = exports[0].kind
    yield f"    - path: {json.dumps(path, ensure_ascii=False)}\n      kind: {kind}"
    yield from stated(parts[0].written, "      ")
    if kind == "dbt_ad_reporting":
        platforms = sorted({name for export in exports for name in export.cells["platform"]})
        yield "      by: platform"
        yield f"      channels: {{{', '.join(f'{json.dumps(name)}: {json.dumps(name)}' for name in platforms)}}}"
    else:
        campaigns = sorted({str(name) for export in exports for name in export.frame["campaign"] if name})
        yield f'      channels: {{"*": {kind}}}'
        if len(campaigns) > 1:
            shown = ", ".join(json.dumps(name[:60], ensure_ascii=False) for name in campaigns[:5])
            yield f"      {note(f'its campaigns: {shown}' + (' and more' if len(campaigns) > 5 else ''))}"
    foreign = sorted({code for export in exports for code in export.currencies} - {currency})
    if foreign:
        rates = ", ".join(f'{code}: "?"' for code in foreign)
        yield f"      currencies: {{{rates}}}  {note(f'what one unit is worth in {currency}')}"
    if any((export.frame["until"] > export.frame["date"]).any() for export in exports):
        yield f"      spread: range  {note('rows hold several days each; their money falls evenly on them')}"
    first, last = min(export.span[0] for export in exports), max(export.span[1] for export in exports)
    if first > earliest + _LATE or last < latest - _LATE:
        why = f"if nothing was spent before {first:%Y-%m-%d} or after {last:%Y-%m-%d}"
        yield f"      # outside: no_spend  {note(why)}"


def _outcome_lines(outcomes: Sequence[ImportedFile], seen: Sequence[Path]) -> Iterator[str]:
    chosen, path, others = outcomes[0], *_parts_of_one(outcomes, seen)
    yield f"  outcome:\n    path: {json.dumps(path, ensure_ascii=False)}\n    kind: {chosen.kind}"
    yield from stated(chosen.written, "    ")
    if chosen.orders is None:
        yield f"    {note(_line(chosen.text))}"
        return
    known = (chosen.orders.frame["person"] != "").mean()
    if known > 0:
        yield f"    first_only: true         {note('the first order of each person; false counts every order')}"
    if 0 < known < 1:
        yield f"    without_person: new      {note('orders of nobody known count as new customers; or leave_out')}"
    for other in others:
        yield f"  {note(f'another outcome: {other.path} ({other.kind})')}"


def _parts_of_one(outcomes: Sequence[ImportedFile], seen: Sequence[Path]) -> tuple[str, list[ImportedFile]]:
    """The first outcome with the files that are parts of it, as one pattern, and the others.

    Shops write a long export as ``orders_1.csv``, ``orders_2.csv``: names that differ in one number alone. A pattern
    that a file of another kind meets is none.
    """
    first = outcomes[0]
    for number in re.finditer(r"\d+", first.path.name):
        before, after = first.path.name[: number.start()], first.path.name[number.end() :]
        alike = re.compile(rf"{re.escape(before)}\d+{re.escape(after)}")
        met = {path for path in seen if path.parent == first.path.parent and path.match(f"{before}*{after}")}
        parts = {one.path for one in outcomes if one.kind == first.kind and alike.fullmatch(one.path.name)} & met
        if len(parts) > 1 and met == parts and not set(before + after) & _PATTERN:
            return str(first.path.with_name(f"{before}*{after}")), [one for one in outcomes if one.path not in parts]
    return str(first.path), list(outcomes[1:])
