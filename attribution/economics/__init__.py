"""Unit economics: CAC in its four readings, lifetime value, payback and LTV:CAC.

Numbers go in as floats or as arrays over draws, and come out in the same shape, so that an interval of customers
becomes an interval of CAC. Currency and periods are the caller's. Begin with ``cac``, the one place that says what
counts as CAC. Imports errors only.
"""

from attribution.economics.cac import Business, blended_cac, channel_cac, marginal_cac, paid_cac
from attribution.economics.lifetime_value import interval, lifetime_value, ltv_to_cac, payback_months

__all__ = [
    "Business",
    "blended_cac",
    "channel_cac",
    "interval",
    "lifetime_value",
    "ltv_to_cac",
    "marginal_cac",
    "paid_cac",
    "payback_months",
]
