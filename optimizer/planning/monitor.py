"""`cac monitor`: weeks since the last fit held against the guardrails, without fitting again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from attribution.errors import BadInput
from attribution.files import checksum, write_whole
from attribution.numbers import percent
from mmm import Posterior
from optimizer.cycle.alarms import BLENDED, Alarm, Level
from optimizer.cycle.guardrails import Verdicts
from optimizer.cycle.suspicions import ALL_ALIKE
from optimizer.planning.file.config import Config, read_config
from optimizer.planning.ledger.lock import one_at_a_time
from optimizer.planning.ledger.manifest import read_manifest
from optimizer.planning.ledger.place import disk_errors
from optimizer.planning.ledger.runs import output_of, run_with
from optimizer.planning.outputs.monitor_message import as_json, as_markdown
from optimizer.planning.outputs.monitor_page import as_page
from optimizer.planning.since.actuals import read_actuals
from optimizer.planning.since.monitored import Monitored
from optimizer.planning.since.replans import Cut, Desk, Replan, desk_of
from optimizer.planning.since.watching import guardrails_of, watched_of
from optimizer.planning.stages.fit import POSTERIOR, require_convergence

__all__ = ["monitor"]

_MOST = 3
_DOUBLE = 1.0
_DRAWS = 1000
_LEAST_RISE, _DEAREST = 0.05, 10.0


def monitor(
    path: Path | str, actuals: Path, out: Path | None = None, today: dt.date | None = None
) -> tuple[Monitored, tuple[Path, ...]]:
    """Hold the weeks since the last fit against the guardrails of a plan file, and write what to post.

    Parameters
    ----------
    path
        The plan file.
    actuals
        The table of actuals; a relative path starts at the working folder.
    out
        Output folder of the last run; None for the plan file's ``output``.
    today
        A week that has not ended by it is left out.

    Returns
    -------
    What the rules say, and the files written.

    Raises
    ------
    BadInput, NotConverged
        Every problem of plan file and table; no finished run, or one without a fit.
    """
    config, document = read_config(path)
    output = out if out is not None else document.folder / config.output
    last, home = run_with(output, POSTERIOR), output_of(output)
    posterior = _fit(config, last)
    table = read_actuals(config, actuals, posterior.panel, today)
    watched, short = watched_of(config, posterior, table)
    verdicts = guardrails_of(config).check(watched)
    desk = desk_of(config, document, posterior, last)
    notes = [
        *table.doubts,
        *table.notes,
        *short,
        *_untold(config),
        *([desk] if isinstance(desk, str) else _backups(config, desk)),
    ]
    plans = () if isinstance(desk, str) else tuple(_replans(config, desk, verdicts))
    found = Monitored(config, watched, verdicts, plans, tuple(notes), posterior.panel.dates[-1], table.doubts)
    return found, _written(found, home / "monitor")


def _written(found: Monitored, folder: Path) -> tuple[Path, ...]:
    """The files, each whole; ``monitor.json`` goes first and comes last: where it stands, they are of one call."""
    texts = {"monitor.html": as_page(found), "monitor.md": as_markdown(found), "monitor.json": as_json(found)}
    with disk_errors(folder.parent):
        folder.mkdir(exist_ok=True)
        with one_at_a_time(folder):
            (folder / "monitor.json").unlink(missing_ok=True)
            for name, text in texts.items():
                write_whole(folder / name, text)
    return tuple(folder / name for name in texts)


def _fit(config: Config, folder: Path) -> Posterior:
    """The last run's fit.

    Raises
    ------
    BadInput
        There is none, or it or the plan is not as the run wrote it.
    """
    file = folder / POSTERIOR
    if not file.is_file():
        raise BadInput(f"{folder.name}: the last run fitted no mix model; run cac plan with data.weekly first.")
    sums = read_manifest(folder)["outputs"]
    changed = [name for name in (POSTERIOR, "plan.csv") if name in sums and sums[name] != _sum_of(folder / name)]
    if changed:
        raise BadInput(f"{folder.name}: {' and '.join(changed)} not as the run wrote it; run cac plan again.")
    posterior = Posterior.load(file)
    require_convergence(posterior, config.model.accept_unconverged)
    return _thinned(posterior)


def _sum_of(file: Path) -> str:
    return checksum(file) if file.is_file() else "missing"


def _thinned(posterior: Posterior) -> Posterior:
    """Every so many draws: a thousand say as much of the next weeks as four thousand."""
    every = max(posterior.n_draws // _DRAWS, 1)
    draws = {name: values[:, ::every] for name, values in posterior.draws.items()}
    return replace(posterior, draws=draws)


def _replans(config: Config, desk: Desk, verdicts: Verdicts) -> Iterator[Replan]:
    """A plan for each channel that an alarm would cut, the furthest first."""
    backups = config.guardrails.backups
    for cut in list(_to_cut(desk, verdicts).values())[:_MOST]:
        yield desk.replan(cut, backups.channels, backups.beyond_tried)


def _to_cut(desk: Desk, verdicts: Verdicts) -> dict[str, Cut]:
    """The channels that alarms would cut, the furthest first."""
    found: dict[str, Cut] = {}
    for alarm in sorted(verdicts.alarms, key=lambda alarm: -alarm.level):
        if alarm.level < Level.HALVE:
            continue
        cut = _of_all(alarm, desk, verdicts) if alarm.subject == BLENDED else _of_one(alarm, verdicts)
        found.setdefault(cut.channel, cut)
    return found


def _of_one(alarm: Alarm, verdicts: Verdicts) -> Cut:
    """The channel that an alarm names, dearer by what the twelve months before say."""
    rises = [one.value for one in verdicts.alarms if one.rule == "twelve_months" and one.subject == alarm.subject]
    known = [rise for rise in rises if rise is not None and rise > _LEAST_RISE]
    return Cut(alarm.subject, alarm.level, min(max(known), _DEAREST) if known else None, "")


def _of_all(alarm: Alarm, desk: Desk, verdicts: Verdicts) -> Cut:
    """The likeliest channel of an alarm on all customers, else that whose last customer is dearest."""
    suspicion = verdicts.test.suspicion[BLENDED]
    first = max(suspicion, key=lambda name: suspicion[name])
    if alarm.rule == "sequential" and first != ALL_ALIKE and first in desk.markets.channels:
        because = f"No figure of a channel names it: {first} is the likeliest ({percent(suspicion[first])})."
        return Cut(first, alarm.level, _DOUBLE, because)
    dearest = desk.dearest
    return Cut(dearest, alarm.level, None, f"No rule names a channel: the last customer of {dearest} costs most.")


def _untold(config: Config) -> Iterator[str]:
    """What no rule can tell for want of columns."""
    weekly, rails = config.data.weekly, config.guardrails
    blind = [channel for channel in (weekly.channels if weekly else {}) if channel not in rails.reported]
    if blind:
        yield (
            f"Cannot be told by channel: {', '.join(blind)}. Customers are known of all together alone; name columns "
            "of conversions in guardrails.attributed or guardrails.platform_reported."
        )
    if weekly and not weekly.driven_by:
        yield "Prices of media are not watched: data.weekly.driven_by names no volumes."
    if not rails.funnel:
        yield "The funnel is not watched: guardrails.funnel names no stages."
    lost = [name for name in rails.benchmarks if name != BLENDED and name not in rails.reported]
    if lost:
        yield f"Benchmarks of {', '.join(lost)} are held against nothing: their conversions are not in the table."
    if rails.lifetime_value is None and (config.plan is None or config.plan.one_value is None):
        yield "LTV:CAC is not watched: neither guardrails.lifetime_value nor one plan.value_per_customer is stated."


def _backups(config: Config, desk: Desk) -> list[str]:
    keys = config.guardrails.backups
    said = desk.warm(keys.channels, keys.share)
    return [said] if said else []
