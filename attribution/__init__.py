"""Attribution: from touchpoint paths to credit and CAC per channel."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attribution import economics as economics
    from attribution import tables as tables
    from attribution.cac import ByConversionDate as ByConversionDate
    from attribution.cac import ByTouchDate as ByTouchDate
    from attribution.cac import cac_by_period as cac_by_period
    from attribution.channel_rules import ChannelRule as ChannelRule
    from attribution.channel_rules import ChannelRules as ChannelRules
    from attribution.columns import Cleaning as Cleaning
    from attribution.columns import Columns as Columns
    from attribution.columns import ConversionEvents as ConversionEvents
    from attribution.credit import Credit as Credit
    from attribution.credit import compare as compare
    from attribution.crediting import credit_per_conversion as credit_per_conversion
    from attribution.errors import BadInput as BadInput
    from attribution.errors import CacError as CacError
    from attribution.errors import IllPosedPlan as IllPosedPlan
    from attribution.errors import InfeasiblePlan as InfeasiblePlan
    from attribution.errors import MissingExtra as MissingExtra
    from attribution.errors import NotConverged as NotConverged
    from attribution.errors import UnknownChannel as UnknownChannel
    from attribution.errors import UnknownName as UnknownName
    from attribution.evaluation import choose_order as choose_order
    from attribution.evaluation import evaluate as evaluate
    from attribution.findings import Finding as Finding
    from attribution.heuristic import Custom as Custom
    from attribution.heuristic import FirstTouch as FirstTouch
    from attribution.heuristic import LastNonDirect as LastNonDirect
    from attribution.heuristic import LastTouch as LastTouch
    from attribution.heuristic import Linear as Linear
    from attribution.heuristic import PositionBased as PositionBased
    from attribution.heuristic import TimeDecay as TimeDecay
    from attribution.identity import IdentityMap as IdentityMap
    from attribution.intervals import Bootstrap as Bootstrap
    from attribution.intervals import bootstrap as bootstrap
    from attribution.journeys import Journeys as Journeys
    from attribution.markov import Markov as Markov
    from attribution.reshaping import only as only
    from attribution.reshaping import prioritise as prioritise
    from attribution.reshaping import without as without
    from attribution.riders import intent_riders as intent_riders
    from attribution.riders import rider_marks as rider_marks
    from attribution.segments import by_segment as by_segment
    from attribution.segments import with_cohorts as with_cohorts
    from attribution.segments import with_periods as with_periods
    from attribution.sessions import PathRules as PathRules
    from attribution.shapley import OrderedShapley as OrderedShapley
    from attribution.shapley import Shapley as Shapley
    from attribution.shapley import ShapleyRate as ShapleyRate
    from attribution.sources import Engine as Engine
    from attribution.sources import read_table as read_table

_HOME = {
    "BadInput": "errors",
    "Bootstrap": "intervals",
    "ByConversionDate": "cac",
    "ByTouchDate": "cac",
    "CacError": "errors",
    "ChannelRule": "channel_rules",
    "ChannelRules": "channel_rules",
    "Cleaning": "columns",
    "Columns": "columns",
    "ConversionEvents": "columns",
    "Credit": "credit",
    "Custom": "heuristic",
    "Engine": "sources",
    "Finding": "findings",
    "FirstTouch": "heuristic",
    "IdentityMap": "identity",
    "IllPosedPlan": "errors",
    "InfeasiblePlan": "errors",
    "Journeys": "journeys",
    "LastNonDirect": "heuristic",
    "LastTouch": "heuristic",
    "Linear": "heuristic",
    "Markov": "markov",
    "MissingExtra": "errors",
    "NotConverged": "errors",
    "OrderedShapley": "shapley",
    "PathRules": "sessions",
    "PositionBased": "heuristic",
    "Shapley": "shapley",
    "ShapleyRate": "shapley",
    "TimeDecay": "heuristic",
    "UnknownChannel": "errors",
    "UnknownName": "errors",
    "bootstrap": "intervals",
    "by_segment": "segments",
    "cac_by_period": "cac",
    "choose_order": "evaluation",
    "compare": "credit",
    "credit_per_conversion": "crediting",
    "evaluate": "evaluation",
    "intent_riders": "riders",
    "only": "reshaping",
    "prioritise": "reshaping",
    "read_table": "sources",
    "rider_marks": "riders",
    "with_cohorts": "segments",
    "with_periods": "segments",
    "without": "reshaping",
}
_SUBMODULES = ("economics", "errors", "plots", "simulate", "tables")

__all__ = sorted([*_HOME, *_SUBMODULES])


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"attribution.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if name in _SUBMODULES:
        return import_module(f"attribution.{name}")
    raise AttributeError(f"module 'attribution' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
