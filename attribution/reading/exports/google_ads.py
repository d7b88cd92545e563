"""Google Ads: reports of the interface, in English or German, and rows of the API or of a transfer, in millionths."""

from attribution.reading.exports.advertising import Advertising

__all__ = ["GOOGLE_ADS"]

GOOGLE_ADS = Advertising(
    "google_ads",
    "Google Ads",
    {
        "date": ("day", "segments date", "segment date", "tag"),
        "week": ("week", "segments week", "woche"),
        "month": ("month", "segments month", "monat"),
        "account": ("customer id", "account", "account name", "customer descriptive name"),
        "campaign": ("campaign", "campaign name", "campaign id", "kampagne"),
        "spend": ("cost", "kosten"),
        "micros": ("metrics cost micros", "cost micros"),
        "impressions": ("impr", "metrics impressions", "impressions"),
        "clicks": ("clicks", "metrics clicks", "interactions", "klicks"),
        "currency": ("currency code", "customer currency code", "currency", "währungscode"),
    },
    marks=("impr", "currency code", "metrics cost micros", "cost micros", "avg cpc", "campaign status", "währungscode"),
    totals=r"(total|gesamt): ",
)
"""`Total: ` is how the interface marks its sums, in German `Gesamt: `; blanks in figures are written `--`."""
