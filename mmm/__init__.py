"""Marketing-mix model: from weekly spend and new customers to response curves with uncertainty."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmm import plots, simulate
    from mmm.adstock import DelayedAdstock, GeometricAdstock, NoAdstock, WeibullCDFAdstock, WeibullPDFAdstock
    from mmm.baseline import LinearTrend, NoTrend, PiecewiseTrend, RandomWalk, Season
    from mmm.curves import (
        Exponential,
        Hill,
        Logistic,
        MichaelisMenten,
        Power,
        ResponseCurve,
        ResponseCurves,
    )
    from mmm.effects import CostPerCustomer, FromAttribution, Neutral, ShareOfCustomers, SpendInformed
    from mmm.fitting import fit
    from mmm.forecast import Organic
    from mmm.laplace import preview
    from mmm.lift import LiftTest, lift_tests_from_frame
    from mmm.many import FitFailed, Fits, fit_many
    from mmm.nuts import Progress
    from mmm.panel import Panel
    from mmm.posterior import Posterior
    from mmm.prior_sensitivity import Sensitivity, sensitivity
    from mmm.priors import Beta, Gamma, HalfNormal, LogNormal, Normal
    from mmm.roles import Exposure, ReachFrequency, Treatment
    from mmm.saturation import (
        ExponentialSaturation,
        HillSaturation,
        LogisticSaturation,
        MichaelisMentenSaturation,
        NoSaturation,
        PowerSaturation,
    )
    from mmm.specification import Model, NegativeBinomialLikelihood, NormalLikelihood, Pooling, StudentTLikelihood
    from mmm.stacking import Stack, stack
    from mmm.validation import Backtest, hold_out, predict, rolling_origin

_HOMES = {
    "mmm.adstock": ("DelayedAdstock", "GeometricAdstock", "NoAdstock", "WeibullCDFAdstock", "WeibullPDFAdstock"),
    "mmm.baseline": ("LinearTrend", "NoTrend", "PiecewiseTrend", "RandomWalk", "Season"),
    "mmm.curves": ("Exponential", "Hill", "Logistic", "MichaelisMenten", "Power", "ResponseCurve", "ResponseCurves"),
    "mmm.fitting": ("fit",),
    "mmm.forecast": ("Organic",),
    "mmm.lift": ("LiftTest", "lift_tests_from_frame"),
    "mmm.nuts": ("Progress",),
    "mmm.panel": ("Panel",),
    "mmm.roles": ("Exposure", "ReachFrequency", "Treatment"),
    "mmm.posterior": ("Posterior",),
    "mmm.effects": ("CostPerCustomer", "FromAttribution", "Neutral", "ShareOfCustomers", "SpendInformed"),
    "mmm.priors": ("Beta", "Gamma", "HalfNormal", "LogNormal", "Normal"),
    "mmm.saturation": (
        "ExponentialSaturation",
        "HillSaturation",
        "LogisticSaturation",
        "MichaelisMentenSaturation",
        "NoSaturation",
        "PowerSaturation",
    ),
    "mmm.prior_sensitivity": (
        "Sensitivity",
        "sensitivity",
    ),
    "mmm.laplace": ("preview",),
    "mmm.many": ("FitFailed", "Fits", "fit_many"),
    "mmm.stacking": ("Stack", "stack"),
    "mmm.validation": (
        "Backtest",
        "hold_out",
        "predict",
        "rolling_origin",
    ),
    "mmm.specification": ("Model", "Pooling", "NegativeBinomialLikelihood", "NormalLikelihood", "StudentTLikelihood"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}
_MODULES = ("plots", "simulate")

__all__ = [
    "Backtest",
    "Beta",
    "CostPerCustomer",
    "DelayedAdstock",
    "Exponential",
    "ExponentialSaturation",
    "Exposure",
    "FitFailed",
    "Fits",
    "FromAttribution",
    "Gamma",
    "GeometricAdstock",
    "HalfNormal",
    "Hill",
    "HillSaturation",
    "LiftTest",
    "LinearTrend",
    "LogNormal",
    "Logistic",
    "LogisticSaturation",
    "MichaelisMenten",
    "MichaelisMentenSaturation",
    "Model",
    "NegativeBinomialLikelihood",
    "Neutral",
    "NoAdstock",
    "NoSaturation",
    "NoTrend",
    "Normal",
    "NormalLikelihood",
    "Organic",
    "Panel",
    "PiecewiseTrend",
    "Pooling",
    "Posterior",
    "Power",
    "PowerSaturation",
    "Progress",
    "RandomWalk",
    "ReachFrequency",
    "ResponseCurve",
    "ResponseCurves",
    "Season",
    "Sensitivity",
    "ShareOfCustomers",
    "SpendInformed",
    "Stack",
    "StudentTLikelihood",
    "Treatment",
    "WeibullCDFAdstock",
    "WeibullPDFAdstock",
    "fit",
    "fit_many",
    "hold_out",
    "lift_tests_from_frame",
    "plots",
    "predict",
    "preview",
    "rolling_origin",
    "sensitivity",
    "simulate",
    "stack",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _MODULES:
        return import_module(f"mmm.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
