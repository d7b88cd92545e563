"""Marketing-mix model: from weekly spend and new customers to response curves with uncertainty."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmm import plots, simulate
    from mmm.checks.backtest import Backtest, hold_out, predict, rolling_origin
    from mmm.checks.prior_sensitivity import Sensitivity, sensitivity
    from mmm.checks.stacking import Stack, stack
    from mmm.curves import (
        Exponential,
        Hill,
        Logistic,
        MichaelisMenten,
        Power,
        ResponseCurve,
        ResponseCurves,
    )
    from mmm.data.column_roles import Exposure, ReachFrequency, Treatment
    from mmm.data.lift_tests import LiftTest, lift_tests_from_frame
    from mmm.data.panel import Panel
    from mmm.model.adstock import DelayedAdstock, GeometricAdstock, NoAdstock, WeibullCDFAdstock, WeibullPDFAdstock
    from mmm.model.baseline import LinearTrend, NoTrend, PiecewiseTrend, RandomWalk, Season
    from mmm.model.effects import CostPerCustomer, FromAttribution, Neutral, ShareOfCustomers, SpendInformed
    from mmm.model.model import Model, NegativeBinomialLikelihood, NormalLikelihood, Pooling, StudentTLikelihood
    from mmm.model.priors import Beta, Gamma, HalfNormal, LogNormal, Normal
    from mmm.model.saturation import (
        ExponentialSaturation,
        HillSaturation,
        LogisticSaturation,
        MichaelisMentenSaturation,
        NoSaturation,
        PowerSaturation,
    )
    from mmm.posterior.forecast import Organic
    from mmm.posterior.posterior import Posterior
    from mmm.sampling.fit import fit
    from mmm.sampling.fit_many import FitFailed, Fits, fit_many
    from mmm.sampling.nuts import Progress
    from mmm.sampling.preview import preview

_HOMES = {
    "mmm.model.adstock": ("DelayedAdstock", "GeometricAdstock", "NoAdstock", "WeibullCDFAdstock", "WeibullPDFAdstock"),
    "mmm.model.baseline": ("LinearTrend", "NoTrend", "PiecewiseTrend", "RandomWalk", "Season"),
    "mmm.curves": ("Exponential", "Hill", "Logistic", "MichaelisMenten", "Power", "ResponseCurve", "ResponseCurves"),
    "mmm.sampling.fit": ("fit",),
    "mmm.posterior.forecast": ("Organic",),
    "mmm.data.lift_tests": ("LiftTest", "lift_tests_from_frame"),
    "mmm.sampling.nuts": ("Progress",),
    "mmm.data.panel": ("Panel",),
    "mmm.data.column_roles": ("Exposure", "ReachFrequency", "Treatment"),
    "mmm.posterior.posterior": ("Posterior",),
    "mmm.model.effects": ("CostPerCustomer", "FromAttribution", "Neutral", "ShareOfCustomers", "SpendInformed"),
    "mmm.model.priors": ("Beta", "Gamma", "HalfNormal", "LogNormal", "Normal"),
    "mmm.model.saturation": (
        "ExponentialSaturation",
        "HillSaturation",
        "LogisticSaturation",
        "MichaelisMentenSaturation",
        "NoSaturation",
        "PowerSaturation",
    ),
    "mmm.checks.prior_sensitivity": (
        "Sensitivity",
        "sensitivity",
    ),
    "mmm.sampling.preview": ("preview",),
    "mmm.sampling.fit_many": ("FitFailed", "Fits", "fit_many"),
    "mmm.checks.stacking": ("Stack", "stack"),
    "mmm.checks.backtest": (
        "Backtest",
        "hold_out",
        "predict",
        "rolling_origin",
    ),
    "mmm.model.model": ("Model", "Pooling", "NegativeBinomialLikelihood", "NormalLikelihood", "StudentTLikelihood"),
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
