"""Rival readings: models that differ from a given one in one assumption that weekly data seldom settle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from attribution.numbers import decimal
from mmm.data.panel import Panel
from mmm.model.adstock import GeometricAdstock, WeibullPDFAdstock
from mmm.model.baseline import RandomWalk
from mmm.model.demand import ControlFunctions
from mmm.model.model import Model
from mmm.model.saturation import S_SHAPED, HillSaturation, LogisticSaturation, Saturation

__all__ = ["Reading", "readings"]


@dataclass(frozen=True, eq=False)
class Reading:
    """Another model of the same weeks.

    Parameters
    ----------
    name
        Short, for tables.
    says
        The assumption in a sentence's words.
    change
        What to set for it to become the model.
    panel, model
        What would be fitted.
    """

    name: str
    says: str
    change: str
    panel: Panel
    model: Model


def readings(panel: Panel, model: Model) -> tuple[Reading, ...]:
    """The rivals of a model on a panel; one that is what the model already says is left out.

    Parameters
    ----------
    panel
        Without channels that never acted, as a posterior holds it.
    model
        About that panel.
    """
    return tuple(reading for ask in _RIVALS for reading in ask(panel, model))


def _other_saturation(panel: Panel, model: Model) -> Iterator[Reading]:
    own = _saturations(panel, model)
    if not own:
        return
    to_hill = not all(isinstance(family, HillSaturation) for family in own.values())
    family: Saturation = HillSaturation() if to_hill else LogisticSaturation()
    name = family.name
    change = "set saturation=mmm.HillSaturation()" if to_hill else "set saturation=mmm.LogisticSaturation()"
    yield Reading(name, f"{name} saturation", change, panel, replace(model, saturation=dict.fromkeys(own, family)))


def _s_shaped(panel: Panel, model: Model) -> Iterator[Reading]:
    own = _saturations(panel, model)
    if own and all(family == S_SHAPED for family in own.values()):
        plain = replace(model, saturation=dict.fromkeys(own, HillSaturation()))
        yield Reading("hill", "hill saturation", "set saturation=mmm.HillSaturation()", panel, plain)
    elif own:
        change = "give those channels an S-shaped curve, saturation=mmm.HillSaturation(slope=mmm.LogNormal(2.5, 0.3))"
        shaped = replace(model, saturation=dict.fromkeys(own, S_SHAPED))
        yield Reading("s_shaped", "an S-shaped response", change, panel, shaped)


def _other_carryover(panel: Panel, model: Model) -> Iterator[Reading]:
    own = {name: pair[0] for name, pair in zip(panel.media_names, model.families(panel), strict=True)}
    to_late = all(isinstance(family, GeometricAdstock) for family in own.values())
    family: type[WeibullPDFAdstock] | type[GeometricAdstock] = WeibullPDFAdstock if to_late else GeometricAdstock
    other = {name: family(lags=max(adstock.lags, 2)) for name, adstock in own.items()}
    says = "carryover that may peak late" if to_late else "geometric carryover"
    change = "set adstock=mmm.WeibullPDFAdstock()" if to_late else "set adstock=mmm.GeometricAdstock()"
    yield Reading(family.name, says, change, panel, replace(model, adstock=other))


def _finer_season(panel: Panel, model: Model) -> Iterator[Reading]:
    own = model.seasons(panel)  # no wave shorter than two periods
    finer = tuple(replace(s, order=min(2 * s.order, int(s.period / (2 * panel.days)))) for s in own)
    if finer != own:
        orders = ", ".join(str(season.order) for season in finer)
        change = f"set season=mmm.Season(order={orders})"
        yield Reading("finer_season", "a season of twice the harmonics", change, panel, replace(model, season=finer))


def _wandering_level(panel: Panel, model: Model) -> Iterator[Reading]:
    if not any(isinstance(trend, RandomWalk) for trend in model.trends):
        walk = RandomWalk()
        wandering = replace(model, trend=(*model.trends, walk))
        yield Reading(
            "wander",
            "a level that wanders",
            f"let the level wander, mmm.RandomWalk(sd={decimal(walk.sd, 2)})",
            panel,
            wandering,
        )


def _without_controls(panel: Panel, model: Model) -> Iterator[Reading]:
    plain = len(panel.control_names) - len(panel.treatments)
    if plain:
        names = panel.control_names[:plain]
        fewer = replace(panel, control_names=panel.control_names[plain:], controls=panel.controls[:, :, plain:])
        change = f"take {', '.join(names)} out of the panel's controls"
        yield Reading("no_controls", "no controls", change, fewer, model)


def _unseen_demand(panel: Panel, model: Model) -> Iterator[Reading]:
    if model.demand is None and panel.channels:
        follows = replace(model, demand=ControlFunctions(channels=panel.channels))
        listed = ", ".join(panel.channels)
        change = f"set demand=mmm.ControlFunctions(channels=[{listed}]), or those of them that bid on demand"
        yield Reading("control_functions", "spend that follows an unmeasured demand", change, panel, follows)


def _nothing_before(panel: Panel, model: Model) -> Iterator[Reading]:
    if panel.before.any():
        began = panel.with_before(dict.fromkeys(panel.media_names, 0.0))
        change = "set before=0 for every channel that began with the table"
        yield Reading("nothing_before", "no spend before the table begins", change, began, model)


def _saturations(panel: Panel, model: Model) -> Mapping[str, Saturation]:
    """Of the media that are not measured by reach and frequency, whose response is to contacts."""
    families = zip(panel.media_names, model.families(panel), panel.by_reach, strict=True)
    return {name: pair[1] for name, pair, reached in families if not reached}


_RIVALS: tuple[Callable[[Panel, Model], Iterator[Reading]], ...] = (
    _other_saturation,
    _s_shaped,
    _other_carryover,
    _finer_season,
    _wandering_level,
    _without_controls,
    _unseen_demand,
    _nothing_before,
)
