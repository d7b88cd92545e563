"""The families' codes as plain integers, which compiled code takes for constants: the kernel's table of formulas.

Each formula stands in one branch: adstocks in ``carryover``, saturations in ``response``, priors in ``prior``,
likelihoods in ``noise``. A code without a branch gives not-a-number, which no sampler accepts; but no such code comes
this far, since the layout refuses families that are not of this package.
"""

from __future__ import annotations

from mmm.model.adstock import Adstock, DelayedAdstock, GeometricAdstock, NoAdstock, WeibullCDFAdstock, WeibullPDFAdstock
from mmm.model.model import Likelihood, NegativeBinomialLikelihood, NormalLikelihood, StudentTLikelihood
from mmm.model.priors import AroundLevel, Beta, Flat, Gamma, HalfNormal, LogNormal, Normal, Prior
from mmm.model.saturation import (
    ExponentialSaturation,
    HillSaturation,
    LogisticSaturation,
    MichaelisMentenSaturation,
    NoSaturation,
    PowerSaturation,
    Saturation,
)

__all__ = [
    "ALL",
    "AROUND_LEVEL",
    "BETA",
    "DELAYED",
    "EXPONENTIAL",
    "FLAT",
    "GAMMA",
    "GEOMETRIC",
    "HALF_NORMAL",
    "HILL",
    "LOGISTIC",
    "LOG_NORMAL",
    "MICHAELIS_MENTEN",
    "NEGATIVE_BINOMIAL",
    "NORMAL",
    "NORMAL_NOISE",
    "NO_ADSTOCK",
    "NO_SATURATION",
    "POWER",
    "STUDENT_T",
    "WEIBULL_CDF",
    "WEIBULL_PDF",
]

NO_ADSTOCK = NoAdstock.code
GEOMETRIC = GeometricAdstock.code
DELAYED = DelayedAdstock.code
WEIBULL_PDF = WeibullPDFAdstock.code
WEIBULL_CDF = WeibullCDFAdstock.code

NO_SATURATION = NoSaturation.code
HILL = HillSaturation.code
LOGISTIC = LogisticSaturation.code
MICHAELIS_MENTEN = MichaelisMentenSaturation.code
EXPONENTIAL = ExponentialSaturation.code
POWER = PowerSaturation.code

NORMAL = Normal.code
LOG_NORMAL = LogNormal.code
HALF_NORMAL = HalfNormal.code
BETA = Beta.code
GAMMA = Gamma.code
FLAT = Flat.code
AROUND_LEVEL = AroundLevel.code

NORMAL_NOISE = NormalLikelihood.code
STUDENT_T = StudentTLikelihood.code
NEGATIVE_BINOMIAL = NegativeBinomialLikelihood.code

ALL = "; ".join(
    f"{kind.__name__} {name} {family.code}"
    for kind in (Adstock, Saturation, Prior, Likelihood)
    for name, family in kind.families().items()
)
"""Every name and code: part of what compiled code is kept under."""
