"""Attribution: from touchpoint paths to credit and CAC per channel."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attribution import economics as economics
    from attribution.analysis.bootstrap import Bootstrap as Bootstrap
    from attribution.analysis.bootstrap import bootstrap as bootstrap
    from attribution.analysis.cac_by_period import ByConversionDate as ByConversionDate
    from attribution.analysis.cac_by_period import ByTouchDate as ByTouchDate
    from attribution.analysis.cac_by_period import cac_by_period as cac_by_period
    from attribution.analysis.credit_per_conversion import credit_per_conversion as credit_per_conversion
    from attribution.analysis.evaluation import choose_order as choose_order
    from attribution.analysis.evaluation import evaluate as evaluate
    from attribution.analysis.intent_riders import intent_riders as intent_riders
    from attribution.analysis.intent_riders import rider_marks as rider_marks
    from attribution.analysis.segments import by_segment as by_segment
    from attribution.analysis.segments import with_cohorts as with_cohorts
    from attribution.analysis.segments import with_periods as with_periods
    from attribution.errors import BadInput as BadInput
    from attribution.errors import CacError as CacError
    from attribution.errors import IllPosedPlan as IllPosedPlan
    from attribution.errors import InfeasiblePlan as InfeasiblePlan
    from attribution.errors import MissingExtra as MissingExtra
    from attribution.errors import NotConverged as NotConverged
    from attribution.errors import UnknownChannel as UnknownChannel
    from attribution.errors import UnknownName as UnknownName
    from attribution.findings import Finding as Finding
    from attribution.models.credit import Credit as Credit
    from attribution.models.credit import compare as compare
    from attribution.models.heuristic import Custom as Custom
    from attribution.models.heuristic import FirstTouch as FirstTouch
    from attribution.models.heuristic import LastNonDirect as LastNonDirect
    from attribution.models.heuristic import LastTouch as LastTouch
    from attribution.models.heuristic import Linear as Linear
    from attribution.models.heuristic import PositionBased as PositionBased
    from attribution.models.heuristic import TimeDecay as TimeDecay
    from attribution.models.markov import Markov as Markov
    from attribution.models.shapley import OrderedShapley as OrderedShapley
    from attribution.models.shapley import Shapley as Shapley
    from attribution.models.shapley import ShapleyRate as ShapleyRate
    from attribution.paths.journeys import Journeys as Journeys
    from attribution.paths.path_rules import PathRules as PathRules
    from attribution.paths.reshaping import only as only
    from attribution.paths.reshaping import prioritise as prioritise
    from attribution.paths.reshaping import without as without
    from attribution.reading import tables as tables
    from attribution.reading.channel_rules import ChannelRule as ChannelRule
    from attribution.reading.channel_rules import ChannelRules as ChannelRules
    from attribution.reading.columns import Cleaning as Cleaning
    from attribution.reading.columns import Columns as Columns
    from attribution.reading.columns import ConversionEvents as ConversionEvents
    from attribution.reading.identity_map import IdentityMap as IdentityMap
    from attribution.reading.sources import Engine as Engine
    from attribution.reading.sources import read_table as read_table

_HOME = {
    "BadInput": "errors",
    "Bootstrap": "analysis.bootstrap",
    "ByConversionDate": "analysis.cac_by_period",
    "ByTouchDate": "analysis.cac_by_period",
    "CacError": "errors",
    "ChannelRule": "reading.channel_rules",
    "ChannelRules": "reading.channel_rules",
    "Cleaning": "reading.columns",
    "Columns": "reading.columns",
    "ConversionEvents": "reading.columns",
    "Credit": "models.credit",
    "Custom": "models.heuristic",
    "Engine": "reading.sources",
    "Finding": "findings",
    "FirstTouch": "models.heuristic",
    "IdentityMap": "reading.identity_map",
    "IllPosedPlan": "errors",
    "InfeasiblePlan": "errors",
    "Journeys": "paths.journeys",
    "LastNonDirect": "models.heuristic",
    "LastTouch": "models.heuristic",
    "Linear": "models.heuristic",
    "Markov": "models.markov",
    "MissingExtra": "errors",
    "NotConverged": "errors",
    "OrderedShapley": "models.shapley",
    "PathRules": "paths.path_rules",
    "PositionBased": "models.heuristic",
    "Shapley": "models.shapley",
    "ShapleyRate": "models.shapley",
    "TimeDecay": "models.heuristic",
    "UnknownChannel": "errors",
    "UnknownName": "errors",
    "bootstrap": "analysis.bootstrap",
    "by_segment": "analysis.segments",
    "cac_by_period": "analysis.cac_by_period",
    "choose_order": "analysis.evaluation",
    "compare": "models.credit",
    "credit_per_conversion": "analysis.credit_per_conversion",
    "evaluate": "analysis.evaluation",
    "intent_riders": "analysis.intent_riders",
    "only": "paths.reshaping",
    "prioritise": "paths.reshaping",
    "read_table": "reading.sources",
    "rider_marks": "analysis.intent_riders",
    "with_cohorts": "analysis.segments",
    "with_periods": "analysis.segments",
    "without": "paths.reshaping",
}
_SUBMODULES = {
    "economics": "economics",
    "errors": "errors",
    "plots": "plots",
    "simulate": "simulate",
    "tables": "reading.tables",
}

__all__ = sorted([*_HOME, *_SUBMODULES])


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"attribution.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if name in _SUBMODULES:
        return import_module(f"attribution.{_SUBMODULES[name]}")
    raise AttributeError(f"module 'attribution' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
