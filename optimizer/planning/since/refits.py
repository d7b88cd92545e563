"""Fits between an earlier run and this one: one more thing changed in each, so that each thing's part can be told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import mmm
from attribution.errors import BadInput
from mmm import Model, Panel, Posterior
from mmm.model.model import ORGANIC
from optimizer.cycle.panels import weeks_of
from optimizer.planning.file.config import Config
from optimizer.planning.inputs.inputs import Inputs
from optimizer.planning.since.differences import MODEL, OTHER, QUESTION, REVISED, TESTS, WEEKS, Differences
from optimizer.planning.stages.model import mix_model
from optimizer.planning.stages.progress import Update

__all__ = ["NOT_RECORDED", "Refit", "refits"]

NOT_RECORDED = "nothing on record"
"""The part where nothing that a run writes down has changed, and the draws have."""


@dataclass(frozen=True, eq=False)
class Refit:
    """A fit, and what has changed since the one before it.

    Parameters
    ----------
    because
        Parts joined by "and" where a fit between could not be made.
    posterior
        The fit.
    """

    because: str
    posterior: Posterior


def refits(
    differs: Differences, config: Config, old: Posterior, run: tuple[Config, Inputs, Posterior], update: Update
) -> tuple[Refit, ...]:
    """Fits from the old one to the new one, which is the last; the old one is not among them.

    Version comes first, for only the old data under the old settings can be fitted under both; then what the world did,
    data revised before new weeks; then what tests taught; then what was chosen, settings and seed. So what was chosen
    is measured on today's data.

    Parameters
    ----------
    differs
        What differs.
    config, old
        The earlier run's plan file and fit.
    run
        This run's plan file, inputs and fit.
    update
        Told how far it is.
    """
    parts = [part for part in differs.said if part not in (QUESTION, OTHER)]
    made: list[Refit] = []
    waiting: list[str] = []
    for number, part in enumerate(parts[:-1]):
        update(number / (len(parts) - 1), f"with nothing changed but {', '.join(parts[: number + 1])}")
        waiting.append(part)
        try:
            fitted = _fitted(parts[: number + 1], config, old, run)
        except BadInput:  # such as new settings that old data do not know: the next fit has both
            continue
        made.append(Refit(" and ".join(waiting), fitted))
        waiting = []
    last = " and ".join([*waiting, *parts[-1:]]) or NOT_RECORDED
    return (*made, Refit(last, run[2]))


def _fitted(done: Collection[str], config: Config, old: Posterior, run: tuple[Config, Inputs, Posterior]) -> Posterior:
    """The fit where some parts have changed and the others have not; under the old seed."""
    now, inputs, _ = run
    settings = now if MODEL in done else config
    panel = _panel(done, old.panel, inputs.panel)
    panel = replace(panel, calendar=(old.panel if inputs.panel is None or MODEL not in done else inputs.panel).calendar)
    tests = inputs.lift_tests if TESTS in done else old.model.lift_tests
    model = mix_model(settings, replace(inputs, panel=panel, lift_tests=tests))
    if MODEL not in done and settings.model.belief.attribution is not None:
        model = replace(model, effects=old.model.effects)  # of a path log that is not at hand
    section = settings.model
    return mmm.fit(
        panel,
        _about(model, panel),
        draws=section.draws,
        tune=section.tune,
        chains=section.chains,
        seed=old.seed,
        time_budget=section.time_budget,
    )


def _panel(done: Collection[str], old: Panel, new: Panel | None) -> Panel:
    wanted = old if new is None else new if WEEKS in done else weeks_of(new, old) if REVISED in done else old
    if wanted is None:
        raise BadInput("no week is in both tables")
    return wanted


def _about(model: Model, panel: Panel) -> Model:
    """The model without what it says of media that a table does not have."""
    known = set(panel.media_names)
    own: dict[str, Any] = {}
    for name in ("adstock", "saturation", "frequency", "organic_share"):
        given = getattr(model, name)
        if isinstance(given, Mapping):
            own[name] = {channel: value for channel, value in given.items() if channel in known}
    riders = {
        rider: [driver for driver in drivers if driver in known or driver == ORGANIC]
        for rider, drivers in model.rides_on.items()
        if rider in known
    }
    own["rides_on"] = {rider: drivers for rider, drivers in riders.items() if drivers}
    if model.demand is not None and model.demand.channels is not None:
        kept = tuple(channel for channel in model.demand.channels if channel in panel.channels)
        own["demand"] = replace(model.demand, channels=kept)
    return replace(model, **own)
