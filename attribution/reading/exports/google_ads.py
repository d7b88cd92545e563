"""Google Ads: reports of the interface, and rows of the API or of a data transfer, with money in millionths."""

from attribution.reading.exports.advertising import Advertising

__all__ = ["GOOGLE_ADS"]

GOOGLE_ADS = Advertising(
    "google_ads",
    "Google Ads",
    {
        "date": ("day", "segments date", "segment date"),
        "week": ("week", "segments week"),
        "month": ("month", "segments month"),
        "account": ("customer id", "account", "account name", "customer descriptive name"),
        "campaign": ("campaign", "campaign name", "campaign id"),
        "spend": ("cost",),
        "micros": ("metrics cost micros", "cost micros"),
        "impressions": ("impr", "metrics impressions", "impressions"),
        "clicks": ("clicks", "metrics clicks", "interactions"),
        "currency": ("currency code", "customer currency code", "currency"),
    },
    marks=("impr", "currency code", "metrics cost micros", "cost micros", "avg cpc", "campaign status"),
    totals=r"total: ",
)
"""`Total: ` is how the interface marks its sums; blanks in figures are written `--`."""
