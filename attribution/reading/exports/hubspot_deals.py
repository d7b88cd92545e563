"""HubSpot: the export of deals, of which those that are won count on the day they were closed."""

from attribution.reading.exports.order_tables import OrderTable

__all__ = ["HUBSPOT_DEALS"]

HUBSPOT_DEALS = OrderTable(
    "hubspot_deals",
    "HubSpot deals",
    {
        "date": ("close date",),
        "order": ("record id", "deal id"),
        "person": (
            "associated company ids primary",
            "associated company ids",
            "associated company primary",
            "associated company",
            "associated contact ids",
            "associated contact",
        ),
        "value": ("amount", "amount in company currency"),
        "status": ("deal stage",),
        "pipeline": ("pipeline",),
        "currency": ("currency", "deal currency"),
    },
    marks=("deal stage", "deal name"),
    counted=("closed won", "closedwon"),
    needs=("date", "order", "status"),
)
