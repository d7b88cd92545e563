"""Shopify: the export of orders, one row per line item, the order's own columns on its first row only."""

from attribution.reading.exports.order_tables import OrderTable

__all__ = ["SHOPIFY_ORDERS"]

SHOPIFY_ORDERS = OrderTable(
    "shopify_orders",
    "Shopify orders",
    {
        "date": ("created at", "paid at"),
        "order": ("name",),
        "person": ("email", "phone"),
        "value": ("total",),
        "refunded": ("refunded amount",),
        "cancelled": ("cancelled at",),
        "status": ("financial status",),
        "currency": ("currency",),
    },
    marks=("lineitem name", "lineitem quantity", "financial status"),
    void=("voided", "refunded", "expired"),
    needs=("date", "order"),
)
