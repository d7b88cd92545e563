"""Response curves: one small family per file, plain data that models fit and the optimizer reads.

A family is a formula that NumPy and PyTensor both evaluate, with slope and inflection (``base`` says what every curve
answers); ``collection`` holds the curves of all channels, ``mixture``, ``joined`` and ``tabulated`` curves of other
making. Begin with ``hill``. Imports errors and arrays, and no model.
"""

from mmm.curves.base import ResponseCurve
from mmm.curves.collection import ResponseCurves
from mmm.curves.exponential import Exponential, exponential
from mmm.curves.hill import Hill, hill
from mmm.curves.logistic import Logistic, logistic
from mmm.curves.michaelis_menten import MichaelisMenten, michaelis_menten
from mmm.curves.mixture import Mixture
from mmm.curves.power import Power, power
from mmm.curves.tabulated import Tabulated

__all__ = [
    "Exponential",
    "Hill",
    "Logistic",
    "MichaelisMenten",
    "Mixture",
    "Power",
    "ResponseCurve",
    "ResponseCurves",
    "Tabulated",
    "exponential",
    "hill",
    "logistic",
    "michaelis_menten",
    "power",
]


def __dir__() -> list[str]:
    return sorted(__all__)
