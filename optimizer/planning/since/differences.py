"""What differs between an earlier run and this one, before any figure is looked at: in parts, and in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from attribution.numbers import amount, counted, plain
from mmm import Posterior
from mmm.posterior.encoding import encode
from optimizer.cycle.panels import PanelChange, changed
from optimizer.planning.file.config import Config
from optimizer.planning.inputs.provenance import InputFile, versions
from optimizer.planning.since.past import Past

__all__ = [
    "MODEL",
    "OTHER",
    "QUESTION",
    "REVISED",
    "SEED",
    "TESTS",
    "VERSION",
    "WEEKS",
    "Differences",
    "differences",
    "not_compared",
]

VERSION, REVISED, WEEKS = "version", "data revised", "new weeks"
TESTS, MODEL, SEED, QUESTION = "lift tests", "model settings", "seed", "question"
OTHER = "other tables"
"""Tables that plans rest on beside the fit; no step is made of them, for those of the earlier run are not at hand."""

_OF_NO_FIT = {"accept_unconverged", "sensitivity", "rivals"}
_OF_NO_PLAN = {"switching_cost", "given", "tests", "hidden_demand", "schedule"}
_OF_A_STEP = ("weekly", "lift tests", "given plan", "exports")
_SHOWN = 4


@dataclass(frozen=True, eq=False)
class Differences:
    """What differs.

    Parameters
    ----------
    said
        Part -> a sentence, in the order in which parts are looked at; those of the fit first, the question last.
    panel
        How the weekly tables differ.
    notes
        What only one of them knows, such as a channel.
    """

    said: Mapping[str, str]
    panel: PanelChange
    notes: tuple[str, ...]


def differences(
    past: Past, old: Posterior, now: tuple[Config, Posterior], files: Iterable[InputFile] = ()
) -> Differences:
    """What differs between two runs whose fits are at hand.

    Parameters
    ----------
    past, old
        The earlier run and its fit.
    now
        The plan file of this one as it is written, and its fit.
    files
        What this one read.
    """
    config, new = now
    panel = changed(old.panel, new.panel)
    parts = {
        VERSION: _versions(past),
        REVISED: _revised(panel),
        WEEKS: _weeks(panel, new),
        TESTS: _tests(old, new),
        MODEL: _model(past, old, config, new),
        SEED: f"The seed, {old.seed} before and {new.seed} now." if old.seed != new.seed else "",
        QUESTION: _question(past.config, config),
        OTHER: _other_tables(past, files),
    }
    said = {part: sentence for part, sentence in parts.items() if sentence}
    return Differences(said, panel, tuple(_notes(past, old, config, new)))


def not_compared(past: Past, config: Config) -> str:
    """Why figures of two runs mean different things, by their plan files; empty where they do not.

    Parameters
    ----------
    past
        The earlier run.
    config
        The plan file of this one.
    """
    if past.config is None:
        return ""
    before, now = past.config.data.weekly, config.data.weekly
    was, is_now = (
        (one.outcome, weekly.kpi if weekly else "") for one, weekly in ((past.config, before), (config, now))
    )
    if before and now and was != is_now:
        return (
            f"Another outcome: {was[0]} of column {was[1]} before, {is_now[0]} of {is_now[1]} now. Figures of two "
            "outcomes are not compared."
        )
    if past.config.currency != config.currency:
        return (
            f"Another currency: {past.config.currency} before, {config.currency} now. Figures of two currencies are "
            "not compared."
        )
    return ""


def _versions(past: Past) -> str:
    now = {name: text for name, text in versions().items() if "loaded" not in name}
    moved = [
        f"{name} {past.versions[name]} → {text}" for name, text in now.items() if _other(past.versions, name, text)
    ]
    return f"Versions: {', '.join(moved)}." if moved else ""


def _other(known: Mapping[str, str], name: str, text: str) -> bool:
    return name in known and known[name] != text


def _revised(panel: PanelChange) -> str:
    if not panel.is_revised:
        return ""
    told = []
    if len(panel.revised):
        first = panel.revised.iloc[0]
        where = f"{first['column']} in the period of {first['period']:%Y-%m-%d}"
        told.append(
            f"{amount(len(panel.revised))} figures in {amount(panel.revised['period'].nunique())} old periods differ, "
            f"first {where}: {plain(first['old'])} before, {plain(first['new'])} now"
        )
    if len(panel.gone):
        told.append(f"{_periods(len(panel.gone))} from {panel.gone[0]:%Y-%m-%d} on are gone")
    for names, what in ((panel.columns_added, "new columns"), (panel.columns_gone, "columns gone")):
        if names:
            told.append(f"{what} {_some(names)}")
    return f"Old weeks: {'; '.join(told)}."


def _weeks(panel: PanelChange, new: Posterior) -> str:
    if not len(panel.added):
        return ""
    unit = "week" if new.panel.days == 7 else "day"
    many = "s" if len(panel.added) > 1 else ""
    return f"{len(panel.added)} new {unit}{many}, {panel.added[0]:%Y-%m-%d} to {panel.added[-1]:%Y-%m-%d}."


def _tests(old: Posterior, new: Posterior) -> str:
    before, now = (encode(list(one.model.lift_tests)) for one in (old, new))
    if before == now:
        return ""
    more, fewer = [one for one in now if one not in before], [one for one in before if one not in now]
    told = [f"{len(more)} new of {_some([one['channel'] for one in more])}"] if more else []
    told += [f"{len(fewer)} of {_some([one['channel'] for one in fewer])} left out or changed"] if fewer else []
    return f"Lift tests: {'; '.join(told) or 'in another order'}."


def _model(past: Past, old: Posterior, config: Config, new: Posterior) -> str:
    if past.config is None:
        return ""
    keys = _keys("model", past.config.model, config.model, _OF_NO_FIT)
    believed = config.model.belief.attribution is not None and past.config.model.belief.attribution is not None
    if believed and encode(old.model.effects) != encode(new.model.effects):
        keys.append("what the path log believes")
    return f"Model: {_some(keys)}." if keys else ""


def _question(before: Config | None, now: Config) -> str:
    if before is None or before.plan is None or now.plan is None:
        return ""
    keys = _keys("plan", before.plan, now.plan, _OF_NO_PLAN)
    return f"The question: {_some(keys)}." if keys else ""


def _other_tables(past: Past, files: Iterable[InputFile]) -> str:
    own = {file.role: file.checksum for file in files if not file.role.startswith(_OF_A_STEP)}
    moved = [role for role in own if past.files.get(role, own[role]) != own[role] or role not in past.files]
    moved += [role for role in past.files if role not in own and not role.startswith(_OF_A_STEP)]
    return f"Other tables: {_some(moved)}." if moved else ""


def _keys(section: str, before: Any, now: Any, besides: set[str]) -> list[str]:
    """Keys of a section that read otherwise."""
    old, new = (one.model_dump(mode="json", exclude=besides, fallback=str) for one in (before, now))
    return [f"{section}.{key}" for key in new if old.get(key) != new[key]]


def _notes(past: Past, old: Posterior, config: Config, new: Posterior) -> Iterator[str]:
    added = [name for name in new.channels if name not in old.channels]
    gone = [name for name in old.channels if name not in new.channels]
    if added or gone:
        told = [f"{_some(added)} since then"] * bool(added) + [f"{_some(gone)} before alone"] * bool(gone)
        yield f"Channels with spend: {'; '.join(told)}. Totals are of other channels, so only shared ones are compared."
    if old.panel.dates[-1] > new.panel.dates[-1]:
        yield (
            "The earlier weekly table went further than this one, so its organic customers are of the weeks after its "
            "own end, with controls at their mean of the last year."
        )
    before, now = past.config and past.config.plan, config.plan
    if before and now and before.weeks != now.weeks:
        yield (
            f"The horizon was {before.weeks} and is {counted(now.weeks, 'week')}, of which all figures here are; the "
            "last plan's spend is in proportion."
        )


def _periods(count: int) -> str:
    return f"{count} old periods" if count > 1 else "1 old period"


def _some(names: Any) -> str:
    shown = list(dict.fromkeys(names))
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
