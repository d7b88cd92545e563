"""From the plan file's model section to the mix model an analyst would build by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import mmm
from mmm.model.adstock import Adstock
from mmm.model.baseline import usual_seasons
from mmm.model.effects import Effects
from mmm.model.model import Likelihood
from mmm.model.saturation import Saturation
from optimizer.planning.file.attribution_models import attribution_models
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.analyses import Belief, MixModel, TestTrust, saturation_of
from optimizer.planning.inputs.inputs import Inputs

__all__ = ["first_draws", "mix_model", "neutral"]

_SIGMAS_OF_90_PERCENT = 1.6448536269514722

_TRENDS = {"linear": mmm.LinearTrend, "piecewise": mmm.PiecewiseTrend, "none": mmm.NoTrend}


def mix_model(config: Config, inputs: Inputs) -> mmm.Model:
    """The mix model of the plan file; ``inputs`` hold its lift tests and, for a belief, the journeys."""
    section, channels = config.model, list(config.data.weekly.channels) if config.data.weekly else []
    organic = list(config.data.weekly.delivered) if config.data.weekly else []
    reached = _reached(inputs.panel)
    return mmm.Model(
        adstock={channel: _adstock(section, channel) for channel in (*channels, *organic)},
        saturation={channel: _saturation(section, channel) for channel in channels if channel not in reached},
        frequency={channel: _saturation(section, channel) for channel in reached if _chosen(section, channel)},
        effects=_effects(config, inputs),
        trend=(_TRENDS[section.trend](), *([mmm.RandomWalk(section.wander)] if section.wander else [])),
        season=_seasons(section, inputs.panel),
        likelihood=Likelihood.families()[section.likelihood](),
        lift_tests=inputs.lift_tests,
        demand=_demand(section),
        rides_on=section.rides_on,
        lift_trust=_trust(section.tests),
    )


def neutral(config: Config, model: mmm.Model) -> mmm.Model:
    """The same model believing alike of every channel, whatever was spent on it."""
    return replace(model, effects=mmm.Neutral(config.model.belief.media_share))


def _seasons(section: MixModel, panel: mmm.Panel | None) -> tuple[mmm.Season, ...]:
    """The year's season as the file has it, and the week's where the table is daily."""
    year = mmm.Season(period=section.season.period, order=section.season.order)
    seasons = usual_seasons(panel.days if panel is not None else 7, year)
    return tuple(season for season in seasons if season.order)


def _demand(section: MixModel) -> mmm.ControlFunctions | None:
    """Of named channels, or of those that the check of spend against demand names."""
    if section.demand == "none":
        return None
    return mmm.ControlFunctions(channels=section.demand_of or None)


def _adstock(section: MixModel, channel: str) -> Adstock:
    own = section.channels.get(channel)
    name = own.adstock if own is not None and own.adstock is not None else section.adstock
    return mmm.NoAdstock() if name == mmm.NoAdstock.name else Adstock.families()[name](lags=section.lags)


def _trust(section: TestTrust) -> mmm.LiftTrust:
    usual = mmm.LiftTrust(half_life=section.half_life)
    return replace(usual, limit=None) if section.trust == "full" else usual


def _reached(panel: mmm.Panel | None) -> list[str]:
    """Channels measured by reach and frequency."""
    if panel is None:
        return []
    return [channel for channel, known in zip(panel.media_names, panel.by_reach, strict=True) if known]


def _chosen(section: MixModel, channel: str) -> bool:
    """Whether the file itself says how a channel saturates."""
    own = section.channels.get(channel)
    return own is not None and own.saturation not in (None, "hill")


def _saturation(section: MixModel, channel: str) -> Saturation:
    own = section.channels.get(channel)
    name = own.saturation if own is not None and own.saturation is not None else section.saturation
    return saturation_of(name)


def _effects(config: Config, inputs: Inputs) -> Effects:
    belief: Belief = config.model.belief
    spend = mmm.TotalAndSplit(belief.media_share)
    effects: Effects = spend
    if belief.attribution is not None and inputs.journeys is not None:
        wanted = config.attribution.model_copy(update={"models": [belief.attribution.model]})
        (model,) = attribution_models(wanted).values()
        credit = model(inputs.journeys).conversions
        effects = mmm.FromAttribution(credit.to_dict(), belief.attribution.weight, spend=spend)
    if belief.share:
        effects = mmm.ShareOfCustomers({name: _log_normal(*ends) for name, ends in belief.share.items()}, effects)
    if belief.cac:
        effects = mmm.CostPerCustomer({name: _log_normal(*ends) for name, ends in belief.cac.items()}, effects)
    return effects


def _log_normal(low: float, high: float) -> tuple[float, float]:
    """Median and sigma of the log-normal with 5 % below ``low`` and 5 % above ``high``."""
    return math.sqrt(low * high), math.log(high / low) / (2 * _SIGMAS_OF_90_PERCENT)


def first_draws(config: Config, panel: mmm.Panel) -> int:
    """Draws of each chain of the first attempt."""
    section = config.model
    from mmm.sampling.fit import first_run  # loads the kernel, which a monitor needs not

    return first_run(panel, section.draws, section.tune, section.chains, config.seed).draws
