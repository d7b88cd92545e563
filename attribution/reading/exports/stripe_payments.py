"""Stripe: the export of payments of its dashboard, one row per payment, times in UTC."""

from attribution.reading.exports.order_tables import OrderTable

__all__ = ["STRIPE_PAYMENTS"]

STRIPE_PAYMENTS = OrderTable(
    "stripe_payments",
    "Stripe payments",
    {
        "date": ("created date", "created"),
        "order": ("id", "paymentintent id"),
        "person": ("customer id", "customer email"),
        "value": ("amount",),
        "refunded": ("amount refunded",),
        "status": ("status",),
        "currency": ("currency",),
    },
    marks=("amount refunded",),
    void=("failed", "refunded", "canceled", "cancelled", "blocked", "expired", "incomplete"),
    doubtful=r"pending|uncaptured|require|process|disput|lost",
    needs=("date", "order"),
)
